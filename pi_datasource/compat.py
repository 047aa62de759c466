"""What differs between Spark versions and installations, asked by feature and never by version number.

`import pi_datasource` has to work where PySpark is absent (the command line, a test of one module) and where only a
part of its data source API is there (Spark 3.5 has none of it). The names below are Spark's own base classes when it
has them; otherwise empty stand-ins, so that our classes can be defined and say themselves what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = [
    "HAS_DATA_SOURCE_API",
    "DataSource",
    "DataSourceReader",
    "DataSourceStreamReader",
    "InputPartition",
    "ReadAllAvailable",
    "ReadMaxRows",
    "SupportsTriggerAvailableNow",
    "task_properties",
]

if TYPE_CHECKING:
    from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader, InputPartition
    from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadMaxRows, SupportsTriggerAvailableNow

    HAS_DATA_SOURCE_API: bool
else:
    try:
        from pyspark.sql.datasource import DataSource, DataSourceReader, DataSourceStreamReader, InputPartition

        HAS_DATA_SOURCE_API = True
    except ImportError:
        HAS_DATA_SOURCE_API = False

        class DataSource:
            """Stand-in for Spark's `DataSource`."""

            def __init__(self, options: dict[str, str]) -> None:
                self.options = options

        class DataSourceReader:
            """Stand-in for Spark's `DataSourceReader`."""

        class DataSourceStreamReader:
            """Stand-in for Spark's `DataSourceStreamReader`."""

        class InputPartition:
            """Stand-in for Spark's `InputPartition`."""

            def __init__(self, value: Any) -> None:
                self.value = value

    try:  # Spark 4.2 and later: how much to read, and how far
        from pyspark.sql.streaming.datasource import ReadAllAvailable, ReadMaxRows, SupportsTriggerAvailableNow
    except ImportError:

        class SupportsTriggerAvailableNow:
            """Stand-in: this Spark does not tell its sources about the trigger."""

        class ReadAllAvailable:
            """Stand-in for Spark's limit that is none."""

        class ReadMaxRows:
            """Stand-in for Spark's limit in rows."""

            def __init__(self, max_rows: int) -> None:
                self.max_rows = max_rows


def task_properties(*names: str) -> dict[str, str]:
    """Spark settings as the running task sees them; only those that are set, and none outside of a task.

    Args:
        names: property names, such as `spark.master`.
    """
    try:
        from pyspark import TaskContext
    except ImportError:
        return {}
    context = TaskContext.get()
    if context is None:
        return {}
    found = {name: context.getLocalProperty(name) for name in names}
    return {name: value for name, value in found.items() if value}
