"""One instant with more events than the largest page: read from both sides.

Forwards PI gives the first N events of the instant, backwards (start after end) the last N. When the instant holds no
more than twice N, the two together hold all; what they share has to be known to be left out once. Events have no
identity, so it takes two witnesses: the server's own count, and that the end of the one reading and the beginning of
the other are the same events. If they do not agree on exactly one answer, the read fails by name: PI Web API has no way
to hand out such an instant. A server may count good events only, so a count that leaves room for others between the two
readings is a witness only together with the share of good ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from pi_datasource.errors import PIInstantError, PIRequestError
from pi_datasource.read.cursor import SLACK, Cursor, Page, looks_cut
from pi_datasource.read.times import parse_ticks
from pi_datasource.times import short_text
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Summaries, TimedValue, TimedValues

__all__ = ["read_instant"]

#: Two numbers of events are the same when they differ by less.
SAME_NUMBER = 0.01


def read_instant(
    client: Client,
    cursor: Cursor,
    page_size: int,
    fields: Sequence[str],
    more: endpoints.Query = (),
    kind: type[TimedValues] = TimedValues,
    *,
    countable: bool = True,
) -> Page:
    """All events at the cursor's position.

    Args:
        client: who to ask.
        cursor: stands at an instant that fills pages of `page_size`.
        page_size: the most events that the server hands out at once.
        fields: item fields wanted.
        more: further parameters of each request.
        kind: what an answer is.
        countable: the server's count means these events; it knows no filter.

    Raises:
        PIInstantError: there are more than can be reached, or it cannot be told whether there are.
    """
    tick, web_id, asked = cursor.position, cursor.stream.web_id, str(cursor)
    fields = list(dict.fromkeys([*fields, "Good"]))
    ahead = client.get(endpoints.recorded(web_id, tick, tick + 1, page_size, fields, more), kind, asked).Items
    if looks_cut(len(ahead)):
        # By a limit that nobody told of: then that is the page, and the other side is read as well.
        page_size = min(page_size, len(ahead))
    if len(ahead) < page_size:
        return _page(cursor, ahead)
    # From the instant itself, so that nothing later crowds the page, to clearly before it on any server's clock.
    route = endpoints.recorded_backwards(web_id, tick, tick - SLACK, page_size, fields, more)
    backwards = client.get(route, kind, f"{asked}, backwards").Items
    ticks = parse_ticks([value.Timestamp for value in backwards])
    here = [value for value, at in zip(backwards, ticks, strict=True) if at == tick][::-1]
    if len(here) < page_size:
        return _page(cursor, here)
    counted, percent_good = _count(client, cursor, asked) if countable else (None, None)
    route = endpoints.recorded(web_id, tick + 1, tick + 2, 1, ())
    neighbours = client.get(route, TimedValues, f"{asked}, the next tick").Items
    # Whether the count holds events at the end of its range, nobody can tell: there must be none.
    shared = None if counted is None or neighbours else _shared(counted, percent_good, ahead, here)
    if shared is None:
        cause = (
            f"at {short_text(tick)} there are more than the {page_size:,} events that the server hands out at once, "
            f"and reading from both sides does not reach all (counted: {counted})"
        )
        raise PIInstantError(
            {cursor.stream.tag: cause},
            "the server's setting MaxReturnedItemsPerCall has to be raised, or that instant left out",
        )
    return _page(cursor, [*ahead, *here[shared:]])


def _page(cursor: Cursor, values: Sequence[TimedValue]) -> Page:
    return Page(cursor.stream, values, np.full(len(values), cursor.position, np.int64))


def _shared(
    counted: float, percent_good: float | None, ahead: Sequence[TimedValue], here: Sequence[TimedValue]
) -> int | None:
    """How many events are in both readings; None where that, or whether there are others between, cannot be told.

    Servers count good events, or all.
    """
    every, good = len(ahead) + len(here), _good(ahead) + _good(here)
    # Others between would be counted on top of both readings, or the good ones of them on top of the good ones.
    none_between = counted < good
    if counted > every or not (none_between or percent_good) or _may_be_others(counted, percent_good, every, good):
        return None
    good_here = list(accumulate((value.Good is not False for value in here), initial=0))
    fitting: list[int] = []
    for k in range(len(here) + 1):
        events, good_ones = every - k, good - good_here[k]
        told = none_between or abs((percent_good or 0.0) / 100 * events - good_ones) < SAME_NUMBER
        # The last k of the one reading have to be the first k of the other.
        if counted in (events, good_ones) and told and list(ahead[len(ahead) - k :]) == list(here[:k]):
            fitting.append(k)
        if len(fitting) > 1:
            return None
    return fitting[0] if fitting else None


def _may_be_others(counted: float, percent_good: float | None, every: int, good: int) -> bool:
    """Whether count and share of good ones fit events between both readings as well, were only good ones counted."""
    good_between = counted - good
    between = 100 * counted / percent_good - every if percent_good else 0.0
    whole = abs(between - round(between)) < SAME_NUMBER
    return whole and between > SAME_NUMBER and -SAME_NUMBER < good_between < between + SAME_NUMBER


def _good(values: Sequence[TimedValue]) -> int:
    return sum(value.Good is not False for value in values)


def _count(client: Client, cursor: Cursor, asked: str) -> tuple[float | None, float | None]:
    """What the server counts at the instant, and how many of a hundred are good; None where it cannot."""
    route = endpoints.count(cursor.stream.web_id, cursor.position, cursor.position + 1, percent_good=True)
    try:
        answer = client.get(route, Summaries, f"{asked}, count")
    except PIRequestError:
        return None, None
    said = {
        item.Type: float(item.Value.Value)
        for item in answer.Items
        if item.Value is not None and isinstance(item.Value.Value, int | float)
    }
    return said.get("Count"), said.get("PercentGood")
