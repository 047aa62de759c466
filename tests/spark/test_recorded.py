"""`spark.read.format("osipi")`: the promises again, with Spark between the reader and the counting."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Bursts, Dense, Fault, Instant, MockPI, PISystem, Point, Quiet
from oracle import COLUMNS, assert_same, expected_rows

#: Also run on the other Spark versions; the rest differs in nothing that Spark does.
versions = pytest.mark.spark_versions

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"

POINTS = [
    *(Point(f"EVEN.{n}", "Float64", Dense(60.0), engineering_units="bar") for n in range(6)),
    *(Point(f"INT.{n}", "Int32", Dense(120.0)) for n in range(3)),
    *(Point(f"STATE.{n}", "Digital", Dense(300.0)) for n in range(2)),
    Point("TEXT", "String", Dense(600.0)),
    Point("BURST", "Float32", Bursts(7200.0, 40, 1)),
    Point("INSTANT", "Int16", Instant(count=30)),
    Point("QUIET", "Float64", Quiet(0.5, first=START)),
]
TAGS = json.dumps([point.name for point in POINTS])


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOW)) as server:
        yield server


def load(spark: Any, pi: MockPI, **options: Any) -> Any:
    options = {"url": pi.url, "tags": TAGS, "startTime": START, "endTime": END, **options}
    return spark.read.format("osipi").options(**options).load()


def rows_of(frame: Any) -> Any:
    """Rows of a DataFrame in the form of the oracle: by way of ticks, since Python's own times lose zones."""
    from collections import Counter

    from oracle import _comparable

    columns = [f"unix_micros({name}) as {name}" if name == "timestamp" else name for name in COLUMNS]
    return Counter(tuple(_comparable(value) for value in row) for row in frame.selectExpr(*columns).collect())


@pytest.mark.parametrize(
    ("partitions", "page_size"),
    [(1, 1000), (3, 150), pytest.param(16, 150_000, marks=versions), pytest.param(3, 7, marks=versions)],
)
def test_p1_all_rows_once_through_spark(spark, pi, partitions, page_size):
    from pyspark.sql import functions as F

    frame = load(spark, pi, numPartitions=partitions, pageSize=page_size)
    assert frame.rdd.getNumPartitions() == partitions
    expected = expected_rows(pi.system, POINTS, START, END)
    assert_same(rows_of(frame), expected)
    rows = [row["count"] for row in frame.groupBy(F.spark_partition_id()).count().collect()]
    assert len(rows) == partitions
    assert sum(rows) == expected.total()


@versions
def test_columns_types_and_comments(spark, pi):
    schema = load(spark, pi).schema
    assert [(field.name, field.dataType.simpleString()) for field in schema] == [
        ("tag", "string"), ("timestamp", "timestamp"), ("ticks", "bigint"), ("seq", "int"), ("value", "double"),
        ("value_long", "bigint"), ("value_text", "string"), ("state", "int"), ("is_system_state", "boolean"),
        ("good", "boolean"), ("questionable", "boolean"), ("substituted", "boolean"), ("annotated", "boolean"),
        ("uom", "string"),
    ]  # fmt: skip
    assert all(field.metadata["comment"].endswith(".") for field in schema)


def test_columns_on_request(spark, pi):
    frame = load(spark, pi, tags="EVEN.1", include_web_id="true", includePointId="true", includeDescriptor="true")
    row = frame.first()
    assert row["web_id"].startswith("F1DP")
    assert row["point_id"] == 2
    assert row["descriptor"] == ""


@versions
def test_a_users_schema_prunes_columns_and_orders_them(spark, pi):
    options = {"url": pi.url, "tags": "EVEN.0,INT.0", "startTime": START, "endTime": END}
    frame = spark.read.format("osipi").schema("value double, tag string, point_id bigint").options(**options).load()
    assert frame.columns == ["value", "tag", "point_id"]
    assert frame.count() == 1440 + 720
    assert frame.where("value is null").count() == sum(
        not isinstance(event.value, float | int)
        for tag in ("EVEN.0", "INT.0")
        for event in pi.system.expected_recorded(tag, START, END)
    )


@versions
def test_a_wrong_schema_is_a_clear_error(spark, pi):
    frame_reader = spark.read.format("osipi").options(url=pi.url, tags="EVEN.0", startTime=START, endTime=END)
    with pytest.raises(Exception, match=r"valeu: no such column[\s\S]*its columns are: tag string"):
        frame_reader.schema("tag string, valeu double").load().count()


@versions
def test_a_dataframe_used_twice_in_unions_joins_views_and_sql(spark, pi):
    frame = load(spark, pi, tags="EVEN.0,EVEN.1")
    assert frame.count() == 2880
    assert frame.where("tag = 'EVEN.0'").union(frame).count() == 4320
    assert frame.join(frame, ["tag", "ticks", "seq"]).count() == 2880
    frame.createOrReplaceTempView("osipi_twice")
    assert spark.sql("select count(distinct tag, ticks) from osipi_twice").first()[0] == 2880
    cached = frame.cache()
    assert (cached.count(), cached.count()) == (2880, 2880)
    cached.unpersist()


