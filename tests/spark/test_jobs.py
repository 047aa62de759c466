"""What Spark does to jobs: retries tasks, runs two copies of one, cancels, stops early, keeps and combines results."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, Fault, MockPI, PISystem, Point
from oracle import assert_same, expected_rows
from tests.spark.test_recorded import load, rows_of

#: Also run on the other Spark versions.
versions = pytest.mark.spark_versions

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
POINTS = [*(Point(f"T.{n}", "Float64", Dense(60.0)) for n in range(6)), Point("TEN.YEARS", "Float64", Dense(60.0))]
TAGS = json.dumps([point.name for point in POINTS[:6]])


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOW)) as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh(pi: MockPI) -> Iterator[None]:
    pi.reset_stats()
    yield
    pi.faults.clear()
    pi.set(delay=0.0)


@versions
@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("rows", [1_000, 50_000])
def test_limit_and_show_stop_after_a_page_or_two(spark, pi, capsys, partitions, rows):
    """Of ten years, in 5,000 pages or 100: of one task, as Spark runs only one, and what is in flight beside."""
    options = {"startTime": "2016-01-01", "rowsPerResponse": rows, "numPartitions": partitions, "concurrency": 4}
    frame = load(spark, pi, tags="TEN.YEARS", **options)
    frame.limit(1).collect()  # Spark is slow at first
    for look in (lambda: len(frame.limit(10).collect()), lambda: len(frame.take(10)), lambda: frame.show(20)):
        # Where it is planned; Spark keeps the plan of a DataFrame, and plans each limit of it anew.
        time.sleep(0.3)
        pi.reset_stats()
        assert look() in (10, None)
        pages = pi.stats().by_route["streams/recorded"]
        # Thirteen at most were seen, on a busy machine: how long Spark takes to end the task is its own affair.
        assert 1 <= pages <= 25
        time.sleep(0.5)
        # Those that were in flight.
        assert pi.stats().by_route["streams/recorded"] <= pages + 4
        assert pi.stats().requests <= pages + 4 + 4
    assert "only showing top 20 rows" in capsys.readouterr().out


@pytest.mark.parametrize("partitions", [1, pytest.param(4, marks=pytest.mark.long)])
def test_a_cancelled_job_asks_no_more(spark, pi, partitions):
    frame = load(spark, pi, tags="TEN.YEARS", startTime="2016-01-01", rowsPerResponse=1000, numPartitions=partitions)
    failed: list[Exception] = []

    def run() -> None:
        spark.sparkContext.setJobGroup("cancelled", "a read that is cancelled", interruptOnCancel=True)
        try:
            frame.write.format("noop").mode("overwrite").save()
        except Exception as error:  # Py4J's own
            failed.append(error)

    pi.set(delay=0.05)
    job = threading.Thread(target=run)
    job.start()
    deadline = time.monotonic() + 60
    while pi.stats().requests < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    spark.sparkContext.cancelJobGroup("cancelled")
    job.join(60)
    assert failed
    time.sleep(1.5)
    asked = pi.stats().requests
    time.sleep(1.5)
    assert pi.stats().requests - asked == 0
    assert 20 <= asked < 2000


@pytest.mark.long
def test_a_stopped_stream_asks_no_more(spark, pi, tmp_path):
    options = {"url": pi.url, "tags": "TEN.YEARS", "startTime": "2016-01-01", "rowsPerResponse": 1000, "settleTime": 0}
    frame = spark.readStream.format("osipi").options(**options).load()
    pi.set(delay=0.05)
    query = frame.writeStream.format("noop").option("checkpointLocation", str(tmp_path)).start()
    deadline = time.monotonic() + 60
    while pi.stats().by_route.get("streams/recorded", 0) < 20 and time.monotonic() < deadline:
        time.sleep(0.05)
    query.stop()
    time.sleep(1.5)
    asked = pi.stats().requests
    time.sleep(1.5)
    assert pi.stats().requests - asked == 0
    assert 20 <= asked < 2000


@versions
def test_one_failure_of_a_task_is_the_end_where_none_is_allowed(spark, pi):
    """`local[2]` allows none: what passes is healed below Spark, and what does not, fails by name."""
    pi.faults.add(Fault(status=503, route="batch", skip=1, count=3))
    frame = load(spark, pi, tags=TAGS, numPartitions=2, pageSize=100)
    assert_same(rows_of(frame), expected_rows(pi.system, POINTS[:6], START, END))
    assert pi.faults.fired == 3
    pi.faults.add(Fault(status=403, route="streams/recorded", scope="sub", tag="T.3"))
    with pytest.raises(Exception, match=r"T\.3[\s\S]*403"):
        load(spark, pi, tags=TAGS, numPartitions=2, pageSize=100).count()
    assert pi.faults.fired == 4


@versions
def test_what_is_kept_is_not_asked_again(spark, pi):
    frame = load(spark, pi, tags=TAGS, numPartitions=2).cache()
    expected = expected_rows(pi.system, POINTS[:6], START, END)
    assert_same(rows_of(frame), expected)
    asked = pi.stats().requests
    # In the cache are the columns of the first read, so that nothing is asked for others.
    assert frame.where("value is not null").count() + frame.where("value is null").count() == expected.total()
    assert frame.union(frame).count() == 2 * expected.total()
    assert pi.stats().requests == asked
    frame.unpersist()


@versions
def test_one_frame_in_many_places(spark, pi):
    """Each use of a DataFrame reads the same range: `*` was resolved once."""
    frame = load(spark, pi, tags=TAGS, startTime="*-1d", endTime="*", numPartitions=2)
    spark.sparkContext.setJobGroup("", "")
    assert frame.exceptAll(frame).count() == 0
    pairs = frame.alias("a").join(frame.alias("b"), ["tag", "ticks", "seq"], "full_outer")
    assert pairs.where("a.value <=> b.value").count() == pairs.count() == frame.count()
    frame.createOrReplaceTempView("jobs_frame")
    query = """
        WITH one AS (SELECT * FROM jobs_frame WHERE tag = 'T.1'), two AS (SELECT * FROM jobs_frame WHERE tag <> 'T.1')
        SELECT (SELECT count(*) FROM one) + (SELECT count(*) FROM two) - (SELECT count(*) FROM jobs_frame)
    """
    assert spark.sql(query).first()[0] == 0


#: A driver of its own that allows failures of tasks, and runs slow ones twice.
DRIVER = """
import json, sys
from tests.spark.sessions import start_session
given = json.loads(sys.argv[1])
spark = start_session("local[2,4]", given["folder"])
frame = spark.read.format("osipi").options(**given["options"]).load()
rows = frame.groupBy("tag").count().collect()
print("ROWS " + json.dumps({row["tag"]: row["count"] for row in rows}))
again = frame.selectExpr("count(*)", "count(distinct tag, ticks, seq)").first()
print("AGAIN " + json.dumps(list(again)))
spark.stop()
"""


if os.environ.get("OSIPI_KILLS") == "long":  # a Spark of its own takes longer than all tests above

    def test_a_failed_task_is_run_again_and_its_rows_come_once(pi, tmp_path):
        pi.faults.add(Fault(status=403, route="streams/recorded", scope="sub", tag="T.2", skip=3))
        options = {
            "url": pi.url,
            "tags": TAGS,
            "startTime": START,
            "endTime": END,
            "numPartitions": "3",
            "pageSize": "200",
        }
        given = json.dumps({"options": options, "folder": str(tmp_path)})
        done = subprocess.run(
            [sys.executable, "-c", DRIVER, given],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        told = {
            line.split(" ", 1)[0]: json.loads(line.split(" ", 1)[1]) for line in done.stdout.splitlines() if " " in line
        }
        assert pi.faults.fired == 1
        assert told["ROWS"] == {f"T.{n}": 1440 for n in range(6)}
        assert told["AGAIN"] == [6 * 1440, 6 * 1440]


#: The same on a cluster of two hosts: a task that takes long is run a second time, beside the first.
SPECULATING = """
import json, pickle, sys
from tests.spark.sessions import start_session
from tests.spark.test_recorded import rows_of
given = json.loads(sys.argv[1])
spark = start_session(given["master"], given["folder"], given["conf"])
frame = spark.read.format("osipi").options(**given["options"]).load()
with open(given["rows"], "wb") as file:
    pickle.dump(rows_of(frame), file)
