"""How fast a large tree comes: 100,000 elements and 300,000 attributes at 50 ms an answer. Rows are counted.

    python tests/benchmarks/hierarchy.py [--elements 100000] [--delay 0.05]

The reader is driven without Spark, its partitions one after the other, each with its requests in flight; the server is
a process of its own with the vendor's page of 1,000.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # from a checkout that is not installed, too

from mock_pi import MockPI, PISystem, Point  # noqa: E402
from mock_pi.af import AFServer, plant  # noqa: E402
from pi_datasource.datasource import PIDataSource  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elements", type=int, default=100_000, help="about so many")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds before each answer")
    asked = parser.parse_args()
    fan_out = (10, 100, max(1, asked.elements // 1000))
    elements = fan_out[0] * (1 + fan_out[1] * (1 + fan_out[2]))
    tree = plant(fan_out, attributes=3, tags=["A"], name="Large")
    told = sys.stdout.write
    with MockPI(PISystem([Point("A")], af=[AFServer("AF", [tree])]), process=True, delay=asked.delay) as pi:
        told(f"{'table':14}{'rows':>10}{'partitions':>12}{'requests':>10}{'seconds':>9}\n")
        for table, rows in (("elements", elements), ("attributes", 3 * elements)):
            pi.reset_stats()
            began = time.perf_counter()
            source = PIDataSource({"url": pi.url, "table": table, "database": "Large"})
            reader = source.reader(source.schema())
            partitions = reader.partitions()
            got = sum(batch.num_rows for partition in partitions for batch in reader.read(partition))
            if got != rows:
                sys.exit(f"{table}: {got} rows instead of {rows}")
            seconds = time.perf_counter() - began
            told(f"{table:14}{got:10,}{len(partitions):12}{pi.stats().requests:10}{seconds:9.1f}\n")


if __name__ == "__main__":
    main()
