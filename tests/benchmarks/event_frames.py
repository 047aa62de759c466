"""How fast: 50,000 event frames with 10 attributes each, from a server that takes 50 ms for every answer.

    python tests/benchmarks/event_frames.py [--frames 50000] [--attributes 10] [--delay 0.05]

Pages are the vendor's default of 1,000. The reader runs in this process, without Spark, one partition after the other,
so Spark's side by side is not counted in its favour. Rows are counted; requests are as the server counted them. The
reader's own seconds of processor are told, too: on a busy machine the rest is waiting for the others.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # from a checkout that is not installed, too

from mock_pi import MockPI, PISystem  # noqa: E402
from mock_pi.af import AFServer, Database, Element  # noqa: E402
from mock_pi.af.eventframedemo import many_frames, many_template  # noqa: E402
from pi_datasource.datasource import PIDataSource  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=50_000)
    parser.add_argument("--attributes", type=int, default=10, help="of each frame")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds from request to answer")
    parser.add_argument("--concurrency", type=int, default=4, help="requests in flight of one task")
    asked = parser.parse_args()
    frames = many_frames(asked.frames, attributes=asked.attributes, elements=["Plant"], open_frames=3)
    database = Database("DB", [Element("Plant")], templates=[many_template(asked.attributes)], event_frames=frames)
    system = PISystem(af=[AFServer("AF", [database])], now="2027-06-01T00:00:00Z")
    with MockPI(system, process=True, delay=asked.delay) as pi:
        for table, wanted in (
            ("event_frames", asked.frames), ("event_frame_attributes", asked.frames * asked.attributes)
        ):  # fmt: skip
            pi.reset_stats()
            started, worked = time.perf_counter(), time.process_time()
            source = PIDataSource({
                "url": pi.url, "table": table, "starttime": "2026-01-01", "endtime": "2027-06-01",
                "concurrency": str(asked.concurrency),
            })  # fmt: skip
            reader = source.reader(source.schema())
            partitions = reader.partitions()
            planned = time.perf_counter() - started
            rows = sum(batch.num_rows for partition in partitions for batch in reader.read(partition))
            took = time.perf_counter() - started
            worked = time.process_time() - worked
            stats = pi.stats()
            if rows != wanted:
                sys.exit(f"{table}: {rows} rows instead of {wanted}")
            sys.stdout.write(
                f"{table:24} {rows:8,} rows in {took:6.2f} s ({planned:.2f} s of it planning; {worked:.2f} s of "
                f"processor), {len(partitions)} partitions, {stats.requests:,} HTTP requests\n"
            )


if __name__ == "__main__":
    main()
