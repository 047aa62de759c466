"""Table `failed_tags`: what a read with `onTagError=skip` leaves aside, asked afresh.

It is a probe of the same options, not the record of one read: every tag is resolved, and one event of each is asked
for. A tag that failed an hour ago may pass now. The exact record of one read is the option `errorColumn`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.compat import InputPartition
from pi_datasource.errors import PIRequestError
from pi_datasource.plan.partitions import Chunk
from pi_datasource.resolve.select import resolve_streams
from pi_datasource.tables.base import Request, Table
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import JobLimits
from pi_datasource.webapi.wire import TimedValues

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FAILED_TAGS"]

#: Tags probed by one task.
TAGS_PER_PARTITION = 10_000

COLUMNS = (
    Column("tag", "string", "The tag, as it was written where it is unknown, else by its name."),
    Column("stage", "string", "Where it failed: resolve (no such tag) or read (known, and not readable)."),
    Column("cause", "string", "Why, in the server's words."),
)


@dataclass(frozen=True, eq=False)
class ProbePartition(InputPartition):
    """Tags to probe, and those that are known to have failed already."""

    number: int
    chunk: Chunk
    failures: dict[str, str] = field(default_factory=dict)
    limits: JobLimits = field(default_factory=lambda: JobLimits("none"))


def plan(request: Request, client: Client) -> Sequence[ProbePartition]:
    """Resolves the tags; unknown ones are already answers."""
    reading = replace(request.options.reading, on_tag_error="skip")
    resolved = resolve_streams(client, request.options, reading)
    groups = list(chunks(resolved.streams, TAGS_PER_PARTITION)) or [[]]
    limits = replace(client.throttle.limits, partitions=len(groups))
    return [
        ProbePartition(number, Chunk.of(some, reading.time_range), {} if number else resolved.failures, limits)
        for number, some in enumerate(groups)
    ]


def read(request: Request, partition: ProbePartition, client: Client) -> Iterator[pa.RecordBatch]:
    """One event of each tag; those that fail make rows."""
    import pyarrow as pa

    rows = [(tag, "resolve", cause) for tag, cause in partition.failures.items()]
    for pieces in chunks(partition.chunk.pieces, request.options.reading.tags_at_once):
        asks = {
            str(number): Ask(
                endpoints.recorded(piece.stream.web_id, piece.range.start, piece.range.end, 1, ()), piece.stream.tag
            )
            for number, piece in enumerate(pieces)
            if not piece.range.is_empty
        }
        for key, answer in ask_all(client, asks, TimedValues, "probe of tags").items():
            cause = _cause(answer)
            if cause:
                rows.append((pieces[int(key)].stream.tag, "read", cause))
    if rows:
        schema = arrow_schema(request.columns)
        at = {column.name: number for number, column in enumerate(COLUMNS)}
        columns = [[row[at[column.name]] for row in rows] for column in request.columns]
        yield pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in columns], schema=schema)


def _cause(answer: TimedValues | PIRequestError) -> str:
    if isinstance(answer, PIRequestError):
        return str(answer)
    return next((str(value.Errors) for value in answer.Items if value.Errors), "")


FAILED_TAGS = Table(
    name="failed_tags",
    meaning="The tags of these options that cannot be found or read now, with the cause: a fresh probe.",
    columns=COLUMNS,
    key=("tag",),
    plan=plan,
    read=read,
    has_error_column=False,
)
