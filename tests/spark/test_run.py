"""A job without code: six loads into Delta, one of them failing; once more; backfills that die at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, Empty, Event, Fault, MockPI, PISystem, Point, ticks_of
from oracle import assert_same, expected_rows
from pi_datasource.cli import main
from pi_datasource.run import parse_job, run_job
from pi_datasource.run.backfill import Backfill
from pi_datasource.run.gate import Gate
from pi_datasource.run.hours import Hours
from pi_datasource.run.target import Target
from tests.spark.sessions import DELTA, FAST, delta_jars
from tests.spark.test_recorded import rows_of

pytestmark = pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark")

START, NOON, END = "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", "2026-01-03T00:00:00Z"
SECOND = 10_000_000
POINTS = [
    *(Point(f"A.{n}", "Float64", Dense(600.0, first=START)) for n in range(2)),
    Point("HAND", "Int32", Empty()),
]
#: Events until noon, both ends included, and those of HAND.
COUNT = 2 * 73 + 3


@pytest.fixture
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOON)) as server:
        server.system.insert("HAND", *(Event(ticks_of(START) + n * 3600 * SECOND, n) for n in range(3)))
        yield server


def job_file(pi: MockPI, folder: Path, loads: str, top: str = "") -> Path:
    file = folder / "job.yaml"
    file.write_text(
        f"server: {{url: '{pi.url}'}}\noptions: {{startTime: '{START}', settleTime: 0.1}}\n"
        f"checkpoints: {folder}/checkpoints\n{top}\nloads:\n{loads.format(lake=folder)}"
    )
    return file


def run(*words: str) -> int:
    return main(["run", *words])


def rows(spark: Any, folder: Path, name: str) -> Any:
    return spark.read.format("delta").load(str(folder / name))


def assert_is_archive(spark: Any, pi: MockPI, folder: Path, name: str, count: int, end: str = END) -> None:
    expected = expected_rows(pi.system, POINTS, START, end)
    assert expected.total() == count
    assert_same(rows_of(rows(spark, folder, name)), expected)


SIX = """\
- {{name: points, table: points, mode: refresh, target: {lake}/points, options: {{tagFilter: '*'}}}}
- {{name: batch, target: {lake}/batch, options: {{tagFilter: '*'}}}}
- {{name: broken, target: {lake}/broken, options: {{tags: 'A.0,NO.SUCH'}}}}
- {{name: stream, mode: stream, target: {lake}/stream, options: {{tagFilter: '*'}}}}
- {{name: merge, mode: merge, target: {lake}/merge, options: {{tagFilter: '*', lookback: 13h}}}}
- {{name: backfill, mode: backfill, target: {lake}/backfill, window: 8h,
    options: {{tagFilter: '*', endTime: '2026-01-01T12:00:00Z'}}}}
