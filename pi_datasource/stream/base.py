"""What streams of all kinds have in common: where they stand between two of Spark's calls, and how they ask and pause.

Call orders and copies of a reader: see `stream/reader.py`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Generic, TypeVar

from pi_datasource.compat import (
    DataSourceStreamReader,
    ReadAllAvailable,
    ReadMaxRows,
    SupportsTriggerAvailableNow,
    task_properties,
)
from pi_datasource.stream.offset import INITIAL
from pi_datasource.tables.base import Request
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import SPARK_PROPERTIES, JobLimits, Throttle, task_share

__all__ = ["FIRST_PAUSE", "LONGEST_PAUSE", "Pauses", "StreamReader"]

log = logging.getLogger("pi_datasource")

#: Seconds until what failed is tried again, at first; doubled each time.
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0

O = TypeVar("O")  # noqa: E741 - an offset
K = TypeVar("K", bound=Hashable)


class Pauses(Generic[K]):
    """What failed is left alone for a while, each time for twice as long.

    Args:
        clock: seconds on a clock that only goes forwards.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[K, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._until)

    def __iter__(self) -> Iterator[K]:
        return iter(self._until)

    def over(self, keys: Iterable[K]) -> list[K]:
        """Those that may be asked now."""
        if not self._until:
            return list(keys)
        now = self._clock()
        return [key for key in keys if self._until.get(key, (0.0, 0.0))[0] <= now]

    def failed(self, key: K) -> float:
        """Begins a pause; returns its seconds."""
        pause = min(LONGEST_PAUSE, 2 * self._until.get(key, (0.0, FIRST_PAUSE / 2))[1])
        self._until[key] = (self._clock() + pause, pause)
        return pause

    def ended(self, keys: Iterable[K]) -> None:
        """These answer again."""
        for key in keys:
            self._until.pop(key, None)


class StreamReader(DataSourceStreamReader, SupportsTriggerAvailableNow, Generic[O]):
    """The common part of a stream.

    Args:
        request: what was asked for.
        clock: seconds on a clock that only goes forwards.
        sleep: waits so many seconds.
        client: makes what asks the server.
    """

    def __init__(
        self,
        request: Request,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        client: Callable[..., Client] = Client,
    ) -> None:
        request = request.with_secrets()
        # In a task an error always fails: the offset says its rows are in this batch.
        reading = replace(request.options.reading, on_tag_error="fail", error_column=None)
        self._task_request = replace(request, options=replace(request.options, reading=reading))
        self.request = request
        self._clock = clock
        self._sleep = sleep
        self._new_client = client
        # One job for as long as the query runs: its ceilings span triggers.
        connection = request.options.connection
        self._limits = JobLimits.new(connection.requests_per_second, connection.max_in_flight)
        self._base: O | None = None
        self._told: dict[str, Any] | None = None
        self._asked: float | None = None
        self._available_now = False
        self._round_at: float | None = None

    def initialOffset(self) -> dict[str, Any]:
        """A constant: the first batch's start is in no checkpoint."""
        return dict(INITIAL)

    def prepareForTriggerAvailableNow(self) -> None:
        """Spark 4.2+: this run ends at what is there now; frozen at the first `latestOffset`."""
        self._available_now = True

    def getDefaultReadLimit(self) -> Any:
        """Spark 4.2+: a limit when the user set one; how much it is, the options say."""
        settings = self.request.options.streaming
        limited = settings.max_time_per_trigger is not None or settings.max_rows_per_trigger is not None
        return ReadMaxRows(settings.max_rows_per_trigger or 1) if limited else ReadAllAvailable()

    def commit(self, end: dict[str, Any]) -> None:
        """Comes one batch late and never for the last; nothing depends on it."""

    def stop(self) -> None:
        """Is normally not called at all; nothing depends on it."""

    def _waits(self, start: Mapping[str, Any] | None) -> bool:
        """Whether the server was asked so lately that it is not asked again."""
        goes_on = self._told is not None and start in (None, self._told) and not self._available_now
        interval = self.request.options.streaming.poll_interval
        return goes_on and self._asked is not None and self._clock() - self._asked < interval

    def _stands_at(self, offset: O | None, told: dict[str, Any]) -> dict[str, Any]:
        self._base, self._told = offset, told
        return told

    def _round_is_due(self) -> bool:
        """Whether the quiet ones are read again now: at the first look of a process, then every `lookbackInterval`."""
        settings = self.request.options.streaming
        if not settings.lookback:
            return False
        if self._round_at is None:
            return True
        return not self._available_now and self._clock() - self._round_at >= settings.lookback_interval

    def _goes_on(self, start: Mapping[str, Any] | None) -> bool:
        """Whether the stream has an offset, so that its server has answered before: maybe another process, long ago."""
        return self._base is not None or (start is not None and dict(start) != INITIAL)

    def _client(self, goes_on: bool) -> Client:
        """The client of the driver.

        Args:
            goes_on: the server is known to be there; when it is away, that passes.
        """
        return self._new_client(self.request.options.connection, Throttle(self._limits), host_known=goes_on)

    def _task_client(self, partition: Any) -> Client:
        """The client of a task: it has its share of the job's ceilings."""
        share = task_share(partition.limits, task_properties(*SPARK_PROPERTIES), partition.number)
        return self._new_client(self.request.options.connection, Throttle(share), host_known=True)
