"""Tables `interpolated`, `plot`, `value`, `end` and `recorded_at_times`: values at times that somebody chose."""

from __future__ import annotations

from pi_datasource.columns import Column
from pi_datasource.errors import PIOptionError
from pi_datasource.options import PIOptions
from pi_datasource.plan.grid import Grid
from pi_datasource.read.samples import AtTimes, One, Steps
from pi_datasource.read.values import fields_for
from pi_datasource.resolve.select import resolve_attributes
from pi_datasource.resolve.streams import Stream
from pi_datasource.tables.base import Request
from pi_datasource.tables.series import POINT_COLUMNS, TAG, VALUE_COLUMNS, stepped_table
from pi_datasource.times import TimeRange
from pi_datasource.webapi import samples

__all__ = ["ATTRIBUTE_VALUES", "END", "INTERPOLATED", "PLOT", "RECORDED_AT_TIMES", "SAMPLE_COLUMNS", "VALUE"]

#: Values that a plot has of one interval: first, last, lowest, highest, and one that is no number.
VALUES_PER_INTERVAL = 5

SEQ = Column("seq", "int", "Number among the values of this tag at the same tick, from 0.")
SAMPLE_COLUMNS = (
    TAG,
    Column("timestamp", "timestamp", "Time of the value, UTC, rounded down to microseconds."),
    Column("ticks", "bigint", "Exact time of the value: steps of 100 ns since 1970-01-01 UTC."),
    *VALUE_COLUMNS,
    *POINT_COLUMNS,
)


def _whole_range(options: PIOptions) -> Grid:
    """One step: a plot belongs to its range."""
    return Grid(options.reading.time_range, None, options.reading.tz)


def _samples(options: PIOptions) -> Grid:
    return Grid(options.reading.time_range, options.sampling.interval, options.reading.tz)


def _interpolated(request: Request, grid: Grid) -> Steps:
    options, fields = request.options, fields_for(request.columns)

    def ask(stream: Stream, window: TimeRange) -> str:
        return samples.interpolated(stream.web_id, window, options.reading.time_zone, options.sampling, fields)

    return Steps("interpolated", grid, ask, counted=options.sampling.filter_expression is None)


def _plot(request: Request, grid: Grid) -> Steps:
    options, fields = request.options, fields_for(request.columns)

    def ask(stream: Stream, window: TimeRange) -> str:
        return samples.plot(stream.web_id, window, options.reading.time_zone, options.sampling, fields)

    return Steps("plot", grid, ask, counted=False, rows=VALUES_PER_INTERVAL * options.sampling.intervals)


def _instants(options: PIOptions) -> Grid:
    """One step from the first instant to the last."""
    _refuse_range(options, "times")
    times = options.sampling.times
    if not times:
        raise PIOptionError(
            "table 'recorded_at_times' needs option times: PI times or ISO 8601 between commas, such as y+8h, y+16h, t"
        )
    return Grid(TimeRange(times[0], times[-1] + 1), None, options.reading.tz)


def _at_times(request: Request, grid: Grid) -> AtTimes:
    sampling = request.options.sampling
    return AtTimes("recorded_at_times", sampling.times, sampling.retrieval_mode, fields_for(request.columns))


def _one_instant(options: PIOptions) -> Grid:
    _refuse_range(options, "time" if options.table == "value" else "")
    return Grid(TimeRange(0, 1), None, options.reading.tz)


def _refuse_range(options: PIOptions, instead: str) -> None:
    """A table of single instants has no range, and must not look as if it had one."""
    for name in ("startTime", "endTime"):
        if name in options.given:
            accepted = f"option {instead}" if instead else "leaving it out"
            raise PIOptionError(f"option {name} means nothing for table {options.table!r}; accepted is {accepted}")


def _value(request: Request, grid: Grid) -> One:
    time, fields = request.options.sampling.time, fields_for(request.columns)
    return One("value", lambda stream: samples.value(stream.web_id, time, fields))


def _end(request: Request, grid: Grid) -> One:
    fields = fields_for(request.columns)
    return One("end", lambda stream: samples.end(stream.web_id, fields))


INTERPOLATED = stepped_table(
    name="interpolated",
    meaning="Values at even distances (option interval) from startTime on, interpolated by the server.",
    columns=SAMPLE_COLUMNS,
    key=("tag", "ticks"),
    grid=_samples,
    form=_interpolated,
)

PLOT = stepped_table(
    name="plot",
    meaning="The few values that draw the same line as all: a view that loses values, never a copy.",
    columns=(*SAMPLE_COLUMNS[:3], SEQ, *SAMPLE_COLUMNS[3:]),
    key=("tag", "ticks", "seq"),
    grid=_whole_range,
    form=_plot,
)

VALUE = stepped_table(
    name="value",
    meaning="One value of each tag: the snapshot, or the value at option time.",
    columns=SAMPLE_COLUMNS,
    key=("tag",),
    grid=_one_instant,
    form=_value,
)

ATTRIBUTE_VALUES = stepped_table(
    name="attribute_values",
    meaning="The present value of every AF attribute that the options choose, static ones too.",
    columns=(
        Column("tag", "string", r"Path of the attribute: \\server\database\element|attribute|…"),
        Column("element_path", "string", "Path of its element."),
        *(column for column in SAMPLE_COLUMNS[1:] if column.name not in ("element_path", "point_id")),
    ),
    key=("tag",),
    grid=_one_instant,
    form=_value,
    resolve=lambda request, client: resolve_attributes(client, request.options),
    needs_tags=False,
)

END = stepped_table(
    name="end",
    meaning="The newest value of each tag; of a future point it may lie after now.",
    columns=SAMPLE_COLUMNS,
    key=("tag",),
    grid=_one_instant,
    form=_end,
)

RECORDED_AT_TIMES = stepped_table(
    name="recorded_at_times",
    meaning="The event at, before or after each of several instants (options times, retrievalMode).",
    columns=(
        *SAMPLE_COLUMNS[:3],
        Column("asked_ticks", "bigint", "The instant asked for, in ticks; rows without an event say so in value_text."),
        *SAMPLE_COLUMNS[3:],
    ),
    key=("tag", "asked_ticks"),
    grid=_instants,
    form=_at_times,
)
