"""Rows into a Delta table by their key: what is there already is updated or left alone, never repeated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from pi_datasource.delta.create import add_columns, create_table
from pi_datasource.delta.sql import quoted, table_name
from pi_datasource.errors import PISchemaError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["upsert"]


def upsert(frame: DataFrame, table: str, key: Sequence[str], *, update: bool = True, made: bool = False) -> None:
    """Merges rows into a Delta table, which is created or widened as needed. Doing it again changes nothing.

        upsert(spark.read.format("osipi").option("table", "elements")….load(), "main.bronze.pi_elements", ("web_id",))

    Nothing is deleted. For events with windows of time, deletions included, see `merge_changes`.

    Args:
        frame: rows of one of our tables.
        table: name in a catalog, or path of a folder.
        key: the columns that tell rows apart.
        update: whether rows that differ are updated; false: only rows with a new key are inserted.
        made: the table is there, with all columns; then that is not looked at.

    Raises:
        PISchemaError: the frame lacks a column of the key.
    """
    missing = [name for name in key if name not in frame.columns]
    if missing or not key:
        raise PISchemaError(f"rows of {table} are told apart by {', '.join(key)}; the rows given lack {missing}")
    spark = frame.sparkSession
    if not made:
        create_table(spark, table, frame)
        add_columns(spark, table, frame)
    view = f"osipi_rows_{uuid4().hex}"
    frame.createOrReplaceTempView(view)
    names = [*map(quoted, frame.columns)]
    differs = " OR ".join(f"NOT (t.{name} <=> s.{name})" for name in names)
    changed = ", ".join(f"{name} = s.{name}" for name in names)
    told = f"WHEN MATCHED AND ({differs}) THEN UPDATE SET {changed}"  # nosec B608
    try:
        spark.sql(f"""
            MERGE INTO {table_name(table)} t USING {view} s
            ON {" AND ".join(f"t.{name} <=> s.{name}" for name in map(quoted, key))}
            {told if update else ""}
            WHEN NOT MATCHED THEN INSERT ({", ".join(names)}) VALUES ({", ".join(f"s.{name}" for name in names)})
        """)  # nosec B608
    finally:
        spark.catalog.dropTempView(view)
