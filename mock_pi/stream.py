"""A stream: values over time, whether they come from a PI point, an AF attribute or a calculation.

Every way of reading (`reading`, `interpolation`, `plot`, `summary`) asks a stream only what stands in `Stream`. All
times are ticks, all ranges are inclusive at both ends.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property

from mock_pi.system.annotation import Annotation
from mock_pi.system.event import Event, Value, float32_text
from mock_pi.system.history import History
from mock_pi.system.pisystem import PISystem
from mock_pi.system.point import NUMERIC_TYPES, Point
from mock_pi.ticks import FIRST_TICKS, LAST_TICKS

#: Types whose numbers are whole.
_WHOLE = ("Int", "Byte", "UInt")

#: Types whose numbers have 32 bits or less.
_SINGLE = ("Float16", "Float32", "Single")


class Stream:
    """What every stream answers.

    Attributes:
        value_type: Type of the point or attribute, such as `Float64`.
        unit: Abbreviation of the unit that its good rows show; "" for PI points.
        holds: Whether its value stays until the next event instead of changing linearly.
        is_numeric: Whether its values can be averaged.
        history: What its rows come from as they are, so that they can be written from ready-made pieces; else None.
        is_archived: Whether it has a history; a static attribute has one value only.
        problem: What is wrong with its data reference, when that leads nowhere; else None.
        is_future: Whether it may have events after now.
        captured: The value that was stored with the event frame it belongs to.
        own_range: The first and last instant of the event frame it belongs to, which are its default range.
    """

    value_type: str = "Float64"
    unit: str = ""
    holds: bool = False
    is_numeric: bool = True
    history: History | None = None
    is_archived: bool = True
    problem: str | None = None
    captured: Event | None = None
    own_range: tuple[int, int] | None = None
    is_future: bool = False

    @property
    def last(self) -> int:
        """The last instant at which it may have events now."""
        return LAST_TICKS

    def events(self, first: int, last: int) -> list[Event]:
        """The events of a range."""
        raise NotImplementedError

    def before(self, instant: int) -> Event | None:
        """The last event at or before an instant."""
        raise NotImplementedError

    def after(self, instant: int) -> Event | None:
        """The first event at or after an instant."""
        raise NotImplementedError

    def count(self, first: int, last: int) -> tuple[int, int]:
        """How many events a range has, and how many of them are bad."""
        found = self.events(first, last)
        return len(found), sum(not event.good for event in found)

    def notes(self, instant: int) -> tuple[Annotation, ...]:
        """What was noted on the annotated events of an instant, as far as that is known."""
        return ()

    def number(self, value: float) -> float | int:
        """A number between two values in the type of the stream."""
        if self.value_type.startswith(_WHOLE):
            return round(value)
        return float(float32_text(value)) if self.value_type in _SINGLE else value


class PointStream(Stream):
    """The stream of a PI point."""

    def __init__(self, system: PISystem, point: Point) -> None:
        self.system = system
        self.point = point
        self._history = self.history = system.history(point)
        self.value_type = point.point_type
        self.holds = point.holds
        self.is_numeric = point.is_numeric
        self.is_future = point.future

    @property
    def last(self) -> int:
        return self.system.last_ticks(self.point)

    def events(self, first: int, last: int) -> list[Event]:
        return self._history.events(max(first, FIRST_TICKS), min(last, self.last))

    def before(self, instant: int) -> Event | None:
        return self._history.before(min(instant, self.last))

    def after(self, instant: int) -> Event | None:
        return self._history.after(instant, self.last)

    def count(self, first: int, last: int) -> tuple[int, int]:
        return self._history.count(max(first, FIRST_TICKS), min(last, self.last))

    def notes(self, instant: int) -> tuple[Annotation, ...]:
        return self._history.notes.get(instant, ())


class ListedStream(Stream):
    """A stream of just these events, in order of time: results of a calculation, captured values."""

    def __init__(self, events: Iterable[Event], holds: bool = False, value_type: str = "Float64") -> None:
        self._events = tuple(events)
        self._instants = [event.ticks for event in self._events]
        self.holds = holds or value_type not in NUMERIC_TYPES
        self.value_type = value_type

    @cached_property
    def is_numeric(self) -> bool:  # type: ignore[override]
        """Whether there is a number among its values; seldom asked."""
        return any(isinstance(event.value, (int, float)) for event in self._events)

    def events(self, first: int, last: int) -> list[Event]:
        return list(self._events[bisect_left(self._instants, first) : bisect_right(self._instants, last)])

    def before(self, instant: int) -> Event | None:
        place = bisect_right(self._instants, instant)
        return self._events[place - 1] if place else None

    def after(self, instant: int) -> Event | None:
        place = bisect_left(self._instants, instant)
        return self._events[place] if place < len(self._events) else None


def is_number(value: Value) -> bool:
    """Whether a value can be reckoned with."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
