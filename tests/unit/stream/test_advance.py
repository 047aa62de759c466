from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.stream.advance import Ripening, advanced
from pi_datasource.stream.offset import Key, PIOffset

T0 = 1_000
A, B, C = (Key("S" * 22, number) for number in (1, 2, 3))


def moved(before: PIOffset, **ripe: int) -> PIOffset:
    by_name = {"a": A, "b": B, "c": C}
    ends = {by_name[name]: tick for name, tick in ripe.items()}
    return advanced(before, ends, lookback=0, new_round=False, off=())


marks = st.dictionaries(st.sampled_from([A, B, C]), st.integers(T0 + 1, T0 + 50))
ripe = st.dictionaries(st.sampled_from([A, B, C]), st.integers(T0 - 50, T0 + 100))


@settings(derandomize=True, deadline=None)
@given(marks, st.lists(ripe, max_size=5))
def test_no_watermark_falls_or_leaves_or_stands_at_the_origin(
    marks: dict[Key, int], news: list[dict[Key, int]]
) -> None:
    offset = PIOffset(T0, marks)
    for ends in news:
        after = advanced(offset, ends, lookback=0, new_round=False, off=())
        assert after.watermarks.keys() >= offset.watermarks.keys()
        assert all(tick > T0 for tick in after.watermarks.values())
        for key, tick in after.watermarks.items():
            assert tick == max(offset.watermarks.get(key, T0), ends.get(key, T0))
        assert after.t0 == T0
        offset = after


def test_news_at_or_before_the_origin_makes_no_key() -> None:
    assert moved(PIOffset(T0), a=T0, b=T0 - 5, c=T0 + 1).watermarks == {C: T0 + 1}


def test_what_it_began_with_is_not_changed() -> None:
    before = PIOffset(T0, {A: T0 + 5})
    after = moved(before, a=T0 + 9, b=T0 + 2)
    assert before.watermarks == {A: T0 + 5}
    assert after.watermarks == {A: T0 + 9, B: T0 + 2}


def test_no_news_is_the_same_offset() -> None:
    before = PIOffset(T0, {A: T0 + 5})
    assert moved(before) == moved(before, a=T0 + 5) == moved(before, a=T0 + 3) == before


@pytest.fixture
def settled() -> Ripening:
    """One that has asked before, so that everything new has to settle for five seconds."""
    ripening = Ripening(5.0)
    ripening.ripe({}, 0.0)
    return ripening


def test_the_first_look_takes_all() -> None:
    assert Ripening(5.0).ripe({A: 10, B: 20}, now=100.0) == {A: 10, B: 20}


def test_a_candidate_is_taken_when_it_was_seen_long_enough(settled: Ripening) -> None:
    assert settled.ripe({A: 10}, now=100.0) == {}
    assert settled.ripe({A: 10}, now=104.9) == {}
    assert settled.ripe({A: 10}, now=105.0) == {A: 10}


def test_the_candidate_is_taken_and_not_what_came_since(settled: Ripening) -> None:
    settled.ripe({A: 10}, now=100.0)
    assert settled.ripe({A: 17}, now=104.0) == {}
    assert settled.ripe({A: 18}, now=105.0) == {A: 10}


def test_the_present_end_becomes_the_candidate_then(settled: Ripening) -> None:
    settled.ripe({A: 10}, now=100.0)
    settled.ripe({A: 18}, now=105.0)
    assert A not in {key for key, tick in settled.ripe({A: 30}, now=109.9).items() if tick > 10}
    assert settled.ripe({A: 30}, now=110.0) == {A: 18}
    assert settled.ripe({A: 30}, now=115.0) == {A: 30}


def test_a_stream_that_never_rests_is_not_starved(settled: Ripening) -> None:
    taken = [settled.ripe({A: tick}, now=float(tick)).get(A, 0) for tick in range(100, 200)]
    assert taken == sorted(taken)
    assert max(taken) >= 190
    # Nothing is taken that was not seen for five seconds.
    assert all(mark <= now - 5 for mark, now in zip(taken, range(100, 200), strict=True))


def test_what_was_taken_once_stays_taken(settled: Ripening) -> None:
    """A limit may have let only a part of it into a batch; the rest must not wait for the next candidate."""
    settled.ripe({A: 10}, now=100.0)
    assert settled.ripe({A: 18}, now=105.0) == {A: 10}
    assert settled.ripe({A: 18}, now=106.0) == {A: 10}


def test_a_point_that_is_not_asked_is_not_taken(settled: Ripening) -> None:
    settled.ripe({A: 10, B: 10}, now=100.0)
    assert settled.ripe({B: 10}, now=105.0) == {B: 10}
    assert settled.ripe({A: 10}, now=106.0) == {A: 10}


def test_a_point_that_comes_later_settles_by_itself(settled: Ripening) -> None:
    settled.ripe({A: 10}, now=100.0)
    assert settled.ripe({A: 10, B: 30}, now=105.0) == {A: 10}
    assert settled.ripe({A: 10, B: 30}, now=110.0) == {A: 10, B: 30}


def test_an_end_that_went_back_takes_nothing_else_than_what_settled(settled: Ripening) -> None:
    """Compression took the newest back before it was read; the next one is later again."""
    settled.ripe({A: 10}, now=100.0)
    settled.ripe({A: 8}, now=103.0)
    assert settled.ripe({A: 8}, now=105.0) == {A: 10}
    assert settled.ripe({A: 8}, now=110.0)[A] >= 8


def test_without_settling_all_is_taken_at_once() -> None:
    ripening = Ripening(0.0)
    assert [ripening.ripe({A: tick}, now=100.0)[A] for tick in (10, 11, 12)] == [10, 11, 12]
