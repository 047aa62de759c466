"""`spark.readStream.format("osipi")`: each event once, over triggers, restarts and failed batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Bursts, Dense, Fault, Instant, MockPI, PISystem, Point, Quiet
from oracle import assert_same, expected_rows
from tests.spark.test_recorded import rows_of

#: Also run on the other Spark versions, which call their sources in other orders.
versions = pytest.mark.spark_versions

START = "2026-01-01T00:00:00Z"

POINTS = [
    *(Point(f"LIVE.{n}", "Float64", Dense(60.0)) for n in range(5)),
    Point("STATE", "Digital", Dense(600.0)),
    Point("BURST", "Int32", Bursts(7200.0, 40, 1)),
    Point("INSTANT", "String", Instant("2026-01-01T12:00:00Z", 30)),
    Point("QUIET", "Float64", Quiet(0.4, first=START)),
]


@pytest.fixture
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now="2026-01-02T00:00:00Z")) as server:
        yield server


class Copy:
    """A stream into Parquet files, as a job would run it again and again."""

    def __init__(self, spark: Any, pi: MockPI, folder: Path) -> None:
        self.spark, self.pi = spark, pi
        self.table, self.checkpoint = str(folder / "table"), str(folder / "checkpoint")

    def run(self, trigger: dict[str, Any] | None = None, **options: Any) -> None:
        """Runs until all that is there has been read."""
        options = {"url": self.pi.url, "tagFilter": "*", "startTime": START, "settleTime": 0.1, **options}
        frame = self.spark.readStream.format("osipi").options(**options).load()
        writer = frame.writeStream.format("parquet").option("checkpointLocation", self.checkpoint)
        query = writer.trigger(**trigger or {"availableNow": True}).start(self.table)
        if trigger and "processingTime" in trigger:
            query.processAllAvailable()
            query.stop()
        query.awaitTermination()

    def assert_complete(self, end: str) -> None:
        rows = rows_of(self.spark.read.parquet(self.table))
        assert_same(rows, expected_rows(self.pi.system, POINTS, START, end))


@pytest.fixture
def copy(spark: Any, pi: MockPI, tmp_path: Path) -> Copy:
    return Copy(spark, pi, tmp_path)


@versions
def test_p2_all_rows_once_over_restarts(copy, pi):
    copy.run()
    copy.assert_complete("2026-01-03T00:00:00Z")
    copy.run()
    pi.set_now("2026-01-02T06:00:00Z")
    copy.run(startTime="2025-01-01")  # what the checkpoint says is in force
    copy.assert_complete("2026-01-03T00:00:00Z")


@versions
def test_p2_a_failed_first_batch_is_read_again_from_the_same_origin(copy, pi):
    pi.faults.add(Fault(status=403, route="streams/recorded", scope="sub", count=None))
    with pytest.raises(Exception, match="403"):
        copy.run()
    assert pi.faults.fired > 0
    pi.faults.clear()
    copy.run(startTime="2026-01-01T12:00:00Z")
    copy.assert_complete("2026-01-03T00:00:00Z")


def test_p2_a_failed_later_batch_is_read_again(copy, pi):
    copy.run()
    pi.set_now("2026-01-02T06:00:00Z")
    pi.faults.add(Fault(status=403, route="streams/recorded", scope="sub", tag="LIVE.1", count=None))
    with pytest.raises(Exception, match=r"LIVE\.1"):
        copy.run(onTagError="skip")  # skip decides before the offset is written, never in a batch
    pi.faults.clear()
    copy.run()
    copy.assert_complete("2026-01-03T00:00:00Z")


@versions
def test_capped_runs_bring_the_same(copy, pi):
    for _ in range(3):
        copy.run(maxTimePerTrigger="10h")
    copy.assert_complete("2026-01-03T00:00:00Z")


def test_p2_all_triggers_bring_the_same(copy, pi):
    copy.run({"once": True})
    copy.assert_complete("2026-01-03T00:00:00Z")
    pi.set_now("2026-01-02T06:00:00Z")
    copy.run({"processingTime": "1 second"}, pollInterval=0)
    copy.assert_complete("2026-01-03T00:00:00Z")


def test_a_stream_has_no_end_time(copy):
    with pytest.raises(Exception, match="option endTime has no place in a stream"):
        copy.run(endTime="*")
