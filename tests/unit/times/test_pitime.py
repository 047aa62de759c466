from __future__ import annotations

import contextlib
from datetime import date, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pi_datasource.errors import PITimeError
from pi_datasource.times import TICKS_PER_SECOND, parse_iso, parse_time, short_text

UTC = timezone.utc
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600 * TICKS_PER_SECOND
#: A Tuesday, the last day of its month.
NOW = parse_iso("2026-03-31T13:14:15.1234567Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # references
        ("*", "2026-03-31T13:14:15.1234567Z"),
        ("t", "2026-03-31T00:00:00Z"),
        ("T", "2026-03-31T00:00:00Z"),
        ("today", "2026-03-31T00:00:00Z"),
        ("y", "2026-03-30T00:00:00Z"),
        ("Yesterday", "2026-03-30T00:00:00Z"),
        ("tue", "2026-03-31T00:00:00Z"),
        ("Tuesday", "2026-03-31T00:00:00Z"),
        ("mon", "2026-03-30T00:00:00Z"),
        ("wednesday", "2026-03-25T00:00:00Z"),
        ("jun", "2026-06-30T00:00:00Z"),
        ("january", "2026-01-31T00:00:00Z"),
        ("feb", "2026-02-28T00:00:00Z"),
        ("may", "2026-05-31T00:00:00Z"),
        ("dec 25", "2026-12-25T00:00:00Z"),
        ("december-5", "2026-12-05T00:00:00Z"),
        ("1", "2026-03-01T00:00:00Z"),
        ("31", "2026-03-31T00:00:00Z"),
        ("2011", "2011-03-31T00:00:00Z"),
        ("1970", "1970-03-31T00:00:00Z"),
        # offsets
        ("*-1d", "2026-03-30T13:14:15.1234567Z"),
        ("* - 1 d", "2026-03-30T13:14:15.1234567Z"),
        ("*-30D", "2026-03-01T13:14:15.1234567Z"),
        ("t+8h", "2026-03-31T08:00:00Z"),
        ("y+8h", "2026-03-30T08:00:00Z"),
        ("mon+14.5h", "2026-03-30T14:30:00Z"),
        ("t-1h30m", "2026-03-30T22:30:00Z"),
        ("t-1h+30m", "2026-03-30T23:30:00Z"),
        ("t+.5h", "2026-03-31T00:30:00Z"),
        ("t+1w", "2026-04-07T00:00:00Z"),
        ("t-1mo", "2026-02-28T00:00:00Z"),
        ("t+1mo", "2026-04-30T00:00:00Z"),
        ("t-2y", "2024-03-31T00:00:00Z"),
        ("t+90sec", "2026-03-31T00:01:30Z"),
        ("t+2 minutes 3 seconds", "2026-03-31T00:02:03Z"),
        ("t+5f", "2026-03-31T00:00:00.005Z"),
        ("t+5ms", "2026-03-31T00:00:00.005Z"),
        ("t+0.0000001s", "2026-03-31T00:00:00.0000001Z"),
        ("*-0d", "2026-03-31T13:14:15.1234567Z"),
        # absolute
        ("2016-01-01 +1mo-1s", "2016-01-31T23:59:59Z"),
        ("1-Jan-2026 08:00", "2026-01-01T08:00:00Z"),
        ("1-Jan-2026 8:00", "2026-01-01T08:00:00Z"),
        ("01-jan-26 08:00:00.123", "2026-01-01T08:00:00.123Z"),
        ("1 January 2026", "2026-01-01T00:00:00Z"),
        ("23-aug-12 15:00:00", "2012-08-23T15:00:00Z"),
        ("23-aug-70", "1970-08-23T00:00:00Z"),
        ("23-aug-69", "2069-08-23T00:00:00Z"),
        ("1-jan-2026 08:00 -1d", "2025-12-31T08:00:00Z"),
        ("1-jan-2026 08:00 +02:00", "2026-01-01T06:00:00Z"),
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01 08:00", "2026-01-01T08:00:00Z"),
        ("2026-01-01T00:00:00+02:00", "2025-12-31T22:00:00Z"),
        ("2026-01-01T00:00:00-05:00-1h", "2026-01-01T04:00:00Z"),
        ("2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.1234567Z"),
        # ends of months
        ("2026-01-31 +1mo", "2026-02-28T00:00:00Z"),
        ("2024-01-31 +1mo", "2024-02-29T00:00:00Z"),
        ("2024-02-29 +1y", "2025-02-28T00:00:00Z"),
        ("2024-02-29 -1mo", "2024-01-29T00:00:00Z"),
        ("2026-01-15 +11mo", "2026-12-15T00:00:00Z"),
        ("2026-01-15 -13mo", "2024-12-15T00:00:00Z"),
    ],
)
def test_times_in_utc(text: str, expected: str) -> None:
    assert short_text(parse_time(text, NOW, UTC)) == expected


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("t", "Europe/Berlin", "2026-03-30T22:00:00Z"),
        ("y+8h", "Europe/Berlin", "2026-03-30T06:00:00Z"),
        ("t", "Pacific/Auckland", "2026-03-31T11:00:00Z"),  # there it is the 1st of April already
        ("mon", "Pacific/Auckland", "2026-03-29T11:00:00Z"),
        ("2026-01-01", "America/New_York", "2026-01-01T05:00:00Z"),
        ("2026-01-01Z", "America/New_York", None),
        # A day is a day of the calendar and 24h are 24 hours.
        ("*-3d", "Europe/Berlin", "2026-03-28T14:14:15.1234567Z"),
        ("*-72h", "Europe/Berlin", "2026-03-28T13:14:15.1234567Z"),
        ("2026-10-24T12:00 +1d", "Europe/Berlin", "2026-10-25T11:00:00Z"),
        ("2026-10-24T12:00 +24h", "Europe/Berlin", "2026-10-25T10:00:00Z"),
        # The clock skips 02:30, or shows it twice.
        ("2026-03-28T02:30 +1d", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-10-24T02:30 +1d", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2026-03-29 +2.5h", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-03-28T02:30 +1d +1d", "Europe/Berlin", "2026-03-30T00:30:00Z"),
        ("2026-03-28T02:30 +1d +1h", "Europe/Berlin", "2026-03-29T02:30:00Z"),
        # The clock skips midnight itself.
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),
        ("2018-11-04 +1d", "America/Sao_Paulo", "2018-11-05T02:00:00Z"),
    ],
)
def test_times_in_zones(text: str, zone: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(PITimeError):
            parse_time(text, NOW, ZoneInfo(zone))
    else:
        assert short_text(parse_time(text, NOW, ZoneInfo(zone))) == expected


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-03-08", 23),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
        ("America/Sao_Paulo", "2018-11-04", 23),
        ("Asia/Kolkata", "2026-03-29", 24),
    ],
)
def test_a_day_has_the_hours_of_its_zone(zone: str, day: str, hours: float) -> None:
    tz = ZoneInfo(zone)
    assert parse_time(f"{day} +1d", NOW, tz) - parse_time(day, NOW, tz) == hours * HOUR


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "write * for now"),
        ("   ", "write * for now"),
        ("-1d", "'*-1d'"),
        ("+8h", "'*+8h'"),
        ("01/02/2026", "2026-02-01 to some and 2026-01-02 to others"),
        ("1/2/26", "2026-02-01 to some and 2026-01-02 to others"),
        ("01-02-2026 08:00", "2026-02-01 to some and 2026-01-02 to others"),
        ("01.02.2026", "2026-02-01 to some and 2026-01-02 to others"),
        ("01/02/2026 +1d", "2026-02-01 to some and 2026-01-02 to others"),
        ("13/02/2026", "write the ISO form 2026-02-13"),
        ("02/13/2026", "write the ISO form 2026-02-13"),
        ("01/01/2026", "write the ISO form 2026-01-01"),
        ("31/31/2026", "yyyy-mm-dd"),
        ("2026/01/02", "yyyy-mm-dd"),
        ("1/2/3456789", "Accepted"),
        ("0/0/0000", "yyyy-mm-dd"),
        ("3/1", "Accepted"),
        ("*-1.5d", "only seconds, minutes and hours"),
        ("*-1.5mo", "only seconds, minutes and hours"),
        ("*-1.5ms", "only seconds, minutes and hours"),
        ("*-1", "Accepted"),
        ("*-d", "Accepted"),
        ("*-1x", "Accepted"),
        ("*1d", "Accepted"),
        ("**", "Accepted"),
        ("now", "Accepted"),
        ("tomorrow", "Accepted"),
        ("0", "days 1 to 31"),
        ("32", "days 1 to 31"),
        ("feb 30", "days 1 to 28"),
        ("1969", "before 1970"),
        ("31-feb-2026", "no day of the calendar"),
        ("1-foo-2026", "Accepted"),
        ("1-jan-2026 25:00", "no time of day"),
        ("2026-02-30", "no day of the calendar"),
        ("2026-01-01T00:00:00.12345678", "at most 7"),
        ("*+9000y", "0001 to 9999"),
        ("*-9000y", "0001 to 9999"),
        ("*+999999999w", "0001 to 9999"),
        ("*+999999999h", "0001 to 9999"),
        ("9999-12-31 +1d", "0001 to 9999"),
        ("*" + "-1d" * 100, "too long"),
    ],
)
def test_wrong_times_are_refused_with_text_and_examples(text: str, hint: str) -> None:
    with pytest.raises(PITimeError) as caught:
        parse_time(text, NOW, UTC)
    message = str(caught.value)
    assert hint in message
    assert text[:20] in message
    assert "Accepted are for example: *, *-30d, t" in message


