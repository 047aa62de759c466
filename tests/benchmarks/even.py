"""How fast: 200 points × 5,000 events through Spark, beside the mock alone. Rows are counted in every run.

    python tests/benchmarks/even.py [--points 200] [--events 5000] [--rounds 5]

Three ways, alternating, in one run against one server process: the server's bodies fetched and thrown away; the
reader without Spark, in this process; Spark (`local[2]`, no-op sink). Machines are noisy: read the ratios.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # from a checkout that is not installed, too

from mock_pi import Dense, MockPI, PISystem, Point, text_of, ticks_of  # noqa: E402
from pi_datasource.datasource import PIDataSource  # noqa: E402

START = "2026-01-01T00:00:00Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200)
    parser.add_argument("--events", type=int, default=5000, help="of each point")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    points = [
        Point(f"EVEN.{n}", ("Float64", "Float32", "Int32", "Digital")[n % 4], Dense(1.0)) for n in range(asked.points)
    ]
    rows = asked.points * asked.events
    with MockPI(PISystem(points, now="2026-02-01T00:00:00Z"), process=True) as pi:
        options = {
            "url": pi.url, "tagFilter": "EVEN.*", "startTime": START, "endTime": f"2026-01-01 +{asked.events}s",
            "numPartitions": "2",
        }  # fmt: skip
        ways: dict[str, Callable[[], int]] = {
            "server alone, one connection": bodies_alone(pi, points, asked.events),
            "reader without Spark": lambda: read_here(options),
            "Spark local[2], no-op sink": through_spark(options),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(asked.rounds + 1):
            for name, way in ways.items():
                started = time.perf_counter()
                got = way()
                if got != rows:
                    sys.exit(f"{name}: {got} rows instead of {rows}")
                if number:  # the first round warms up
                    seconds[name].append(time.perf_counter() - started)
    sys.stdout.write(
        f"{rows:,} rows ({asked.points} points × {asked.events} events), median of {asked.rounds} rounds\n"
    )
    for name, took in seconds.items():
        median = statistics.median(took)
        sys.stdout.write(f"{name:30} {median:6.2f} s  {rows / median / 1e6:6.2f} M rows/s  (best {min(took):.2f} s)\n")


def bodies_alone(pi: MockPI, points: list[Point], events: int) -> Callable[[], int]:
    """Fetches the same rows by batch requests of 100 points × 500 events and only counts them."""
    import msgspec
    import requests

    items = requests.get(
        f"{pi.url}/points/multiple", params=[("path", f"\\\\MOCKPI\\{p.name}") for p in points], timeout=60
    )
    ids = [item["Object"]["WebId"] for item in items.json()["Items"]]
    session = requests.Session()

    def fetch() -> int:
        rows = 0
        for first in range(0, len(ids), 100):
            for page in range(0, events, 500):
                begin = ticks_of(START) + page * 10**7
                last = begin + (min(500, events - page) - 1) * 10**7
                fields = ["Timestamp", "Value", "Good", "Questionable", "Substituted", "Annotated"]
                query = (
                    f"startTime={text_of(begin)}&endTime={text_of(last)}&maxCount=500"
                    f"&selectedFields={';'.join(f'Items.{name}' for name in fields)}"
                )
                asks = {
                    str(n): {"Method": "GET", "Resource": f"{pi.url}/streams/{web_id}/recorded?{query}"}
                    for n, web_id in enumerate(ids[first : first + 100])
                }
                headers = {"X-Requested-With": "x", "Content-Type": "application/json"}
                with session.post(
                    f"{pi.url}/batch", msgspec.json.encode(asks), headers=headers, stream=True, timeout=60
                ) as r:
                    rows += r.raw.read(decode_content=True).count(b'"Timestamp"')
        return rows

    return fetch


def read_here(options: dict[str, str]) -> int:
    """Plans and reads in this process, one partition after the other."""
    source = PIDataSource({name.lower(): value for name, value in options.items()})
    reader = source.reader(schema=source.schema())
    return sum(batch.num_rows for partition in reader.partitions() for batch in reader.read(partition))


def through_spark(options: dict[str, str]) -> Callable[[], int]:
    """Reads into the no-op sink; the rows are counted by an accumulator-free observation of Spark's own."""
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    from pyspark.sql import Observation, SparkSession
    from pyspark.sql import functions as F

    builder: Any = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")

    def read() -> int:
        counted = Observation()
        frame = spark.read.format("osipi").options(**options).load().observe(counted, F.count("*").alias("rows"))
        frame.write.format("noop").mode("overwrite").save()
        return int(counted.get["rows"])

    return read


if __name__ == "__main__":
    main()
