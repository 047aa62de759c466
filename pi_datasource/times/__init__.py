"""Time as this package knows it: whole steps of 100 ns since 1970-01-01 UTC, called ticks.

    ticks.py      ticks from and to datetimes and ISO 8601 text, wall-clock time of a zone
    spans.py      lengths of time: `15m`, `1d`, `1mo`
    pitime.py     PI's own time text: `*-1d`, `y+8h`, `monday`, `1-Jan-2026 08:00`
    zones.py      time zones by IANA or Windows name
    timerange.py  half-open ranges [start, end)

Floats and datetimes are too coarse for PI (µs), so no time passes through either.
"""

from __future__ import annotations

from pi_datasource.times.pitime import parse_time
from pi_datasource.times.spans import Span
from pi_datasource.times.ticks import (
    LAST_SECOND,
    MAX_TICKS,
    MIN_TICKS,
    TICKS_PER_SECOND,
    format_ticks,
    now_ticks,
    parse_iso,
    short_text,
    to_ticks,
)
from pi_datasource.times.timerange import TimeRange
from pi_datasource.times.zones import zone_of

__all__ = [
    "LAST_SECOND",
    "MAX_TICKS",
    "MIN_TICKS",
    "TICKS_PER_SECOND",
    "Span",
    "TimeRange",
    "format_ticks",
    "now_ticks",
    "parse_iso",
    "parse_time",
    "short_text",
    "to_ticks",
    "zone_of",
]
