"""A micro-batch into a Delta table so that the table becomes what the archive is, in one transaction.

With the option `lookback` a batch holds, besides its events, one row for each range that it has read (`window`). What
the table has in such a range and the batch has not, was deleted in the archive; what differs, was edited.

    old      rows of the table inside the windows of the batch
    changes  old ⟗ events where something differs: new, edited, or gone
    MERGE    changes into the table

Only what differs is merged: a round of reading again touches no file in which nothing changed. A replay finds nothing
that differs, so a batch needs no `txnAppId`; one that outlives its checkpoint would silently drop batches.

Rows of event frames are found by `web_id`: a frame that ends changes the row that came when it started. They come
without windows, so a frame that is deleted stays.
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

#: What tells event frames apart.
KEY_OF_FRAMES = ("web_id",)


def merge_changes(table: str, *, identity: Sequence[str] = ("tag",)) -> MergeChanges:
    """For `foreachBatch`: late, edited and deleted events end up in the Delta table as in the archive.

        (spark.readStream.format("osipi").option("lookback", "7d")….load()
              .writeStream.foreachBatch(merge_changes("main.bronze.pi"))
              .option("checkpointLocation", …).start())

    Without `lookback` a batch has no windows: its rows are inserted or updated by key, and nothing is deleted. So it
    is for event frames (`table=event_frames`), whose key is `web_id`.

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
            PISchemaError: the batch or the table has not the columns that a row is found by, or a row has no key.
        """
        self._check_key(batch.columns, self._key_of(batch.columns), "batch")
        if not self._exists:
            create_table(batch.sparkSession, self.table, batch.schema)
            self._exists = True
        with _kept(batch) as kept:
            self._merge(kept, batch_id)

    def _check_key(self, columns: Sequence[str], key: Sequence[str], of: str) -> None:
        missing = [name for name in key if name not in columns]
        if missing:
            raise PISchemaError(
                f"merge_changes({self.table!r}) finds rows by {', '.join(key)}, and the {of} has no column "
                f"{', '.join(missing)}; add it (point_id: option includePointId)"
            )

    def _key_of(self, columns: Sequence[str]) -> tuple[str, ...]:
        """The columns that tell rows apart: event frames have a start, events of tags have not."""
        is_frames = "start_ticks" in columns and "ticks" not in columns
        return KEY_OF_FRAMES if is_frames else (*self.identity, "ticks", "seq")

    def _merge(self, batch: DataFrame, batch_id: int) -> None:
        spark = batch.sparkSession
        view = f"osipi_batch_{uuid4().hex}"
        batch.createOrReplaceTempView(view)
        try:
            key = self._key_of(batch.columns)
            columns = [name for name in batch.columns if name not in OF_THE_BATCH]
            known = spark.table(table_name(self.table)).columns
            self._check_key(known, key, "table")
            if key == KEY_OF_FRAMES:
                spark.sql(self._frames(view, columns, known))
            else:
                has_windows = "operation" in batch.columns
                bounds = (
                    "min(window_start), max(window_end), count_if(operation IS NULL)"
                    if has_windows
                    else "min(ticks), max(ticks) + 1, count_if(ticks IS NULL)"
                )
                low, high, keyless = spark.sql(f"SELECT {bounds} FROM {view}").head() or (None, None, 0)  # nosec B608
                if keyless:
                    raise PISchemaError(
                        f"merge_changes({self.table!r}): {keyless} rows of the batch are no events, as those are that "
                        "option errorColumn adds for tags that failed, and have no key; leave them out first "
                        "(batch.where('ticks IS NOT NULL'), or without errorColumn)"
                    )
                if low is None or high is None:
                    return
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
        source = self._changes(view, columns, known, bounds) if has_windows else self._events(view, columns)
        names = ", ".join(map(quoted, columns))
        return f"""
            MERGE {_evolving(columns, known)}INTO {table_name(self.table)} t
            USING ({source}) s
            ON {_all(f"t.{name} = s.{name}" for name in map(quoted, self._key_of(columns)))} AND {bounds}
            WHEN MATCHED AND s.gone THEN DELETE
            WHEN MATCHED THEN UPDATE SET {", ".join(f"{name} = s.{name}" for name in map(quoted, columns))}
            WHEN NOT MATCHED AND NOT s.gone THEN
                INSERT ({names}) VALUES ({", ".join(f"s.{quoted(name)}" for name in columns)})
        """  # nosec B608

    @staticmethod
    def _events(view: str, columns: Sequence[str]) -> str:
        return f"SELECT {', '.join(map(quoted, columns))}, false AS gone FROM {view}"  # nosec B608

    def _changes(self, view: str, columns: Sequence[str], known: Sequence[str], bounds: str) -> str:
        """What differs between the table and the batch inside the batch's windows."""
        identity, key = [*map(quoted, self.identity)], [*map(quoted, self._key_of(columns))]
        names = [*map(quoted, columns)]
        of_table = _of_table(columns, known)
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
        """  # nosec B608

    def _frames(self, view: str, columns: Sequence[str], known: Sequence[str]) -> str:
        """New event frames, and those that differ from what the table has. One that comes twice counts as ended."""
        names = [*map(quoted, columns)]
        order = "end_ticks NULLS LAST" if "end_ticks" in columns else "web_id"
        return f"""
            MERGE {_evolving(columns, known)}INTO {table_name(self.table)} t
            USING (
                WITH frames AS (
                    SELECT *, row_number() OVER (PARTITION BY web_id ORDER BY {order}) AS osipi_place
                    FROM {view} WHERE web_id IS NOT NULL
                ), old AS (
                    SELECT {_of_table(columns, known)} FROM {table_name(self.table)} t LEFT SEMI JOIN frames f
                    ON t.web_id = f.web_id
                )
                SELECT {", ".join(f"e.{name}" for name in names)}
                FROM frames e LEFT OUTER JOIN old o ON e.web_id = o.web_id
                WHERE e.osipi_place = 1
                    AND (o.web_id IS NULL OR NOT ({_all(f"e.{name} <=> o.{name}" for name in names)}))
            ) s
            ON t.web_id = s.web_id
            WHEN MATCHED THEN UPDATE SET {", ".join(f"{name} = s.{name}" for name in names)}
            WHEN NOT MATCHED THEN INSERT ({", ".join(names)}) VALUES ({", ".join(f"s.{name}" for name in names)})
        """  # nosec B608


def _evolving(columns: Sequence[str], known: Sequence[str]) -> str:
    return "" if set(columns) <= set(known) else "WITH SCHEMA EVOLUTION "


def _of_table(columns: Sequence[str], known: Sequence[str]) -> str:
    """The columns as the table has them; null for those that it has not yet."""
    return ", ".join(f"t.{quoted(name)}" if name in known else f"NULL AS {quoted(name)}" for name in columns)


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
