from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.plan.partitions import Chunk, Piece, StreamPartition
from pi_datasource.plan.windows import SNAP, cut, parts_for, scattered
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, parse_iso
from pi_datasource.times.ticks import TICKS_PER_DAY, TICKS_PER_HOUR

START = parse_iso("2026-01-01")
DAY = TimeRange(START, START + TICKS_PER_DAY)


def stream(number: int) -> Stream:
    return Stream(f"W{number}", f"T{number}", "float")


def expected(rows: list[float], window: TimeRange = DAY) -> list[Piece]:
    return [Piece(stream(number), window, some) for number, some in enumerate(rows)]


def covered(parts: list[tuple[Chunk, ...]]) -> dict[str, list[TimeRange]]:
    """Stream → the ranges that all the chunks together read of it, in order of time."""
    found: defaultdict[str, list[TimeRange]] = defaultdict(list)
    for chunk in (chunk for part in parts for chunk in part):
        for some in chunk.pieces:
            found[some.stream.web_id].append(some.range)
    return {web_id: sorted(ranges) for web_id, ranges in found.items()}


def assert_exactly_once(wanted: list[Piece], parts: list[tuple[Chunk, ...]]) -> None:
    found = covered(parts)
    assert set(found) == {item.stream.web_id for item in wanted}
    for item in wanted:
        ranges = found[item.stream.web_id]
        assert all(not window.is_empty for window in ranges)
        assert (ranges[0].start, ranges[-1].end) == (item.range.start, item.range.end)
        assert all(one.end == two.start for one, two in itertools.pairwise(ranges))


def work(wanted: list[Piece], parts: list[tuple[Chunk, ...]]) -> list[float]:
    """The rows of each part, computed from the ranges it reads and not from what it says of itself."""
    density = {item.stream.web_id: item.rows / item.range.seconds for item in wanted}
    return [
        math.fsum(density[piece.stream.web_id] * piece.range.seconds for chunk in part for piece in chunk.pieces)
        for part in parts
    ]


ROWS = st.one_of(st.floats(1.0, 1e9), st.integers(1, 20).map(float), st.just(86_400.0))
RANGES = st.one_of(
    st.just(DAY),
    st.tuples(st.integers(0, 50), st.integers(1, 50)).map(lambda t: TimeRange(START + t[0], START + sum(t))),
    st.tuples(st.integers(-(10**15), 10**15), st.integers(1, 10**16)).map(lambda t: TimeRange(t[0], sum(t))),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(RANGES, ROWS), min_size=1, max_size=60), st.integers(1, 80), st.integers(1, 100),
    st.integers(0, 100),
)  # fmt: skip
def test_every_tick_of_every_stream_is_in_exactly_one_chunk(
    what: list[tuple[TimeRange, float]], parts: int, tags_per_request: int, quiet_tags: int
) -> None:
    wanted = [Piece(stream(number), window, rows) for number, (window, rows) in enumerate(what)]
    made = cut(wanted, parts, tags_per_request, quiet_tags=quiet_tags)
    assert_exactly_once(wanted, made)
    assert 1 <= len(made) <= parts
    for part in made:
        assert part, "a partition without work"
        for chunk in part:
            assert 1 <= len(chunk.pieces) <= max(tags_per_request, quiet_tags)
            assert len({some.stream.web_id for some in chunk.pieces}) == len(chunk.pieces)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=120), st.integers(1, 60))
def test_there_are_as_many_even_partitions_as_asked_for(rows: list[float], parts: int) -> None:
    wanted = expected(rows)
    made = cut(wanted, parts, 100)
    assert len(made) == parts
    sizes = work(wanted, made)
    assert math.fsum(sizes) == pytest.approx(sum(rows), rel=1e-6)
    assert [sum(chunk.rows for chunk in part) for part in made] == pytest.approx(sizes, rel=1e-6, abs=1e-3)
    assert max(sizes) / (sum(sizes) / len(sizes)) <= 1.3
    assert_exactly_once(wanted, made)


@pytest.mark.parametrize(
    "rows",
    [
        [86_400.0] * 1000,
        [1.0] * 5000,
        [1.0] * 99 + [1e6],
        [1e6] + [1.0] * 99,
        [float(1 + number % 7 * 1000) for number in range(500)],
        [10.0**(number % 6) for number in range(300)],
    ],
    ids=["even", "quiet", "one deep at the end", "one deep at the start", "sawtooth", "decades"],
)  # fmt: skip
@pytest.mark.parametrize("parts", [1, 2, 7, 16, 100])
def test_usual_mixtures_are_even(rows: list[float], parts: int) -> None:
    made = cut(expected(rows), parts, 100)
    sizes = work(expected(rows), made)
    assert len(sizes) == parts
    assert max(sizes) <= 1.3 * sum(rows) / parts
    assert min(sizes) >= 0.7 * sum(rows) / parts


