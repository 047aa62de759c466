"""Routes and parameters, spelt exactly as PI Web API spells them. Nothing but this and `samples` builds a URL.

PI's time ranges include both ends; ours are half-open. This is the one place that knows: `recorded` asks up to one
tick (100 ns) before our end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import quote

from pi_datasource.times import format_ticks

__all__ = [
    "BATCH",
    "DATA_SERVERS",
    "POINT_FIELDS",
    "Query",
    "count",
    "data_server_points",
    "newest",
    "newest_by",
    "newest_of_many",
    "newest_with_quality",
    "point_search",
    "points_multiple",
    "recorded",
    "recorded_backwards",
    "resolved_time",
    "selected",
    "with_query",
]

Query = Sequence[tuple[str, str]]

BATCH = "batch"
DATA_SERVERS = "dataservers"

#: What we ask of a point.
POINT_FIELDS = ("WebId", "Id", "Name", "Path", "Descriptor", "PointType", "EngineeringUnits", "Step", "Future")

#: What every answer may say when it fails; selecting fields without them would hide a failure.
FAILURE_FIELDS = ("Errors", "Message", "WebException")

#: What is asked of thousands of streams is the same but for the stream, and so is written out once: without these,
#: the addresses of a batch request take longer than the decoding of its answers where each stream has a few events.
_instant = lru_cache(maxsize=1024)(format_ticks)


@lru_cache(maxsize=1024)
def _quoted(value: str) -> str:
    return quote(value, safe="")


@lru_cache(maxsize=64)
def _event_fields(fields: tuple[str, ...]) -> tuple[str, str]:
    return selected("Items.", ("Timestamp", "Value", *fields, "Errors"))


def with_query(route: str, query: Query) -> str:
    """The route with its parameters, each percent-encoded whole: `;`, `&`, `#`, `+`, blanks, non-Latin letters too."""
    if not query:
        return route
    return route + "?" + "&".join([f"{name}={_quoted(value)}" for name, value in query])


def selected(prefix: str, fields: Iterable[str], more: Iterable[str] = ()) -> tuple[str, str]:
    """The `selectedFields` parameter: these fields of each item, and whatever tells of a failure."""
    return "selectedFields", ";".join([*(f"{prefix}{name}" for name in fields), *more, *FAILURE_FIELDS])


def recorded(web_id: str, start: int, end: int, max_count: int, fields: Sequence[str], more: Query = ()) -> str:
    """The first `max_count` events in [start, end), oldest first.

    Args:
        web_id: the stream.
        start: first tick, inclusive.
        end: last tick, exclusive.
        max_count: page size.
        fields: names of the item fields wanted besides `Timestamp`, `Value` and `Errors`.
        more: further parameters, such as a filter.
    """
    query = [
        ("startTime", _instant(start)),
        ("endTime", _instant(end - 1)),
        ("boundaryType", "Inside"),
        ("maxCount", str(max_count)),
        *more,
        _event_fields(tuple(fields)),
    ]
    return with_query(f"streams/{quote(web_id, safe='')}/recorded", query)


def recorded_backwards(
    web_id: str, newest: int, oldest: int, max_count: int, fields: Sequence[str], more: Query = ()
) -> str:
    """The last `max_count` events in [oldest, newest], newest first: PI reads backwards when start is after end."""
    query = [
        ("startTime", _instant(newest)),
        ("endTime", _instant(oldest)),
        ("boundaryType", "Inside"),
        ("maxCount", str(max_count)),
        *more,
        _event_fields(tuple(fields)),
    ]
    return with_query(f"streams/{quote(web_id, safe='')}/recorded", query)


def count(web_id: str, start: int, end: int, *, percent_good: bool = False) -> str:
    """How many events there are in [start, end), about: whether bad ones are counted is the server's affair.

    Args:
        web_id: the stream.
        start: first tick.
        end: last tick.
        percent_good: ask as well how many of a hundred events are good.
    """
    query = [
        ("startTime", _instant(start)),
        ("endTime", _instant(end)),
        ("summaryType", "Count"),
        *([("summaryType", "PercentGood")] if percent_good else []),
        ("calculationBasis", "EventWeighted"),
        selected("Items.", ("Type", "Value")),
    ]
    return with_query(f"streams/{quote(web_id, safe='')}/summary", query)


def points_multiple(
    *, paths: Iterable[str] = (), web_ids: Iterable[str] = (), fields: Iterable[str] = POINT_FIELDS
) -> str:
    """Many points by path or WebID in one call, with these fields; each answers for itself."""
    query = [
        *(("path", path) for path in paths),
        *(("webId", web_id) for web_id in web_ids),
        selected("Items.Object.", fields, ("Items.Identifier", "Items.Exception")),
    ]
    return with_query("points/multiple", query)


def data_server_points(web_id: str, name_filter: str, start_index: int, max_count: int) -> str:
    """One page of the points of a data server whose names match a wildcard pattern."""
    query = [
        ("nameFilter", name_filter),
        ("startIndex", str(start_index)),
        ("maxCount", str(max_count)),
        selected("Items.", POINT_FIELDS),
    ]
    return with_query(f"dataservers/{quote(web_id, safe='')}/points", query)


def point_search(web_id: str, text: str, start_index: int, max_count: int) -> str:
    """One page of a PI point query (PI Web API 2021 SP3 and later)."""
    query = [
        ("dataServerWebId", web_id),
        ("query", text),
        ("startIndex", str(start_index)),
        ("maxCount", str(max_count)),
        selected("Items.", POINT_FIELDS),
    ]
    return with_query("points/search", query)


def data_servers() -> str:
    """All data servers."""
    return with_query(DATA_SERVERS, [selected("Items.", ("WebId", "Name", "IsConnected", "ServerTime"))])


#: The newest event is `Value`, or, with some servers, the last of `Items`.
_NEWEST_FIELDS = [f"{one}.{field}" for one in ("Value", "Items") for field in ("Timestamp", "Value", "Errors")]


def newest_of_many(web_ids: Iterable[str]) -> str:
    """The newest event of each of several streams; answers carry WebIDs made of ids alone, as they were asked."""
    query = [("webIdType", "IDOnly"), selected("Items.", ("WebId", *_NEWEST_FIELDS, "Errors"))]
    # Quoted in one go: one by one, it is a tenth of what a trigger of 100,000 points costs.
    listed = quote("".join(f"&webId={web_id}" for web_id in web_ids), safe="&=")
    return with_query("streamsets/end", query) + listed


def newest(web_id: str) -> str:
    """The newest event of a stream, later than now for a future point."""
    return with_query(f"streams/{quote(web_id, safe='')}/end", [selected("", ("Timestamp", "Value"))])


def newest_with_quality(web_id: str) -> str:
    """The newest event of a stream, and whether it is good."""
    return with_query(f"streams/{quote(web_id, safe='')}/end", [selected("", ("Timestamp", "Value", "Good"))])


def resolved_time(text: str, time_zone: str | None = None) -> str:
    """What the server makes of a time text, in a zone or, without, in its own: the time of a calculated constant."""
    query = [("expression", "0"), ("time", text), *([("timeZone", time_zone)] if time_zone else [])]
    return with_query("calculation/times", [*query, selected("Items.", ("Timestamp", "Value"))])


def newest_by(web_id: str, tick: int | None) -> str:
    """The newest event at or before an instant; None for the *server's* now."""
    time = "*" if tick is None else _instant(tick)
    query = [("time", time), ("retrievalMode", "AtOrBefore"), selected("", ("Timestamp", "Value"))]
    return with_query(f"streams/{quote(web_id, safe='')}/recordedattime", query)
