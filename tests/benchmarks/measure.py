"""Processor time and peak memory of a process and all below it, and ways measured by turns. Reads /proc: Linux only.

On a busy machine the wall time of a run says little and its processor time much, so both are told, and ways that are
compared alternate within one run.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
#: Runs of each way before it is measured: the JVM compiles what runs often, and the third run of a job takes a fifth
#: less than the second.
WARM_UP = 3


@dataclass
class Run:
    """One run of one way.

    Attributes:
        rows: rows that came.
        wall: seconds on the clock.
        cpu: seconds of processor, of all processes of the way; not of the server.
        driver_mb: peak memory of the JVM.
        worker_mb: peak memory of the largest Python worker.
    """

    rows: int
    wall: float
    cpu: float
    driver_mb: float = 0.0
    worker_mb: float = 0.0


def median_of(runs: list[Run]) -> Run:
    """The middle of some runs, number by number; peaks are maxima."""
    return Run(
        runs[0].rows,
        statistics.median(run.wall for run in runs),
        statistics.median(run.cpu for run in runs),
        max(run.driver_mb for run in runs),
        max(run.worker_mb for run in runs),
    )


def by_turns(ways: Mapping[str, Callable[[], Run]], rounds: int, rows: int | None) -> dict[str, Run]:
    """Runs every way some times for warming up and then `rounds` times, alternating; the medians.

    Args:
        ways: name → what to run.
        rounds: how often.
        rows: what each has to bring, or a wrong number is fatal; None to accept any.
    """
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for number in range(WARM_UP + rounds):
        for name, way in ways.items():
            run = way()
            if rows is not None and run.rows != rows:
                raise SystemExit(f"{name}: {run.rows:,} rows instead of {rows:,}")
            if number >= WARM_UP:
                runs[name].append(run)
    return {name: median_of(some) for name, some in runs.items()}


def family(root: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                parents.setdefault(int(_stat(int(entry))[1]), []).append(int(entry))
    found, waiting = [], [root]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += parents.get(one, [])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def cpu_seconds(root: int) -> float:
    """Processor time so far of a process and all below it, those that have ended included."""
    ticks = 0
    for pid in family(root):
        with contextlib.suppress(OSError):
            ticks += sum(map(int, _stat(pid)[11:15]))
    return ticks / TICKS_PER_SECOND


class Peaks:
    """Peak memory of the processes below one, while the body of `watched` runs."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.driver_mb = 0.0
        self.worker_mb = 0.0

    @contextlib.contextmanager
    def watched(self) -> Iterator[Peaks]:
        """Resets the kernel's own peaks, and looks at them until the body ends: a worker may end earlier."""
        self.driver_mb = self.worker_mb = 0.0
        for pid in family(self.root):
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(ended,), daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            ended.set()
            watcher.join()
            self._look()

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(0.25):
            self._look()

    def _look(self) -> None:
        for pid in family(self.root):
            with contextlib.suppress(OSError, StopIteration, ValueError):
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
                if b"pyspark.daemon" in command or b"pyspark/daemon" in command:
                    self.worker_mb = max(self.worker_mb, peak)
                elif b"java" in command.split(b"\0")[0]:
                    self.driver_mb = max(self.driver_mb, peak)
