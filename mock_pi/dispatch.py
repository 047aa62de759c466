"""From a URL to its controller: the same way for a request and for a request inside a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from mock_pi.af.streams import tag_of
from mock_pi.call import Answer, Call, PIWebAPIError, parse_query
from mock_pi.routes import TABLE
from mock_pi.routes.table import Route, check_parameters
from mock_pi.site import Site
from mock_pi.system.point import Point
from mock_pi.wire import to_json

#: The path under which PI Web API lives.
ROOT = "piwebapi"

#: Parameters that hold WebIDs of streams.
_NAMING = ("webId", "baseWebId", "subordinateWebId")


@dataclass(frozen=True)
class Target:
    """Where a request goes: its call and its route, None when nothing is there."""

    call: Call
    route: Route | None

    @property
    def name(self) -> str:
        """The route's name, for statistics and faults."""
        return self.route.name if self.route else "unknown"


def split_path(path: str) -> tuple[str, ...]:
    """The segments of an encoded path below the root, decoded; a trailing slash makes no difference."""
    return tuple(unquote(part) for part in path.strip("/").split("/") if part)[1:]


def is_ours(path: str) -> bool:
    """Whether a path lies below the root, in any case."""
    return path.strip("/").split("/")[0].lower() == ROOT


def target_of(
    site: Site,
    method: str,
    base: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    content: bytes,
    now: int,
    user: str,
) -> Target:
    """Finds out where a request goes."""
    segments = split_path(path)
    url = base[: -len(ROOT) - 1] + path + ("?" + query if query else "")
    call = Call(site, method, base, segments, url, parse_query(query), headers, content, now, user)
    found = TABLE.find(segments, site.switches.version)
    if found is None:
        return Target(call, None)
    call.captured = found[1]
    return Target(call, found[0])


def tags_of(target: Target) -> frozenset[str]:
    """The points a request names by WebID, or by that of an attribute; for faults that are for one tag only.

    An asset database that is named by WebID is there by its path.
    """
    named = (text for name in _NAMING for text in target.call.many(name))
    texts = [*target.call.captured, *named]
    tags = set()
    for text in texts:
        try:
            source = target.call.site.source(text)
        except PIWebAPIError:
            database = _database_of(target, text)
            tags |= {database.upper()} if database else set()
            continue
        name = source.name if isinstance(source, Point) else tag_of(source).rpartition("\\")[2]
        tags.add(name.upper())
    return frozenset(tags)


def _database_of(target: Target, text: str) -> str:
    try:
        return target.call.site.database(text).path
    except PIWebAPIError:
        return ""


def answer(target: Target) -> Answer:
    """The controller's answer, or the framework's when there is no controller."""
    call, route = target.call, target.route
    if route is None:
        return no_route(call.url)
    if call.method != "GET":
        return wrong_method(call.method)
    try:
        check_parameters(call, route.parameters)
        return route.controller(call)
    except PIWebAPIError as error:
        return error.answer


def wrong_method(method: str) -> Answer:
    """What ASP.NET says to a method an action does not have."""
    return Answer(405, to_json({"Message": f"The requested resource does not support http method '{method}'."}))


def no_route(url: str) -> Answer:
    """What ASP.NET says about a path nobody serves."""
    return Answer(404, to_json({"Message": f"No HTTP resource was found that matches the request URI '{url}'."}))
