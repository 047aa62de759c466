"""Read some tags from your PI Web API and look at them.

    export OSIPI_URL=https://pi.example.com/piwebapi OSIPI_AUTH=basic OSIPI_USERNAME=… OSIPI_PASSWORD=…
    python examples/batch_read.py SINUSOID,CDT158 '*-8h'

The address and the login come from the environment, so that they are in no script.
"""

import os
import sys

# Spark's workers must be this very Python.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main(tags: str, start: str = "*-1d", end: str = "*") -> None:
    spark = SparkSession.builder.getOrCreate()
    events = (
        spark.read.format("osipi").option("tags", tags).option("startTime", start).option("endTime", end).load().cache()
    )
    events.select("tag", "timestamp", "value", "value_text", "good").orderBy("tag", "timestamp").show(
        20, truncate=False
    )
    events.groupBy("tag").agg(F.count("*"), F.min("value"), F.avg("value"), F.max("value"), F.max("uom")).show()


if __name__ == "__main__":
    main(*sys.argv[1:])
