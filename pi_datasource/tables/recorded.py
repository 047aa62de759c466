"""Table `recorded`: the events of the archive as they are, every one, once."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from pi_datasource.columns import Column
from pi_datasource.errors import PIOptionError
from pi_datasource.options import Reading
from pi_datasource.plan.counts import COUNT_ALL, expect
from pi_datasource.plan.partitions import Chunk, Piece, StreamPartition
from pi_datasource.plan.windows import cut, scattered
from pi_datasource.read.annotations import ANNOTATION_TYPE, ANNOTATIONS
from pi_datasource.read.chain import Chain, Paging
from pi_datasource.read.neighbours import Neighbour
from pi_datasource.read.questions import Round, rounds
from pi_datasource.resolve.spelling import by_spelling, spellings
from pi_datasource.resolve.streams import Stream
from pi_datasource.tables.base import Request, Table
from pi_datasource.tables.series import (
    POINT_COLUMNS,
    TAG,
    VALUE_COLUMNS,
    concurrency_of,
    paging_of,
    partitions_of,
    parts_of,
    read_rounds,
    resolved,
)
from pi_datasource.times import TimeRange
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import AnnotatedValues

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RECORDED"]

log = logging.getLogger("pi_datasource")

#: Neighbours of ranges asked for in one batch request.
NEIGHBOURS_PER_REQUEST = 100

COLUMNS = (
    TAG,
    Column("timestamp", "timestamp", "Time of the event, UTC, rounded down to microseconds."),
    Column("ticks", "bigint", "Exact time of the event: steps of 100 ns since 1970-01-01 UTC."),
    Column("seq", "int", "Number among the events of this tag at the same tick that were read, from 0."),
    *VALUE_COLUMNS,
    Column(ANNOTATIONS, ANNOTATION_TYPE, "Annotations of the event; null when it has none.", "includeAnnotations"),
    *POINT_COLUMNS,
    Column("operation", "string", "upsert for an event; window for a range that was read (again).", "lookback"),
    Column("window_start", "bigint", "Ticks from which on a window was read; null in events.", "lookback"),
    Column("window_end", "bigint", "Ticks before which a window ends; null in events.", "lookback"),
)


def plan(request: Request, client: Client) -> Sequence[StreamPartition]:
    """Resolves the tags and cuts tags × time into partitions of even work."""
    found = resolved(request, client, own_ranges=True)
    reading = request.options.reading
    outside = reading.boundary_type == "Outside"
    if found.ranges and reading.start_times:
        raise PIOptionError(
            "options contradict each other: both tagFile and startTimes give tags a range of their own; accepted is "
            "one of them"
        )
    starts = by_spelling({tag: (tick,) for tag, tick in reading.start_times.items()})
    wanted = [
        # A stream with two ranges is read as two.
        Piece(structs.replace(stream) if number else stream, window, neighbours=window if outside else None)
        for stream in found.streams
        for number, window in enumerate(found.ranges.get(stream.web_id, (_own(stream, reading, starts),)))
        if not window.is_empty
    ]
    return plan_pieces(request, client, wanted, found.failures)


def _own(stream: Stream, reading: Reading, starts: Mapping[str, Sequence[int]]) -> TimeRange:
    """The range of the options; for a tag in option `startTimes` one that starts at its own time."""
    usual = reading.time_range
    own = [tick for name in spellings(stream) for tick in starts.get(name, ())]
    return TimeRange(min(min(own, default=usual.start), usual.end), usual.end)


def plan_pieces(
    request: Request, client: Client, wanted: Sequence[Piece], failures: dict[str, str]
) -> list[StreamPartition]:
    """Partitions of even work for streams that each have a range; one without work where there is nothing to read."""
    reading = request.options.reading
    if not wanted:
        return partitions_of(client, (), failures)
    pieces = expect(client, wanted, reading.rows_per_partition, parts_fixed=reading.num_partitions is not None)
    if len(pieces) > COUNT_ALL:
        pieces = scattered(pieces)
    rows = sum(piece.rows for piece in pieces)
    # One row of errorColumn for each failed tag: then a tag belongs to one task. What comes of a tag that fails and is
    # skipped has to end where it fails: a later part without the earlier one would look as if all had been read.
    whole = reading.error_column is not None or reading.on_tag_error == "skip"
    chunked = cut(
        pieces, parts_of(request, rows), reading.tags_at_once, quiet_tags=reading.quiet_tags_at_once, whole=whole
    )
    log.info("%d streams, about %d events, in %d partitions", len(pieces), rows, len(chunked))
    return partitions_of(client, chunked, failures)


def read(request: Request, partition: StreamPartition, client: Client) -> Iterator[pa.RecordBatch]:
    """Reads one partition.

    Raises:
        PITagError: a tag that cannot be read, when `onTagError=fail`.
        PIRequestError: the server could not be asked.
    """
    paging, concurrency = _paging(request), concurrency_of(request, client)
    chains = [
        Chain(client, chunk, paging)
        for whole in partition.chunks
        for chunk in _spread(whole, partition, paging.rows, concurrency, request.options.reading.on_tag_error == "fail")
    ]
    yield from read_rounds(request, partition, client, [*chains, *_edges(client, partition.pieces, paging)])


def _paging(request: Request) -> Paging:
    """How large to ask, and what of: only those that pass `filterExpression`, annotations where they are wanted."""
    paging, condition = paging_of(request), request.options.sampling.filter_expression
    more = (("filterExpression", condition),) if condition else ()
    if not request.wants(ANNOTATIONS):
        return replace(paging, more=more)
    return replace(paging, more=(*more, ("associations", "Annotations")), kind=AnnotatedValues)


def _spread(
    chunk: Chunk, partition: StreamPartition, rows_per_response: int, concurrency: int, in_time: bool
) -> Iterator[Chunk]:
    """Parts of a chunk that can be asked at the same time, where there is enough in it and too few other chunks.

    Args:
        in_time: a stream may be cut in time.
    """
    ways = min(concurrency // max(1, len(partition.chunks)), int(chunk.rows // rows_per_response))
    if not in_time:
        ways = min(ways, len(chunk.pieces))
    if ways <= 1:
        yield chunk
        return
    if len(chunk.pieces) >= ways:
        for way in range(ways):
            yield Chunk(chunk.pieces[way::ways])
        return
    for piece in chunk.pieces:
        for window in piece.range.split(ways):
            yield Chunk((structs.replace(piece, range=window, rows=piece.rows / ways),))


def _edges(client: Client, pieces: Sequence[Piece], paging: Paging) -> Iterator[Round]:
    """Asks for the neighbours of those pieces that lie at an end of their range, so each is asked for once."""
    first = [one for one in pieces if one.neighbours and one.range.start == one.neighbours.start]
    last = [one for one in pieces if one.neighbours and one.range.end == one.neighbours.end]
    for some, before in ((first, True), (last, False)):
        yield from rounds(client, Neighbour(client, before, paging), some, paging, NEIGHBOURS_PER_REQUEST)


RECORDED = Table(
    name="recorded",
    meaning="Events of PI points as the archive holds them: every one, once, with exact time, type and quality.",
    columns=COLUMNS,
    key=("tag", "ticks", "seq"),
    plan=plan,
    read=read,
    streams=True,
)
