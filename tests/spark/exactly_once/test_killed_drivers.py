"""P2 with drivers that are killed: SIGKILL for the whole process group, at moments of a micro-batch.

A moment is reached by making the stand-in slow there, or by watching the table's log; whether it was hit is then read
from what is on disk and from what the stand-in was asked. A kill that hit another moment counts for that one, and is
done again.

With OSIPI_KILLS=long (`bash tests/run_kills.sh`) each of five moments has a stream of its own with at least five kills;
else three moments, at which something is under way, are hit once.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Fault, MockPI
from tests.spark.exactly_once.growing import Plant
from tests.spark.exactly_once.processes import Driver, Drivers
from tests.spark.exactly_once.progress import Folders
from tests.spark.exactly_once.streams import Stream

LONG = os.environ.get("OSIPI_KILLS") == "long"

#: Seconds that a request is held up at which the driver shall die.
HELD = 20.0
#: The question for news.
NEWEST = "streamsets/end"


class Moment(Enum):
    """When a driver is killed."""

    NEWS = "before the offset is logged"
    PLANNING = "offset logged, planning"
    READING = "reading"
    WRITTEN = "in the table, not yet in the checkpoint"
    BETWEEN = "between two batches"


class Killing:
    """One stream whose drivers are killed.

    Args:
        pi: who is asked.
        plant: what it serves; grows all the time.
        folders: checkpoint and table.
    """

    def __init__(self, pi: MockPI, plant: Plant, folders: Folders) -> None:
        self.pi, self.plant, self.folders = pi, plant, folders
        self.hits: Counter[Moment] = Counter()

    def kill(self, driver: Driver, aim: Moment, batches: int) -> None:
        """Lets a driver finish so many micro-batches, then kills it at a moment."""
        self.pi.reset_stats()
        fresh = batches == 0 and aim is not Moment.BETWEEN
        if not fresh:
            driver.begin()
            for _ in range(max(1, batches)):
                self._next_batch(driver)
        getattr(self, f"_{aim.name.lower()}")(driver, driver.begin if fresh else None)
        asking = aim is Moment.NEWS and time.monotonic() - self._seen < HELD / 2
        driver.kill()
        hit = self._moment(asking, counts_reset=aim in (Moment.PLANNING, Moment.READING))
        if hit is not None:
            self.hits[hit] += 1
        self.pi.faults.clear()

    def _next_batch(self, driver: Driver) -> None:
        before = self.folders.finished()
        self.plant.grow()
        driver.wait_until(lambda: self.folders.finished() > before, f"batch {before + 1}")

    def _news(self, driver: Driver, begin: Any) -> None:
        """While the driver waits for the answer to what is new, and something is."""
        if begin is None:
            # A running stream takes news that it sees a second time; the third request is the one to hold up, since
            # the first may have come before the news.
            self._hold(NEWEST, seconds=0.3, count=2)
            self._hold(NEWEST)
            self.plant.grow()
            self._wait_for_faults(driver, 3)
        else:
            self._hold(NEWEST)
            self.plant.grow()
            begin()
            self._wait_for_faults(driver, 1)

    def _planning(self, driver: Driver, begin: Any) -> None:
        """While it counts events, to cut the batch into partitions."""
        self._with_news_held_up("streams/summary", driver, begin)

    def _reading(self, driver: Driver, begin: Any) -> None:
        """When some pages have been read, and others not."""
        self._with_news_held_up("streams/recorded", driver, begin, skip=5)

    def _written(self, driver: Driver, begin: Any) -> None:
        """As soon as the table has another version."""
        file = self.folders.version_file(self.folders.versions())
        self.plant.grow()
        if begin is not None:
            begin()
        driver.wait_until(file.exists, "version of the table", pause=0.0005)

    def _between(self, driver: Driver, begin: Any) -> None:
        """When all is read, and it looks for news in vain."""
        planned, asked = self.folders.planned(), self._asked(NEWEST)

        def idle() -> bool:
            nonlocal planned, asked
            if self.folders.planned() != planned or self.folders.finished() != planned:
                planned, asked = self.folders.planned(), self._asked(NEWEST)
            return self._asked(NEWEST) > asked + 3

        driver.wait_until(idle, "pause", pause=0.05)

    def _with_news_held_up(self, route: str, driver: Driver, begin: Any, skip: int = 0) -> None:
        self.pi.reset_stats()
        self._hold(route, skip=skip)
        self.plant.grow()
        if begin is not None:
            begin()
        self._wait_for_faults(driver, 1)

    def _hold(self, route: str, *, seconds: float = HELD, count: int | None = None, skip: int = 0) -> None:
        # A question alone comes by itself, several in a batch request.
        scope = "request" if route == NEWEST else "sub"
        self.pi.faults.add(Fault("slow", route=route, scope=scope, delay=seconds, count=count, skip=skip))

    def _wait_for_faults(self, driver: Driver, number: int) -> None:
        driver.wait_until(lambda: self.pi.faults.fired >= number, "request to hold up")
        self._seen = time.monotonic()
        # What comes while a batch is on its way is not in it, nor in its replay.
        self.plant.grow(5)

    def _asked(self, route: str) -> int:
        stats = self.pi.stats()
        return stats.by_route.get(route, 0) + stats.sub_by_route.get(route, 0)

    def _moment(self, asking: bool, counts_reset: bool) -> Moment | None:
        """Which moment it was, after the kill, by what is left; None where that does not tell.

        Args:
            asking: a question for news was held up, so it has not been answered.
            counts_reset: the stand-in has counted from nothing since the last batch.
        """
        now = self.folders.progress()
        if now.planned == now.finished:
            return Moment.NEWS if asking else Moment.BETWEEN
        assert now.planned == now.finished + 1
        if now.written == now.planned:
            return Moment.WRITTEN
        if not counts_reset:
            return None
        return Moment.READING if self._asked("streams/recorded") else Moment.PLANNING


#: What to kill at, and after how many micro-batches of that driver.
UNDER_WAY = [(Moment.PLANNING, 1), (Moment.READING, 0), (Moment.WRITTEN, 1)]
ONE_OF_EACH = [(Moment.NEWS, 1), *UNDER_WAY, (Moment.BETWEEN, 1)]
#: 0 first: batch 0, whose start is not in any checkpoint, is killed, too.
FIVE = [0, 0, 1, 0, 2]
#: Name → such a plan.
PLANS = {"one kill at each moment under way": UNDER_WAY}
if LONG:
    PLANS = {moment.value: [(moment, batches) for batches in FIVE] for moment in Moment}
    PLANS["all moments, in any order"] = random.Random(7).sample(ONE_OF_EACH * 2, 10)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("what", PLANS)
def test_p2_killed_drivers(spark: Any, pi: MockPI, plant: Plant, tmp_path: Path, what: str) -> None:
    stream = Stream(spark, pi, plant, tmp_path)
    killing = Killing(pi, plant, stream.folders)
    wanted = Counter(moment for moment, _ in PLANS[what])
    plan, kills = list(PLANS[what]), 0
    with Drivers(stream.job(), tmp_path) as drivers:
        while plan:
            assert kills < 3 * wanted.total(), f"hit so far: {killing.hits}"
            aim, batches = plan.pop(0)
            before = killing.hits[aim]
            killing.kill(drivers.next(last=not plan), aim, batches)
            kills += 1
            if killing.hits[aim] == before:
                plan.append((aim, batches))
    assert killing.hits >= wanted
    # The last driver left something undone, and the archive has grown since.
    plant.grow()
    stream.run()
    stream.assert_complete(f"driver killed: {what}", times=kills)
