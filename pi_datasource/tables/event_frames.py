"""Tables `event_frames`, `event_frame_attributes`, `event_frame_referenced_elements` and `event_frame_annotations`.

All four search for event frames in the same way: by the options, in stretches of time read side by side (see
`plan/frames.py`); then they read what belongs to each frame. The range is half-open, [startTime, endTime): a frame
that only begins at endTime is not in it, one that ended at startTime overlaps it, as in PI.

With `searchFullHierarchy=true` frames inside of others come as rows of their own, each judged by its own time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pi_datasource.columns import Column
from pi_datasource.errors import PIError
from pi_datasource.plan.frames import WINDOW, is_open_end, times_of
from pi_datasource.read.flight import fly
from pi_datasource.read.listing import PAGE, Expand, Listing, ListReader
from pi_datasource.read.objects import Field, item_list, json_fields
from pi_datasource.resolve.places import ID_ONLY
from pi_datasource.tables.base import Request, Table
from pi_datasource.tables.frame_columns import columns_by_schema, columns_by_template
from pi_datasource.tables.frame_search import kept_of, plan_searches, searches
from pi_datasource.tables.hierarchy import PLACE, last_segment
from pi_datasource.tables.lists import ListPartition, failure_rows, list_table, treat
from pi_datasource.webapi.client import Client

if TYPE_CHECKING:
    import pyarrow as pa

    from pi_datasource.read.frames import ValuePage

__all__ = [
    "EVENT_FRAMES",
    "EVENT_FRAME_ANNOTATIONS",
    "EVENT_FRAME_ATTRIBUTES",
    "EVENT_FRAME_REFERENCED_ELEMENTS",
]

#: Frames in a part of a search; several parts are read side by side.
FRAMES_PER_PART = 5_000
#: The same where something is asked for each frame.
FRAMES_PER_DEEP_PART = 1_000
#: Oldest release whose reference has the routes used here.
SINCE = "2017"

#: Parts of a frame's path before the frames inside: two empty ones, AF server, database, `EventFrames[NAME]`.
_UP_TO_FRAME = 5


def _depth(path: str) -> int:
    """0 for a frame that is not inside of another."""
    return path.count("\\") + 1 - _UP_TO_FRAME


def _parent_frame(link: str) -> str | None:
    """The WebID of the frame that a link leads to; None for a link to something else."""
    return last_segment(link) if "/eventframes/" in link else None


_START = Field(Column("start_ticks", "bigint", "The exact start: steps of 100 ns since 1970-01-01 UTC."), "StartTime")
_END = Field(Column("end_ticks", "bigint", "The exact end; null while it is open."), "EndTime")
_TEMPLATE = Field(Column("template", "string", "Name of its template."), "TemplateName")
_NAME = Field(Column("event_frame", "string", "Name of the event frame."), "Name")
_TIMES = (
    Field(Column("start_time", "timestamp", "Its start."), "StartTime"),
    _START,
    Field(Column("end_time", "timestamp", "Its end; null while it is open."), "EndTime"),
    _END,
    Field(Column("is_open", "boolean", "It has not ended."), "EndTime", is_open_end, str),
)


def _planned(
    wanted: Callable[[Request], Sequence[Field]], frames_per_part: int
) -> Callable[[Request, Client], list[ListPartition]]:
    """The plan of a table whose frames have these fields."""

    def plan(request: Request, client: Client) -> list[ListPartition]:
        return plan_searches(request, client, searches(request, client), wanted(request), frames_per_part)

    return plan


def _frames(listing: Listing, items: list[Any]) -> tuple[list[Any], list[Listing]]:
    return kept_of(listing, items), []


def _table(
    name: str, meaning: str, fields: Sequence[Field], expand: Expand, also: tuple[Field, ...] = (), *,
    key: tuple[str, ...] = ("web_id",), frames_per_part: int = FRAMES_PER_PART,
) -> Table:  # fmt: skip
    """A table that reads lists of frames, or lists behind each frame."""
    every = (_START, _END, *also)
    by_name = {one.name: one for one in fields}

    def wanted(request: Request) -> Sequence[Field]:
        return (*(by_name[one.name] for one in request.columns if one.name in by_name), *every)

    table = list_table(name, meaning, fields, searches, key=key, long=True, expand=expand, also=every, since=SINCE)
    return replace(table, plan=_planned(wanted, frames_per_part))


_FRAME_COLUMNS = (
    Field(Column("name", "string", "Name, which other event frames can have, too."), "Name"),
    _TEMPLATE,
    *_TIMES,
    Field(Column("description", "string", "Description."), "Description"),
    Field(Column("categories", "array<string>", "Names of its categories."), "CategoryNames"),
    Field(Column("severity", "string", "None, Information, Warning, Minor, Major or Critical."), "Severity"),
    Field(Column("primary_element_web_id", "string", "Handle of the element it is about in the first place."),
          "Links.PrimaryReferencedElement", last_segment),
    Field(Column("primary_element", "string", "Its name; null where it may not be seen.", "includeElement"),
          "Links.PrimaryReferencedElement", last_segment),
    Field(Column("primary_element_path", "string", "Its path; null where it may not be seen.", "includeElement"),
          "Links.PrimaryReferencedElement", last_segment),
    Field(Column("referenced_element_web_ids", "array<string>", "Handles of all elements it is about."),
          "RefElementWebIds"),
    Field(Column("parent_web_id", "string", "Handle of the event frame it is inside of; null for none."),
          "Links.Parent", _parent_frame),
    Field(Column("depth", "int", "0 when it is not inside of another."), "Path", _depth, str),
    Field(Column("has_children", "boolean", "Event frames are inside of it."), "HasChildren"),
    Field(Column("can_be_acknowledged", "boolean", "It can be acknowledged."), "CanBeAcknowledged"),
    Field(Column("is_acknowledged", "boolean", "Somebody acknowledged it."), "IsAcknowledged"),
    Field(Column("acknowledged_by", "string", "Who, as the server says it."), "AcknowledgedBy"),
    Field(Column("acknowledged_time", "timestamp", "When; null when nobody did."), "AcknowledgedDate"),
    Field(Column("are_values_captured", "boolean", "Values of its attributes are stored with it."),
          "AreValuesCaptured"),
    Field(Column("is_annotated", "boolean", "It has annotations."), "IsAnnotated"),
    Field(Column("is_locked", "boolean", "It cannot be changed."), "IsLocked"),
    Field(Column("path", "string", r"Path: \\server\database\EventFrames[name]\…; not unique."), "Path"),
    *PLACE,
    Field(Column("id", "string", "GUID."), "Id"),
    Field(Column("web_id", "string", "PI Web API's handle."), "WebId"),
)  # fmt: skip
_FRAMES = _table("event_frames", "Event frames of the range, those inside of others too.", _FRAME_COLUMNS, _frames)
_FIELDS = {one.name: one for one in _FRAME_COLUMNS}
_OWN = tuple(one.column for one in _FRAME_COLUMNS)


def _attribute_columns(request: Request) -> list[str]:
    """The columns wanted that are attributes."""
    return [one.name for one in request.columns if one.name not in _FIELDS | {request.options.reading.error_column: 0}]


def _wanted(request: Request) -> Sequence[Field]:
    named = (_FIELDS[one.name] for one in request.columns if one.name in _FIELDS)
    return (*named, _START, _END, *((_NAME, _TEMPLATE) if _attribute_columns(request) else ()))


def _plan_found(
    request: Request, client: Client, found: Sequence[Listing], *, all_know: bool = False
) -> list[ListPartition]:
    size = FRAMES_PER_DEEP_PART if _attribute_columns(request) else FRAMES_PER_PART
    return plan_searches(request, client, found, _wanted(request), size, all_know=all_know)


def _plan_frames(request: Request, client: Client) -> list[ListPartition]:
    return _plan_found(request, client, searches(request, client))


def plan_stream(request: Request, client: Client, found: Sequence[Listing]) -> list[ListPartition]:
    """The plan of a micro-batch: these searches, each of which every database has to know."""
    return _plan_found(request, client, found, all_know=True)


def _read_frames(request: Request, partition: ListPartition, client: Client) -> Iterator[pa.RecordBatch]:
    """Reads the frames of one partition; with names of elements and values of attributes where they are wanted."""
    from pi_datasource.read.frame_elements import ELEMENT_FIELDS, with_elements

    batches = _read_rows(request, partition, client)
    if not any(request.wants(name) for name in ELEMENT_FIELDS):
        yield from batches
        return
    failures: dict[str, PIError] = {}
    for batch in with_elements(client, batches, failures):
        treat(failures, request.options.reading.on_tag_error)
        failures.clear()
        yield batch


def _read_rows(request: Request, partition: ListPartition, client: Client) -> Iterator[pa.RecordBatch]:
    """The frames, with columns for attributes their values, too."""
    attributes = _attribute_columns(request)
    if not attributes:
        yield from _FRAMES.read(request, partition, client)
        return
    from pi_datasource.read.frame_columns import wide_batch

    def finish(pages: list[ValuePage]) -> list[pa.RecordBatch]:
        return [wide_batch(request.columns, _FIELDS, attributes, page) for page in pages]

    # The server looks for names alone: for one it is told, of several it gives all.
    last = {name.rpartition("|")[2] for name in attributes}
    names = tuple(last) if len(last) == 1 else ()
    yield from _read_values(request, partition, client, _wanted(request), names, finish, by_name=True)


EVENT_FRAMES = replace(
    _FRAMES,
    plan=_plan_frames,
    read=_read_frames,
    streams=True,
    columns_for=partial(columns_by_template, _OWN),
    columns_in=partial(columns_by_schema, _OWN),
)


#: What tables of things behind a frame say of the frame, from the frame itself.
_OF_FRAME = (
    _NAME,
    Field(Column("event_frame_id", "string", "GUID of the event frame."), "Id"),
    Field(Column("event_frame_web_id", "string", "PI Web API's handle of the event frame."), "WebId"),
    _TEMPLATE,
    *_TIMES,
)
#: The same where the rows are of another list: then it comes with the list.
_BEHIND_FRAME = (
    Field(Column("event_frame", "string", "Name of the event frame.")),
    Field(Column("event_frame_id", "string", "GUID of the event frame.")),
    Field(Column("event_frame_web_id", "string", "PI Web API's handle of the event frame.")),
    Field(Column("start_ticks", "bigint", "Its exact start: steps of 100 ns since 1970-01-01 UTC.")),
)
_ID = Field(Column("id", "string", ""), "Id")
_ELEMENTS_LINKED = Field(Column("referenced", "array<string>", ""), "RefElementWebIds")
_PRIMARY = Field(Column("primary", "string", ""), "Links.PrimaryReferencedElement")
_ANNOTATED = Field(Column("annotated", "boolean", ""), "IsAnnotated")
_NAMED = Field(Column("name", "string", ""), "Name")


def _behind(listing: Listing, item: Any, start: int, route: str, *more: tuple[str, Any]) -> Listing:
    """The list of things that belong to a frame."""
    place = [one for one in listing.place if one[0] != WINDOW]
    of_frame = (
        ("event_frame", item.Name), ("event_frame_id", item.Id), ("event_frame_web_id", item.WebId),
        ("start_ticks", start),
    )  # fmt: skip
    what = f"{route} of event frame {item.Name} ({item.WebId})"
    return Listing(f"eventframes/{item.WebId}/{route}", what, (ID_ONLY,), (*place, *of_frame, *more), paged=False)


def _elements(listing: Listing, items: list[Any]) -> tuple[list[Any], list[Listing]]:
    if WINDOW not in dict(listing.place):
        return items, []
    kept = [item for item in kept_of(listing, items) if item.RefElementWebIds or item.RefElementWebIds is None]
    starts = times_of(kept, listing.what)[0].tolist()
    return [], [
        _behind(listing, item, start, "referencedelements", ("primary_element_web_id", _primary(item)))
        for item, start in zip(kept, starts, strict=True)
    ]


def _primary(item: Any) -> str | None:
    link = (item.Links or {}).get("PrimaryReferencedElement")
    return last_segment(link) if link else None


def _annotations(listing: Listing, items: list[Any]) -> tuple[list[Any], list[Listing]]:
    if WINDOW not in dict(listing.place):
        return items, []
    kept = [item for item in kept_of(listing, items) if item.IsAnnotated is not False]
    starts = times_of(kept, listing.what)[0].tolist()
    return [], [_behind(listing, item, start, "annotations") for item, start in zip(kept, starts, strict=True)]


EVENT_FRAME_REFERENCED_ELEMENTS = _table(
    "event_frame_referenced_elements",
    "The elements that event frames are about.",
    (
        *_BEHIND_FRAME,
        Field(Column("primary_element_web_id", "string", "Handle of the frame's primary element.")),
        Field(Column("name", "string", "Name of the element."), "Name"),
        Field(Column("path", "string", r"Its primary path: \\server\database\element\…"), "Path"),
        Field(Column("template", "string", "Name of its template."), "TemplateName"),
        *PLACE,
        Field(Column("id", "string", "GUID of the element."), "Id"),
        Field(Column("web_id", "string", "PI Web API's handle of the element."), "WebId"),
    ),
    _elements,
    (_ELEMENTS_LINKED, _PRIMARY, _ID, _NAMED),
    key=("event_frame_web_id", "web_id"),
    frames_per_part=FRAMES_PER_DEEP_PART,
)


def _text(value: Any) -> str:
    """An annotation's value as text: most are; others as JSON."""
    import msgspec

    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


