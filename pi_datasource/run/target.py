"""The Delta table that a load fills: made, asked for its history and for its newest event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pi_datasource.delta import add_columns, create_table
from pi_datasource.delta.sql import is_path, table_name, timestamp_at
from pi_datasource.run.config import Load

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

__all__ = ["Target"]

#: What a commit counts, by its operation; others (OPTIMIZE, …) write no rows.
ROWS_OF = {
    "WRITE": ("numOutputRows",),
    "STREAMING UPDATE": ("numOutputRows",),
    "CREATE TABLE AS SELECT": ("numOutputRows",),
    "MERGE": ("numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted"),
}

#: Commits looked at before it is known how many there are.
USUAL_COMMITS = 20

#: What Delta says of a table that is not there; the last one of a folder, and of a table that is none of Delta's.
NOT_THERE = (
    "TABLE_OR_VIEW_NOT_FOUND",
    "SCHEMA_NOT_FOUND",
    "DELTA_MISSING_DELTA_TABLE",
    "DELTA_TABLE_NOT_FOUND",
    "DELTA_PATH_DOES_NOT_EXIST",
    "DELTA_TABLE_ONLY_OPERATION",
)


class Target:
    """A Delta table, by name or path.

    Args:
        spark: a session with Delta.
        table: name in a catalog, or path of a folder.
    """

    def __init__(self, spark: SparkSession, table: str) -> None:
        self.spark, self.table = spark, table
        self.name = table_name(table)
        self.is_path = is_path(table)
        self._is_there = False

    def make(self, load: Load, frame: DataFrame | StructType) -> None:
        """Creates the table as the load wants it, or adds the columns it lacks."""
        if self._is_there or self.exists():
            add_columns(self.spark, self.table, frame)
            return
        create_table(
            self.spark, self.table, frame,
            cluster_by=load.cluster_by, partition_by_day=load.partition_by_day, comment=load.comment,
        )  # fmt: skip
        self._is_there = True

    def exists(self) -> bool:
        """Whether it is there."""
        return self._history(1) != []

    def identity(self) -> str:
        """Delta's own id of the table: another one after it was dropped and made anew."""
        (row,) = self.spark.sql(f"DESCRIBE DETAIL {self.name}").select("id").collect()
        return str(row["id"])

    def version(self) -> int:
        """Its newest version; -1 when it is not there."""
        rows = self._history(1)
        return int(rows[0]["version"]) if rows else -1

    def rows_since(self, version: int) -> int:
        """Rows that later commits inserted, updated or deleted."""
        commits = self._history(USUAL_COMMITS)
        if commits and commits[-1]["version"] > version + 1:
            commits = self._history(commits[0]["version"] - version)
        rows = 0
        for commit in commits:
            if commit["version"] <= version:
                break
            metrics = commit["operationMetrics"] or {}
            rows += sum(int(metrics.get(name, 0)) for name in ROWS_OF.get(commit["operation"], ()))
        return rows

    def commit_with(self, note: str, among: int = 100) -> Any:
        """The commit of the newest ones that carries a note (Delta's `userMetadata`), or None."""
        return next((commit for commit in self._history(among) if commit["userMetadata"] == note), None)

    def newest_ticks(self, usually_after: int) -> int | None:
        """Tick of the newest event, where the table has such a column.

        Args:
            usually_after: looked for from this tick on, by which files are skipped, and else everywhere.
        """
        table = self.spark.table(self.name)
        if not {"ticks", "timestamp"} <= set(table.columns):
            return None
        for some in (table.where(f"`timestamp` >= {timestamp_at(usually_after)}"), table):
            newest = some.selectExpr("max(ticks)").collect()[0][0]
            if newest is not None:
                return int(newest)
        return None

    def append(self, frame: DataFrame, **options: str) -> None:
        """Appends rows in one commit."""
        writer = frame.write.format("delta").mode("append").options(**options)
        if self.is_path:
            writer.save(self.table)
        else:
            writer.saveAsTable(self.name)

    def replace(self, frame: DataFrame) -> None:
        """Replaces all rows in one commit; columns, comments and layout stay."""
        from pyspark.sql import functions as F

        frame.writeTo(self.name).overwrite(F.lit(True))

    def start(self, writer: Any) -> Any:
        """Starts a stream that appends to it."""
        return writer.start(self.table) if self.is_path else writer.toTable(self.name)

    def _history(self, count: int) -> list[Any]:
        """Its newest commits, newest first; none when it is not there."""
        from pyspark.errors import AnalysisException

        try:
            rows: list[Any] = self.spark.sql(f"DESCRIBE HISTORY {self.name} LIMIT {count}").collect()
        except AnalysisException as error:
            if (error.getCondition() or "") in (NOT_THERE if self.is_path else NOT_THERE[:-1]):
                return []
            raise
        self._is_there = True
        return rows
