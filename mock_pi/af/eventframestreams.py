"""What can be read of an event frame's attribute: what was captured, what it holds, or the archive of its point."""

from __future__ import annotations

from typing import Any

from mock_pi.af.eventframe import EventFrame
from mock_pi.af.model import BoundAttribute
from mock_pi.af.streams import AttributeStream, stream_of
from mock_pi.stream import ListedStream, Stream
from mock_pi.system.event import Event, State
from mock_pi.system.pisystem import PISystem

#: Stands for the value of an attribute that its frame holds none of.
_NOT_HELD: Any = object()


def frame_stream(system: PISystem, frame: EventFrame, attribute: BoundAttribute, now: int) -> Stream:
    """The stream of an attribute of a frame. Its range is the frame's own; that of an open frame goes up to now."""
    value = _NOT_HELD if attribute.parent is not None else frame.values.get(attribute.declared.name, _NOT_HELD)
    held = value is not _NOT_HELD
    if not held:
        value = attribute.declared.value
    stream = stream_of(system, attribute, now, value)
    end = max(now, frame.first) if frame.is_open else frame.last
    if isinstance(value, State):
        # A state may be one of an enumeration or stand for a missing value: the declaration of the latter is bad.
        stream = _state(stream, value, frame.first)
    if isinstance(stream, AttributeStream) and frame.are_values_captured:
        stream.captured = Event(end, value, good=not _is_bad(value)) if held else None
    stream.own_range = (frame.first, end)
    return stream


def _state(stream: Stream, state: State, instant: int) -> Stream:
    if stream.is_archived:
        return stream
    held = ListedStream([Event(instant, state, good=not state.is_system)], holds=True, value_type=stream.value_type)
    held.unit, held.is_archived = stream.unit, False
    return held


def _is_bad(value: object) -> bool:
    return isinstance(value, State) and value.is_system
