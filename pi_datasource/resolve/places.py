"""AF servers, databases and data servers by name: the places where lists of objects are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pi_datasource.errors import PIForbiddenError, PINotFoundError, PIOptionError, PIRefusedError
from pi_datasource.options import PIOptions
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import PlaceAnswer, Places

__all__ = ["Place", "asset_servers", "data_servers", "databases", "root_element"]

#: Ids alone: they survive a rename, and the path of a deep element makes other WebIDs longer than a URL may be.
ID_ONLY = ("webIdType", "IDOnly")


@dataclass(frozen=True)
class Place:
    """A server or database.

    Attributes:
        web_id: PI's handle.
        name: its name.
        path: its path.
        server: name of the AF server that a database is on.
    """

    web_id: str
    name: str
    path: str
    server: str = ""


def data_servers(client: Client, options: PIOptions) -> list[Place]:
    """The data servers that option `dataServer` names; all without it."""
    return _chosen(_listed(client, endpoints.DATA_SERVERS, "data servers"), "dataServer", options.selection.data_server)


def asset_servers(client: Client, options: PIOptions) -> list[Place]:
    """The AF servers that option `assetServer` names; all without it.

    Raises:
        PIOptionError: one that PI Web API does not know.
    """
    return _chosen(_listed(client, "assetservers", "AF servers"), "assetServer", options.assets.servers)


def databases(client: Client, options: PIOptions) -> list[Place]:
    """The AF databases that options `assetServer` and `database` name; all without them.

    Raises:
        PIOptionError: one that is not there, or none at all.
    """
    found: list[Place] = []
    for server in asset_servers(client, options):
        route = f"assetservers/{server.web_id}/assetdatabases"
        found += _listed(client, route, f"databases of {server.name}", server.name)
    return _chosen(found, "database", options.assets.databases)


def root_element(client: Client, database: Place, root: str) -> Place | None:
    """The element that option `elementRoot` names in a database; None when there is none, or may not be seen."""
    path = root if root.startswith("\\\\") else f"{database.path}\\{root.strip(chr(92))}"
    if not path.lower().startswith(f"{database.path}\\".lower()):
        return None
    query = [("path", path), ID_ONLY, endpoints.selected("", ("WebId", "Path"))]
    try:
        answer = client.get(endpoints.with_query("elements", query), PlaceAnswer, f"element {path}")
    except (PIForbiddenError, PINotFoundError, PIRefusedError):
        return None
    return Place(answer.WebId, root, answer.Path or path, database.server)


def _listed(client: Client, route: str, what: str, server: str = "") -> list[Place]:
    query = [ID_ONLY, endpoints.selected("Items.", ("WebId", "Name", "Path"))]
    answer = client.get(endpoints.with_query(route, query), Places, what)
    return [Place(item.WebId, item.Name, item.Path, server) for item in answer.Items]


def _chosen(places: Sequence[Place], option: str, wanted: Iterable[str]) -> list[Place]:
    names = list(wanted)
    if not names:
        return list(places)
    known = {place.name.lower() for place in places}
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        there = ", ".join(repr(place.name) for place in places) or "none"
        missing = ", ".join(map(repr, unknown))
        raise PIOptionError(f"option {option}: there is no {missing} here; accepted are those there are: {there}")
    return [place for place in places if place.name.lower() in {name.lower() for name in names}]
