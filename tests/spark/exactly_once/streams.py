"""A stream from the mock into a Delta table, within the test's own Spark: run again and again, or left running."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mock_pi import MockPI
from oracle import Rows
from tests.spark.exactly_once.counted import count
from tests.spark.exactly_once.growing import START, Plant
from tests.spark.exactly_once.progress import Folders
from tests.spark.test_recorded import rows_of

#: Small pages, several requests a partition, several partitions a batch, and a look for news five times a second.
#: At so few rows a partition planning asks for counts, so that there is something between the offset and the reading.
OPTIONS = {
    "tagFilter": "*",
    "startTime": START,
    "settleTime": 0.1,
    "pollInterval": 0.2,
    "pageSize": 25,
    "numPartitions": 3,
    "tagsPerRequest": 3,
    "rowsPerPartition": 1000,
}


class Stream:
    """One checkpoint, one table.

    Args:
        spark: a session with Delta.
        pi: who is asked.
        plant: what it serves.
        folder: for both.
    """

    def __init__(self, spark: Any, pi: MockPI, plant: Plant, folder: Path) -> None:
        self.spark, self.pi, self.plant, self.folders = spark, pi, plant, Folders(folder)
        self.query: Any = None
        self._began = time.monotonic()

    def start(self, **options: Any) -> None:
        """Leaves it running, a micro-batch whenever there is news."""
        self.query = self._writer(options).trigger(processingTime="200 milliseconds").start(str(self.folders.table))

    def run(self, **options: Any) -> None:
        """Runs until all that is there has been read."""
        self._writer(options).trigger(availableNow=True).start(str(self.folders.table)).awaitTermination()

    def wait_until(self, happened: Callable[[], Any], what: str, seconds: float = 240.0) -> None:
        """Looks again and again, as long as the query runs.

        Raises:
            AssertionError: it ended, or it takes too long.
        """
        deadline = time.monotonic() + seconds
        while not happened():
            assert self.query.isActive, f"the query ended before {what}: {self.query.exception()}"
            assert time.monotonic() < deadline, f"no {what} in {seconds:.0f} s"
            time.sleep(0.02)

    def wait_for_batch(self, after: int) -> None:
        """Waits until a batch behind this one is finished."""
        self.wait_until(lambda: self.folders.finished() > after, f"batch {after + 1}")

    def job(self, log_level: str = "ERROR") -> dict[str, Any]:
        """The same for a driver of its own; see `driver.main`."""
        return {
            "options": {"url": self.pi.url, **OPTIONS},
            "table": str(self.folders.table),
            "checkpoint": str(self.folders.checkpoint),
            "scratch": str(self.folders.table.parent),
            "trigger": {"processingTime": "200 milliseconds"},
            "log_level": log_level,
        }

    def stop(self) -> None:
        """Ends what was left running."""
        if self.query is not None:
            self.query.stop()
            self.query = None

    def rows(self) -> Rows:
        """The table, read through Delta."""
        rows: Rows = rows_of(self.spark.read.format("delta").load(str(self.folders.table)))
        return rows

    def assert_complete(self, what: str, *, times: int, expected: Rows | None = None) -> None:
        """The table is the archive."""
        if expected is None:
            expected = self.plant.expected()
        seconds = time.monotonic() - self._began
        count(what, self.rows(), expected, times=times, batches=self.folders.finished() + 1, seconds=seconds)

    def _writer(self, options: dict[str, Any]) -> Any:
        chosen = {"url": self.pi.url, **OPTIONS, **options}
        frame = self.spark.readStream.format("osipi").options(**chosen).load()
        return frame.writeStream.format("delta").option("checkpointLocation", str(self.folders.checkpoint))

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
