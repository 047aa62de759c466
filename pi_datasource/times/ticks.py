"""Integers of 100 ns since 1970-01-01T00:00:00Z, and their texts.

PI counts in steps of 100 ns (as .NET does) and Python's datetime in µs, so the arithmetic here is done on integers and
loses nothing between the years 0001 and 9999.
"""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta, timezone, tzinfo

from pi_datasource.errors import PITimeError

#: One tick is 100 ns.
TICKS_PER_SECOND = 10_000_000
TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND
TICKS_PER_HOUR = 3600 * TICKS_PER_SECOND
TICKS_PER_DAY = 86400 * TICKS_PER_SECOND

#: Day number of 1970-01-01 in Python's count, which begins with 1 on 0001-01-01.
EPOCH_DAY = date(1970, 1, 1).toordinal()

#: 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.9999999Z.
MIN_TICKS = (1 - EPOCH_DAY) * TICKS_PER_DAY
MAX_TICKS = (date.max.toordinal() + 1 - EPOCH_DAY) * TICKS_PER_DAY - 1
#: The last whole second that PI knows.
LAST_SECOND = MAX_TICKS // TICKS_PER_SECOND * TICKS_PER_SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: Its first instant as a bare wall-clock time, for arithmetic inside a zone.
_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001

_ISO = re.compile(
    r"""(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})
        (?: [Tt\ ] (?P<hour>[0-9]{2}) : (?P<minute>[0-9]{2})
            (?: : (?P<second>[0-9]{2}) (?: \. (?P<fraction>[0-9]+) )? )?
            (?: \ ? (?P<zone> [Zz] | [+-][0-9]{2} (?: :?[0-9]{2} )? ) )?
        )?""",
    re.VERBOSE,
)


def now_ticks() -> int:
    """The present instant by this machine's clock."""
    return time.time_ns() // 100


def to_ticks(instant: datetime) -> int:
    """Ticks of an aware datetime.

    Raises:
        PITimeError: the datetime has no zone, so it is no instant.
    """
    if instant.utcoffset() is None:
        raise PITimeError(f"{instant!r} has no time zone; give an aware datetime")
    since = instant - _EPOCH
    return (since.days * 86400 + since.seconds) * TICKS_PER_SECOND + since.microseconds * 10


def parse_iso(text: str, zone: tzinfo | None = None) -> int:
    """Ticks of an ISO 8601 text, exactly.

    Accepts a date alone or with a time after `T` or a blank, seconds optional, 1 to 7 digits of fraction, and `Z`,
    `±hh:mm`, `±hhmm` or `±hh` behind the time.

    Args:
        zone: what a text without `Z` or offset means; UTC when not given. A time that a clock change leaves out moves
            forward by the gap, one that comes twice is its first occurrence (see `instant_of_wall`).

    Raises:
        PITimeError: not such a text, no such day or time, more than 7 digits, or outside of the years 0001 to 9999.
    """
    wall, offset = read_iso(text)
    if offset is not None or zone is None:
        return _checked(wall - (offset or 0), text)
    try:
        return instant_of_wall(wall, zone)
    except PITimeError:
        raise PITimeError(f"{text!r} in {zone} is outside of the years 0001 to 9999 in UTC") from None


def read_iso(text: str) -> tuple[int, int | None]:
    """What an ISO 8601 text says: the clock face as ticks (as if it showed UTC), and how far it is ahead of UTC.

    The second is None for a text without `Z` or offset.

    Raises:
        PITimeError: as `parse_iso`.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise PITimeError(f"{text[:60]!r} is no ISO 8601 time; write 2026-01-31 or 2026-01-31T08:00:00.1234567Z")
    wall = _wall_of_fields(text, match)
    return wall, None if match["zone"] is None else _offset_of(text, match["zone"])


def _wall_of_fields(text: str, match: re.Match[str]) -> int:
    """Ticks of the written date and time, were they UTC."""
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"])).toordinal() - EPOCH_DAY
    except ValueError as error:
        raise PITimeError(f"{text!r} names no day of the calendar: {error}") from None
    hour, minute, second = (int(match[name] or 0) for name in ("hour", "minute", "second"))
    if hour > 23 or minute > 59 or second > 59:
        raise PITimeError(f"{text!r} names no time of day; 00:00:00 to 23:59:59 is accepted")
    fraction = match["fraction"] or ""
    if len(fraction) > 7:
        raise PITimeError(f"{text!r} has {len(fraction)} digits of fraction; PI counts in 100 ns, so at most 7 do")
    seconds = day * 86400 + hour * 3600 + minute * 60 + second
    return seconds * TICKS_PER_SECOND + int(fraction.ljust(7, "0"))


def _offset_of(text: str, written: str) -> int:
    """Ticks by which a zone written as `Z`, `±hh`, `±hhmm` or `±hh:mm` is ahead of UTC."""
    if written in "Zz":
        return 0
    digits = written[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 23 or minutes > 59:
        raise PITimeError(f"{text!r} has an offset from UTC of a day or more; write ±hh:mm")
    ahead = hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE
    return -ahead if written[0] == "-" else ahead


def _checked(ticks: int, text: object) -> int:
    if MIN_TICKS <= ticks <= MAX_TICKS:
        return ticks
    raise PITimeError(f"{text!r} is outside of the years 0001 to 9999 in UTC")


def format_ticks(ticks: int) -> str:
    """The instant as the server gets it: `2026-01-31T08:00:00.1234567Z`, always 7 digits and UTC.

    Raises:
        PITimeError: outside of the years 0001 to 9999.
    """
    days, rest = divmod(_checked(ticks, ticks), TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{date.fromordinal(EPOCH_DAY + days)}T{hour:02}:{minute:02}:{second:02}.{fraction:07}Z"


def short_text(ticks: int) -> str:
    """The instant for a message: as `format_ticks`, without the zeros at the end of the fraction."""
    whole, _, fraction = format_ticks(ticks)[:-1].partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def wall_of_instant(ticks: int, zone: tzinfo) -> int:
    """What a clock in the zone shows at an instant, as ticks of that clock face (as if it showed UTC).

    Raises:
        PITimeError: the clock would show a year before 0001 or after 9999.
    """
    try:
        local = (_EPOCH + timedelta(seconds=ticks // TICKS_PER_SECOND)).astimezone(zone)
    except OverflowError:
        raise PITimeError(f"the tick {ticks} is outside of the years 0001 to 9999 in {zone}") from None
    return _checked(ticks + _offset_ticks(local), ticks)


def instant_of_wall(wall: int, zone: tzinfo) -> int:
    """The instant at which a clock in the zone shows this; the other way round than `wall_of_instant`.

    Two cases have no single answer, and PI's documentation gives none either, so this is our choice: a time that the
    clocks skip (02:30 on the day they go forward) moves forward by the gap (03:30), and a time that comes twice is
    its first occurrence (.NET by itself would take the second).

    Raises:
        PITimeError: outside of the years 0001 to 9999.
    """
    try:
        face = _WALL_EPOCH + timedelta(seconds=wall // TICKS_PER_SECOND)
        offset = _offset_ticks(face.replace(tzinfo=zone, fold=0))
    except OverflowError:
        raise PITimeError(f"the tick {wall} is outside of the years 0001 to 9999 in {zone}") from None
    return _checked(wall - offset, wall)


def _offset_ticks(local: datetime) -> int:
    offset = local.utcoffset() or timedelta(0)
    return (offset.days * 86400 + offset.seconds) * TICKS_PER_SECOND
