"""Lists that lead to other lists (sets to their values, templates to their attributes), read while planning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pi_datasource.options import PIOptions
from pi_datasource.read.listing import PAGE, Listing, ListReader
from pi_datasource.read.objects import Field, item_list, json_fields
from pi_datasource.resolve.places import ID_ONLY, databases
from pi_datasource.webapi.batch import chunks
from pi_datasource.webapi.client import Client

__all__ = ["Found", "lists_behind", "of_databases"]

#: Lists read side by side.
TOGETHER = 50


@dataclass(frozen=True)
class Found:
    """An object that leads to other lists.

    Attributes:
        listing: the list it was found in.
        item: the object, with the fields asked for.
    """

    listing: Listing
    item: Any


def lists_behind(
    client: Client,
    options: PIOptions,
    listings: Sequence[Listing],
    fields: Sequence[Field],
    behind: Callable[[Found], Iterable[Listing]],
) -> list[Listing]:
    """The lists behind the objects of some lists; and those of the first that cannot be read, each with its cause.

    Args:
        client: who to ask.
        options: the size of pages.
        listings: the lists to read now.
        fields: what has to be known of their objects.
        behind: the lists behind an object.
    """
    found: list[Listing] = []
    kind, names = item_list(fields), json_fields(fields)
    for some in chunks(listings, TOGETHER):
        reader = ListReader(client, some, kind, names, options.reading.page_size or PAGE)
        while not reader.done:
            for listed in reader.take(reader.fetch()):
                found += [one for item in listed.items for one in behind(Found(listed.listing, item))]
        found += [
            replace(listing, cause=str(reader.failures[listing.what]))
            for listing in some
            if listing.what in reader.failures
        ]
    return found


def of_databases(
    client: Client,
    options: PIOptions,
    name: str,
    *,
    query: Sequence[tuple[str, str]] = (),
    paged: bool = False,
    counted: bool = False,
) -> list[Listing]:
    """The list of this name of each database that the options choose.

    Args:
        client: who to ask.
        options: say which databases.
        name: last part of the route: `elementtemplates`, `tables`, …
        query: parameters of the route.
        paged, counted: as in `Listing`.
    """
    return [
        Listing(
            f"assetdatabases/{database.web_id}/{name}",
            f"{name} of {database.path}",
            (ID_ONLY, *query),
            (("database", database.name), ("asset_server", database.server)),
            paged=paged,
            counted=counted,
        )
        for database in databases(client, options)
    ]
