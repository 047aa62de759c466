"""The AssetDatabase controller; lists of templates, categories, sets, ... stand with what they list."""

from __future__ import annotations

from mock_pi.call import Answer, Call
from mock_pi.routes import elements
from mock_pi.routes.affilters import ELEMENT_FILTERS, FIND_FILTERS
from mock_pi.routes.afobjects import database
from mock_pi.routes.afthings import required
from mock_pi.routes.table import route


def by_path(call: Call) -> Answer:
    r"""The database with the path `\\AF\DB`."""
    path = call.site.af_path(required(call, "path"))
    found = call.site.directory.database_at(path) if len(path.parts) == 1 else None
    return call.json(database(call, call.site.found(found, "asset database")))


def by_web_id(call: Call) -> Answer:
    """One database."""
    return call.json(database(call, call.site.database(call.captured[0])))


def elements_here(call: Call) -> Answer:
    """Its elements: those at its top, or all with `searchFullHierarchy`."""
    return elements.children_of(call, call.site.database(call.captured[0]), None)


def referenced(call: Call) -> Answer:
    """Elements at its top whose primary place is elsewhere."""
    return elements.referenced_of(call, call.site.database(call.captured[0]), None)


def element_attributes(call: Call) -> Answer:
    """The attributes of its elements."""
    return elements.found_attributes(call, call.site.database(call.captured[0]), None)


ROUTES = [
    route("assetdatabases", by_path, "path"),
    route("assetdatabases/{}", by_web_id),
    route("assetdatabases/{}/elements", elements_here, ELEMENT_FILTERS + " searchFullHierarchy"),
    route("assetdatabases/{}/referencedelements", referenced, ELEMENT_FILTERS),
    route("assetdatabases/{}/elementattributes", element_attributes, FIND_FILTERS),
]
