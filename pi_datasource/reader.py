"""The batch reader: `partitions()` plans on the driver, `read()` fetches one partition on an executor.

Spark pickles the reader before it plans, so nothing that planning learns is kept here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pi_datasource.compat import DataSourceReader, task_properties
from pi_datasource.cost import counted, say_planned
from pi_datasource.plan.partitions import StreamPartition
from pi_datasource.read.first_rows import MOMENT, first_rows_first
from pi_datasource.tables.base import Request
from pi_datasource.tables.registry import table_named
from pi_datasource.tables.series import concurrency_of
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import SPARK_PROPERTIES, JobLimits, Throttle, task_share

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PIReader"]


class PIReader(DataSourceReader):
    """Reads one table in parts.

    Args:
        request: what was asked for.
    """

    def __init__(self, request: Request) -> None:
        # Here, and not on executors: what looks secrets up may be known to the driver alone.
        self.request = request.with_secrets()

    def partitions(self) -> list[Any]:
        """Plans: which task reads what. Asks the server for points and counts, and for no values.

        Raises:
            PIError: what is wrong with the options, the login or the server.
        """
        connection = self.request.options.connection
        limits = JobLimits.new(connection.requests_per_second, connection.max_in_flight)
        client = Client(connection, Throttle(limits))
        started = time.monotonic()
        table = self.request.options.table
        planned = list(table_named(table).plan(self.request, client))
        say_planned(table, len(planned), client, started)
        return planned

    def read(self, partition: Any) -> Iterator[pa.RecordBatch]:
        """Fetches one partition as record batches."""
        # An empty plan makes Spark read one partition that nobody planned (None, or one without a number).
        if getattr(partition, "limits", None) is None:
            return
        share = task_share(partition.limits, task_properties(*SPARK_PROPERTIES), partition.number)
        client = Client(self.request.options.connection, Throttle(share), host_known=True)
        table = self.request.options.table
        batches = counted(table_named(table).read(self.request, partition, client), table, partition, client)
        yield from first_rows_first(batches, 0.0 if self._asks_all_at_once(partition, client) else MOMENT)

    def _asks_all_at_once(self, partition: Any, client: Client) -> bool:
        """Whether all requests of this task fly at once, so that who stops it early spares the server none."""
        rows = self.request.options.reading.rows_per_response
        return isinstance(partition, StreamPartition) and partition.responses(rows) <= concurrency_of(
            self.request, client
        )
