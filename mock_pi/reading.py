"""Recorded values for an answer: which events a call means, and how they become rows.

Both ends of the range are inclusive; start after end means the same events backwards, and `maxCount` then counts from
start backwards; `maxCount` cuts without a word (PI Web API Reference, stream "GetRecorded").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mock_pi import fields
from mock_pi.call import Call, PIWebAPIError
from mock_pi.fragments import first_spans, last_spans, rows, whole_row
from mock_pi.interpolation import value_at
from mock_pi.system.event import Event
from mock_pi.system.point import Point
from mock_pi.system.states import IO_TIMEOUT
from mock_pi.ticks import FIRST_TICKS
from mock_pi.wire import timed_value, to_json

BOUNDARY_TYPES = ("Inside", "Outside", "Interpolated")

#: Parameters of the actions that read recorded values.
PARAMETERS = "startTime endTime timeZone boundaryType maxCount filterExpression includeFilteredValues"


@dataclass(frozen=True)
class Request:
    """What a call asks of every stream it reads: a range (first <= last, in ticks), its direction, and a limit."""

    first: int
    last: int
    backwards: bool
    boundary: str
    max_count: int
    row_selection: fields.Selection | None


def request_of(call: Call, row_selection: fields.Selection | None) -> Request:
    """Reads the parameters of a recorded call, once for all sub-requests that have the same ones."""
    known = call.memory.get(call.query)
    if known is None:
        known = call.memory[call.query] = _request(call, row_selection)
    found: Request = known
    return found


def _request(call: Call, row_selection: fields.Selection | None) -> Request:
    refuse_unsupported(call)
    start, end = call.instant("startTime", "*-1d"), call.instant("endTime", "*")
    boundary = call.choice("boundaryType", BOUNDARY_TYPES, "Inside")
    return Request(min(start, end), max(start, end), start > end, boundary, call.max_count, row_selection)


def refuse_unsupported(call: Call) -> None:
    """409 for what a PI point's data reference does not do, or this mock does not imitate."""
    call.boolean("includeFilteredValues", False)
    for name in ("desiredUnits", "filterExpression", "associations"):
        if call.text(name):
            raise PIWebAPIError(409, f"The parameter '{name}' is not supported for this stream.")


def row_pieces(call: Call, point: Point, request: Request) -> tuple[list[bytes], int]:
    """The rows as pieces of JSON to be joined, and how many rows they are."""
    site = call.site
    names = fields.row_fields(request.row_selection, site.annotated)
    if request.boundary != "Inside" or names is None or site.switches.non_finite == "bad":
        events = _events(call, point, request)
        return _slow_rows(call, events, names, request.row_selection), len(events)
    history = site.system.history(point)
    last = min(request.last, site.system.last_ticks(point))
    found = history.spans(request.first, last)
    limit = request.max_count
    spans = last_spans(list(found), limit) if request.backwards else first_spans(found, limit)
    return rows(names).write(history, spans, request.backwards), sum(map(len, spans))


def _events(call: Call, point: Point, request: Request) -> list[Event]:
    system = call.site.system
    history, limit = system.history(point), system.last_ticks(point)
    last = min(request.last, limit)
    inside = history.events(request.first, last)
    if request.boundary == "Outside":
        before = history.before(request.first - 1) if request.first > FIRST_TICKS else None
        after = history.after(request.last + 1, limit) if request.last < limit else None
        inside = [*filter(None, [before]), *inside, *filter(None, [after])]
    elif request.boundary == "Interpolated":
        if not inside or inside[0].ticks != request.first:
            inside.insert(0, value_at(system, point, request.first))
        if inside[-1].ticks != request.last:
            inside.append(value_at(system, point, request.last))
    if request.backwards:
        inside.reverse()
    taken = inside[: request.max_count]
    return [_finite(event) for event in taken] if call.site.switches.non_finite == "bad" else taken


def _finite(event: Event) -> Event:
    if isinstance(event.value, float) and not math.isfinite(event.value):
        return event._replace(value=IO_TIMEOUT, good=False)
    return event


def _slow_rows(
    call: Call, events: list[Event], names: tuple[str, ...] | None, selection: fields.Selection | None
) -> list[bytes]:
    if names is not None:
        pieces = [whole_row(event, names) for event in events]
    else:
        pieces = [b"," + to_json(fields.select(_decoded_row(call, event), selection)) for event in events]
    if pieces:
        pieces[0] = pieces[0][1:]
    return pieces


def _decoded_row(call: Call, event: Event) -> dict[str, Any]:
    return timed_value(event, call.site.annotated)


def framed(call: Call, shell: dict[str, Any], selection: fields.Selection | None, pieces: list[bytes]) -> list[bytes]:
    """Rows put into the object they belong to.

    Args:
        call: For the switches.
        shell: The object with an empty list for `Items`.
        selection: What to keep of the object.
        pieces: The rows.
    """
    keep_empty = bool(pieces) or call.site.switches.keep_empty_items
    text = to_json(fields.select(shell, selection, keep_empty))
    # Quotes inside of names are escaped, so this finds the list and nothing else.
    head, found, tail = text.partition(b'"Items":[')
    return [head, found, *pieces, tail] if found else [text]
