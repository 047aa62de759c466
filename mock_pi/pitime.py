"""PI time text: `*-1d`, `t+8h`, `y`, `Monday`, `1-Jan-2026 08:00`, ISO with and without zone; and time spans.

A time is a reference followed by signed offsets. Days and longer follow the wall clock of the time zone, so that
`t+1d` is midnight also where the clocks change; hours and shorter are exact (PI Web API Reference, "Time strings").
"""

from __future__ import annotations

import contextlib
import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from mock_pi.ticks import FIRST_TICKS, LAST_TICKS, TICKS_PER_SECOND, split_iso, wall_of, wall_ticks

#: Windows names of time zones, which the parameter `timeZone` takes as well as IANA names.
WINDOWS_ZONES = {
    "coordinated universal time": "UTC", "greenwich standard time": "Atlantic/Reykjavik",
    "gmt standard time": "Europe/London", "w. europe standard time": "Europe/Berlin",
    "romance standard time": "Europe/Paris", "central europe standard time": "Europe/Budapest",
    "eastern standard time": "America/New_York", "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver", "pacific standard time": "America/Los_Angeles",
    "tokyo standard time": "Asia/Tokyo", "china standard time": "Asia/Shanghai",
    "india standard time": "Asia/Kolkata", "aus eastern standard time": "Australia/Sydney",
}  # fmt: skip

_UNITS = {
    "ms": "ms", "millisecond": "ms", "milliseconds": "ms",
    "s": "s", "sec": "s", "second": "s", "seconds": "s", "m": "m", "min": "m", "minute": "m", "minutes": "m",
    "h": "h", "hour": "h", "hours": "h", "d": "d", "day": "d", "days": "d", "w": "w", "week": "w", "weeks": "w",
    "mo": "mo", "month": "mo", "months": "mo", "y": "y", "yr": "y", "year": "y", "years": "y",
}  # fmt: skip

#: Ticks of the units that are exact; only they may have a fraction.
_EXACT = {"ms": 10_000, "s": TICKS_PER_SECOND, "m": 60 * TICKS_PER_SECOND, "h": 3600 * TICKS_PER_SECOND}

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
           "november", "december")  # fmt: skip

# A sign counts until the next one: `-1h30m` is an hour and a half ago.
_TERM = r"\d+(?:\.\d+)?\s*[a-zA-Z]+\s*"
_TIME = re.compile(rf"(?P<reference>.*?)\s*(?P<offsets>(?:[+-]\s*(?:{_TERM})+)*)", re.DOTALL)
_OFFSET = re.compile(r"([+-]?)\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)")
_SPAN_TERM = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*")
_CLOCK_SPAN = re.compile(r"(\d+):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?")

#: How a text begins that may be a date; anything else need not be tried as one.
_DATE = re.compile(r"\d|[a-zA-Z]{3,9}\s+\d")

#: Forms that .NET reads in the culture en-US, besides ISO.
_FORMS = tuple(
    f"{date}{clock}"
    for date in ("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%m/%d/%Y", "%b %d, %Y", "%B %d, %Y", "%d-%B-%Y")
    for clock in ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
)


def is_zone(name: str) -> bool:
    """Whether a time zone of this name is known, IANA or Windows."""
    try:
        _zone(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=64)
def _zone(name: str) -> timezone | ZoneInfo:
    name = WINDOWS_ZONES.get(name.lower(), name)
    return timezone.utc if name.upper() in ("UTC", "Z") else ZoneInfo(name)


def parse(text: str, now: int, zone: str = "UTC") -> int:
    """The instant a PI time text means, in ticks.

    Raises:
        ValueError: it is no time.
    """
    text = text.strip()
    if _DATE.match(text):
        with contextlib.suppress(ValueError):
            return _within(_absolute(text, zone))
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a PI time: {text!r}")
    instant = _reference(match["reference"], now, zone)
    sign = "+"
    for new_sign, amount, unit in _OFFSET.findall(match["offsets"]):
        sign = new_sign or sign
        instant = _shift(instant, sign + amount, unit, zone)
    return _within(instant)


def _within(instant: int) -> int:
    if not FIRST_TICKS <= instant <= LAST_TICKS:
        raise ValueError("outside of PI's time axis")
    return instant


