from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.stream.advance import Ripening, advanced, batch_ranges
from pi_datasource.stream.key import Key
from pi_datasource.stream.offset import PIOffset
from pi_datasource.times import TimeRange

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


# -- rounds


def test_a_round_counts_up_and_says_what_it_leaves_out() -> None:
    before = PIOffset(T0, {A: T0 + 5}, 10, 3, frozenset({B}))
    after = advanced(before, {A: T0 + 9}, lookback=10, new_round=True, off={A, C})
    assert after == PIOffset(T0, {A: T0 + 9}, 10, 4, frozenset({A, C}))


def test_without_a_round_what_is_left_out_stays_although_other_tags_fail_now() -> None:
    before = PIOffset(T0, {A: T0 + 5}, 10, 3, frozenset({B}))
    assert advanced(before, {}, lookback=10, new_round=False, off={A, C}) == before


def test_the_lookback_is_that_of_the_options() -> None:
    before = PIOffset(T0, {A: T0 + 5}, 10, 3)
    assert advanced(before, {}, lookback=7, new_round=False, off=()).lookback == 7


# -- what a batch covers


def covered(before: PIOffset | None, after: PIOffset, *, look_back: bool = True) -> dict[Key, tuple[int, int]]:
    """The ranges, counted from the origin."""
    ranges = batch_ranges(before, after, look_back=look_back)
    assert all(isinstance(window, TimeRange) for window in ranges.values())
    return {key: (window.start - T0, window.end - T0) for key, window in ranges.items()}


BEFORE = PIOffset(T0, {A: T0 + 50, B: T0 + 40}, 10, 3)


def test_the_first_batch_covers_all_from_the_origin_on() -> None:
    after = PIOffset(T0, {A: T0 + 50, B: T0 + 4}, 10, 1, frozenset({B}))
    assert covered(None, after) == {A: (0, 50), B: (0, 4)}


def test_without_a_lookback_only_news_is_covered() -> None:
    after = PIOffset(T0, {A: T0 + 60, B: T0 + 40, C: T0 + 7}, 0, 4)
    assert covered(BEFORE, after) == {A: (50, 60), C: (0, 7)}


def test_a_tag_that_moves_is_read_again_and_a_quiet_one_is_not() -> None:
    after = PIOffset(T0, {A: T0 + 60, B: T0 + 40, C: T0 + 7}, 10, 3)
    assert covered(BEFORE, after) == {A: (40, 60), C: (0, 7)}


def test_a_round_reads_the_quiet_ones_again_but_those_it_leaves_out() -> None:
    marks = {A: T0 + 50, B: T0 + 40}
    assert covered(BEFORE, PIOffset(T0, marks, 10, 4)) == {A: (40, 50), B: (30, 40)}
    assert covered(BEFORE, PIOffset(T0, marks, 10, 4, frozenset({B}))) == {A: (40, 50)}
    assert covered(BEFORE, PIOffset(T0, marks, 10, 3)) == {}


def test_a_tag_that_is_left_out_of_a_round_still_brings_its_news() -> None:
    """It was given up in an earlier offset of the same round, and recovered since."""
    after = PIOffset(T0, {A: T0 + 50, B: T0 + 45}, 10, 4, frozenset({B}))
    assert covered(BEFORE, after) == {A: (40, 50), B: (30, 45)}


def test_looking_back_ends_at_the_origin_and_one_tick_is_enough() -> None:
    marks = {A: T0 + 50, B: T0 + 40}
    assert covered(BEFORE, PIOffset(T0, marks, 45, 4)) == {A: (5, 50), B: (0, 40)}
    assert covered(BEFORE, PIOffset(T0, marks, 1, 4)) == {A: (49, 50), B: (39, 40)}


def test_the_width_is_that_of_the_end() -> None:
    assert covered(BEFORE, PIOffset(T0, {A: T0 + 60}, 20, 3)) == {A: (30, 60)}


def test_without_the_columns_a_batch_covers_its_news_whatever_its_offset_says() -> None:
    after = PIOffset(T0, {A: T0 + 60, B: T0 + 40, C: T0 + 7}, 10, 4)
    assert covered(BEFORE, after, look_back=False) == {A: (50, 60), C: (0, 7)}


offsets = st.builds(
    PIOffset,
    st.just(T0),
    marks,
    st.sampled_from([0, 1, 7, 1_000]),
    st.integers(0, 1),
    st.frozensets(st.sampled_from([A, B, C])),
)


@settings(derandomize=True, deadline=None)
@given(st.none() | offsets, offsets, st.booleans())
def test_news_is_always_covered_and_nothing_but_the_lookback_besides(
    before: PIOffset | None, after: PIOffset, look_back: bool
) -> None:
    low = before.watermarks if before else {}
    ranges = batch_ranges(before, after, look_back=look_back)
    for key, end in after.watermarks.items():
        start = low.get(key, T0)
        news = TimeRange(start, end) if start < end else None
        window = ranges.get(key)
        assert news is None or (window is not None and window.end == end)
        if window is not None:
            width = after.lookback if look_back else 0
            assert window.end == end
            assert window.start in (start, max(T0, start - width))
            assert T0 <= window.start < window.end
    assert ranges.keys() <= after.watermarks.keys()