@versions
def test_sql_temporary_view(spark, pi):
    spark.sql(
        f"CREATE OR REPLACE TEMPORARY VIEW osipi_view USING osipi OPTIONS "
        f"(url '{pi.url}', tags 'EVEN.3', `startTime` '{START}', `endTime` '{END}')"
    )
    assert spark.sql("select count(*), count(distinct ticks) from osipi_view").first()[0:2] == (1440, 1440)


def test_load_takes_the_tags(spark, pi):
    reader = spark.read.format("osipi").options(url=pi.url, startTime=START, endTime=END)
    assert reader.load("EVEN.0,INT.1").count() == 1440 + 720


def test_limit_stops_early(spark, pi):
    pi.reset_stats()
    frame = load(spark, pi, tags="EVEN.0", startTime="2016-01-01", rowsPerResponse=1000, numPartitions=1)
    assert len(frame.limit(10).collect()) == 10
    # The whole would be ten years of 1,440 events a day: 5,000 pages.
    assert pi.stats().requests < 500


def test_a_time_zone_of_the_session_changes_nothing(spark, pi):
    expected = rows_of(load(spark, pi, tags="EVEN.0"))
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        assert_same(rows_of(load(spark, pi, tags="EVEN.0")), expected)
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")


@versions
def test_p5_a_failing_tag_fails_the_read_by_name(spark, pi):
    pi.faults.add(Fault(status=403, route="streams/recorded", tag="INT.1", scope="sub", count=None))
    try:
        with pytest.raises(Exception, match=r"1 tag cannot be read:[\s\S]*INT\.1"):
            load(spark, pi, numPartitions=1).count()
        assert pi.faults.fired > 0
    finally:
        pi.faults.clear()


@versions
def test_p5_skipped_tags_are_readable_as_failed_tags(spark, pi):
    options = {"tags": json.dumps([*json.loads(TAGS), "NOT.THERE"]), "onTagError": "skip"}
    pi.faults.add(Fault(status=403, route="streams/recorded", tag="INT.1", scope="sub", count=None))
    try:
        others = [point for point in POINTS if point.name != "INT.1"]
        assert_same(rows_of(load(spark, pi, **options)), expected_rows(pi.system, others, START, END))
        failed = {row["tag"]: row for row in load(spark, pi, table="failed_tags", **options).collect()}
        assert set(failed) == {"INT.1", "NOT.THERE"}
        assert (failed["INT.1"]["stage"], failed["NOT.THERE"]["stage"]) == ("read", "resolve")
        assert "403" in failed["INT.1"]["cause"]
        frame = load(spark, pi, errorColumn="error", **options)
        errors = {row["tag"]: row["error"] for row in frame.where("error is not null").collect()}
        assert set(errors) == {"INT.1", "NOT.THERE"}
        assert_same(rows_of(frame.where("error is null")), expected_rows(pi.system, others, START, END))
    finally:
        pi.faults.clear()


def test_p9_ceilings_hold_over_all_tasks(spark, pi):
    pi.reset_stats()
    frame = load(spark, pi, requestsPerSecond=20, maxInFlight=2, pageSize=100, numPartitions=2, concurrency=8)
    assert frame.count() == expected_rows(pi.system, POINTS, START, END).total()
    stats = pi.stats()
    assert stats.max_in_flight <= 2
    assert stats.max_per_second <= 20
    assert stats.requests > 10


@versions
def test_writing_is_refused_with_what_to_do_instead(spark, pi):
    with pytest.raises(Exception, match="reads PI and never writes"):
        spark.range(1).write.format("osipi").mode("append").options(url=pi.url).save()


@versions
def test_create_table_loses_its_options_and_says_so(spark, pi):
    spark.sql("DROP TABLE IF EXISTS osipi_table")
    # With Delta's catalog Spark itself refuses such a table, in its own words, before we are asked.
    with_delta = "delta" in spark.conf.get("spark.sql.catalog.spark_catalog", "")
    spark.sql(f"CREATE TABLE osipi_table USING osipi OPTIONS (url '{pi.url}', tags 'EVEN.0')")
    with pytest.raises(Exception, match="is not a valid" if with_delta else "CREATE TEMPORARY VIEW"):
        spark.sql("SELECT count(*) FROM osipi_table").collect()
    spark.sql("DROP TABLE IF EXISTS osipi_table")


def test_the_last_line_of_an_error_is_ours(spark, pi):
    with pytest.raises(Exception, match="not found") as raised:
        load(spark, pi, tags="EVEN.0,NO.SUCH,NEITHER.THIS").count()
    text = str(raised.value)
    assert "2 tags not found" in text
    assert "NO.SUCH" in text
    assert "NEITHER.THIS" in text