def test_the_share_of_rows_of_a_piece_is_its_share_of_time() -> None:
    made = cut(expected([1000.0]), 4, 100)
    assert [some.range for part in made for chunk in part for some in chunk.pieces] == list(DAY.split(4))
    assert [chunk.rows for part in made for chunk in part] == pytest.approx([250.0] * 4)


def test_streams_are_left_whole_where_that_is_even_enough() -> None:
    made = cut(expected([100.0] * 10), 5, 100)
    assert all(some.range == DAY for part in made for chunk in part for some in chunk.pieces)
    assert [len(chunk.pieces) for part in made for chunk in part] == [2] * 5


def test_a_cut_close_to_the_end_of_a_stream_moves_there() -> None:
    made = cut(expected([100.0 + SNAP * 100, 95.0]), 2, 100)
    assert [some.range for part in made for chunk in part for some in chunk.pieces] == [DAY, DAY]


def test_the_streams_of_one_part_go_into_even_chunks() -> None:
    [part] = cut(expected([1.0] * 101), 1, 100)
    assert [len(chunk.pieces) for chunk in part] == [51, 50]
    assert [chunk.rows for chunk in part] == [51.0, 50.0]
    assert [some.stream.tag for chunk in part for some in chunk.pieces] == [f"T{number}" for number in range(101)]


@pytest.mark.parametrize(
    ("events", "tags"), [(1.0, 500), (10.0, 500), (25.0, 200), (50.0, 100), (1000.0, 100)]
)  # fmt: skip
def test_a_chunk_holds_more_streams_where_few_events_are_expected(events: float, tags: int) -> None:
    [part] = cut(expected([events] * 1000), 1, 100, quiet_tags=500)
    assert {len(chunk.pieces) for chunk in part} == {tags}
    [part] = cut(expected([events] * 1000), 1, 30, quiet_tags=30)
    assert max(len(chunk.pieces) for chunk in part) == 30


def test_streams_of_different_ranges_share_a_chunk() -> None:
    other = TimeRange(START, START + TICKS_PER_HOUR)
    wanted = [Piece(stream(number), (DAY, other)[number % 2], 10.0) for number in range(6)]
    made = cut(wanted, 1, 100)
    assert_exactly_once(wanted, made)
    assert [len(chunk.pieces) for part in made for chunk in part] == [6]


def test_fewer_ticks_than_parts_make_fewer_parts_and_lose_none() -> None:
    wanted = expected([1e6], TimeRange(START, START + 3))
    made = cut(wanted, 10, 100)
    assert len(made) == 3
    assert_exactly_once(wanted, made)


@given(st.floats(0, 1e12), st.integers(1, 10**7), st.integers(1, 1000))
def test_parts_are_as_many_as_needed_and_no_more_than_the_most(rows: float, per_partition: int, most: int) -> None:
    parts = parts_for(rows, per_partition, most)
    assert 1 <= parts <= most
    needed = math.ceil(rows / per_partition)
    if parts < most:
        assert rows / parts <= per_partition * 1.01
        assert parts <= max(1, needed)


@pytest.mark.parametrize(("rows", "parts"), [(0, 1), (1, 1), (100, 1), (101, 2), (200, 2), (201, 3), (10**9, 50)])
def test_parts_for(rows: float, parts: int) -> None:
    assert parts_for(rows, 100, 50) == parts


def test_a_chunk_prints_its_tags_and_range_and_a_partition_counts_its_streams() -> None:
    chunk = Chunk.of((stream(number) for number in range(5)), DAY)
    assert str(chunk) == "T0, T1, T2 and 2 more from 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z"
    assert str(Chunk.of([stream(1)], DAY)) == "T1 from 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z"
    assert StreamPartition(0, (chunk, chunk)).streams == 10


def test_dense_neighbours_that_nobody_counted_are_spread_over_the_parts() -> None:
    """A tenth of the streams, side by side, has all the events, and each is expected to have as many as the others."""
    guessed = expected([1000.0] * 5000)
    true = expected([9910.0 if 1000 <= number < 1500 else 10.0 for number in range(5000)])
    named = work(true, cut(guessed, 10, 100))
    assert max(named) > 4 * sum(named) / 10
    parts = cut(scattered(guessed), 10, 100)
    assert_exactly_once(guessed, parts)
    spread = work(true, parts)
    assert sum(spread) == pytest.approx(sum(named))
    assert max(spread) <= 1.3 * sum(spread) / 10
    assert scattered(guessed) == scattered(list(reversed(guessed)))
