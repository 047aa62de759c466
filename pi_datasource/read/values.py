"""Pages of PI values → Arrow record batches, a column at a time.

Which of the value columns a value goes to is decided by the stream's declared type. Any row of any stream may hold a
system state instead of its type, so each kind has a fast way for what is usual and looks at the others one by one.
Nothing becomes null because of its type.

    kind       value      value_long   value_text          state
    float      number                                               "NaN" and "Infinity" arrive as text
    integer    number     exactly
    digital                            name                code
    text                               text
    time                               ISO text, as sent
    blob                               base64
    (any)                              system state name   code     is_system_state
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.annotations import ANNOTATIONS, annotations_of
from pi_datasource.read.cursor import Page
from pi_datasource.read.times import Ticks
from pi_datasource.webapi.wire import State, TimedValue

__all__ = ["FLAG_FIELDS", "BatchBuilder", "fields_for"]

#: Column → the field of a value that it needs.
FLAG_FIELDS = {"good": "Good", "questionable": "Questionable", "substituted": "Substituted", "annotated": "Annotated"}
#: Columns that all come from `Value`.
VALUE_COLUMNS = ("value", "value_long", "value_text", "state", "is_system_state")
#: Columns that are the same for all rows of a stream: its attributes of the same names.
STREAM_COLUMNS = ("tag", "uom", "web_id", "point_id", "descriptor", "element_path")
#: Rows in a record batch at most; Spark copies larger ones at a higher cost a row.
LARGEST_BATCH = 100_000

#: Whole numbers beyond it are no doubles.
LARGEST_WHOLE = int(sys.float_info.max)

#: JSON has no such numbers; servers write these texts (Json.NET's way).
NUMBER_TEXTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


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
        if not pages:
            return
        made = _Columns(pages)
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
        self.items = [value for page in pages for value in page.values]

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
        parts = []
        first = 0
        for kind, pages in groupby(self.pages, key=lambda page: page.stream.kind):
            after = first + sum(len(page) for page in pages)
            parts.append(_CONVERT[kind]([item.Value for item in self.items[first:after]]))
            first = after
        return {
            name: pa.concat_arrays([part.column(name) for part in parts]) if len(parts) > 1 else parts[0].column(name)
            for name in VALUE_COLUMNS
        }


@dataclass
class _Values:
    """The value columns of some rows of one kind; None stands for a column of nulls."""

    rows: int
    value: pa.Array | None = None
    value_long: pa.Array | None = None
    value_text: pa.Array | None = None
    state: pa.Array | None = None
    is_system_state: pa.Array | None = None

    def column(self, name: str) -> pa.Array:
        made = getattr(self, name)
        if made is not None:
            return made
        if name == "is_system_state":
            return pa.array(np.zeros(self.rows, np.bool_))
        return pa.nulls(self.rows, _TYPES[name])


_TYPES = {"value": pa.float64(), "value_long": pa.int64(), "value_text": pa.string(), "state": pa.int32()}


class _Odd:
    """Values that are not of their stream's usual form, told one by one."""

    def __init__(self, values: Sequence[Any], odd: Sequence[int], kind: str) -> None:
        self.rows = len(values)
        self.texts: dict[int, str] = {}
        self.states: dict[int, int] = {}
        self.system: list[int] = []
        self.numbers: dict[int, float] = {}
        self.longs: dict[int, int] = {}
        for number in odd:
            self._tell(number, values[number], kind)

    def _tell(self, number: int, value: Any, kind: str) -> None:
        if value is None:
            return
        if isinstance(value, State):
            self._tell_state(number, value)
        elif isinstance(value, str):
            if kind in ("float", "integer") and value in NUMBER_TEXTS:
                self.numbers[number] = NUMBER_TEXTS[value]
            else:
                self.texts[number] = value
        elif isinstance(value, list) or kind == "text":
            self.texts[number] = msgspec.json.encode(value).decode()
        elif kind == "digital" and value.__class__ is int and -(2**31) <= value < 2**31:
            self.states[number] = value
        else:
            self._tell_number(number, value)

    def _tell_state(self, number: int, value: State) -> None:
        if value.Errors is not None:
            self.texts[number] = "; ".join(value.Errors) if isinstance(value.Errors, list) else value.Errors
        elif value.Name is not None:
            self.texts[number] = value.Name
        if value.Value is not None:
            self.states[number] = value.Value
        if value.IsSystem:
            self.system.append(number)

    def _tell_number(self, number: int, value: float) -> None:
        try:
            self.numbers[number] = float(value)
        except OverflowError:  # a whole number of more than 308 digits
            self.texts[number] = str(value)
            return
        if value == value // 1 and -(2**63) <= value < 2**63:
            self.longs[number] = int(value)
        elif isinstance(value, int):
            self.texts[number] = str(value)

    def spread(self, told: dict[int, Any]) -> list[Any]:
        """What was told, at its rows; None elsewhere."""
        column: list[Any] = [None] * self.rows
        for number, value in told.items():
            column[number] = value
        return column

    def values(self, **usual: pa.Array) -> _Values:
        """The columns: what is usual, and null or what was told where it is odd."""
        made = _Values(self.rows, **usual)
        if self.texts and made.value_text is None:
            made.value_text = pa.array(self.spread(self.texts), pa.string())
        if self.states and made.state is None:
            made.state = pa.array(self.spread(self.states), pa.int32())
        if self.system:
            system = np.zeros(self.rows, np.bool_)
            system[self.system] = True
            made.is_system_state = pa.array(system)
        return made


