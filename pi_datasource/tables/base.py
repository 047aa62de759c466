"""What a table declares. The reader knows no table by name: it plans and reads through this."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pi_datasource.columns import Column
from pi_datasource.errors import PIOptionError
from pi_datasource.options import PIOptions
from pi_datasource.webapi.client import Client

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Request", "Table"]


@dataclass(frozen=True)
class Request:
    """One use of a table: what was asked for. Pickled with the reader.

    Attributes:
        options: all options, parsed.
        columns: the columns wanted, in order.
    """

    options: PIOptions
    columns: tuple[Column, ...]

    def wants(self, name: str) -> bool:
        """Whether a column of that name is wanted."""
        return any(column.name == name for column in self.columns)

    def with_secrets(self) -> Request:
        """The same with its secrets looked up, as a reader takes it along to executors.

        Raises:
            PIOptionError: a secret cannot be had.
        """
        return replace(self, options=replace(self.options, connection=self.options.connection.with_secrets()))


@dataclass(frozen=True)
class Table:
    """One thing that can be read.

    Attributes:
        name: value of the option `table`.
        meaning: one line for people.
        columns: every column it can have; those with an `option` appear when that is on, or a schema names them.
        key: the columns that tell rows apart.
        plan: driver: request and client → partitions.
        read: executor: request, partition, client → record batches.
        needs_tags: refuses to read without a selection of tags.
        streams: `readStream` can read it, too.
        has_error_column: whether the option `errorColumn` adds a column.
        columns_for: the columns it can have with these options, where they depend on them; else None.
        columns_in: the same when a schema has been given, as names and types: so that nobody has to be asked.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    plan: Callable[[Request, Client], Sequence[Any]]
    read: Callable[[Request, Any, Client], Iterator[pa.RecordBatch]]
    needs_tags: bool = True
    streams: bool = False
    has_error_column: bool = True
    columns_for: Callable[[PIOptions], tuple[Column, ...]] | None = None
    columns_in: Callable[[PIOptions, Sequence[tuple[str, str]]], tuple[Column, ...]] | None = None

    def known_columns(self, options: PIOptions, given: Sequence[tuple[str, str]] | None = None) -> tuple[Column, ...]:
        """Every column that a schema may name, with these options.

        Args:
            options: of the read.
            given: names and types of the schema, once there is one.
        """
        error_column = options.reading.error_column
        if given is not None and self.columns_in is not None:
            every = self.columns_in(options, given)
        else:
            every = self.columns if self.columns_for is None else self.columns_for(options)
        columns = tuple(column for column in every if column.option != "lookback" or options.streaming.lookback)
        if error_column is None or not self.has_error_column:
            return columns
        if error_column.lower() in {column.name for column in columns}:
            raise PIOptionError(
                f"option errorColumn: {error_column!r} is a column of table {self.name!r} already; accepted is any "
                "other name, such as read_error"
            )
        return (*columns, Column(error_column, "string", "Why the tag could not be read; null in rows of data."))

    def default_columns(self, options: PIOptions) -> tuple[Column, ...]:
        """The columns it has when no schema is given."""
        reading = options.reading
        asked = {
            "includeWebId": reading.include_web_id,
            "includePointId": reading.include_point_id,
            "includeDescriptor": reading.include_descriptor,
            "includeElement": reading.include_element,
            "includeAnnotations": reading.include_annotations,
            "lookback": True,
        }
        return tuple(column for column in self.known_columns(options) if not column.option or asked[column.option])
