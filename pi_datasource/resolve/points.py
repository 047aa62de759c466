"""From tag names, paths, WebIDs, patterns and queries to PI points, in bulk.

Names and paths are looked up by `points/multiple`, a hundred in a call and many calls in a batch request, so that
100,000 tags take tens of requests. Patterns and queries are read page by page until a page comes back short.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pi_datasource.errors import (
    PIBadAnswerError,
    PIChangedError,
    PIConnectionError,
    PIError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIOptionError,
    PIRefusedError,
    PIRequestError,
    PITagError,
    PITimeoutError,
    PITooLargeError,
    PIUnknownTagError,
)
from pi_datasource.options import Reading, Selection
from pi_datasource.resolve.streams import Resolved, Stream, kind_of
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.answers import error_words
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.webids import is_attribute_web_id, is_point_web_id, short
from pi_datasource.webapi.wire import DataServer, DataServers, Looked, LookedUp, Point, Points

__all__ = ["listed_points", "resolve_points", "skipped"]

#: Makes the route of one page: (WebID of the data server, pattern or query, start index, page size).
_Route = Callable[[str, str, int, int], str]

log = logging.getLogger("pi_datasource")

#: Points in a page of a list; PI Web API's own default, and the ceiling of `points/search`.
LIST_PAGE = 1000
#: Pages of a long list asked in one batch request; those behind its end cost the server a search each.
PAGES_AHEAD = 8
#: Pages are not made smaller than this by one that came back short.
SMALLEST_PAGE = 100
#: The smallest page that can begin with the end of the one before and hold something new.
SMALLEST_OVERLAPPING = 2
#: A list of points that changes while it is read is read so many times.
READ_AGAIN = 3
#: Characters of query in one `points/multiple` call: proxies cut at 8 kB.
LOOKUP_CHARACTERS = 6000
#: `points/multiple` calls in one batch request; its body stays far below the server's 4 MiB.
LOOKUPS_PER_BATCH = 50


@dataclass(frozen=True)
class _Wanted:
    """One tag as the user wrote it, and how to look it up."""

    written: str
    path: str = ""
    web_id: str = ""


def resolve_points(client: Client, selection: Selection, reading: Reading, *, paths: bool = False) -> Resolved:
    """All the points that a selection names.

    Args:
        client: who to ask.
        selection: tags, patterns, query, data servers.
        reading: `onTagError`, `tagFormat`, and which attributes of points the columns need.
        paths: the streams carry their paths.

    Raises:
        PIUnknownTagError: tags, patterns or queries without a point, all at once, when `onTagError=fail`.
        PITagError: a name that several data servers have.
        PIOptionError: a data server that PI Web API does not know, or a tag form of a later version.
    """
    servers = _data_servers(client, selection)
    failures: dict[str, str] = {}
    found = list(_look_up(client, selection.tags, servers, failures))
    for pattern in selection.tag_filter:
        found += _listed(client, servers, "tagFilter", pattern, endpoints.data_server_points, failures)
    if selection.tag_query:
        found += _listed(client, servers, "tagQuery", selection.tag_query, endpoints.point_search, failures)
    streams = tuple(_streams(found, reading, paths))
    if failures:
        skipped(failures, reading, _hint(selection.tags, failures))
    return Resolved(streams, failures)


def listed_points(client: Client, selection: Selection) -> Iterator[Point]:
    """The points that the patterns of a selection match, each once, as they come page by page.

    Raises:
        PIOptionError: a data server that PI Web API does not know.
    """
    seen: set[str] = set()
    for server in _data_servers(client, selection):
        for pattern in selection.tag_filter:
            for point in _pages(client, server, "tagFilter", pattern, endpoints.data_server_points):
                if point.WebId not in seen:
                    seen.add(point.WebId)
                    yield point


def skipped(failures: dict[str, str], reading: Reading, hint: str) -> None:
    """Tags that were not found, treated as `onTagError` says.

    Raises:
        PIUnknownTagError: when that is `fail`.
    """
    if reading.on_tag_error == "fail":
        raise PIUnknownTagError(failures, hint)
    log.warning("skipped, as onTagError=skip says: %s", PIUnknownTagError(failures))


def _data_servers(client: Client, selection: Selection) -> tuple[DataServer, ...]:
    """The data servers to look in: those named by `dataServer`, else all."""
    known = _first_answer(client).Items
    if not selection.data_server:
        if not known:
            raise PIOptionError(f"{client.connection.url} knows no data server, or this login may see none")
        return tuple(known)
    by_name = {server.Name.lower(): server for server in known}
    unknown = [name for name in selection.data_server if name.lower() not in by_name]
    if unknown:
        names = ", ".join(repr(server.Name) for server in known) or "none"
        missing = ", ".join(map(repr, unknown))
        raise PIOptionError(f"option dataServer: no data server {missing} here; accepted are those there are: {names}")
    return tuple(by_name[name.lower()] for name in selection.data_server)


def _first_answer(client: Client) -> DataServers:
    """The data servers. As the first question of every plan it shows whether address and login are right."""
    try:
        return client.get(endpoints.data_servers(), DataServers, "list of data servers")
    except PIRequestError as error:
        connection = client.connection
        user = f" and username = {connection.username!r}" if connection.username else ""
        if isinstance(error, PILoginError):
            hint = f"sent was option auth = {connection.auth!r}{user}; accepted is a login that this server knows"
        elif isinstance(error, PIForbiddenError):
            hint = f"sent was option auth = {connection.auth!r}{user}; accepted is a login that may read here"
        elif isinstance(error, PINotFoundError | PIConnectionError | PITimeoutError | PIBadAnswerError):
            hint = (
                f"is option url = {connection.url!r} right? accepted is the address of PI Web API such as "
                "https://pi.example.com/piwebapi"
            )
        else:
            raise
        error.args = (f"{error}\n{hint}",)
        raise


def _look_up(
    client: Client, tags: Sequence[str], servers: Sequence[DataServer], failures: dict[str, str]
) -> Iterator[Point]:
    """The points of tags that are named one by one, in their order."""
    wanted = [wish for tag in tags for wish in _wishes(tag, servers)]
    found: defaultdict[str, list[Point]] = defaultdict(list)
    causes: dict[str, str] = {}
    for wish, looked in _multiple(client, wanted):
        if looked.Object is not None and looked.Object.WebId:
            found[wish.written].append(looked.Object)
        else:
            causes.setdefault(wish.written, error_words(looked.Exception) or "no such point")
    twice: dict[str, str] = {}
    for tag in tags:
        points = found.get(tag, [])
        if not points:
            failures[tag] = causes.get(tag, "no such point")
        elif len({point.WebId for point in points}) > 1:
            twice[tag] = "is on several data servers: " + ", ".join(point.Path for point in points)
        else:
            yield points[0]
    if twice:
        raise PITagError(twice, "say which one by its path (\\\\server\\tag), or with option dataServer")


def _wishes(tag: str, servers: Sequence[DataServer]) -> list[_Wanted]:
    """How to look up one tag: by WebID, by path, or by name on each data server."""
    if is_point_web_id(tag):
        return [_Wanted(tag, web_id=tag)]
    if is_attribute_web_id(tag) or (tag.startswith("\\\\") and "|" in tag and tag.count("\\") > 3):
        raise PIOptionError(f"option tags: {tag!r} is an AF attribute; accepted here are PI points")
    if tag.startswith("\\\\"):
        return [_Wanted(tag, path=tag)]
    return [_Wanted(tag, path=f"\\\\{server.Name}\\{tag}") for server in servers]


def _multiple(client: Client, wanted: Sequence[_Wanted]) -> Iterator[tuple[_Wanted, Looked]]:
    """Looks all of them up; each comes back once, with its point or with why there is none."""
    lookups = list(_lookups(wanted))
    for some in chunks(enumerate(lookups), LOOKUPS_PER_BATCH):
        asks = {str(number): Ask(_multiple_route(lookup), f"{len(lookup)} tags") for number, lookup in some}
        answers = ask_all(client, asks, LookedUp, "look-up of tags")
        for number, lookup in some:
            answer = answers[str(number)]
            if isinstance(answer, PITooLargeError) and len(lookup) > 1:
                for half in chunks(lookup, (len(lookup) + 1) // 2):
                    yield from _multiple(client, half)
                continue
            if isinstance(answer, PIRequestError):
                raise answer
            yield from _matched(lookup, answer.Items)


def _lookups(wanted: Iterable[_Wanted]) -> Iterator[list[_Wanted]]:
    """Look-ups that fit into one call each: paths or WebIDs, by the characters they take."""
    for by_path in (True, False):
        some: list[_Wanted] = []
        size = 0
        for wish in wanted:
            if bool(wish.path) != by_path:
                continue
            # Percent-encoding makes up to three characters of each byte.
            length = 3 * len((wish.path or wish.web_id).encode()) + 8
            if some and size + length > LOOKUP_CHARACTERS:
                yield some
                some, size = [], 0
            some.append(wish)
            size += length
        if some:
            yield some


def _multiple_route(lookup: Sequence[_Wanted]) -> str:
    return endpoints.points_multiple(
        paths=[wish.path for wish in lookup if wish.path], web_ids=[wish.web_id for wish in lookup if wish.web_id]
    )


def _matched(lookup: Sequence[_Wanted], items: Sequence[Looked]) -> Iterator[tuple[_Wanted, Looked]]:
    """Each wish with its own item: by the identifier that comes back, never by position alone."""
    exactly = {item.Identifier: item for item in items}
    by_identifier = {_comparable(item.Identifier): item for item in items}
    for wish in lookup:
        asked = wish.path or wish.web_id
        yield wish, exactly.get(asked) or by_identifier.get(_comparable(asked)) or Looked()


def _comparable(identifier: str) -> str:
    """PI compares paths without case; in a WebID case matters."""
    return identifier.lower() if identifier.startswith("\\\\") else identifier


def _listed(
    client: Client,
    servers: Sequence[DataServer],
    option: str,
    text: str,
    route: _Route,
    failures: dict[str, str],
) -> list[Point]:
    """The points of a pattern or query on all the servers, page after page."""
    found = [point for server in servers for point in _unchanged(client, server, option, text, route)]
    if not found:
        failures[f"{option} {text}"] = "matches no point"
    return found


def _unchanged(client: Client, server: DataServer, option: str, text: str, route: _Route) -> list[Point]:
    """All of one list, which is read again when it changed meanwhile: a stream would have to be started again for it.

    Raises:
        PIChangedError: it changes all the time.
    """
    for left in reversed(range(READ_AGAIN)):
        try:
            return list(_pages(client, server, option, text, route))
        except PIChangedError as error:
            if not left:
                raise
            log.info("%s", error)
    raise AssertionError("the last try returns or raises")


def _pages(client: Client, server: DataServer, option: str, text: str, route: _Route) -> Iterator[Point]:
    """All pages of one list, several asked at once when it is long.

    Each page but the first begins with the point that ended the one before; else points were added or removed, and one
    would be missed. Only a page without another point is surely the end: a smaller limit of a server cuts pages short.

    Raises:
        PIChangedError: the list changed while it was read.
    """
    seen: set[str] = set()
    start, last, size, ahead = 0, "", LIST_PAGE, 1
    what = f"points of {option} {text!r} on {server.Name}"
    while True:
        starts = range(start, start + ahead * (size - 1), size - 1)
        asks = {str(one): Ask(route(server.WebId, text, one, size), f"from number {one}") for one in starts}
        answers = ask_all(client, asks, Points, what)
        # Without batch requests each page is a request of its own, and one behind the end costs more than it saves.
        ahead = min(2 * ahead, PAGES_AHEAD) if client.connection.post else 1
        for one in starts:
            answer = answers[str(one)]
            if isinstance(answer, PITooLargeError) and size > SMALLEST_OVERLAPPING:
                size, ahead = max(SMALLEST_OVERLAPPING, min(size - 1, answer.item_limit or size // 2)), 1
                break
            if isinstance(answer, PITooLargeError) and answer.item_limit is not None:
                raise PITooLargeError(
                    f"{what}: of pages of one point nobody can tell whether one was missed between them; only a higher "
                    f"MaxReturnedItemsPerCall helps. {answer}"
                )
            if isinstance(answer, PIRequestError):
                raise _explained(answer, option, text)
            ids = [point.WebId for point in answer.Items]
            if ids == ([last] if last else []):
                return
            if ids and seen.issuperset(ids):
                raise PIRefusedError(f"{what}: the same points come again and again; the server does not page")
            if last and ids[:1] != [last]:
                raise PIChangedError(f"{what}: the list changed while it was read; read it again")
            yield from (point for point in answer.Items if point.WebId not in seen)
            seen.update(ids)
            start, last = one + len(ids) - 1, ids[-1]
            if len(ids) < size:
                # The end, or a limit that the server does not tell: the pages behind were asked at wrong places.
                size, ahead = max(len(ids), SMALLEST_PAGE), 1
                break


def _explained(error: PIRequestError, option: str, text: str) -> PIError:
    """Why a list of points was refused; a server without the route takes "search" for a WebID, and says anything."""
    if option != "tagQuery" or not isinstance(error, PINotFoundError | PIRefusedError):
        return error
    explained = PIOptionError(
        f"option tagQuery: {text!r} was refused; accepted is a query such as 'tag:UNIT1* AND PointType:=Float32', by "
        f"servers that have the point search (PI Web API 2021 SP3 and later); tagFilter works with all. {error}"
    )
    explained.__cause__ = error
    return explained


def _streams(points: Iterable[Point], reading: Reading, paths: bool) -> Iterator[Stream]:
    """Points as streams: each once, under names that are unique."""
    unique: dict[str, Point] = {}
    for point in points:
        unique.setdefault(point.WebId, point)
    if reading.tag_format == "name":
        _refuse_double_names(unique.values())
    for point in unique.values():
        yield Stream(
            web_id=short(point.WebId),
            tag=point.Path if reading.tag_format == "path" else point.Name,
            kind=kind_of(point.PointType),
            uom=point.EngineeringUnits,
            point_id=point.Id,
            descriptor=point.Descriptor if reading.include_descriptor else "",
            future=point.Future,
            path=point.Path if paths else "",
        )


def _refuse_double_names(points: Iterable[Point]) -> None:
    """Two servers may have the same name; rows of both under it could not be told apart."""
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for point in points:
        paths[point.Name.lower()].append(point.Path)
    double = {", ".join(same): "have the same name" for same in paths.values() if len(same) > 1}
    if double:
        raise PITagError(double, "set option tagFormat=path, or choose one server with option dataServer")


def _hint(tags: Sequence[str], failures: dict[str, str]) -> str:
    """What most likely happened, where the list itself shows it, and what is accepted."""
    missing = [tag for tag in tags if tag in failures]
    hints = []
    if any("*" in tag or "?" in tag for tag in missing):
        hints.append("tags are taken letter by letter; for wildcards use option tagFilter")
    elif missing and len(tags) > 1:
        hints.append('a tag with a comma in its name goes into a JSON array: tags = ["one,two", "three"]')
    if missing:
        hints.append(r"accepted in option tags are names, paths (\\server\tag) and WebIDs of points that are there")
    if len(missing) < len(failures):
        hints.append("accepted are patterns (* for any letters, ? for one) and queries that match some point")
    return "\n".join([*hints, "with option onTagError=skip the others are read"])