"""


@pytest.mark.long
def test_six_loads_one_failing_then_once_more(spark, pi, tmp_path, capsys):
    file = job_file(pi, tmp_path, SIX, f"ops: {tmp_path}/ops")
    assert run(str(file)) == 1
    told = capsys.readouterr().out
    assert "6 loads: 5 ok, 1 failed" in told
    assert "broken: 1 tag not found:\n  NO.SUCH" in told
    for name in ("batch", "stream", "merge"):
        assert_is_archive(spark, pi, tmp_path, name, COUNT)
    assert_is_archive(spark, pi, tmp_path, "backfill", COUNT - 2, NOON)
    assert sorted(row["tag"] for row in rows(spark, tmp_path, "points").collect()) == ["A.0", "A.1", "HAND"]
    # Three new events come, and nothing twice; what was edited or deleted is seen by merge alone.
    pi.system.insert("HAND", *(Event(ticks_of(START) + n * SECOND, n) for n in (20_000, 20_000, 20_001)))
    appended = expected_rows(pi.system, POINTS, START, END)
    pi.system.delete("HAND", ticks_of(START))
    pi.system.replace("A.0", Event(ticks_of(START), -1.0, substituted=True))
    assert run(str(file)) == 1
    for name in ("batch", "stream"):
        assert_same(rows_of(rows(spark, tmp_path, name)), appended)
    assert_is_archive(spark, pi, tmp_path, "merge", COUNT + 2)
    ops = rows(spark, tmp_path, "ops").orderBy("run_started", "load").collect()
    assert [(row["load"], row["status"], row["row_count"]) for row in ops] == [
        ("backfill", "ok", COUNT - 2), ("batch", "ok", COUNT), ("broken", "failed", 0), ("merge", "ok", COUNT),
        ("points", "ok", 3), ("stream", "ok", COUNT),
        ("backfill", "ok", 0), ("batch", "ok", 3), ("broken", "failed", 0), ("merge", "ok", 5), ("points", "ok", 3),
        ("stream", "ok", 3),
    ]  # fmt: skip
    assert len({row["run_id"] for row in ops}) == 2
    assert all(row["lag_seconds"] > 0 for row in ops if row["status"] == "ok" and row["load"] != "points")


@pytest.mark.long
def test_a_batch_load_whose_start_moves_leaves_no_gap(spark, pi, tmp_path):
    """A tag goes on where the table ends, which a relative startTime has left behind long ago."""

    def load(more: str) -> int:
        loads = "- {{name: b, target: {lake}/b, options: {{tags: 'HAND,A.0'" + more + "}}}}\n"
        (outcome,) = run_job(spark, parse_job(job_file(pi, tmp_path, loads).read_text()))
        assert outcome.status == "ok", outcome.message
        return outcome.rows

    assert load("") == 3 + 73
    # The mock's events are of months ago: all of them lie before this start.
    assert load(", startTime: '*-1d'") == 0
    pi.system.insert("HAND", *(Event(ticks_of(START) + n * SECOND, n) for n in (7200, 20_000, 20_001)))
    pi.set_now("2026-01-01T13:00:00Z")
    assert load(", startTime: '*-1d'") == 3 + 6
    assert load(", startTime: '*-1d'") == 0
    expected = expected_rows(pi.system, [POINTS[0], POINTS[2]], START, END)
    assert expected.total() == 6 + 79
    assert_same(rows_of(rows(spark, tmp_path, "b")), expected)


@pytest.mark.long
def test_a_tag_that_a_window_lacks_fails_the_backfill_although_others_are_skipped(spark, pi, tmp_path):
    """What onTagError=skip leaves out at the beginning is told; a window that lacks a tag would count as done."""
    loads = BACKFILL.replace("tagFilter: '*'", "tags: 'A.0,HAND,NO.SUCH', onTagError: skip").replace("3h", "6h")
    job = parse_job(job_file(pi, tmp_path, loads).read_text())
    # Both windows are asked once; the second one finds that one tag cannot be read.
    pi.faults.add(Fault(status=403, route="streams/recorded", tag="A.0", scope="sub", skip=1, count=None))
    (outcome,) = run_job(spark, job)
    assert outcome.status == "failed"
    assert "from 2026-01-01T06:00:00Z to 2026-01-01T12:00:00Z: A.0: 403" in outcome.message
    assert rows(spark, tmp_path, "history").count() == 36 + 3
    pi.faults.clear()
    (outcome,) = run_job(spark, job)
    assert (outcome.status, outcome.rows) == ("ok", 36)
    expected = expected_rows(pi.system, [POINTS[0], POINTS[2]], START, NOON)
    assert expected.total() == 72 + 3
    assert_same(rows_of(rows(spark, tmp_path, "history")), expected)


BACKFILL = """\
- {{name: history, mode: backfill, target: {lake}/history, window: 3h,
    options: {{tagFilter: '*', endTime: '2026-01-01T12:00:00Z'}}}}
