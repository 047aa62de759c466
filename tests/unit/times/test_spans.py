from __future__ import annotations

from datetime import timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_datasource.errors import PITimeError
from pi_datasource.times import MAX_TICKS, Span, parse_iso

SECOND = 10_000_000
UTC, BERLIN = timezone.utc, ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "sent", "seconds"),
    [
        ("1h", "1h", 3600), ("15 m", "15m", 900), ("1H30M", "1h30m", 5400), ("0.5s", "0.5s", 0.5),
        ("00:15:00", "00:15:00", 900), ("01:30", "01:30", 5400), ("1.5h", "1.5h", 5400), ("100ms", "100ms", 0.1),
    ],
)  # fmt: skip
def test_exact_spans_have_a_length(text: str, sent: str, seconds: float) -> None:
    span = Span.parse(text)
    assert (span.text, span.ticks) == (sent, seconds * SECOND)
    assert span.after(7, 3, BERLIN) == 7 + 3 * span.ticks


@pytest.mark.parametrize("text", ["1d", "2w", "1mo", "1y", "1d12h"])
def test_spans_of_the_calendar_have_none(text: str) -> None:
    assert Span.parse(text).ticks is None


@pytest.mark.parametrize(
    ("text", "start", "times", "zone", "end"),
    [
        ("1d", "2026-03-28T23:00Z", 1, BERLIN, "2026-03-29T22:00Z"),
        ("1d", "2026-03-28T23:00Z", 1, UTC, "2026-03-29T23:00Z"),
        ("24h", "2026-03-28T23:00Z", 1, BERLIN, "2026-03-29T23:00Z"),
        ("1mo", "2026-01-31T00:00Z", 1, UTC, "2026-02-28T00:00Z"),
        ("1mo", "2026-01-31T00:00Z", 2, UTC, "2026-03-31T00:00Z"),
        ("1y", "2024-02-29T00:00Z", 1, UTC, "2025-02-28T00:00Z"),
        ("1d1h", "2026-01-01T00:00Z", 2, UTC, "2026-01-03T02:00Z"),
    ],
)
def test_after_some_spans(text: str, start: str, times: int, zone: timezone | ZoneInfo, end: str) -> None:
    assert Span.parse(text).after(parse_iso(start), times, zone) == parse_iso(end)


def test_beyond_all_times_is_the_last() -> None:
    assert Span.parse("9000y").after(parse_iso("2026-01-01T00:00Z"), 9, UTC) == MAX_TICKS
    assert Span.parse("99999h").after(parse_iso("9999-12-31T00:00Z"), 9, UTC) == MAX_TICKS


@pytest.mark.parametrize(
    "text", ["", "h", "1", "-1h", "+1h", "0s", "1h-2h", "00:00", "1 fortnight", "1.5d", "*-1h", "25:61"]
)
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(PITimeError, match=r"accepted are for example 10s, 15m"):
        Span.parse(text)


@given(st.text(max_size=30))
def test_any_text_is_a_span_or_refused_by_name(text: str) -> None:
    try:
        span = Span.parse(text)
    except PITimeError:
        return
    assert span.after(0, 1, UTC) > 0
