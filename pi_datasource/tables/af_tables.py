"""Tables `af_tables` and `af_table_rows`.

The rows of one AF table, named by option `afTable`, have that table's own columns with their types: then the schema
is asked from the server. The rows of several tables, or of all, come in a long form: a row for each cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.compat import InputPartition
from pi_datasource.errors import PIBadAnswerError, PIError, PIOptionError, PIRefusedError, PIRequestError
from pi_datasource.options import PIOptions
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field, as_text
from pi_datasource.resolve.lists import Found, lists_behind, of_databases
from pi_datasource.resolve.places import ID_ONLY
from pi_datasource.tables.base import Request, Table
from pi_datasource.tables.hierarchy import PLACE
from pi_datasource.tables.lists import failure_rows, list_table, treat
from pi_datasource.tables.named import CATEGORIES, DESCRIPTION, ID, NAME, WEB_ID, path
from pi_datasource.times import parse_iso
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import JobLimits
from pi_datasource.webapi.wire import TableRows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["AF_TABLES", "AF_TABLE_ROWS"]

#: Tables asked for at once: each comes whole, however large it is.
TOGETHER = 4
#: Tables of one partition.
TABLES_PER_PARTITION = 16
#: Cells of the long form in one record batch.
CELLS = 50_000

#: AF's type of a column (those of .NET) → ours; others are read as text.
TYPES = {
    "double": "double", "single": "double", "decimal": "double", "float": "double",
    "byte": "int", "sbyte": "int", "int16": "int", "uint16": "int", "int32": "int",
    "uint32": "bigint", "int64": "bigint",
    "boolean": "boolean", "datetime": "timestamp", "string": "string",
}  # fmt: skip


def _lists(request: Request, client: Client) -> Sequence[Listing]:
    return of_databases(client, request.options, "tables")


AF_TABLES = list_table(
    "af_tables",
    "AF tables; their rows are in `af_table_rows`.",
    (
        NAME,
        DESCRIPTION,
        path(r"\\server\database\Tables[name]"),
        CATEGORIES,
        Field(Column("time_zone", "string", "Zone of its times."), "TimeZone"),
        Field(Column("convert_to_local_time", "boolean", "Times are converted to local time."), "ConvertToLocalTime"),
        *PLACE,
        ID,
        WEB_ID,
    ),
    _lists,
)

COLUMNS = (
    Column("table", "string", "Name of the AF table."),
    Column("row", "bigint", "Number of the row, from 0."),
    Column("column", "string", "Name of the column."),
    Column("type", "string", "Type of the column, in AF's words."),
    Column("value", "string", "The value as text; numbers as JSON writes them."),
    Column("database", "string", "AF database."),
    Column("asset_server", "string", "AF server."),
    Column("table_web_id", "string", "PI Web API's handle of the table."),
)


@dataclass(frozen=True, eq=False)
class TablesPartition(InputPartition):
    """One task's tables."""

    number: int
    tables: tuple[Listing, ...] = ()
    limits: JobLimits = field(default_factory=lambda: JobLimits("none"))


def _tables(options: PIOptions, client: Client) -> list[Listing]:
    """The tables whose rows are wanted, each as the route of its data.

    Raises:
        PIOptionError: a name that no database has.
    """
    wanted = {name.lower(): name for name in options.assets.table_names}
    there: list[str] = []

    def data(found: Found) -> list[Listing]:
        name = found.item.Name
        there.append(name)
        if wanted and name.lower() not in wanted:
            return []
        place = (("table", name), ("table_web_id", found.item.WebId), *found.listing.place)
        return [Listing(f"tables/{found.item.WebId}/data", f"rows of {found.item.Path}", (ID_ONLY,), place)]

    tables = lists_behind(client, options, of_databases(client, options, "tables"), (NAME, path("")), data)
    missing = [name for key, name in wanted.items() if key not in {one.lower() for one in there}]
    unread = [listing for listing in tables if listing.cause]
    if missing and not unread:
        raise PIOptionError(
            f"option afTable: there is no table {', '.join(map(repr, missing))} here; accepted are those there are: "
            f"{', '.join(map(repr, there)) or 'none'}"
        )
    return tables


def _columns_for(options: PIOptions) -> tuple[Column, ...]:
    """The columns of the one table that is named, from the server; else the long form."""
    if len(options.assets.table_names) != 1:
        return COLUMNS
    client = Client(options.connection)
    tables = _tables(options, client)
    treat({one.what: PIRefusedError(one.cause) for one in tables if one.cause}, "fail")
    if len(tables) > 1:
        raise PIOptionError(
            f"option afTable = {options.assets.table_names[0]!r}: several databases have a table of that name: "
            f"{', '.join(one.what.removeprefix('rows of ') for one in tables)}; accepted is one of them, chosen with "
            "options database and assetServer"
        )
    data = client.get(_route(tables[0]), TableRows, tables[0].what)
    return tuple(_column(name, kind) for name, kind in data.Columns.items())


