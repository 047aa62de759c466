from __future__ import annotations

import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_datasource.times import TICKS_PER_SECOND, TimeRange


def test_a_range_says_what_it_holds() -> None:
    range_ = TimeRange(0, 15_000_000)
    assert str(range_) == "[1970-01-01T00:00:00Z, 1970-01-01T00:00:01.5Z)"
    assert range_.seconds == 1.5
    assert not range_.is_empty
    assert TimeRange(5, 5).is_empty
    assert pickle.loads(pickle.dumps(range_)) == range_


def test_a_start_after_the_end_is_never_swapped() -> None:
    with pytest.raises(ValueError, match="cannot start at 2 and end before it at 1"):
        TimeRange(2, 1)


@given(st.integers(-(10**17), 10**17), st.integers(0, 10**12) | st.integers(0, 20), st.integers(1, 50))
def test_pieces_are_adjacent_never_empty_and_alike(start: int, length: int, count: int) -> None:
    pieces = TimeRange(start, start + length).split(count)
    assert len(pieces) == min(count, length)
    assert all(not piece.is_empty for piece in pieces)
    if pieces:
        assert (pieces[0].start, pieces[-1].end) == (start, start + length)
        assert all(one.end == other.start for one, other in pairwise(pieces))
        lengths = {piece.end - piece.start for piece in pieces}
        assert max(lengths) - min(lengths) <= 1


def test_an_hour_in_four() -> None:
    quarters = TimeRange(0, 3600 * TICKS_PER_SECOND).split(4)
    assert [piece.seconds for piece in quarters] == [900.0] * 4


@pytest.mark.parametrize("count", [0, -1])
def test_no_pieces_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 or more pieces"):
        TimeRange(0, 1).split(count)