def _floats(values: list[Any]) -> _Values:
    odd = [number for number, value in enumerate(values) if value.__class__ is not float]
    if not odd:
        return _Values(len(values), value=pa.array(values, pa.float64()))
    # Whole numbers may come without a point.
    odd = [number for number in odd if values[number].__class__ is not int or abs(values[number]) > LARGEST_WHOLE]
    told = _Odd(values, odd, "float")
    for number in odd:
        values[number] = told.numbers.get(number)
    try:
        numbers = pa.array(values, pa.float64())
    except pa.ArrowInvalid:  # a whole number beyond 2**53
        numbers = pa.array([None if value is None else float(value) for value in values], pa.float64())
    return told.values(value=numbers)


def _integers(values: list[Any]) -> _Values:
    odd = [n for n, value in enumerate(values) if value.__class__ is not int or not -(2**63) <= value < 2**63]
    told = _Odd(values, odd, "integer")
    longs, numbers = list(values), list(values)
    for number in odd:
        longs[number], numbers[number] = told.longs.get(number), told.numbers.get(number)
    exact = pa.array(longs, pa.int64())
    try:
        rounded = pa.array(numbers, pa.float64())
    except pa.ArrowInvalid:
        rounded = pa.array([None if value is None else float(value) for value in numbers], pa.float64())
    return told.values(value=rounded, value_long=exact)


def _digital(values: list[Any]) -> _Values:
    odd = [number for number, value in enumerate(values) if value.__class__ is not State or value.Errors is not None]
    told = _Odd(values, odd, "digital")
    for number in odd:
        values[number] = _NO_STATE
    names = [value.Name for value in values]
    codes = [value.Value for value in values]
    for number in odd:
        names[number], codes[number] = told.texts.get(number), told.states.get(number)
    system = np.fromiter((bool(value.IsSystem) for value in values), np.bool_, len(values))
    system[told.system] = True
    numbers = pa.array(told.spread(told.numbers), pa.float64()) if told.numbers else None
    return _Values(
        len(values),
        value=numbers,
        value_text=pa.array(names, pa.string()),
        state=pa.array(codes, pa.int32()),
        is_system_state=pa.array(system),
    )


_NO_STATE = State()


def _texts(values: list[Any]) -> _Values:
    odd = [number for number, value in enumerate(values) if value.__class__ is not str]
    told = _Odd(values, odd, "text")
    for number in odd:
        values[number] = told.texts.get(number)
    return told.values(value_text=pa.array(values, pa.string()))


def _blobs(values: list[Any]) -> _Values:
    for number, value in enumerate(values):
        if isinstance(value, list) and all(byte.__class__ is int and 0 <= byte < 256 for byte in value):
            values[number] = base64.b64encode(bytes(value)).decode("ascii")
    return _texts(values)


_CONVERT: dict[str, Callable[[list[Any]], _Values]] = {
    "float": _floats,
    "integer": _integers,
    "digital": _digital,
    "text": _texts,
    "time": _texts,
    "blob": _blobs,
}