def _column(name: str, kind: str) -> Column:
    return Column(name, TYPES.get(kind.rpartition(".")[2].lower(), "string"), f"{kind} column of the AF table.")


def _route(table: Listing) -> str:
    return endpoints.with_query(table.route, [endpoints.selected("", ("Columns", "Rows"))])


def _plan(request: Request, client: Client) -> Sequence[TablesPartition]:
    reading = request.options.reading
    tables = _tables(request.options, client)
    if reading.on_tag_error == "fail":
        treat({one.what: PIRefusedError(one.cause) for one in tables if one.cause}, "fail")
    size = TABLES_PER_PARTITION
    if reading.num_partitions is not None:
        size = max(1, -(-len(tables) // reading.num_partitions))
    shares = list(chunks(tables, size)) or [[]]
    limits = replace(client.throttle.limits, partitions=len(shares))
    return [TablesPartition(number, tuple(share), limits) for number, share in enumerate(shares)]


def _read(request: Request, partition: TablesPartition, client: Client) -> Iterator[pa.RecordBatch]:
    reading = request.options.reading
    make = _typed if len(request.options.assets.table_names) == 1 else _long
    failures: dict[str, PIError] = {one.what: PIRefusedError(one.cause) for one in partition.tables if one.cause}
    if failures:
        treat(failures, reading.on_tag_error)
    for tables in chunks([one for one in partition.tables if not one.cause], TOGETHER):
        asks = {str(number): Ask(_route(table), table.what) for number, table in enumerate(tables)}
        for key, answer in ask_all(client, asks, TableRows, "rows of AF tables").items():
            table = tables[int(key)]
            if isinstance(answer, PIRequestError):
                failed = {table.what: answer}
                treat(failed, reading.on_tag_error)
                failures |= failed
            else:
                yield from make(request.columns, table, answer)
    yield from failure_rows(request, client, failures)


def _long(columns: Sequence[Column], table: Listing, data: TableRows) -> Iterator[pa.RecordBatch]:
    """A row for each cell, also for those that hold nothing."""
    import pyarrow as pa

    names = list(data.Columns)
    schema = arrow_schema(columns)
    for start in range(0, len(data.Rows), max(1, CELLS // max(1, len(names)))):
        rows = data.Rows[start : start + max(1, CELLS // max(1, len(names)))]
        cells: dict[str, list[Any]] = {
            "row": [number for number in range(start, start + len(rows)) for _ in names],
            "column": names * len(rows),
            "type": list(data.Columns.values()) * len(rows),
            "value": [None if row.get(name) is None else as_text(row[name]) for row in rows for name in names],
        }
        place = dict(table.place)
        count = len(rows) * len(names)
        arrays = [pa.array(cells.get(one.name) or [place.get(one.name)] * count, one.type) for one in schema]
        if count:
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _typed(columns: Sequence[Column], table: Listing, data: TableRows) -> Iterator[pa.RecordBatch]:
    """The table as it is."""
    import pyarrow as pa

    schema = arrow_schema(columns)
    for start in range(0, len(data.Rows), CELLS):
        rows = data.Rows[start : start + CELLS]
        arrays = []
        for column, of_schema in zip(columns, schema, strict=True):
            make = _MAKE[column.type]
            try:
                values = [None if row.get(column.name) is None else make(row[column.name]) for row in rows]
                arrays.append(pa.array(values, pa.int64()).cast(of_schema.type) if column.type == "timestamp"
                              else pa.array(values, of_schema.type))  # fmt: skip
            except (TypeError, ValueError, pa.ArrowInvalid) as error:
                raise PIBadAnswerError(
                    f"{table.what}: column {column.name!r} is {column.type} and holds something else: {error}"
                ) from error
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _microseconds(value: str) -> int | None:
    """A time; None for those that mean unknown and never."""
    return None if value.startswith(("0001", "9999")) or not value else parse_iso(value) // 10


def _same(value: Any) -> Any:
    return value


#: Column type → how a value of JSON becomes one of it.
_MAKE: dict[str, Callable[[Any], Any]] = {
    "double": float,
    "int": _same,
    "bigint": _same,
    "boolean": _same,
    "timestamp": _microseconds,
    "string": as_text,
}

AF_TABLE_ROWS = Table(
    name="af_table_rows",
    meaning="Rows of AF tables: of one (option afTable) with its columns, of several or all in a long form.",
    columns=COLUMNS,
    key=("table_web_id", "row", "column"),
    plan=_plan,
    read=_read,
    needs_tags=False,
    columns_for=_columns_for,
)
