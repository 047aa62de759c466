"""What a trigger costs: 100,000 tags, 1 % of them with news. Rows are counted.

    python tests/benchmarks/stream_cost.py [--tags 100000] [--news 0.01] [--delay 0.05]

The stream reader is driven as Spark drives it, in this process, without Spark; the server is a process of its own and
waits `--delay` before each answer. Printed: the offset's size, the wall time of each trigger, and our own time in it
(CPU seconds of this process: what is not waiting for the server).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # from a checkout that is not installed, too

from mock_pi import Dense, Every, MockPI, PISystem, Point  # noqa: E402
from pi_datasource.datasource import PIDataSource  # noqa: E402

START = "2026-01-01T00:00:00Z"
#: Every tag has one event soon after the start; those with news speak once a minute.
FIRST = "2026-01-01T00:00:30Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tags", type=int, default=100_000)
    parser.add_argument("--news", type=float, default=0.01, help="part of the tags that have news at a trigger")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds before each answer")
    asked = parser.parse_args()
    lively = round(asked.tags * asked.news)
    points = [
        *(Point(f"LIVELY.{n}", "Float64", Dense(60.0, first=FIRST)) for n in range(lively)),
        *(Point(f"QUIET.{n}", "Float64", Every(count=1, first=FIRST)) for n in range(asked.tags - lively)),
    ]
    with MockPI(PISystem(points, now="2026-01-01T00:01:00Z"), process=True, delay=asked.delay) as pi:
        options = {"url": pi.url, "tagFilter": "*", "startTime": START, "settleTime": "0", "pollInterval": "0"}
        source = PIDataSource({name.lower(): value for name, value in options.items()})
        stream = source.streamReader(source.schema())
        start: dict[str, Any] = stream.initialOffset()
        told = sys.stdout.write
        told(f"{asked.tags:,} tags, {lively:,} with news at a trigger, {asked.delay * 1000:.0f} ms before an answer\n")
        told(f"{'trigger':28}{'rows':>9}{'offset kB':>11}{'partitions':>12}{'requests':>10}{'wall s':>9}{'own s':>8}\n")
        triggers = [
            ("first, tags are looked up", "2026-01-01T00:01:00Z", asked.tags),
            ("no news", "2026-01-01T00:01:10Z", 0),
            ("1 event of each lively tag", "2026-01-01T00:01:40Z", lively),
            ("5 events of each lively tag", "2026-01-01T00:06:40Z", lively * 5),
        ]
        for name, now, expected in triggers:
            pi.set_now(now)
            pi.reset_stats()
            began, used = time.perf_counter(), time.process_time()
            end = json.loads(json.dumps(stream.latestOffset(start, stream.getDefaultReadLimit())))
            partitions = stream.partitions(start, end) if end != start else []
            planned = time.process_time() - used
            rows = sum(batch.num_rows for partition in partitions for batch in stream.read(partition))
            if rows != expected:
                sys.exit(f"{name}: {rows} rows instead of {expected}")
            wall, size = time.perf_counter() - began, len(json.dumps(end)) / 1000
            told(
                f"{name:28}{rows:9,}{size:11.0f}{len(partitions):12}{pi.stats().requests:10}{wall:9.2f}{planned:8.2f}\n"
            )
            start = end


if __name__ == "__main__":
    main()
