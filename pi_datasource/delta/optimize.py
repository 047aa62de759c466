"""Small files become large ones, rows that belong together come together, files that nobody needs go.

A stream leaves a few small files in each micro-batch, and what it appends is not clustered: reading some tags and some
time gets faster by OPTIMIZE, not by writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pi_datasource.delta.sql import quoted, table_name
from pi_datasource.errors import PIOptionError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Optimized", "optimize"]


@dataclass(frozen=True)
class Optimized:
    """What `optimize` did.

    Attributes:
        files_added, files_removed: data files of the table.
    """

    files_added: int
    files_removed: int


def optimize(
    spark: SparkSession,
    table: str,
    *,
    zorder_by: Sequence[str] = (),
    where: str = "",
    full: bool = False,
    vacuum_hours: float | None = None,
) -> Optimized:
    """OPTIMIZE, and VACUUM where that is asked for.

        optimize(spark, "main.bronze.pi_recorded", vacuum_hours=168)

    A clustered table (`create_table` makes one) is clustered further; what is clustered already is left alone.

    Args:
        spark: a session with Delta, classic or Connect.
        table: name in a catalog, or path of a folder.
        zorder_by: columns to sort by in a table that is not clustered; for one partitioned by day `("tag",)`.
        where: which partitions, such as `day >= current_date() - INTERVAL 7 DAYS`; only for partitioned tables.
        full: cluster everything anew, as after a change of the columns to cluster by.
        vacuum_hours: deletes files that left the table longer ago; None for no VACUUM. Delta refuses less than the
            table's `delta.deletedFileRetentionDuration`, a week by default, because readers may still need them.

    Raises:
        PIOptionError: zorder_by or where for a clustered table, full for one that is not.
    """
    name = table_name(table)
    (detail,) = spark.sql(f"DESCRIBE DETAIL {name}").collect()
    clustered = list(detail["clusteringColumns"] or ())
    if clustered and (zorder_by or where):
        raise PIOptionError(
            f"table {table} is clustered by {', '.join(clustered)}, and Delta then takes neither zorder_by nor where; "
            "leave them out"
        )
    if full and not clustered:
        raise PIOptionError(f"table {table} is not clustered, so full means nothing; leave it out")
    statement = f"OPTIMIZE {name}" + (" FULL" if full else "") + (f" WHERE {where}" if where else "")
    if zorder_by:
        statement += f" ZORDER BY ({', '.join(map(quoted, zorder_by))})"
    (row,) = spark.sql(statement).select("metrics.numFilesAdded", "metrics.numFilesRemoved").collect()
    if vacuum_hours is not None:
        spark.sql(f"VACUUM {name} RETAIN {vacuum_hours:g} HOURS")
    return Optimized(row[0], row[1])
