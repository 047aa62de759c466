"""PI's time texts → ticks, many at once.

PI writes UTC with `Z` and 0 to 7 digits of a second, trailing zeros trimmed. Arrow casts such text to nanoseconds in
27 ns a value, exactly; only times outside of the years 1677 to 2262 need the slower way (`9999-12-31` is PI's "never").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.times import parse_iso

__all__ = ["Ticks", "cast_ticks", "parse_ticks"]

Ticks = np.ndarray[Any, np.dtype[np.int64]]

#: The whole years that 64 bits of nanoseconds reach, as text: PI's times have four digits of year in front.
FIRST_YEAR, AFTER_LAST_YEAR = "1678", "2262"


def parse_ticks(texts: Sequence[str]) -> Ticks:
    """The ticks (100 ns since 1970-01-01 UTC) of time texts.

    Raises:
        PIBadAnswerError: one of them is no time, or without zone.
    """
    try:
        return cast_ticks(pa.array(texts, pa.string()))
    except pa.ArrowInvalid:
        pass
    ticks = np.empty(len(texts), np.int64)
    for number, text in enumerate(texts):
        try:
            if not text.endswith("Z"):
                raise ValueError("no Z at its end")
            ticks[number] = parse_iso(text)
        except ValueError as error:
            raise PIBadAnswerError(f"the server sent a time that is none: {text!r} ({error})") from error
    return ticks


def cast_ticks(array: pa.StringArray) -> Ticks:
    """The same of an array, all by one cast.

    Raises:
        pa.ArrowInvalid: one of them is none, or beyond what nanoseconds reach.
    """
    if not _fits_nanoseconds(array):
        raise pa.ArrowInvalid("a time beyond those of nanoseconds")
    # To ns and never to µs: that cast refuses a seventh digit. numpy's // rounds down, also before 1970.
    return np.asarray(array.cast(pa.timestamp("ns", "UTC"))).view("i8") // 100


def _fits_nanoseconds(array: pa.StringArray) -> bool:
    """Whether no time is so early or late that the cast would fail, or wrap silently (pyarrow before 23)."""
    if not len(array):
        return True
    ends = pc.min_max(array)
    return bool(ends["min"].as_py() >= FIRST_YEAR and ends["max"].as_py() < AFTER_LAST_YEAR)
