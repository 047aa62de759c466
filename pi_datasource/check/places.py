"""What this login may see: data servers, points on them, AF servers with their databases."""

from __future__ import annotations

from typing import Any

from pi_datasource.check.address import words
from pi_datasource.check.finding import Finding, failed, good, warning
from pi_datasource.check.server import MUCH_SKEW
from pi_datasource.check.site import Site
from pi_datasource.errors import PIError, PINotFoundError, PIRequestError, PITimeoutError
from pi_datasource.resolve import places
from pi_datasource.times import TICKS_PER_SECOND, parse_iso
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.wire import DataServer, DataServers, Points

__all__ = ["asset_servers", "data_servers", "points"]

ASK_FOR_RIGHTS = (
    "ask the PI administrator for a mapping or trust of this account to a PI identity that may read (System Management "
    "Tools: Security, Mappings & Trusts)"
)


def data_servers(site: Site) -> Finding:
    """The data servers, whether PI Web API reaches them, and their clocks."""
    try:
        site.servers = site.client.get(endpoints.data_servers(), DataServers, "list of data servers").Items
    except PIRequestError as error:
        return failed(f"cannot be listed: {words(error)}", _remedy(error), names=[])
    chosen = [name.lower() for name in site.options.selection.data_server]
    names = [server.Name for server in site.servers]
    details: dict[str, Any] = {"names": names, "connected": [one.Name for one in site.servers if one.IsConnected]}
    if not names:
        return failed("none seen by this login", ASK_FOR_RIGHTS, **details)
    unknown = [name for name in chosen if name not in {known.lower() for known in names}]
    if unknown:
        return failed(
            f"no data server {', '.join(unknown)} here; there is {', '.join(names)}",
            "set --data-server (option dataServer) to one of those, or leave it out",
            **details,
        )
    site.servers = [one for one in site.servers if not chosen or one.Name.lower() in chosen]
    said = ", ".join(_described(site, one) for one in site.servers)
    if any(not one.IsConnected for one in site.servers):
        # It may be that nobody has asked it yet; the next look asks.
        return warning(
            said,
            "if rights fail below, too: does the PI Data Archive run, and may PI Web API log in there (Kerberos "
            "delegation, mappings)? Ask the PI administrator",
            **details,
        )
    wrong = [one.Name for one in site.servers if abs(_ahead(site, one)) > MUCH_SKEW]
    if wrong:
        return warning(
            said,
            f"the clock of {', '.join(wrong)} is not that of this machine: `*` (now) means this machine's clock, so "
            "the newest events may be left out; set the clocks by the same time server",
            **details,
        )
    return good(said, **details)


def _described(site: Site, server: DataServer) -> str:
    said = f"{server.Name} ({'connected' if server.IsConnected else 'not connected'}"
    ahead = _ahead(site, server)
    if abs(ahead) > MUCH_SKEW:
        said += f", its clock shows {server.ServerTime}"
    return f"{said})"


def _ahead(site: Site, server: DataServer) -> float:
    """Seconds by which the clock of a data server is ahead of this machine's; 0 where it does not tell."""
    try:
        return parse_iso(server.ServerTime) / TICKS_PER_SECOND - site.now()
    except PIError:
        return 0.0


def _remedy(error: PIRequestError) -> str:
    """What to do when a list does not come. PI Web API answers 500, too, where a right is missing."""
    if isinstance(error, PINotFoundError):
        return "a gateway in front lets only some routes through: ask who runs it for all of PI Web API's, for reading"
    if isinstance(error, PITimeoutError):
        return "PI Web API answers, and what is behind it does not: ask the PI administrator whether the archive runs"
    return ASK_FOR_RIGHTS


def points(site: Site) -> Finding:
    """Whether any point of each data server may be read."""
    seen: dict[str, bool] = {}
    for server in site.servers:
        try:
            route = endpoints.data_server_points(server.WebId, "*", 0, 1)
            seen[server.Name] = bool(site.client.get(route, Points, f"points of {server.Name}").Items)
        except PIRequestError as error:
            return failed(f"points of {server.Name} cannot be listed: {words(error)}", _remedy(error), seen=seen)
    blind = [name for name, sees in seen.items() if not sees]
    if blind:
        return failed(f"this login sees no point on {', '.join(blind)}", ASK_FOR_RIGHTS, seen=seen)
    return good(f"this login sees points on {', '.join(seen)}", seen=seen)


def asset_servers(site: Site) -> Finding:
    """AF servers and databases; points are read without them."""
    try:
        servers = places.asset_servers(site.client, site.options)
        databases = places.databases(site.client, site.options) if servers else []
    except PIError as error:
        return warning(
            f"cannot be listed: {words(error)}",
            "this matters for tables of the Asset Framework and of event frames only; for those ask the PI "
            "administrator for read access to the AF server",
            names=[],
        )
    names = [server.name for server in servers]
    if not names:
        return good("none seen: tables of the Asset Framework and of event frames would be empty", names=[])
    found = [f"{name} ({_listed([one.name for one in databases if one.server == name])})" for name in names]
    return good(", ".join(found), names=names, databases=[f"{one.server}\\{one.name}" for one in databases])


def _listed(names: list[str], most: int = 5) -> str:
    if not names:
        return "no database seen"
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return f"database{'' if len(names) == 1 else 's'} {', '.join(names[:most])}{more}"
