"""Attributes of event frames as columns: a row a frame, an attribute a column, each value as its column's type.

What does not fit its column is null there: system states and other bad values, texts in a column of numbers, fractions
in one of whole numbers. Table `event_frame_attributes` has all of it, as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pyarrow as pa

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.read.frames import FrameValue, ValuePage
from pi_datasource.read.kinds import NUMBER_TEXTS
from pi_datasource.read.objects import NEVER, UNKNOWN, Field, batch_of
from pi_datasource.read.times import parse_ticks
from pi_datasource.webapi.wire import State

__all__ = ["MAKE", "column_type", "wide_batch"]

#: AF's type of an attribute → the type of its column; others are read as text.
TYPES = {
    "double": "double", "single": "double", "float16": "double", "float32": "double", "float64": "double",
    "decimal": "double",
    "byte": "bigint", "sbyte": "bigint", "int16": "bigint", "uint16": "bigint", "int32": "bigint", "uint32": "bigint",
    "int64": "bigint",
    "boolean": "boolean", "datetime": "timestamp",
}  # fmt: skip


def column_type(af_type: str | None) -> str:
    """The type of the column of an attribute of this type."""
    return TYPES.get((af_type or "").lower(), "string")


def wide_batch(
    columns: Sequence[Column], fields: Mapping[str, Field], attributes: Sequence[str], page: ValuePage
) -> pa.RecordBatch:
    """A row for each frame of a page whose values could be read.

    Args:
        columns: the columns wanted, in order.
        fields: those of frames, by column.
        attributes: names of the columns that are attributes.
        page: what was read.
    """
    place = {number: at for at, number in enumerate(n for n in range(len(page.frames)) if n not in page.unread)}
    frames = [page.frames[number] for number in place]
    named = {name.lower(): name for name in attributes}
    cells: dict[str, list[Any]] = {name: [None] * len(frames) for name in attributes}
    types = {column.name: column.type for column in columns}
    for row in page.rows:
        name = named.get(row.attribute.key)
        if name is not None and row.attribute.Value is not None:
            cells[name][place[row.frame]] = _made(row.attribute.Value, types[name])
    rest = [column for column in columns if column.name not in cells]
    of_frames = batch_of(rest, fields, frames, page.place)
    arrays = []
    for one in arrow_schema(columns):
        if one.name not in cells:
            arrays.append(of_frames.column(one.name))
        elif pa.types.is_timestamp(one.type):
            arrays.append(pa.array(cells[one.name], pa.int64()).cast(one.type))
        else:
            arrays.append(pa.array(cells[one.name], one.type))
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns))


def _made(value: FrameValue, kind: str) -> Any:
    if value.Good is False or value.Value is None:
        return None
    if isinstance(value.Value, State) and (value.Value.IsSystem or value.Value.Errors is not None):
        return None
    return MAKE[kind](value.Value)


def _double(value: Any) -> float | None:
    if isinstance(value, str):
        return NUMBER_TEXTS.get(value)
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None


def _whole(bits: int) -> Callable[[Any], int | None]:
    def make(value: Any) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value in (_INF, -_INF):
            return None
        return int(value) if value == int(value) and -(2 ** (bits - 1)) <= value < 2 ** (bits - 1) else None

    return make


_INF = float("inf")


def _boolean(value: Any) -> bool | None:
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _text(value: Any) -> str | None:
    if isinstance(value, State):
        return value.Name
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _microseconds(value: Any) -> int | None:
    """A time; None for those that mean unknown and never."""
    if not isinstance(value, str) or not value.endswith("Z") or value.startswith((NEVER, *filter(None, UNKNOWN))):
        return None
    return int(parse_ticks([value])[0]) // 10


#: Type of a column → how a value becomes one of it; None where it does not fit.
MAKE: dict[str, Callable[[Any], Any]] = {
    "double": _double,
    "bigint": _whole(64),
    "int": _whole(32),
    "boolean": _boolean,
    "string": _text,
    "timestamp": _microseconds,
}
