"""Tables that are no time series: points, the Asset Framework, event frames; at 50 ms before each answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mock_pi import MockPI, PISystem, Point
from mock_pi.af import AFServer, Database, Element, plant
from mock_pi.af.eventframedemo import many_frames, many_template
from tests.benchmarks.context import Context, Line
from tests.benchmarks.floor import reader_of

#: Partitions read at once, as Spark on two cores does.
TASKS = 2
DELAY = 0.05


def points(context: Context) -> Iterator[Line]:
    """100,000 points: all, by a pattern, by two patterns that overlap."""
    count = context.size(100_000, 5_000)
    made = [Point(f"UNIT{number % 100}.TAG{number}", "Float32") for number in range(count)]
    with MockPI(PISystem(made), process=True, delay=DELAY) as pi:
        for name, options in (
            ("all", {}), ("one pattern", {"tagFilter": "UNIT*"}), ("two patterns", {"tagFilter": "UNIT?.*,*"})
        ):  # fmt: skip
            yield _read(pi, {"table": "points", **options}, count, name, distinct="point_id")


def hierarchy(context: Context) -> Iterator[Line]:
    """100,000 elements, and three attributes of each."""
    fan_out = (10, 100, context.size(100, 2))
    elements = fan_out[0] * (1 + fan_out[1] * (1 + fan_out[2]))
    tree = plant(fan_out, attributes=3, tags=["A"], name="Large")
    with MockPI(PISystem([Point("A")], af=[AFServer("AF", [tree])]), process=True, delay=DELAY) as pi:
        for table, rows in (("elements", elements), ("attributes", 3 * elements)):
            yield _read(pi, {"table": table, "database": "Large"}, rows)


def event_frames(context: Context) -> Iterator[Line]:
    """50,000 event frames, and ten attribute values of each."""
    count = context.size(50_000, 1_000)
    frames = many_frames(count, attributes=10, elements=["Plant"], open_frames=3)
    database = Database("DB", [Element("Plant")], templates=[many_template(10)], event_frames=frames)
    system = PISystem(af=[AFServer("AF", [database])], now="2027-06-01T00:00:00Z")
    with MockPI(system, process=True, delay=DELAY) as pi:
        for table, rows in (("event_frames", count), ("event_frame_attributes", count * 10)):
            yield _read(pi, {"table": table, "startTime": "2026-01-01", "endTime": "2027-06-01"}, rows)


def _read(pi: MockPI, options: dict[str, str], wanted: int, chosen: str = "", distinct: str = "") -> Line:
    """Plans, and reads the partitions a few at a time, without Spark."""
    pi.reset_stats()
    busy, used, began = pi.cpu_seconds(), time.process_time(), time.perf_counter()
    reader = reader_of({"url": pi.url, **options})
    planned = reader.partitions()
    planning = time.perf_counter() - began
    seen: list[Any] = []

    def read(partition: Any) -> int:
        rows = 0
        for batch in reader.read(partition):
            rows += batch.num_rows
            if distinct:
                seen.extend(batch.column(distinct).to_pylist())
        return rows

    with ThreadPoolExecutor(TASKS) as pool:
        rows = sum(pool.map(read, planned))
    if rows != wanted or (distinct and len(set(seen)) != wanted):
        raise SystemExit(f"{options['table']}: {rows:,} rows, {len(set(seen)):,} distinct, instead of {wanted:,}")
    return {
        "table": options["table"], "chosen": chosen, "rows": rows, "partitions": len(planned),
        "requests": pi.stats().requests, "planning_s": round(planning, 2),
        "seconds": round(time.perf_counter() - began, 2), "cpu_s": round(time.process_time() - used, 2),
        "server_cpu_s": round(pi.cpu_seconds() - busy, 2),
    }  # fmt: skip
