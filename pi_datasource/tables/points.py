"""Tables `data_servers`, `points` and `point_attributes`.

All points, or those of one pattern, are a long list that is cut into parts. Points chosen in any other way (by name, by
query, by several patterns that may overlap) are looked up first, and then read by their WebIDs, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from pi_datasource.columns import Column
from pi_datasource.compat import InputPartition
from pi_datasource.errors import PIError, PIRefusedError, PIRequestError
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field, as_text, batch_of, item_type, json_fields
from pi_datasource.resolve.places import ID_ONLY, data_servers
from pi_datasource.resolve.points import resolve_points
from pi_datasource.resolve.tagfile import with_file
from pi_datasource.tables.base import Request, Table
from pi_datasource.tables.lists import ListPartition, failure_rows, list_table, treat
from pi_datasource.tables.named import NAME, WEB_ID, or_none
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.answers import error_words
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import JobLimits
from pi_datasource.webapi.webids import point_ids, short
from pi_datasource.webapi.wire import Answer

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DATA_SERVERS", "POINTS", "POINT_ATTRIBUTES"]

#: WebIDs of ids alone in one look-up: a URL of 4,000 characters.
POINTS_PER_LOOKUP = 100
#: Look-ups in one batch request; such requests in one partition.
LOOKUPS_TOGETHER, GROUPS_PER_PARTITION = 20, 5


def _servers(request: Request, client: Client) -> Sequence[Listing]:
    chosen = frozenset(server.name for server in data_servers(client, request.options))
    return [Listing("dataservers", "data servers", (ID_ONLY,), (("chosen", chosen),), paged=False)]


def _chosen(listing: Listing, items: list[Any]) -> tuple[list[Any], list[Listing]]:
    """The data servers that option `dataServer` names."""
    chosen = dict(listing.place)["chosen"]
    return [item for item in items if item.Name in chosen], []


DATA_SERVERS = list_table(
    "data_servers",
    "Data servers (PI Data Archives) that PI Web API knows.",
    (
        NAME,
        Field(Column("path", "string", r"Path: \\PIServers[name]."), "Path"),
        Field(Column("is_connected", "boolean", "PI Web API is connected to it."), "IsConnected"),
        Field(Column("server_version", "string", "Version of the data server."), "ServerVersion"),
        Field(Column("server_time", "timestamp", "Its clock."), "ServerTime"),
        Field(Column("id", "string", "GUID."), "Id"),
        WEB_ID,
    ),
    _servers,
    expand=_chosen,
    also=(NAME,),
)


def server_of(path: str) -> str | None:
    r"""`server` of `\\server\tag`."""
    return path[2:].partition("\\")[0] if path.startswith("\\\\") else None


POINT_FIELDS = (
    Field(Column("tag", "string", "Name."), "Name"),
    Field(Column("path", "string", r"Path: \\server\tag."), "Path"),
    Field(Column("point_id", "bigint", "PI's number of the point, which survives a rename."), "Id"),
    Field(Column("point_type", "string", "Type of its values: Float32, Int16, Digital, String, …"), "PointType"),
    Field(Column("descriptor", "string", "Description."), "Descriptor"),
    Field(Column("uom", "string", "EngineeringUnits."), "EngineeringUnits"),
    Field(Column("point_class", "string", "Its point class: classic, base, …"), "PointClass"),
    Field(Column("step", "boolean", "Values hold until the next one."), "Step"),
    Field(Column("future", "boolean", "It may have values later than now."), "Future"),
    Field(Column("zero", "double", "Lower end of its scale."), "Zero"),
    Field(Column("span", "double", "Width of its scale."), "Span"),
    Field(Column("display_digits", "int", "Digits to show; negative for significant ones."), "DisplayDigits"),
    Field(Column("digital_set_name", "string", "Digital set of a point of type Digital."), "DigitalSetName", or_none),
    Field(Column("web_id", "string", "PI Web API's handle, as in `recorded`."), "WebId", short),
    Field(Column("data_server", "string", "Data server."), "Path", server_of),
)


def _all_points(request: Request, client: Client) -> Sequence[Listing]:
    patterns = request.options.selection.tag_filter
    query = tuple(("nameFilter", pattern) for pattern in patterns)
    return [
        Listing(f"dataservers/{server.web_id}/points", f"points of {server.name}", query)
        for server in data_servers(client, request.options)
    ]


_LISTED = list_table("points", "PI points.", POINT_FIELDS, _all_points, long=True)


@dataclass(frozen=True, eq=False)
class PointPartition(InputPartition):
    """One task's points, by WebID.

    Attributes:
        number: the partition's number, from 0.
        points: WebID → tag.
        failures: tags that are known to have failed.
        limits: the job's ceilings.
    """

    number: int
    points: dict[str, str]
    failures: dict[str, str] = field(default_factory=dict)
    limits: JobLimits = field(default_factory=lambda: JobLimits("none"))


def _plan(request: Request, client: Client) -> Sequence[Any]:
    parts = request.options.reading.num_partitions
    selection, _ = with_file(request.options.selection, request.options.reading)
    if not selection.tags and not selection.tag_query and len(selection.tag_filter) <= 1:
        return _LISTED.plan(request, client)
    # Points of one name on two servers are two rows, told apart by their paths.
    resolved = resolve_points(client, selection, replace(request.options.reading, tag_format="path"))
    size = POINTS_PER_LOOKUP * LOOKUPS_TOGETHER * GROUPS_PER_PARTITION
    if parts is not None:
        size = max(1, -(-len(resolved.streams) // parts))
    shares = list(chunks(resolved.streams, size)) or [[]]
    limits = replace(client.throttle.limits, partitions=len(shares))
    return [
        PointPartition(
            number, {_handle(one.web_id): one.tag for one in some}, {} if number else resolved.failures, limits
        )
        for number, some in enumerate(shares)
    ]


def _handle(web_id: str) -> str:
    """The short form of a WebID, made of ids alone."""
    return f"I{web_id[1:32]}" if point_ids(web_id) else web_id


def _read(request: Request, partition: ListPartition | PointPartition, client: Client) -> Iterator[pa.RecordBatch]:
    if isinstance(partition, ListPartition):
        yield from _LISTED.read(request, partition, client)
        return
    reading = request.options.reading
    by_name = {one.name: one for one in POINT_FIELDS}
    wanted = [by_name[column.name] for column in request.columns if column.name in by_name]
    kind, names = _looked_up(item_type(wanted)), json_fields(wanted)
    failures: dict[str, PIError] = {tag: PIRefusedError(cause) for tag, cause in partition.failures.items()}
    for lookups in chunks(chunks(partition.points, POINTS_PER_LOOKUP), LOOKUPS_TOGETHER):
        asks = {
            str(number): Ask(endpoints.points_multiple(web_ids=web_ids, fields=names), f"{len(web_ids)} points")
            for number, web_ids in enumerate(lookups)
        }
        found: list[Any] = []
        failed: dict[str, PIError] = {}
        for key, answer in ask_all(client, asks, kind, "points").items():
            if isinstance(answer, PIRequestError):
                failed |= {partition.points[web_id]: answer for web_id in lookups[int(key)]}
                continue
            looked = {one.Identifier: one for one in answer.Items}
            for web_id in lookups[int(key)]:
                one = looked.get(web_id)
                if one is not None and one.Object is not None:
                    found.append(one.Object)
                else:
                    cause = one.Exception if one is not None else None
                    failed[partition.points[web_id]] = PIRefusedError(error_words(cause) or "no such point")
        if failed:
            treat(failed, reading.on_tag_error)
            failures |= failed
        if found:
            yield batch_of(request.columns, by_name, found, {})
    yield from failure_rows(request, client, failures)


def _looked_up(item: type[Any]) -> type[Any]:
    """The answer of `points/multiple` with such points."""
    looked: Any = msgspec.defstruct(
        "LookedPoint",
        [("Identifier", str, ""), ("Object", item | None, None), ("Exception", Answer | None, None)],
        gc=False,
    )
    return msgspec.defstruct(
        "LookedPoints", [("Items", list[looked], msgspec.field(default_factory=list))], bases=(Answer,), gc=False
    )


POINTS = Table(
    name="points",
    meaning="PI points: all, or those that tags, tagFilter or tagQuery choose.",
    columns=tuple(one.column for one in POINT_FIELDS),
    key=("web_id",),
    plan=_plan,
    read=_read,
    needs_tags=False,
)


def _attribute_lists(request: Request, client: Client) -> Sequence[Listing]:
    selection, _ = with_file(request.options.selection, request.options.reading)
    resolved = resolve_points(client, selection, request.options.reading)
    known = [
        Listing(
            f"points/{stream.web_id}/attributes",
            stream.tag,
            (),
            (("tag", stream.tag), ("point_id", stream.point_id)),
            paged=False,
        )
        for stream in resolved.streams
    ]
    return [*known, *(Listing("points", tag, cause=cause) for tag, cause in resolved.failures.items())]


POINT_ATTRIBUTES = list_table(
    "point_attributes",
    "All attributes of PI points (compdev, excdev, instrumenttag, …), a row for each.",
    (
        Field(Column("tag", "string", "Name of the PI point; with tagFormat=path its path.")),
        Field(Column("point_id", "bigint", "PI's number of the point, which survives a rename.")),
        NAME,
        Field(Column("value", "string", "Its value as text; numbers as JSON writes them."), "Value", as_text, Any),
    ),
    _attribute_lists,
    key=("tag", "name"),
    needs_tags=True,
)
