"""The ElementTemplate and AttributeTemplate controllers."""

from __future__ import annotations

from mock_pi.af.model import BoundAttribute
from mock_pi.af.placed import PlacedTemplate
from mock_pi.call import Answer, Call
from mock_pi.routes import analyses
from mock_pi.routes.affilters import SORTING, order_of
from mock_pi.routes.afobjects import (
    Json,
    attribute_template_web_id,
    extended,
    link,
    placed_link,
    template_named,
)
from mock_pi.routes.afthings import basics, required, thing, thing_at
from mock_pi.routes.categories import categories_named
from mock_pi.routes.lists import page, whole
from mock_pi.routes.table import route
from mock_pi.wildcards import wildcard


def template_object(call: Call, one: PlacedTemplate) -> Json:
    """An element template."""
    declared, own = one.declared, placed_link(call, one)
    links = {
        "Self": own, "AnalysisTemplates": f"{own}/analysistemplates", "AttributeTemplates": f"{own}/attributetemplates",
        "Database": link(call, one.home), "Categories": f"{own}/categories", "Security": f"{own}/security",
        "SecurityEntries": f"{own}/securityentries",
    }  # fmt: skip
    base = template_named(call, one.home, declared.base)
    if base is not None:
        links["BaseTemplate"] = placed_link(call, base)
    if call.site.since_2018:
        links["BaseTemplates"] = f"{own}/baseelementtemplates"
        links["DerivedTemplates"] = f"{own}/derivedelementtemplates"
    return {
        **basics(call, one, declared.description), "AllowElementToExtend": declared.allow_element_to_extend,
        "BaseTemplate": declared.base, "InstanceType": declared.instance_type,
        "NamingPattern": declared.naming_pattern, "CategoryNames": list(declared.categories),
        "CanBeAcknowledged": declared.can_be_acknowledged, "Severity": declared.severity,
        "ExtendedProperties": extended(declared.extended), "Links": links,
    }  # fmt: skip


def attribute_template_object(call: Call, one: BoundAttribute) -> Json:
    """An attribute template."""
    declared, base = one.declared, call.base
    web_id = attribute_template_web_id(call, one)
    own = f"{base}/attributetemplates/{web_id}"
    owner = one.owner
    links = {"Self": own, "AttributeTemplates": f"{own}/attributetemplates", "Categories": f"{own}/categories"}
    if isinstance(owner, PlacedTemplate):
        links["ElementTemplate"] = placed_link(call, owner)
    if one.parent is not None:
        links["Parent"] = f"{base}/attributetemplates/{attribute_template_web_id(call, one.parent)}"
    if declared.trait and call.site.since_2018:
        links["Trait"] = f"{base}/attributetraits/{declared.trait}"
    unit = owner.home.server.unit(declared.units) if declared.units else None
    content: Json = {
        "WebId": web_id, "Id": str(one.guid), "Name": one.name, "Description": declared.description, "Path": one.path,
        "Type": declared.type, "TypeQualifier": declared.enumeration,
        "DefaultUnitsName": unit.name if unit else declared.units,
        "DefaultUnitsNameAbbreviation": unit.abbreviation if unit else declared.units,
        "DefaultValue": declared.value, "DataReferencePlugIn": declared.plug_in, "ConfigString": declared.config,
        "IsConfigurationItem": declared.is_configuration_item, "IsExcluded": declared.is_excluded,
        "IsHidden": declared.is_hidden, "IsManualDataEntry": declared.is_manual_data_entry,
        "HasChildren": bool(declared.attributes), "CategoryNames": list(declared.categories),
    }  # fmt: skip
    if call.site.since_2018:
        content["TraitName"] = declared.trait
    return {**content, "Links": links}


def of_database(call: Call) -> Answer:
    """The templates of a database, of elements and of event frames, whose fields fit the wildcards of `query`."""
    shelf = call.site.directory.shelf(call.site.database(call.captured[0]))
    names = [one.lower() for one in analyses.fields_test(call)]
    fits = wildcard(call.text("query") or "*").fullmatch
    found = [one for one in shelf.templates if any(fits(getattr(one.declared, name)) for name in names)]
    found.sort(key=lambda one: one.name.lower(), reverse=order_of(call).descending)
    return page(call, found, lambda one: template_object(call, one))


def by_path(call: Call) -> Answer:
    r"""The template with the path `\\AF\DB\ElementTemplates[T]`."""
    return call.json(template_object(call, thing_at(call, "elementtemplates")))


def by_web_id(call: Call) -> Answer:
    """One template."""
    return call.json(template_object(call, thing(call, "elementtemplates")))


