"""Table `calculation`: what a performance equation gives at even distances, for each tag or without any."""

from __future__ import annotations

from msgspec import structs

from pi_datasource.columns import Column
from pi_datasource.errors import PIOptionError
from pi_datasource.options import PIOptions
from pi_datasource.plan.grid import Grid
from pi_datasource.read.samples import Steps
from pi_datasource.read.values import fields_for
from pi_datasource.resolve.streams import Resolved, Stream
from pi_datasource.tables.base import Request
from pi_datasource.tables.sampled import SAMPLE_COLUMNS
from pi_datasource.tables.series import resolved, stepped_table
from pi_datasource.times import TimeRange
from pi_datasource.webapi import samples
from pi_datasource.webapi.client import Client

__all__ = ["CALCULATION"]

#: What stands for the tag in an expression.
THE_TAG = "'.'"

COLUMNS = (
    Column("tag", "string", "The PI point that '.' in the expression stands for; without tags the expression."),
    *SAMPLE_COLUMNS[1:],
)


def _resolved(request: Request, client: Client) -> Resolved:
    """The streams with their paths, which in an expression mean the same point on every server."""
    options = request.options
    expression = options.sampling.expression or ""
    if options.selection.is_empty and options.assets.is_empty:
        if THE_TAG in expression:
            raise PIOptionError(
                f"option expression = {expression!r} is about a tag ('.'), and there is none; accepted are tags, or an "
                r"expression that names its points as '\\server\tag'"
            )
        return Resolved((Stream("", expression, "float"),))
    if THE_TAG not in expression:
        raise PIOptionError(
            f"option expression = {expression!r} is the same for every tag; accepted is an expression in which '.' "
            "stands for the tag, or no tags"
        )
    return resolved(request, client, paths=True)


def _steps(options: PIOptions) -> Grid:
    if options.sampling.expression is None:
        raise PIOptionError("table 'calculation' needs option expression, such as '.' * 2 + 32")
    return Grid(options.reading.time_range, options.sampling.interval, options.reading.tz)


def _form(request: Request, grid: Grid) -> Steps:
    reading, sampling, fields = request.options.reading, request.options.sampling, fields_for(request.columns)
    expression = sampling.expression or ""

    def ask(stream: Stream, window: TimeRange) -> str:
        about = expression.replace(THE_TAG, f"'{stream.path or stream.tag}'")
        return samples.calculation(about, window, reading.time_zone, sampling, fields)

    def shown(stream: Stream) -> Stream:
        """What an expression gives is a number, a text or a state of its own, and has no unit that anyone knows."""
        return structs.replace(stream, kind="float", uom="")

    return Steps("calculation", grid, ask, shown=shown)


CALCULATION = stepped_table(
    name="calculation",
    meaning="What a performance equation (option expression) gives at even distances (option interval).",
    columns=COLUMNS,
    key=("tag", "ticks"),
    grid=_steps,
    form=_form,
    resolve=_resolved,
    needs_tags=False,
)
