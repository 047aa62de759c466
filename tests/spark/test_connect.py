"""Over Spark Connect: the same stream, appended and merged; the session is a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mock_pi import Dense, Event, MockPI, PISystem, Point, ticks_of
from tests.spark.sessions import FAST, delta_jars

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        find_spec("delta") is None or find_spec("grpc") is None, reason="Delta Lake and Spark Connect are not both here"
    ),
]

START, NOON = "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"
POINTS = [
    *(Point(f"A.{n}", "Float64", Dense(60.0, first=START)) for n in range(3)),
    Point("B", "Digital", Dense(600.0)),
]
COUNT = 3 * 721 + 73
ROOT = Path(__file__).parents[2]

PROGRAM = """
import json, sys
from pyspark.sql import SparkSession
from pi_datasource import run_until_caught_up
from pi_datasource.delta import merge_changes

url, folder = sys.argv[1:]
spark = SparkSession.builder.remote("local[2]").getOrCreate()
options = {"url": url, "tagFilter": "*", "startTime": "2026-01-01T00:00:00Z", "settleTime": "0.1"}

def append(until):
    frame = spark.readStream.format("osipi").options(**options, until=until).load()
    writer = frame.writeStream.format("delta").option("checkpointLocation", folder + "/c1")
    return writer.trigger(availableNow=True).start(folder + "/appended")

def merge():
    frame = spark.readStream.format("osipi").options(**options, lookback="13h").load()
    writer = frame.writeStream.foreachBatch(merge_changes(folder + "/merged"))
    writer.option("checkpointLocation", folder + "/c2").trigger(availableNow=True).start().awaitTermination()

def told(name, **more):
    table = spark.read.format("delta").load(folder + "/" + name)
    keys = table.select("tag", "ticks", "seq").distinct().count()
    print(json.dumps({"table": name, "rows": table.count(), "keys": keys, **more}), flush=True)

runs = run_until_caught_up(append, until="2026-01-02T00:00:00Z")
told("appended", runs=runs)
merge()
told("merged")
input()
merge()
told("merged")
spark.stop()
"""


def test_p2_p4_streams_over_connect(spark, tmp_path):  # the session brings Delta's jars here
    settings = {
        "spark.jars": ",".join(map(str, delta_jars())),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.shuffle.partitions": "1",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.sql.warehouse.dir": str(tmp_path / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.driver.extraJavaOptions": FAST["spark.driver.extraJavaOptions"],
    }
    (tmp_path / "conf").mkdir()
    # Jars and extensions cannot be set by a remote builder.
    text = "".join(f"{name} {value}\n" for name, value in settings.items())
    (tmp_path / "conf" / "spark-defaults.conf").write_text(text)
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {
        **os.environ,
        "SPARK_CONF_DIR": str(tmp_path / "conf"),
        "SPARK_TESTING": "1",  # a free port
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
    }
    with MockPI(PISystem(POINTS, now=NOON)) as pi:
        command = [sys.executable, str(tmp_path / "program.py"), pi.url, str(tmp_path)]
        with (tmp_path / "log").open("w") as log, subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        ) as child:  # fmt: skip
            assert child.stdin
            assert child.stdout
            told = [json.loads(line) for line in (child.stdout.readline(), child.stdout.readline()) if line]
            pi.system.delete("A.0", ticks_of(START))
            pi.system.insert("A.1", Event(ticks_of(START) + 1, -1.0))
            pi.system.insert("A.1", Event(ticks_of(START) + 1, -2.0))
            child.stdin.write("\n")
            child.stdin.flush()
            told += [json.loads(line) for line in child.stdout]
        assert child.returncode == 0, (tmp_path / "log").read_text()[-3000:]
    assert told == [
        {"table": "appended", "rows": COUNT, "keys": COUNT, "runs": 2},
        {"table": "merged", "rows": COUNT, "keys": COUNT},
        {"table": "merged", "rows": COUNT + 1, "keys": COUNT + 1},
    ]
