"""Tables `enumeration_sets` and `enumeration_values`: names for numbers.

Both of AF databases and of data servers, whose sets are the digital sets of points. Option `dataServer` alone chooses
those of data servers, `assetServer` and `database` alone those of databases.
"""

from __future__ import annotations

from collections.abc import Sequence

from pi_datasource.columns import Column
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field
from pi_datasource.resolve.lists import Found, lists_behind, of_databases
from pi_datasource.resolve.places import ID_ONLY, data_servers
from pi_datasource.tables.base import Request
from pi_datasource.tables.hierarchy import PLACE
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.named import DESCRIPTION, ID, NAME, WEB_ID, or_none, path
from pi_datasource.webapi.client import Client

__all__ = ["ENUMERATION_SETS", "ENUMERATION_VALUES"]

_WHERE = (Field(Column("data_server", "string", "Data server, of a digital set.")), *PLACE)


def _sets(request: Request, client: Client) -> Sequence[Listing]:
    options = request.options
    by_server = bool(options.selection.data_server)
    by_database = bool(options.assets.servers or options.assets.databases)
    lists = []
    if by_server or not by_database:
        lists = [
            Listing(
                f"dataservers/{server.web_id}/enumerationsets",
                f"digital sets of {server.name}",
                (ID_ONLY,),
                (("data_server", server.name),),
                paged=False,
            )
            for server in data_servers(client, options)
        ]
    if by_database or not by_server:
        lists += of_databases(client, options, "enumerationsets")
    return lists


ENUMERATION_SETS = list_table(
    "enumeration_sets",
    "Sets of names for numbers: digital sets of data servers, and enumeration sets of AF databases.",
    (
        NAME,
        DESCRIPTION,
        path(r"\\server\DigitalSets[name] or \\server\database\EnumerationSets[name]"),
        *_WHERE,
        ID,
        WEB_ID,
    ),
    _sets,
)


def _values(request: Request, client: Client) -> Sequence[Listing]:
    def values(found: Found) -> list[Listing]:
        place = (("set", found.item.Name), ("set_web_id", found.item.WebId), *found.listing.place)
        what = f"values of {found.item.Path}"
        return [Listing(f"enumerationsets/{found.item.WebId}/enumerationvalues", what, (ID_ONLY,), place, paged=False)]

    return lists_behind(client, request.options, _sets(request, client), (NAME, path("")), values)


ENUMERATION_VALUES = list_table(
    "enumeration_values",
    "The names in these sets, each with its number.",
    (
        Field(Column("set", "string", "Name of the set.")),
        NAME,
        Field(Column("value", "int", "Number."), "Value"),
        DESCRIPTION,
        path(r"path of the set\name"),
        Field(Column("parent", "string", "What it is below of, where values are nested."), "Parent", or_none),
        *_WHERE,
        ID,
        WEB_ID,
        Field(Column("set_web_id", "string", "Handle of the set.")),
    ),
    _values,
)
