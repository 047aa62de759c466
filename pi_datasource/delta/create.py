"""The table is made before anything is written: how it is clustered cannot be said by a stream that creates it.

Measured with Delta 4.4.0 on Spark 4.0 to 4.2: `writeStream.clusterBy(…).toTable`, `df.write.clusterBy(…)` and a
pipeline's `cluster_by` are all refused for a new table, and in SQL a column called `timestamp` has to be quoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pi_datasource.columns import spark_schema
from pi_datasource.delta.sql import literal, quoted, table_name
from pi_datasource.errors import PIOptionError
from pi_datasource.tables.registry import table_named

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["OF_THE_BATCH", "create_table"]

#: Columns that say what a row does to a table; they are not kept.
OF_THE_BATCH = ("operation", "window_start", "window_end")
#: Clustered by what people ask for: some tags, some time; event frames by time.
CLUSTER_BY = ("tag", "timestamp", "start_time")
#: Columns whose smallest and largest value Delta notes for each file; a MERGE looks for rows by them.
STATISTICS = ("tag", "timestamp", "ticks", "point_id", "start_time", "start_ticks", "web_id")
#: Letters that a name of a Delta column has only where columns are mapped: attributes are called as people like.
UNUSUAL = frozenset(" ,;{}()\n\t=")


def create_table(
    spark: SparkSession,
    table: str,
    of: DataFrame | StructType | str = "recorded",
    *,
    cluster_by: Sequence[str] = CLUSTER_BY,
    properties: Mapping[str, str] | None = None,
) -> None:
    """Creates a Delta table for rows of a PI System, unless there is one: columns with comments, clustered.

    Args:
        spark: a session with Delta, classic or Connect.
        table: name in a catalog, or path of a folder.
        of: what it shall hold: a DataFrame read with format `osipi` (or its schema), or the name of a table of ours.
            Columns that only say what a row does to a table (`operation`, …) are left out.
        cluster_by: columns to cluster by; those that the table does not have are left out.
        properties: further table properties.

    Raises:
        PIOptionError: there is no table of ours by that name.
    """
    schema = _schema_of(of)
    fields = [field for field in schema.fields if field.name not in OF_THE_BATCH]
    if not fields:
        raise PIOptionError("a table needs columns, and the schema given has none")
    names = [field.name for field in fields]
    columns = ", ".join(
        f"{quoted(field.name)} {field.dataType.simpleString()}"
        + (f" COMMENT {literal(field.metadata['comment'])}" if field.metadata.get("comment") else "")
        for field in fields
    )
    clustered = [quoted(name) for name in cluster_by if name in names]
    noted = [name for name in STATISTICS if name in names]
    settings = {
        "delta.enableDeletionVectors": "true",
        **({"delta.columnMapping.mode": "name"} if any(UNUSUAL & set(name) for name in names) else {}),
        **({"delta.dataSkippingStatsColumns": ",".join(noted)} if noted else {}),
        **(properties or {}),
    }
    told = ", ".join(f"{literal(name)} = {literal(text)}" for name, text in settings.items())
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {table_name(table)} ({columns}) USING delta"
        + (f" CLUSTER BY ({', '.join(clustered)})" if clustered else "")
        + f" TBLPROPERTIES ({told})"
    )


def _schema_of(of: DataFrame | StructType | str) -> StructType:
    if isinstance(of, str):
        return spark_schema([column for column in table_named(of).columns if not column.option])
    schema: StructType = of.schema if hasattr(of, "schema") else of
    return schema
