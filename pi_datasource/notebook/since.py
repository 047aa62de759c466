"""Only what a table does not have yet: each tag from its newest event on.

    table     tag → tick and number of its newest event; where startTime is a fixed time, among those from then on
    read      each tag from that tick on (option startTimes); tags that the table does not know from startTime on
    rows      without the events of that tick that the table has

A relative startTime (`*-1d`, the default) moves with the clock, and what a tag brings after a long pause would lie
before it; so it holds for new tags only. What comes late but in order is found, because each tag has a place of its
own. What is inserted before the newest event of its tag, edited or deleted is not: for that there are streams with
`lookback`, and `merge_changes`.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pi_datasource.delta.sql import table_name, timestamp_at
from pi_datasource.errors import PIOptionError, PISchemaError
from pi_datasource.options import PIOptions
from pi_datasource.options.connection import CONNECTION_OPTIONS
from pi_datasource.options.declare import fold
from pi_datasource.times import TICKS_PER_SECOND, format_ticks, now_ticks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["read_since"]

#: In ticks.
DAY = 86_400 * TICKS_PER_SECOND
#: What a row is found by.
KEY = ("tag", "ticks", "seq")


def read_since(spark: SparkSession, table: str, /, **options: Any) -> DataFrame:
    """The recorded events that a table does not have yet, to be appended to it.

        new = read_since(spark, "main.bronze.pi", url=url, tagFilter="UNIT1.*", startTime="2025-01-01")
        new.write.format("delta").mode("append").saveAsTable("main.bronze.pi")

    Args:
        spark: a session, classic or Connect.
        table: name in a catalog, or path of a Delta table, with columns `tag`, `ticks`, `seq` as `recorded` has them.
            With a fixed startTime it is scanned from then on only; with a relative one whole.
        options: options of the source. `startTime` holds for tags that the table does not have (in the range).

    Raises:
        PIOptionError: another table than `recorded`, or options that would bring rows twice or hide failures.
        PISchemaError: the table lacks a column that rows are found by.
    """
    texts = {name: _text(value) for name, value in options.items()}
    parsed = PIOptions.parse({"url": "http://any", **_without_login(texts)}, now=now_ticks(), environ=os.environ)
    if parsed.table != "recorded" or parsed.reading.start_times:
        raise PIOptionError(
            f"read_since reads table recorded, each tag from where the table ends, and was given table={parsed.table}"
            f"{' and startTimes' if parsed.reading.start_times else ''}; accepted is neither"
        )
    if parsed.reading.boundary_type != "Inside" or parsed.reading.error_column is not None:
        raise PIOptionError(
            "read_since joins each tag's range to what the table has; boundaryType other than Inside would bring "
            "events again, and rows of errorColumn belong into no such table: accepted is neither (see "
            "table=failed_tags)"
        )
    known = spark.table(table_name(table))
    missing = [name for name in KEY if name not in known.columns]
    if missing:
        raise PISchemaError(f"read_since finds rows by {', '.join(KEY)}, and table {table} has no column {missing}")
    start, end = parsed.reading.time_range.start, parsed.reading.time_range.end
    # Absolute, so that table and archive are asked for the same range, whatever happens between.
    texts_given = texts
    texts = {**_without(texts, "startTime", "endTime"), "startTime": format_ticks(start), "endTime": format_ticks(end)}
    newest = _newest(known, start if _is_fixed(texts_given, start) else None)
    starts = {row["tag"]: format_ticks(row["last"]["ticks"]) for row in newest}
    if starts:
        texts["startTimes"] = json.dumps(starts)
    frame = spark.read.format("osipi").options(**texts).load()
    return _unknown(spark, frame, newest) if newest else frame


def _is_fixed(texts: dict[str, str], start: int) -> bool:
    """Whether startTime means the same time tomorrow."""
    tomorrow = PIOptions.parse(
        {"url": "http://any", **_without_login(texts)}, now=now_ticks() + DAY, environ=os.environ
    )
    return tomorrow.reading.time_range.start == start


def _newest(known: DataFrame, start: int | None) -> list[Any]:
    """The newest event of each tag (in lower case): its tick, and its number among those of the tick.

    Args:
        start: tick from which on to look; None for the whole table.
    """
    from pyspark.sql import functions as F

    condition = "tag IS NOT NULL" if start is None else f"tag IS NOT NULL AND ticks >= {start}"
    if start is not None and "timestamp" in known.columns:  # by which files are skipped
        condition += f" AND `timestamp` >= {timestamp_at(start)}"
    by_tag = known.where(condition).groupBy(F.lower("tag").alias("tag"))
    rows: list[Any] = by_tag.agg(F.max(F.struct("ticks", "seq")).alias("last")).collect()
    return rows


def _unknown(spark: SparkSession, frame: DataFrame, newest: list[Any]) -> DataFrame:
    """Rows behind the newest of their tag; those of tags that the table has not, all."""
    from pyspark.sql import functions as F

    rows = [(row["tag"], row["last"]["ticks"], row["last"]["seq"]) for row in newest]
    last = spark.createDataFrame(rows, "last_tag string, last_ticks bigint, last_seq int")
    joined = frame.join(F.broadcast(last), F.lower(frame["tag"]) == last["last_tag"], "left")
    later = "last_tag IS NULL OR ticks > last_ticks OR (ticks = last_ticks AND seq > last_seq)"
    return joined.where(later).drop("last_tag", "last_ticks", "last_seq")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _without(texts: dict[str, str], *names: str) -> dict[str, str]:
    folded = {fold(name) for name in names}
    return {name: text for name, text in texts.items() if fold(name) not in folded}


def _without_login(texts: dict[str, str]) -> dict[str, str]:
    """What says which rows are meant; who asks, and whom, is checked where it is used."""
    return _without(texts, *(option.name for option in CONNECTION_OPTIONS))
