"""A range cut into steps of one length: the instants of samples, or the intervals of summaries.

Steps are numbered from the start of the range, so a partition that begins at a step's start asks the server for exactly
the steps that a question for the whole range would bring. Where the calendar makes that untrue (a month after 28
February is not a month after 31 January), the range is one piece.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import tzinfo
from functools import cached_property
from itertools import pairwise

from pi_datasource.errors import PIOptionError
from pi_datasource.times import Span, TimeRange

__all__ = ["Grid"]

#: Steps of the calendar, which are computed one by one, in a range at most.
MOST_CALENDAR_STEPS = 1_000_000


class Grid:
    """The steps of a range; the last may be shorter.

    Args:
        range: what is cut, half-open.
        span: the length of a step; None for one step over the whole range.
        zone: whose calendar moves days and months.
    """

    def __init__(self, range: TimeRange, span: Span | None, zone: tzinfo) -> None:
        self.range = range
        self.span = span
        self.zone = zone
        self._length = (range.end - range.start) if span is None else span.ticks

    @cached_property
    def _starts(self) -> list[int]:
        """The starts of steps that the calendar makes."""
        assert self.span is not None
        starts: list[int] = []
        while (start := self.span.after(self.range.start, len(starts), self.zone)) < self.range.end:
            if len(starts) >= MOST_CALENDAR_STEPS:
                raise PIOptionError(
                    f"there are more than {MOST_CALENDAR_STEPS:,} steps of {self.span.text} in the range"
                )
            starts.append(start)
        return starts

    @property
    def count(self) -> int:
        """How many steps there are."""
        if self.range.is_empty:
            return 0
        return len(self._starts) if self._length is None else -(-(self.range.end - self.range.start) // self._length)

    def at(self, number: int) -> int:
        """Where a step starts; the end of the range for the number after the last."""
        if number >= self.count:
            return self.range.end
        return self._starts[number] if self._length is None else self.range.start + number * self._length

    @cached_property
    def units(self) -> int:
        """Into how many parts the range can be cut: into its steps, or not at all."""
        return self.count if self._can_be_cut else 1

    def unit_at(self, tick: int) -> int:
        """The first unit that starts at a tick or later."""
        if self.range.is_empty or tick <= self.range.start:
            return 0
        if not self._can_be_cut:
            return 1
        if self._length is None:
            return bisect_left(self._starts, tick)
        return min(self.count, -((self.range.start - tick) // self._length))

    def window(self, first: int, after: int) -> TimeRange:
        """The time from one unit to before another."""
        return TimeRange(self.at(first), self.at(after)) if self._can_be_cut else self.range

    def steps(self, first: int, after: int) -> range:
        """The steps from one unit to before another."""
        return range(first, after) if self._can_be_cut else range(self.count)

    @cached_property
    def _can_be_cut(self) -> bool:
        """Whether the steps counted from any step's start are the same as those counted from the first."""
        if self._length is not None:
            return True
        assert self.span is not None
        starts = self._starts
        return all(self.span.after(start, 1, self.zone) == following for start, following in pairwise(starts))
