"""All tables, by name."""

from __future__ import annotations

from difflib import get_close_matches

from pi_datasource.errors import PIOptionError
from pi_datasource.tables.af_tables import AF_TABLE_ROWS, AF_TABLES
from pi_datasource.tables.analyses import ANALYSES, ANALYSIS_TEMPLATES
from pi_datasource.tables.attributes import ATTRIBUTES
from pi_datasource.tables.base import Table
from pi_datasource.tables.calculation import CALCULATION
from pi_datasource.tables.categories import CATEGORY_TABLES
from pi_datasource.tables.diagnosis import FAILED_TAGS
from pi_datasource.tables.enumerations import ENUMERATION_SETS, ENUMERATION_VALUES
from pi_datasource.tables.event_frames import (
    EVENT_FRAME_ANNOTATIONS,
    EVENT_FRAME_ATTRIBUTES,
    EVENT_FRAME_REFERENCED_ELEMENTS,
    EVENT_FRAMES,
)
from pi_datasource.tables.hierarchy import ASSET_DATABASES, ASSET_SERVERS, ELEMENTS
from pi_datasource.tables.points import DATA_SERVERS, POINT_ATTRIBUTES, POINTS
from pi_datasource.tables.recorded import RECORDED
from pi_datasource.tables.sampled import ATTRIBUTE_VALUES, END, INTERPOLATED, PLOT, RECORDED_AT_TIMES, VALUE
from pi_datasource.tables.summary import SUMMARY
from pi_datasource.tables.system import SYSTEM, TABLES_TABLE
from pi_datasource.tables.templates import (
    ATTRIBUTE_TEMPLATES,
    ELEMENT_TEMPLATES,
    EVENT_FRAME_TEMPLATE_ATTRIBUTES,
    EVENT_FRAME_TEMPLATES,
)
from pi_datasource.tables.units import UNIT_CLASSES, UNITS

__all__ = ["TABLES", "table_named", "tables_table"]

_ALL = (
    RECORDED,
    INTERPOLATED,
    PLOT,
    SUMMARY,
    VALUE,
    END,
    RECORDED_AT_TIMES,
    CALCULATION,
    DATA_SERVERS,
    POINTS,
    POINT_ATTRIBUTES,
    ENUMERATION_SETS,
    ENUMERATION_VALUES,
    ASSET_SERVERS,
    ASSET_DATABASES,
    ELEMENTS,
    ATTRIBUTES,
    ATTRIBUTE_VALUES,
    ELEMENT_TEMPLATES,
    ATTRIBUTE_TEMPLATES,
    *CATEGORY_TABLES,
    ANALYSES,
    ANALYSIS_TEMPLATES,
    AF_TABLES,
    AF_TABLE_ROWS,
    UNIT_CLASSES,
    UNITS,
    EVENT_FRAMES,
    EVENT_FRAME_ATTRIBUTES,
    EVENT_FRAME_REFERENCED_ELEMENTS,
    EVENT_FRAME_ANNOTATIONS,
    EVENT_FRAME_TEMPLATES,
    EVENT_FRAME_TEMPLATE_ATTRIBUTES,
    FAILED_TAGS,
    SYSTEM,
    TABLES_TABLE,
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


def tables_table() -> str:
    """The tables of this version as Markdown, for the README."""
    lines = ["| `table` | what it is |", "| --- | --- |"]
    for table in TABLES.values():
        name = f"`{table.name}`" + (" (default)" if table is RECORDED else "")
        also = " Also as a stream." if table.streams else ""
        lines.append(f"| {name} | {table.meaning}{also} |")
    return "\n".join(lines)
