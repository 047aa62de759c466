"""The Stream controller: the data of one point."""

from __future__ import annotations

from mock_pi.call import Answer, Call, PIWebAPIError
from mock_pi.interpolation import snapshot, value_at
from mock_pi.pitime import TimeSpan
from mock_pi.reading import PARAMETERS, framed, refuse_unsupported, request_of, row_pieces
from mock_pi.routes.table import route
from mock_pi.summary import SUMMARY_PARAMETERS, summaries
from mock_pi.system.event import Event
from mock_pi.system.point import Point
from mock_pi.wire import timed_value

RETRIEVAL_MODES = ("Auto", "AtOrBefore", "Before", "AtOrAfter", "After", "Exact")


def recorded(call: Call) -> Answer:
    """The events of a range."""
    point = call.site.point(call.captured[0])
    selection = call.selection
    rows = selection.get("items") if selection is not None else None
    pieces, _ = row_pieces(call, point, request_of(call, rows))
    shell = {"Links": {}, "Items": [], "UnitsAbbreviation": ""}
    return Answer(200, b"".join(framed(call, shell, selection, pieces)))


def _one(call: Call, event: Event) -> Answer:
    return call.json(timed_value(event, call.site.annotated))


def value_event(call: Call, point: Point) -> Event:
    """The snapshot, or the value at `time`; a future point without `time` gives its value at now."""
    if call.has("time"):
        return value_at(call.site.system, point, call.instant("time", "*"))
    return value_at(call.site.system, point, call.now) if point.future else snapshot(call.site.system, point, call.now)


def end_event(call: Call, point: Point) -> Event:
    """The newest event, which for a future point lies in the future."""
    return snapshot(call.site.system, point, call.site.system.last_ticks(point))


def value(call: Call) -> Answer:
    """One value."""
    refuse_unsupported(call)
    return _one(call, value_event(call, call.site.point(call.captured[0])))


def end(call: Call) -> Answer:
    """The newest value."""
    refuse_unsupported(call)
    return _one(call, end_event(call, call.site.point(call.captured[0])))


def recorded_at_time(call: Call) -> Answer:
    """The event at an instant, or next to it."""
    refuse_unsupported(call)
    point = call.site.point(call.captured[0])
    if not call.has("time"):
        raise PIWebAPIError(400, "The parameter 'time' is required.")
    instant = call.instant("time", "*")
    mode = call.choice("retrievalMode", RETRIEVAL_MODES, "Auto")
    history, last = call.site.system.history(point), call.site.system.last_ticks(point)
    found = None
    if mode in ("Auto", "AtOrBefore", "Exact"):
        found = history.before(min(instant, last))
    elif mode == "Before":
        found = history.before(min(instant - 1, last))
    if found is None and mode in ("Auto", "AtOrAfter"):
        found = history.after(instant, last)
    elif mode == "After":
        found = history.after(instant + 1, last)
    if found is None or (mode == "Exact" and found.ticks != instant):
        raise PIWebAPIError(call.site.switches.exact_missing, "No event was found at the specified time.")
    return _one(call, found)


def interpolated(call: Call) -> Answer:
    """Values at even intervals, both ends included: N intervals give N + 1 values."""
    refuse_unsupported(call)
    point = call.site.point(call.captured[0])
    start, stop = call.instant("startTime", "*-1d"), call.instant("endTime", "*")
    try:
        interval = TimeSpan(call.text("interval") or "1h")
    except ValueError:
        raise call.invalid("interval", call.text("interval")) from None
    limit = call.site.switches.max_count
    instants: list[int] = []
    while (instant := interval.after(min(start, stop), len(instants), call.zone)) <= max(start, stop):
        if len(instants) >= limit:
            raise PIWebAPIError(400, f"The number of intervals is greater than the maximum allowed ({limit}).")
        instants.append(instant)
    events = [value_at(call.site.system, point, instant) for instant in instants]
    rows = [timed_value(event, call.site.annotated) for event in (reversed(events) if start > stop else events)]
    return call.json({"Links": {}, "Items": rows, "UnitsAbbreviation": ""})


def summary(call: Call) -> Answer:
    """Counts, averages and the like, for the whole range or for each `summaryDuration` of it."""
    items = summaries(call, call.site.point(call.captured[0]))
    return call.json({"Links": {}, "Items": items})


ROUTES = [
    route("streams/{}/recorded", recorded, PARAMETERS + " desiredUnits associations"),
    route("streams/{}/value", value, "time timeZone desiredUnits"),
    route("streams/{}/end", end, "desiredUnits"),
    route("streams/{}/recordedattime", recorded_at_time, "time retrievalMode timeZone desiredUnits associations"),
    route(
        "streams/{}/interpolated",
        interpolated,
        "startTime endTime timeZone interval syncTime syncTimeBoundaryType filterExpression includeFilteredValues "
        "desiredUnits",
    ),
    route("streams/{}/summary", summary, SUMMARY_PARAMETERS),
]
