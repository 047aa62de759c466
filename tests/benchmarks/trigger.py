"""What a trigger of a stream costs: 100,000 tags, of which none, one in a hundred, or all have news."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from mock_pi import Dense, Every, MockPI, PISystem, Point
from pi_datasource.datasource import PIDataSource
from tests.benchmarks.context import Context, Line

START = "2026-01-01T00:00:00Z"
#: Every tag has one event soon after the start; those with news speak once a minute.
FIRST = "2026-01-01T00:00:30Z"


def trigger(context: Context) -> Iterator[Line]:
    """The stream reader driven as Spark drives it, in this process; 50 ms before each answer."""
    tags = context.size(100_000, 5_000)
    for share in (0.01, 1.0):
        lively = round(tags * share)
        points = [
            *(Point(f"LIVELY.{n}", "Float64", Dense(60.0, first=FIRST, like=f"{n % 10}")) for n in range(lively)),
            *(Point(f"QUIET.{n}", "Float64", Every(count=1, first=FIRST)) for n in range(tags - lively)),
        ]
        with MockPI(PISystem(points, now="2026-01-01T00:01:00Z"), process=True, delay=0.05) as pi:
            yield from _triggers(pi, tags, lively)


def _triggers(pi: MockPI, tags: int, lively: int) -> Iterator[Line]:
    options = {"url": pi.url, "tagFilter": "*", "startTime": START, "settleTime": "0", "pollInterval": "0"}
    source = PIDataSource({name.lower(): value for name, value in options.items()})
    stream = source.streamReader(source.schema())
    start: dict[str, Any] = stream.initialOffset()
    share = f"{lively / tags:.0%}"
    for name, now, expected in (
        ("first, tags are looked up", "2026-01-01T00:01:00Z", tags),
        ("no news", "2026-01-01T00:01:10Z", 0),
        (f"{share} with an event", "2026-01-01T00:01:40Z", lively),
    ):
        pi.set_now(now)
        pi.reset_stats()
        busy, began, used = pi.cpu_seconds(), time.perf_counter(), time.process_time()
        end = json.loads(json.dumps(stream.latestOffset(start, stream.getDefaultReadLimit())))
        partitions = stream.partitions(start, end) if end != start else []
        planned, own = time.perf_counter() - began, time.process_time() - used
        rows = sum(batch.num_rows for partition in partitions for batch in stream.read(partition))
        if rows != expected:
            raise SystemExit(f"{name}: {rows} rows instead of {expected}")
        yield {
            "tags": tags, "trigger": name, "rows": rows, "offset_kb": round(len(json.dumps(end)) / 1000),
            "partitions": len(partitions), "requests": pi.stats().requests, "offset_s": round(planned, 2),
            "offset_cpu_s": round(own, 2), "seconds": round(time.perf_counter() - began, 2),
            "server_cpu_s": round(pi.cpu_seconds() - busy, 2),
        }  # fmt: skip
        start = end
