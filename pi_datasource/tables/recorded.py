"""Table `recorded`: the events of the archive as they are, every one, once."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pi_datasource.columns import Column
from pi_datasource.errors import PIError, PIInstantError, PITagError
from pi_datasource.plan.counts import expect
from pi_datasource.plan.partitions import Chunk, Piece, StreamPartition
from pi_datasource.plan.windows import cut, parts_for
from pi_datasource.read.chain import Chain, Paging
from pi_datasource.read.cursor import Page
from pi_datasource.read.flight import fly
from pi_datasource.read.values import BatchBuilder, fields_for
from pi_datasource.resolve.points import resolve_points
from pi_datasource.tables.base import Request, Table
from pi_datasource.webapi.client import Client

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RECORDED"]

log = logging.getLogger("pi_datasource")

#: Partitions made by ourselves at most: each costs Spark about 0.1 s, and the driver keeps them all.
MOST_PARTITIONS = 1_000
#: Rows collected before a record batch is made of them: smaller ones cost Spark more a row.
SMALLEST_BATCH = 10_000

COLUMNS = (
    Column("tag", "string", "Name of the PI point; with tagFormat=path its path."),
    Column("timestamp", "timestamp", "Time of the event, UTC, rounded down to microseconds."),
    Column("ticks", "bigint", "Exact time of the event: steps of 100 ns since 1970-01-01 UTC."),
    Column("seq", "int", "Number among the events of this tag at the same tick, from 0."),
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
    Column("web_id", "string", "PI Web API's handle of the point.", "includeWebId"),
    Column("point_id", "bigint", "PI's number of the point, which survives a rename.", "includePointId"),
    Column("descriptor", "string", "Description of the point.", "includeDescriptor"),
    Column("operation", "string", "upsert for an event; window for a range that was read (again).", "lookback"),
    Column("window_start", "bigint", "Ticks from which on a window was read; null in events.", "lookback"),
    Column("window_end", "bigint", "Ticks before which a window ends; null in events.", "lookback"),
)


def plan(request: Request, client: Client) -> Sequence[StreamPartition]:
    """Resolves the tags and cuts tags × time into partitions of even work."""
    reading = request.options.reading
    if request.wants("descriptor"):
        reading = replace(reading, include_descriptor=True)
    resolved = resolve_points(client, request.options.selection, reading)
    wanted = () if reading.time_range.is_empty else Chunk.of(resolved.streams, reading.time_range).pieces
    return plan_pieces(request, client, wanted, resolved.failures)


def plan_pieces(
    request: Request, client: Client, wanted: Sequence[Piece], failures: dict[str, str]
) -> list[StreamPartition]:
    """Partitions of even work for streams that each have a range; one without work where there is nothing to read."""
    reading, connection = request.options.reading, request.options.connection
    limits = client.throttle.limits
    if not wanted:
        return [StreamPartition(0, (), failures, limits)]
    pieces = expect(client, wanted, reading.rows_per_partition, parts_fixed=reading.num_partitions is not None)
    rows = sum(piece.rows for piece in pieces)
    most = min(MOST_PARTITIONS, connection.max_in_flight or MOST_PARTITIONS)
    if connection.requests_per_second is not None:
        most = max(1, min(most, int(connection.requests_per_second)))
    parts = reading.num_partitions or parts_for(rows, reading.rows_per_partition, most)
    # One row of errorColumn for each failed tag: then a tag belongs to one task.
    chunked = cut(pieces, parts, reading.tags_per_request, whole=reading.error_column is not None)
    limits = replace(limits, partitions=len(chunked))
    log.info("%d streams, about %d events, in %d partitions", len(pieces), rows, len(chunked))
    return [
        StreamPartition(number, chunks, {} if number else failures, limits) for number, chunks in enumerate(chunked)
    ]


def read(request: Request, partition: StreamPartition, client: Client) -> Iterator[pa.RecordBatch]:
    """Reads one partition.

    Raises:
        PITagError: a tag that cannot be read, when `onTagError=fail`.
        PIRequestError: the server could not be asked.
    """
    started = time.monotonic()
    reading = request.options.reading
    builder = BatchBuilder(request.columns, reading.error_column or "")
    paging = Paging(reading.rows_per_response, reading.page_size, fields_for(request.columns))
    concurrency = _concurrency(request, client)
    chains = [
        Chain(client, chunk, paging)
        for whole in partition.chunks
        for chunk in _spread(whole, partition, reading.rows_per_response, concurrency)
    ]
    failures = dict(partition.failures)
    rows, enough = 0, 1
    collected: list[Page] = []
    for (batches, pages), failed in fly(chains, concurrency, lambda pages: _large_batches(builder, pages)):
        if failed:
            failures.update(_failed(failed, reading.on_tag_error))
        collected += pages
        if sum(map(len, collected)) >= enough:
            batches += builder.batches(collected)
            collected = []
        for batch in batches:
            rows += batch.num_rows
            # The first rows go out at once, for `limit(10)` and `show()`; then batches of a good size.
            enough = SMALLEST_BATCH
            yield batch
    for batch in builder.batches(collected):
        rows += batch.num_rows
        yield batch
    if failures and reading.error_column and request.wants(reading.error_column):
        yield builder.failure_batch(failures)
    traffic = client.traffic
    log.info(
        "partition %d: %d tags, %d rows, %d failed tags, %d requests, %d bytes, %d retries, %.2f s in requests, %.2f s",
        partition.number, partition.streams, rows, len(failures), traffic.requests, traffic.bytes, traffic.retries,
        traffic.seconds, time.monotonic() - started,
    )  # fmt: skip


def _large_batches(builder: BatchBuilder, pages: list[Page]) -> tuple[list[pa.RecordBatch], list[Page]]:
    """Record batches of pages that are enough for them; else the pages, to be joined with others."""
    if sum(map(len, pages)) < SMALLEST_BATCH:
        return [], pages
    return list(builder.batches(pages)), []


def _concurrency(request: Request, client: Client) -> int:
    """Requests in flight of this task: no more than its share of the job's ceiling."""
    ceiling = client.throttle.limits.max_in_flight
    concurrency = request.options.connection.concurrency
    return concurrency if ceiling is None else max(1, min(concurrency, ceiling))


def _spread(chunk: Chunk, partition: StreamPartition, rows_per_response: int, concurrency: int) -> Iterator[Chunk]:
    """Parts of a chunk that can be asked at the same time, where there is enough in it and too few other chunks."""
    ways = min(concurrency // max(1, len(partition.chunks)), int(chunk.rows // rows_per_response))
    if ways <= 1:
        yield chunk
        return
    if len(chunk.pieces) >= ways:
        for way in range(ways):
            yield Chunk(chunk.pieces[way::ways])
        return
    for piece in chunk.pieces:
        for window in piece.range.split(ways):
            yield Chunk((Piece(piece.stream, window, piece.rows / ways),))


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


HINT = "with option onTagError=skip the others are read; table=failed_tags of the same options lists these"

RECORDED = Table(
    name="recorded",
    meaning="Events of PI points as the archive holds them: every one, once, with exact time, type and quality.",
    columns=COLUMNS,
    key=("tag", "ticks", "seq"),
    plan=plan,
    read=read,
    streams=True,
)
