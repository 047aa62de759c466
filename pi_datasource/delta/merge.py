"""A micro-batch into a Delta table so that the table becomes what the archive is, in one transaction.

With the option `lookback` a batch holds, besides its events, one row for each range that it has read (`window`). What
the table has in such a range and the batch has not, was deleted in the archive; what differs, was edited.

    old      rows of the table inside the windows of the batch
    changes  old ⟗ events where something differs: new, edited, or gone
    MERGE    changes into the table

Only what differs is merged: a round of reading again touches no file in which nothing changed. A replay finds nothing
that differs, so a batch needs no `txnAppId`; one that outlives its checkpoint would silently drop batches.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from pi_datasource.delta.create import OF_THE_BATCH, create_table
from pi_datasource.delta.sql import quoted, table_name, timestamp_at
from pi_datasource.errors import PISchemaError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["MergeChanges", "merge_changes"]

log = logging.getLogger("pi_datasource")


def merge_changes(table: str, *, identity: Sequence[str] = ("tag",)) -> MergeChanges:
    """For `foreachBatch`: late, edited and deleted events end up in the Delta table as in the archive.

        (spark.readStream.format("osipi").option("lookback", "7d")….load()
              .writeStream.foreachBatch(merge_changes("main.bronze.pi"))
              .option("checkpointLocation", …).start())

    Without `lookback` a batch has no windows: its rows are inserted or updated by key, and nothing is deleted.

    Args:
        table: name in a catalog, or path of a folder; created (see `create_table`) when it is not there.
        identity: the columns that tell streams apart: `tag`, or, with option `includePointId`, `point_id`, under which
            rows of a renamed point are found and get its new name.
    """
    return MergeChanges(table, tuple(identity))


@dataclass
class MergeChanges:
    """See `merge_changes`. Pickles, as Spark Connect runs it in a process of its own.

    Attributes:
        table: what is merged into.
        identity: columns that tell streams apart.
    """

    table: str
    identity: tuple[str, ...] = ("tag",)
    _exists: bool = field(default=False, repr=False)

    def __call__(self, batch: DataFrame, batch_id: int) -> None:
        """Merges one micro-batch.

        Raises:
            PISchemaError: the batch or the table has not the columns that a row is found by.
        """
        self._check_key(batch.columns, "batch")
        if not self._exists:
            create_table(batch.sparkSession, self.table, batch.schema)
            self._exists = True
        with _kept(batch) as kept:
            self._merge(kept, batch_id)

    def _check_key(self, columns: Sequence[str], of: str) -> None:
        missing = [name for name in self._key if name not in columns]
        if missing:
            raise PISchemaError(
                f"merge_changes({self.table!r}) finds rows by {', '.join(self._key)}, and the {of} has no column "
                f"{', '.join(missing)}; add it (point_id: option includePointId)"
            )

    @property
    def _key(self) -> tuple[str, ...]:
        return (*self.identity, "ticks", "seq")

    def _merge(self, batch: DataFrame, batch_id: int) -> None:
        spark = batch.sparkSession
        view = f"osipi_batch_{uuid4().hex}"
        batch.createOrReplaceTempView(view)
        try:
            has_windows = "operation" in batch.columns
            bounds = (
                f"SELECT min(window_start), max(window_end) FROM {view} WHERE operation = 'window'"
                if has_windows
                else f"SELECT min(ticks), max(ticks) + 1 FROM {view}"
            )
            low, high = spark.sql(bounds).head() or (None, None)
            if low is None or high is None:
                return
            columns = [name for name in batch.columns if name not in OF_THE_BATCH]
            known = spark.table(table_name(self.table)).columns
            self._check_key(known, "table")
            spark.sql(self._statement(view, columns, known, self._bounds(known, low, high), has_windows))
            log.info("batch %d is merged into %s", batch_id, self.table)
        finally:
            spark.catalog.dropTempView(view)

    def _bounds(self, known: Sequence[str], low: int, high: int) -> str:
        """The time that the batch covers, as literals: files of other times are not even opened."""
        bounds = f"t.ticks >= {low} AND t.ticks < {high}"
        if "timestamp" in known:
            first, last = timestamp_at(low), timestamp_at(high - 1)
            bounds += f" AND t.`timestamp` >= {first} AND t.`timestamp` <= {last}"
        return bounds

    def _statement(
        self, view: str, columns: Sequence[str], known: Sequence[str], bounds: str, has_windows: bool
    ) -> str:
        grows = [name for name in columns if name not in known]
        source = self._changes(view, columns, known, bounds) if has_windows else self._events(view, columns)
        names = ", ".join(map(quoted, columns))
        return f"""
            MERGE {"WITH SCHEMA EVOLUTION " if grows else ""}INTO {table_name(self.table)} t
            USING ({source}) s
            ON {_all(f"t.{name} = s.{name}" for name in map(quoted, self._key))} AND {bounds}
            WHEN MATCHED AND s.gone THEN DELETE
            WHEN MATCHED THEN UPDATE SET {", ".join(f"{name} = s.{name}" for name in map(quoted, columns))}
            WHEN NOT MATCHED AND NOT s.gone THEN
                INSERT ({names}) VALUES ({", ".join(f"s.{quoted(name)}" for name in columns)})
        """

    @staticmethod
    def _events(view: str, columns: Sequence[str]) -> str:
        return f"SELECT {', '.join(map(quoted, columns))}, false AS gone FROM {view}"

    def _changes(self, view: str, columns: Sequence[str], known: Sequence[str], bounds: str) -> str:
        """What differs between the table and the batch inside the batch's windows."""
        identity, key = [*map(quoted, self.identity)], [*map(quoted, self._key)]
        names = [*map(quoted, columns)]
        of_table = ", ".join(f"t.{quoted(name)}" if name in known else f"NULL AS {quoted(name)}" for name in columns)
        told = ", ".join(f"coalesce(e.{name}, o.{name}) AS {name}" if name in key else f"e.{name}" for name in names)
        return f"""
            WITH events AS (
                SELECT {", ".join(names)} FROM {view} WHERE operation = 'upsert'
            ), windows AS (
                SELECT {", ".join(identity)}, window_start, window_end FROM {view} WHERE operation = 'window'
            ), old AS (
                SELECT {of_table} FROM {table_name(self.table)} t LEFT SEMI JOIN windows w
                ON {_all(f"t.{name} = w.{name}" for name in identity)}
                    AND t.ticks >= w.window_start AND t.ticks < w.window_end
                WHERE {bounds}
            )
            SELECT {told}, e.ticks IS NULL AS gone
            FROM events e FULL OUTER JOIN old o ON {_all(f"e.{name} = o.{name}" for name in key)}
            WHERE e.ticks IS NULL OR o.ticks IS NULL OR NOT ({_all(f"e.{name} <=> o.{name}" for name in names)})
        """


def _all(conditions: Iterator[str]) -> str:
    return " AND ".join(conditions)


@contextmanager
def _kept(batch: DataFrame) -> Iterator[DataFrame]:
    """The batch, read from PI once although it is looked at several times.

    Where a platform keeps no data (serverless), each look reads it again: slower, and as right, since what changes
    between two looks is inside the windows of a later round, too.
    """
    try:
        kept = batch.persist()
    except Exception as error:
        if "NOT_SUPPORTED_WITH_SERVERLESS" not in str(error):
            raise
        yield batch
        return
    try:
        yield kept
    finally:
        kept.unpersist()
