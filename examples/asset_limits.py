"""How long each measurement of a plant was outside of its limits: AF elements, attributes and values, joined.

OSIPI_URL=http://127.0.0.1:8010/piwebapi python examples/asset_limits.py Plant Value '*-1d' limits.png
"""

import os
import sys

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # Spark's workers must be this very Python.

from matplotlib import pyplot
from pyspark.sql import SparkSession
from pyspark.sql import functions as F


def main(database: str = "Plant", attribute: str = "Value", start: str = "*-1d", picture: str = "limits.png") -> None:
    spark = SparkSession.builder.getOrCreate()
    pi = {"database": database, "attributes": attribute}
    values = spark.read.format("osipi").options(**pi, table="interpolated", includeElement=True, startTime=start).load()
    now = spark.read.format("osipi").options(**pi, table="attribute_values").load()
    elements = spark.read.format("osipi").options(database=database, table="elements").load()
    below = now.where("tag LIKE '%|Limit%'").withColumn("limit", F.regexp_extract("tag", r"[^|]+$", 0))
    limits = below.groupBy(F.regexp_extract("tag", r"(.*)\|", 1).alias("tag")).pivot("limit", ["LimitLo", "LimitHi"])
    joined = values.where("value is not null").join(limits.agg(F.first("value")), "tag")
    is_outside = ~F.col("value").between(F.col("LimitLo"), F.col("LimitHi"))
    outside = joined.groupBy("element_path").agg(F.avg(is_outside.cast("int")).alias("share"))
    named = outside.join(elements.select(F.col("path").alias("element_path"), "name", "template"), "element_path")
    rows = named.orderBy("share", "name").collect()
    figure, axes = pyplot.subplots(figsize=(8, 1 + 0.25 * len(rows)), layout="constrained")
    axes.barh([row["name"] for row in rows], [100 * row["share"] for row in rows])
    axes.set_title(f"% of the time outside of LimitLo … LimitHi, since {start}")
    figure.savefig(picture, dpi=110)
    print(f"{len(rows)} measurements, worst: {rows[-1]['name']}, {rows[-1]['share']:.0%} of the time: {picture}")


if __name__ == "__main__":
    main(*sys.argv[1:])
