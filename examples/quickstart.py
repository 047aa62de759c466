"""What quickstart.sh runs: one day of 200 tags, from PI Web API into a Delta table, and back as a picture.

Everything about PI is in `read_into_delta`. The rest starts a pretend server and Spark, counts, draws, shows progress.
"""

from __future__ import annotations

import argparse
import inspect
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
from delta import configure_spark_with_delta_pip
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

mpl.use("Agg")
import matplotlib.pyplot as plt

HOME = Path(os.environ.get("OSIPI_QUICKSTART_HOME", "."))
STARTED = time.monotonic()
#: Exit status when the error has been explained, so that nobody needs the log.
EXPLAINED = 3
#: The pretend server: how many tags, and which day.
TAGS, DAY = 200, datetime(2026, 1, 1, tzinfo=timezone.utc)


def read_into_delta(spark: SparkSession, url: str, tags: str, start: str, end: str, table: str) -> None:
    events = (
        spark.read.format("osipi")
        .option("url", url)
        .option("tags", tags)
        .options(startTime=start, endTime=end)
        .load()
    )  # fmt: skip
    events.write.format("delta").mode("overwrite").save(table)


def main() -> None:
    arguments = parse_arguments()
    table, picture = str(arguments.output / "recorded"), arguments.output / "trends.png"
    with server(arguments) as (url, expected), spark_with_delta() as spark:
        tags = len(arguments.tags.split(","))
        say(f"reading {tags} tag{'s' * (tags > 1)} from {arguments.start} to {arguments.end} into Delta …")
        began = time.monotonic()
        with rows_so_far(spark), errors_in_short():
            read_into_delta(spark, url, arguments.tags, arguments.start, arguments.end, table)
        seconds = time.monotonic() - began
        events = spark.read.format("delta").load(table)
        count = events.count()
        say(f"{count:,} rows are in the Delta table: {seconds:.1f} s, {count / seconds:,.0f} rows a second")
        if expected is not None:
            if count != expected:
                sys.exit(
                    f"The pretend server holds {expected:,} events of these tags: that is wrong. Please report it."
                )
            say("as many as the pretend server holds, none lost and none twice")
        say("reading the table back …")
        by_type = kinds(events)
        draw(events, picture)
        say("picture drawn")
    print(f"\n{by_type}\n\nDelta table  {table}\nPicture      {picture}\n\nThe code that did it:\n")
    print(eight_lines())


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="quickstart.sh", allow_abbrev=False)
    parser.add_argument("--tags", required=bool(os.environ.get("OSIPI_URL")))
    parser.add_argument("--start")
    parser.add_argument("--end")
    parser.add_argument("--output", type=Path, default=HOME / "output")
    arguments = parser.parse_args()
    arguments.output = arguments.output.absolute()
    arguments.output.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(arguments.output / "recorded", ignore_errors=True)
    return arguments


def say(text: str) -> None:
    print(f"{time.monotonic() - STARTED:7.1f} s  {text}", flush=True)


@contextmanager
def server(arguments: argparse.Namespace) -> Iterator[tuple[str, int | None]]:
    """The PI Web API to read, and how many events it holds, where that is known."""
    if url := os.environ.get("OSIPI_URL"):
        arguments.start, arguments.end = arguments.start or "*-1d", arguments.end or "*"
        yield url, None
        return
    from mock_pi import MockPI, PISystem

    system = PISystem.demo(TAGS, now=(DAY + timedelta(days=1)).isoformat())
    arguments.tags = arguments.tags or ",".join(point.name for point in system.points)
    arguments.start = arguments.start or DAY.date().isoformat()
    arguments.end = arguments.end or (DAY + timedelta(days=1)).date().isoformat()
    # Smaller portions than the default, so that there is progress to see.
    os.environ.setdefault("OSIPI_ROWS_PER_PARTITION", "100000")
    with MockPI(system, process=True) as pi:
        say(f"a pretend PI Web API with {len(system.points)} tags answers at {pi.url}")
        yield pi.url, expected_rows(system, arguments)


def expected_rows(system: Any, arguments: argparse.Namespace) -> int | None:
    """How many events the pretend server holds: its values are computed, so it can say without being read."""
    try:
        tags = [tag.strip() for tag in arguments.tags.split(",")]
        return sum(len(system.expected_recorded(tag, arguments.start, arguments.end)) for tag in tags)
    except (KeyError, ValueError):
        # Unknown tags, or a time such as *-1h: for the reader to judge.
        return None


@contextmanager
def spark_with_delta() -> Iterator[SparkSession]:
    builder = SparkSession.builder.master("local[2]").appName("osipi-quickstart")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        # Delta and its storage layer are enough here: what else it names comes with Spark or is not used.
        "spark.jars.excludes": "org.*:*,com.*:*,io.unitycatalog:*,io.delta:delta-kernel*",
        "spark.sql.warehouse.dir": str(HOME / "warehouse"),
        # Jars are kept with the rest, so that removing one folder undoes everything.
        "spark.jars.ivy": str(HOME / "ivy"),
    }.items():
        builder = builder.config(key, value)
    say("starting Spark …" if (HOME / "ivy").exists() else "starting Spark, and fetching Delta Lake for it (once) …")
    spark = configure_spark_with_delta_pip(builder).getOrCreate()
    say(f"Spark {spark.version} with Delta Lake is up")
    try:
        yield spark
    finally:
        spark.stop()


