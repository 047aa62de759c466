"""Tables `system` (the server that is asked) and `tables` (what can be read from it)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.compat import InputPartition
from pi_datasource.options.settings import DECLARED
from pi_datasource.resolve import system
from pi_datasource.resolve.places import data_servers
from pi_datasource.tables.base import Request, Table
from pi_datasource.times import TICKS_PER_SECOND, now_ticks, parse_iso
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import JobLimits

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SYSTEM", "TABLES_TABLE", "options_of"]


@dataclass(frozen=True, eq=False)
class OnePartition(InputPartition):
    """All of it."""

    number: int = 0
    limits: JobLimits = field(default_factory=lambda: JobLimits("none"))


def _plan(request: Request, client: Client) -> Sequence[OnePartition]:
    return [OnePartition(0, client.throttle.limits)]


def _batch(request: Request, rows: Sequence[dict[str, Any]]) -> pa.RecordBatch:
    import pyarrow as pa

    schema = arrow_schema(request.columns)
    arrays = [pa.array([row.get(one.name) for row in rows], one.type) for one in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _read_system(request: Request, partition: OnePartition, client: Client) -> Iterator[pa.RecordBatch]:
    version = system.version(client)
    before = now_ticks()
    status = system.status(client)
    here = (before + now_ticks()) // 2
    there = parse_iso(status.ServerTime) if status.ServerTime else None
    user = system.user(client)
    yield _batch(request, [{
        "url": request.options.connection.url,
        "product": version.ProductTitle,
        "version": version.ProductVersion,
        "state": status.State,
        "uptime_minutes": status.UpTimeInMinutes,
        "server_time": None if there is None else there // 10,
        "clock_difference": None if there is None else (there - here) / TICKS_PER_SECOND,
        "user_name": user.Name,
        "identity_type": user.IdentityType,
        "is_authenticated": user.IsAuthenticated,
        "item_limit": _item_limit(request, client) if request.wants("item_limit") else None,
        "read_at": time.time_ns() // 1000,
    }])  # fmt: skip


def _item_limit(request: Request, client: Client) -> int | None:
    servers = data_servers(client, request.options)
    return system.item_limit(client, servers[0].web_id) if servers else None


SYSTEM = Table(
    name="system",
    meaning="The PI Web API that is asked: version, state, clock, limit, and who it takes us for.",
    columns=(
        Column("url", "string", "Its address."),
        Column("product", "string", "Product and release."),
        Column("version", "string", "Version of the assembly."),
        Column("state", "string", "Running, …"),
        Column("uptime_minutes", "double", "Minutes since its start."),
        Column("server_time", "timestamp", "Its clock (from 2018)."),
        Column("clock_difference", "double", "Seconds that its clock is ahead of ours (from 2018)."),
        Column("user_name", "string", "Who it takes us for; null for nobody."),
        Column("identity_type", "string", "Kind of this identity."),
        Column("is_authenticated", "boolean", "We are logged in."),
        Column("item_limit", "int", "Most objects in one answer (MaxReturnedItemsPerCall), when it says so."),
        Column("read_at", "timestamp", "When it was asked, by our clock."),
    ),
    key=("url",),
    plan=_plan,
    read=_read_system,
    needs_tags=False,
    has_error_column=False,
)


def options_of(table: str) -> list[str]:
    """The options that a table takes, those of the connection included."""
    return [one.name for one in DECLARED if not one.planned and (one.tables is None or table in one.tables)]


def _read_tables(request: Request, partition: OnePartition, client: Client) -> Iterator[pa.RecordBatch]:
    from pi_datasource.tables.registry import TABLES

    yield _batch(request, [
        {
            "name": table.name,
            "meaning": table.meaning,
            "columns": [f"{column.name} {column.type}" for column in table.columns],
            "key": list(table.key),
            "options": options_of(table.name),
            "needs_tags": table.needs_tags,
            "streams": table.streams,
        }
        for table in TABLES.values()
    ])  # fmt: skip


TABLES_TABLE = Table(
    name="tables",
    meaning="What can be read: these tables, with their columns and options.",
    columns=(
        Column("name", "string", "Value of option table."),
        Column("meaning", "string", "What it is."),
        Column("columns", "array<string>", "Its columns, each with its type."),
        Column("key", "array<string>", "The columns that tell rows apart."),
        Column("options", "array<string>", "The options that it takes."),
        Column("needs_tags", "boolean", "It needs tags, tagFilter or tagQuery."),
        Column("streams", "boolean", "It can be read as a stream, too."),
    ),
    key=("name",),
    plan=_plan,
    read=_read_tables,
    needs_tags=False,
    has_error_column=False,
)
