"""What the processes of a driver take while they grow old: memory, threads, files and sockets, read from /proc."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Iterator
from pathlib import Path

from tests.spark.exactly_once.processes import processes_of_session

#: What may be more at the end than at the beginning: share, and absolutely.
ALLOWED = {"memory MB": (0.25, 120.0), "threads": (0.05, 6.0), "files": (0.05, 12.0), "sockets": (0.05, 8.0)}
#: The Java process and the Python that started it; PySpark's daemon and what it forks.
DRIVER, WORKERS = "driver", "workers"


class Ages:
    """Samples of one driver and its workers: (who, what) → values, look after look."""

    def __init__(self) -> None:
        self.samples: dict[tuple[str, str], list[float]] = {
            (who, what): [] for who in (DRIVER, WORKERS) for what in ALLOWED
        }

    def look(self, session: int) -> None:
        """Adds up the processes of a session."""
        sums = dict.fromkeys(self.samples, 0.0)
        for pid in processes_of_session(session):
            with contextlib.suppress(OSError, ValueError, KeyError):
                who = WORKERS if b"pyspark.daemon" in Path(f"/proc/{pid}/cmdline").read_bytes() else DRIVER
                for what, value in _taken(pid).items():
                    sums[who, what] += value
        for key, value in sums.items():
            self.samples[key].append(value)

    def ends(self, who: str, what: str) -> tuple[float, float]:
        """Medians of the second fifth and of the last one: the first is for warming up."""
        values = self.samples[who, what]
        fifth = max(1, len(values) // 5)
        return statistics.median(values[fifth : 2 * fifth] or values), statistics.median(values[-fifth:])

    def growing(self) -> Iterator[tuple[str, str]]:
        """Of whom there is more of what at the end than may be."""
        for who, what in self.samples:
            before, after = self.ends(who, what)
            share, most = ALLOWED[what]
            if after - before > max(share * before, most):
                yield who, what


def _taken(pid: int) -> dict[str, float]:
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    files = [one.readlink().name for one in Path(f"/proc/{pid}/fd").iterdir() if one.is_symlink()]
    return {
        "memory MB": float(status.get("VmRSS", "0 kB").split()[0]) / 1024,
        "threads": float(status["Threads"]),
        "files": float(len(files)),
        "sockets": float(sum(name.startswith("socket:") for name in files)),
    }
