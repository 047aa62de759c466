"""The Analysis and AnalysisTemplate controllers."""

from __future__ import annotations

from collections.abc import Sequence

from mock_pi.af.directory import analyses_of as analyses_of
from mock_pi.af.placed import PlacedAnalysis, PlacedAnalysisTemplate
from mock_pi.call import Answer, Call
from mock_pi.routes.affilters import PAGING, SORTING, order_of
from mock_pi.routes.afobjects import Json, link, placed_link, template_named
from mock_pi.routes.afsearch import PARAMETERS, database_of, filters_of
from mock_pi.routes.afthings import basics, required, thing, thing_at
from mock_pi.routes.categories import categories_named
from mock_pi.routes.lists import page
from mock_pi.routes.table import route
from mock_pi.wildcards import wildcard


def analysis_object(call: Call, one: PlacedAnalysis) -> Json:
    """An analysis."""
    declared, own, target = one.declared, placed_link(call, one), link(call, one.home)
    links = {
        "Self": own, "Target": target, "Database": link(call, one.home.home), "Categories": f"{own}/categories",
        "Security": f"{own}/security", "SecurityEntries": f"{own}/securityentries",
    }  # fmt: skip
    templates = call.site.directory.shelf(one.home.home).analysis_templates
    for template in templates:
        if template.name.upper() == declared.template.upper():
            links["Template"] = placed_link(call, template)
    return {
        **basics(call, one, declared.description), "AnalysisRulePlugInName": declared.rule, "AutoCreated": False,
        "CategoryNames": list(declared.categories), "GroupId": declared.group_id, "HasNotification": False,
        "HasTarget": True, "HasTemplate": bool(declared.template), "IsConfigured": True,
        "IsTimeRuleDefinedByTemplate": bool(declared.template), "MaximumQueueSize": 0, "OutputTime": "",
        "Priority": declared.priority, "PublishResults": declared.publish_results, "Status": declared.status,
        "TargetWebId": target.rpartition("/")[2], "TemplateName": declared.template,
        "TimeRulePlugInName": declared.time_rule, "Links": links,
    }  # fmt: skip


def template_object(call: Call, one: PlacedAnalysisTemplate) -> Json:
    """An analysis template."""
    declared, own = one.declared, placed_link(call, one)
    links = {"Self": own, "Database": link(call, one.home), "Categories": f"{own}/categories"}
    target = template_named(call, one.home, declared.target)
    if target is not None:
        links["Target"] = placed_link(call, target)
    return {
        **basics(call, one, declared.description), "AnalysisRulePlugInName": declared.rule,
        "CategoryNames": list(declared.categories), "CreateEnabled": declared.status == "Enabled",
        "GroupId": declared.group_id, "HasNotificationTemplate": False, "HasTarget": target is not None,
        "OutputTime": "", "TargetName": declared.target, "TimeRulePlugInName": declared.time_rule, "Links": links,
    }  # fmt: skip


def list_analyses(call: Call, found: Sequence[PlacedAnalysis]) -> Answer:
    """A page of analyses, by name."""
    order = order_of(call)
    ordered = sorted(found, key=lambda one: one.name.lower(), reverse=order.descending)
    return page(call, ordered, lambda one: analysis_object(call, one))


def fields_test(call: Call) -> list[str]:
    """The parameter `field`: in which fields `query` is looked for."""
    return call.choices("field", ("Name", "Description"), "Name")


def of_database(call: Call) -> Answer:
    """The analyses of a database whose fields fit the wildcards of `query`."""
    shelf = call.site.directory.shelf(call.site.database(call.captured[0]))
    fits, names = wildcard(call.text("query") or "*").fullmatch, [one.lower() for one in fields_test(call)]
    found = [one for one in shelf.analyses.values() if any(fits(getattr(one.declared, name)) for name in names)]
    return list_analyses(call, found)


def search(call: Call) -> Answer:
    """The analyses of a database that fit a query."""
    shelf = call.site.directory.shelf(database_of(call))
    found = list(shelf.analyses.values())
    for one in filters_of(call):
        fits = wildcard(one.value).fullmatch
        name = {"name": "name", "template": "template", "templatename": "template", "plugin": "rule",
                "analysisruleplugin": "rule", "status": "status"}.get(one.name)  # fmt: skip
        if name is None or one.operator != "=":
            raise call.invalid("query", call.text("query"))
        found = [each for each in found if fits(getattr(each.declared, name))]
    return list_analyses(call, found)


def _at_path(call: Call) -> PlacedAnalysis:
    path = call.site.af_path(required(call, "path"))
    return call.site.found(call.site.directory.analysis_at(path), "analysis")


def _analysis(call: Call) -> PlacedAnalysis:
    web_id = call.site.decode(call.captured[0], "Xs")
    return call.site.found(call.site.directory.analysis(web_id), "analysis")


def by_path(call: Call) -> Answer:
    r"""The analysis with the path `\\AF\DB\E\Analyses[A]`."""
    return call.json(analysis_object(call, _at_path(call)))


def by_web_id(call: Call) -> Answer:
    """One analysis."""
    return call.json(analysis_object(call, _analysis(call)))


def categories(call: Call) -> Answer:
    """The categories of an analysis."""
    found = _analysis(call)
    return categories_named(call, found.home.home, "Analysis", found.declared.categories)


def templates_of_database(call: Call) -> Answer:
    """The analysis templates of a database whose fields fit the wildcards of `query`."""
    shelf = call.site.directory.shelf(call.site.database(call.captured[0]))
    fits, names = wildcard(call.text("query") or "*").fullmatch, [one.lower() for one in fields_test(call)]
    found = [one for one in shelf.analysis_templates if any(fits(getattr(one.declared, name)) for name in names)]
    found.sort(key=lambda one: one.name.lower(), reverse=order_of(call).descending)
    return page(call, found, lambda one: template_object(call, one))


def template_by_path(call: Call) -> Answer:
    r"""The analysis template with the path `\\AF\DB\AnalysisTemplates[A]`."""
    return call.json(template_object(call, thing_at(call, "analysistemplates")))


def template_by_web_id(call: Call) -> Answer:
    """One analysis template."""
    return call.json(template_object(call, thing(call, "analysistemplates")))


def template_categories(call: Call) -> Answer:
    """The categories of an analysis template."""
    found: PlacedAnalysisTemplate = thing(call, "analysistemplates")
    return categories_named(call, found.home, "Analysis", found.declared.categories)


ROUTES = [
    route("assetdatabases/{}/analyses", of_database, "field query" + SORTING + PAGING),
    route("assetdatabases/{}/analysistemplates", templates_of_database, "field query maxCount" + SORTING),
    route("analyses", by_path, "path"),
    route("analyses/search", search, PARAMETERS + SORTING, "2018"),
    route("analyses/{}", by_web_id),
    route("analyses/{}/categories", categories),
    route("analysistemplates", template_by_path, "path"),
    route("analysistemplates/{}", template_by_web_id),
    route("analysistemplates/{}/categories", template_categories),
]
