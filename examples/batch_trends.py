"""Every batch on one time axis: event frames joined with the values of a tag, as a picture.

OSIPI_URL=http://127.0.0.1:8010/piwebapi python examples/batch_trends.py SINUSOID Batch '*-7d' trends.png
"""

import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark's workers must be this very Python.

from matplotlib import pyplot
from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main(tag: str, template: str = "Batch", start: str = "*-7d", picture: str = "trends.png") -> None:
    spark = SparkSession.builder.getOrCreate()
    frames = spark.read.format("osipi").options(table="event_frames", frameTemplate=template, startTime=start).load()
    values = spark.read.format("osipi").options(table="interpolated", tags=tag, startTime=start, interval="10m").load()
    batches = frames.where("not is_open").select("name", "web_id", "start_time", "end_time")
    within = F.col("timestamp").between(F.col("start_time"), F.col("end_time"))
    hours = (F.unix_micros("timestamp") - F.unix_micros("start_time")) / 3.6e9
    aligned = batches.join(values.where("value is not null"), within).withColumn("hours", hours).cache()
    for (name,) in aligned.select("name").distinct().collect():
        line = aligned.where(F.col("name") == name).orderBy("hours").select("hours", "value").collect()
        pyplot.plot(*zip(*line, strict=True), color="0.8", linewidth=0.8)
    middle = aligned.groupBy("hours").agg(F.median("value")).orderBy("hours").collect()
    pyplot.plot(*zip(*middle, strict=True), color="C0", linewidth=2, label="median")
    pyplot.legend()
    count = aligned.select("web_id").distinct().count()
    pyplot.title(f"{tag} in {count} batches")
    pyplot.xlabel("hours since the start of the batch")
    pyplot.savefig(picture, dpi=120)
    pyplot.close()
    print(f"{aligned.count()} values of {tag} in {count} batches: {picture}")


if __name__ == "__main__":
    main(*sys.argv[1:])
