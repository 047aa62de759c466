"""`readStream` of event frames into Delta: the table has the frames as the PI System has them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import MockPI, PISystem
from mock_pi.af import AFServer, Attribute, Database, Element, ElementTemplate
from mock_pi.af.eventframe import EventFrame
from mock_pi.ticks import as_ticks
from pi_datasource.delta import create_table, merge_changes

pytestmark = pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark")

START, NOON = "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"
HOUR = 36_000_000_000


@pytest.fixture
def pi() -> Iterator[MockPI]:
    first = as_ticks(START)
    lines = [EventFrame(f"Shift {n}", first + n * HOUR, first + (n + 1) * HOUR, "Batch") for n in range(11)]
    phase = EventFrame("Phase", first + 11 * HOUR, None, "Batch")
    running = EventFrame("Running", first - HOUR, None, "Batch", elements=[r"Line\Tank"], frames=[phase])
    template = ElementTemplate("Batch", [Attribute("Yield %", "Double", 0.0)], instance_type="EventFrame")
    databases = [
        Database("A", [Element("Line", elements=[Element("Tank")])], templates=[template],
                 event_frames=[*lines, running]),
        Database("B", templates=[template], event_frames=[EventFrame("Other", first + HOUR, None, "Batch")]),
    ]  # fmt: skip
    with MockPI(PISystem(af=[AFServer("AF", databases)], now=NOON)) as server:
        yield server


def frames_of(pi: MockPI) -> set[tuple[Any, ...]]:
    """What the PI System has that started since START, or ended."""
    frames = [one for name in "AB" for one in pi.system.event_frames(name)]
    return {
        (str(one.guid), one.name, one.first, None if one.is_open else one.last, one.severity)
        for one in frames
        if one.first >= as_ticks(START) or not one.is_open
    }


def test_starts_ends_and_edits_are_merged(spark: Any, pi: MockPI, tmp_path: Path) -> None:
    table, checkpoint = str(tmp_path / "table"), str(tmp_path / "checkpoint")

    def run(**options: Any) -> None:
        given = {"url": pi.url, "table": "event_frames", "startTime": START, "lookback": "3h", **options}
        stream = spark.readStream.format("osipi").options(**given).load()
        writer = stream.writeStream.foreachBatch(merge_changes(table)).option("checkpointLocation", checkpoint)
        writer.trigger(availableNow=True).start().awaitTermination()

    def merged() -> list[tuple[Any, ...]]:
        rows = spark.read.format("delta").load(table).collect()
        return [(row["id"], row["name"], row["start_ticks"], row["end_ticks"], row["severity"]) for row in rows]

    def commits() -> int:
        history: int = spark.sql(f"DESCRIBE HISTORY delta.`{table}`").filter("operation = 'MERGE'").count()
        return history

    frames = pi.system.event_frames("A")
    run()
    assert len(merged()) == 13  # eleven shifts, a phase inside of what began before, one of the other database
    assert set(merged()) == frames_of(pi)
    # Two end, one begins, one is edited; a late one inside the lookback.
    pi.set_now("2026-01-01T13:00:00Z")
    frames.close("Running", "2026-01-01T12:30:00Z")
    pi.system.event_frames("B").close("Other", "2026-01-01T12:40:00Z")
    frames.insert(EventFrame("New", "2026-01-01T12:45:00Z", None, "Batch"))
    frames.insert(EventFrame("Late", "2026-01-01T10:00:00Z", "2026-01-01T10:00:01Z", "Batch"))
    frames.edit("Shift 10", severity="Major")
    run()
    assert len(merged()) == 16
    assert set(merged()) == frames_of(pi)
    # A batch in which nothing differs changes nothing.
    before = commits()
    merge_changes(table)(spark.read.format("delta").load(table), 2)
    assert (set(merged()), len(merged()), commits()) == (frames_of(pi), 16, before)
    details = spark.sql(f"DESCRIBE DETAIL delta.`{table}`").first()
    assert details["clusteringColumns"] == ["start_time"]


@pytest.mark.long
def test_attributes_become_columns_of_a_table(spark: Any, pi: MockPI, tmp_path: Path) -> None:
    """Names that Delta does not take as they are, too."""
    table = str(tmp_path / "table")
    options = {"url": pi.url, "table": "event_frames", "startTime": START, "endTime": NOON, "database": "A"}
    frame = spark.read.format("osipi").options(**options, frameTemplate="Batch", attributes="Yield %").load()
    create_table(spark, table, frame)
    merge_changes(table)(frame, 0)
    rows = spark.read.format("delta").load(table).select("name", "`Yield %`").collect()
    assert sorted(row["name"] for row in rows) == sorted(["Phase", "Running", *(f"Shift {n}" for n in range(11))])
    assert {row["Yield %"] for row in rows} == {0.0}
