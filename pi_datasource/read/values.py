"""Pages of PI values → Arrow record batches, a column at a time.

Pages of events as msgspec decodes them, and pages of events that were cut apart (`cutting`), make batches of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.annotations import ANNOTATIONS, annotations_of
from pi_datasource.read.cursor import Page
from pi_datasource.read.event_columns import Joined
from pi_datasource.read.events import Events
from pi_datasource.read.kinds import CONVERT, Values
from pi_datasource.read.times import Ticks
from pi_datasource.webapi.wire import TimedValue

__all__ = ["FLAG_FIELDS", "BatchBuilder", "fields_for"]

#: Column → the field of a value that it needs.
FLAG_FIELDS = {"good": "Good", "questionable": "Questionable", "substituted": "Substituted", "annotated": "Annotated"}
#: Columns that all come from `Value`.
VALUE_COLUMNS = ("value", "value_long", "value_text", "state", "is_system_state")
#: Columns that are the same for all rows of a stream: its attributes of the same names.
STREAM_COLUMNS = ("tag", "uom", "web_id", "point_id", "descriptor", "element_path")
#: Rows in a record batch at most; Spark copies larger ones at a higher cost a row.
LARGEST_BATCH = 100_000


def fields_for(columns: Sequence[Column]) -> tuple[str, ...]:
    """The item fields that these columns need, besides time and value."""
    fields = {**FLAG_FIELDS, ANNOTATIONS: "Annotations"}
    return tuple(fields[column.name] for column in columns if column.name in fields)


class BatchBuilder:
    """Makes record batches of exactly these columns, in this order.

    Args:
        columns: the columns wanted.
        error_column: the one that tells why a tag failed; empty for none.
    """

    def __init__(self, columns: Sequence[Column], error_column: str = "") -> None:
        self.schema = arrow_schema(columns)
        self._names = [column.name for column in columns]
        self._error_column = error_column
        self._needs_values = any(name in VALUE_COLUMNS for name in self._names)

    def batches(self, pages: Sequence[Page]) -> Iterator[pa.RecordBatch]:
        """The rows of these pages; none for no rows."""
        # Kinds together, so that each is converted in one go; the order of rows means nothing to Spark.
        pages = sorted((page for page in pages if len(page)), key=lambda page: page.stream.kind)
        cut = [page for page in pages if isinstance(page.values, Events)]
        listed = [page for page in pages if not isinstance(page.values, Events)]
        if cut:
            yield from self._batches(_CutColumns(cut))
        if listed:
            yield from self._batches(_Columns(listed))

    def _batches(self, made: _Columns) -> Iterator[pa.RecordBatch]:
        rows = len(made.ticks)
        values = made.values() if self._needs_values else {}
        arrays = [values[name] if name in values else self._column(made, name, rows) for name in self._names]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        for first in range(0, rows, LARGEST_BATCH):
            yield batch.slice(first, LARGEST_BATCH) if rows > LARGEST_BATCH else batch

    def failure_batch(self, failures: dict[str, str]) -> pa.RecordBatch:
        """One row for each failed tag: its name and its cause; all other columns are null."""
        return self._batch_of({"tag": list(failures), self._error_column: list(failures.values())}, len(failures))

    def window_batch(self, pieces: Sequence[Piece]) -> pa.RecordBatch:
        """One row for each range that is read: what a sink that merges has in it and does not get now, is gone."""
        columns: dict[str, list[Any]] = {
            "operation": ["window"] * len(pieces),
            "window_start": [piece.range.start for piece in pieces],
            "window_end": [piece.range.end for piece in pieces],
            **{name: [getattr(piece.stream, name) for piece in pieces] for name in STREAM_COLUMNS},
        }
        return self._batch_of(columns, len(pieces))

    def _batch_of(self, columns: Mapping[str, list[Any]], rows: int) -> pa.RecordBatch:
        """Rows that are no events: these columns; all others are null."""
        arrays = [pa.array(columns.get(field.name, [None] * rows), field.type) for field in self.schema]
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _column(self, made: _Columns, name: str, rows: int) -> pa.Array:
        if name in STREAM_COLUMNS:
            return made.of_stream(name, self.schema.field(name).type)
        if name in FLAG_FIELDS:
            return made.flag(FLAG_FIELDS[name])
        if name == "operation":
            return pa.repeat(pa.scalar("upsert"), rows)
        if name in (self._error_column, "window_start", "window_end"):
            return pa.nulls(rows, self.schema.field(name).type)
        if name == ANNOTATIONS:
            return annotations_of(made.items, self.schema.field(name).type)
        own = {"ticks": made.ticks_column, "timestamp": made.timestamp, "seq": made.seq}.get(name)
        return own() if own is not None else made.further(name, self.schema.field(name).type)


#: Each spelt out: reading an attribute by its name as text takes four times as long, for every row.
_FLAGS: dict[str, Callable[[Sequence[TimedValue]], list[bool | None]]] = {
    "Good": lambda items: [item.Good for item in items],
    "Questionable": lambda items: [item.Questionable for item in items],
    "Substituted": lambda items: [item.Substituted for item in items],
    "Annotated": lambda items: [item.Annotated for item in items],
}


class _Columns:
    """The columns that some pages make, each built when asked for."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self.pages = pages
        self.counts = np.fromiter((len(page) for page in pages), np.int64, len(pages))
        self.ticks: Ticks = np.concatenate([page.ticks for page in pages])

    @cached_property
    def items(self) -> list[TimedValue]:
        """The events, one by one."""
        return [value for page in self.pages for value in page.values]

    def ticks_column(self) -> pa.Array:
        return pa.array(self.ticks, pa.int64())

    def timestamp(self) -> pa.Array:
        # Rounded down, also before 1970; numpy's // does.
        return pa.array(self.ticks // 10, pa.int64()).cast(pa.timestamp("us", "UTC"))

    def seq(self) -> pa.Array:
        """Each event's number among those of its stream at the same tick; pages hold whole instants, or tell it."""
        begins = np.ones(len(self.ticks), bool)
        np.not_equal(self.ticks[1:], self.ticks[:-1], out=begins[1:])
        ends = np.cumsum(self.counts)
        begins[ends[:-1]] = True
        position = np.arange(len(self.ticks))
        numbers = position - np.maximum.accumulate(np.where(begins, position, 0))
        for page, after in zip(self.pages, ends, strict=True):
            if "seq" in page.more:
                numbers[after - len(page) : after] = page.more["seq"]
        return pa.array(numbers, pa.int32())

    def of_stream(self, attribute: str, kind: pa.DataType) -> pa.Array:
        """A value of the stream, repeated for its rows: one `take`, no object for each row."""
        once = pa.array([getattr(page.stream, attribute) for page in self.pages], kind)
        return once.take(pa.array(np.repeat(np.arange(len(self.pages), dtype=np.int32), self.counts)))

    def further(self, name: str, kind: pa.DataType) -> pa.Array:
        """A column that the pages bring with them."""
        return pa.concat_arrays([pa.array(page.more[name], kind) for page in self.pages])

    def flag(self, name: str) -> pa.Array:
        flags = _FLAGS[name](self.items)
        try:
            return pa.array(np.frombuffer(bytes(flags), np.bool_))  # type: ignore[arg-type]
        except TypeError:  # a flag that the server left out: null, never made up
            return pa.array(flags, pa.bool_())

    def values(self) -> dict[str, pa.Array]:
        """The value columns, kind by kind."""
        by_kind = groupby(self.pages, key=lambda page: page.stream.kind)
        parts = [self._values_of(kind, list(pages)) for kind, pages in by_kind]
        return {
            name: pa.concat_arrays([part.column(name) for part in parts]) if len(parts) > 1 else parts[0].column(name)
            for name in VALUE_COLUMNS
        }

    def _values_of(self, kind: str, pages: Sequence[Page]) -> Values:
        return CONVERT[kind]([value.Value for page in pages for value in page.values])


class _CutColumns(_Columns):
    """The columns that pages of `Events` make."""

    def __init__(self, pages: Sequence[Page]) -> None:
        super().__init__(pages)
        self._joined = _joined(pages)

    def flag(self, name: str) -> pa.Array:
        return self._joined.flag(name)

    def _values_of(self, kind: str, pages: Sequence[Page]) -> Values:
        return (self._joined if len(pages) == len(self.pages) else _joined(pages)).values(kind)


def _joined(pages: Sequence[Page]) -> Joined:
    return Joined([page.values for page in pages if isinstance(page.values, Events)])
