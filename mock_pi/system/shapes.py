"""When a point's events happen: each shape maps a range of ticks to a range of event numbers, and a number to ticks.

Shapes know nothing of values (`values.py`), and hold no events (`Listed` alone does), so a shape of a million years
costs nothing. Event numbers start at 0 and rise with time; events at one instant are numbered in archive order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from mock_pi.system.event import Event
from mock_pi.ticks import LAST_TICKS, TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_SECOND, ticks_of

#: More events than any unbounded shape has before the year 9999.
_MANY = 10**15


class Shape:
    """What every shape answers."""

    #: How many events there are in all.
    size: int

    def ticks(self, index: int) -> int:
        """The instant of an event."""
        raise NotImplementedError

    def span(self, first: int, last: int) -> range:
        """Numbers of the events from `first` to `last`, both inclusive, in ticks."""
        numbers = range(self.size)
        start = bisect_left(numbers, first, key=self.ticks)
        return range(start, max(start, bisect_right(numbers, last, key=self.ticks)))

    def _derive(self, **values: int) -> None:
        """Keeps what follows from the declared fields, which are frozen."""
        for name, value in values.items():
            object.__setattr__(self, name, value)


class Stepped(Shape):
    """Events at `origin + n * step`, both in ticks, for `size` events."""

    origin: int
    step: int

    def ticks(self, index: int) -> int:
        return self.origin + index * self.step

    def span(self, first: int, last: int) -> range:
        start = max(0, -((self.origin - first) // self.step))
        stop = min(self.size, (last - self.origin) // self.step + 1)
        return range(start, max(start, stop))


@dataclass(frozen=True)
class Dense(Stepped):
    """A steady stream with plausible values, the shape that is served fast.

    Attributes:
        step_seconds: Time from one event to the next; a divisor of a day is served from ready-made fragments.
        first: ISO time of the first event.
        last: No event after this ISO time; None for none.
        like: Name to make the values from instead of the point's own: tens of thousands of points that share a few
            names are served fast from the beginning, since a cycle takes ten milliseconds to make.
    """

    step_seconds: float = 10.0
    first: str = "1970-01-01T00:00:00Z"
    last: str | None = None
    like: str | None = None

    def __post_init__(self) -> None:
        step = round(self.step_seconds * TICKS_PER_SECOND)
        origin = ticks_of(self.first)
        final = LAST_TICKS if self.last is None else ticks_of(self.last)
        self._derive(step=step, origin=origin, size=max(0, (final - origin) // step + 1))


@dataclass(frozen=True)
class Every(Stepped):
    """An event every `step_ticks` of 100 ns, `count` times or for ever."""

    step_ticks: int = TICKS_PER_SECOND
    count: int | None = None
    first: str = "1970-01-01T00:00:00Z"

    def __post_init__(self) -> None:
        self._derive(origin=ticks_of(self.first), step=self.step_ticks, size=_size(self.count))


@dataclass(frozen=True)
class Ticks(Stepped):
    """`count` events `step` ticks of 100 ns apart: times that differ in the seventh digit only."""

    first: str = "2026-01-01T00:00:00.0000001Z"
    step: int = 1
    count: int = 100

    def __post_init__(self) -> None:
        self._derive(origin=ticks_of(self.first), size=self.count)


@dataclass(frozen=True)
class Quiet(Stepped):
    """A point that hardly speaks: an event every `every_days` days."""

    every_days: float = 30.0
    first: str = "2025-01-01T03:14:15.9265358Z"
    count: int | None = None

    def __post_init__(self) -> None:
        step = round(self.every_days * TICKS_PER_DAY)
        self._derive(origin=ticks_of(self.first), step=step, size=_size(self.count))


@dataclass(frozen=True)
class States(Stepped):
    """System states only, one every `step_seconds`: a page full of rows without one value."""

    step_seconds: float = 60.0
    first: str = "2026-01-01T00:00:00Z"
    count: int | None = 5000

    def __post_init__(self) -> None:
        step = round(self.step_seconds * TICKS_PER_SECOND)
        self._derive(origin=ticks_of(self.first), step=step, size=_size(self.count))


class _Anchored(Shape):
    """Shapes counted from one instant, `origin` in ticks."""

    origin: int


class _Bursting(_Anchored):
    gap: int


class _Counted(Shape):
    #: Ticks of the events, ordered.
    instants: tuple[int, ...]


@dataclass(frozen=True)
class Bursts(_Bursting):
    """`length` events `step_ticks` apart, then silence until the next burst `gap_seconds` after its start."""

    gap_seconds: float = 3600.0
    length: int = 50
    step_ticks: int = 12_345
    first: str = "2026-01-01T00:10:00Z"
    count: int | None = None

    def __post_init__(self) -> None:
        gap = round(self.gap_seconds * TICKS_PER_SECOND)
        self._derive(origin=ticks_of(self.first), gap=gap, size=_size(self.count, self.length))

    def ticks(self, index: int) -> int:
        burst, number = divmod(index, self.length)
        return self.origin + burst * self.gap + number * self.step_ticks


@dataclass(frozen=True)
class Instant(_Anchored):
    """`count` events at one instant, more than a page of them if asked."""

    at: str = "2026-01-01T12:00:00Z"
    count: int = 10

    def __post_init__(self) -> None:
        self._derive(origin=ticks_of(self.at), size=self.count)

    def ticks(self, index: int) -> int:
        return self.origin


@dataclass(frozen=True)
class Edges(_Anchored):
    """Three events around every full hour: one tick before it, exactly on it, one tick after it."""

    first: str = "2026-01-01T00:00:00Z"
    hours: int | None = None

    def __post_init__(self) -> None:
        self._derive(origin=ticks_of(self.first), size=_size(self.hours, 3))

    def ticks(self, index: int) -> int:
        hour, number = divmod(index, 3)
        return self.origin + hour * TICKS_PER_HOUR + number - 1


@dataclass(frozen=True)
class Empty(Shape):
    """No event at all."""

    size = 0

    def ticks(self, index: int) -> int:
        raise IndexError(index)


@dataclass(frozen=True, eq=False)
class Listed(_Counted):
    """Just these events, put in order of time; events at one instant keep the order given."""

    events: Iterable[Event] = ()

    def __post_init__(self) -> None:
        ordered = tuple(sorted((Event(*event) for event in self.events), key=lambda event: event.ticks))
        object.__setattr__(self, "events", ordered)
        object.__setattr__(self, "instants", tuple(event.ticks for event in ordered))
        self._derive(size=len(ordered))

    def ticks(self, index: int) -> int:
        return self.instants[index]

    def span(self, first: int, last: int) -> range:
        start = bisect_left(self.instants, first)
        return range(start, max(start, bisect_right(self.instants, last)))


def _size(count: int | None, times: int = 1) -> int:
    return _MANY if count is None else count * times
