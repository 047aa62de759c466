"""What time it is for the server: the real time, or the time a test set."""

from __future__ import annotations

import time

from mock_pi.ticks import as_ticks


class Clock:
    """The server's now, in ticks. A set clock stands still."""

    def __init__(self, now: int | str | None = None) -> None:
        self.fixed = None if now is None else as_ticks(now)

    def now(self) -> int:
        """Ticks of now."""
        return time.time_ns() // 100 if self.fixed is None else self.fixed

    def set(self, now: int | str | None) -> None:
        """Stops the clock at a time; None lets it run again with the real time."""
        self.fixed = None if now is None else as_ticks(now)
