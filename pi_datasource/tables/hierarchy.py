"""Tables `asset_servers`, `asset_databases` and `elements`: the Asset Framework as a tree."""

from __future__ import annotations

from collections.abc import Sequence

from pi_datasource.columns import Column
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field
from pi_datasource.resolve.attributes import element_filters, usable, where
from pi_datasource.resolve.places import ID_ONLY, asset_servers
from pi_datasource.tables.base import Request
from pi_datasource.tables.lists import list_table
from pi_datasource.tables.named import CATEGORIES
from pi_datasource.webapi.client import Client

__all__ = ["ASSET_DATABASES", "ASSET_SERVERS", "ELEMENTS", "PLACE", "last_segment"]

#: Parts of a path before the elements: two empty ones, AF server, database.
_BEFORE_ELEMENTS = 4


def _parts(path: str) -> list[str]:
    return path.split("\\")


def depth(path: str) -> int:
    """0 for an element at the top of its database."""
    return len(_parts(path)) - _BEFORE_ELEMENTS - 1


def parent_path(path: str) -> str | None:
    """The path of the element above; None at the top."""
    parts = _parts(path)
    return "\\".join(parts[:-1]) if len(parts) > _BEFORE_ELEMENTS + 1 else None


def last_segment(link: str) -> str:
    """The WebID at the end of a link."""
    return link.rpartition("/")[2]


def parent_element(link: str) -> str | None:
    """The WebID of the element that a link leads to; None for a link to a database."""
    return last_segment(link) if "/elements/" in link else None


#: What tells where an object is.
PLACE = (
    Field(Column("database", "string", "AF database.")),
    Field(Column("asset_server", "string", "AF server.")),
)


def _servers(request: Request, client: Client) -> Sequence[Listing]:
    return [Listing("assetservers", "AF servers", (ID_ONLY,), paged=False)]


ASSET_SERVERS = list_table(
    "asset_servers",
    "AF servers that PI Web API knows.",
    (
        Field(Column("name", "string", "Name."), "Name"),
        Field(Column("description", "string", "Description."), "Description"),
        Field(Column("path", "string", r"Path: \\server."), "Path"),
        Field(Column("is_connected", "boolean", "PI Web API is connected to it."), "IsConnected"),
        Field(Column("server_version", "string", "Version of the AF server."), "ServerVersion"),
        Field(Column("server_time", "timestamp", "Its clock."), "ServerTime"),
        Field(Column("id", "string", "GUID."), "Id"),
        Field(Column("web_id", "string", "PI Web API's handle."), "WebId"),
    ),
    _servers,
)


def _databases(request: Request, client: Client) -> Sequence[Listing]:
    return [
        Listing(
            f"assetservers/{server.web_id}/assetdatabases",
            f"databases of {server.name}",
            (ID_ONLY,),
            (("asset_server", server.name),),
            paged=False,
        )
        for server in asset_servers(client, request.options)
    ]


ASSET_DATABASES = list_table(
    "asset_databases",
    "AF databases.",
    (
        Field(Column("name", "string", "Name."), "Name"),
        Field(Column("asset_server", "string", "AF server.")),
        Field(Column("description", "string", "Description."), "Description"),
        Field(Column("path", "string", r"Path: \\server\database."), "Path"),
        Field(Column("id", "string", "GUID."), "Id"),
        Field(Column("web_id", "string", "PI Web API's handle."), "WebId"),
    ),
    _databases,
)


def _elements(request: Request, client: Client) -> Sequence[Listing]:
    query = [
        ID_ONLY, ("searchFullHierarchy", "true"),
        *element_filters(request.options, ("nameFilter", "templateName", "categoryName")),
    ]  # fmt: skip
    if request.wants("paths"):
        query.append(("associations", "Paths"))
    listings = [
        Listing(
            f"{route}/elements",
            f"elements of {path}",
            tuple(query),
            (("database", database.name), ("asset_server", database.server)),
        )
        for database, route, path in where(client, request.options)
    ]
    return usable(client, listings)


ELEMENTS = list_table(
    "elements",
    "AF elements: the whole tree, or the part below `elementRoot`.",
    (
        Field(Column("name", "string", "Name."), "Name"),
        Field(Column("path", "string", r"Primary path: \\server\database\element\…"), "Path"),
        Field(Column("parent_path", "string", "Path of the element above; null at the top."), "Path", parent_path),
        Field(Column("depth", "int", "0 at the top of the database."), "Path", depth, str),
        Field(Column("paths", "array<string>", "All paths of an element with several parents (from 2018)."), "Paths"),
        Field(Column("description", "string", "Description."), "Description"),
        Field(Column("template", "string", "Name of its template."), "TemplateName"),
        CATEGORIES,
        Field(Column("has_children", "boolean", "Elements are below it."), "HasChildren"),
        *PLACE,
        Field(Column("id", "string", "GUID."), "Id"),
        Field(Column("web_id", "string", "PI Web API's handle."), "WebId"),
        Field(
            Column("parent_web_id", "string", "Handle of the element above; null at the top."),
            "Links.Parent", parent_element,
        ),
    ),
    _elements,
    long=True,
)  # fmt: skip
