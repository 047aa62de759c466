"""A column of a table: its name, type and meaning, said once.

The Arrow schema of what we hand to Spark, the Spark schema that Spark shows, and the check of a user's own schema all
come from the same list. Spark compares the two exactly (order, type, nullability), so every column is nullable and
times are always `timestamp[us, tz=UTC]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pi_datasource.errors import PISchemaError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql.types import StructType

__all__ = ["Column", "arrow_schema", "named_in", "pick", "spark_schema"]

#: The Spark type names that our columns use, and how Arrow spells each: (pyarrow factory, its arguments).
ARROW_TYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "string": ("string", ()),
    "timestamp": ("timestamp", ("us", "UTC")),
    "bigint": ("int64", ()),
    "int": ("int32", ()),
    "double": ("float64", ()),
    "boolean": ("bool_", ()),
}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: snake_case name.
        type: Spark's name of the type: a key of `ARROW_TYPES`, `array<…>` or `struct<name:…,…>` of these.
        meaning: one line for people; Spark shows it as the column's comment.
        option: the option that must be on for the column to appear by default; empty for columns always there.
    """

    name: str
    type: str
    meaning: str
    option: str = ""


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of record batches with these columns, as Spark expects it to the letter."""
    import pyarrow as pa

    fields = []
    for column in columns:
        fields.append(pa.field(column.name, _arrow_type(column.type)))
    return pa.schema(fields)


def _arrow_type(name: str) -> pa.DataType:
    import pyarrow as pa

    if name.startswith("array<"):
        # Spark's own name of an array's items.
        return pa.list_(pa.field("element", _arrow_type(name[6:-1])))
    if name.startswith("struct<"):
        return pa.struct([pa.field(member, _arrow_type(kind)) for member, kind in _members(name)])
    factory, arguments = ARROW_TYPES[name]
    return getattr(pa, factory)(*arguments)


def _members(name: str) -> list[tuple[str, str]]:
    """Names and types of a struct's members, which hold no further structs."""
    return [(member, kind) for member, _, kind in (one.partition(":") for one in name[7:-1].split(","))]


def spark_schema(columns: Sequence[Column]) -> StructType:
    """The same for Spark, with each column's meaning as its comment."""
    from pyspark.sql.types import StructField, StructType

    return StructType([StructField(c.name, _spark_type(c.type), True, {"comment": c.meaning}) for c in columns])


def _spark_type(name: str) -> Any:
    from pyspark.sql import types

    if name.startswith("array<"):
        return types.ArrayType(_spark_type(name[6:-1]))
    if name.startswith("struct<"):
        return types.StructType([types.StructField(member, _spark_type(kind)) for member, kind in _members(name)])
    return {
        "string": types.StringType,
        "timestamp": types.TimestampType,
        "bigint": types.LongType,
        "int": types.IntegerType,
        "double": types.DoubleType,
        "boolean": types.BooleanType,
    }[name]()


def named_in(schema: StructType) -> list[tuple[str, str]]:
    """The columns that a schema names, with Spark's names of their types."""
    return [(field.name, field.dataType.simpleString()) for field in schema.fields]


def pick(known: Sequence[Column], schema: StructType, table: str) -> tuple[Column, ...]:
    """The columns that a schema names, in its order: a user schema is how columns are pruned.

    Args:
        known: every column the table has.
        schema: what Spark hands over: the table's own schema, or the user's.
        table: name of the table, for messages.

    Raises:
        PISchemaError: a column that the table does not have, twice the same one, or another type.
    """
    by_name = {column.name: column for column in known}
    wrong, chosen = [], []
    for field in schema.fields:
        column = by_name.get(field.name)
        if column is None:
            wrong.append(f"  {field.name}: no such column")
        elif column in chosen:
            wrong.append(f"  {field.name}: named twice")
        elif _spark_type(column.type) != field.dataType:
            wrong.append(f"  {field.name}: is {column.type}, the schema says {field.dataType.simpleString()}")
        elif not field.nullable:
            wrong.append(f"  {field.name}: has to be nullable, the schema says NOT NULL")
        else:
            chosen.append(column)
    if not chosen and not wrong:
        wrong.append("  it names no column")
    if wrong:
        accepted = ", ".join(f"{column.name} {column.type}" for column in known)
        raise PISchemaError(
            "\n".join([f"the schema given does not fit table {table!r}:", *wrong, f"its columns are: {accepted}"])
        )
    return tuple(chosen)
