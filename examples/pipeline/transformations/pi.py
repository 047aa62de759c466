"""PI as tables of a pipeline: values as a streaming table, elements and event frames as materialized views.

Address and login come from the environment (OSIPI_URL, …), or from the pipeline's configuration on Databricks.
"""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

spark = SparkSession.active()


@dp.table(comment="Every event of the tags, once")
def pi_recorded() -> DataFrame:
    return spark.readStream.format("osipi").options(tagFilter="SIN*", startTime="*-1d").load()


@dp.materialized_view(comment="The asset tree")
def pi_elements() -> DataFrame:
    return spark.read.format("osipi").options(table="elements", database="Plant").load()


@dp.materialized_view(comment="Event frames of the last week")
def pi_event_frames() -> DataFrame:
    return spark.read.format("osipi").options(table="event_frames", startTime="*-7d").load()


@dp.materialized_view(comment="Hourly averages")
def pi_hourly() -> DataFrame:
    hour = F.date_trunc("hour", "timestamp").alias("hour")
    return spark.read.table("pi_recorded").groupBy("tag", hour).agg(F.avg("value").alias("average"))
