"""How good the data of each tag was, hour by hour, as a heat map: points → recorded values → a picture.

OSIPI_URL=http://127.0.0.1:8010/piwebapi python examples/data_quality.py 'UNIT1.*' '*-1d' quality.png
"""

import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark's workers must be this very Python.

from matplotlib import pyplot
from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main(pattern: str = "*", start: str = "*-1d", picture: str = "quality.png") -> None:
    spark = SparkSession.builder.getOrCreate()
    events = spark.read.format("osipi").options(tagFilter=pattern, startTime=start).load()
    by_hour = events.groupBy("tag", F.date_trunc("hour", "timestamp").alias("hour")).agg(
        F.avg((F.col("good") & ~F.col("questionable")).cast("int")).alias("share"), F.count("*").alias("events")
    )
    cells = by_hour.orderBy("tag", "hour").collect()
    tags = sorted({cell["tag"] for cell in cells})
    hours = sorted({cell["hour"] for cell in cells})
    shares = {(cell["tag"], cell["hour"]): cell["share"] for cell in cells}
    rows = [[shares.get((tag, hour), float("nan")) for hour in hours] for tag in tags]
    figure, axes = pyplot.subplots(figsize=(10, 1.5 + 0.25 * len(tags)), layout="constrained")
    drawn = axes.imshow(rows, aspect="auto", cmap="RdYlGn", vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks(range(len(tags)), tags, fontsize=8)
    every = max(1, len(hours) // 12)
    axes.set_xticks(range(0, len(hours), every), [f"{hour:%d %b %H:00}" for hour in hours[::every]], rotation=45)
    axes.set_title("Share of good events in each hour (UTC); white: no event")
    figure.colorbar(drawn)
    figure.savefig(picture, dpi=110)
    print(f"{sum(cell['events'] for cell in cells)} events of {len(tags)} tags in {len(hours)} hours: {picture}")


if __name__ == "__main__":
    main(*sys.argv[1:])