@lru_cache(maxsize=4096)
def _absolute(text: str, zone: str) -> int:
    try:
        wall, fraction, offset = split_iso(text)
    except ValueError:
        wall, fraction, offset = _local_form(text), 0, None
    if offset is None:
        return _from_local(wall, fraction, zone)
    return wall_ticks(wall, fraction) - offset * TICKS_PER_SECOND


def _local_form(text: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the server's
        except ValueError:
            continue
    raise ValueError(f"not a date: {text!r}")


def _from_local(wall: datetime, fraction: int, zone: str) -> int:
    aware = wall.replace(microsecond=0, tzinfo=_zone(zone))
    offset = aware.utcoffset() or timedelta()
    return wall_ticks(wall.replace(microsecond=0) - offset, fraction + wall.microsecond * 10)


def _to_local(instant: int, zone: str) -> tuple[datetime, int]:
    wall, fraction = wall_of(instant)
    return wall.replace(tzinfo=timezone.utc).astimezone(_zone(zone)).replace(tzinfo=None), fraction


def _reference(text: str, now: int, zone: str) -> int:
    if text in ("", "*"):
        return now
    wall, _ = _to_local(now, zone)
    midnight = wall.replace(hour=0, minute=0, second=0)
    lower = text.lower()
    if lower in ("t", "today"):
        return _from_local(midnight, 0, zone)
    if lower in ("y", "yesterday"):
        return _from_local(midnight - timedelta(days=1), 0, zone)
    weekday = _named(lower, _WEEKDAYS)
    if weekday is not None:
        return _from_local(midnight - timedelta(days=(midnight.weekday() - weekday) % 7), 0, zone)
    month = _named(lower, _MONTHS)
    if month is not None:
        return _from_local(midnight.replace(month=month + 1), 0, zone)
    if lower.isdigit() and len(lower) <= 2:
        return _from_local(midnight.replace(day=int(lower)), 0, zone)
    if lower.isdigit() and len(lower) == 4:
        return _from_local(midnight.replace(year=int(lower)), 0, zone)
    return _absolute(text, zone)


def _named(text: str, names: tuple[str, ...]) -> int | None:
    for number, name in enumerate(names):
        if text in (name, name[:3]):
            return number
    return None


def _unit(text: str, amount: str) -> str:
    unit = _UNITS.get(text.lower())
    if unit is None or ("." in amount and unit not in _EXACT):
        raise ValueError(f"not a unit of time: {text!r}")
    return unit


def _shift(instant: int, amount: str, unit_text: str, zone: str) -> int:
    unit = _unit(unit_text, amount)
    if unit in _EXACT:
        return instant + round(float(amount) * _EXACT[unit])
    wall, fraction = _to_local(instant, zone)
    count = int(amount)
    if unit in ("d", "w"):
        return _from_local(wall + timedelta(days=count * (7 if unit == "w" else 1)), fraction, zone)
    months = wall.year * 12 + wall.month - 1 + count * (12 if unit == "y" else 1)
    return _from_local(_on_month(wall, *divmod(months, 12)), fraction, zone)


def _on_month(wall: datetime, year: int, month: int) -> datetime:
    for day in range(wall.day, 27, -1):
        try:
            return wall.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return wall.replace(year=year, month=month + 1)


class TimeSpan:
    """An interval such as `15m`, `1d`, `1h30m` or `00:15:00`."""

    def __init__(self, text: str) -> None:
        clock = _CLOCK_SPAN.fullmatch(text.strip())
        if clock:
            hours, minutes, seconds, fraction = clock.groups()
            ticks = (int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)) * TICKS_PER_SECOND
            self.terms = [(str((ticks + int((fraction or "0").ljust(7, "0"))) / TICKS_PER_SECOND), "s")]
        else:
            self.terms = _SPAN_TERM.findall(text.strip())
            if "".join(_SPAN_TERM.split(text.strip())[::3]).strip() or not self.terms:
                raise ValueError(f"not a time span: {text!r}")
        for amount, unit in self.terms:
            _unit(unit, amount)
        if not any(float(amount) for amount, _ in self.terms):
            raise ValueError(f"an empty time span: {text!r}")

    def after(self, start: int, times: int, zone: str) -> int:
        """The instant `times` spans after a start, or before it; days and longer by the wall clock of the zone."""
        instant = start
        for amount, unit in self.terms:
            whole = "." not in amount
            total = str(int(amount) * times) if whole else repr(float(amount) * times)
            instant = _shift(instant, total, unit, zone)
        return instant
