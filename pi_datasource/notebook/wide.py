"""One row a time and one column a tag: the form that models and spreadsheets want.

    events   tag, ticks, seq, value, …
      │      for each step of the grid the last event at or before it, and the first at or after it
    filled   each grid time of each tag: the last event so far, the next event to come
      │      how = last or interpolate
    wide     timestamp, one column a tag

Events are gathered by step first, so that what is shuffled and sorted is as large as the result, not as the archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pi_datasource.errors import PIOptionError, PISchemaError
from pi_datasource.times import Span, now_ticks, parse_time, zone_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

__all__ = ["wide"]

#: Rows in the result at most: beyond that a wrong `every` is more likely than a wish.
MOST_STEPS = 10_000_000


def wide(
    frame: DataFrame,
    *,
    every: str | None = None,
    start: str | None = None,
    end: str | None = None,
    how: str = "last",
    value: str = "value",
    tags: Sequence[str] | None = None,
    step_tags: Sequence[str] = (),
) -> DataFrame:
    """Values of several tags beside each other: column `timestamp`, and a column for each tag.

        wide(spark.table("main.bronze.pi"), every="10m", start="2026-01-01", end="2026-02-01", how="interpolate")
        wide(spark.read.format("osipi").option("table", "interpolated")….load())  # times that PI has made equal

    Args:
        frame: rows with `tag` and `timestamp`; to be aligned, `ticks`, too: `recorded`, or a table made of it.
        every: distance of the rows, such as 10s, 15m or 1h; None where the rows have equal times already.
        start, end: the range, half-open: PI time or ISO 8601 in UTC. Give them with `every`. Events around it are used
            as well, if the frame has them: without one before the start, a column is null until its first event.
            Of a large table take some days more than the range (`where`), or all of it is read.
        how: `last`: the newest event at or before the time; `interpolate`: on the line between the events around it.
            A bad event (system state, no number) makes null until the next one; nothing is made up.
        value: SQL expression of what is shown, such as `value` or `coalesce(value_text, value)`.
        tags: which tags, in this order; by default all, sorted. Naming them saves a look through the rows.
        step_tags: tags that hold their value until the next event, also with `interpolate` (valves, set points).

    Raises:
        PIOptionError: arguments that contradict each other, or an interval that is none.
        PISchemaError: a column is missing.
    """
    if how not in ("last", "interpolate"):
        raise PIOptionError(f"how = {how!r} is not accepted; accepted is last or interpolate")
    _check_columns(frame, ("tag", "timestamp") if every is None else ("tag", "timestamp", "ticks"))
    chosen = list(tags) if tags is not None else [row[0] for row in _distinct_tags(frame)]
    if every is None:
        if start is not None or end is not None or how != "last":
            raise PIOptionError(
                "start, end and how = interpolate need every; without it, rows have equal times already"
            )
        return _pivoted(frame.selectExpr("timestamp", "tag", f"{value} AS shown"), chosen)
    if start is None or end is None:
        raise PIOptionError("every needs start and end, such as start='2026-01-01', end='2026-02-01'")
    grid = _Grid.between(every, start, end)
    filled = _filled(frame, grid, chosen, value)
    return _pivoted(filled.select("timestamp", "tag", _shown(how, step_tags).alias("shown")), chosen)


class _Grid:
    """Times `first + n * step` for n from 0, `count` of them; in ticks."""

    def __init__(self, first: int, step: int, count: int) -> None:
        self.first, self.step, self.count = first, step, count

    @classmethod
    def between(cls, every: str, start: str, end: str) -> _Grid:
        step, now, zone = Span.parse(every).ticks, now_ticks(), zone_of("UTC")
        if step is None:
            raise PIOptionError(
                f"every = {every!r} has no fixed length; accepted are hours and less, such as 24h for a day"
            )
        first, last = parse_time(start, now, zone), parse_time(end, now, zone)
        count = max(0, -((first - last) // step))
        if not 0 < count <= MOST_STEPS:
            raise PIOptionError(
                f"start = {start!r}, end = {end!r}, every = {every!r} make {count} rows; accepted are 1 to {MOST_STEPS}"
            )
        return cls(first, step, count)


def _check_columns(frame: DataFrame, needed: Sequence[str]) -> None:
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise PISchemaError(f"wide needs columns {', '.join(needed)}; missing: {', '.join(missing)}")


def _distinct_tags(frame: DataFrame) -> list[Any]:
    found: list[Any] = frame.select("tag").where("tag IS NOT NULL").distinct().orderBy("tag").collect()
    return found


def _filled(frame: DataFrame, grid: _Grid, tags: Sequence[str], value: str) -> DataFrame:
    """Rows tag, at, timestamp, before, after: each tag and grid time with the events around it."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    session = frame.sparkSession
    number = "seq" if "seq" in frame.columns else "0 AS seq"
    # Step n takes the events after grid time n - 1, up to grid time n. What lies before the start falls to the first
    # step, what comes after the last time to one step more.
    steps = (
        frame.where(F.col("tag").isin(list(tags)))
        .selectExpr("tag", "ticks", number, f"{value} AS shown",
                    f"greatest(0, -(({grid.first} - ticks) div {grid.step})) AS floor")
        .selectExpr("*", f"least({grid.count}, IF({grid.first} + floor * {grid.step} < ticks, floor + 1, floor)) AS n")
        .withColumn("event", F.struct("ticks", "seq", "shown"))
        .groupBy("tag", "n")
        .agg(F.max("event").alias("last"), F.min("event").alias("first"))
    )  # fmt: skip
    times = session.range(grid.count + 1).withColumnRenamed("id", "n")
    names = session.createDataFrame([(tag,) for tag in tags], "tag string")
    every = times.crossJoin(F.broadcast(names)).join(steps, ["tag", "n"], "left")
    so_far = Window.partitionBy("tag").orderBy("n").rowsBetween(Window.unboundedPreceding, 0)
    to_come = Window.partitionBy("tag").orderBy("n").rowsBetween(1, Window.unboundedFollowing)
    return (
        every.withColumn("before", F.last("last", ignorenulls=True).over(so_far))
        .withColumn("after", F.first("first", ignorenulls=True).over(to_come))
        .where(f"n < {grid.count}")
        .withColumn("at", F.expr(f"{grid.first} + n * {grid.step}"))
        .withColumn("timestamp", F.expr("timestamp_micros(at div 10)"))
        .select("tag", "at", "timestamp", "before", "after")
    )


def _shown(how: str, step_tags: Sequence[str]) -> Column:
    from pyspark.sql import functions as F

    before = F.col("before.shown")
    if how == "last":
        return before
    width = F.col("after.ticks") - F.col("before.ticks")
    part = (F.col("at") - F.col("before.ticks")) / width
    line = before + (F.col("after.shown") - before) * part
    exact = F.col("before.ticks") == F.col("at")
    held = F.col("tag").isin(list(step_tags)) if step_tags else F.lit(False)
    return F.when(exact | held, before).otherwise(line)


def _pivoted(rows: DataFrame, tags: Sequence[str]) -> DataFrame:
    from pyspark.sql import functions as F

    if not tags:
        raise PIOptionError("wide: there is no tag to show")
    return rows.groupBy("timestamp").pivot("tag", list(tags)).agg(F.first("shown")).orderBy("timestamp")
