"""P1: a batch read brings all rows, once.

Shapes, page sizes and numbers of partitions, each crossed. Expected rows come from the mock's declaration, and the
rows of each partition are compared with what its own plan says it should hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyarrow as pa
import pytest

from mock_pi import Bursts, Dense, Edges, Empty, Every, Instant, MockPI, PISystem, Point, Quiet, Ticks
from oracle import COLUMNS, actual_rows, assert_same, expected_rows
from pi_datasource.read import cutting

START, END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
NOW = "2026-01-03T00:00:00Z"

#: The mock's default, small enough for every page border to matter, and cruel.
PAGE_SIZES = {"default": {}, "server limit 1000": {}, "7": {"pageSize": 7}}


def points_of(shape: str) -> list[Point]:
    """Small systems, one for each shape."""
    if shape == "even":
        return [Point(f"EVEN.{n}", "Float64", Every(step_ticks=600_000_000 + n, first=START)) for n in range(6)]
    if shape == "uneven":
        return [
            Point(f"UNEVEN.{n}", "Int32", Quiet(0.5, first=START) if n % 10 == 9 else Dense(60.0)) for n in range(10)
        ]
    if shape == "bursts":
        return [Point(f"BURST.{n}", "Float32", Bursts(7200.0, 20 + n, 1 + n * 7)) for n in range(8)]
    if shape == "instants":
        # Groups at one instant of every size around a page of 7, and groups in a row.
        return [Point(f"INSTANT.{n}", "String", Instant("2026-01-01T12:00:00Z", n)) for n in range(1, 24)]
    if shape == "edges":
        return [Point(f"EDGE.{n}", "Float64", Edges(first=START)) for n in range(3)]
    if shape == "ticks":
        return [Point(f"TICKS.{n}", "Float64", Ticks("2026-01-01T06:00:00.0000001Z", 1, 50 + n)) for n in range(4)]
    if shape == "quiet and empty":
        return [Point("QUIET", "Digital", Quiet(0.3, first=START)), Point("EMPTY", "Float64", Empty())]
    assert shape == "future"
    return [Point("FORECAST", "Float64", Dense(600.0), future=True)]


SHAPES = ("even", "uneven", "bursts", "instants", "edges", "ticks", "quiet and empty", "future")


@pytest.fixture(scope="module")
def served() -> Iterator[dict[tuple[str, int], MockPI]]:
    """One server for each limit, all shapes on both."""
    system = PISystem([point for shape in SHAPES for point in points_of(shape)], now=NOW)
    with MockPI(system) as wide, MockPI(system, max_count=1000) as narrow:
        yield {"wide": wide, "narrow": narrow}  # type: ignore[dict-item]


@pytest.mark.parametrize("partitions", [1, 3, 16])
@pytest.mark.parametrize("page_size", PAGE_SIZES)
@pytest.mark.parametrize("shape", SHAPES)
def test_p1_all_rows_once(served, driver, shape, page_size, partitions):
    pi = served["narrow" if page_size.startswith("server") else "wide"]
    points = points_of(shape)
    options = {
        "url": pi.url,
        "tags": json.dumps([point.name for point in points]),
        "startTime": START,
        "endTime": END,
        "numPartitions": partitions,
        "rowsPerResponse": 1000 if partitions == 3 else 50_000,
        **PAGE_SIZES[page_size],
    }
    reading = driver.read(**options)
    assert len(reading.partitions) == partitions
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, points, START, END))
    for partition, batches in zip(reading.partitions, reading.by_partition, strict=True):
        planned = sum(
            len(pi.system.expected_recorded(piece.stream.tag, piece.range.start, piece.range.end))
            for chunk in partition.chunks
            for piece in chunk.pieces
        )
        assert sum(batch.num_rows for batch in batches) == planned


def arrow_rows(system: PISystem, points: list[Point]) -> pa.Table:
    """Key and value of every expected event, for shapes too large to compare as Python rows."""
    tags, ticks, values = [], [], []
    for point in points:
        events = system.expected_recorded(point, START, END)
        tags += [point.name] * len(events)
        ticks += [event.ticks for event in events]
        values += [event.value if isinstance(event.value, float) else None for event in events]
    return pa.table({"tag": tags, "ticks": pa.array(ticks, pa.int64()), "value": pa.array(values, pa.float64())})


DEEP = [Point(f"DEEP.{n}", "Float64", Dense(2.16)) for n in range(50)]


@pytest.fixture(scope="module")
def deep() -> Iterator[tuple[MockPI, pa.Table]]:
    """50 points × 40,000 events in the day."""
    system = PISystem(DEEP, now=NOW)
    with MockPI(system, process=True) as pi:
        expected = arrow_rows(system, DEEP).sort_by([("tag", "ascending"), ("ticks", "ascending")])
        assert expected.num_rows == 2_000_000
        yield pi, expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("partitions", "page_size"),
    [(1, None), (16, None), *(pytest.param(parts, 1000, marks=pytest.mark.long) for parts in (3, 16))],
)
def test_p1_all_rows_once_deep(deep, driver, partitions, page_size):
    pi, expected = deep
    options = {} if page_size is None else {"pageSize": page_size}
    reading = driver.read(
        url=pi.url, tagFilter="DEEP.*", startTime=START, endTime=END, numPartitions=partitions, **options
    )
    assert len(reading.partitions) == partitions
    rows = [sum(batch.num_rows for batch in batches) for batches in reading.by_partition]
    assert max(rows) <= 1.3 * sum(rows) / len(rows)
    table = pa.Table.from_batches(reading.batches).select(["tag", "ticks", "value"])
    assert table.sort_by([("tag", "ascending"), ("ticks", "ascending")]).equals(expected)


@pytest.mark.parametrize("least_bytes", [0, cutting.LEAST_BYTES])
def test_p1_an_instant_up_to_twice_the_servers_limit(driver, monkeypatch, least_bytes):
    # Small answers are cut apart as large ones are, or decoded; what comes from both sides is compared.
    monkeypatch.setattr(cutting, "LEAST_BYTES", least_bytes)
    limit = 50
    for count in (limit - 1, limit, limit + 1, 2 * limit - 1, 2 * limit):
        points = [
            Point("CROWDED", "Int32", Instant("2026-01-01T12:00:00Z", count)),
            Point("BEFORE", "Int32", Every(step_ticks=864_000_000, first=START)),
        ]
        with MockPI(PISystem(points, now=NOW), max_count=limit) as pi:
            reading = driver.read(url=pi.url, tags="CROWDED,BEFORE", startTime=START, endTime=END)
            assert_same(actual_rows(reading.batches), expected_rows(pi.system, points, START, END))


def test_p1_an_instant_beyond_twice_the_servers_limit_fails_by_name(driver):
    from pi_datasource.errors import PIInstantError

    with (
        MockPI(PISystem([Point("CROWDED", "Int32", Instant(count=101))], now=NOW), max_count=50) as pi,
        pytest.raises(PIInstantError, match=r"CROWDED[\s\S]*2026-01-01T12:00:00Z"),
    ):
        driver.read(url=pi.url, tags="CROWDED", startTime=START, endTime=END)


def test_p1_the_range_is_half_open(driver):
    with MockPI(PISystem([Point("EDGE", "Float64", Edges(first=START))], now=NOW)) as pi:
        ticks = [
            row
            for batch in driver.read(
                url=pi.url, tags="EDGE", startTime="2026-01-01T01:00:00Z", endTime="2026-01-01T02:00:00Z"
            ).batches
            for row in batch.column(COLUMNS.index("ticks")).to_pylist()
        ]
    hour = 17_672_256_000_000_000 + 36_000_000_000
    # On the hour and a tick after it; of the next hour only the tick before it.
    assert ticks == [hour, hour + 1, hour + 36_000_000_000 - 1]
