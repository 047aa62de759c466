"""Tables by name and by path: layout, further columns, rows by key, OPTIMIZE; looked up in Delta afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, MockPI, PISystem, Point
from oracle import assert_same, expected_rows
from pi_datasource.delta import add_columns, create_table, merge_changes, optimize, upsert
from pi_datasource.errors import PIOptionError, PISchemaError
from tests.spark.test_recorded import rows_of

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark"),
]

START, END = "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"
POINTS = [Point(f"A.{n}", "Float64", Dense(3600.0, first=START), descriptor=f"number {n}") for n in range(3)]
COUNT = 3 * 48


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=END)) as server:
        yield server


@pytest.fixture(params=["name", "path"])
def table(request: Any, spark: Any, tmp_path: Path) -> Iterator[str]:
    if request.param == "path":
        yield str(tmp_path / "a table")
        return
    spark.sql("CREATE DATABASE IF NOT EXISTS helpers")
    yield "helpers.pi"
    spark.sql("DROP TABLE IF EXISTS helpers.pi")


def load(spark: Any, pi: MockPI, **options: Any) -> Any:
    options = {"url": pi.url, "tagFilter": "*", "startTime": START, "endTime": END, **options}
    return spark.read.format("osipi").options(**options).load()


def in_sql(table: str) -> str:
    return f"delta.`{table}`" if "/" in table else table


def comments(spark: Any, table: str) -> dict[str, str]:
    return {row["col_name"]: row["comment"] for row in spark.sql(f"DESCRIBE {in_sql(table)}").collect()}


def test_columns_are_added_with_their_comments(spark, pi, table):
    create_table(spark, table, comment="events of the plant")
    assert add_columns(spark, table, "recorded") == ()
    frame = load(spark, pi, includeDescriptor=True, includePointId=True)
    assert add_columns(spark, table, frame) == ("point_id", "descriptor")
    assert comments(spark, table)["descriptor"] == "Description of the point."
    upsert(frame, table, ("tag", "ticks", "seq"))
    found = spark.table(in_sql(table))
    assert_same(rows_of(found), expected_rows(pi.system, POINTS, START, END))
    assert found.where("descriptor = concat('number ', substring(tag, 3))").count() == COUNT
    (detail,) = spark.sql(f"DESCRIBE DETAIL {in_sql(table)}").collect()
    assert (detail["clusteringColumns"], detail["description"]) == (["tag", "timestamp"], "events of the plant")
    assert detail["properties"]["delta.enableDeletionVectors"] == "true"
    with pytest.raises(PISchemaError, match="value is double, not string"):
        add_columns(spark, table, found.selectExpr("tag", "string(value) as value"))


def test_a_table_in_days_is_merged_into_and_sorted(spark, pi, tmp_path):
    table = str(tmp_path / "days")
    create_table(spark, table, partition_by_day=True)
    for number in range(2):  # the second time nothing is new
        merge_changes(table)(load(spark, pi), number)
    found = spark.read.format("delta").load(table)
    assert_same(rows_of(found), expected_rows(pi.system, POINTS, START, END))
    assert {str(row["day"]): row["count"] for row in found.groupBy("day").count().collect()} == {
        "2026-01-01": 72, "2026-01-02": 72,
    }  # fmt: skip
    more = load(spark, pi, tagFilter="A.0", startTime="2026-01-02", endTime="2026-01-02T06:00:00Z")
    more.write.format("delta").mode("append").save(table)
    # VACUUM lists files by 10,000 tasks otherwise.
    spark.conf.set("spark.sql.sources.parallelPartitionDiscovery.parallelism", "2")
    done = optimize(spark, table, zorder_by=["tag"], where="day = '2026-01-02'", vacuum_hours=168)
    spark.conf.unset("spark.sql.sources.parallelPartitionDiscovery.parallelism")
    assert (done.files_added, done.files_removed) == (1, 2)
    assert spark.read.format("delta").load(table).count() == COUNT + 6
    with pytest.raises(PIOptionError, match="not clustered"):
        optimize(spark, table, full=True)


def test_a_clustered_table_is_optimized(spark, pi, tmp_path):
    table = str(tmp_path / "clustered")
    create_table(spark, table)
    for tag in ("A.0", "A.1,A.2"):
        upsert(load(spark, pi, tags=tag, tagFilter=""), table, ("tag", "ticks", "seq"))
    done = optimize(spark, table)
    assert (done.files_added, done.files_removed) == (1, 2)
    assert optimize(spark, table, full=True).files_added <= 1
    with pytest.raises(PIOptionError, match="clustered by tag, timestamp"):
        optimize(spark, table, zorder_by=["tag"])
    assert_same(rows_of(spark.table(in_sql(table))), expected_rows(pi.system, POINTS, START, END))


def test_rows_by_key_are_updated_or_left_alone(spark, tmp_path):
    table = str(tmp_path / "rows")
    first = spark.createDataFrame([("a", 1), ("b", None), (None, 3)], "id string, n int")
    second = spark.createDataFrame([("a", 10), ("b", None), (None, 30), ("c", 4)], "id string, n int")
    upsert(first, table, ("id",))
    upsert(second, table, ("id",), update=False)
    found = spark.read.format("delta").load(table)
    assert sorted(found.collect(), key=str) == sorted([("a", 1), ("b", None), (None, 3), ("c", 4)], key=str)
    upsert(second, table, ("id",))
    upsert(second, table, ("id",))
    found = spark.read.format("delta").load(table)
    assert sorted(found.collect(), key=str) == sorted([("a", 10), ("b", None), (None, 30), ("c", 4)], key=str)
    with pytest.raises(PISchemaError, match="told apart by tag"):
        upsert(second, table, ("tag",))


def test_layouts_that_contradict_each_other_are_refused(spark):
    for arguments, told in (
        ({"partition_by_day": True, "cluster_by": ["tag"]}, "either partitioned or clustered"),
        ({"partition_by_day": True, "of": "elements"}, "needs a column timestamp"),
        ({"cluster_by": ["tga"]}, "no column tga"),
    ):
        with pytest.raises(PIOptionError, match=told):
            create_table(spark, "nowhere", **arguments)
