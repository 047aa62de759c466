"""The table is made before anything is written: how it is clustered cannot be said by a stream that creates it.

Measured with Delta 4.4.0 on Spark 4.0 to 4.2: `writeStream.clusterBy(…).toTable`, `df.write.clusterBy(…)` and a
pipeline's `cluster_by` are all refused for a new table, and in SQL a column called `timestamp` has to be quoted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pi_datasource.columns import spark_schema
from pi_datasource.delta.sql import literal, quoted, table_name
from pi_datasource.errors import PIOptionError, PISchemaError
from pi_datasource.tables.registry import table_named

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructField, StructType

__all__ = ["DAY", "OF_THE_BATCH", "add_columns", "create_table"]

#: Columns that say what a row does to a table; they are not kept.
OF_THE_BATCH = ("operation", "window_start", "window_end")
#: Clustered by what people ask for: some tags, some time; event frames by time.
CLUSTER_BY = ("tag", "timestamp", "start_time")
#: Columns whose smallest and largest value Delta notes for each file; a MERGE looks for rows by them.
STATISTICS = ("tag", "timestamp", "ticks", "point_id", "start_time", "start_ticks", "web_id")
#: Letters that a name of a Delta column has only where columns are mapped: attributes are called as people like.
UNUSUAL = frozenset(" ,;{}()\n\t=")
#: The column that a table is partitioned by when it is partitioned at all; Delta computes it from `timestamp`.
DAY = "day"


def create_table(
    spark: SparkSession,
    table: str,
    of: DataFrame | StructType | str = "recorded",
    *,
    cluster_by: Sequence[str] | None = None,
    partition_by_day: bool = False,
    comment: str = "",
    properties: Mapping[str, str] | None = None,
) -> None:
    """Creates a Delta table for rows of a PI System, unless there is one: columns with comments, clustered.

    Args:
        spark: a session with Delta, classic or Connect.
        table: name in a catalog, or path of a folder.
        of: what it shall hold: a DataFrame read with format `osipi` (or its schema), or the name of a table of ours.
            Columns that only say what a row does to a table (`operation`, …) are left out.
        cluster_by: columns to cluster by; by default `tag` and `timestamp`, as far as the table has them.
        partition_by_day: a folder for each day (column `day`, computed from `timestamp`) instead of clustering: for
            tables of which whole days are dropped, or that are shared with readers that know no clustering.
        comment: what the table is, for people.
        properties: further table properties.

    Raises:
        PIOptionError: there is no table of ours by that name, a column to cluster by that it has not, or partitions
            and clusters, of which Delta knows one at a time.
    """
    schema = _schema_of(of)
    fields = [field for field in schema.fields if field.name not in OF_THE_BATCH]
    if not fields:
        raise PIOptionError("a table needs columns, and the schema given has none")
    names = [field.name for field in fields]
    layout = _by_day(names, cluster_by) if partition_by_day else _clustered(names, cluster_by)
    columns = [_declared(field) for field in fields]
    if partition_by_day:
        columns.append(
            f"{quoted(DAY)} DATE GENERATED ALWAYS AS (CAST(`timestamp` AS DATE)) COMMENT 'Day of the event.'"
        )
    noted = [name for name in STATISTICS if name in names]
    settings = {
        "delta.enableDeletionVectors": "true",
        **({"delta.columnMapping.mode": "name"} if any(UNUSUAL & set(name) for name in names) else {}),
        **({"delta.dataSkippingStatsColumns": ",".join(noted)} if noted else {}),
        **(properties or {}),
    }
    told = ", ".join(f"{literal(name)} = {literal(text)}" for name, text in settings.items())
    spark.sql(
        f"CREATE TABLE IF NOT EXISTS {table_name(table)} ({', '.join(columns)}) USING delta{layout}"
        + (f" COMMENT {literal(comment)}" if comment else "")
        + f" TBLPROPERTIES ({told})"
    )


def add_columns(spark: SparkSession, table: str, of: DataFrame | StructType | str) -> tuple[str, ...]:
    """Adds to a table the columns that it lacks, with their comments; nothing is done to those it has.

        add_columns(spark, "main.bronze.pi", frame)  # the option includeDescriptor is new

    Args:
        spark: a session with Delta, classic or Connect.
        table: name in a catalog, or path of a folder.
        of: what the table shall hold, as in `create_table`.

    Returns:
        The names of the columns that were added.

    Raises:
        PISchemaError: the table has a column of that name and of another type.
    """
    fields = spark.table(table_name(table)).schema.fields
    known = {field.name.lower(): field.dataType.simpleString() for field in fields}
    wanted = [field for field in _schema_of(of).fields if field.name not in OF_THE_BATCH]
    other = [
        f"{field.name} is {known[field.name.lower()]}, not {field.dataType.simpleString()}"
        for field in wanted
        if known.get(field.name.lower(), field.dataType.simpleString()) != field.dataType.simpleString()
    ]
    if other:
        raise PISchemaError(f"table {table} has columns of other types: {'; '.join(other)}")
    missing = [field for field in wanted if field.name.lower() not in known]
    if missing:
        spark.sql(f"ALTER TABLE {table_name(table)} ADD COLUMNS ({', '.join(map(_declared, missing))})")
    return tuple(field.name for field in missing)


def _clustered(names: Sequence[str], cluster_by: Sequence[str] | None) -> str:
    unknown = [name for name in cluster_by or () if name not in names]
    if unknown:
        raise PIOptionError(
            f"cluster_by: the table has no column {', '.join(unknown)}; accepted are {', '.join(names)}, or none"
        )
    chosen = [name for name in (CLUSTER_BY if cluster_by is None else cluster_by) if name in names]
    return f" CLUSTER BY ({', '.join(map(quoted, chosen))})" if chosen else ""


def _by_day(names: Sequence[str], cluster_by: Sequence[str] | None) -> str:
    if cluster_by:
        raise PIOptionError(
            "a Delta table is either partitioned or clustered; accepted is partition_by_day or cluster_by"
        )
    if "timestamp" not in names:
        raise PIOptionError(f"partition_by_day needs a column timestamp, and the table has only {', '.join(names)}")
    return f" PARTITIONED BY ({quoted(DAY)})"


def _declared(field: StructField) -> str:
    comment = field.metadata.get("comment")
    return f"{quoted(field.name)} {field.dataType.simpleString()}" + (f" COMMENT {literal(comment)}" if comment else "")


def _schema_of(of: DataFrame | StructType | str) -> StructType:
    if isinstance(of, str):
        return spark_schema([column for column in table_named(of).columns if not column.option])
    schema: StructType = of.schema if hasattr(of, "schema") else of
    return schema
