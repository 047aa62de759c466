"""What reads took, added up on the driver out of what the workers logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pi_datasource.cost import LOGGER, NUMBERS
from pi_datasource.errors import PIOptionError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["costs"]

#: Spark's setting that collects what Python's workers log.
SETTING = "spark.sql.pyspark.worker.logging.enabled"


def costs(spark: SparkSession) -> DataFrame:
    """What planning and reading took in this session: a row for each plan and each partition that has been read.

        spark.conf.set("spark.sql.pyspark.worker.logging.enabled", "true")
        spark.read.format("osipi").options(**chosen).load().write.saveAsTable("main.bronze.pi_recorded")
        costs(spark).groupBy("table").sum("rows", "requests", "bytes", "retries", "waiting_seconds").show()

    Columns: `at`, when it ended; `table`; `partition`, `tags` and `rows`, null for a plan; `failed` (tags or lists that
    were skipped), `requests`, `bytes` (inflated), `retries`; `request_seconds` and `waiting_seconds` (for a turn, and
    between tries), added over the requests that fly at once; `decoding_seconds`; and `seconds` in all. A task that
    failed tells what it took until then; one that was tried again has a row for each try, one that Spark killed none.
    Batch reads only: what the tasks of a stream log, Spark 4.2 does not collect.

    Args:
        spark: the session that read, of Spark 4.1 or later.

    Raises:
        PIOptionError: an older Spark, or its setting is off.
    """
    logs = getattr(getattr(spark, "tvf", None), "python_worker_logs", None)
    if logs is None:
        raise PIOptionError("costs needs Spark 4.1 or later, which collects what Python's workers log")
    if str(spark.conf.get(SETTING, "false")).lower() != "true":
        raise PIOptionError(f"costs needs the setting {SETTING}, and that before the read: set it to true")
    numbers = [f"CAST(context['{name}'] AS {kind}) AS {name}" for name, kind in NUMBERS.items()]
    told: DataFrame = logs().where(f"logger = '{LOGGER}' AND context['request_seconds'] IS NOT NULL")
    return told.selectExpr("CAST(ts AS TIMESTAMP) AS at", "context['table'] AS `table`", *numbers)
