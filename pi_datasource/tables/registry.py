"""All tables, by name."""

from __future__ import annotations

from difflib import get_close_matches

from pi_datasource.errors import PIOptionError
from pi_datasource.tables.base import Table
from pi_datasource.tables.diagnosis import FAILED_TAGS
from pi_datasource.tables.hierarchy import ASSET_DATABASES, ASSET_SERVERS, ELEMENTS
from pi_datasource.tables.recorded import RECORDED

__all__ = ["TABLES", "table_named"]

_ALL = (
    RECORDED,
    ASSET_SERVERS,
    ASSET_DATABASES,
    ELEMENTS,
    FAILED_TAGS,
)
TABLES: dict[str, Table] = {table.name: table for table in _ALL}


def table_named(name: str) -> Table:
    """The table that the option `table` names.

    Raises:
        PIOptionError: there is none of that name.
    """
    if name in TABLES:
        return TABLES[name]
    close = get_close_matches(name, TABLES, 1, 0.6)
    meant = f" (did you mean {close[0]!r}?)" if close else ""
    raise PIOptionError(f"option table: there is no table {name!r}{meant}; there are: {', '.join(sorted(TABLES))}")
