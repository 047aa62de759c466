"""What a client has sent and waited for, counted."""

from __future__ import annotations

import threading

__all__ = ["Traffic"]


class Traffic:
    """What a client has done so far, for the log line of a partition: a count that threads may add to.

    Attributes:
        requests: HTTP requests sent.
        bytes: bytes of bodies, inflated.
        retries: waits before another try.
        seconds: time spent in requests, summed over threads.
        waiting: seconds spent waiting for a turn and between tries, summed over threads.
        decoding: seconds spent making columns of answers, summed over threads, which take turns.
        failed: tags or lists that could not be read and were skipped.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.bytes = 0
        self.retries = 0
        self.seconds = 0.0
        self.waiting = 0.0
        self.decoding = 0.0
        self.failed = 0
        self._lock = threading.Lock()

    def add(
        self,
        *,
        requests: int = 0,
        bytes: int = 0,
        retries: int = 0,
        seconds: float = 0.0,
        waiting: float = 0.0,
        decoding: float = 0.0,
        failed: int = 0,
    ) -> None:
        """Counts."""
        with self._lock:
            self.requests += requests
            self.bytes += bytes
            self.retries += retries
            self.seconds += seconds
            self.waiting += waiting
            self.decoding += decoding
            self.failed += failed

    def __str__(self) -> str:
        return (
            f"{self.failed} failed, {self.requests} requests, {self.bytes} bytes, {self.retries} retries, "
            f"{self.seconds:.2f} s in requests, {self.waiting:.2f} s waiting, {self.decoding:.2f} s decoding"
        )
