"""A PI System that grows while streams read it: the test moves its clock, and events of the time between appear."""

from __future__ import annotations

import random
from collections.abc import Sequence

from mock_pi import Bursts, Dense, Empty, Event, Instant, PISystem, Point, Quiet, text_of, ticks_of
from oracle import Rows, expected_rows

START = "2026-01-01T00:00:00Z"
#: Later than any clock here.
END = "2026-02-01T00:00:00Z"
TICKS_PER_MINUTE = 600_000_000

#: Points whose events come from their shape as the clock moves.
COMPUTED = (
    *(Point(f"UNIT.{n}", "Float64", Dense(10.0), engineering_units="bar") for n in range(8)),
    *(Point(f"COUNT.{n}", "Int32", Dense(20.0)) for n in range(4)),
    *(Point(f"VALVE.{n}", "Digital", Dense(60.0)) for n in range(2)),
    Point("BATCH", "String", Dense(120.0)),
    Point("BURST", "Float32", Bursts(1800.0, 40, 1)),
    Point("INSTANT", "Int16", Instant("2026-01-01T01:05:00Z", 60)),
    Point("QUIET", "Float64", Quiet(0.03, first=START)),
)
#: Points whose events are sent to the archive one by one.
SENT = tuple(Point(f"SENT.{n}", ("Float64", "String")[n % 2], Empty()) for n in range(6))


class Plant:
    """The points above, and what has been sent since.

    Args:
        seed: of the random numbers that say what is sent.
        hours: how long the archive is at first.
    """

    def __init__(self, seed: int = 0, hours: float = 1.0) -> None:
        self.system = PISystem((*COMPUTED, *SENT), now=ticks_of(START))
        self._chance = random.Random(seed)
        self._grown = 0
        self.grow(hours * 60)

    def grow(self, minutes: float = 10.0, sent: Sequence[Point] = SENT) -> None:
        """Time passes. A third of the points that are sent events get some, several at one instant among them."""
        now = self.system.now
        later = now + round(minutes * TICKS_PER_MINUTE)
        for number, point in enumerate(sent):
            if (number + self._grown) % 3 == 0:
                self.send(point, now, later, self._chance.randint(1, 40))
        # Last: what was sent for a time later than the clock is seen from here on, and all at once.
        self.system.set_now(later)
        self._grown += 1

    def send(self, point: Point, after: int, until: int, count: int) -> None:
        """Puts so many events of (after, until] into the archive."""
        ticks = sorted(self._chance.randint(after + 1, until) for _ in range(count))
        for place in range(1, count, 4):
            ticks[place] = ticks[place - 1]
        values = [self._chance.uniform(-1e6, 1e6) for _ in ticks]
        text = point.point_type == "String"
        events = [Event(tick, f"{value:.3f}" if text else value) for tick, value in zip(ticks, values, strict=True)]
        self.system.insert(point, *events)

    def expected(self) -> Rows:
        """What a stream from the start has to have brought by now."""
        return expected_rows(self.system, (*COMPUTED, *SENT), START, END)

    @property
    def now_text(self) -> str:
        """Its clock."""
        return text_of(self.system.now)
