"""What planning and reading cost: said in a line of the log, and as numbers that can be added up.

The numbers travel beside the line, under the names in `NUMBERS`. Spark 4.1 and later collects them from all workers
when its setting `spark.sql.pyspark.worker.logging.enabled` is on, and `notebook.costs` makes a table of them; a data
source has no other way back to the driver.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pi_datasource.webapi.client import Client
from pi_datasource.webapi.traffic import Traffic

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LOGGER", "NUMBERS", "counted", "say_planned"]

LOGGER = "pi_datasource"
log = logging.getLogger(LOGGER)

#: Name of a number → its type in Spark.
NUMBERS = {
    "partition": "int",
    "tags": "bigint",
    "rows": "bigint",
    "failed": "bigint",
    "requests": "bigint",
    "bytes": "bigint",
    "retries": "bigint",
    "request_seconds": "double",
    "waiting_seconds": "double",
    "decoding_seconds": "double",
    "seconds": "double",
}
#: Set in the workers of a session that collects what they log.
COLLECTED = "PYSPARK_SPARK_SESSION_UUID"


def counted(batches: Iterator[pa.RecordBatch], table: str, partition: Any, client: Client) -> Iterator[pa.RecordBatch]:
    """The same batches; behind the last one, or when they end early, the log is told what they took.

    Args:
        batches: what a task reads.
        table: what of.
        partition: the task's part of it.
        client: who was asked.
    """
    started, rows = time.monotonic(), 0
    tags = getattr(partition, "streams", None)
    try:
        for batch in batches:
            rows += batch.num_rows
            yield batch
    finally:
        _say(
            f"table {table}, partition {partition.number}: {'' if tags is None else f'{tags} tags, '}{rows} rows",
            client.traffic, time.monotonic() - started, table=table, partition=partition.number, tags=tags, rows=rows,
        )  # fmt: skip


def say_planned(table: str, partitions: int, client: Client, started: float) -> None:
    """Tells the log what planning took.

    Args:
        table: what is read.
        partitions: into how many parts.
        client: who was asked.
        started: when it began, on the monotonic clock.
    """
    _say(f"table {table} planned: {partitions} partitions", client.traffic, time.monotonic() - started, table=table)


def _say(words: str, traffic: Traffic, seconds: float, **more: Any) -> None:
    if COLLECTED in os.environ and log.level == logging.NOTSET:
        # Who switched that on wants to see it; Python's own choice is warnings.
        log.setLevel(logging.INFO)
    numbers = {
        **more,
        "failed": traffic.failed,
        "requests": traffic.requests,
        "bytes": traffic.bytes,
        "retries": traffic.retries,
        "request_seconds": round(traffic.seconds, 3),
        "waiting_seconds": round(traffic.waiting, 3),
        "decoding_seconds": round(traffic.decoding, 3),
        "seconds": round(seconds, 3),
    }
    told = {name: str(number) for name, number in numbers.items() if number is not None}
    log.info("%s, %s, %.2f s in all", words, traffic, seconds, extra={"context": told})