"""


def appends(spark: Any, folder: Path) -> int:
    return spark.sql(f"DESCRIBE HISTORY delta.`{folder}/history`").where("operation = 'WRITE'").count()


@pytest.mark.long
def test_a_backfill_that_dies_anywhere_goes_on_and_writes_each_window_once(spark, pi, tmp_path, monkeypatch):
    job = parse_job(job_file(pi, tmp_path, BACKFILL).read_text())
    moments = iter(["before window 0", "after window 0", "before window 2"])
    moment = next(moments)
    append, note = Target.append, Backfill._note

    def dying_append(target: Target, frame: Any, **options: str) -> None:
        if moment == f"before window {options.get('txnVersion')}":
            raise RuntimeError("the process dies here")
        append(target, frame, **options)

    def dying_note(backfill: Backfill, plan: Any, progress: Any) -> None:
        if moment == f"after window {progress.done - 1}":
            raise RuntimeError("the process dies here")
        note(backfill, plan, progress)

    monkeypatch.setattr(Target, "append", dying_append)
    monkeypatch.setattr(Backfill, "_note", dying_note)
    seen = []
    while moment:
        (outcome,) = run_job(spark, job)
        assert (outcome.status, "the process dies here" in outcome.message) == ("failed", True)
        seen.append(rows(spark, tmp_path, "history").count())
        moment = next(moments, "")
        # A tag that comes while the backfill runs has no part in it; a renamed one keeps its place.
        if len(seen) == 1:
            pi.system.add(Point("NEW", "Float64", Dense(600.0, first=START)))
    assert seen == [0, 2 * 18 + 3, 2 * 36 + 3]
    (outcome,) = run_job(spark, job)
    assert (outcome.status, outcome.rows) == ("ok", 2 * 36)
    assert_is_archive(spark, pi, tmp_path, "history", COUNT - 2, NOON)
    assert appends(spark, tmp_path) == 4
    (outcome,) = run_job(spark, job)
    assert (outcome.status, outcome.rows) == ("ok", 0)
    # The same again under another name would append a second time.
    again = parse_job(job_file(pi, tmp_path, BACKFILL.replace("name: history", "name: again")).read_text())
    (outcome,) = run_job(spark, again)
    assert outcome.status == "failed"
    assert "has events of its tags in its range already" in outcome.message
    # Other settings under the old name, and another table under the old name.
    for text, told in (("window: 4h", "has begun with other settings"), ("window: 3h", "another table than")):
        if told.startswith("another"):
            spark.sql(f"DROP TABLE delta.`{tmp_path}/history`")
            import shutil

            shutil.rmtree(tmp_path / "history")
        other = parse_job(job_file(pi, tmp_path, BACKFILL.replace("window: 3h", text)).read_text())
        (outcome,) = run_job(spark, other)
        assert outcome.status == "failed"
        assert told in outcome.message


CATALOG = """\
- {{name: batch, target: lake.batch, options: {{tagFilter: '*'}}}}
- {{name: stream, mode: stream, target: lake.stream, options: {{tagFilter: '*'}}}}
- {{name: history, mode: backfill, target: lake.history, window: 3h,
    options: {{tagFilter: '*', endTime: '2026-01-01T12:00:00Z'}}}}
