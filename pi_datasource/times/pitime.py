"""PI's own time text, resolved here once instead of by the server at every request, where it would drift.

    time      = reference, then offsets
    reference = `*` | `t` `today` | `y` `yesterday` | weekday | month | month day | day number | year
              | `1-Jan-2026 08:00` | ISO 8601
    offsets   = `-1d`, `+8h`, `-1h30m` (the sign holds until the next one), `+1mo-1s`

Offsets apply from left to right. `s`, `m`, `h` and smaller are exact durations; `d`, `w`, `mo` and `y` move the clock
and calendar of the zone, so a day can have 23 or 25 hours, and a month that has no such day gives its last (31 Jan +
1mo = 28 or 29 Feb). Where PI's documentation is silent we chose: clock changes as in `ticks.instant_of_wall`; a weekday
named on that weekday is today; a two-digit year is 1970 to 2069, because PI's archives begin in 1970.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, tzinfo

from pi_datasource.errors import PITimeError
from pi_datasource.times.ticks import (
    EPOCH_DAY,
    MAX_TICKS,
    MIN_TICKS,
    TICKS_PER_DAY,
    TICKS_PER_HOUR,
    TICKS_PER_MINUTE,
    TICKS_PER_SECOND,
    instant_of_wall,
    read_iso,
    wall_of_instant,
)

EXAMPLES = "*, *-30d, t, y+8h, monday, 1-Jan-2026 08:00, 2026-01-31, 2026-01-31T08:00:00+02:00"

#: No time text is longer; it keeps the search for offsets short whatever we are given.
MAX_LENGTH = 100

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def _with_short_forms(names: tuple[str, ...], first: int) -> dict[str, int]:
    return {form: number for number, name in enumerate(names, first) for form in (name, name[:3])}


_WEEKDAY_OF = _with_short_forms(_WEEKDAYS, 0)
_MONTH_OF = _with_short_forms(_MONTHS, 1)

#: Units of a fixed length, in ticks. Of these, seconds, minutes and hours may have a fraction.
_EXACT = {
    **dict.fromkeys(("f", "ms", "millisecond", "milliseconds"), TICKS_PER_SECOND // 1000),
    **dict.fromkeys(("s", "sec", "second", "seconds"), TICKS_PER_SECOND),
    **dict.fromkeys(("m", "min", "minute", "minutes"), TICKS_PER_MINUTE),
    **dict.fromkeys(("h", "hour", "hours"), TICKS_PER_HOUR),
}
#: Units of the calendar: (months, days).
_CALENDAR = {
    **dict.fromkeys(("d", "day", "days"), (0, 1)),
    **dict.fromkeys(("w", "week", "weeks"), (0, 7)),
    **dict.fromkeys(("mo", "month", "months"), (1, 0)),
    **dict.fromkeys(("y", "year", "years"), (12, 0)),
}

_OFFSET = re.compile(r"(?P<sign>[+-])?\s*(?P<whole>[0-9]{0,9})(?:\.(?P<fraction>[0-9]{1,9}))?\s*(?P<unit>[a-z]+)\s*")
_SLASHED = re.compile(r"([0-9]{1,4})([/.-])([0-9]{1,2})\2([0-9]{1,4})(?![0-9])")
_DAY_MONTH_YEAR = re.compile(
    r"(?P<day>[0-9]{1,2})[- ](?P<month>[a-z]{3,9})[- ](?P<year>[0-9]{4}|[0-9]{2})(?:[t ]\s*(?P<time>[0-9].*))?"
)
_MONTH_DAY = re.compile(r"(?P<month>[a-z]{3,9})[- ](?P<day>[0-9]{1,2})")


def parse_time(text: str, now: int, zone: tzinfo) -> int:
    """Resolve PI time or ISO 8601 text to ticks.

    Args:
        text: the time as a user wrote it, upper or lower case.
        now: what `*` means, in ticks; `t`, `y`, weekdays and the like are counted from its day.
        zone: the zone of midnights, of calendar units and of times without a zone of their own.

    Raises:
        PITimeError: no such time, an offset alone, a date that two cultures read differently, or outside of the
            years 0001 to 9999. The message names the text and what is accepted.
    """
    plain = " ".join(text.split()).lower()
    if not plain or len(plain) > MAX_LENGTH:
        raise _refused(text, "is empty; write * for now" if not plain else "is too long for a time")
    _refuse_two_readings(text, plain)
    reference, offsets = _split(plain)
    if not reference:
        raise _refused(text, f"is an offset from nothing; write '*{plain}' to count from now")
    place = _resolve(text, reference, now, zone)
    moves = list(_moves(text, offsets))
    try:
        ticks = _walked(place, moves, zone)
        if MIN_TICKS <= ticks <= MAX_TICKS:
            return ticks
    except ValueError:  # PITimeError is one too; neither knows the text
        pass
    raise _refused(text, "leads out of the years 0001 to 9999")


@dataclass(frozen=True)
class _Place:
    """Where we stand on the way from the reference to the result: an instant, or a clock face of the zone.

    A clock face stays one as long as only the calendar moves it, so that `+1d` from a midnight that the clocks skip is
    the next midnight, and not an hour later.
    """

    ticks: int
    is_wall: bool = False

    def wall(self, zone: tzinfo) -> int:
        return self.ticks if self.is_wall else wall_of_instant(self.ticks, zone)

    def instant(self, zone: tzinfo) -> int:
        return instant_of_wall(self.ticks, zone) if self.is_wall else self.ticks


def _walked(place: _Place, moves: list[tuple[int, int, int]], zone: tzinfo) -> int:
    """Ticks after all offsets, from left to right."""
    for exact, months, days in moves:
        if exact:
            place = _Place(place.instant(zone) + exact)
        elif months or days:
            day, of_day = divmod(place.wall(zone), TICKS_PER_DAY)
            place = _Place((_add_months(day, months) + days) * TICKS_PER_DAY + of_day, is_wall=True)
    return place.instant(zone)


def _refused(text: str, why: str) -> PITimeError:
    shown = text if len(text) <= MAX_LENGTH else f"{text[:MAX_LENGTH]}…"
    return PITimeError(f"the time {shown!r} {why}. Accepted are for example: {EXAMPLES}")


def _refuse_two_readings(text: str, plain: str) -> None:
    """Refuse `01/02/2026` and its like, naming what different readers make of it."""
    match = _SLASHED.match(plain)
    if match is None or (match[2] == "-" and len(match[1]) == 4):
        return
    first, second, third = int(match[1]), int(match[3]), match[4]
    if len(match[1]) > 2 or len(third) not in (2, 4):
        raise _refused(text, "is no date in the ISO form; write yyyy-mm-dd")
    year = _full_year(third)
    readings = [
        _iso_date(year, month, day)
        for day, month in ((first, second), (second, first))
        if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    ]
    if len(set(readings)) == 2:
        raise _refused(text, f"is {readings[0]} to some and {readings[1]} to others; write the one you mean")
    advice = f"write the ISO form {readings[0]}" if readings else "write the ISO form yyyy-mm-dd"
    raise _refused(text, f"is in a form that not every culture reads alike; {advice}")


def _iso_date(year: int, month: int, day: int) -> str:
    return f"{year:04}-{month:02}-{day:02}"


def _full_year(digits: str) -> int:
    if len(digits) == 4:
        return max(int(digits), 1)
    return int(digits) + (2000 if int(digits) < 70 else 1900)


def _split(plain: str) -> tuple[str, str]:
    """The reference and the offsets behind it: at the first sign from which all the rest is offsets."""
    for sign in re.finditer(r"[+-]", plain):
        at = sign.start()
        if _is_offsets(plain[at:]):
            return plain[:at].rstrip(), plain[at:]
    return plain, ""


def _is_offsets(text: str) -> bool:
    at = 0
    while at < len(text):
        match = _OFFSET.match(text, at)
        if match is None or not (match["whole"] or match["fraction"]) or not _is_unit(match["unit"]):
            return False
        at = match.end()
    return True


def _is_unit(word: str) -> bool:
    return word in _EXACT or word in _CALENDAR


def _moves(text: str, offsets: str) -> Iterator[tuple[int, int, int]]:
    """Each offset as (ticks, months, days), of which at most one is not zero."""
    sign = 1
    for match in _OFFSET.finditer(offsets):
        if match["sign"]:
            sign = -1 if match["sign"] == "-" else 1
        whole, fraction, unit = int(match["whole"] or 0), match["fraction"], match["unit"]
        if fraction is not None and (unit in _CALENDAR or _EXACT[unit] < TICKS_PER_SECOND):
            raise _refused(text, f"has a fraction of {unit!r}; only seconds, minutes and hours may have one")
        if unit in _EXACT:
            ticks = whole * _EXACT[unit]
            if fraction is not None:
                ticks += int(fraction) * _EXACT[unit] // 10 ** len(fraction)
            yield sign * ticks, 0, 0
        else:
            months, days = _CALENDAR[unit]
            yield 0, sign * whole * months, sign * whole * days


def _add_months(day: int, months: int) -> int:
    """A day (counted from 1970-01-01) some months later, or the last of that month where it has no such day."""
    if not months:
        return day
    before = date.fromordinal(day + EPOCH_DAY)
    year, month = divmod(before.year * 12 + before.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError(f"no year {year} in the calendar")
    return _day_number(year, month + 1, min(before.day, monthrange(year, month + 1)[1]))


def _day_number(year: int, month: int, day: int) -> int:
    return date(year, month, day).toordinal() - EPOCH_DAY


def _resolve(text: str, reference: str, now: int, zone: tzinfo) -> _Place:
    if reference == "*":
        return _Place(now)
    day = _named_day(text, reference, wall_of_instant(now, zone) // TICKS_PER_DAY)
    if day is not None:
        return _Place(day * TICKS_PER_DAY, is_wall=True)
    try:
        wall, offset = read_iso(_as_iso(reference))
    except PITimeError as error:
        if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[- ][a-z]{3}", reference):
            raise _refused(text, f"cannot be read: {error}") from None
        raise _refused(text, "is neither PI time nor ISO 8601") from None
    return _Place(wall, is_wall=True) if offset is None else _Place(wall - offset)


def _named_day(text: str, reference: str, today: int) -> int | None:
    """The day, counted from 1970-01-01, that a reference other than a date names; None if it is none."""
    if reference in ("t", "today"):
        return today
    if reference in ("y", "yesterday"):
        return today - 1
    this = date.fromordinal(today + EPOCH_DAY)
    if reference in _WEEKDAY_OF:
        return today - (this.weekday() - _WEEKDAY_OF[reference]) % 7
    if reference in _MONTH_OF:
        month = _MONTH_OF[reference]
        return _day_number(this.year, month, min(this.day, monthrange(this.year, month)[1]))
    match = _MONTH_DAY.fullmatch(reference)
    if match and match["month"] in _MONTH_OF:
        return _day_of_month(text, this.year, _MONTH_OF[match["month"]], int(match["day"]))
    if re.fullmatch(r"[0-9]{1,2}", reference):
        return _day_of_month(text, this.year, this.month, int(reference))
    if re.fullmatch(r"[0-9]{4}", reference):
        return _same_day_of_year(text, int(reference), this)
    return None


def _day_of_month(text: str, year: int, month: int, day: int) -> int:
    days = monthrange(year, month)[1]
    if not 1 <= day <= days:
        raise _refused(text, f"names day {day} of {_iso_date(year, month, 1)[:7]}, which has days 1 to {days}")
    return _day_number(year, month, day)


def _same_day_of_year(text: str, year: int, this: date) -> int:
    if year < 1970:
        raise _refused(text, "is a year before 1970, where PI's years begin; write yyyy-mm-dd for an earlier date")
    return _day_number(year, this.month, min(this.day, monthrange(year, this.month)[1]))


def _as_iso(reference: str) -> str:
    """`1-jan-2026 8:00` as `2026-01-01 08:00`; anything else unchanged."""
    match = _DAY_MONTH_YEAR.fullmatch(reference)
    if match is None or match["month"] not in _MONTH_OF:
        return reference
    day = _iso_date(_full_year(match["year"]), _MONTH_OF[match["month"]], int(match["day"]))
    time = match["time"]
    if not time:
        return day
    return f"{day} {time.zfill(len(time) + 1) if re.match(r'[0-9]:', time) else time}"
