# Databricks notebook source
# MAGIC %md
# MAGIC # Years of history
# MAGIC Reads a long range of tags month by month into a Delta table. Each month is replaced as a whole, so the notebook can be run again.

# COMMAND ----------

dbutils.widgets.text("pi_url", "https://pi.example.com/piwebapi", "Address of PI Web API")
dbutils.widgets.text("secret_scope", "osipi", "Secret scope with username and password")
dbutils.widgets.text("tag_filter", "UNIT1.*", "Tags")
dbutils.widgets.text("target", "main.pi.pi_history", "Table")
dbutils.widgets.text("start", "2016-01-01", "From")
dbutils.widgets.text("end", "2026-01-01", "To, exclusive")

# COMMAND ----------

from itertools import pairwise

from pi_datasource import register
from pi_datasource.delta import create_table

register(spark)
scope = dbutils.widgets.get("secret_scope")
options = {"url": dbutils.widgets.get("pi_url"), "tagFilter": dbutils.widgets.get("tag_filter")}
if scope:
    options |= {key: dbutils.secrets.get(scope, key) for key in ("username", "password")}
target, start, end = (dbutils.widgets.get(name) for name in ("target", "start", "end"))
create_table(spark, target, partition_by_day=True)

# COMMAND ----------

months = spark.sql(f"SELECT explode(sequence(DATE'{start}', DATE'{end}' - 1, INTERVAL 1 MONTH)) AS month").collect()
edges = [str(row["month"]) for row in months] + [end]
for first, after in pairwise(edges):
    events = spark.read.format("osipi").options(**options, startTime=first, endTime=after).load()
    within = f"timestamp >= '{first}' AND timestamp < '{after}'"
    events.write.format("delta").mode("overwrite").option("replaceWhere", within).saveAsTable(target)
    display(spark.table(target).where(within).groupBy().count())

# COMMAND ----------

dbutils.notebook.exit(str(spark.table(target).count()))
