"""The Attribute controller, and the traits attributes may have."""

from __future__ import annotations

from mock_pi.af import search as finding
from mock_pi.af import traits
from mock_pi.af.model import BoundAttribute
from mock_pi.call import Answer, Call, PIWebAPIError
from mock_pi.interpolation import snapshot
from mock_pi.routes import afsearch
from mock_pi.routes import multiple as many
from mock_pi.routes.affilters import ATTRIBUTE_FILTERS, PAGING, attribute_filter, order_of
from mock_pi.routes.afobjects import Json, attribute, paths_wanted, selected
from mock_pi.routes.afthings import required
from mock_pi.routes.categories import categories_named
from mock_pi.routes.lists import page, whole
from mock_pi.routes.table import route
from mock_pi.wire import timed_value


def list_attributes(call: Call, found: list[BoundAttribute]) -> Answer:
    """A page of attributes."""
    links, paths = selected(call, "Items", "Links"), paths_wanted(call)
    return page(call, found, lambda one: attribute(call, one, links, paths))


def _one(call: Call, found: BoundAttribute) -> Answer:
    return call.json(attribute(call, found, selected(call, "Links"), paths_wanted(call)))


def by_path(call: Call) -> Answer:
    r"""The attribute with the path `\\AF\DB\E|A|Child`."""
    return _one(call, call.site.attribute_at(required(call, "path")))


def by_web_id(call: Call) -> Answer:
    """One attribute."""
    return _one(call, call.site.attribute(call.captured[0]))


def multiple(call: Call) -> Answer:
    """Many attributes by WebID or path."""
    paths = paths_wanted(call)

    def show(found: BoundAttribute) -> Json:
        return attribute(call, found, selected(call, "Items", "Object", "Links"), paths)

    return many.multiple(
        call, lambda text: show(call.site.attribute(text)), lambda text: show(call.site.attribute_at(text))
    )  # fmt: skip


def search(call: Call) -> Answer:
    """The attributes of a database that fit a query."""
    database = afsearch.database_of(call)
    root, of, wanted = afsearch.attribute_search(call, database, afsearch.filters_of(call))
    return list_attributes(call, finding.element_attributes(database, root, of, wanted, finding.Order()))


def children(call: Call) -> Answer:
    """The attributes below an attribute."""
    found = call.site.attribute(call.captured[0])
    wanted = attribute_filter(call, found.owner.home)
    return list_attributes(call, finding.attributes(found.children, wanted, order_of(call)))


def categories(call: Call) -> Answer:
    """The categories of an attribute."""
    found = call.site.attribute(call.captured[0])
    return categories_named(call, found.owner.home, "Attribute", found.declared.categories)


def value(call: Call) -> Answer:
    """The value of an attribute, meant for those without a data reference."""
    found = call.site.attribute(call.captured[0])
    stream = call.site.stream_of(found)
    event = snapshot(stream, call.now)
    errors = [stream.problem] if stream.problem else None
    row = timed_value(event, call.site.annotated, errors)
    if event.good and not errors:
        row["UnitsAbbreviation"] = stream.unit
    return call.json(row)


def _trait(call: Call, one: traits.Trait) -> Json:
    return {
        "Name": one.name, "Abbreviation": one.abbreviation, "AllowChildAttributes": False, "AllowDuplicates": False,
        "IsAllowedOnRootAttribute": one.category not in ("Limit", "Forecast"), "IsTypeInherited":
        one.is_value_type_inherited, "IsUOMInherited": one.is_value_type_inherited, "RequireNumeric":
        one.type == "Double", "RequireString": one.type == "String",
        "Links": {"Self": f"{call.base}/attributetraits/{one.name}"},
    }  # fmt: skip


def attribute_traits(call: Call) -> Answer:
    """The traits of one or several categories."""
    names = call.many("category")
    if not names:
        raise PIWebAPIError(400, "The parameter 'category' is required.")
    known = [one.lower() for one in traits.CATEGORIES]
    for name in names:
        if name.lower() not in known:
            raise call.invalid("category", name)
    return whole(call, [_trait(call, one) for one in traits.TRAITS if one.chosen((), names)])


def attribute_trait(call: Call) -> Answer:
    """One trait."""
    name = call.captured[0]
    found = next((one for one in traits.TRAITS if one.name.lower() == name.lower()), None)
    return call.json(_trait(call, call.site.found(found, "attribute trait")))


ROUTES = [
    route("attributes", by_path, "path associations"),
    route("attributes/multiple", multiple, many.PARAMETERS + " associations"),
    route("attributes/search", search, afsearch.PARAMETERS, "2018"),
    route("attributes/{}", by_web_id, "associations"),
    route("attributes/{}/attributes", children, ATTRIBUTE_FILTERS + PAGING),
    route("attributes/{}/categories", categories),
    route("attributes/{}/value", value),
    route("attributetraits", attribute_traits, "category", "2018"),
    route("attributetraits/{}", attribute_trait, "", "2018"),
]
