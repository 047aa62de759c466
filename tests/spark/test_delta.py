"""P4: what comes late, is edited or deleted inside the window ends up in the Delta table as in the archive."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, Empty, Event, MockPI, PISystem, Point, ticks_of
from oracle import assert_same, expected_rows
from pi_datasource.delta import create_table, merge_changes
from pi_datasource.errors import PISchemaError
from tests.spark.test_recorded import rows_of

pytestmark = pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark")

START, NOON, END = "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", "2026-01-03T00:00:00Z"
SECOND = 10_000_000

POINTS = [
    Point("A", "Float64", Dense(120.0, first=START)),
    Point("B", "Digital", Dense(600.0, first=START)),
    Point("HAND", "Float64", Empty(), point_id=900),
    Point("QUIET", "Int32", Empty(), point_id=901),
]
#: Events of these points until noon, both ends included, and those inserted.
COUNT = 361 + 73 + 60 + 2


@pytest.fixture
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOON)) as server:
        server.system.insert("HAND", *(Event(ticks_of(START) + n * 600 * SECOND, float(n)) for n in range(60)))
        server.system.insert("QUIET", Event(ticks_of(START) + SECOND, 1), Event(ticks_of(START) + 2 * SECOND, 2))
        yield server


class Merged:
    """A stream that merges into a Delta table, run again and again."""

    def __init__(self, spark: Any, pi: MockPI, folder: Path) -> None:
        self.spark, self.pi, self.folder = spark, pi, folder
        self.table, self.checkpoint = str(folder / "table"), str(folder / "checkpoint")

    def run(self, *, into: Any = None, **options: Any) -> None:
        options = {
            "url": self.pi.url, "tagFilter": "*", "startTime": START, "settleTime": 0.1, "lookback": "13h",
            **options,
        }  # fmt: skip
        frame = self.spark.readStream.format("osipi").options(**options).load()
        writer = frame.writeStream.foreachBatch(into or merge_changes(self.table))
        writer.option("checkpointLocation", self.checkpoint).trigger(availableNow=True).start().awaitTermination()

    def rows(self) -> Any:
        return self.spark.read.format("delta").load(self.table)

    def assert_is_archive(self, count: int) -> None:
        expected = expected_rows(self.pi.system, self.pi.system.points, START, END)
        assert expected.total() == count
        assert_same(rows_of(self.rows()), expected)

    @property
    def commits(self) -> int:
        return self.spark.sql(f"DESCRIBE HISTORY delta.`{self.table}`").filter("operation = 'MERGE'").count()


@pytest.fixture
def merged(spark: Any, pi: MockPI, tmp_path: Path) -> Merged:
    return Merged(spark, pi, tmp_path)


def test_p4_late_edited_and_deleted_events_end_up_as_in_the_archive(merged, pi):
    merged.run()
    merged.assert_is_archive(COUNT)
    at = ticks_of(START) + 300 * SECOND
    pi.system.insert("HAND", Event(at, 3.5), Event(at, 4.5))
    pi.system.insert("A", Event(ticks_of(START) + 36_000 * SECOND, -1.0))  # a second event at one instant
    pi.system.delete("HAND", ticks_of(START) + 600 * SECOND)
    pi.system.replace("HAND", Event(ticks_of(START) + 1800 * SECOND, 99.0, substituted=True))
    for tick in (1, 2):  # nothing is left of it
        pi.system.delete("QUIET", ticks_of(START) + tick * SECOND)
    pi.set_now("2026-01-01T13:00:00Z")
    merged.run()
    merged.assert_is_archive(COUNT + 30 + 6 + 3 - 1 - 2)
    assert merged.rows().filter("tag = 'QUIET'").count() == 0
    # One of the instants of A has two events now, and every row knows its place in it.
    assert merged.rows().filter(f"tag = 'A' and ticks = {ticks_of(START) + 36_000 * SECOND}").count() == 2
    # A round in which nothing differs commits nothing.
    assert merged.commits == 2
    merged.run()
    assert merged.commits == 2


@pytest.mark.long
def test_p4_a_replayed_batch_is_harmless(merged, pi):
    class Twice:
        """Merges, and fails before Spark can note that it has."""

        fails = True

        def __call__(self, batch: Any, number: int) -> None:
            merge_changes(merged.table)(batch, number)
            if Twice.fails:
                raise RuntimeError("the driver dies here")

    with pytest.raises(Exception, match="the driver dies here"):
        merged.run(into=Twice())
    merged.assert_is_archive(COUNT)
    pi.system.delete("HAND", ticks_of(START))
    Twice.fails = False
    merged.run(into=Twice())
    merged.assert_is_archive(COUNT - 1)
    # A new checkpoint on the old table repeats nothing.
    merged.checkpoint += "-new"
    merged.run(into=Twice())
    merged.assert_is_archive(COUNT - 1)


@pytest.mark.long
def test_a_renamed_point_keeps_its_rows_when_merged_by_its_id(spark, merged, pi):
    spark.sql("CREATE DATABASE IF NOT EXISTS plant")
    create_table(spark, "plant.pi", "recorded", cluster_by=())
    by_id = merge_changes("plant.pi", identity=("point_id",))
    with pytest.raises(Exception, match="and the table has no column point_id"):
        merged.run(into=by_id, includePointId=True)
    spark.sql("ALTER TABLE plant.pi ADD COLUMNS (point_id BIGINT)")
    merged.run(into=by_id, includePointId=True)
    system = pi.system
    old = system.find("HAND")
    events = system.history(old).events(0, system.now)
    system.remove(old)
    system.add(Point("BY HAND", "Float64", Empty(), point_id=900))
    system.insert("BY HAND", *events)
    merged.run(into=by_id, includePointId=True, includeDescriptor=True)  # a new column
    table = spark.table("plant.pi")
    expected = expected_rows(system, system.points, START, END)
    assert expected.total() == COUNT
    assert_same(rows_of(table), expected)
    assert table.filter("tag = 'BY HAND' and point_id = 900 and descriptor is not null").count() == 60
    spark.sql("DROP TABLE plant.pi")


@pytest.mark.long
def test_without_windows_rows_are_merged_by_key_and_none_is_deleted(spark, merged, pi):
    options = {"url": pi.url, "tags": "HAND", "startTime": START, "endTime": NOON}
    merge = merge_changes(merged.table)
    merge(spark.read.format("osipi").options(**options).load(), 0)
    pi.system.delete("HAND", ticks_of(START))
    pi.system.replace("HAND", Event(ticks_of(START) + 600 * SECOND, 99.0))
    merge(spark.read.format("osipi").options(**options).load(), 1)
    assert merged.rows().count() == 60
    assert merged.rows().filter("value = 99.0").count() == 1
    merge(spark.read.format("osipi").options(**options).load().filter("false"), 2)
    assert merged.rows().count() == 60


@pytest.mark.long
def test_rows_of_an_error_column_are_no_events_and_never_left_out_in_silence(spark, merged, pi):
    options = {"url": pi.url, "startTime": START, "endTime": NOON, "onTagError": "skip", "errorColumn": "why"}
    for tags in ("NO.SUCH", "HAND,NO.SUCH"):
        frame = spark.read.format("osipi").options(tags=tags, **options).load()
        with pytest.raises(PISchemaError, match=r"1 rows of the batch are no events(.|\n)*option errorColumn"):
            merge_changes(merged.table)(frame, 0)
        assert merged.rows().count() == 0
    merge_changes(merged.table)(frame.where("ticks IS NOT NULL").drop("why"), 0)
    assert merged.rows().count() == 60


def test_the_table_is_made_with_comments_and_clustered(spark, tmp_path):
    table = str(tmp_path / "table")
    for _ in range(2):  # the second time it is there
        create_table(spark, table)
    (detail,) = spark.sql(f"DESCRIBE DETAIL delta.`{table}`").collect()
    assert detail["clusteringColumns"] == ["tag", "timestamp"]
    told = {row["col_name"]: row["comment"] for row in spark.sql(f"DESCRIBE delta.`{table}`").collect()}
    assert told["ticks"] == "Exact time of the event: steps of 100 ns since 1970-01-01 UTC."
    assert "operation" not in told


def test_a_batch_without_the_key_is_refused(spark):
    with pytest.raises(PISchemaError, match="point_id: option includePointId"):
        merge_changes("t", identity=("point_id",))(spark.range(1).selectExpr("id ticks", "id seq", "'a' tag"), 0)
