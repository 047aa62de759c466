"""A long list cut into parts that are read side by side, by number.

PI tells no total. A list's length is found by asking for single objects further and further out, in a few batch
requests; then the object before each border is noted, so that every part can be checked to begin where the one before
it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pi_datasource.errors import PIRequestError
from pi_datasource.read.listing import Listing
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all
from pi_datasource.webapi.client import Client

__all__ = ["SHORT", "cut_list", "is_longer", "list_length"]

#: Lists of fewer objects are read by one.
SHORT = 2_000
#: Places asked at once.
PROBES = 24


def cut_list(client: Client, listing: Listing, kind: type[Any], parts: int | None, rows_per_part: int) -> list[Listing]:
    """The parts of a list, in order.

    Args:
        client: who to ask.
        listing: a whole list that has pages.
        kind: an answer with `Items`.
        parts: how many; None to have about `rows_per_part` objects in each.
        rows_per_part: objects in a part.
    """
    if parts == 1:
        return [listing]
    length = list_length(client, listing, kind, SHORT if parts is None else 1)
    parts = parts or max(1, round(length / rows_per_part))
    borders = sorted({length * part // parts for part in range(1, parts)} - {0})
    before = _objects(client, listing, kind, [border - 1 for border in borders])
    borders = [border for border in borders if before.get(border - 1)]
    starts, ends = [0, *borders], [*borders, None]
    return [
        replace(
            listing,
            start=start,
            end=end,
            before=before[start - 1] if start else "",
            last=before[end - 1] if end is not None else "",
        )
        for start, end in zip(starts, ends, strict=True)
    ]


def is_longer(client: Client, listing: Listing, kind: type[Any], length: int) -> bool:
    """Whether a list has more objects than so many: one question, where its length takes a hundred."""
    return bool(_objects(client, listing, kind, [length]))


def list_length(client: Client, listing: Listing, kind: type[Any], start: int) -> int:
    """About how many objects a list has, never more than there are."""
    low = 0
    high: int | None = None
    places = [start << step for step in range(PROBES)]
    while True:
        found = _objects(client, listing, kind, [place - 1 for place in places])
        there = [place for place in places if place - 1 in found]
        low = max([low, *there])
        beyond = [place for place in places if place > low]
        high = min(beyond) if beyond else high
        if high is None or high - low <= max(1, low // 32):
            return low
        step = max(1, (high - low) // PROBES)
        places = list(range(low + step, high, step))
        if not places:
            return low


def _objects(client: Client, listing: Listing, kind: type[Any], numbers: Sequence[int]) -> dict[int, str]:
    """Number → WebID of the object there, for those that are there."""
    if not numbers:
        return {}
    asks = {}
    for number in numbers:
        query = [
            *listing.query, ("startIndex", str(number)), ("maxCount", "1"), endpoints.selected("Items.", ("WebId",))
        ]  # fmt: skip
        asks[str(number)] = Ask(endpoints.with_query(listing.route, query), f"{listing.what}, number {number}")
    found: dict[int, str] = {}
    for key, answer in ask_all(client, asks, kind, f"length of {listing.what}").items():
        if not isinstance(answer, PIRequestError) and answer.Items:
            found[int(key)] = answer.Items[0].WebId
    return found