def test_day_31_of_a_shorter_month_is_no_day() -> None:
    with pytest.raises(PITimeError, match="days 1 to 30"):
        parse_time("31", parse_iso("2026-04-15"), UTC)


@given(st.dates(date(1, 2, 1), date(9999, 10, 1)), st.integers(0, 2))
@example(date(2024, 1, 31), 1)
def test_months_keep_the_day_or_take_the_last(day: date, months: int) -> None:
    moved = short_text(parse_time(f"{day} +{months}mo", NOW, UTC))
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = ((date(year, month + 1, 28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    assert moved == f"{date(year, month + 1, min(day.day, last))}T00:00:00Z"


@given(st.integers(parse_iso("1975-01-01"), parse_iso("2080-01-01")), st.integers(0, 400), st.integers(0, 5000))
def test_exact_units_do_not_know_zones(now: int, hours: int, seconds: int) -> None:
    expected = now - hours * HOUR - seconds * TICKS_PER_SECOND
    assert parse_time(f"*-{hours}h{seconds}s", now, BERLIN) == expected


@given(
    st.text()
    | st.text(alphabet="*tyd0123456789+-./: hmwsofjanZT", max_size=30)
    | st.from_regex(
        r"\A(\*|t|[0-9]{1,4}-[0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}-jan-[0-9]{2,4}) ?([+-][0-9]{1,10}[a-z]{1,2}){0,3}\Z"
    ),
    st.integers(),
    st.sampled_from([UTC, BERLIN, ZoneInfo("Pacific/Apia")]),
)
@example("t", parse_iso("0001-01-01"), ZoneInfo("America/New_York"))
def test_no_text_raises_anything_else(text: str, now: int, zone: ZoneInfo) -> None:
    with contextlib.suppress(PITimeError):
        parse_time(text, now, zone)
