"""A stream into Delta for a long time, with everything that happens in a year: `python -m tests.spark.soak SECONDS`.

A driver of its own streams at a trigger of one second. Meanwhile the archive grows, requests fail in all ways that
pass, points come, the list of tags changes, and the driver is killed and started again (in the first part, so that
the rest shows one process growing old). In the end the table has to equal the archive, and memory, threads, files and
sockets of driver and workers have to be what they were. The seed makes it the same again.

The same in a minute, without the last, is `test_soak.py`.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_pi import Dense, Fault, MockPI, Point
from oracle import expected_rows
from tests.spark.ages import Ages
from tests.spark.exactly_once.growing import COMPUTED, END, SENT, START, Plant
from tests.spark.exactly_once.processes import Driver
from tests.spark.exactly_once.progress import Folders, rows_in

OPTIONS = {
    "startTime": START, "settleTime": "0.2s", "pollInterval": "1s", "pageSize": 200, "numPartitions": 2,
    "tagsPerRequest": 10, "timeout": "5s",
}  # fmt: skip
#: What `tagFilter` says, start after start: without some tags, and then all again.
LISTS = (("*T*", "UNIT.*", "VALVE.*"), ("*",))
#: Faults that pass, by the arguments of `Fault`.
PASSING: tuple[dict[str, Any], ...] = (
    *({"status": status} for status in (408, 429, 500, 502, 503, 504)),
    *({"kind": kind} for kind in ("reset", "reset_body", "cut", "cut_chunked", "truncated_json", "broken_gzip")),
    *({"kind": kind} for kind in ("login_page", "web_exception")),
    {"kind": "slow", "delay": 0.7},
    *({"status": status, "scope": "sub"} for status in (429, 500, 503)),
    {"kind": "missing", "scope": "sub"}, {"kind": "truncated_json", "scope": "sub"},
)  # fmt: skip
#: Faults that wait to happen at most: while a client waits between two tries they would pile up, and outlast it.
MOST_WAITING = 4
#: Seconds between two points that come.
NEW_POINT_EVERY = 20
#: Shorter than this shows only that the table is right: Spark itself warms up for minutes.
SECONDS_TO_SHOW_GROWTH = 600


@dataclass
class Outcome:
    """What was counted.

    Attributes:
        seconds: asked for, without the time to catch up.
        batches: micro-batches.
        faults: kind → how many happened.
        restarts, lists, new_points: of drivers, of lists of tags, of points that came.
        tags: in the archive.
        rows, lost, repeated: of the table, against the archive.
        ages: what the last driver and its workers took.
    """

    seconds: float
    batches: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    restarts: int = 0
    lists: int = 0
    new_points: int = 0
    tags: int = 0
    rows: int = 0
    lost: int = 0
    repeated: int = 0
    ages: Ages = field(default_factory=Ages)

    @property
    def is_right(self) -> bool:
        """The table is the archive, and each kind of event happened."""
        happened = self.rows, self.batches, self.faults.total(), self.restarts, self.lists, self.new_points
        return self.lost == self.repeated == 0 and all(happened)

    @property
    def is_flat(self) -> bool:
        """Driver and workers took no more at the end than at first."""
        return self.seconds < SECONDS_TO_SHOW_GROWTH or not any(True for _ in self.ages.growing())

    def lines(self) -> Iterator[str]:
        """As a table."""
        for name, value in {
            "seconds": f"{self.seconds:.0f}", "batches": self.batches, "faults": self.faults.total(),
            "restarts": self.restarts, "lists changed": self.lists, "points come": self.new_points, "tags": self.tags,
            "rows": self.rows, "lost": self.lost, "repeated": self.repeated,
        }.items():  # fmt: skip
            yield f"{name:<24} {value:>8}"
        yield ""
        for name, count in sorted(self.faults.items()):
            yield f"fault {name:<30} {count:>6}"
        yield ""
        yield f"{'':<24} {'at first':>9} {'at last':>9} {'most':>9}"
        growing = set(self.ages.growing()) if self.seconds >= SECONDS_TO_SHOW_GROWTH else set()
        for who, what in self.ages.samples:
            first, last = self.ages.ends(who, what)
            most = max(self.ages.samples[who, what])
            grows = "   GROWS" if (who, what) in growing else ""
            yield f"{f'{who}: {what}':<24} {first:>9.0f} {last:>9.0f} {most:>9.0f}{grows}"
        if self.seconds < SECONDS_TO_SHOW_GROWTH:
            yield f"(Spark warms up for minutes: whether anything grows counts from {SECONDS_TO_SHOW_GROWTH} s on)"


class Soak:
    """One run.

    Args:
        seconds: how long.
        seed: of all random numbers.
        folder: for table, checkpoint and logs.
        restarts: how often the driver is killed and started again, each time with another list of tags.
        refresh: seconds after which the list of tags is looked up again.
        batches: micro-batches that it goes on for, up to four times as long, on a machine with much to do.
    """

    def __init__(
        self, seconds: float, seed: int, folder: Path, restarts: int = 3, refresh: float = 10.0, batches: int = 0
    ) -> None:
        self.seconds, self.restarts, self.refresh, self.batches = seconds, restarts, refresh, batches
        self.chance = random.Random(seed)
        self.folder, self.folders = folder, Folders(folder)
        self.plant = Plant(seed)
        self.points = [*COMPUTED, *SENT]
        self.outcome = Outcome(seconds)
        self.injected = 0

    def run(self) -> Outcome:
        """All of it."""
        with MockPI(self.plant.system) as pi:
            driver = self._start(pi)
            try:
                driver = self._live(pi, driver)
                self.outcome.faults.update(pi.faults.by_label)
                pi.faults.clear()
                self._catch_up(driver)
            finally:
                driver.kill()
        return self._counted()

    def _live(self, pi: MockPI, driver: Driver) -> Driver:
        """What happens, second by second. Returns the driver that is the last one."""
        began, pause = time.monotonic(), self.seconds / (3 * self.restarts)
        if self.seconds < SECONDS_TO_SHOW_GROWTH:
            pause = self.seconds / (self.restarts + 1)
        second = 0
        while (elapsed := time.monotonic() - began) < self.seconds or (
            self.folders.finished() + 1 < self.batches and elapsed < 4 * self.seconds
        ):
            if self.outcome.restarts < self.restarts and elapsed >= pause * (self.outcome.restarts + 1):
                driver.kill()
                self.outcome.restarts += 1
                self.outcome.lists += 1
                driver = self._start(pi)
            self._second(pi, driver, second)
            second += 1
        return driver

    def _start(self, pi: MockPI) -> Driver:
        # The last list is the whole one.
        names = LISTS[(self.restarts - self.outcome.restarts + 1) % len(LISTS)]
        options = {**OPTIONS, "url": pi.url, "tagFilter": ",".join(names), "refreshTags": f"{self.refresh}s"}
        job = {
            "options": options, "table": str(self.folders.table), "checkpoint": str(self.folders.checkpoint),
            "scratch": str(self.folder), "trigger": {"processingTime": "1 second"}, "log_level": "OFF",
        }  # fmt: skip
        driver = Driver(job, self.folder)
        driver.wait_until_ready()
        driver.begin()
        self.outcome.ages = Ages()
        return driver

    def _second(self, pi: MockPI, driver: Driver, second: int) -> None:
        self._look(driver)
        self.plant.grow(1.0)
        if self.chance.random() < 0.5 and self.injected - pi.faults.fired < MOST_WAITING:
            fault, count = self.chance.choice(PASSING), self.chance.randint(1, 2)
            pi.faults.add(Fault(**fault, count=count, skip=self.chance.randint(0, 6)))
            self.injected += count
        if second % NEW_POINT_EVERY == NEW_POINT_EVERY // 2:
            point = Point(f"NEW.{len(self.points)}", "Float64", Dense(60.0))
            self.plant.system.add(point)
            self.points.append(point)
            self.outcome.new_points += 1
        self.outcome.ages.look(driver.process.pid)
        time.sleep(1.0)

    def _catch_up(self, driver: Driver) -> None:
        """Nothing new comes: the stream is done when it has planned nothing for a while."""
        quiet, newest, deadline = 0, -1, time.monotonic() + 300
        while quiet < 2 * self.refresh + 5:
            self._look(driver)
            if time.monotonic() > deadline:
                raise SystemExit(f"the stream is not done:\n{driver.words()}")
            now = self.folders.planned()
            quiet = quiet + 1 if now == newest and self.folders.finished() == now else 0
            newest = now
            time.sleep(1.0)

    @staticmethod
    def _look(driver: Driver) -> None:
        if driver.process.poll() is not None:
            raise SystemExit(f"the driver ended:\n{driver.words()}")

    def _counted(self) -> Outcome:
        expected, rows = expected_rows(self.plant.system, self.points, START, END), rows_in(self.folders.table)
        outcome = self.outcome
        outcome.batches, outcome.tags, outcome.rows = self.folders.finished() + 1, len(self.points), rows.total()
        outcome.lost, outcome.repeated = (expected - rows).total(), (rows - expected).total()
        return outcome


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.spark.soak", description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = Soak(given.seconds, given.seed, Path(folder)).run()
    print("\n".join(outcome.lines()))
    good = outcome.is_right and outcome.is_flat
    print("all rows, once" if good else "NOT as it has to be")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