EVENT_FRAME_ANNOTATIONS = _table(
    "event_frame_annotations",
    "Annotations of event frames.",
    (
        *_BEHIND_FRAME,
        Field(Column("name", "string", "Name of the annotation."), "Name"),
        Field(Column("description", "string", "Description."), "Description"),
        Field(Column("value", "string", "What it says; as JSON when it is no text."), "Value", _text, Any),
        Field(Column("creator", "string", "Who wrote it."), "Creator"),
        Field(Column("created", "timestamp", "When."), "CreationDate"),
        Field(Column("modifier", "string", "Who changed it last."), "Modifier"),
        Field(Column("modified", "timestamp", "When."), "ModifyDate"),
        *PLACE,
        Field(Column("id", "string", "Its id."), "Id"),
    ),
    _annotations,
    (_ANNOTATED, _ID, _NAMED),
    key=("event_frame_web_id", "id"),
    frames_per_part=FRAMES_PER_DEEP_PART,
)


_FRAME_FIELDS = {one.name: one for one in _OF_FRAME}
_VALUE_COLUMNS = (
    Column("attribute", "string", "Name of the attribute."),
    Column("path", "string", r"Its path: \\server\database\EventFrames[name]|attribute|…"),
    Column("type", "string", "Type of its values; null when the server does not say."),
    Column("timestamp", "timestamp", "Time of the value, rounded down to microseconds; 1970 for a static one."),
    Column("ticks", "bigint", "Exact time of the value: steps of 100 ns since 1970-01-01 UTC."),
    Column("value", "double", "The value, when it is a number or boolean."),
    Column("value_long", "bigint", "The value, exactly, when the attribute holds integers."),
    Column(
        "value_text", "string", "Text, name of an enumeration value or system state, time as ISO text, array as JSON."
    ),
    Column("state", "int", "Code of the enumeration value, or of the system state when is_system_state."),
    Column("is_system_state", "boolean", "The value is a system state such as I/O Timeout."),
    Column("good", "boolean", "False for bad values; null when the server does not say."),
    Column("questionable", "boolean", "The value is there and doubtful; null when the server does not say."),
    Column("substituted", "boolean", "The value was edited; null when the server does not say."),
    Column("annotated", "boolean", "The value has an annotation; null when the server does not say."),
    Column("uom", "string", "Unit of the value."),
)


