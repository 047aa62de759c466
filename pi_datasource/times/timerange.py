"""Ranges of time, half-open: the start belongs to the range, the end does not.

Adjacent ranges then join with no event lost or doubled. PI's own ranges hold both ends; the one place that knows it is
where a request is built.
"""

from __future__ import annotations

from itertools import pairwise

import msgspec

from pi_datasource.times.ticks import TICKS_PER_SECOND, short_text


class TimeRange(msgspec.Struct, frozen=True, order=True, gc=False):
    """The instants t with start <= t < end, in ticks.

    Raises:
        ValueError: the start is after the end. It is never swapped: PI reads such a range backwards.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise ValueError(f"a range cannot start at {self.start} and end before it at {self.end} (ticks)")

    @property
    def is_empty(self) -> bool:
        """Whether no instant is in it: start and end are the same."""
        return self.start == self.end

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return (self.end - self.start) / TICKS_PER_SECOND

    def split(self, count: int) -> tuple[TimeRange, ...]:
        """Cut into at most `count` pieces, in order and adjacent, whose lengths differ by one tick at most.

        No piece is empty, so a range of fewer ticks than `count` gives fewer pieces and an empty range gives none.

        Raises:
            ValueError: `count` is less than 1.
        """
        if count < 1:
            raise ValueError(f"a range is cut into 1 or more pieces, not {count}")
        length = self.end - self.start
        count = min(count, length)
        borders = [self.start + length * piece // count for piece in range(count + 1)] if count else []
        return tuple(TimeRange(start, end) for start, end in pairwise(borders))

    def __str__(self) -> str:
        return f"[{short_text(self.start)}, {short_text(self.end)})"
