"""Tables of objects that PI Web API hands out as lists: how they are planned and read, declared by their fields."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pi_datasource.compat import InputPartition
from pi_datasource.errors import PIError, PIListError, PIRefusedError
from pi_datasource.plan.pages import cut_list
from pi_datasource.read.flight import fly
from pi_datasource.read.listing import PAGE, Expand, Listing, ListPage, ListReader
from pi_datasource.read.objects import Field, batch_of, item_list, json_fields
from pi_datasource.tables.base import Request, Table
from pi_datasource.webapi.batch import chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import JobLimits

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ListPartition", "failure_rows", "list_table", "treat"]

log = logging.getLogger("pi_datasource")

#: Objects of a long list that are read one page after the other; several such parts are read side by side.
OBJECTS_PER_PART = 5_000
#: Parts of long lists in one partition.
PARTS_PER_PARTITION = 4
#: Short lists in one batch request, and such requests in one partition.
LISTS_TOGETHER, GROUPS_PER_PARTITION = 50, 20

HINT = "with option onTagError=skip the others are read"


@dataclass(frozen=True, eq=False)
class ListPartition(InputPartition):
    """One task's lists.

    Attributes:
        number: the partition's number, from 0.
        groups: lists that are asked together.
        limits: the job's ceilings.
    """

    number: int
    groups: tuple[tuple[Listing, ...], ...] = ()
    limits: JobLimits = field(default_factory=lambda: JobLimits("none"))


@dataclass(frozen=True)
class _Lists:
    """How a table of lists is planned and read."""

    fields: dict[str, Field]
    find: Callable[[Request, Client], Sequence[Listing]]
    long: bool
    expand: Expand | None
    also: tuple[Field, ...]
    since: str

    def wanted(self, request: Request) -> tuple[Field, ...]:
        """The fields of the columns asked for, and those that `expand` looks at."""
        return (*(self.fields[column.name] for column in request.columns if column.name in self.fields), *self.also)

    def plan(self, request: Request, client: Client) -> list[ListPartition]:
        reading = request.options.reading
        listings = list(self.find(request, client))
        known = {listing.what: PIRefusedError(listing.cause) for listing in listings if listing.cause}
        if known and reading.on_tag_error == "fail":
            treat(known, "fail")
        if not listings:
            return [ListPartition(0, (), client.throttle.limits)]
        groups: list[tuple[Listing, ...]]
        if self.long:
            kind = item_list(self.wanted(request))
            parts = reading.num_partitions
            cut = [
                [listing] if listing.cause else cut_list(client, listing, kind, parts, OBJECTS_PER_PART)
                for listing in listings
            ]
            groups = [(listing,) for some in cut for listing in some]
            size = PARTS_PER_PARTITION
        else:
            groups = [tuple(some) for some in chunks(listings, LISTS_TOGETHER)]
            size = GROUPS_PER_PARTITION
        if reading.num_partitions is not None:
            if not self.long:
                groups = [(listing,) for listing in listings]
            size = -(-len(groups) // reading.num_partitions)
        shares = list(chunks(groups, size))
        limits = replace(client.throttle.limits, partitions=len(shares))
        return [ListPartition(number, tuple(share), limits) for number, share in enumerate(shares)]

    def read(self, request: Request, partition: ListPartition, client: Client) -> Iterator[pa.RecordBatch]:
        reading, wanted = request.options.reading, self.wanted(request)
        kind, names = item_list(wanted), json_fields(wanted)
        page = reading.page_size or PAGE
        readers = [
            ListReader(client, group, kind, names, page=page, since=self.since, expand=self.expand)
            for group in partition.groups
        ]

        def finish(pages: list[ListPage]) -> list[pa.RecordBatch]:
            return [
                batch_of(request.columns, self.fields, page.items, dict(page.listing.place))
                for page in pages
                if page.items
            ]

        failures: dict[str, PIError] = {}
        for batches, failed in fly(readers, request.options.connection.concurrency, finish):
            failures |= failed
            if failed:
                treat(failed, reading.on_tag_error)
            yield from batches
        yield from failure_rows(request, client, failures)


def list_table(
    name: str,
    meaning: str,
    fields: Sequence[Field],
    find: Callable[[Request, Client], Sequence[Listing]],
    *,
    key: tuple[str, ...] = ("web_id",),
    long: bool = False,
    expand: Expand | None = None,
    also: tuple[Field, ...] = (),
    since: str = "",
    needs_tags: bool = False,
) -> Table:
    """Declares a table of listed objects.

    Args:
        name: value of the option `table`.
        meaning: one line for people.
        fields: its columns, and where their values are.
        find: the lists to read; runs on the driver.
        key: the columns that tell rows apart.
        long: lists are long: each is cut into parts that are read side by side.
        expand: what is to be read behind the objects of a page.
        also: fields that `expand` looks at.
        since: first version of PI Web API that has the route.
        needs_tags: refuses to read without a selection of tags.
    """
    lists = _Lists({one.name: one for one in fields}, find, long, expand, also, since)
    return Table(
        name=name,
        meaning=meaning,
        columns=tuple(one.column for one in fields),
        key=key,
        plan=lists.plan,
        read=lists.read,
        needs_tags=needs_tags,
    )


def treat(failed: Mapping[str, PIError], on_tag_error: str) -> None:
    """Lists that failed, if any, as the option `onTagError` wants them treated."""
    if failed and on_tag_error == "fail":
        raise PIListError({what: str(error) for what, error in failed.items()}, HINT)
    for what, error in failed.items():
        log.warning("%s skipped, as onTagError=skip says: %s", what, error)


def failure_rows(request: Request, client: Client, failures: dict[str, PIError]) -> Iterator[pa.RecordBatch]:
    """Counts the lists that failed; where there is an `errorColumn`, a row for each: all other columns are null."""
    import pyarrow as pa

    from pi_datasource.columns import arrow_schema

    client.traffic.add(failed=len(failures))
    error_column = request.options.reading.error_column
    if not failures or error_column is None or not request.wants(error_column):
        return
    schema = arrow_schema(request.columns)
    told = [f"{what}: {error}" for what, error in failures.items()]
    arrays = [pa.array(told if one.name == error_column else [None] * len(told), one.type) for one in schema]
    yield pa.RecordBatch.from_arrays(arrays, schema=schema)
