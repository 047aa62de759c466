"""Resolve and plan: thousands of tags, by name and by pattern, from a server that waits 50 ms before each answer."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Iterator

from mock_pi import Dense, MockPI, PISystem, Point
from tests.benchmarks import worlds
from tests.benchmarks.context import Context, Line
from tests.benchmarks.floor import reader_of

START = worlds.START


def planning(context: Context) -> Iterator[Line]:
    """From options to partitions; no value is read."""
    for count in (1_000, 10_000) if context.quick else (1_000, 10_000, 100_000):
        points = [
            Point(f"UNIT{number % 100}.TAG{number}", "Float32", Dense(60.0, like=f"TAG{number % 10}"))
            for number in range(count)
        ]
        with MockPI(PISystem(points, now="2026-02-01T00:00:00Z"), process=True, delay=0.05) as pi:
            ways = {
                "one pattern": {"tagFilter": "UNIT*"},
                "two patterns": {"tagFilter": "UNIT?.*,*"},
                "by name": {"tags": json.dumps([point.name for point in points])},
            }
            for name, chosen in ways.items():
                pi.reset_stats()
                busy, used, began = pi.cpu_seconds(), time.process_time(), time.perf_counter()
                options = {"url": pi.url, "startTime": START, "endTime": "2026-01-02", **chosen}
                partitions = reader_of(options).partitions()
                took = time.perf_counter() - began
                pieces = [piece for partition in partitions for piece in partition.pieces]
                if len({piece.stream.web_id for piece in pieces}) != count:
                    raise SystemExit(f"{name}: {len(pieces):,} streams instead of {count:,}")
                yield {
                    "tags": count, "chosen": name, "partitions": len(partitions), "requests": pi.stats().requests,
                    "seconds": round(took, 2), "cpu_s": round(time.process_time() - used, 2),
                    "server_cpu_s": round(pi.cpu_seconds() - busy, 2),
                }  # fmt: skip


def partitions(context: Context) -> Iterator[Line]:
    """How even the work of partitions is, on tags of unlike density that nobody said anything of."""
    world = worlds.ragged(context.size(400, 80), 86_400 * context.size(4, 1))
    with MockPI(world.system, process=True) as pi:
        reader = reader_of({**world.options(pi.url), "rowsPerPartition": str(max(20_000, world.rows // 16))})
        planned = reader.partitions()
        list(reader.read(planned[0]))  # imports, connections
        rows, seconds, cpu = [0] * len(planned), [float("inf")] * len(planned), [float("inf")] * len(planned)
        # The least of three: what else the machine does falls upon one partition and not upon another.
        for _ in range(3):
            for number, partition in enumerate(planned):
                began, used = time.perf_counter(), time.process_time()
                rows[number] = sum(batch.num_rows for batch in reader.read(partition))
                seconds[number] = min(seconds[number], time.perf_counter() - began)
                cpu[number] = min(cpu[number], time.process_time() - used)
        if sum(rows) != world.rows:
            raise SystemExit(f"ragged: {sum(rows):,} rows instead of {world.rows:,}")
        for what, numbers in (("rows", rows), ("seconds", seconds), ("cpu_s", cpu)):
            yield {
                "archive": world.meaning, "partitions": len(planned), "of": what, "total": round(sum(numbers), 2),
                "largest_to_mean": round(max(numbers) / statistics.mean(numbers), 2),
            }  # fmt: skip
