"""How a micro-batch is cut: a long first one in parallel, thousands of single events in few tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mock_pi import Dense, Every, MockPI, PISystem, Point

START = "2026-01-01T00:00:00Z"
OPTIONS = {"tagFilter": "*", "startTime": START, "settleTime": 0, "pollInterval": 0}


def first_batch(driver: Any, pi: MockPI, **options: Any) -> tuple[Any, list[Any]]:
    """The stream reader as Spark 4.2 uses it, and the partitions of its first micro-batch."""
    source = driver.source(url=pi.url, **OPTIONS, **options)
    stream = source.streamReader(source.schema())
    start = stream.initialOffset()
    end = stream.latestOffset(start, stream.getDefaultReadLimit())
    return stream, stream.partitions(start, end)


def test_a_first_trigger_over_a_year_of_200_tags_is_parallel(driver: Any) -> None:
    points = [Point(f"A.{n}", "Float64", Dense(600.0, first=START)) for n in range(200)]
    rows = 200 * (365 * 144 + 1)
    with MockPI(PISystem(points, now="2027-01-01T00:00:00Z")) as pi:
        _, partitions = first_batch(driver, pi)
    assert 0.9 * rows / 500_000 <= len(partitions) <= 2 * rows / 500_000
    pieces = [piece for partition in partitions for piece in partition.pieces]
    # Each tag over the whole year, cut or not, without a gap.
    covered: dict[str, int] = {}
    for piece in pieces:
        covered[piece.stream.tag] = covered.get(piece.stream.tag, 0) + piece.range.end - piece.range.start
    assert len(covered) == 200
    assert set(covered.values()) == {365 * 86_400 * 10_000_000 + 1}
    work = [sum(piece.rows for piece in partition.pieces) for partition in partitions]
    assert max(work) <= 1.3 * sum(work) / len(work)


def test_one_new_event_of_each_of_many_tags_makes_few_partitions(driver: Any) -> None:
    count = 30_000
    points = [Point(f"A.{n}", "Float64", Every(count=1, first="2026-01-01T00:00:30Z")) for n in range(count)]
    with MockPI(PISystem(points, now="2026-01-01T00:01:00Z"), process=True) as pi:
        stream, partitions = first_batch(driver, pi)
        assert len(partitions) <= 2
        assert sum(partition.streams for partition in partitions) == count
        assert {len(chunk.pieces) for chunk in partitions[0].chunks} == {500}
        some = replace(partitions[0], chunks=partitions[0].chunks[:2])
        assert sum(batch.num_rows for batch in stream.read(some)) == 1000
