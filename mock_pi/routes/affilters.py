"""The parameters by which lists of elements and attributes are filtered and sorted."""

from __future__ import annotations

from dataclasses import replace

from mock_pi.af import traits
from mock_pi.af.database import Database
from mock_pi.af.model import BoundAttribute, Owner
from mock_pi.af.search import SORT_FIELDS, AttributeFilter, ElementFilter, Order, attributes
from mock_pi.call import Call, PIWebAPIError

#: ElementType of the AF SDK.
ELEMENT_TYPES = ("Any", "None", "Element", "Measurement", "Flow", "Transfer", "Boundary", "Node", "Other")

SORTING = " sortField sortOrder"
PAGING = " startIndex maxCount"

#: Parameters of lists of elements, of lists of attributes, and of attributes of many elements.
ELEMENT_FILTERS = "nameFilter descriptionFilter categoryName templateName elementType associations" + SORTING + PAGING
ATTRIBUTE_FILTERS = (
    "nameFilter categoryName templateName valueType searchFullHierarchy showExcluded showHidden trait traitCategory"
    " associations" + SORTING
)
FIND_FILTERS = (
    "elementNameFilter elementDescriptionFilter elementCategory elementTemplate elementType attributeNameFilter"
    " attributeDescriptionFilter attributeCategory attributeType searchFullHierarchy associations" + SORTING + PAGING
)


def order_of(call: Call) -> Order:
    """The parameters `sortField` and `sortOrder`."""
    allowed = ("Name",) if call.site.switches.sort_fields == "name" else SORT_FIELDS
    field = call.choice("sortField", allowed, "Name")
    return Order(field, call.choice("sortOrder", ("Ascending", "Descending"), "Ascending") == "Descending")


def element_filter(call: Call, database: Database, full: bool) -> ElementFilter:
    """The filters of a list of elements."""
    return ElementFilter(
        call.text("nameFilter"), call.text("descriptionFilter"), category(call, database, "Element", "categoryName"),
        template(call, database, "templateName"), call.choice("elementType", ELEMENT_TYPES, "Any"), full,
        denied=call.site.switches.denied_listed,
    )  # fmt: skip


def find_filters(call: Call, database: Database) -> tuple[ElementFilter, AttributeFilter]:
    """The filters of a list of attributes of many elements."""
    full = call.boolean("searchFullHierarchy", False)
    of = ElementFilter(
        call.text("elementNameFilter"), call.text("elementDescriptionFilter"),
        category(call, database, "Element", "elementCategory"), template(call, database, "elementTemplate"),
        call.choice("elementType", ELEMENT_TYPES, "Any"), full, denied=False,
    )  # fmt: skip
    wanted = AttributeFilter(
        call.text("attributeNameFilter"), call.text("attributeDescriptionFilter"),
        category(call, database, "Attribute", "attributeCategory"), value_type=call.text("attributeType"),
        full=full and call.site.switches.find_nested_attributes,
    )  # fmt: skip
    return of, wanted


def attribute_filter(call: Call, database: Database) -> AttributeFilter:
    """The filters of a list of attributes of one element, event frame or attribute."""
    found = AttributeFilter(
        call.text("nameFilter"), "", category(call, database, "Attribute", "categoryName"), call.text("templateName"),
        call.text("valueType"), full=call.boolean("searchFullHierarchy", False),
        excluded=call.boolean("showExcluded", False), hidden=call.boolean("showHidden", False),
    )  # fmt: skip
    if not call.site.since_2018:
        return found
    categories = call.many("traitCategory")
    for name in categories:
        if name.lower() not in [one.lower() for one in traits.CATEGORIES]:
            raise call.invalid("traitCategory", name)
    return replace(found, traits=tuple(call.many("trait")), trait_categories=tuple(categories))


def attributes_of(call: Call, owner: Owner) -> list[BoundAttribute]:
    """The attributes of an element or event frame that a call asks for."""
    return attributes(owner.bound(), attribute_filter(call, owner.home), order_of(call))


def category(call: Call, database: Database, kind: str, parameter: str) -> str:
    """The name of a category; one that the database does not have is refused in the words seen in recorded traffic."""
    name = call.text(parameter)
    if name and not any(one.name.upper() == name.upper() for one in database.categories(kind)):
        text = f"The specified {kind.lower()} category was not found in the specified Asset Database."
        raise PIWebAPIError(400, text)
    return name


def template(call: Call, database: Database, parameter: str) -> str:
    """The name of an element template, which the database must have."""
    name = call.text(parameter)
    if name and database.template(name) is None:
        raise PIWebAPIError(400, "The specified element template was not found in the specified Asset Database.")
    return name