"""


@pytest.mark.long
def test_tables_of_a_catalog_get_each_window_once_too(spark, pi, tmp_path, monkeypatch):
    """Between a window's commit and the note of it the process dies: Delta knows the window's number by itself."""
    job = parse_job(job_file(pi, tmp_path, CATALOG, "ops: lake.ops").read_text())
    note = Backfill._note
    spark.sql("CREATE DATABASE lake")

    def dying_note(backfill: Backfill, plan: Any, progress: Any) -> None:
        if progress.done == 3:
            raise RuntimeError("the process dies here")
        note(backfill, plan, progress)

    try:
        monkeypatch.setattr(Backfill, "_note", dying_note)
        outcomes = run_job(spark, job)
        assert outcomes[-1].message == "the process dies here"
        assert [(one.status, one.rows) for one in outcomes] == [
            ("ok", COUNT), ("ok", COUNT), ("failed", 3 * 36 + 3)
        ]  # fmt: skip
        monkeypatch.setattr(Backfill, "_note", note)
        assert [(one.status, one.rows) for one in run_job(spark, job)] == [("ok", 0), ("ok", 0), ("ok", 36)]
        for name, count, end in (("batch", COUNT, END), ("stream", COUNT, END), ("history", COUNT - 2, NOON)):
            expected = expected_rows(pi.system, POINTS, START, end)
            assert expected.total() == count
            assert_same(rows_of(spark.table(f"lake.{name}")), expected)
        assert spark.sql("DESCRIBE HISTORY `lake`.`history`").where("operation = 'WRITE'").count() == 4
        assert spark.table("lake.ops").count() == 6
    finally:
        spark.sql("DROP DATABASE lake CASCADE")


@pytest.mark.long
def test_a_backfill_stays_within_its_hours_newest_first(spark, pi, tmp_path):
    job = parse_job(job_file(pi, tmp_path, BACKFILL.replace("window: 3h", "window: 6h, order: newest")).read_text())
    times = iter([datetime(2026, 1, 1, hour, tzinfo=timezone.utc) for hour in (22, 22)])
    last = [datetime(2026, 1, 1, 6, tzinfo=timezone.utc)]
    told: list[str] = []
    gate = Gate(Hours.parse(["22:00-05:00"], timezone.utc), clock=lambda: next(times, last[0]))
    (outcome,) = run_job(spark, job, gate=gate, tell=told.append)
    assert outcome.status == "paused"
    assert "the hours are over" in outcome.message
    done = rows(spark, tmp_path, "history")
    assert 0 < done.count() < COUNT
    assert done.where("timestamp < TIMESTAMP '2026-01-01T06:00:00Z'").count() == 0
    assert any("windows of 6h" in line for line in told)
    (outcome,) = run_job(spark, job)
    assert outcome.status == "ok"
    assert_is_archive(spark, pi, tmp_path, "history", COUNT - 2, NOON)


@pytest.mark.long
def test_a_killed_process_leaves_no_window_half(spark, tmp_path):
    points = [Point(f"A.{n}", "Float64", Dense(60.0, first=START)) for n in range(3)]
    with MockPI(PISystem(points, now=NOON), process=True) as pi:
        settings = {**FAST, **DELTA, "spark.master": "local[2]", "spark.sql.warehouse.dir": str(tmp_path / "warehouse")}
        settings["spark.jars"] = ",".join(map(str, delta_jars()))
        loads = BACKFILL.replace("window: 3h", "window: 1h")
        file = job_file(pi, tmp_path, loads, f"spark: {json.dumps(settings)}")
        with (tmp_path / "log").open("w") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "pi_datasource", "run", str(file)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            commits = tmp_path / "history" / "_delta_log"
            deadline = time.monotonic() + 240
            while len(list(commits.glob("*.json"))) < 4:
                assert child.poll() is None, (tmp_path / "log").read_text()[-3000:]
                assert time.monotonic() < deadline
                time.sleep(0.02)
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(60)
        before = rows(spark, tmp_path, "history").count()
        assert 0 < before < 3 * 720
        (outcome,) = run_job(spark, parse_job(file.read_text()))
        assert (outcome.status, outcome.rows) == ("ok", 3 * 720 - before)
        expected = expected_rows(pi.system, points, START, NOON)
        assert expected.total() == 3 * 720
        assert_same(rows_of(rows(spark, tmp_path, "history")), expected)


@pytest.mark.long
def test_a_stream_whose_table_is_gone_does_not_go_on(spark, pi, tmp_path):
    loads = "- {{name: s, mode: stream, target: {lake}/s, trigger: once, options: {{tags: HAND}}}}\n"
    job = parse_job(job_file(pi, tmp_path, loads).read_text())
    (outcome,) = run_job(spark, job)
    assert (outcome.status, outcome.rows) == ("ok", 3)
    import shutil

    shutil.rmtree(tmp_path / "s")
    (outcome,) = run_job(spark, job)
    assert outcome.status == "failed"
    assert "is not there any more" in outcome.message


@pytest.mark.long
def test_streams_that_go_on_end_when_asked_to_and_skipped_tags_are_told(spark, pi, tmp_path):
    loads = (
        "- {{name: on, mode: stream, trigger: 1 second, target: {lake}/on, options: {{tagFilter: '*'}}}}\n"
        "- {{name: skips, mode: batch, target: {lake}/skips, options: {{tags: 'HAND,NO.SUCH', onTagError: skip}}}}\n"
    )
    job = parse_job(job_file(pi, tmp_path, loads, "parallel: 2").read_text())
    gate = Gate()
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        if line.startswith("on: "):
            import threading

            def stop_when_there() -> None:
                deadline = time.monotonic() + 120
                table = Target(spark, str(tmp_path / "on"))
                while time.monotonic() < deadline and table.rows_since(-1) < COUNT:
                    time.sleep(0.2)
                gate.stop()

            threading.Thread(target=stop_when_there, daemon=True).start()

    on, skips = run_job(spark, job, gate=gate, tell=tell)
    assert (on.status, on.rows, on.message) == ("paused", COUNT, "stopped")
    assert (skips.status, skips.rows) == ("ok", 3)
    assert list(skips.failed_tags) == ["NO.SUCH"]
    assert_is_archive(spark, pi, tmp_path, "on", COUNT)
