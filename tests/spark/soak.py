"""A stream into Delta for a long time, with everything that happens in a year: `python -m tests.spark.soak SECONDS`.

A driver of its own streams at a trigger of one second. Meanwhile the archive grows, requests fail in all ways that
pass, points come, the list of tags changes, and the driver is killed and started again (in the first third, so that
the rest shows one process growing old). In the end the table has to equal the archive, and memory, threads, files and
sockets of the driver's processes have to be what they were. The seed makes it the same again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mock_pi import Dense, Fault, MockPI, Point
from oracle import Rows, expected_rows
from tests.spark.exactly_once.growing import COMPUTED, END, SENT, START, Plant
from tests.spark.exactly_once.processes import Driver, processes_of_session
from tests.spark.exactly_once.progress import Folders

OPTIONS = {
    "startTime": START, "settleTime": "0.2s", "pollInterval": "1s", "refreshTags": "10s", "pageSize": 200,
    "numPartitions": 2, "tagsPerRequest": 10, "timeout": "5s",
}  # fmt: skip
#: Faults that pass, by the arguments of `Fault`.
PASSING: tuple[dict[str, Any], ...] = (
    *({"status": status} for status in (408, 429, 500, 502, 503, 504)),
    *({"kind": kind} for kind in ("reset", "reset_body", "cut", "cut_chunked", "truncated_json", "broken_gzip")),
    *({"kind": kind} for kind in ("login_page", "web_exception")),
    {"kind": "slow", "delay": 0.7},
    *({"status": status, "scope": "sub"} for status in (429, 500, 503)),
    {"kind": "missing", "scope": "sub"}, {"kind": "truncated_json", "scope": "sub"},
)  # fmt: skip
#: What may be more at the end than at the beginning of a driver's life: share, and absolutely.
ALLOWED = {"memory MB": (0.25, 120.0), "threads": (0.05, 6.0), "files": (0.05, 12.0), "sockets": (0.05, 8.0)}
#: Shorter than this shows only that the table is right: Spark itself warms up for minutes.
SECONDS_TO_SHOW_GROWTH = 600


@dataclass
class Ages:
    """What the processes of one driver took, second by second."""

    samples: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in ALLOWED})

    def look(self, session: int) -> None:
        """Adds up the Java process and all Python processes."""
        sums = dict.fromkeys(ALLOWED, 0.0)
        for pid in processes_of_session(session):
            with contextlib.suppress(OSError, ValueError):
                for name, value in _taken(pid).items():
                    sums[name] += value
        for name, value in sums.items():
            self.samples[name].append(value)

    def ends(self, name: str) -> tuple[float, float]:
        """Medians of the second fifth and of the last one: the first is for warming up."""
        values = self.samples[name]
        fifth = max(1, len(values) // 5)
        return statistics.median(values[fifth : 2 * fifth] or values), statistics.median(values[-fifth:])


def _taken(pid: int) -> dict[str, float]:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    files = [one.readlink().name for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()]
    return {
        "memory MB": float(status.get("VmRSS", "0 kB").split()[0]) / 1024,
        "threads": float(status["Threads"]),
        "files": float(len(files)),
        "sockets": float(sum(name.startswith("socket:") for name in files)),
    }


class Soak:
    """One run."""

    def __init__(self, seconds: float, seed: int, folder: Path) -> None:
        self.seconds = seconds
        self.chance = random.Random(seed)
        self.folder = folder
        self.folders = Folders(folder)
        self.plant = Plant(seed)
        self.points = [*COMPUTED, *SENT]
        self.ages = Ages()
        self.restarts = self.fired = 0

    def run(self) -> bool:
        """All of it. Whether table and processes are as they have to be."""
        with MockPI(self.plant.system) as pi:
            driver = self._start(pi, "*")
            began, next_restart = time.monotonic(), self.seconds / 9
            while (elapsed := time.monotonic() - began) < self.seconds:
                if next_restart <= elapsed < self.seconds / 3:
                    next_restart = elapsed + self.seconds / 9
                    driver.kill()
                    # A list without some of them, and at the next start all again.
                    driver = self._start(pi, "*" if self.restarts % 2 else "*T*,UNIT.*,VALVE.*")
                    self.ages = Ages()
                self._second(pi, driver)
            self.fired += pi.faults.fired
            pi.faults.clear()
            if self.restarts % 2:
                driver.kill()
                driver = self._start(pi, "*")
            self._catch_up(driver)
            driver.kill()
        return self._judge(self._rows())

    def _start(self, pi: MockPI, tags: str) -> Driver:
        options = {"url": pi.url, "tagFilter": json.dumps(tags.split(",")), **OPTIONS}
        job = {
            "options": options, "table": str(self.folders.table), "checkpoint": str(self.folders.checkpoint),
            "scratch": str(self.folder), "trigger": {"processingTime": "1 second"}, "log_level": "OFF",
        }  # fmt: skip
        driver = Driver(job, self.folder)
        driver.wait_until_ready()
        driver.begin()
        self.restarts += 1
        return driver

    def _second(self, pi: MockPI, driver: Driver) -> None:
        if driver.process.poll() is not None:
            raise SystemExit(f"the driver ended:\n{driver.log.read_text()[-4000:]}")
        self.plant.grow(1.0)
        if self.chance.random() < 0.5:
            fault = self.chance.choice(PASSING)
            pi.faults.add(Fault(**fault, count=self.chance.randint(1, 2), skip=self.chance.randint(0, 6)))
        if self.chance.random() < 0.05:
            point = Point(f"NEW.{len(self.points)}", "Float64", Dense(60.0))
            self.plant.system.add(point)
            self.points.append(point)
        self.ages.look(driver.process.pid)
        time.sleep(1.0)

    def _catch_up(self, driver: Driver) -> None:
        """Nothing new comes: the stream is done when it has planned nothing for a while."""
        quiet, newest, deadline = 0, -1, time.monotonic() + 300
        while quiet < 25 and time.monotonic() < deadline:
            if driver.process.poll() is not None:
                raise SystemExit(f"the driver ended:\n{driver.log.read_text()[-4000:]}")
            now = self.folders.planned()
            quiet = quiet + 1 if now == newest and self.folders.finished() == now else 0
            newest = now
            time.sleep(1.0)

    def _rows(self) -> Rows:
        from tests.spark.sessions import start_session
        from tests.spark.test_recorded import rows_of

        spark = start_session("local[2]", self.folder / "warehouse")
        rows: Rows = rows_of(spark.read.format("delta").load(str(self.folders.table)))
        spark.stop()
        return rows

    def _judge(self, rows: Rows) -> bool:
        expected = expected_rows(self.plant.system, self.points, START, END)
        lost, repeated = (expected - rows).total(), (rows - expected).total()
        table = {
            "seconds": f"{self.seconds:.0f}", "starts of the driver": self.restarts, "faults": self.fired,
            "batches": self.folders.finished() + 1, "tags": len(self.points), "rows": rows.total(), "lost": lost,
            "repeated": repeated,
        }  # fmt: skip
        good = not lost and not repeated and bool(expected) and self.fired > 0
        for name, value in table.items():
            print(f"{name:<22} {value}")
        for name, (share, most) in ALLOWED.items():
            before, after = self.ages.ends(name)
            flat = after - before <= max(share * before, most)
            shown = self.seconds >= SECONDS_TO_SHOW_GROWTH
            good = good and (flat or not shown)
            print(f"{name:<22} {before:.0f} -> {after:.0f}{'' if flat or not shown else '   GROWS'}")
        return good


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.spark.soak", description=__doc__)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        good = Soak(given.seconds, given.seed, Path(folder)).run()
    print("all rows, once" if good else "NOT as it has to be")
    return 0 if good else 1


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    sys.exit(main())
