"""Windows of event frames: every frame belongs to one of them, to the tick."""

from __future__ import annotations

import random

import numpy as np
import pytest

from pi_datasource.plan.frames import Window, _enough
from pi_datasource.times import MAX_TICKS

START, END = 1_000, 2_000


def belongs(mode: str, first: int, last: int, is_open: bool) -> bool:
    """Whether a frame is in [START, END), as the table's documentation says."""
    return {
        "Overlapped": first < END and last >= START,
        "Inclusive": first >= START and last < END and not is_open,
        "StartInclusive": START <= first < END,
        "EndInclusive": START <= last < END and not is_open,
        "InProgress": START <= first < END and is_open,
    }[mode]


@pytest.mark.parametrize("parts", [1, 2, 3, 8])
@pytest.mark.parametrize("mode", ["Overlapped", "Inclusive", "StartInclusive", "EndInclusive", "InProgress"])
def test_each_frame_is_kept_by_one_window(mode: str, parts: int) -> None:
    random.seed(parts)
    borders = sorted(random.sample(range(START + 1, END), parts - 1))
    marks = sorted({START - 1, START, START + 1, END - 1, END, END + 1, *borders, *(one - 1 for one in borders)})
    frames = [(a, b, False) for a in marks for b in marks if a <= b] + [(a, MAX_TICKS, True) for a in marks]
    starts, ends = (np.array([one[place] for one in frames], np.int64) for place in (0, 1))
    is_open = np.array([one[2] for one in frames])
    whole = Window(mode, START, END, before=END if mode == "Inclusive" else None)
    windows = whole.cut(borders)
    assert len(windows) == parts
    kept = np.sum([window.keeps(starts, ends, is_open) for window in windows], axis=0)
    wanted = [int(belongs(mode, *one)) for one in frames]
    assert 0 < sum(wanted) < len(frames)
    assert kept.tolist() == wanted
    assert [window.is_first for window in windows] == [True] + [False] * (parts - 1)


@pytest.mark.parametrize(
    ("borders", "parts", "expected"),
    [([], 2, [1500]), ([1800], 3, [1400, 1800]), ([1800], 2, [1800]), ([], 4, [1250, 1500, 1750])],
)
def test_as_many_parts_as_wanted(borders: list[int], parts: int, expected: list[int]) -> None:
    assert _enough(borders, Window("StartInclusive", START, END), parts) == expected


def test_a_range_of_few_ticks_has_few_parts() -> None:
    assert _enough([], Window("StartInclusive", 5, 7), 8) == [6]


def test_ends_are_asked_with_them() -> None:
    """A server that rounds times still sends what lies on the border, and the window drops what is not its own."""
    query = dict(Window("Overlapped", 0, 10_000_000).query(True))
    assert query == {
        "searchMode": "Overlapped", "startTime": "1970-01-01T00:00:00.0000000Z",
        "endTime": "1970-01-01T00:00:01.0000000Z", "sortField": "StartTime", "sortOrder": "Ascending",
    }  # fmt: skip
    assert "endTime" not in dict(Window("ForwardFromStartTime", 0, 1).query(True))
    assert "sortField" not in dict(Window("BackwardFromEndTime", 0, 1).query(True))
