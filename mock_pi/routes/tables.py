"""The Table controller."""

from __future__ import annotations

from mock_pi.af.placed import PlacedTable
from mock_pi.call import Answer, Call
from mock_pi.routes.afobjects import Json, link, placed_link
from mock_pi.routes.afthings import basics, thing, thing_at
from mock_pi.routes.categories import categories_named
from mock_pi.routes.lists import whole
from mock_pi.routes.table import route


def table_object(call: Call, one: PlacedTable) -> Json:
    """A table, without its rows."""
    own = placed_link(call, one)
    links = {
        "Self": own, "Data": f"{own}/data", "Database": link(call, one.home), "Categories": f"{own}/categories",
        "Security": f"{own}/security", "SecurityEntries": f"{own}/securityentries",
    }  # fmt: skip
    return {
        **basics(call, one, one.declared.description), "CategoryNames": list(one.declared.categories),
        "ConvertToLocalTime": False, "TimeZone": one.declared.time_zone, "Links": links,
    }  # fmt: skip


def of_database(call: Call) -> Answer:
    """The tables of a database."""
    shelf = call.site.directory.shelf(call.site.database(call.captured[0]))
    return whole(call, [table_object(call, one) for one in shelf.tables])


def by_path(call: Call) -> Answer:
    r"""The table with the path `\\AF\DB\Tables[T]`."""
    return call.json(table_object(call, thing_at(call, "tables")))


def by_web_id(call: Call) -> Answer:
    """One table."""
    return call.json(table_object(call, thing(call, "tables")))


def categories(call: Call) -> Answer:
    """Its categories."""
    table: PlacedTable = thing(call, "tables")
    return categories_named(call, table.home, "Table", table.declared.categories)


def data(call: Call) -> Answer:
    """All its rows in one answer, each by the names of the columns."""
    table: PlacedTable = thing(call, "tables")
    columns = dict(table.declared.columns)
    rows = [dict(zip(columns, row, strict=True)) for row in table.declared.rows]
    return call.json({"Columns": columns, "Rows": rows})


ROUTES = [
    route("assetdatabases/{}/tables", of_database),
    route("tables", by_path, "path"),
    route("tables/{}", by_web_id),
    route("tables/{}/categories", categories),
    route("tables/{}/data", data),
]
