"""A Spark that runs jobs one after the other: JSON in, JSON out, a line each. Started by `sparkprocess`.

    python sparkchild.py local[2] /folder/for/its/tables [--delta]

It runs with whatever packages its PYTHONPATH holds, so that another connector can have an environment of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

#: What our jobs and those of others run with, alike.
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.driver.memory": "3g",
}


def session(master: str, folder: str, delta: bool) -> Any:
    """The Spark session."""
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    import pyspark
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder.master(master).appName("osipi benchmarks")
    for name, value in {**SETTINGS, "spark.sql.warehouse.dir": f"{folder}/warehouse"}.items():
        builder = builder.config(name, value)
    if master.startswith("local-cluster"):
        os.environ["SPARK_HOME"] = str(Path(pyspark.__file__).parent)
    if delta:
        from tests.spark.sessions import DELTA, _with_delta

        for name, value in DELTA.items():
            builder = builder.config(name, value)
        builder = _with_delta(builder)
    made = builder.getOrCreate()
    made.sparkContext.setLogLevel("ERROR")
    return made


def frame_of(spark: Any, job: dict[str, Any]) -> Any:
    """The DataFrame of a batch job."""
    kind = job["format"]
    if kind == "plain":
        from plainloop import read_plainly

        return read_plainly(spark, **job["options"])
    if kind == "ready":
        from ready import ReadySource

        spark.dataSource.register(ReadySource)
    elif kind == "pi":
        from pyspark_pi import PiDataSource

        spark.dataSource.register(PiDataSource)
    else:
        from pi_datasource import PIDataSource

        spark.dataSource.register(PIDataSource)
    reader = spark.read.format(kind).options(**job["options"])
    if "schema" in job:
        reader = reader.schema(job["schema"])
    return reader.load(job["paths"]) if "paths" in job else reader.load()


def run(spark: Any, job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Runs one job; rows are counted by Spark on the way to the sink."""
    if job["sink"].startswith("stream"):
        return stream(spark, job, folder)
    from pyspark.sql import Observation
    from pyspark.sql import functions as F

    target = folder / "table"
    shutil.rmtree(target, ignore_errors=True)
    seen = Observation()
    started = time.perf_counter()
    frame = frame_of(spark, job)
    wanted = [F.count("*").alias("rows")]
    if job.get("check"):
        # What is told of the content: distinct events, and the sum of all times, exactly.
        found = frame.agg(
            F.count("*").alias("rows"),
            F.count_distinct(*job["check"]).alias("distinct"),
            F.sum(F.unix_micros(F.col("timestamp")).cast("decimal(38,0)")).cast("string").alias("micros"),
            F.count("value").alias("values"),
        ).first()
        return {**found.asDict(), "wall": time.perf_counter() - started}
    frame = frame.observe(seen, *wanted)
    writer = frame.write.mode("overwrite")
    if job["sink"] == "noop":
        writer.format("noop").save()
    else:
        writer.format("delta").save(str(target))
    wall = time.perf_counter() - started
    return {"rows": int(seen.get["rows"]), "wall": wall}


def stream(spark: Any, job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Streams all there is, once, into a fresh sink."""
    from pi_datasource import PIDataSource

    spark.dataSource.register(PIDataSource)
    target, checkpoint = folder / "table", folder / "checkpoint"
    for old in (target, checkpoint):
        shutil.rmtree(old, ignore_errors=True)
    started = time.perf_counter()
    frame = spark.readStream.format("osipi").options(**job["options"]).load()
    writer = frame.writeStream.trigger(availableNow=True).option("checkpointLocation", str(checkpoint))
    writer = writer.format("noop" if job["sink"] == "stream-noop" else "delta")
    query = writer.start() if job["sink"] == "stream-noop" else writer.start(str(target))
    query.awaitTermination()
    wall = time.perf_counter() - started
    rows = sum(progress["numInputRows"] for progress in query.recentProgress)
    return {"rows": rows, "wall": wall}


def main() -> None:
    # Spark and its children print where they like; answers have a way of their own.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    master, folder = sys.argv[1], sys.argv[2]
    spark = session(master, folder, "--delta" in sys.argv)
    print(json.dumps({"version": spark.version}), file=answers, flush=True)
    for line in sys.stdin:
        try:
            answer = run(spark, json.loads(line), Path(folder))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(json.dumps(answer), file=answers, flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
