"""Recorded values for an answer: which events a call means, and how they become rows.

Both ends of the range are inclusive; start after end means the same events backwards, and `maxCount` then counts from
start backwards; `maxCount` cuts without a word (PI Web API Reference, stream "GetRecorded").
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from mock_pi import fields
from mock_pi.call import Call, PIWebAPIError
from mock_pi.filters import Filter
from mock_pi.fragments import first_spans, last_spans, rows, whole_row
from mock_pi.interpolation import snapshot, value_at
from mock_pi.sampling import range_of
from mock_pi.stream import Stream
from mock_pi.system.annotation import Annotation, unwritten
from mock_pi.system.event import Event
from mock_pi.system.states import IO_TIMEOUT
from mock_pi.ticks import text_of
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
    annotations: bool = False
    is_filtered: bool = False


def request_of(call: Call, row_selection: fields.Selection | None, stream: Stream | None = None) -> Request:
    """Reads the parameters of a recorded call, once for all sub-requests that have the same ones.

    Args:
        call: Has the parameters.
        row_selection: What `selectedFields` keeps of a row.
        stream: Says what the range is when the call does not.
    """
    known = call.memory.get(call.query)
    if known is None:
        known = call.memory[call.query] = _request(call, row_selection)
    found: Request = known
    return found if stream is None or stream.own_range is None else for_stream(call, found, stream)


def for_stream(call: Call, request: Request, stream: Stream) -> Request:
    """The same request over the range that a stream of an event frame has by default."""
    if stream.own_range is None:
        return request
    start, end = range_of(call, stream)
    return replace(request, first=min(start, end), last=max(start, end), backwards=start > end)


def _request(call: Call, row_selection: fields.Selection | None) -> Request:
    start, end = range_of(call)
    boundary = call.choice("boundaryType", BOUNDARY_TYPES, "Inside")
    include = call.boolean("includeFilteredValues", False)
    return Request(
        min(start, end), max(start, end), start > end, boundary, call.max_count, row_selection, wants_annotations(call),
        include or bool(call.text("filterExpression")),
    )  # fmt: skip


def wants_annotations(call: Call) -> bool:
    """Whether `associations` asks for annotations; 409 for any other association."""
    names = [name.strip().lower() for name in call.text("associations").split(";") if name.strip()]
    if names and not call.site.annotated:
        if call.site.switches.ignore_unknown_parameters:
            return False
        raise PIWebAPIError(400, "mock_pi: there is no parameter 'associations' before 2018.")
    if any(name != "annotations" for name in names):
        raise PIWebAPIError(409, f"The association '{call.text('associations')}' is not supported for this stream.")
    return bool(names)


def row_pieces(call: Call, stream: Stream, request: Request, keep: Filter | None = None) -> tuple[list[bytes], int]:
    """The rows as pieces of JSON to be joined, and how many rows they are."""
    site = call.site
    names = fields.row_fields(request.row_selection, site.annotated)
    plain = request.boundary == "Inside" and keep is None and not request.annotations
    history = stream.history
    if not plain or names is None or history is None or site.switches.non_finite == "bad":
        events = recorded_events(call, stream, request, keep)
        return _slow_rows(call, stream, events, names, request), len(events)
    found = history.spans(request.first, min(request.last, stream.last))
    limit = request.max_count
    spans = last_spans(list(found), limit) if request.backwards else first_spans(found, limit)
    return rows(names, stream.unit).write(history, spans, request.backwards), sum(map(len, spans))


def recorded_events(call: Call, stream: Stream, request: Request, keep: Filter | None = None) -> list[Event]:
    """The events a request means, in its direction."""
    inside = _bounded(stream, request) if stream.is_archived else [snapshot(stream, request.last)]
    if request.backwards:
        inside.reverse()
    if keep is not None:
        inside = keep.kept(inside)
    taken = inside[: request.max_count]
    return [_finite(event) for event in taken] if call.site.switches.non_finite == "bad" else taken


def _bounded(stream: Stream, request: Request) -> list[Event]:
    inside = stream.events(request.first, request.last)
    if request.boundary == "Outside":
        before, after = stream.before(request.first - 1), stream.after(request.last + 1)
        return [*filter(None, [before]), *inside, *filter(None, [after])]
    if request.boundary == "Interpolated":
        if not inside or inside[0].ticks != request.first:
            inside.insert(0, value_at(stream, request.first))
        if inside[-1].ticks != request.last:
            inside.append(value_at(stream, request.last))
    return inside


def _finite(event: Event) -> Event:
    if isinstance(event.value, float) and not math.isfinite(event.value):
        return event._replace(value=IO_TIMEOUT, good=False)
    return event


def _slow_rows(
    call: Call, stream: Stream, events: list[Event], names: tuple[str, ...] | None, request: Request
) -> list[bytes]:
    if names is not None and not request.annotations:
        pieces = [whole_row(event, names, stream.unit) for event in events]
    else:
        made = (row_of(call, stream, event, request.annotations) for event in events)
        keep_empty = call.site.switches.keep_empty_items
        pieces = [b"," + to_json(fields.select(row, request.row_selection, keep_empty)) for row in made]
    if pieces:
        pieces[0] = pieces[0][1:]
    return pieces


def row_of(call: Call, stream: Stream, event: Event, annotations: bool = False) -> dict[str, Any]:
    """An event as a row, with its notes if they are wanted."""
    row = timed_value(event, call.site.annotated, unit=stream.unit)
    if annotations:
        row["Annotations"] = [annotation_object(one) for one in _notes(stream, event)]
    return row


def _notes(stream: Stream, event: Event) -> tuple[Annotation, ...]:
    if not event.annotated:
        return ()
    return stream.notes(event.ticks) or (unwritten(event.ticks),)


def annotation_object(one: Annotation) -> dict[str, Any]:
    """A note as an object."""
    modifier, modified = one.changed
    return {
        "Id": str(one.guid), "Name": one.name, "Description": one.description, "Value": one.value,
        "Creator": one.creator, "CreationDate": text_of(one.written), "Modifier": modifier,
        "ModifyDate": text_of(modified), "Errors": None,
    }  # fmt: skip


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
