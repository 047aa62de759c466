"""Objects of a list (points, elements, templates, …) → Arrow record batches, a column at a time.

A table says for each column in which field of an item its value stands; the items are decoded into structures of
exactly these fields, and each column is one pass over them. Times that mean "never" (year 9999) and "unknown" (years
0001 and 1970-01-01) become null, in the column of the time and in that of its ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.read.times import parse_ticks
from pi_datasource.webapi.wire import Answer

__all__ = ["Field", "as_text", "batch_of", "item_list", "item_type", "json_fields", "known_ticks"]

#: What JSON says for a column of each type, unless a field says otherwise.
_JSON: dict[str, Any] = {
    "string": str,
    "timestamp": str,
    "bigint": int,
    "int": int,
    "double": float,
    "boolean": bool,
    "array<string>": list[str],
}
#: PI's "unknown" is the first year of the calendar or the first day of Unix; its "never" is the year 9999.
UNKNOWN = ("0001", "1970-01-01T00:00:00Z", "")
NEVER = "9999"


@dataclass(frozen=True)
class Field:
    """A column and where its value is.

    Attributes:
        column: the column.
        at: field of the item; `Links.Parent` for one inside another; empty for a value of the list's place.
        make: makes the column's value of the field's; left out for nulls.
        json: type of the field where it is not the column's.
        absent: the column's value where there is no field: PI leaves empty lists out.
    """

    column: Column
    at: str = ""
    make: Callable[[Any], Any] | None = None
    json: Any = None
    absent: Any = None

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def is_ticks(self) -> bool:
        """A time as ticks."""
        return self.column.type == "bigint" and self.name.endswith("_ticks") and self.json is None


def json_fields(fields: Sequence[Field]) -> tuple[str, ...]:
    """The fields that an answer has to hold for these columns; WebIDs always, to tell objects apart."""
    return tuple(dict.fromkeys(["WebId", *(field.at for field in fields if field.at)]))


def item_list(fields: Sequence[Field]) -> type[Any]:
    """The answer with these fields: a class with `Items`."""
    return _item_list(_kinds(fields))


def item_type(fields: Sequence[Field]) -> type[Any]:
    """One object with these fields."""
    return _item_type(_kinds(fields))


def _kinds(fields: Sequence[Field]) -> tuple[tuple[str, Any], ...]:
    kinds: dict[str, Any] = {"WebId": str}
    for field in fields:
        if field.at:
            outer, _, inner = field.at.partition(".")
            kind = field.json or (str if field.is_ticks else _JSON[field.column.type])
            kinds[outer] = dict[str, Any] if inner else kind
    return tuple(kinds.items())


@lru_cache(maxsize=256)
def _item_type(kinds: tuple[tuple[str, Any], ...]) -> type[Any]:
    return msgspec.defstruct("Item", [(name, kind | None, None) for name, kind in kinds], gc=False)


@lru_cache(maxsize=256)
def _item_list(kinds: tuple[tuple[str, Any], ...]) -> type[Any]:
    item: Any = _item_type(kinds)
    items: Any = ("Items", list[item], msgspec.field(default_factory=list))
    return msgspec.defstruct("ItemList", [items], bases=(Answer,), gc=False)


def batch_of(
    columns: Sequence[Column], fields: Mapping[str, Field], items: Sequence[Any], place: Mapping[str, Any]
) -> pa.RecordBatch:
    """The rows of one page.

    Args:
        columns: the columns wanted, in order.
        fields: by column.
        items: of the answer.
        place: column → value that all items of this list share.
    """
    schema = arrow_schema(columns)
    arrays = []
    for column, of_schema in zip(columns, schema, strict=True):
        field = fields.get(column.name)
        if field is None or not field.at:
            arrays.append(pa.repeat(pa.scalar(place.get(column.name), of_schema.type), len(items)))
        else:
            arrays.append(_array(field, items, of_schema.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(field: Field, items: Sequence[Any], kind: pa.DataType) -> pa.Array:
    outer, _, inner = field.at.partition(".")
    values = [getattr(item, outer) for item in items]
    if inner:
        values = [None if value is None else value.get(inner) for value in values]
    if field.make is not None:
        make = field.make
        values = [None if value is None else make(value) for value in values]
    if field.absent is not None:
        values = [field.absent if value is None else value for value in values]
    if field.column.type == "timestamp":
        ticks, known = known_ticks(values)
        return pa.array(ticks // 10, pa.int64(), mask=~known).cast(kind)
    if field.is_ticks:
        ticks, known = known_ticks(values)
        return pa.array(ticks, kind, mask=~known)
    return pa.array(values, kind)


def known_ticks(texts: Sequence[str | None]) -> tuple[Any, Any]:
    """The ticks of times, and which of them are known."""
    known = np.fromiter((text is not None and not text.startswith((NEVER, *_UNKNOWN)) and text != "" for text in texts),
                        np.bool_, len(texts))  # fmt: skip
    ticks = np.zeros(len(texts), np.int64)
    ticks[known] = parse_ticks([text for text, is_known in zip(texts, known, strict=True) if is_known])  # type: ignore[misc]
    return ticks, known


_UNKNOWN = tuple(text for text in UNKNOWN if text)


def as_text(value: Any) -> str:
    """A value of any type as text: texts and names of states as they are, all else as JSON writes it."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("Name"), str):
        return str(value["Name"])
    return msgspec.json.encode(value).decode()
