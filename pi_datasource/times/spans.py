"""Lengths of time as PI writes them: `15m`, `1h30m`, `1d`, `1mo`, `00:15:00`.

Seconds, minutes and hours are exact; days, weeks, months and years follow the clock and calendar of a zone, so that a
span of a day lands on the same time of day across a clock change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import tzinfo

from pi_datasource.errors import PITimeError
from pi_datasource.times.pitime import _is_offsets, _moves, _Place, _walked
from pi_datasource.times.ticks import MAX_TICKS, MIN_TICKS, TICKS_PER_SECOND

__all__ = ["Span"]

_CLOCK = re.compile(r"([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9]))?")


@dataclass(frozen=True)
class Span:
    """A length of time, more than none.

    Attributes:
        text: as PI is told.
        moves: its terms, each as (ticks, months, days) of which one is not zero.
    """

    text: str
    moves: tuple[tuple[int, int, int], ...]

    @classmethod
    def parse(cls, text: str) -> Span:
        """Reads a span.

        Raises:
            PITimeError: the text is none, or is no time at all.
        """
        plain = "".join(text.split()).lower()
        clock = _CLOCK.fullmatch(plain)
        if clock:
            hours, minutes, seconds = (int(part or 0) for part in clock.groups())
            moves = [((hours * 3600 + minutes * 60 + seconds) * TICKS_PER_SECOND, 0, 0)]
        elif plain and plain[0] not in "+-" and _is_offsets(plain):
            try:
                moves = list(_moves(text, plain))
            except PITimeError:  # half a day, whose meaning would depend on the day
                raise _refused(text) from None
        else:
            raise _refused(text)
        if not any(any(move) for move in moves) or any(part < 0 for move in moves for part in move):
            raise _refused(text)
        return cls(plain, tuple(moves))

    @property
    def ticks(self) -> int | None:
        """Its length, when that is the same everywhere; None when the calendar decides."""
        return None if any(months or days for _, months, days in self.moves) else sum(move[0] for move in self.moves)

    def after(self, origin: int, times: int, zone: tzinfo) -> int:
        """The tick that lies so many spans after another; the last tick there is, when that is beyond all times."""
        moves = [(exact * times, months * times, days * times) for exact, months, days in self.moves]
        try:
            return max(MIN_TICKS, min(MAX_TICKS, _walked(_Place(origin), moves, zone)))
        except (ValueError, OverflowError):
            return MAX_TICKS


def _refused(text: str) -> PITimeError:
    return PITimeError(
        f"{text[:100]!r} is no length of time; accepted are for example 10s, 15m, 1h30m, 1d, 1mo, 00:15:00"
    )
