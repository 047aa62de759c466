from __future__ import annotations

from datetime import timezone, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_datasource.errors import PIOptionError
from pi_datasource.plan.grid import Grid
from pi_datasource.times import Span, TimeRange, parse_iso

UTC, BERLIN = timezone.utc, ZoneInfo("Europe/Berlin")


def grid(start: str, end: str, span: str | None, zone: tzinfo = UTC) -> Grid:
    return Grid(TimeRange(parse_iso(start), parse_iso(end)), Span.parse(span) if span else None, zone)


@given(start=st.integers(-(10**15), 10**15), length=st.integers(1, 10**13), milliseconds=st.integers(100_000, 10**7))
def test_steps_of_one_length(start: int, length: int, milliseconds: int) -> None:
    steps = Grid(TimeRange(start, start + length), Span.parse(f"{milliseconds}ms"), UTC)
    starts = [steps.at(number) for number in range(steps.count)]
    assert starts == list(range(start, start + length, milliseconds * 10_000))
    assert steps.at(steps.count) == start + length
    assert steps.units == steps.count
    for number, tick in enumerate(starts):
        assert (steps.unit_at(tick), steps.unit_at(tick + 1)) == (number, min(number + 1, steps.count))
    assert steps.unit_at(start + length) == steps.count


def test_cut_at_units_every_step_is_in_one_window() -> None:
    steps = grid("2026-01-01T00:00Z", "2026-01-02T00:30Z", "1h")
    assert steps.count == 25
    windows = [steps.window(first, min(first + 4, 25)) for first in range(0, 25, 4)]
    assert windows[0].start == steps.range.start
    assert windows[-1].end == steps.range.end
    assert all(one.end == other.start for one, other in pairwise(windows))
    assert list(steps.steps(4, 8)) == [4, 5, 6, 7]


def test_days_of_a_zone() -> None:
    steps = grid("2026-03-27T23:00Z", "2026-03-30T22:00Z", "1d", BERLIN)
    assert [steps.at(number) for number in range(4)] == [
        parse_iso(text) for text in ("2026-03-27T23:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z", "2026-03-30T22:00Z")
    ]
    assert (steps.count, steps.units) == (3, 3)
    assert steps.unit_at(parse_iso("2026-03-29T00:00Z")) == 2


@pytest.mark.parametrize(
    ("start", "end", "span", "zone"),
    [
        ("2026-01-31T00:00Z", "2026-06-01T00:00Z", "1mo", UTC),
        # The clocks skip this time of day on 29 March.
        ("2026-03-27T01:30Z", "2026-04-02T00:00Z", "1d", BERLIN),
    ],
)
def test_steps_that_depend_on_the_first_are_one_unit(start: str, end: str, span: str, zone: tzinfo) -> None:
    steps = grid(start, end, span, zone)
    assert steps.count > 4
    assert (steps.units, steps.window(0, 1), list(steps.steps(0, 1))) == (1, steps.range, list(range(steps.count)))
    assert [steps.unit_at(tick) for tick in (steps.range.start, steps.range.start + 1, steps.range.end)] == [0, 1, 1]


def test_without_a_span_the_range_is_one_step() -> None:
    steps = grid("2026-01-01T00:00Z", "2026-01-02T00:00Z", None)
    assert (steps.count, steps.units, steps.at(0), steps.at(1)) == (1, 1, steps.range.start, steps.range.end)


def test_an_empty_range_has_none() -> None:
    for span in ("1h", "1d", None):
        steps = grid("2026-01-01T00:00Z", "2026-01-01T00:00Z", span)
        assert (steps.count, steps.unit_at(steps.range.start)) == (0, 0)


def test_too_many_steps_of_the_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pi_datasource.plan.grid.MOST_CALENDAR_STEPS", 10)
    with pytest.raises(PIOptionError, match="more than 10 steps of 1d"):
        _ = grid("2026-01-01T00:00Z", "2026-02-01T00:00Z", "1d").count
