"""What a table must hold when the range it was read for moved with the clock."""

from __future__ import annotations

from typing import Any

from mock_pi import MockPI, text_of
from oracle import Rows, expected_rows
from pi_datasource.times import TICKS_PER_SECOND, now_ticks
from tests.spark.test_recorded import rows_of

__all__ = ["HOUR", "Around"]

HOUR = 3600 * TICKS_PER_SECOND
#: What happened so lately may not be handed over yet.
LATELY = 60 * TICKS_PER_SECOND


class Around:
    """What the archive holds of some tags, from a time up to now: before something runs, and after.

    An event may leave the range at its start, or come at its end, in between. Make it before.

    Args:
        pi: the server; its clock is the real one.
        tags: all tags that are read.
        days: length of the range; 0 when `start` is given.
        start: a fixed start.
    """

    def __init__(self, pi: MockPI, *tags: str, days: float = 0, start: str = "") -> None:
        self._points = [pi.system.point(tag) for tag in tags]
        self._pi, self._length, self._start = pi, round(days * 24 * HOUR), start
        self._before = self._read = now_ticks()

    def ran(self) -> None:
        """What moves with the clock is read for the first time by now; later runs go on from there."""
        self._read = now_ticks()

    def assert_holds(self, frame: Any, at_least: int) -> None:
        """The frame has each of these rows, once, and no other; so many at least."""
        found, after = rows_of(frame), now_ticks()
        surely = self._rows(self._read if self._read > self._before else after, after - LATELY)
        assert surely.total() >= at_least
        assert not surely - found, "rows are missing"
        assert not found - self._rows(self._before, after), "rows that are not the archive's, or twice"

    def _rows(self, now: int, end: int) -> Rows:
        start = self._start or text_of(now - self._length)
        return expected_rows(self._pi.system, self._points, start, text_of(end))