def _wanted_of_frames(request: Request) -> Sequence[Field]:
    named = (_FRAME_FIELDS[one.name] for one in request.columns if one.name in _FRAME_FIELDS)
    return (*named, _START, _END, _TEMPLATE, _NAME)


def _read_attributes(request: Request, partition: ListPartition, client: Client) -> Iterator[pa.RecordBatch]:
    """Reads the attributes of the frames of one partition, a row each."""
    from pi_datasource.read.frames import value_batch

    def finish(pages: list[ValuePage]) -> list[pa.RecordBatch]:
        return [batch for page in pages for batch in value_batch(request.columns, _FRAME_FIELDS, page)]

    names = request.options.assets.attributes
    yield from _read_values(request, partition, client, _wanted_of_frames(request), names, finish)


def _read_values(
    request: Request,
    partition: ListPartition,
    client: Client,
    wanted: Sequence[Field],
    attributes: tuple[str, ...],
    finish: Callable[[list[ValuePage]], list[pa.RecordBatch]],
    *,
    by_name: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Reads frames, and the values of their attributes.

    Args:
        request: what was asked for.
        partition: the lists of frames.
        client: who to ask.
        wanted: what is asked of each frame.
        attributes: patterns of attribute names; empty for all.
        finish: what becomes of the values.
        by_name: it is known which attributes are wanted, hidden ones too, and of which types.
    """
    from pi_datasource.read.frames import FrameValues

    reading = request.options.reading
    kind, names = item_list(wanted), json_fields(wanted)
    page = reading.page_size or PAGE
    readers = [
        FrameValues(
            client,
            ListReader(client, group, kind, names, page=page, since=SINCE, expand=_frames),
            attributes,
            reading.tags_at_once,
            described=not by_name,
            hidden=by_name,
        )
        for group in partition.groups
    ]
    failures: dict[str, PIError] = {}
    for batches, failed in fly(readers, request.options.connection.concurrency, finish):
        failures |= failed
        if failed:
            treat(failed, reading.on_tag_error)
        yield from batches
    yield from failure_rows(request, client, failures)


EVENT_FRAME_ATTRIBUTES = Table(
    name="event_frame_attributes",
    meaning="Attributes of event frames with their values: one row an attribute.",
    columns=(
        *(one.column for one in _OF_FRAME),
        *_VALUE_COLUMNS,
        *(one.column for one in PLACE),
        Column("web_id", "string", "PI Web API's handle of the attribute."),
    ),
    key=("web_id",),
    plan=_planned(_wanted_of_frames, FRAMES_PER_DEEP_PART),
    read=_read_attributes,
    needs_tags=False,
)
