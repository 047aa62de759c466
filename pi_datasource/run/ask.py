"""Questions to the PI System from this very process, without Spark: plans, and tables of few rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from pi_datasource.datasource import PIDataSource
from pi_datasource.options.declare import fold
from pi_datasource.options.streaming import STREAMING_OPTIONS
from pi_datasource.plan.counts import expect
from pi_datasource.plan.grid import Grid
from pi_datasource.plan.partitions import Piece, StreamPartition
from pi_datasource.reader import PIReader
from pi_datasource.resolve.select import resolve_streams
from pi_datasource.resolve.streams import Resolved
from pi_datasource.times import TimeRange
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import JobLimits, Throttle

__all__ = ["Planned", "batch_options", "planned", "range_of", "rows_of", "schema_of", "streams_of"]

_OF_STREAMS = {option.folded for option in STREAMING_OPTIONS}


@dataclass(frozen=True)
class Planned:
    """What a read would do.

    Attributes:
        tags: streams to read; None for tables of other things.
        partitions: tasks.
        rows: events to expect; None where that is not known before.
        failures: tags left out, with the cause.
    """

    tags: int | None
    partitions: int
    rows: float | None
    failures: Mapping[str, str]


def rows_of(options: Mapping[str, str]) -> list[dict[str, Any]]:
    """All rows of a table, read here."""
    reader = _reader(options)
    return [
        row for part in reader.partitions() for batch in reader.read(part) for row in batch.to_pylist()
    ]  # fmt: skip


def streams_of(options: Mapping[str, str]) -> Resolved:
    """The streams that options choose."""
    request = _reader(options).request
    return resolve_streams(_client(request.options.connection), request.options)


def range_of(options: Mapping[str, str]) -> TimeRange:
    """The range that options mean now."""
    return _reader(options).request.options.reading.time_range


def schema_of(options: Mapping[str, str]) -> Any:
    """The columns, as Spark would be told."""
    return PIDataSource(dict(options)).schema()


def planned(options: Mapping[str, str]) -> Planned:
    """What a read with these options would do; no values are read, and events are counted by the server."""
    reader = _reader(options)
    parts = reader.partitions()
    if not all(isinstance(part, StreamPartition) for part in parts):
        return Planned(None, len(parts), None, {})
    pieces = [piece for part in parts for piece in part.pieces]
    failures = {tag: cause for part in parts for tag, cause in part.failures.items()}
    if reader.request.options.table == "recorded":
        pieces = _counted(reader, pieces)
    tags = len({piece.stream.web_id for piece in pieces})
    return Planned(tags, len(parts), _rows(reader, tags, pieces), failures)


def batch_options(options: Mapping[str, str]) -> dict[str, str]:
    """Those that a batch read takes, too."""
    return {name: text for name, text in options.items() if fold(name) not in _OF_STREAMS}


def _rows(reader: PIReader, tags: int, pieces: list[Piece]) -> float | None:
    """Rows to expect; None for tables whose rows depend on more than the number of events or steps."""
    options = reader.request.options
    if options.table == "recorded":
        return sum(piece.rows for piece in pieces)
    if options.table in ("interpolated", "calculation"):
        return tags * Grid(options.reading.time_range, options.sampling.interval, options.reading.tz).count
    return float(tags) if options.table in ("value", "end") else None


def _counted(reader: PIReader, pieces: list[Piece]) -> list[Piece]:
    """The same streams, counted even where that would not change the plan; each over its whole range."""
    whole: dict[str, Piece] = {}
    for piece in pieces:
        known = whole.get(piece.stream.web_id, piece)
        window = TimeRange(min(known.range.start, piece.range.start), max(known.range.end, piece.range.end))
        whole[piece.stream.web_id] = structs.replace(piece, range=window)
    client = _client(reader.request.options.connection)
    return expect(client, list(whole.values()), 0, parts_fixed=False)


def _reader(options: Mapping[str, str]) -> PIReader:
    source = PIDataSource(dict(options))
    return source.reader(source.schema())


def _client(connection: Any) -> Client:
    return Client(connection, Throttle(JobLimits.new(connection.requests_per_second, connection.max_in_flight)))
