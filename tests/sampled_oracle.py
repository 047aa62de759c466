"""What samples and summaries must be, computed in plain Python from the declared events of the mock's points.

Rules: a number of a point without `step` changes along the line between two good events; next to a bad one, and for
all other points, the earlier value holds; before the first event there is no data. A time-weighted summary is the area
under that line where it is good.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa

from mock_pi import Event, PISystem, Point, State
from oracle import Rows, _comparable, _value

SECOND = 10_000_000
HOUR = 3600 * SECOND
NO_DATA = State("No Data", 248, True)

#: Long before and after all ranges of the tests.
FAR = ("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z")

SAMPLE = ("tag", "ticks", "value", "value_long", "value_text", "state", "is_system_state", "good")


class Line:
    """A point over time."""

    def __init__(self, system: PISystem, point: Point) -> None:
        self.point = point
        self.events = system.expected_recorded(point, *FAR)
        self.ticks = [event.ticks for event in self.events]

    def at(self, tick: int) -> Event:
        """Its value at an instant."""
        place = bisect_right(self.ticks, tick) - 1
        if place < 0:
            return Event(tick, NO_DATA, good=False)
        before = self.events[place]
        if before.ticks == tick or self.point.holds or place + 1 == len(self.events):
            return before._replace(ticks=tick)
        after = self.events[place + 1]
        if not (_is_number(before) and _is_number(after)):
            return before._replace(ticks=tick)
        low, high = float(before.value), float(after.value)  # type: ignore[arg-type]
        value = low + (high - low) * ((tick - before.ticks) / (after.ticks - before.ticks))
        return Event(tick, round(value) if self.point.point_type.startswith("Int") else value)

    def good_seconds(self, first: int, last: int) -> float:
        """For how long it has a good value."""
        inside = [event for event in self.events if first < event.ticks < last]
        marks = pairwise([self.at(first), *inside, self.at(last)])
        return sum((right.ticks - left.ticks) / SECOND for left, right in marks if left.good)

    def summary(self, first: int, last: int) -> dict[str, Any]:
        """Time-weighted summaries of an interval."""
        inside = [event for event in self.events if first < event.ticks < last]
        good = area = squares = 0.0
        reached: list[float] = []
        for left, right in pairwise([self.at(first), *inside, self.at(last)]):
            if not _is_number(left):
                continue
            seconds = (right.ticks - left.ticks) / SECOND
            low = float(left.value)  # type: ignore[arg-type]
            high = float(right.value) if _is_number(right) else low  # type: ignore[arg-type]
            good += seconds
            area += seconds * (low + high) / 2
            squares += seconds * (low * low + low * high + high * high) / 3
            reached += [low, high]
        average = area / good
        return {
            "Average": average,
            "Total": area / 86_400,
            "Minimum": min(reached),
            "Maximum": max(reached),
            "Range": max(reached) - min(reached),
            "Count": good,
            "PercentGood": 100 * good / ((last - first) / SECOND),
            "PopulationStdDev": math.sqrt(squares / good - average * average),
            "StdDev": math.sqrt(squares / good - average * average),
        }


def _is_number(event: Event) -> bool:
    return event.good and isinstance(event.value, (int, float))


def sample_row(point: Point, event: Event) -> tuple[Any, ...]:
    """A value as a row of `SAMPLE`."""
    row = (point.name, event.ticks, *_value(point.point_type, event.value), event.good)
    return tuple(_comparable(value) for value in row)


def expected_samples(system: PISystem, points: Iterable[Point], ticks: Sequence[int]) -> Rows:
    """The values of these points at these instants."""
    rows: Rows = Counter()
    for point in points:
        line = Line(system, point)
        rows.update(sample_row(point, line.at(tick)) for tick in ticks)
    return rows


def rows_of(batches: Iterable[pa.RecordBatch], names: Sequence[str] = SAMPLE) -> Iterator[tuple[Any, ...]]:
    """The rows that a reader brought, these columns."""
    for batch in batches:
        columns = [batch.column(batch.schema.get_field_index(name)).to_pylist() for name in names]
        yield from (tuple(_comparable(value) for value in row) for row in zip(*columns, strict=True))
