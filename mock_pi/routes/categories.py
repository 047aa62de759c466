"""The controllers of the four kinds of categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mock_pi.af.database import CATEGORY_KINDS, Database
from mock_pi.af.placed import PlacedCategory
from mock_pi.call import Answer, Call
from mock_pi.routes.afobjects import Json, link, placed_link
from mock_pi.routes.afthings import basics, thing, thing_at
from mock_pi.routes.lists import whole
from mock_pi.routes.table import Controller, Route, route


def category_object(call: Call, one: PlacedCategory) -> Json:
    """A category."""
    own = placed_link(call, one)
    links = {
        "Self": own, "Database": link(call, one.home), "Security": f"{own}/security",
        "SecurityEntries": f"{own}/securityentries",
    }  # fmt: skip
    return {**basics(call, one, one.declared.description), "Links": links}


def categories_named(call: Call, database: Database, kind: str, names: Sequence[str]) -> Answer:
    """The categories of an object, given their names."""
    wanted = {name.upper() for name in names}
    found = call.site.directory.shelf(database).categories(kind)
    return whole(call, [category_object(call, one) for one in found if one.name.upper() in wanted])


def of_database(kind: str) -> Controller:
    """The controller for a database's categories of a kind."""

    def categories(call: Call) -> Answer:
        shelf = call.site.directory.shelf(call.site.database(call.captured[0]))
        return whole(call, [category_object(call, one) for one in shelf.categories(kind)])

    return categories


def _single(find: Callable[[Call, str], PlacedCategory], collection: str) -> Controller:
    return lambda call: call.json(category_object(call, find(call, collection)))


def _routes(kind: str) -> list[Route]:
    collection = f"{kind.lower()}categories"
    return [
        route(collection, _single(thing_at, collection), "path"),
        route(f"{collection}/{{}}", _single(thing, collection)),
        route(f"assetdatabases/{{}}/{collection}", of_database(kind)),
    ]


ROUTES = [one for kind in CATEGORY_KINDS for one in _routes(kind)]
