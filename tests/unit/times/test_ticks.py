from __future__ import annotations

import contextlib
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_datasource.errors import PITimeError
from pi_datasource.times import (
    MAX_TICKS,
    MIN_TICKS,
    TICKS_PER_SECOND,
    format_ticks,
    now_ticks,
    parse_iso,
    short_text,
    to_ticks,
)
from pi_datasource.times.ticks import instant_of_wall, wall_of_instant

SECOND = TICKS_PER_SECOND
DAY = 86400 * SECOND

ticks = st.integers(MIN_TICKS, MAX_TICKS)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo", "UTC"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01", 0),
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01 00:00", 0),
        ("1970-01-01T00:00:00.0000001Z", 1),
        ("1970-01-01T00:00:00.1Z", 1_000_000),
        ("1970-01-01T00:00:01.1682014Z", 11_682_014),
        ("1969-12-31T23:59:59.9999999Z", -1),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01T02:00:00+0200", 0),
        ("1970-01-01T02:00:00+02", 0),
        ("1970-01-01 02:00:00 +02:00", 0),
        ("1969-12-31T18:30-05:30", 0),
        ("1970-01-01t00:00:00z", 0),
        ("  1970-01-02  ", DAY),
        ("2024-02-29", 19782 * DAY),
        ("0001-01-01T00:00:00Z", MIN_TICKS),
        ("9999-12-31T23:59:59.9999999Z", MAX_TICKS),
    ],
)
def test_iso_text_is_read_exactly(text: str, expected: int) -> None:
    assert parse_iso(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026",
        "2026-1-1",
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.12345678Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T",
        "2026-01-01Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00 UTC",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "２０２６-01-01",
        "2026/01/01",
    ],
)
def test_anything_else_is_refused_by_its_text(text: str) -> None:
    with pytest.raises(PITimeError) as caught:
        parse_iso(text)
    assert repr(text) in str(caught.value)


@given(ticks)
def test_format_and_parse_are_inverse_over_the_whole_range(instant: int) -> None:
    assert parse_iso(format_ticks(instant)) == instant
    assert parse_iso(short_text(instant)) == instant
    assert len(format_ticks(instant)) == len("2026-01-31T08:00:00.1234567Z")


@given(ticks, ticks)
def test_texts_sort_as_instants_do(one: int, other: int) -> None:
    assert (one < other) == (format_ticks(one) < format_ticks(other))


@given(st.datetimes(timezones=st.timezones()))
def test_agrees_with_datetime(instant: datetime) -> None:
    since = instant - datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert to_ticks(instant) == since // timedelta(microseconds=1) * 10
    written = instant.replace(tzinfo=timezone(timedelta(hours=5, minutes=30)))
    if MIN_TICKS <= to_ticks(written) <= MAX_TICKS:
        assert parse_iso(written.isoformat(timespec="microseconds")) == to_ticks(written)


@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)), st.sampled_from(ZONES))  # noqa: DTZ001
def test_text_without_zone_agrees_with_zoneinfo(wall: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    assert parse_iso(wall.isoformat(timespec="microseconds"), zone) == to_ticks(wall.replace(tzinfo=zone))


@given(st.integers(parse_iso("1900-01-01"), parse_iso("2100-01-01")), st.sampled_from(ZONES))
def test_wall_clock_comes_back_unless_it_shows_the_same_twice(instant: int, name: str) -> None:
    zone = ZoneInfo(name)
    again = instant_of_wall(wall_of_instant(instant, zone), zone)
    assert again <= instant
    assert wall_of_instant(again, zone) == wall_of_instant(instant, zone)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        # Skipped: forward by the gap.
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-03-08T02:30", "America/New_York", "2026-03-08T07:30:00Z"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:45:00Z"),  # half an hour of change only
        # Twice: the first.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00Z"),
        # Midnight itself skipped.
        ("2018-11-04T00:00", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        # Local mean time has seconds.
        ("1890-01-01T00:00", "Europe/Berlin", "1889-12-31T23:06:32Z"),
    ],
)
def test_clock_changes(text: str, zone: str, expected: str) -> None:
    assert short_text(parse_iso(text, ZoneInfo(zone))) == expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.0000001Z"),
        (15_000_000, "1970-01-01T00:00:01.5Z"),
        (100 * SECOND, "1970-01-01T00:01:40Z"),
    ],
)
def test_short_text_has_no_zeros_at_its_end(instant: int, expected: str) -> None:
    assert short_text(instant) == expected


@pytest.mark.parametrize("instant", [MIN_TICKS - 1, MAX_TICKS + 1, 10**30])
def test_outside_of_the_calendar(instant: int) -> None:
    for use in (format_ticks, short_text, lambda at: wall_of_instant(at, ZoneInfo("Asia/Tokyo"))):
        with pytest.raises(PITimeError, match="0001 to 9999"):
            use(instant)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59"])
def test_a_zone_can_lead_out_of_the_calendar(text: str, zone: str) -> None:
    inside = (text < "1000") == (zone == "America/New_York")
    with contextlib.nullcontext() if inside else pytest.raises(PITimeError, match="0001 to 9999"):
        assert MIN_TICKS <= parse_iso(text, ZoneInfo(zone)) <= MAX_TICKS


def test_a_datetime_without_zone_is_no_instant() -> None:
    with pytest.raises(PITimeError, match="no time zone"):
        to_ticks(datetime(2026, 1, 1))  # noqa: DTZ001


def test_now_is_now() -> None:
    assert abs(now_ticks() - to_ticks(datetime.now(timezone.utc))) < 10 * SECOND