spark.stop()
"""


@pytest.mark.long
def test_speculation_two_copies_of_a_task_on_two_hosts(pi, tmp_path):
    from tests.spark.cluster import HOSTS, two_hosts

    # One page of one tag takes its time, once: the copy of the task, which asks the same again, has it at once.
    pi.faults.add(Fault(kind="slow", delay=45.0, route="streams/recorded", tag="T.2", skip=2))
    events = tmp_path / "events"
    events.mkdir()
    conf = {
        "spark.speculation": "true", "spark.speculation.interval": "200ms", "spark.speculation.multiplier": "1.1",
        "spark.speculation.quantile": "0.5", "spark.speculation.minTaskRuntime": "1s", "spark.driver.host": HOSTS[0],
        "spark.executor.memory": "500m", "spark.executor.cores": "1", "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(), "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }  # fmt: skip
    options = {
        "url": pi.url, "tags": "T.0,T.1,T.2,T.3", "startTime": START, "endTime": END, "numPartitions": "4",
        "pageSize": "200",
    }  # fmt: skip
    with two_hosts(tmp_path) as master:
        given = {"master": master, "folder": str(tmp_path), "conf": conf, "options": options}
        done = subprocess.run(
            [sys.executable, "-c", SPECULATING, json.dumps({**given, "rows": str(tmp_path / "rows")})],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "SPARK_LOCAL_IP": HOSTS[0]},
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert pi.faults.fired == 1
    assert_same(pickle.loads((tmp_path / "rows").read_bytes()), expected_rows(pi.system, POINTS[:4], START, END))
    (log,) = [file for file in events.iterdir() if file.is_file()]
    told = [json.loads(line) for line in log.read_text().splitlines()]
    begun = [one["Task Info"] for one in told if one["Event"] == "SparkListenerTaskStart"]
    assert [one["Speculative"] for one in begun].count(True) >= 1
    copy = next(one for one in begun if one["Speculative"])
    pair = [one for one in begun if one["Index"] == copy["Index"]]
    assert {one["Host"] for one in pair} == set(HOSTS)
    ended = [
        one for one in told if one["Event"] == "SparkListenerTaskEnd" and one["Task Info"]["Index"] == copy["Index"]
    ]
    # Both at once: the first one was still at it when the copy had all, and was killed, if the job was not over before.
    reasons = {one["Task Info"]["Speculative"]: one["Task End Reason"]["Reason"] for one in ended}
    assert reasons in ({True: "Success"}, {True: "Success", False: "TaskKilled"})


def test_two_copies_of_a_task_at_once_and_a_third_given_up(pi):
    """The same without Spark: each brings the same rows, also when another one is given up in the middle."""
    from pi_datasource.datasource import PIDataSource

    texts = {"url": pi.url, "tags": TAGS, "starttime": START, "endtime": END, "numpartitions": "1", "pagesize": "200"}
    source = PIDataSource(texts)
    reader = source.reader(schema=source.schema())
    (partition,) = reader.partitions()
    found: list[Any] = []
    copies = [threading.Thread(target=lambda: found.append(list(reader.read(partition)))) for _ in range(2)]
    given_up = reader.read(partition)
    next(given_up)
    for copy in copies:
        copy.start()
    given_up.close()
    for copy in copies:
        copy.join(60)
    from oracle import actual_rows

    expected = expected_rows(pi.system, POINTS[:6], START, END)
    assert len(found) == 2
    for batches in found:
        assert_same(actual_rows(batches), expected)
