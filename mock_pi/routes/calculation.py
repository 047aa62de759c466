"""The Calculation controller: performance equations, evaluated at times, in steps, or wherever one of their names has
an event."""

from __future__ import annotations

from typing import Any

from mock_pi.call import Answer, Call, PIWebAPIError
from mock_pi.expression import Expression, Scope
from mock_pi.filters import parsed
from mock_pi.naming import Target, finder
from mock_pi.pitime import TimeSpan
from mock_pi.routes.table import route
from mock_pi.sampling import range_of, span_of, times_of, too_many
from mock_pi.stream import ListedStream, Stream
from mock_pi.summary import COMMON_PARAMETERS, sample_of, summaries, summary_request
from mock_pi.system.event import Event
from mock_pi.wire import timed_value

_RANGE = "expression webId startTime endTime timeZone"


def _target(call: Call) -> Target:
    """What the names in the expression are relative to."""
    text = call.text("webId")
    if not text:
        return None
    site, kind = call.site, text[2:4]
    if kind in ("Ab", "DP"):
        return site.source(text)
    if kind == "DS":
        return site.server(text)
    if kind == "RD":
        return site.database(text)
    return site.event_frame(text) if kind == "Fm" else site.element(text)


def _expression(call: Call) -> tuple[Expression, Stream | None]:
    """The equation, and the stream it is about if it is about one."""
    if not call.text("expression"):
        raise PIWebAPIError(400, "The parameter 'expression' is required.")
    find = finder(call.site, _target(call))
    return parsed(call.text("expression"), "expression", find), find(".")


def _evaluated(call: Call, expression: Expression, instants: list[int]) -> list[Event]:
    zone = call.zone
    return [expression.event(Scope(instant, call.now, zone)) for instant in instants]


def _answer(call: Call, events: list[Event]) -> Answer:
    rows: list[dict[str, Any]] = [timed_value(event, call.site.annotated) for event in events]
    return call.json({"Links": {}, "Items": rows, "UnitsAbbreviation": ""})


def at_times(call: Call) -> Answer:
    """The value at several instants."""
    expression, _ = _expression(call)
    return _answer(call, _evaluated(call, expression, times_of(call)))


def at_intervals(call: Call) -> Answer:
    """The value in even steps from start to end, both included."""
    expression, stream = _expression(call)
    start, end = range_of(call, stream)
    span = span_of(call, "sampleInterval", "1h")
    assert span is not None
    instants = _steps(call, span, min(start, end), max(start, end))
    return _answer(call, _evaluated(call, expression, instants[::-1] if start > end else instants))


def at_recorded(call: Call) -> Answer:
    """The value at every instant at which one of the names has an event."""
    expression, stream = _expression(call)
    start, end = range_of(call, stream)
    instants = _recorded(call, expression, min(start, end), max(start, end))
    return _answer(call, _evaluated(call, expression, instants[::-1] if start > end else instants))


def summary(call: Call) -> Answer:
    """Summaries of the value over a range."""
    expression, stream = _expression(call)
    request = summary_request(call, stream)
    first, last = min(one[0] for one in request.intervals), max(one[1] for one in request.intervals)
    span = sample_of(call)
    if span is not None:
        instants = _steps(call, span, first, last)
    else:
        # The values at both ends weigh in, too, when time does.
        ends = set() if request.by_event else {first, last}
        instants = sorted(ends | set(_recorded(call, expression, first, last)))
    holds = bool(expression.streams) and all(one.holds for one in expression.streams)
    computed = ListedStream(_evaluated(call, expression, instants), holds)
    return call.json({"Links": {}, "Items": summaries(call, computed, request)})


def _steps(call: Call, span: TimeSpan, first: int, last: int) -> list[int]:
    limit, zone = call.site.switches.max_count, call.zone
    instants: list[int] = []
    while (instant := span.after(first, len(instants), zone)) <= last:
        if len(instants) >= limit:
            raise too_many("intervals", limit)
        instants.append(instant)
    return instants


def _recorded(call: Call, expression: Expression, first: int, last: int) -> list[int]:
    limit = call.site.switches.max_count
    found = sorted({event.ticks for stream in expression.streams for event in stream.events(first, last)})
    if len(found) > limit:
        raise too_many("values", limit)
    return found


ROUTES = [
    route("calculation/times", at_times, "expression webId time sortOrder timeZone"),
    route("calculation/intervals", at_intervals, _RANGE + " sampleInterval"),
    route("calculation/recorded", at_recorded, _RANGE),
    route("calculation/summary", summary, COMMON_PARAMETERS + " expression webId timeZone"),
]
