"""Names and texts as they stand in SQL."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from pi_datasource.times import TICKS_PER_SECOND

#: Parts that need no quotes; a name of others is taken as the user wrote it.
_PLAIN_NAME = re.compile(r"\w+(\.\w+)*")


def quoted(name: str) -> str:
    """A column's name."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def is_path(table: str) -> bool:
    """Whether a user names a table by the path of its folder, and not by a name in a catalog."""
    return not table.startswith("delta.`") and ("/" in table or "\\" in table)


def table_name(table: str) -> str:
    """What a user names a table by, as SQL takes it: a name in a catalog, or the path of its folder."""
    if is_path(table):
        return f"delta.{quoted(table)}"
    # Delta's own statements take some plain words for theirs: DESCRIBE HISTORY lake.history is an error.
    return ".".join(map(quoted, table.split("."))) if _PLAIN_NAME.fullmatch(table) else table


def timestamp_at(ticks: int) -> str:
    """The instant of a tick, rounded down to microseconds, as a literal that Delta can compare with its statistics."""
    micros = ticks // (TICKS_PER_SECOND // 1_000_000)
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=micros)
    return f"TIMESTAMP {literal(at.isoformat())}"
