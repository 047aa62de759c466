"""P2 with Python workers that are killed in the midst of reading: the tasks are done again, and nothing comes twice."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Fault, MockPI
from tests.spark.exactly_once.growing import Plant
from tests.spark.exactly_once.processes import Driver, kill_process
from tests.spark.exactly_once.progress import Folders
from tests.spark.exactly_once.streams import Stream
from tests.spark.exactly_once.test_killed_drivers import LONG

pytestmark = pytest.mark.long

#: Micro-batches; two workers are killed in each. More in one could be one task's four failures, which end the query.
BATCHES = 6 if LONG else 1
#: What Spark says of a task whose worker is gone. The cause beside it may be the write that failed with the worker.
LOST = re.compile(r"Lost task \d")


@pytest.mark.slow
def test_p2_killed_workers(spark: Any, pi: MockPI, plant: Plant, tmp_path: Path) -> None:
    stream = Stream(spark, pi, plant, tmp_path)
    # INFO, since the second failure of a kind is no warning any more. A worker of its own for each task, since one that
    # waits for its next task keeps its connections.
    driver = Driver(stream.job("INFO") | {"conf": {"spark.python.worker.reuse": "false"}}, tmp_path)
    try:
        plant.grow(120)
        for batch in range(BATCHES):
            # Each answer takes its time, so that nobody is done before both kills.
            pi.faults.add(Fault("slow", route="streams/recorded", scope="sub", delay=1.5, count=None))
            plant.grow()
            if batch == 0:
                driver.wait_until_ready()
                driver.begin()
            victims: set[int] = set()
            while len(victims) < 2:
                victims.add(_kill_one_that_reads(driver, pi, victims))
            pi.faults.clear()
            driver.wait_until(partial(_has_finished, stream.folders, batch), f"batch {batch}")
        driver.wait_until(lambda: stream.folders.planned() == stream.folders.finished(), "end of the last batch")
        failures = len(LOST.findall(driver.log.read_text()))
    finally:
        driver.kill()
    # Each of them was at work on a task, which failed with it, and the query went on.
    assert failures >= 2 * BATCHES
    stream.run()
    stream.assert_complete("worker killed while reading", times=2 * BATCHES)


def _kill_one_that_reads(driver: Driver, pi: MockPI, known: set[int]) -> int:
    reading: set[int] = set()

    def found() -> bool:
        reading.update(set(driver.workers_talking_to(pi.port)) - known)
        return bool(reading)

    driver.wait_until(found, "worker that reads")
    victim = min(reading)
    kill_process(victim)
    return victim


def _has_finished(folders: Folders, batch: int) -> bool:
    return folders.finished() >= batch
