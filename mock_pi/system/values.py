"""What a point's events hold: computed from the point and the number of the event, the same on every run.

`Dense` points repeat a cycle of plausible values (`signals.py`), which is what makes them fast to serve. All other
shapes count, so that no two events of a point are alike and a lost or doubled one is seen.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from zlib import crc32

from mock_pi.system.event import Event, State, Value, float32_text, normal
from mock_pi.system.point import Point
from mock_pi.system.shapes import Dense, Listed, Shape, States
from mock_pi.system.signals import signal
from mock_pi.system.states import COMMON_STATES
from mock_pi.ticks import TICKS_PER_SECOND, text_of

#: An instant inside PI's range, for values of Timestamp points.
_SOME_TICKS = 1_600_000_000 * TICKS_PER_SECOND

DigitalSets = Mapping[str, Sequence[State]]


class Values:
    """The values of one point by number of the event."""

    #: The numbers of bad events repeat after this many.
    period: int = 1
    #: Numbers of the bad events in the first period, ordered.
    bad: Sequence[int] = ()

    def event(self, index: int, ticks: int) -> Event:
        """The event with this number, which happened at `ticks`."""
        raise NotImplementedError

    def bad_count(self, numbers: range) -> int:
        """How many of these events are bad, without computing them."""
        return self._bad_below(numbers.stop) - self._bad_below(numbers.start)

    def _bad_below(self, index: int) -> int:
        rounds, rest = divmod(index, self.period)
        return rounds * len(self.bad) + bisect_left(self.bad, rest)


class CycleValues(Values):
    """A cycle of ready events, repeated for ever."""

    def __init__(self, cycle: Sequence[Event]) -> None:
        self.cycle = tuple(cycle)
        self.period = len(self.cycle)
        self.bad = [number for number, event in enumerate(self.cycle) if not event.good]

    def event(self, index: int, ticks: int) -> Event:
        return self.cycle[index % self.period]._replace(ticks=ticks)


class CountingValues(Values):
    """Values that tell the number of their event; every 11th is a system state, some carry flags."""

    period = 11
    bad = (3,)

    def __init__(self, point: Point, states: Sequence[State]) -> None:
        self.point_type = point.point_type
        self.name = point.name
        self.salt = crc32(point.name.encode()) % 9973
        self.states = states

    def event(self, index: int, ticks: int) -> Event:
        if index % 11 == 3:
            return Event(ticks, COMMON_STATES[index // 11 % len(COMMON_STATES)], good=False)
        return Event(ticks, self._value(index), True, index % 13 == 5, index % 17 == 7, index % 19 == 11)

    def _value(self, index: int) -> Value:
        number = self.salt + index
        if self.point_type == "Float64":
            return number * 1.0625 + index / 3
        if self.point_type in ("Float16", "Float32"):
            return float(float32_text(number * 0.37 - 1000))
        if self.point_type == "Int16":
            return number * 7 % 65_536 - 32_768
        if self.point_type == "Int32":
            return number * 65_537 % 4_294_967_296 - 2_147_483_648
        return self._other(index, number)

    def _other(self, index: int, number: int) -> Value:
        if self.point_type == "Digital":
            return self.states[number % len(self.states)]
        if self.point_type == "Timestamp":
            return text_of(_SOME_TICKS + number * 1_234_567_890_1)
        if self.point_type == "Blob":
            return bytes((number + place) % 256 for place in range(index % 5 + 1)) + index.to_bytes(8, "little")
        return f'{self.name} #{index}: "a\\b", ä€\t{number}'


class StateValues(Values):
    """System states, one after the other."""

    bad = (0,)

    def event(self, index: int, ticks: int) -> Event:
        return Event(ticks, COMMON_STATES[index % len(COMMON_STATES)], good=False)


class ListedValues(Values):
    """The values of a list of events."""

    def __init__(self, events: Sequence[Event], point_type: str) -> None:
        self.events = [normal(event, point_type) for event in events]
        self._bad_before = [0, *accumulate(not event.good for event in self.events)]

    def event(self, index: int, ticks: int) -> Event:
        return self.events[index]

    def _bad_below(self, index: int) -> int:
        return self._bad_before[index]


def values_of(point: Point, shape: Shape, digital_sets: DigitalSets) -> Values:
    """The values that go with a point of this shape."""
    states: Sequence[State] = ()
    if point.point_type == "Digital":
        states = digital_sets[point.digital_set or ""]
    if isinstance(shape, Listed):
        return ListedValues(tuple(shape.events), point.point_type)
    if isinstance(shape, States):
        return StateValues()
    if isinstance(shape, Dense):
        if shape.like is None:
            return CycleValues(signal(point, states))
        like = Point(shape.like, point.point_type, server=point.server, zero=point.zero, span=point.span)
        return _shared_cycle(like, tuple(states))
    return CountingValues(point, states)


@lru_cache(maxsize=1024)
def _shared_cycle(point: Point, states: tuple[State, ...]) -> CycleValues:
    return CycleValues(signal(point, states))
