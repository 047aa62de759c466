"""Takes the place of the data source where `pi_datasource` cannot be imported, and says so when it is used."""

import sys
from typing import Any, ClassVar

from pyspark.sql.datasource import DataSource


class DefaultSource(DataSource):
    """A `format("osipi")` that only explains why there is none: better than "format not found"."""

    #: Why `pi_datasource` could not be imported.
    why: ClassVar[str] = "unknown"

    def __init__(self, options: Any) -> None:
        raise ImportError(
            f'format("osipi") is installed for {sys.executable} but cannot be used by it: {self.why}. '
            f"To put this right: {sys.executable} -m pip install --upgrade pi-datasource, then restart Spark."
        )

    @classmethod
    def name(cls) -> str:
        return "osipi"
