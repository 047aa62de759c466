"""The Spark session of a job: the one there is, or a local one with Delta."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pi_datasource.errors import PIUnsupportedError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["on_databricks", "session"]

DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


def on_databricks() -> bool:
    """Whether this is a Databricks cluster or serverless compute."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def session(settings: Mapping[str, str]) -> SparkSession:
    """The active session (a notebook's, a cluster's), else a new one, in which Delta and our format are known.

    Args:
        settings: of a new session; they do not change one that there is.

    Raises:
        PIUnsupportedError: there is no PySpark.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise PIUnsupportedError('a job needs Spark: pip install "pi-datasource[delta,run]"') from None
    from pi_datasource import register  # the function; its module would take its place

    spark = SparkSession.getActiveSession() or _new(settings)
    register(spark)
    return spark


def _new(settings: Mapping[str, str]) -> SparkSession:
    from pyspark.sql import SparkSession

    # Else Spark would start the format with whatever python3 is first on PATH.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("pi_datasource run")
    if on_databricks() or "SPARK_REMOTE" in os.environ:
        return builder.getOrCreate()
    chosen = {"spark.ui.showConsoleProgress": "false", "spark.sql.session.timeZone": "UTC", **DELTA, **settings}
    for name, text in chosen.items():
        builder = builder.config(name, text)
    try:
        from delta import configure_spark_with_delta_pip
    except ImportError:
        return builder.getOrCreate()
    # Jars that are named by hand are all that is wanted; else those that fit the delta-spark installed here.
    named = any(name in chosen for name in ("spark.jars", "spark.jars.packages"))
    spark: SparkSession = (builder if named else configure_spark_with_delta_pip(builder)).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark
