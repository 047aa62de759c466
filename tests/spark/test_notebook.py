"""Helpers for notebooks: lists of tags, what a table does not have yet, the wide form; compared with exact rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, Empty, Event, MockPI, PISystem, Point, State, ticks_of
from oracle import assert_same, expected_rows
from pi_datasource.delta import create_table
from pi_datasource.errors import PIOptionError, PISchemaError
from pi_datasource.notebook import read_since, tags_from, wide
from tests.spark.test_recorded import rows_of

pytestmark = pytest.mark.long

has_delta = pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark")

START, NOON, END = "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", "2026-01-03T00:00:00Z"
SECOND = 10_000_000
POINTS = [
    *(Point(f"A.{n}", "Float64", Dense(600.0, first=START)) for n in range(3)),
    Point("HAND", "Float64", Empty()),
    Point("OFFLINE", "Float64", Empty()),
]


@pytest.fixture
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOON)) as server:
        server.system.insert("HAND", *(Event(ticks_of(START) + n * 60 * SECOND, float(n)) for n in range(5)))
        yield server


class TestSince:
    @has_delta
    def test_appends_what_is_new_tag_by_tag(self, spark: Any, pi: MockPI, tmp_path: Path) -> None:
        table = str(tmp_path / "table")
        create_table(spark, table)

        def append(**options: Any) -> int:
            options = {"url": pi.url, "tagFilter": "*", "startTime": START, "endTime": END, **options}
            before = spark.read.format("delta").load(table).count()
            read_since(spark, table, **options).write.format("delta").mode("append").save(table)
            return spark.read.format("delta").load(table).count() - before

        assert append(tags="HAND,A.0", tagFilter="") == 5 + 73
        assert append(tags="HAND,A.0", tagFilter="") == 0
        # Another event at the newest instant of one tag, two sites that come back late, time that passes.
        newest = ticks_of(START) + 240 * SECOND
        pi.system.insert("HAND", Event(newest, 77.0))
        pi.system.insert("OFFLINE", *(Event(ticks_of(START) + n * SECOND, float(n)) for n in range(9)))
        pi.set_now("2026-01-01T18:00:00Z")
        assert append() == 1 + 9 + 36 + 2 * 109
        assert append() == 0
        expected = expected_rows(pi.system, POINTS, START, END)
        assert expected.total() == 6 + 9 + 3 * 109
        assert_same(rows_of(spark.read.format("delta").load(table)), expected)
        # A later start bounds what is looked at; nothing comes twice.
        assert append(startTime="2026-01-01T17:00:00Z") == 0

    def test_what_is_wrong_is_named(self, spark: Any, pi: MockPI) -> None:
        spark.range(1).createOrReplaceTempView("no_events")
        with pytest.raises(PISchemaError, match="has no column"):
            read_since(spark, "no_events", url=pi.url, tagFilter="*")
        with pytest.raises(PIOptionError, match="table=end"):
            read_since(spark, "no_events", url=pi.url, tagFilter="*", table="end")


class TestTags:
    def test_a_list_in_a_table(self, spark: Any, pi: MockPI) -> None:
        frame = spark.createDataFrame([("A.0",), ("A.1",), (None,), ("A.0",)], "Tag string")
        assert tags_from(frame) == {"tags": '["A.0", "A.1"]'}
        events = (
            spark.read.format("osipi").options(url=pi.url, startTime=START, endTime=NOON, **tags_from(frame)).load()
        )
        assert {row["tag"]: row["count"] for row in events.groupBy("tag").count().collect()} == {"A.0": 72, "A.1": 72}

    def test_each_with_a_start_of_its_own(self, spark: Any, pi: MockPI) -> None:
        frame = spark.sql("SELECT 'A.0' name, TIMESTAMP '2026-01-01T11:00:00Z' start_time UNION SELECT 'A.1', NULL")
        found = tags_from(frame)
        assert json.loads(found["startTimes"]) == {"A.0": "2026-01-01T11:00:00.0000000Z"}
        events = spark.read.format("osipi").options(url=pi.url, startTime=START, endTime=NOON, **found).load()
        assert {row["tag"]: row["count"] for row in events.groupBy("tag").count().collect()} == {"A.0": 6, "A.1": 72}

    @pytest.mark.parametrize(
        ("query", "told"),
        [
            ("SELECT 1 AS id", "needs a column tag"),
            ("SELECT 'A' AS tag, '*' AS end_time", "takes no column end_time"),
            ("SELECT string(NULL) AS tag", "names no tag"),
        ],
    )
    def test_what_is_no_list(self, spark: Any, query: str, told: str) -> None:
        with pytest.raises(PIOptionError, match=told):
            tags_from(spark.sql(query))


class TestWide:
    @pytest.fixture
    def events(self, spark: Any) -> Any:
        """A from before the start on, B with a bad event in the middle, C with one event only."""
        at = ticks_of(START)
        rows = [
            ("A", -60, 0, 0.0), ("A", 60, 0, 12.0), ("A", 180, 0, 0.0), ("A", 180, 1, 24.0), ("A", 360, 0, 6.0),
            ("B", 0, 0, 1.0), ("B", 90, 0, None), ("B", 150, 0, 3.0), ("B", 900, 0, 5.0),
            ("C", 120, 0, 7.0),
        ]  # fmt: skip
        frame = spark.createDataFrame(
            [(tag, at + second * SECOND, seq, value) for tag, second, seq, value in rows],
            "tag string, ticks bigint, seq int, value double",
        )
        return frame.selectExpr("*", "timestamp_micros(ticks div 10) AS timestamp")

    def table(self, frame: Any) -> list[tuple[Any, ...]]:
        rows = frame.selectExpr("unix_seconds(timestamp) AS s", *[f"`{name}`" for name in frame.columns[1:]]).collect()
        first = ticks_of(START) // SECOND
        return [(row[0] - first, *row[1:]) for row in rows]

    def test_the_last_event(self, events: Any) -> None:
        found = wide(events, every="1m", start=START, end="2026-01-01T00:05:00Z")
        assert found.columns == ["timestamp", "A", "B", "C"]
        assert self.table(found) == [
            (0, 0.0, 1.0, None), (60, 12.0, 1.0, None), (120, 12.0, None, 7.0), (180, 24.0, 3.0, 7.0),
            (240, 24.0, 3.0, 7.0),
        ]  # fmt: skip

    def test_on_the_line_between(self, events: Any) -> None:
        end, tags = "2026-01-01T00:05:00Z", ["B", "A", "C"]
        found = wide(events, every="1m", start=START, end=end, how="interpolate", tags=tags, step_tags=["C"])
        assert self.table(found) == [
            (0, 1.0, 6.0, None), (60, None, 12.0, None), (120, None, 6.0, 7.0), (180, 3.0 + 2.0 * 30 / 750, 24.0, 7.0),
            (240, 3.0 + 2.0 * 90 / 750, 18.0, 7.0),
        ]  # fmt: skip

    def test_times_that_pi_has_made_equal(self, spark: Any, pi: MockPI) -> None:
        frame = spark.read.format("osipi").options(
            url=pi.url, table="interpolated", tagFilter="A.*", startTime=START, endTime=NOON, interval="1h"
        )
        frame = frame.load()
        found = {row["timestamp"]: (row["A.0"], row["A.2"]) for row in wide(frame, tags=["A.0", "A.2"]).collect()}
        expected = {row["timestamp"]: {} for row in frame.collect()}
        for row in frame.collect():
            expected[row["timestamp"]][row["tag"]] = row["value"]
        assert len(found) == 12
        assert found == {at: (values["A.0"], values["A.2"]) for at, values in expected.items()}

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ({"every": "1m"}, "needs start and end"),
            ({"start": START}, "need every"),
            ({"every": "1d", "start": START, "end": END}, "no fixed length"),
            ({"every": "1m", "start": END, "end": START}, "make 0 rows"),
            ({"how": "guess"}, "accepted is last or interpolate"),
            ({"tags": []}, "no tag to show"),
        ],
    )
    def test_what_is_wrong_is_named(self, events: Any, arguments: dict[str, Any], told: str) -> None:
        with pytest.raises(PIOptionError, match=told):
            wide(events, **arguments)
        with pytest.raises(PISchemaError, match="missing: timestamp"):
            wide(events.drop("timestamp"))


def test_a_state_is_bad_in_the_wide_form(spark: Any, pi: MockPI) -> None:
    at = ticks_of(START) + 600 * SECOND
    pi.system.insert("HAND", Event(at, State("I/O Timeout", 246, is_system=True), good=False))
    events = spark.read.format("osipi").options(url=pi.url, tags="HAND", startTime=START, endTime=NOON).load()
    found = wide(events, every="5m", start=START, end="2026-01-01T00:15:00Z").collect()
    assert [row["HAND"] for row in found] == [0.0, 4.0, None]
