"""Table `summary`: averages, extremes, counts and the like of the whole range, or of each `summaryDuration` of it."""

from __future__ import annotations

from pi_datasource.columns import Column
from pi_datasource.options import PIOptions
from pi_datasource.plan.grid import Grid
from pi_datasource.read.summaries import EXTREMES, WIDE_NAMES, LongSummaries, WideSummaries
from pi_datasource.tables.base import Request
from pi_datasource.tables.series import POINT_COLUMNS, TAG, VALUE_COLUMNS, stepped_table

__all__ = ["SUMMARY"]

_INTERVAL = (
    TAG,
    Column("timestamp", "timestamp", "Start of the interval, UTC, rounded down to microseconds."),
    Column("ticks", "bigint", "Exact start of the interval: steps of 100 ns since 1970-01-01 UTC."),
    Column("end_ticks", "bigint", "Exact end of the interval, not included."),
)
_VALUES = {column.name: column for column in VALUE_COLUMNS}

LONG_COLUMNS = (
    *_INTERVAL,
    Column("summary_type", "string", "What was computed, in PI's words."),
    Column("extreme_ticks", "bigint", "Exact time of a Minimum or Maximum; null for other types."),
    *VALUE_COLUMNS,
    *POINT_COLUMNS,
)

_MEANINGS = {
    "Total": "Total; weighted by time it is in units a day.",
    "Average": "Average.",
    "Minimum": "Lowest value.",
    "Maximum": "Highest value.",
    "Range": "Highest less lowest value.",
    "StdDev": "Standard deviation of a sample.",
    "PopulationStdDev": "Standard deviation of a population.",
    "Count": "Number of events; weighted by time, seconds.",
    "PercentGood": "Share of good values, in percent.",
}


def _columns(options: PIOptions) -> tuple[Column, ...]:
    """Those of the form asked for; wide, with a column for each type asked for."""
    if options.sampling.summary_form == "long":
        return LONG_COLUMNS
    of_types: list[Column] = []
    for name in options.sampling.summary_types:
        column = WIDE_NAMES[name]
        of_types.append(Column(column, "double", _MEANINGS[name]))
        if name in EXTREMES:
            of_types.append(Column(f"{column}_ticks", "bigint", f"Exact time of the {column}."))
    return (
        *_INTERVAL,
        *of_types,
        Column("good", "boolean", "False when one of the types could not be computed or is bad."),
        Column("value_text", "string", "What the server says of types that could not be computed."),
        _VALUES["uom"],
        *POINT_COLUMNS,
    )


def _intervals(options: PIOptions) -> Grid:
    return Grid(options.reading.time_range, options.sampling.summary_duration, options.reading.tz)


def _form(request: Request, grid: Grid) -> LongSummaries | WideSummaries:
    sampling = request.options.sampling
    form = LongSummaries if sampling.summary_form == "long" else WideSummaries
    return form(grid, sampling, request.options.reading.time_zone)


SUMMARY = stepped_table(
    name="summary",
    meaning="Averages, extremes, counts and the like (option summaryTypes), of the range or of each summaryDuration.",
    columns=LONG_COLUMNS,
    key=("tag", "ticks", "summary_type"),
    grid=_intervals,
    form=_form,
    columns_for=_columns,
)
