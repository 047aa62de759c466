"""Runs of AvailableNow that are capped: together the same as one without a cap, and as a batch read of the range."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_pi import MockPI
from oracle import Rows, assert_same
from tests.spark.exactly_once.growing import END, START, Plant
from tests.spark.exactly_once.progress import Folders
from tests.spark.test_recorded import rows_of

pytestmark = pytest.mark.long

#: A tenth of the archive's 5 hours, and of its rows, for the points that have the most of them.
CAP = "30m"
RUNS = 11


@pytest.fixture
def plant() -> Plant:
    return Plant(hours=5.0)


@pytest.fixture
def pi(plant: Plant) -> Iterator[MockPI]:
    with MockPI(plant.system) as server:
        yield server


def run(spark: Any, pi: MockPI, folders: Folders, **options: Any) -> Rows:
    """One run into Parquet files, which every Spark version has; returns the table."""
    source = spark.readStream.format("osipi").options(url=pi.url, tagFilter="*", startTime=START, settleTime=0.1)
    writer = source.options(**options).load().writeStream.option("checkpointLocation", str(folders.checkpoint))
    table = str(folders.table)
    writer.format("parquet").trigger(availableNow=True).start(table).awaitTermination()
    rows: Rows = rows_of(spark.read.parquet(table))
    return rows


@pytest.mark.spark_versions
def test_p2_capped_runs_are_one_run_is_a_batch_read(spark: Any, pi: MockPI, plant: Plant, tmp_path: Path) -> None:
    # Before Spark 4.2 a run takes one micro-batch, from then on as many as it needs.
    capped = Folders(tmp_path / "capped")
    for _ in range(RUNS):
        before = capped.finished()
        rows = run(spark, pi, capped, maxTimePerTrigger=CAP)
        if capped.finished() == before:
            break
    assert capped.finished() + 1 >= 10
    whole = run(spark, pi, Folders(tmp_path / "whole"))
    source = spark.read.format("osipi").options(url=pi.url, tagFilter="*", startTime=START, endTime=END)
    batch = rows_of(source.load())
    assert batch.total() > 3000
    assert_same(rows, whole)
    assert_same(whole, batch)
    assert_same(batch, plant.expected())
