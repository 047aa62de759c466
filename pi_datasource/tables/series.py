"""What all tables of time series share: their columns, how work becomes partitions, how a partition is read.

`recorded` reads pages of events; the others ask for numbered samples, intervals or instants (`read.questions`), of
which it is known how many there are, so that they can be cut into partitions exactly.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import structs

from pi_datasource.columns import Column
from pi_datasource.errors import PIError, PIInstantError, PIOptionError, PITagError
from pi_datasource.options import PIOptions
from pi_datasource.plan.grid import Grid
from pi_datasource.plan.partitions import Chunk, Piece, StreamPartition
from pi_datasource.plan.windows import cut, parts_for
from pi_datasource.read.chain import Paging
from pi_datasource.read.cursor import Page
from pi_datasource.read.flight import Rounds, fly
from pi_datasource.read.questions import Form, rounds
from pi_datasource.read.values import BatchBuilder, fields_for
from pi_datasource.resolve.select import resolve_streams
from pi_datasource.resolve.streams import Resolved
from pi_datasource.tables.base import Request, Table
from pi_datasource.times import TimeRange
from pi_datasource.webapi.client import Client

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "POINT_COLUMNS",
    "TAG",
    "VALUE_COLUMNS",
    "concurrency_of",
    "paging_of",
    "partitions_of",
    "parts_of",
    "read_rounds",
    "resolved",
    "stepped_table",
]

log = logging.getLogger("pi_datasource")

#: Partitions made by ourselves at most: each costs Spark about 0.1 s, and the driver keeps them all.
MOST_PARTITIONS = 1_000
#: Rows collected before a record batch is made of them: smaller ones cost Spark more a row.
SMALLEST_BATCH = 10_000
#: What a stream costs at least, in rows: asking for it is work even where it has one row.
ROWS_OF_A_QUESTION = 50

HINT = "with option onTagError=skip the others are read; table=failed_tags of the same options lists these"

TAG = Column("tag", "string", "Name of the PI point; with tagFormat=path its path.")
#: A value and its quality.
VALUE_COLUMNS = (
    Column("value", "double", "The value, when it is a number."),
    Column("value_long", "bigint", "The value, exactly, when the point holds integers."),
    Column("value_text", "string", "Text, name of a digital or system state, time as ISO text, blob as base64."),
    Column("state", "int", "Code of the digital state, or of the system state when is_system_state."),
    Column(
        "is_system_state", "boolean", "The value is a system state such as I/O Timeout, not one of the point's own."
    ),
    Column("good", "boolean", "False for bad values; null when the server does not say."),
    Column("questionable", "boolean", "The value is there and doubtful; null when the server does not say."),
    Column("substituted", "boolean", "The value was edited in the archive; null when the server does not say."),
    Column("annotated", "boolean", "The event has an annotation; null when the server does not say."),
    Column("uom", "string", "EngineeringUnits of the point."),
)
#: What else is known of the point.
POINT_COLUMNS = (
    Column("web_id", "string", "PI Web API's handle of the point.", "includeWebId"),
    Column("point_id", "bigint", "PI's number of the point, which survives a rename.", "includePointId"),
    Column("descriptor", "string", "Description of the point.", "includeDescriptor"),
    Column("element_path", "string", "Path of the element of an AF attribute.", "includeElement"),
)


def resolved(request: Request, client: Client, *, paths: bool = False, own_ranges: bool = False) -> Resolved:
    """The streams that the options name.

    Args:
        request: what was asked for.
        client: who to ask.
        paths: with their paths.
        own_ranges: each may have ranges of its own, from a file of tags.

    Raises:
        PIOptionError: a file of tags gives ranges, and the table takes none.
    """
    reading = request.options.reading
    if request.wants("descriptor"):
        reading = replace(reading, include_descriptor=True)
    found = resolve_streams(client, request.options, reading, paths=paths)
    if found.ranges and not own_ranges:
        raise PIOptionError(
            f"option tagFile: it gives tags a range of their own, which table {request.options.table!r} does not take; "
            "accepted is a file without startTime and endTime, or table recorded"
        )
    return found


def parts_of(request: Request, rows: float) -> int:
    """How many partitions for so many rows: no more than the job's ceilings can feed."""
    reading, connection = request.options.reading, request.options.connection
    most = min(MOST_PARTITIONS, connection.max_in_flight or MOST_PARTITIONS)
    if connection.requests_per_second is not None:
        most = max(1, min(most, int(connection.requests_per_second)))
    return reading.num_partitions or parts_for(rows, reading.rows_per_partition, most)


def partitions_of(
    client: Client, chunked: Sequence[tuple[Chunk, ...]], failures: dict[str, str]
) -> list[StreamPartition]:
    """What travels to the tasks; one without work where there is nothing to read."""
    limits = client.throttle.limits
    if not chunked:
        return [StreamPartition(0, (), failures, limits)]
    limits = replace(limits, partitions=len(chunked))
    return [
        StreamPartition(number, chunks, {} if number else failures, limits) for number, chunks in enumerate(chunked)
    ]


def paging_of(request: Request) -> Paging:
    """How large to ask."""
    reading = request.options.reading
    return Paging(reading.rows_per_response, reading.page_size, fields_for(request.columns))


