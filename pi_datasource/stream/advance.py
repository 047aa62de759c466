"""How far a stream may go: watermarks and news → next watermarks. Pure; clocks are handed in.

What is ripe is measured on what we saw, never on event times: a point's newest instant has to have been seen for
`settleTime` before the watermark passes it, because further events at it, or a queued one before it, may still come.
So every watermark is an event's tick + 1, no clock value is in it, and a skewed clock changes nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from pi_datasource.stream.key import Key
from pi_datasource.stream.offset import PIOffset
from pi_datasource.times import TimeRange

__all__ = ["Offset", "Ripening", "advanced", "batch_ranges"]

K = TypeVar("K", bound=Hashable)


class Offset(Protocol[K]):
    """What an offset says of the batches around it, whatever has the watermarks; see `PIOffset`."""

    @property
    def t0(self) -> int: ...
    @property
    def watermarks(self) -> Mapping[K, int]: ...
    @property
    def lookback(self) -> int: ...
    @property
    def round(self) -> int: ...
    @property
    def off(self) -> frozenset[K]: ...


@dataclass
class Ripening:
    """The newest instant seen of each point, and since when. Lives in memory; a restart begins anew.

    Attributes:
        settle: seconds that an instant has to have been seen.
        first: nothing has been asked yet: the caller waits `settle` once, and then takes all.
    """

    settle: float
    first: bool = True
    _seen: dict[Key, tuple[int, float]] = field(default_factory=dict)
    _taken: dict[Key, int] = field(default_factory=dict)

    def ripe(self, newest: Mapping[Key, int], now: float) -> dict[Key, int]:
        """The watermarks that may be taken now. What may be taken once, always may: a limit may leave some of it.

        Args:
            newest: key → exclusive tick behind the newest instant seen at this moment.
            now: seconds on a clock that only goes forwards.
        """
        seen, taken = self._seen, self._taken
        for key, tick in newest.items():
            candidate, since = seen.get(key) or seen.setdefault(key, (tick, now))
            before = taken.get(key)
            if candidate == before == tick:
                continue  # Most have no news.
            if self.first or now - since >= self.settle:
                if candidate != tick:
                    seen[key] = (tick, now)
                # Without a time to settle the present end is as good as the candidate.
                ripe = tick if tick > candidate and self.settle <= 0 else candidate
                if before is None or ripe > before:
                    taken[key] = ripe
        self.first = False
        return {key: taken[key] for key in newest if key in taken}


def advanced(
    before: PIOffset, ripe: Mapping[Key, int], *, lookback: int, new_round: bool, off: Iterable[Key]
) -> PIOffset:
    """The next offset.

    Watermarks never fall, and none stands at or before the origin. A point that is not in `ripe` keeps its own.

    Args:
        before: where the stream stands.
        ripe: key → watermark that may be taken, caps applied.
        lookback: ticks that batches read again.
        new_round: quiet points are read again, too.
        off: keys that this round leaves out; taken only with a new round.
    """
    watermarks = dict(before.watermarks)
    for key, tick in ripe.items():
        if tick > watermarks.get(key, before.t0):
            watermarks[key] = tick
    return PIOffset(
        before.t0,
        watermarks,
        lookback,
        before.round + 1 if new_round else before.round,
        frozenset(off) if new_round else before.off,
    )


def batch_ranges(before: Offset[K] | None, after: Offset[K], *, look_back: bool) -> dict[K, TimeRange]:
    """What the micro-batch between two offsets covers: for each point from its watermark there to its watermark here.

    With a lookback a point that moves is also read again for that long before its watermark, which is where its newest
    rows are, whatever the clock says. A point without news is read again only when the round went up.

    Args:
        before: None for the first batch.
        after: its origin, its lookback and the points it leaves out are in force, whatever the options say now.
        look_back: rows can say that they were read again; without it only news is read.
    """
    low: Mapping[K, int] = {} if before is None else before.watermarks
    again = before is None or before.round != after.round
    width = after.lookback if look_back else 0
    origin = after.t0
    ranges = {}
    for key, end in after.watermarks.items():
        start = low.get(key, origin)
        if width and (start < end or (again and key not in after.off)):
            start = max(origin, start - width)
        if start < end:
            ranges[key] = TimeRange(start, end)
    return ranges
