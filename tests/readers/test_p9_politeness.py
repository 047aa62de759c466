"""P9: `requestsPerSecond` and `maxInFlight` hold for the whole job, its planning included; the mock counts.

Partitions are read by several threads, and by several processes that get reader and partition as Spark's workers do.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mock_pi import Every, Fault, MockPI, PISystem, Point
from oracle import actual_rows, assert_same, expected_rows

START, END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
NOW = "2026-01-03T00:00:00Z"

POINTS = [Point(f"TAG.{n:02}", "Float64", Every(step_ticks=72_000_000_000 + n, first=START)) for n in range(24)]
NAMES = json.dumps([point.name for point in POINTS])

#: What a worker process does, job after job as Spark's do: unpickles reader and partitions, reads, hands back.
WORKER = """
import pickle, sys, warnings
warnings.simplefilter("error")
import pyarrow as pa
import pi_datasource.datasource, pi_datasource.reader, requests
for line in sys.stdin:
    source, target = line.split()
    if source != "-":
        with open(source, "rb") as file:
            reader, partitions = pickle.load(file)
        batches = [batch for partition in partitions for batch in reader.read(partition)]
        with pa.OSFile(target, "wb") as file, pa.ipc.new_file(file, batches[0].schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
    print("done", flush=True)
"""
#: Workers of a job.
WORKERS = 3

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def served() -> Iterator[MockPI]:
    """A server in a process of its own, so that what it counts is not held up by the readers."""
    with MockPI(PISystem(POINTS, now=NOW), process=True) as pi:
        yield pi


@pytest.fixture
def pi(served: MockPI) -> Iterator[MockPI]:
    """The server, counting from nothing."""
    served.faults.clear()
    served.set(delay=0.0, rate_limit=None, rate_retry_after=None)
    time.sleep(1.0)  # what an earlier test asked is more than a second ago
    served.reset_stats()
    yield served
    served.faults.clear()


@pytest.fixture(scope="module", autouse=True)
def temp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The temp folder of this process and its workers: where the processes of a job meet."""
    folder = tmp_path_factory.mktemp("temp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", None)
        yield folder


@pytest.fixture(scope="module")
def workers(temp: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Worker processes that have imported all they need."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(temp)}
    with contextlib.ExitStack() as stack:
        started = []
        for _ in range(WORKERS):
            child = subprocess.Popen(
                [sys.executable, "-c", WORKER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
                text=True,
            )
            stack.callback(child.wait, 60)
            stack.callback(child.stdout.close)  # type: ignore[union-attr]
            stack.callback(child.stdin.close)  # type: ignore[union-attr]
            started.append(child)
            tell(child, "- -")
        assert [answer_of(child) for child in started] == ["done"] * WORKERS
        yield started


def tell(child: subprocess.Popen[str], words: str) -> None:
    assert child.stdin is not None
    child.stdin.write(words + "\n")
    child.stdin.flush()


def answer_of(child: subprocess.Popen[str]) -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def read_by_threads(planner: Any, partitions: list[Any], workers: int) -> list[pa.RecordBatch]:
    """Each partition with a reader of its own, `workers` at a time, as local Spark does."""
    sent = pickle.dumps(planner)

    def read(partition: Any) -> list[pa.RecordBatch]:
        return list(pickle.loads(sent).read(pickle.loads(pickle.dumps(partition))))

    with ThreadPoolExecutor(workers) as pool:
        return [batch for batches in pool.map(read, partitions) for batch in batches]


def read_by_processes(planner: Any, partitions: list[Any], workers: list[Any], folder: Path) -> list[pa.RecordBatch]:
    """The partitions dealt out to the worker processes, which read at the same time."""
    for number, child in enumerate(workers):
        source, target = folder / f"{number}.pickle", folder / f"{number}.arrow"
        source.write_bytes(pickle.dumps((planner, partitions[number :: len(workers)])))
        tell(child, f"{source} {target}")
    batches = []
    for number, child in enumerate(workers):
        assert answer_of(child) == "done"
        with pa.OSFile(str(folder / f"{number}.arrow"), "rb") as file:
            batches += pa.ipc.open_file(file).read_all().to_batches()
    return batches


@dataclass
class Job:
    """Plans and reads all, by threads or by processes."""

    driver: Any
    workers: list[Any]
    folder: Path

    def read(self, **options: Any) -> tuple[list[pa.RecordBatch], float]:
        """The batches, and the seconds it took."""
        started = time.monotonic()
        planner = self.driver.reader(tags=NAMES, startTime=START, endTime=END, numPartitions=8, **options)
        partitions = planner.partitions()
        assert len(partitions) == 8
        if self.workers:
            batches = read_by_processes(planner, partitions, self.workers, self.folder)
        else:
            batches = read_by_threads(planner, partitions, WORKERS)
        return batches, time.monotonic() - started


@pytest.fixture(params=["threads", "processes"])
def job(request: pytest.FixtureRequest, driver: Any, tmp_path: Path) -> Job:
    """A job of either kind."""
    return Job(driver, request.getfixturevalue("workers") if request.param == "processes" else [], tmp_path)


@pytest.fixture
def job_of_processes(driver: Any, tmp_path: Path, workers: list[Any]) -> Job:
    """A job that several processes read."""
    return Job(driver, workers, tmp_path)


#: How many more requests may arrive in a second than left in one, with other tests beside.
LATE = 1.34


@pytest.mark.parametrize("storm", [False, True], ids=["calm", "429 storm"])
def test_p9_requests_per_second(pi, job, storm):
    rate = 20
    if storm:
        pi.faults.add(Fault(status=429, count=None, probability=0.2, seed=45))
        pi.faults.add(Fault(status=429, scope="sub", count=None, probability=0.05, seed=45))
    batches, seconds = job.read(url=pi.url, requestsPerSecond=rate, pageSize=3)
    assert_same(actual_rows(batches), expected_rows(pi.system, POINTS, START, END))
    stats = pi.stats()
    # Enough requests for the ceiling to matter, and use was made of it.
    assert stats.requests >= 2 * rate
    # Requests leave at their times; on a busy machine some arrive late, and then close to the next ones.
    assert stats.max_per_second <= rate * LATE
    assert stats.requests <= rate * (seconds + 1)
    assert stats.max_per_second >= rate // 2
    assert seconds >= stats.requests / rate - 1
    if storm:
        assert pi.faults.fired >= 5


@pytest.mark.parametrize("storm", [False, True], ids=["calm", "429 storm"])
@pytest.mark.parametrize("ceiling", [1, 3])
def test_p9_max_in_flight(pi, job, ceiling, storm):
    if storm:
        pi.faults.add(Fault(status=429, count=None, probability=0.2, seed=45))
    pi.set(delay=0.02)
    batches, _ = job.read(url=pi.url, maxInFlight=ceiling, pageSize=4)
    assert_same(actual_rows(batches), expected_rows(pi.system, POINTS, START, END))
    assert pi.stats().max_in_flight == ceiling
    if storm:
        assert pi.faults.fired >= 5


def test_p9_both_ceilings(pi, job_of_processes):
    pi.set(delay=0.3)
    batches, _ = job_of_processes.read(url=pi.url, requestsPerSecond=15, maxInFlight=3, concurrency=8, pageSize=6)
    assert_same(actual_rows(batches), expected_rows(pi.system, POINTS, START, END))
    stats = pi.stats()
    # Three at a time, each taking 0.3 s, are ten in a second: less than the other ceiling.
    assert stats.max_in_flight == 3
    assert stats.requests >= 20
    assert stats.max_per_second <= 13 * LATE


def test_p9_planning_and_reading_share_one_ceiling(pi, driver):
    """A job whose planning has just used the second up waits with its first page."""
    options = {"url": pi.url, "tags": NAMES, "startTime": START, "endTime": END, "requestsPerSecond": 3}
    started = time.monotonic()
    # A list of data servers, a look-up, a batch of counts, two batches of values.
    reading = driver.read(**options, rowsPerPartition=400, numPartitions=2)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, POINTS, START, END))
    stats = pi.stats()
    assert stats.requests == 5
    assert stats.max_per_second <= 3 * LATE
    assert time.monotonic() - started >= 4 / 3


@pytest.mark.parametrize("retry_after", [None, "1"], ids=["without Retry-After", "Retry-After"])
def test_p9_a_server_that_limits_by_itself(pi, job, retry_after):
    """No ceiling of ours, and the server answers 429 beyond 8 requests in a second: all rows all the same."""
    pi.set(rate_limit=8, rate_retry_after=retry_after)
    batches, _ = job.read(url=pi.url, pageSize=6)
    assert_same(actual_rows(batches), expected_rows(pi.system, POINTS, START, END))
    stats = pi.stats()
    assert stats.requests > 8 + stats.by_route["dataservers"]
    # What was answered with rows fits the server's limit, so refusals must have been among the rest.
    assert stats.max_per_second > 8


def test_p9_a_server_that_counts_sub_requests(pi, driver):
    """429 inside of batches: those questions alone are asked again."""
    pi.set(rate_limit=40, rate_counts_sub=True)
    try:
        reading = driver.read(url=pi.url, tags=NAMES, startTime=START, endTime=END, numPartitions=1, pageSize=6)
    finally:
        pi.set(rate_counts_sub=False)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, POINTS, START, END))
    # Without 429 three pages of 24 tags would do.
    assert pi.stats().sub_requests > 3 * 24


def test_p9_without_ceilings_nothing_is_written_to_the_temp_folder(pi, job, temp):
    before = list(temp.rglob("*"))
    pi.set(delay=0.02)
    batches, _ = job.read(url=pi.url, pageSize=6)
    assert_same(actual_rows(batches), expected_rows(pi.system, POINTS, START, END))
    assert pi.stats().max_in_flight > 1
    assert list(temp.rglob("*")) == before


def test_p9_with_ceilings_the_job_meets_in_one_private_folder(pi, job_of_processes, temp):
    """The other side of the test above: it looks where the files would be."""
    before = set(temp.glob("*/*"))
    batches, _ = job_of_processes.read(url=pi.url, requestsPerSecond=50, maxInFlight=4)
    assert_same(actual_rows(batches), expected_rows(pi.system, POINTS, START, END))
    (folder,) = set(temp.glob("*/*")) - before
    assert folder.stat().st_mode & 0o077 == folder.parent.stat().st_mode & 0o077 == 0
    files = {file.name for file in folder.iterdir()}
    assert {"next", "queue"} < files <= {"next", "queue", "place-0", "place-1", "place-2", "place-3"}
