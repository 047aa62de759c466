"""How long a list of points takes: 100,000 points from a server that waits 50 ms before each answer. Rows are counted.

    python tests/benchmarks/points.py [--points 100000] [--delay 0.05] [--tasks 2]

The reader is driven as Spark drives it, without Spark: planned here, then its partitions are read by `--tasks` threads
at once. The server is a process of its own.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # from a checkout that is not installed, too

from mock_pi import MockPI, PISystem, Point  # noqa: E402
from pi_datasource.datasource import PIDataSource  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--tasks", type=int, default=2, help="partitions read at once")
    asked = parser.parse_args()
    points = [Point(f"UNIT{number % 100}.TAG{number}", "Float32") for number in range(asked.points)]
    with MockPI(PISystem(points), process=True, delay=asked.delay) as pi:
        print(f"{asked.points:,} points, {asked.delay * 1000:.0f} ms before an answer, {asked.tasks} tasks at once")
        counted = f"{'rows':>9}{'partitions':>12}{'requests':>10}"
        print(f"{'chosen by':24}{counted}{'plan s':>8}{'all s':>8}{'own CPU s':>11}{'server CPU s':>14}")
        for name, options in (
            ("all", {}),
            ("tagFilter", {"tagFilter": "UNIT*"}),
            ("two tagFilters", {"tagFilter": "UNIT?.*,*"}),
        ):
            measure(pi, name, options, asked)


def measure(pi: MockPI, name: str, options: dict[str, str], asked: argparse.Namespace) -> None:
    """One way to choose all points; the rows have to be all of them, each once."""
    pi.reset_stats()
    used, own = pi.cpu_seconds(), time.process_time()
    began = time.perf_counter()
    source = PIDataSource({"url": pi.url, "table": "points", **{key.lower(): text for key, text in options.items()}})
    reader = source.reader(source.schema())
    partitions = reader.partitions()
    planned = time.perf_counter() - began

    def read(partition: Any) -> list[int]:
        return [number for batch in reader.read(partition) for number in batch.column("point_id").to_pylist()]

    with ThreadPoolExecutor(asked.tasks) as pool:
        ids = [number for numbers in pool.map(read, partitions) for number in numbers]
    seconds = time.perf_counter() - began
    assert len(ids) == len(set(ids)) == asked.points, f"{len(ids):,} rows, {len(set(ids)):,} points"
    requests, used, own = pi.stats().requests, pi.cpu_seconds() - used, time.process_time() - own
    print(
        f"{name:24}{len(ids):9,}{len(partitions):12}{requests:10,}{planned:8.1f}{seconds:8.1f}{own:11.1f}{used:14.1f}"
    )


if __name__ == "__main__":
    main()
