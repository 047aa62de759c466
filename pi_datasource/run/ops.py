"""The ops table: one row for each load and run, to look back at and to raise alerts from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pi_datasource._version import __version__
from pi_datasource.columns import Column, spark_schema
from pi_datasource.delta import add_columns, create_table
from pi_datasource.run.summary import Outcome
from pi_datasource.run.target import Target

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["COLUMNS", "note_outcomes"]

COLUMNS = (
    Column("run_id", "string", "The same for all loads of one run."),
    Column("run_started", "timestamp", "When the run began."),
    Column("load", "string", "Name of the load in the job file."),
    Column("table_name", "string", "What was read."),
    Column("mode", "string", "batch, stream, merge, refresh or backfill."),
    Column("target", "string", "Where to."),
    Column("status", "string", "ok, failed, or paused: outside of hours, or stopped."),
    Column("row_count", "bigint", "Rows that the target gained, or that were changed."),
    Column("seconds", "double", "How long the load took."),
    Column("lag_seconds", "double", "From the newest event in the target to the end of the load."),
    Column("failed_tag_count", "bigint", "Tags left out by onTagError=skip; null when no tag may be left out."),
    Column("failed_tags", "string", "These tags with their causes, as JSON."),
    Column("message", "string", "What went wrong, or what is left."),
    Column("version", "string", "Version of pi_datasource."),
)


def note_outcomes(spark: SparkSession, table: str, run_id: str, started: datetime, outcomes: Sequence[Outcome]) -> None:
    """Appends the outcomes of a run, in one commit; the table is created when it is not there."""
    schema = spark_schema(COLUMNS)
    create_table(spark, table, schema, cluster_by=(), comment="Loads of pi_datasource, one row for each load and run.")
    add_columns(spark, table, schema)
    rows = [
        (
            run_id, started, one.load, one.table, one.mode, one.target, one.status, one.rows, one.seconds, one.lag,
            None if one.failed_tags is None else len(one.failed_tags),
            json.dumps(one.failed_tags) if one.failed_tags else None, one.message or None, __version__,
        )
        for one in outcomes
    ]  # fmt: skip
    Target(spark, table).append(spark.createDataFrame(rows, schema))
