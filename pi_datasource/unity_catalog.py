"""PI through a Unity Catalog connection, so that nobody needs a password in a notebook.

Databricks hands the options of a connection to a Python data source only for connections of type COMMUNITY, and only
when the format is called `lakeflow_connect`; the options given in the read itself have to be in the connection's
`externalOptionsAllowList` (Databricks documentation, "Build a custom connector for Lakeflow Connect", Beta). So this
is the same source under that name, registered when asked for:

    from pi_datasource.unity_catalog import register_for_connections
    register_for_connections(spark)
    spark.read.format("lakeflow_connect").option("databricks.connection", "pi").option("tags", "SINUSOID").load()

What a connection holds are the reader's own options: `url`, `auth`, `username`, `password`, …. It was tried with Spark
and a stand-in for what the platform adds, not in a workspace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pi_datasource.datasource import PIDataSource

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["ALLOWED", "ConnectedPIDataSource", "register_for_connections"]

#: What `externalOptionsAllowList` has to name, for reads to say what they want: everything that is no login.
ALLOWED = (
    "table", "tags", "tagFilter", "tagQuery", "tagFile", "startTime", "endTime", "timeZone", "dataServer",
    "assetServer", "database", "elementRoot", "elementFilter", "elementTemplate", "attributes", "category",
    "frameTemplate", "frameFilter", "searchMode", "interval", "summaryTypes", "summaryDuration", "lookback",
    "settleTime", "pollInterval", "numPartitions", "onTagError", "errorColumn",
)  # fmt: skip


class ConnectedPIDataSource(PIDataSource):
    """`PIDataSource` under the name for which Databricks adds the options of a connection."""

    @classmethod
    def name(cls) -> str:
        """The word for `spark.read.format(…)`."""
        return "lakeflow_connect"


def register_for_connections(spark: SparkSession) -> None:
    """Makes `format("lakeflow_connect")` read PI in this session.

    Args:
        spark: the session. Another source of that name in the session is replaced.
    """
    spark.dataSource.register(ConnectedPIDataSource)
