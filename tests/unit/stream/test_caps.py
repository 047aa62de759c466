from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.errors import PIForbiddenError
from pi_datasource.options import Connection, Streaming
from pi_datasource.stream.caps import _end, capped
from pi_datasource.stream.key import Key
from pi_datasource.times import format_ticks
from pi_datasource.webapi.webids import point_ids
from tests.readers.stream_world import SECOND, URL, World

events = st.lists(st.integers(0, 60), min_size=1, max_size=20).map(sorted)


def end_of(ticks: list[int], high: int, length: int | None, share: int | None) -> int:
    """As it is asked: no more times than it takes to see whether the limit cuts."""
    asked = 1 if share is None else share + 1
    return _end([format_ticks(tick) for tick in ticks[:asked]], high, length, share)


@settings(derandomize=True, deadline=None)
@given(events, st.none() | st.integers(1, 20), st.none() | st.integers(0, 8))
def test_a_cut_always_moves_and_never_parts_an_instant(ticks: list[int], length: int | None, share: int | None) -> None:
    high = ticks[-1] + 1
    batches, low = [], 0
    while left := [tick for tick in ticks if tick >= low]:
        end = end_of(left, high, length, share)
        taken = [tick for tick in left if tick < end]
        assert taken, "nothing is taken"
        assert low < end <= high
        if length is not None:
            assert taken[-1] - taken[0] < length
        if share is not None:
            assert len(taken) <= max(share, taken.count(taken[0])), "more than the limit, and not one instant"
        batches += taken
        low = end
    assert batches == ticks


def test_without_events_it_goes_to_the_end() -> None:
    assert _end([], 50, 5, 5) == 50


# -- asked of a server


def moves_of(world: World, *ids: int) -> dict[Key, tuple[int, int]]:
    moves = {}
    for point_id in ids:
        found = point_ids(world.app.site.point_web_id(world.point(point_id)))
        assert found is not None
        moves[Key(*found)] = (world.ticks(0), world.events(point_id)[-1].ticks + 1)
    return moves


def cut(world: World, limits: Streaming, *ids: int) -> dict[int, float]:
    ends, failures = capped(world.client(Connection(url=URL)), moves_of(world, *ids), limits)
    assert failures == {}
    return {key.point_id: (tick - world.ticks(0)) / SECOND for key, tick in ends.items()}


@pytest.fixture
def two(world: World) -> tuple[int, int]:
    a, b = world.add("pa"), world.add("pb")
    for second in range(10, 30):
        world.put(a, second), world.put(b, second + 0.5)
    return a, b


def test_no_limits_ask_nothing(world: World, two: tuple[int, int]) -> None:
    world.fail(two[0], "recorded")
    assert cut(world, Streaming(), *two) == {two[0]: 29.0000001, two[1]: 29.5000001}


def test_rows_are_shared_by_the_tags_that_move(world: World, two: tuple[int, int]) -> None:
    assert cut(world, Streaming(max_rows_per_trigger=8), *two) == {two[0]: 14, two[1]: 14.5}


def test_a_limit_below_the_number_of_tags_takes_an_instant_of_each(world: World, two: tuple[int, int]) -> None:
    assert cut(world, Streaming(max_rows_per_trigger=1), *two) == {two[0]: 11, two[1]: 11.5}


def test_time_counts_from_the_first_event(world: World, two: tuple[int, int]) -> None:
    assert cut(world, Streaming(max_time_per_trigger=2.5), *two) == {two[0]: 12.5, two[1]: 13}


def test_the_narrower_of_both_limits(world: World, two: tuple[int, int]) -> None:
    assert cut(world, Streaming(max_time_per_trigger=2.5, max_rows_per_trigger=4), *two) == {two[0]: 12, two[1]: 12.5}


def test_a_server_with_a_smaller_limit_of_its_own(two: tuple[int, int], world: World) -> None:
    for limit, expected in ((5, 14), (2, 11), (1, 10.0000001)):
        world.app.site.switches.set({"max_count": limit})
        ends = cut(world, Streaming(max_rows_per_trigger=20), *two)
        assert ends[two[0]] == pytest.approx(expected, abs=1e-8)


def test_a_tag_that_cannot_be_asked_holds_up_no_other(world: World, two: tuple[int, int]) -> None:
    world.fail(two[0], "recorded")
    ends, failures = capped(world.client(Connection(url=URL)), moves_of(world, *two), Streaming(max_rows_per_trigger=8))
    assert [key.point_id for key in ends] == [two[1]]
    ((key, error),) = failures.items()
    assert key.point_id == two[0]
    assert isinstance(error, PIForbiddenError)
