"""A list of tags kept in a file that the driver can read: text, CSV, JSON or Parquet, with a range of its own per row.

Columns are found without case and underscores: `tag` (or `name`, `path`, `web_id`), `startTime`, `endTime`. A row
without a range has that of the options. Rows of one tag that overlap are read once.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pi_datasource.errors import PIOptionError, PITimeError
from pi_datasource.options import Reading, Selection
from pi_datasource.options.declare import fold
from pi_datasource.resolve.spelling import by_spelling, spellings
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, parse_time, to_ticks

__all__ = ["joined", "own_ranges", "read_tag_file", "with_file"]

TAG_NAMES = ("tag", "name", "path", "webid")
#: Endings of file names, and what they hold.
ENDINGS = {".txt": "text", ".csv": "csv", ".json": "json", ".jsonl": "lines", ".parquet": "parquet"}


def read_tag_file(path: str, reading: Reading) -> dict[str, tuple[TimeRange, ...]]:
    """The tags of a file, each with its ranges, in the order of the file.

    Raises:
        PIOptionError: no such file, an ending that says nothing, no tag in it, or a row that cannot be understood.
    """
    ranges: dict[str, list[TimeRange]] = {}
    for number, row in enumerate(_rows(path), 1):
        place = f"option tagFile: {path}, row {number}"
        folded = {fold(str(name)): value for name, value in row.items() if name is not None}
        tag = next((str(folded[name]).strip() for name in TAG_NAMES if folded.get(name)), "")
        if not tag:
            raise PIOptionError(f"{place}: has no tag; accepted is a column tag, and startTime and endTime beside it")
        start = _instant(place, "startTime", folded.get("starttime"), reading, reading.time_range.start)
        end = _instant(place, "endTime", folded.get("endtime"), reading, reading.time_range.end)
        if start > end:
            raise PIOptionError(f"{place}: tag {tag} has a startTime after its endTime")
        ranges.setdefault(tag, []).append(TimeRange(start, end))
    if not ranges:
        raise PIOptionError(f"option tagFile: {path} holds no tag")
    return {tag: joined(some) for tag, some in ranges.items()}


def joined(ranges: Iterable[TimeRange]) -> tuple[TimeRange, ...]:
    """The same instants in ranges that do not overlap."""
    made: list[TimeRange] = []
    for one in sorted(ranges):
        if made and one.start <= made[-1].end:
            made[-1] = TimeRange(made[-1].start, max(made[-1].end, one.end))
        else:
            made.append(one)
    return tuple(one for one in made if not one.is_empty)


def _rows(path: str) -> Iterator[Mapping[str, Any]]:
    file = Path(path.removeprefix("file://").removeprefix("dbfs:"))
    kind = ENDINGS.get(file.suffix.lower())
    if kind is None:
        raise PIOptionError(f"option tagFile: {path!r} ends in none of {', '.join(ENDINGS)}")
    try:
        if kind == "parquet":
            from pyarrow import parquet

            yield from parquet.read_table(file).to_pylist()
            return
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PIOptionError(
            f"option tagFile: {path!r} cannot be read on the driver's host ({error.strerror or error}); accepted is "
            "the path of a file there, such as /Volumes/main/plant/lists/tags.csv"
        ) from error
    except UnicodeDecodeError as error:
        raise PIOptionError(f"option tagFile: {path!r} is no UTF-8 ({error.reason})") from error
    yield from _parsed(path, kind, text)


def _parsed(path: str, kind: str, text: str) -> Iterator[Mapping[str, Any]]:
    if kind == "text":
        yield from ({"tag": line.strip()} for line in text.splitlines() if line.strip() and not line.startswith("#"))
        return
    if kind == "csv":
        yield from (row for row in csv.DictReader(text.splitlines()) if any(row.values()))
        return
    try:
        found = json.loads(text) if kind == "json" else [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise PIOptionError(f"option tagFile: {path!r} is no JSON ({error})") from error
    if not isinstance(found, list) or not all(isinstance(item, str | dict) for item in found):
        raise PIOptionError(f"option tagFile: {path!r} is no JSON array of texts or objects")
    yield from ({"tag": item} if isinstance(item, str) else item for item in found)


def _instant(place: str, name: str, value: Any, reading: Reading, default: int) -> int:
    if value is None or value == "":
        return default
    if isinstance(value, datetime):
        return to_ticks(value if value.tzinfo else value.replace(tzinfo=reading.tz))
    try:
        return parse_time(str(value), reading.now, reading.tz)
    except PITimeError as error:
        raise PITimeError(f"{place}: {name}: {error}") from None


def with_file(selection: Selection, reading: Reading) -> tuple[Selection, dict[str, tuple[TimeRange, ...]]]:
    """The selection with the tags of its file among its tags, and the ranges of those tags."""
    if not selection.tag_file:
        return selection, {}
    ranges = read_tag_file(selection.tag_file, reading)
    tags = tuple(dict.fromkeys((*selection.tags, *ranges)))
    return replace(selection, tags=tags, tag_file=None), ranges


def own_ranges(
    streams: Iterable[Stream], ranges: Mapping[str, tuple[TimeRange, ...]], usual: TimeRange
) -> dict[str, tuple[TimeRange, ...]]:
    """WebID → ranges, for the streams whose rows in the file give other ranges than the options."""
    if all(some == joined([usual]) for some in ranges.values()):
        return {}
    said = by_spelling(ranges)
    found = {}
    for stream in streams:
        own = [one for name in spellings(stream) for one in said.get(name, ())]
        if own:
            found[stream.web_id] = joined(own)
    return found
