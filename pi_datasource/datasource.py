"""Spark's front door: picks a table, hands over, holds no logic of its own."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from pi_datasource.columns import named_in, pick, spark_schema
from pi_datasource.compat import DataSource
from pi_datasource.errors import PIOptionError, PISchemaError, PIUnsupportedError
from pi_datasource.options import PIOptions, options_table
from pi_datasource.options.login import TokenProvider
from pi_datasource.reader import PIReader
from pi_datasource.tables.base import Request, Table
from pi_datasource.tables.registry import TABLES, table_named
from pi_datasource.times import now_ticks

if TYPE_CHECKING:
    from pyspark.sql.types import StructType

__all__ = ["PIDataSource"]


class PIDataSource(DataSource):
    # The docstring is the manual; it is put together below.

    #: What `register` was given, on a class of its own.
    token_provider: TokenProvider | None = None

    def __init__(self, options: dict[str, str]) -> None:
        # Spark also calls this without the options of a table (CREATE TABLE … USING), so nothing is checked here. Now
        # and the environment are taken here, once: a DataFrame means one range, however often it is used.
        super().__init__(options)
        self._now = now_ticks()
        self._environment = {name: value for name, value in os.environ.items() if name.startswith("OSIPI_")}

    @classmethod
    def name(cls) -> str:
        """The word for `spark.read.format(…)`."""
        return "osipi"

    @cached_property
    def _parsed(self) -> PIOptions:
        parsed = PIOptions.parse(
            self.options,
            now=self._now,
            environ={**os.environ, **self._environment},
            known_table=table_named,
            token_provider=self.token_provider,
        )
        table = table_named(parsed.table)
        if table.needs_tags and parsed.selection.is_empty and parsed.assets.is_empty:
            raise PIOptionError(
                f"table {table.name!r} needs to know which tags: give option tags (names, paths or WebIds), tagFilter "
                "(wildcards, '*' for all) or tagQuery; or, for AF attributes, elementRoot, elementTemplate, …"
            )
        return parsed

    def __getstate__(self) -> dict[str, Any]:
        # Parsed options hold secrets, and Spark keeps the pickled source on its way from one process to the next.
        return {name: value for name, value in vars(self).items() if name != "_parsed"}

    @property
    def _table(self) -> Table:
        return table_named(self._parsed.table)

    def schema(self) -> StructType:
        """The columns of the table, with their meaning as comments; few tables have to ask the server for them."""
        return spark_schema(self._table.default_columns(self._parsed))

    def _request(self, schema: StructType) -> Request:
        known = self._table.known_columns(self._parsed, named_in(schema))
        return Request(self._parsed, pick(known, schema, self._table.name))

    def reader(self, schema: StructType) -> PIReader:
        """A reader of the columns that the schema names."""
        for name, why in NOT_IN_BATCHES.items():
            if name in self._parsed.given:
                raise PIOptionError(f"option {name} has no place in a batch read: {why}")
        return PIReader(self._request(schema))

    def writer(self, schema: StructType, overwrite: bool) -> NoReturn:
        """Refuses: nothing is ever written to a PI System."""
        raise PIUnsupportedError(
            "format osipi reads PI and never writes to it; write to Delta (df.write.format('delta')…) or another format"
        )

    def streamWriter(self, schema: StructType, overwrite: bool) -> NoReturn:
        """Refuses: nothing is ever written to a PI System."""
        self.writer(schema, overwrite)

    def streamReader(self, schema: StructType) -> Any:
        """A stream reader of the columns that the schema names."""
        from pi_datasource.stream.reader import PIStreamReader

        table, given = self._table, self._parsed.given
        if not table.streams:
            able = ", ".join(name for name, other in TABLES.items() if other.streams)
            raise PIUnsupportedError(f"table {table.name!r} cannot be streamed; these can: {able}")
        for name, why in NOT_IN_STREAMS.items():
            if name in given:
                raise PIOptionError(f"option {name} has no place in a stream: {why}")
        if table.name == "event_frames":
            from pi_datasource.stream.frames import FrameStreamReader

            return FrameStreamReader(self._request(schema))
        request = self._request(schema)
        missing = [name for name in NEEDED_BY_LOOKBACK if not request.wants(name)]
        if self._parsed.streaming.lookback and missing:
            raise PISchemaError(
                f"option lookback reads rows again, and a sink that merges needs the columns {', '.join(missing)}, "
                "which the schema given leaves out; name them, or leave lookback out"
            )
        return PIStreamReader(request)


#: Options of batch reads that would promise something that a stream does not do.
NOT_IN_STREAMS = {
    "startTimes": "its checkpoint says where each tag goes on",
    "endTime": "it goes on for ever; read a closed range with spark.read",
    "boundaryType": "its ranges join, and every event lies inside of one",
    "errorColumn": "a tag that fails keeps its watermark and catches up; see table=failed_tags",
}
#: Options of streams that would promise something that a batch read does not do.
NOT_IN_BATCHES = {
    "lookback": "it reads its range anew each time; give startTime",
    "until": "it ends at endTime",
}
#: What a sink has to see of rows that are read again.
NEEDED_BY_LOOKBACK = ("tag", "ticks", "seq", "operation", "window_start", "window_end")


def _manual() -> str:
    tables = "\n".join(f"| `{table.name}` | {table.meaning} |" for table in TABLES.values())
    return f"""Reads AVEVA (OSIsoft) PI Systems through PI Web API.

    df = (spark.read.format("osipi")
          .option("url", "https://pi.example.com/piwebapi")
          .option("username", r"DOMAIN\\reader").option("password", "env:PI_PASSWORD")
          .option("tags", "SINUSOID,CDT158")
          .option("startTime", "*-30d")
          .load())

Every event that the PI System holds for the tags and the range [startTime, endTime) comes once, with exact time, type
and quality; or the read fails and says why. Times are resolved once, when the DataFrame is made. A schema that names
fewer columns (`.schema("tag string, timestamp timestamp, value double")`) makes the reading cheaper.

Tables (option `table`):

| table | meaning |
|---|---|
{tables}

Options; names are taken without case and underscores, and each may come from the environment (`OSIPI_START_TIME`):

{options_table()}
"""


PIDataSource.__doc__ = _manual()