def concurrency_of(request: Request, client: Client) -> int:
    """Requests in flight of this task: no more than its share of the job's ceiling."""
    ceiling = client.throttle.limits.max_in_flight
    concurrency = request.options.connection.concurrency
    return concurrency if ceiling is None else max(1, min(concurrency, ceiling))


def read_rounds(
    request: Request, partition: StreamPartition, client: Client, chains: Iterable[Rounds[Page]]
) -> Iterator[pa.RecordBatch]:
    """The rows that these bring, and one for each failed tag where there is an `errorColumn`.

    Raises:
        PITagError: a tag that cannot be read, when `onTagError=fail`.
        PIRequestError: the server could not be asked.
    """
    reading = request.options.reading
    builder = BatchBuilder(request.columns, reading.error_column or "")
    failures = dict(partition.failures)
    rows, enough = 0, 1
    collected: list[Page] = []
    waiting = 0
    concurrency = concurrency_of(request, client)
    for (batches, pages), failed in fly(chains, concurrency, lambda pages: _large_batches(builder, pages)):
        if failed:
            failures.update(_failed(failed, reading.on_tag_error))
        collected += pages
        waiting += sum(map(len, pages))
        if waiting >= enough:
            batches += builder.batches(collected)
            collected, waiting = [], 0
        for batch in batches:
            rows += batch.num_rows
            # The first rows go out at once, for `limit(10)` and `show()`; then larger batches, to a good size.
            enough = min(SMALLEST_BATCH, 2 * rows)
            yield batch
    yield from builder.batches(collected)
    if failures and reading.error_column and request.wants(reading.error_column):
        yield builder.failure_batch(failures)
    client.traffic.add(failed=len(failures))


def _large_batches(builder: BatchBuilder, pages: list[Page]) -> tuple[list[pa.RecordBatch], list[Page]]:
    """Record batches of pages that are enough for them; else the pages, to be joined with others."""
    if sum(map(len, pages)) < SMALLEST_BATCH:
        return [], pages
    return list(builder.batches(pages)), []


def _failed(failures: dict[str, PIError], on_tag_error: str) -> dict[str, str]:
    """Tags that failed, as the option `onTagError` wants them treated."""
    if on_tag_error == "fail":
        for error in failures.values():
            if isinstance(error, PIInstantError):
                raise error
        raise PITagError({tag: str(error) for tag, error in failures.items()}, HINT)
    for tag, error in failures.items():
        log.warning("tag %s skipped, as onTagError=skip says: %s", tag, error)
    return {tag: str(error) for tag, error in failures.items()}


def stepped_table(
    name: str,
    meaning: str,
    columns: tuple[Column, ...],
    key: tuple[str, ...],
    grid: Callable[[PIOptions], Grid],
    form: Callable[[Request, Grid], Form],
    resolve: Callable[[Request, Client], Resolved] = resolved,
    **more: Any,
) -> Table:
    """A table of numbered samples, intervals or instants of streams.

    Args:
        name, meaning, columns, key: as in `Table`.
        grid: the steps that a stream's range has, the same for the driver and for every task.
        form: how they are asked for.
        resolve: finds the streams.
        more: further members of `Table`.
    """

    def plan(request: Request, client: Client) -> list[StreamPartition]:
        steps = grid(request.options)
        found = resolve(request, client)
        return plan_steps(request, client, steps, form(request, steps).rows, found)

    def read(request: Request, partition: StreamPartition, client: Client) -> Iterator[pa.RecordBatch]:
        how = form(request, grid(request.options))
        tags = request.options.reading.tags_at_once
        yield from read_rounds(
            request, partition, client, rounds(client, how, partition.pieces, paging_of(request), tags)
        )

    return Table(name, meaning, columns, key, plan, read, **more)


def plan_steps(request: Request, client: Client, grid: Grid, rows: int, found: Resolved) -> list[StreamPartition]:
    """Streams × steps, cut between steps only: no partition repeats or loses one.

    Args:
        rows: rows that a step makes, about.
    """
    if grid.range.is_empty or not found.streams:
        return partitions_of(client, (), found.failures)
    weight = max(grid.count * rows, ROWS_OF_A_QUESTION)
    # The pieces to cut are numbered, not timed: then no cut can fall into a step.
    numbered = [Piece(stream, TimeRange(0, grid.units), weight) for stream in found.streams]
    reading = request.options.reading
    parts = parts_of(request, weight * len(numbered))
    # One row of errorColumn for each failed tag: then a tag belongs to one task.
    whole = grid.units == 1 or reading.error_column is not None
    chunked = [
        tuple(Chunk(tuple(_timed(piece, grid) for piece in chunk.pieces)) for chunk in chunks)
        for chunks in cut(numbered, parts, reading.tags_at_once, whole=whole)
    ]
    log.info("%d streams × %d steps, in %d partitions", len(numbered), grid.count, len(chunked))
    return partitions_of(client, chunked, found.failures)


def _timed(piece: Piece, grid: Grid) -> Piece:
    return structs.replace(piece, range=grid.window(piece.range.start, piece.range.end))
