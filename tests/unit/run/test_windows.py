"""Windows cover a range exactly; the estimate follows the last of them."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import pairwise

import pytest

from pi_datasource.run.hours import Hours
from pi_datasource.run.windows import RECENT, Progress, span_text, windows
from pi_datasource.times import Span, TimeRange, parse_iso, zone_of

UTC = timezone.utc
DAY = 86_400 * 10_000_000


def a_range(start: str, end: str) -> TimeRange:
    return TimeRange(parse_iso(start), parse_iso(end))


@pytest.mark.parametrize("length", ["1d", "7h", "1mo", "90s", "1y", "100d"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_windows_adjoin_and_cover(length: str, zone: str) -> None:
    whole = a_range("2026-03-28T05:00:00.0000001Z", "2026-03-31T07:13:00Z")
    made = windows(whole, Span.parse(length), zone_of(zone))
    assert (made[0].start, made[-1].end) == (whole.start, whole.end)
    assert all(one.end == other.start for one, other in pairwise(made))
    assert not any(one.is_empty for one in made)


def test_ten_years_of_days_and_of_months() -> None:
    whole = a_range("2016-01-31", "2026-01-31")
    assert len(windows(whole, Span.parse("1d"), UTC)) == 3653
    months = windows(whole, Span.parse("1mo"), UTC)
    assert len(months) == 120
    assert months[1].start == parse_iso("2016-02-29")


def test_newest_first_are_the_same_windows() -> None:
    whole = a_range("2026-01-01", "2026-01-04T12:00Z")
    oldest = windows(whole, Span.parse("1d"), UTC)
    assert len(oldest) == 4
    assert windows(whole, Span.parse("1d"), UTC, newest_first=True) == oldest[::-1]
    assert windows(TimeRange(5, 5), Span.parse("1d"), UTC) == []


def test_progress_tells_what_is_left() -> None:
    progress = Progress(100)
    now = datetime(2026, 1, 10, 21, tzinfo=UTC)
    assert progress.told(now, None) == "0 of 100 windows (0.0 %), 0 rows"
    for _ in range(10):
        progress.add(1000, 2.0)
    assert progress.told(now, None) == "10 of 100 windows (10.0 %), 10,000 rows; 500 rows/s; about 3 min left"
    # The archive becomes denser: the last windows count.
    for _ in range(RECENT):
        progress.add(1000, 60.0)
    assert progress.seconds_left == 60 * 60
    night = Hours.parse(["22:00-22:30"], UTC)
    assert progress.told(now, night).endswith("about 1 h left in hours, until 2026-01-11 22:30")
    done = Progress(2, 2, 5, 1.0)
    assert done.told(now, None) == "2 of 2 windows (100.0 %), 5 rows"


def test_progress_of_an_earlier_run_counts() -> None:
    assert Progress(10, 5, 500, 50.0).seconds_left == 50.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3661, "1 h 1 min"), (86_400 * 12 + 3600 * 5 + 60, "12 d 5 h")],
)
def test_lengths_of_time(seconds: float, text: str) -> None:
    assert span_text(seconds) == text