@contextmanager
def rows_so_far(spark: SparkSession) -> Iterator[None]:
    """Show how many rows have arrived: in place on a terminal, otherwise a line now and then."""
    store, done = spark.sparkContext._jsc.sc().statusStore(), threading.Event()
    terminal = sys.stdout.isatty()
    pause = 0.5 if terminal else 10

    def watch() -> None:
        rows = 0
        while not done.wait(pause):
            # What has arrived stays arrived, also between two stages and in those that come after the reading.
            for stage in spark.sparkContext.statusTracker().getActiveStageIds():
                rows = max(rows, store.lastStageAttempt(stage).inputRecords())
            # Spark tells of rows now and then only, and the first job of a session takes its time to begin.
            words = f"{rows:,} rows so far" if rows else "no word of rows yet"
            if terminal:
                print(f"\r{time.monotonic() - STARTED:7.1f} s  {words}", end="", flush=True)
            else:
                say(words)
        if terminal:
            print("\r\033[K", end="", flush=True)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


@contextmanager
def errors_in_short() -> Iterator[None]:
    """Of what Spark says when a read fails, only what the reader said."""
    try:
        yield
    except Exception as error:
        said = re.search(
            r"^pi_datasource\.errors\.(PI\w+: .+?)(?:\s+SQLSTATE|\n\n|\Z)", str(error), re.MULTILINE | re.DOTALL
        )
        if said is None:
            raise
        print(f"\n{said[1]}", flush=True)
        sys.exit(EXPLAINED)


def kinds(events: DataFrame) -> str:
    """The rows by what kind of value they hold, with an example of each."""
    kind = (
        F.when(F.col("is_system_state"), "system state")
        .when(F.col("state").isNotNull(), "digital state")
        .when(F.col("value_long").isNotNull(), "whole number")
        .when(F.col("value").isNotNull(), "number")
        .when(F.col("value_text").isNotNull(), "text")
        .otherwise("no value")
    )
    shown = F.coalesce(F.col("value_text"), F.col("value_long").cast("string"), F.round("value", 3).cast("string"))
    example = F.min(F.struct("tag", "ticks", shown.alias("value"))).alias("example")
    found = events.groupBy(kind.alias("kind")).agg(
        F.count("*").alias("n"), F.countDistinct("tag").alias("tags"), example
    )
    lines = [f"{'kind of value':<15}{'rows':>11}{'tags':>7}   for example"]
    for row in found.orderBy(F.desc("n")).collect():
        lines.append(f"{row.kind:<15}{row.n:>11,}{row.tags:>7}   {row.example.tag} = {row.example.value}")
    return "\n".join(lines)


def draw(events: DataFrame, picture: Path, most: int = 4) -> None:
    """A few tags as curves over time: numbers of different units, and one tag that switches between states."""
    own_state = F.when(~F.col("is_system_state"), F.col("state"))
    totals = events.groupBy("tag").agg(F.count("value").alias("n"), F.count(own_state).alias("states"), F.max("uom"))
    by_unit, switching = {}, []
    for tag, numbers, states, unit in totals.orderBy("tag").collect():
        if states > 1:
            switching.append((tag, None))
        elif numbers > 1:
            by_unit.setdefault(unit or "", (tag, unit or "value"))
    numeric = [by_unit[unit] for unit in sorted(by_unit, key=lambda unit: (not unit, unit))]
    chosen = numeric[: most - len(switching[:1])] + switching[:1]
    if not chosen:
        return
    size = {"figsize": (10, 1 + 1.9 * len(chosen)), "layout": "constrained"}
    figure, axes = plt.subplots(len(chosen), 1, sharex=True, squeeze=False, **size)
    for axis, (tag, unit) in zip(axes[:, 0], chosen, strict=True):
        rows = events.where(F.col("tag") == tag).orderBy("ticks", "seq")
        if unit is not None:
            columns = rows.select("timestamp", "value").toArrow()
            axis.plot(columns["timestamp"].to_numpy(), columns["value"].to_numpy(), linewidth=0.9)
            axis.set_ylabel(unit)
        else:
            columns = rows.select("timestamp", own_state.alias("state"), "value_text").toArrow()
            axis.step(columns["timestamp"].to_numpy(), columns["state"].to_numpy(), where="post", linewidth=0.9)
            names = dict(zip(columns["state"].to_pylist(), columns["value_text"].to_pylist(), strict=True))
            codes = sorted(code for code in names if code is not None)
            axis.set_yticks(codes, [names[code] for code in codes])
        axis.set_title(f"{tag} ({len(columns):,} events)", loc="left", fontsize=10)
        axis.grid(alpha=0.3)
    locator = mdates.AutoDateLocator()
    axes[-1, 0].xaxis.set_major_locator(locator)
    axes[-1, 0].xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, tz=timezone.utc))
    axes[-1, 0].set_xlabel("time (UTC)")
    figure.suptitle("Read from a PI System, drawn from a Delta table")
    figure.savefig(picture, dpi=110)


def eight_lines() -> str:
    """The body of `read_into_delta`, as it stands above."""
    body = inspect.getsource(read_into_delta).replace("  # fmt: skip", "").splitlines()[1:]
    return "\n".join(body)


if __name__ == "__main__":
    main()
