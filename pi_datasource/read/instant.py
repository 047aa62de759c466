"""One instant with more events than the largest page: read from both sides.

Forwards PI gives the first N events of the instant, backwards (start after end) the last N. When the instant holds no
more than twice N, the two together hold all; what they share has to be known to be left out once. Events have no
identity, so it takes two witnesses: the server's own count, and that the end of the one reading and the beginning of
the other are the same events. If they do not agree on exactly one answer, the read fails by name: PI Web API has no way
to hand out such an instant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pi_datasource.errors import PIInstantError, PIRequestError
from pi_datasource.read.cursor import Cursor, Page
from pi_datasource.read.times import parse_ticks
from pi_datasource.times import short_text
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Summaries, TimedValue, TimedValues

__all__ = ["read_instant"]


def read_instant(client: Client, cursor: Cursor, page_size: int, fields: Sequence[str]) -> Page:
    """All events at the cursor's position.

    Args:
        client: who to ask.
        cursor: stands at an instant that fills pages of `page_size`.
        page_size: the most events that the server hands out at once.
        fields: item fields wanted.

    Raises:
        PIInstantError: there are more than can be reached, or it cannot be told whether there are.
    """
    tick, web_id, asked = cursor.position, cursor.stream.web_id, str(cursor)
    ahead = client.get(endpoints.recorded(web_id, tick, tick + 1, page_size, fields), TimedValues, asked).Items
    if len(ahead) < page_size:
        return _page(cursor, ahead)
    route = endpoints.recorded_backwards(web_id, tick + 1, tick, page_size, fields)
    backwards = client.get(route, TimedValues, f"{asked}, backwards").Items
    ticks = parse_ticks([value.Timestamp for value in backwards])
    here = [value for value, at in zip(backwards, ticks, strict=True) if at == tick][::-1]
    later = [value for value, at in zip(backwards, ticks, strict=True) if at > tick]
    if len(backwards) < page_size:
        return _page(cursor, here)
    counted = _count(client, cursor, asked)
    shared = [k for k in _overlaps(ahead, here) if _agrees(counted, ahead, here, later, k)]
    # With nothing shared the count is the only witness, and one of good events alone says nothing of bad ones between.
    unseen = shared == [0] and counted not in (len(ahead) + len(here), len(ahead) + len(backwards))
    if len(shared) != 1 or unseen:
        cause = (
            f"at {short_text(tick)} there are more than the {page_size:,} events that the server hands out at once, "
            f"and reading from both sides does not reach all (counted: {counted})"
        )
        raise PIInstantError(
            {cursor.stream.tag: cause},
            "the server's setting MaxReturnedItemsPerCall has to be raised, or that instant left out",
        )
    return _page(cursor, [*ahead, *here[shared[0] :]])


def _page(cursor: Cursor, values: Sequence[TimedValue]) -> Page:
    return Page(cursor.stream, values, np.full(len(values), cursor.position, np.int64))


def _overlaps(ahead: Sequence[TimedValue], here: Sequence[TimedValue]) -> list[int]:
    """The numbers k for which the last k of the one reading are the first k of the other; 0 always fits."""
    return [k for k in range(min(len(ahead), len(here)) + 1) if list(ahead[len(ahead) - k :]) == list(here[:k])]


def _count(client: Client, cursor: Cursor, asked: str) -> float | None:
    """What the server counts at the instant; None where it cannot."""
    route = endpoints.count(cursor.stream.web_id, cursor.position, cursor.position + 1)
    try:
        answer = client.get(route, Summaries, f"{asked}, count")
    except PIRequestError:
        return None
    for item in answer.Items:
        if item.Value is not None and isinstance(item.Value.Value, int | float):
            return float(item.Value.Value)
    return None


def _agrees(
    counted: float | None,
    ahead: Sequence[TimedValue],
    here: Sequence[TimedValue],
    later: Sequence[TimedValue],
    shared: int,
) -> bool:
    """Whether the count is that of both readings less what they share.

    Servers count good events or all, with those at the end of the range or without.
    """
    rest = here[shared:]
    every = len(ahead) + len(rest)
    good = sum(value.Good is not False for value in [*ahead, *rest])
    later_good = sum(value.Good is not False for value in later)
    return counted in {every, every + len(later), good, good + later_good}
