"""How the tests start Spark: small jobs fast, with Delta where the installed Spark has one that fits."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: What makes small jobs fast; measured four times faster than the defaults for a Delta MERGE.
FAST = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
    # A process that lives for minutes has no use for code compiled well: half the time to start and to warm up.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}
DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


def start_session(master: str, warehouse: Path | str, conf: Mapping[str, str] | None = None) -> Any:
    """A classic session in UTC, whose Python processes are this very Python with this repository's packages."""
    # Else Spark looks the source up with whatever python3 is first on PATH.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master(master).appName("osipi tests")
    has_delta = importlib.util.find_spec("delta") is not None
    chosen = {**FAST, "spark.sql.warehouse.dir": str(warehouse), **(DELTA if has_delta else {}), **(conf or {})}
    for name, value in chosen.items():
        builder = builder.config(name, value)
    if has_delta:
        builder = _with_delta(builder)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _with_delta(builder: Any) -> Any:
    """Two jars are enough, and start sooner than the 33 that are resolved with them; the first time they come so."""
    jars = delta_jars()
    if jars:
        return builder.config("spark.jars", ",".join(map(str, jars)))
    from delta import configure_spark_with_delta_pip

    return configure_spark_with_delta_pip(builder)


def delta_jars() -> list[Path]:
    """Delta's own jars for the installed Spark, where an earlier session has brought them here; else none."""
    delta = importlib.metadata.version("delta-spark")
    spark = ".".join(importlib.metadata.version("pyspark").split(".")[:2])
    names = (f"io.delta_delta-spark_{spark}_2.13-{delta}.jar", f"io.delta_delta-storage-{delta}.jar")
    for folder in sorted(Path.home().glob(".ivy2*/jars")):
        jars = [folder / name for name in names]
        if all(jar.is_file() for jar in jars):
            return jars
    return []
