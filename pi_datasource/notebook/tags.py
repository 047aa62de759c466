"""A list of tags that is kept in a table, as options of a read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import fold
from pi_datasource.times import format_ticks, to_ticks

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

__all__ = ["tags_from"]

#: Columns that name a tag, in the order in which they are looked for.
TAG_COLUMNS = ("tag", "name", "path", "webid")


def tags_from(frame: DataFrame) -> dict[str, str]:
    """The options that choose the tags listed in a DataFrame.

        chosen = spark.table("main.plant.tag_list").where("unit = 'UNIT1'")
        events = spark.read.format("osipi").options(**tags_from(chosen), url=url, startTime="*-7d").load()

    Args:
        frame: has a column `tag` (or `name`, `path`, `web_id`); rows without one are left out. A column `start_time`
            beside it gives a tag a start of its own; where that is null the option `startTime` holds.

    Raises:
        PIOptionError: no such column, no tag in it, or a column `end_time`, which only a file of tags takes.
    """
    columns = {fold(name): name for name in frame.columns}
    tag = next((columns[name] for name in TAG_COLUMNS if name in columns), None)
    if tag is None:
        raise PIOptionError(
            f"tags_from needs a column tag, name, path or web_id, and there are: {', '.join(frame.columns)}"
        )
    if "endtime" in columns:
        raise PIOptionError(
            f"tags_from takes no column {columns['endtime']}; tags with an end of their own are read by option tagFile"
        )
    start = columns.get("starttime")
    rows = [(str(row[0]).strip(), row[1] if start else None) for row in _rows(frame, tag, start)]
    names = list(dict.fromkeys(name for name, _ in rows if name))
    if not names:
        raise PIOptionError(f"tags_from: column {tag} names no tag")
    starts: dict[str, str] = {}
    for name, value in rows:
        if name and value is not None:
            # Of a tag that stands there twice the earliest start; times written out by us sort as text.
            text = _text(value)
            if text != starts.get(name, text) and not (text.endswith("Z") and starts[name].endswith("Z")):
                raise PIOptionError(f"tags_from: tag {name} has two start times, {starts[name]} and {text}")
            starts[name] = min(text, starts.get(name, text))
    return {"tags": json.dumps(names), **({"startTimes": json.dumps(starts)} if starts else {})}


def _rows(frame: DataFrame, tag: str, start: str | None) -> list[Any]:
    chosen = frame.select(*(frame[f"`{name}`"] for name in (tag, start) if name))
    found: list[Any] = chosen.where(f"`{tag}` IS NOT NULL").collect()
    return found


def _text(value: Any) -> str:
    """A time as the option takes it: Spark hands a timestamp over in this machine's zone, without saying so."""
    if isinstance(value, datetime):
        return format_ticks(to_ticks(value.astimezone()))
    return str(value)