def attribute_templates(call: Call) -> Answer:
    """Its attribute templates: those of its bases with `showInherited`, those below them with `showDescendants`."""
    template: PlacedTemplate = thing(call, "elementtemplates")
    found = template.bound()
    if call.boolean("showInherited", False):
        shelf = call.site.directory.shelf(template.home)
        own = {one.name.upper() for one in found}
        for base in template.home.lineage(template.declared.base):
            placed = shelf.template(base.name)
            inherited = [one for one in (placed.bound() if placed else []) if one.name.upper() not in own]
            own |= {one.name.upper() for one in inherited}
            found += inherited
    if call.boolean("showDescendants", False):
        found = _descendants(found, call.boolean("depthFirstTraverse", False))
    return page(call, found, lambda one: attribute_template_object(call, one))


def _descendants(found: list[BoundAttribute], depth_first: bool) -> list[BoundAttribute]:
    ordered: list[BoundAttribute] = []
    waiting = list(found)
    while waiting:
        one = waiting.pop(0)
        ordered.append(one)
        waiting = [*one.children, *waiting] if depth_first else [*waiting, *one.children]
    return ordered


def analysis_templates(call: Call) -> Answer:
    """The analysis templates for its elements."""
    template: PlacedTemplate = thing(call, "elementtemplates")
    shelf = call.site.directory.shelf(template.home)
    found = [one for one in shelf.analysis_templates if one.declared.target.upper() == template.name.upper()]
    return whole(call, [analyses.template_object(call, one) for one in found])


def bases(call: Call) -> Answer:
    """The templates it derives from, the nearest first."""
    template: PlacedTemplate = thing(call, "elementtemplates")
    shelf = call.site.directory.shelf(template.home)
    found = [shelf.template(one.name) for one in template.home.lineage(template.declared.base)]
    return whole(call, [template_object(call, one) for one in found if one is not None])


def derived(call: Call) -> Answer:
    """The templates that derive from it."""
    template: PlacedTemplate = thing(call, "elementtemplates")
    names = template.home.derived(template.name) - {template.name.upper()}
    if not call.boolean("showDescendants", False):
        direct = template.home.templates
        names = frozenset(one.name.upper() for one in direct if one.base.upper() == template.name.upper())
    shelf = call.site.directory.shelf(template.home)
    return page(call, [one for one in shelf.templates if one.name.upper() in names],
                lambda one: template_object(call, one))  # fmt: skip


def categories(call: Call) -> Answer:
    """Its categories."""
    template: PlacedTemplate = thing(call, "elementtemplates")
    return categories_named(call, template.home, "Element", template.declared.categories)


def _attribute_template(call: Call) -> BoundAttribute:
    site = call.site
    web_id = site.decode(call.captured[0], "ATE")
    owner = site.directory.thing(web_id, "elementtemplates")
    return site.found(site.directory.attribute(owner, web_id) if owner else None, "attribute template")


def attribute_template_by_path(call: Call) -> Answer:
    r"""The attribute template with the path `\\AF\DB\ElementTemplates[T]|A`."""
    site = call.site
    path = site.af_path(required(call, "path"))
    owner = site.directory.thing_at(path, "elementtemplates")
    found = site.directory.attribute_at(owner, path.attributes) if isinstance(owner, PlacedTemplate) else None
    return call.json(attribute_template_object(call, site.found(found, "attribute template")))


def attribute_template_by_web_id(call: Call) -> Answer:
    """One attribute template."""
    return call.json(attribute_template_object(call, _attribute_template(call)))


def attribute_templates_below(call: Call) -> Answer:
    """The attribute templates below one."""
    return whole(call, [attribute_template_object(call, one) for one in _attribute_template(call).children])


def attribute_template_categories(call: Call) -> Answer:
    """The categories of an attribute template."""
    found = _attribute_template(call)
    return categories_named(call, found.owner.home, "Attribute", found.declared.categories)


ROUTES = [
    route("assetdatabases/{}/elementtemplates", of_database, "field query maxCount" + SORTING),
    route("elementtemplates", by_path, "path"),
    route("elementtemplates/{}", by_web_id),
    route(
        "elementtemplates/{}/attributetemplates",
        attribute_templates,
        "startIndex maxCount showInherited showDescendants depthFirstTraverse",
    ),
    route("elementtemplates/{}/analysistemplates", analysis_templates),
    route("elementtemplates/{}/baseelementtemplates", bases, "maxCount", "2018"),
    route("elementtemplates/{}/derivedelementtemplates", derived, "showDescendants maxCount", "2018"),
    route("elementtemplates/{}/categories", categories),
    route("attributetemplates", attribute_template_by_path, "path"),
    route("attributetemplates/{}", attribute_template_by_web_id),
    route("attributetemplates/{}/attributetemplates", attribute_templates_below),
    route("attributetemplates/{}/categories", attribute_template_categories),
]
