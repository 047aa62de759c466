"""PI in a pipeline. Settings come from the pipeline's configuration, the login from a secret scope."""

from pyspark import pipelines as dp
from pyspark.sql import DataFrame, SparkSession

from pi_datasource import PIDataSource

spark = SparkSession.active()
# Documented by Databricks; open-source Spark finds the format by itself.
spark.dataSource.register(PIDataSource)

SCOPE = spark.conf.get("osipi.secret_scope", "")
PI = {"url": spark.conf.get("osipi.url")}
if SCOPE:
    # dbutils is there on Databricks; references ({{secrets/…}}, env:) work where it is not.
    PI |= {key: dbutils.secrets.get(SCOPE, key) for key in ("username", "password")}  # noqa: F821


@dp.table(comment="Every event of the tags, once")
def pi_recorded() -> DataFrame:
    tags = spark.conf.get("osipi.tag_filter")
    return spark.readStream.format("osipi").options(**PI, tagFilter=tags, startTime="*-1d").load()


@dp.materialized_view(comment="The asset tree")
def pi_elements() -> DataFrame:
    return spark.read.format("osipi").options(**PI, table="elements").load()


@dp.materialized_view(comment="Event frames of the last week")
def pi_event_frames() -> DataFrame:
    return spark.read.format("osipi").options(**PI, table="event_frames", startTime="*-7d").load()
