"""Follow some tags into a Delta table: start it again and again, or leave it running.

OSIPI_URL=http://127.0.0.1:8010/piwebapi python examples/stream_to_delta.py 'SIN*' /tmp/pi_recorded
"""

import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark's workers must be this very Python.

from delta import configure_spark_with_delta_pip
from pyspark.sql import SparkSession


def session() -> SparkSession:
    builder = SparkSession.builder.config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension").config(
        "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"
    )
    return SparkSession.getActiveSession() or configure_spark_with_delta_pip(builder).getOrCreate()


def main(pattern: str, table: str, start: str = "*-1h", leave_running: str = "no") -> None:
    spark = session()
    events = spark.readStream.format("osipi").options(tagFilter=pattern, startTime=start).load()
    writer = events.writeStream.format("delta").option("checkpointLocation", f"{table}_checkpoint")
    # All that is there now, and then it ends; the next start goes on from there.
    trigger = {"processingTime": "10 seconds"} if leave_running == "yes" else {"availableNow": True}
    writer.trigger(**trigger).start(table).awaitTermination()
    rows = spark.read.format("delta").load(table)
    rows.groupBy("tag").count().orderBy("tag").show()
    print(f"{rows.count()} rows in {table}")


if __name__ == "__main__":
    main(*sys.argv[1:])
