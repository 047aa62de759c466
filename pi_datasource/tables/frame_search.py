"""Searches for event frames, which all tables of event frames have in common: made, cut and shared out, and kept to.

Each search is cut into stretches of time that are read side by side (see `plan/frames.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pi_datasource.errors import PIRefusedError
from pi_datasource.plan.frames import (
    WINDOW,
    Window,
    cut_frames,
    hide_ends,
    search_of,
    sorted_by_time,
    times_of,
    window_of,
    within,
)
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import Field, item_list
from pi_datasource.resolve.places import ID_ONLY, Place, databases
from pi_datasource.tables.base import Request
from pi_datasource.tables.lists import ListPartition
from pi_datasource.webapi.batch import chunks
from pi_datasource.webapi.client import Client

__all__ = ["kept_of", "plan_searches", "search_in", "searches"]

#: Parts in one partition.
PARTS_PER_PARTITION = 4


def searches(request: Request, client: Client) -> list[Listing]:
    """The search in each database, without its time, which `cut_frames` adds."""
    window = window_of(request.options)
    if window.by and window.start == window.end:
        return []
    return [search_in(request, database, window) for database in databases(client, request.options)]


def search_in(request: Request, database: Place, window: Window) -> Listing:
    """The search for frames in one database, without the parameters of its time, which `cut_frames` adds."""
    frames, category = request.options.frames, request.options.assets.category
    named = (
        ("nameFilter", frames.name), ("templateName", frames.template), ("categoryName", category),
        ("referencedElementNameFilter", frames.element), ("referencedElementTemplateName", frames.element_template),
        ("canBeAcknowledged", _word(frames.can_be_acknowledged)), ("isAcknowledged", _word(frames.is_acknowledged)),
        ("searchFullHierarchy", _word(frames.nested)),
    )  # fmt: skip
    query = [ID_ONLY, *((name, text) for name, text in named if text is not None)]
    query += [("severity", word) for word in frames.severities]
    return Listing(
        f"assetdatabases/{database.web_id}/eventframes",
        f"event frames of {database.path}",
        tuple(query),
        (("database", database.name), ("asset_server", database.server), (WINDOW, window)),
    )


def _word(flag: bool | None) -> str | None:
    return None if flag is None else str(flag).lower()


def plan_searches(
    request: Request,
    client: Client,
    found: Sequence[Listing],
    fields: Sequence[Field],
    frames_per_part: int,
    *,
    all_know: bool = False,
) -> list[ListPartition]:
    """Cuts searches into parts, and shares these out.

    Args:
        request: number and size of the parts.
        client: who to ask.
        found: searches without the parameters of their time.
        fields: what is asked of each frame.
        frames_per_part: frames in a part.
        all_know: every database has to know the names that the search says. Otherwise it is enough that one does: a
            database refuses the name of a template or category that it does not have, rather than finding nothing.
    """
    reading = request.options.reading
    kind = item_list(fields)
    orders = [sorted_by_time(client, search, kind) for search in found]
    some = not all_know and any(not isinstance(order, PIRefusedError) for order in orders)
    parts: list[Listing] = []
    for search, order in zip(found, orders, strict=True):
        if isinstance(order, bool):
            parts += cut_frames(client, search, kind, order, reading.num_partitions, frames_per_part)
        elif not (some and isinstance(order, PIRefusedError)):
            # Reading says the same again, and treats it as `onTagError` wants.
            parts.append(within(search, search_of(search), True))
    if not parts:
        return [ListPartition(0, (), client.throttle.limits)]
    number = reading.num_partitions
    size = PARTS_PER_PARTITION if number is None else -(-len(parts) // number)
    shares = list(chunks([(part,) for part in parts], size))
    limits = replace(client.throttle.limits, partitions=len(shares))
    return [ListPartition(number, tuple(share), limits) for number, share in enumerate(shares)]


def kept_of(listing: Listing, items: list[Any]) -> list[Any]:
    """Those frames of a page that belong to this part of the search."""
    starts, ends, is_open = times_of(items, listing.what)
    window = search_of(listing)
    keep = window.keeps(starts, ends, is_open)
    if window.as_of is not None:
        hide_ends(items, ends, is_open, window.as_of)
    return [item for item, kept in zip(items, keep.tolist(), strict=True) if kept]
