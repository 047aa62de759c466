"""P10: memory is flat in the length of the range.

Each range is read whole, in one partition, by a process of its own; what counts is the peak of its memory above what
the imports alone take.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from mock_pi import Dense, MockPI, PISystem, Point

#: Reads one partition as a Spark worker does and says what it took.
WORKER = """
import json, resource, sys
from pi_datasource.datasource import PIDataSource
import pi_datasource.read.values, pyarrow, numpy, requests, pyspark.sql.types
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
source = PIDataSource(json.loads(sys.argv[1]))
reader = source.reader(schema=source.schema())
(partition,) = reader.partitions()
baseline = peak()
rows = sum(batch.num_rows for batch in reader.read(partition))
print(json.dumps({"rows": rows, "bytes": peak() - baseline}))
"""

#: Times the range. OSIPI_LONG=1 reads a hundred times as much, too, which takes minutes.
LONGER = (10, 100) if os.environ.get("OSIPI_LONG") == "1" else (10,)
#: Events in the range of 1×: 100 points, one event a second, for so many seconds.
POINTS, SECONDS = 100, 10_000


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    points = [Point(f"FLAT.{n}", ("Float64", "Float32", "Int32", "Digital")[n % 4], Dense(1.0)) for n in range(POINTS)]
    with MockPI(PISystem(points, now="2026-02-01T00:00:00Z"), process=True) as server:
        yield server


def memory_for(pi: MockPI, times: int) -> int:
    """Peak bytes above the baseline for `times` × 1 M rows in one partition."""
    options = {
        "url": pi.url,
        "tagfilter": "FLAT.*",
        "starttime": "2026-01-01T00:00:00Z",
        "endtime": f"2026-01-01 +{SECONDS * times}s",
        "numpartitions": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", WORKER, json.dumps(options)], capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    assert told["rows"] == POINTS * SECONDS * times
    return int(told["bytes"])


@pytest.mark.slow
def test_p10_memory_is_flat_in_the_length_of_the_range(pi, record_property):
    # A peak depends on which answers happen to meet. Long ranges see many meetings, so the short one gets three runs.
    peaks = {1: max(memory_for(pi, 1) for _ in range(3)), **{times: memory_for(pi, times) for times in LONGER}}
    record_property("peak_bytes", peaks)
    sys.stdout.write("".join(f"{times:>4}× {peak / 1e6:7.1f} MB above the imports\n" for times, peak in peaks.items()))
    assert max(peaks.values()) <= 1.2 * peaks[1], peaks
