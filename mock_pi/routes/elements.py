"""The Element controller."""

from __future__ import annotations

from mock_pi.af.database import Database
from mock_pi.af.model import Element
from mock_pi.af.search import ElementFilter, Order, element_attributes, elements
from mock_pi.call import Answer, Call
from mock_pi.routes import afsearch, analyses, attributes
from mock_pi.routes import multiple as many
from mock_pi.routes.affilters import (
    ATTRIBUTE_FILTERS,
    ELEMENT_FILTERS,
    FIND_FILTERS,
    PAGING,
    attributes_of,
    element_filter,
    find_filters,
    order_of,
)
from mock_pi.routes.afobjects import Json, element, paths_wanted, selected
from mock_pi.routes.afthings import required
from mock_pi.routes.categories import categories_named
from mock_pi.routes.lists import page, whole
from mock_pi.routes.table import route


def _one(call: Call, found: Element) -> Answer:
    return call.json(element(call, found, selected(call, "Links"), paths_wanted(call)))


def _at_path(call: Call, text: str) -> Element:
    path = call.site.af_path(text)
    return call.site.allowed(None if path.attributes else call.site.directory.element_at(path))


def list_elements(call: Call, found: list[Element]) -> Answer:
    """A page of elements."""
    links, paths = selected(call, "Items", "Links"), paths_wanted(call)
    return page(call, found, lambda one: element(call, one, links, paths))


def by_path(call: Call) -> Answer:
    r"""The element with the path `\\AF\DB\E1\E2`."""
    return _one(call, _at_path(call, required(call, "path")))


def by_web_id(call: Call) -> Answer:
    """One element."""
    return _one(call, call.site.element(call.captured[0]))


def multiple(call: Call) -> Answer:
    """Many elements by WebID or path."""
    paths = paths_wanted(call)

    def show(found: Element) -> Json:
        return element(call, found, selected(call, "Items", "Object", "Links"), paths)

    return many.multiple(
        call, lambda text: show(call.site.element(text)), lambda text: show(_at_path(call, text))
    )  # fmt: skip


def search(call: Call) -> Answer:
    """The elements of a database that fit a query."""
    database = afsearch.database_of(call)
    root, wanted = afsearch.element_search(call, database, afsearch.filters_of(call))
    return list_elements(call, elements(database, root, wanted, Order()))


def children_of(call: Call, database: Database, root: Element | None) -> Answer:
    """The elements below an element, or of a database."""
    wanted = element_filter(call, database, call.boolean("searchFullHierarchy", False))
    return list_elements(call, elements(database, root, wanted, order_of(call)))


def children(call: Call) -> Answer:
    """The elements below an element."""
    root = call.site.element(call.captured[0])
    return children_of(call, root.home, root)


def referenced_of(call: Call, database: Database, root: Element | None) -> Answer:
    """The elements whose primary place is elsewhere."""
    found = element_filter(call, database, False)
    wanted = ElementFilter(found.name, found.description, found.category, found.template, found.kind,
                           referenced=True, denied=found.denied)  # fmt: skip
    return list_elements(call, elements(database, root, wanted, order_of(call)))


def referenced(call: Call) -> Answer:
    """The elements below an element whose primary place is elsewhere."""
    root = call.site.element(call.captured[0])
    return referenced_of(call, root.home, root)


def attributes_here(call: Call) -> Answer:
    """The attributes of an element."""
    return attributes.list_attributes(call, attributes_of(call, call.site.element(call.captured[0])))


def found_attributes(call: Call, database: Database, root: Element | None) -> Answer:
    """The attributes of the elements below an element, or of a database."""
    of, wanted = find_filters(call, database)
    return attributes.list_attributes(call, element_attributes(database, root, of, wanted, order_of(call)))


def attributes_below(call: Call) -> Answer:
    """The attributes of the elements below an element."""
    root = call.site.element(call.captured[0])
    return found_attributes(call, root.home, root)


def analyses_here(call: Call) -> Answer:
    """The analyses of an element."""
    return analyses.list_analyses(call, analyses.analyses_of(call.site.element(call.captured[0])))


def categories(call: Call) -> Answer:
    """The categories of an element."""
    found = call.site.element(call.captured[0])
    return categories_named(call, found.home, "Element", found.categories)


def paths(call: Call) -> Answer:
    """All paths of an element, from `relativePath` on where that is given."""
    found = call.site.element(call.captured[0])
    relative = call.text("relativePath").rstrip("\\").upper()
    texts = [path for path in found.paths if path.upper().startswith(relative)]
    return whole(call, [path[len(relative) :].lstrip("\\") if relative else path for path in texts])


ROUTES = [
    route("elements", by_path, "path associations"),
    route("elements/multiple", multiple, many.PARAMETERS + " associations"),
    route("elements/search", search, afsearch.PARAMETERS, "2018"),
    route("elements/{}", by_web_id, "associations"),
    route("elements/{}/elements", children, ELEMENT_FILTERS + " searchFullHierarchy"),
    route("elements/{}/referencedelements", referenced, ELEMENT_FILTERS),
    route("elements/{}/attributes", attributes_here, ATTRIBUTE_FILTERS + PAGING),
    route("elements/{}/elementattributes", attributes_below, FIND_FILTERS),
    route("elements/{}/analyses", analyses_here, "sortField sortOrder startIndex maxCount"),
    route("elements/{}/categories", categories, "showInherited"),
    route("elements/{}/paths", paths, "relativePath", "2018"),
]
