"""Names and texts as they stand in SQL."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from pi_datasource.times import TICKS_PER_SECOND


def quoted(name: str) -> str:
    """A column's name."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A text."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def table_name(table: str) -> str:
    """What a user names a table by: a name in a catalog, used as it is, or the path of its folder."""
    if table.startswith("delta.`") or not ("/" in table or "\\" in table):
        return table
    return f"delta.{quoted(table)}"


def timestamp_at(ticks: int) -> str:
    """The instant of a tick, rounded down to microseconds, as a literal that Delta can compare with its statistics."""
    micros = ticks // (TICKS_PER_SECOND // 1_000_000)
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=micros)
    return f"TIMESTAMP {literal(at.isoformat())}"
