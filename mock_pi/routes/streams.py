"""The Stream controller: the data of one point or attribute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from mock_pi.call import Answer, Call, PIWebAPIError
from mock_pi.conversion import in_desired_units
from mock_pi.filters import Filter, filter_of
from mock_pi.interpolation import snapshot, value_at
from mock_pi.naming import finder
from mock_pi.plot import plot_values
from mock_pi.reading import PARAMETERS, framed, request_of, row_of, row_pieces, wants_annotations
from mock_pi.routes.table import route
from mock_pi.sampling import range_of, steps_of, times_of, too_many
from mock_pi.site import Source
from mock_pi.stream import Stream
from mock_pi.summary import SUMMARY_PARAMETERS, summaries, summary_request
from mock_pi.system.event import Event
from mock_pi.wire import timed_value

RETRIEVAL_MODES = ("Auto", "AtOrBefore", "Before", "AtOrAfter", "After", "Exact")

#: Columns of a plot when the call does not say (PI Web API Reference).
PLOT_INTERVALS = 24

#: Parameters of the actions, for one stream as for many.
INTERPOLATED = (
    "startTime endTime timeZone interval syncTime syncTimeBoundaryType filterExpression includeFilteredValues"
)
INTERPOLATED_AT_TIMES = "time sortOrder timeZone filterExpression includeFilteredValues"
PLOT = "startTime endTime timeZone intervals"
RECORDED_AT_TIME = "time retrievalMode timeZone"

#: What gives the rows of a stream that a call wants.
RowsOf: TypeAlias = Callable[[Call, Source, Stream], list[dict[str, Any]]]


def the_stream(call: Call, archived: bool = True) -> tuple[Source, Stream]:
    """What the route names, and its stream in the units wanted.

    Raises:
        PIWebAPIError: it has no history although one is needed (409), or leads nowhere (404).
    """
    source = call.site.source(call.captured[0])
    stream = in_desired_units(call, source, call.site.stream_of(source))
    if archived and stream.problem is not None:
        raise PIWebAPIError(404, stream.problem)
    if archived and not readable(call, stream):
        raise PIWebAPIError(409, "The data reference of the attribute does not support this method.")
    return source, stream


def readable(call: Call, stream: Stream) -> bool:
    """Whether a stream has values over time, or is taken to have them."""
    return stream.is_archived or call.site.switches.static_recorded == "value"


def the_filter(call: Call, source: Source, stream: Stream) -> Filter | None:
    """The filter a call wants for a stream."""
    return filter_of(call, stream, finder(call.site, source))


def recorded(call: Call) -> Answer:
    """The events of a range."""
    source, stream = the_stream(call)
    selection = call.selection
    rows = selection.get("items") if selection is not None else None
    request = request_of(call, rows, stream)
    keep = the_filter(call, source, stream) if request.is_filtered else None
    pieces, _ = row_pieces(call, stream, request, keep)
    shell = {"Links": {}, "Items": [], "UnitsAbbreviation": stream.unit}
    return Answer(200, b"".join(framed(call, shell, selection, pieces)))


def value_event(call: Call, stream: Stream) -> Event:
    """The snapshot, or the value at `time`.

    A future point without `time` gives its value at now, an attribute of an event frame the one that was captured, or
    the one at the frame's end.
    """
    if stream.is_archived and call.has("time"):
        return value_at(stream, call.instant("time", "*"))
    if stream.captured is not None:
        return stream.captured
    if stream.is_archived and stream.own_range is not None:
        return value_at(stream, min(stream.own_range[1], call.now))
    return value_at(stream, call.now) if stream.is_future else snapshot(stream, call.now)


def end_event(call: Call, stream: Stream) -> Event:
    """The newest event, which for a future point lies in the future."""
    return snapshot(stream, stream.last)


def one_row(call: Call, stream: Stream, event_of: Callable[[Call, Stream], Event]) -> dict[str, Any]:
    """The row of one value; of a data reference that leads nowhere, a row that says so."""
    if stream.problem is not None:
        return failed_row(call, stream.problem)
    return row_of(call, stream, event_of(call, stream))


def failed_row(call: Call, problem: str, instant: int | None = None) -> dict[str, Any]:
    """A row with an error instead of a value."""
    return timed_value(Event(call.now if instant is None else instant, None), call.site.annotated, [problem])


def value(call: Call) -> Answer:
    """One value."""
    _, stream = the_stream(call, archived=False)
    return call.json(one_row(call, stream, value_event))


def end(call: Call) -> Answer:
    """The newest value."""
    _, stream = the_stream(call, archived=False)
    return call.json(one_row(call, stream, end_event))


def retrieved(call: Call, stream: Stream, instant: int) -> Event | None:
    """The event that `retrievalMode` means: at an instant, or next to it."""
    mode = call.choice("retrievalMode", RETRIEVAL_MODES, "Auto")
    found = None
    if mode in ("Auto", "AtOrBefore", "Exact"):
        found = stream.before(instant)
    elif mode == "Before":
        found = stream.before(instant - 1)
    if found is None and mode in ("Auto", "AtOrAfter"):
        found = stream.after(instant)
    elif mode == "After":
        found = stream.after(instant + 1)
    return None if found is None or (mode == "Exact" and found.ticks != instant) else found


def the_time(call: Call) -> int:
    """The parameter `time`, which has no default here."""
    if not call.has("time"):
        raise PIWebAPIError(400, "The parameter 'time' is required.")
    return call.instant("time", "*")


def recorded_at_time(call: Call) -> Answer:
    """The event at an instant, or next to it."""
    _, stream = the_stream(call)
    annotations = wants_annotations(call)
    found = retrieved(call, stream, the_time(call))
    if found is None:
        raise PIWebAPIError(call.site.switches.exact_missing, NO_EVENT)
    return call.json(row_of(call, stream, found, annotations))


NO_EVENT = "No event was found at the specified time."


def rows_at_times(call: Call, source: Source, stream: Stream) -> list[dict[str, Any]]:
    """For each of several instants the event at it or next to it, or a row that says there is none."""
    annotations = wants_annotations(call)
    rows = []
    for instant in times_of(call):
        found = retrieved(call, stream, instant)
        rows.append(failed_row(call, NO_EVENT, instant) if found is None else row_of(call, stream, found, annotations))
    return rows


def _interpolated_rows(call: Call, source: Source, stream: Stream, instants: list[int]) -> list[dict[str, Any]]:
    events = [value_at(stream, instant) for instant in instants]
    keep = the_filter(call, source, stream)
    return [row_of(call, stream, event) for event in (events if keep is None else keep.kept(events))]


def interpolated_rows(call: Call, source: Source, stream: Stream) -> list[dict[str, Any]]:
    """Values at even intervals, both ends included: N intervals give N + 1 values."""
    return _interpolated_rows(call, source, stream, steps_of(call, stream))


def interpolated_rows_at_times(call: Call, source: Source, stream: Stream) -> list[dict[str, Any]]:
    """Values at several instants."""
    return _interpolated_rows(call, source, stream, times_of(call))


def plot_rows(call: Call, source: Source, stream: Stream) -> list[dict[str, Any]]:
    """The few values that draw the same line."""
    start, stop = range_of(call, stream)
    intervals = call.integer("intervals", PLOT_INTERVALS)
    if intervals <= 0:
        raise call.invalid("intervals", str(intervals))
    switches = call.site.switches
    if intervals > switches.max_count:
        raise too_many("intervals", switches.max_count)
    events = plot_values(stream, min(start, stop), max(start, stop), intervals, switches.plot_ends)
    return [row_of(call, stream, event) for event in (reversed(events) if start > stop else events)]


def _values(rows_of: RowsOf) -> Callable[[Call], Answer]:
    """The action that answers with these rows."""

    def action(call: Call) -> Answer:
        source, stream = the_stream(call)
        rows = rows_of(call, source, stream)
        return call.json({"Links": {}, "Items": rows, "UnitsAbbreviation": stream.unit})

    return action


def summary(call: Call) -> Answer:
    """Counts, averages and the like, for the whole range or for each `summaryDuration` of it."""
    source, stream = the_stream(call)
    keep = the_filter(call, source, stream)
    return call.json({"Links": {}, "Items": summaries(call, stream, summary_request(call, stream), keep)})


ROUTES = [
    route("streams/{}/recorded", recorded, PARAMETERS + " desiredUnits associations"),
    route("streams/{}/value", value, "time timeZone desiredUnits"),
    route("streams/{}/end", end, "desiredUnits"),
    route("streams/{}/recordedattime", recorded_at_time, RECORDED_AT_TIME + " desiredUnits associations"),
    route(
        "streams/{}/recordedattimes", _values(rows_at_times), RECORDED_AT_TIME + " sortOrder desiredUnits associations"
    ),
    route("streams/{}/interpolated", _values(interpolated_rows), INTERPOLATED + " desiredUnits"),
    route(
        "streams/{}/interpolatedattimes", _values(interpolated_rows_at_times), INTERPOLATED_AT_TIMES + " desiredUnits"
    ),
    route("streams/{}/plot", _values(plot_rows), PLOT + " desiredUnits"),
    route("streams/{}/summary", summary, SUMMARY_PARAMETERS),
]
