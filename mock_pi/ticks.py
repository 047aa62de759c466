"""Instants as integers: ticks of 100 ns since 1970-01-01T00:00:00Z, and the one text form PI Web API writes."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

TICKS_PER_SECOND = 10_000_000
TICKS_PER_HOUR = 3_600 * TICKS_PER_SECOND
TICKS_PER_DAY = 86_400 * TICKS_PER_SECOND

#: Counting starts here; naive on purpose, everything in this module is UTC.
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001

#: PI's time axis: 1970-01-01T00:00:00Z to the last tick of the year 9999.
FIRST_TICKS = 0
LAST_TICKS = 253_402_300_800 * TICKS_PER_SECOND - 1

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,7})\d*)?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


def split_iso(text: str) -> tuple[datetime, int, int | None]:
    """Takes ISO text apart: wall-clock seconds, ticks of the fraction, and the offset in seconds (None when absent).

    Raises:
        ValueError: the text is not an ISO date or date and time.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an ISO time: {text!r}")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    wall = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
    return wall, int((fraction or "0").ljust(7, "0")), _offset_seconds(offset)


def _offset_seconds(offset: str | None) -> int | None:
    if offset is None:
        return None
    if offset in "Zz":
        return 0
    digits = offset[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if offset[0] == "-" else seconds


def wall_ticks(wall: datetime, fraction: int = 0) -> int:
    """Ticks of a naive UTC date and time plus a fraction in ticks."""
    gap = wall - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * TICKS_PER_SECOND + fraction


def wall_of(ticks: int) -> tuple[datetime, int]:
    """The naive UTC date and time of an instant, to the second, and the ticks left over."""
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    return _EPOCH + timedelta(seconds=seconds), fraction


def ticks_of(text: str) -> int:
    """Ticks of an ISO text; a text without offset is UTC.

    >>> ticks_of("1970-01-01T00:00:00.0000001Z")
    1
    """
    wall, fraction, offset = split_iso(text)
    return wall_ticks(wall, fraction) - (offset or 0) * TICKS_PER_SECOND


@lru_cache(maxsize=65_536)
def _second_text(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()


def text_of(ticks: int) -> str:
    """The text on the wire: UTC with `Z`, no fraction for whole seconds, else 1 to 7 digits without trailing zeros.

    >>> text_of(10)
    '1970-01-01T00:00:00.000001Z'
    """
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    if not fraction:
        return _second_text(seconds) + "Z"
    return f"{_second_text(seconds)}.{fraction:07d}".rstrip("0") + "Z"


def as_ticks(when: int | str) -> int:
    """Ticks as they are, or of an ISO text."""
    return when if isinstance(when, int) else ticks_of(when)
