"""Whether work may go on: within the hours, and until somebody asks us to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from pi_datasource.run.hours import Hours

__all__ = ["Gate"]


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Gate:
    """Stands before each piece of work.

    Args:
        hours: when the PI System may be asked; None for always.
        wait: wait for the hours instead of refusing.
        tell: gets a line before a wait.
        clock: what time it is.
        pause: waits so many seconds, or less when asked to stop.
    """

    def __init__(
        self,
        hours: Hours | None = None,
        *,
        wait: bool = False,
        tell: Callable[[str], None] = lambda line: None,
        clock: Callable[[], datetime] = _now,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.hours, self.wait, self._tell, self._clock = hours, wait, tell, clock
        self._stopped = threading.Event()
        self._pause = pause or self._stopped.wait

    def stop(self) -> None:
        """Asks for an end: what is in work is finished, nothing else begins."""
        self._stopped.set()

    def now(self) -> datetime:
        """What time it is."""
        return self._clock()

    @property
    def is_stopped(self) -> bool:
        """Whether an end was asked for."""
        return self._stopped.is_set()

    def seconds_left(self) -> float | None:
        """Until the hours end; None for no end."""
        if self.hours is None:
            return None
        now = self._clock()
        closes = self.hours.closes(now)
        return 0.0 if closes is None else (closes - now).total_seconds()

    def passes(self, seconds: float = 0.0) -> bool:
        """Whether work may begin that probably takes so long; waits for the hours where that is wanted.

        Work longer than any hours may begin when they do: else it never would.
        """
        while not self.is_stopped:
            if self.hours is None:
                return True
            now = self._clock()
            closes, opens = self.hours.closes(now), self.hours.opens(now)
            if closes is not None and (now + timedelta(seconds=seconds) <= closes or self._never_fits(now, seconds)):
                return True
            begin = opens or self.hours.opens(closes) if closes is not None else opens
            if not self.wait or begin is None:
                return False
            self._tell(f"outside of hours; going on at {begin.astimezone(self.hours.zone):%Y-%m-%d %H:%M}")
            self._pause((begin - now).total_seconds())
        return False

    def _never_fits(self, now: datetime, seconds: float) -> bool:
        """Whether no span of the next days is as long; then it has to begin sometime."""
        assert self.hours is not None
        longest, at = 0.0, now
        for _ in range(8):
            at = self.hours.opens(at) or at
            closes = self.hours.closes(at)
            if closes is None:
                break
            longest = max(longest, (closes - at).total_seconds())
            at = closes
        return seconds > longest
