"""Every batch on one time axis: event frames joined with values, as a picture.

    python -m mock_pi --port 8010 &    # or your own: export OSIPI_URL=https://pi.example.com/piwebapi …
    OSIPI_URL=http://127.0.0.1:8010/piwebapi python examples/batch_trends.py SINUSOID Batch '*-7d' trends.png

Reads the event frames of a template, the values of a tag every ten minutes, and the frames' own attributes; lays each
batch's trend from its start on. Addresses and logins come from the environment (OSIPI_URL, …).
"""

import os
import statistics
import sys

# Spark's workers must be this very Python.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main(tag: str, template: str = "Batch", start: str = "*-7d", picture: str = "trends.png") -> None:
    spark = SparkSession.builder.getOrCreate()
    pi = spark.read.format("osipi").option("startTime", start)
    batches = pi.option("table", "event_frames").option("frameTemplate", template).load().where("not is_open")
    values = spark.read.format("osipi").option("startTime", start).option("tags", tag).option("interval", "10m")
    trend = values.option("table", "interpolated").load().where("value is not null")
    aligned = batches.select("name", "web_id", "start_time", "end_time").join(
        trend, F.col("timestamp").between(F.col("start_time"), F.col("end_time"))
    )
    hours = (F.unix_micros("timestamp") - F.unix_micros("start_time")) / 3.6e9
    rows = aligned.select("name", hours.alias("hours"), "value", "uom").orderBy("name", "hours").collect()
    for name in dict.fromkeys(row["name"] for row in rows):
        line = [(row["hours"], row["value"]) for row in rows if row["name"] == name]
        pyplot.plot(*zip(*line, strict=True), color="0.8", linewidth=0.8)
    at = {row["hours"]: [] for row in rows}
    for row in rows:
        at[row["hours"]].append(row["value"])
    middle = [(hour, statistics.median(some)) for hour, some in sorted(at.items())]
    pyplot.plot(*zip(*middle, strict=True), color="C0", linewidth=2, label="median")
    pyplot.legend()
    count = len({row["name"] for row in rows})
    pyplot.title(f"{tag} in {count} batches")
    pyplot.xlabel("hours since the start of the batch")
    pyplot.ylabel(next((row["uom"] for row in rows if row["uom"]), ""))
    pyplot.savefig(picture, dpi=120)
    print(f"{len(rows)} values of {tag} in {count} batches: {picture}")


if __name__ == "__main__":
    main(*sys.argv[1:])
