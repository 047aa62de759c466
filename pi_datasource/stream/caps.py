"""How much of a tag one micro-batch takes, when the user set a limit.

`maxTimePerTrigger` counts from the tag's first event at or after its watermark, so that gaps make no empty batches;
`maxRowsPerTrigger` is shared among the tags that move, cuts between instants and takes at least one whole instant, so
that it always moves. Both ask only for times, and only of the tags that a cut concerns.
"""

from __future__ import annotations

from collections.abc import Mapping

from pi_datasource.errors import PIError, PIRequestError, PITooLargeError
from pi_datasource.options import Streaming
from pi_datasource.read.times import parse_ticks
from pi_datasource.stream.key import Key
from pi_datasource.times import TICKS_PER_SECOND
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import TimedValues

__all__ = ["capped"]

#: Event times asked of one tag at most; a larger share of rows is cut after so many.
MOST_TIMES = 10_000
#: Tags in one batch request.
TAGS_PER_BATCH = 100


def capped(
    client: Client, moves: Mapping[Key, tuple[int, int]], settings: Streaming
) -> tuple[dict[Key, int], dict[Key, PIError]]:
    """The ends that the limits allow.

    Args:
        client: who to ask.
        moves: key → (watermark, ripe watermark) with the second later.
        settings: the limits.

    Returns:
        Key → end, later than its watermark; and the tags that could not be asked, with why.
    """
    ends = {key: high for key, (_, high) in moves.items()}
    failures: dict[Key, PIError] = {}
    length = None if settings.max_time_per_trigger is None else round(settings.max_time_per_trigger * TICKS_PER_SECOND)
    share = None
    if settings.max_rows_per_trigger is not None and moves:
        share = min(MOST_TIMES, max(1, settings.max_rows_per_trigger // len(moves)))
    asked = [key for key, (low, high) in moves.items() if share is not None or (length and high - low > length)]
    while asked:
        count = 1 if share is None else share + 1
        smaller = count
        refused = []
        for some in chunks(asked, max(1, min(TAGS_PER_BATCH, 100_000 // count))):
            asks = {
                str(number): Ask(endpoints.recorded(key.web_id, *moves[key], count, ()), key.web_id)
                for number, key in enumerate(some)
            }
            for number, answer in ask_all(client, asks, TimedValues, "times of events for a limit").items():
                key = some[int(number)]
                if isinstance(answer, PITooLargeError) and count > 1:
                    refused.append(key)
                    smaller = min(smaller, count - 1, answer.item_limit or count // 2)
                elif isinstance(answer, PIRequestError):
                    failures[key] = answer
                    del ends[key]
                else:
                    ends[key] = _end([value.Timestamp for value in answer.Items], ends[key], length, share)
        # The server hands out fewer events at once than the limit allows: then it takes more micro-batches.
        asked, share = refused, max(1, smaller) - 1
    return ends, failures


def _end(times: list[str], high: int, length: int | None, share: int | None) -> int:
    """Where to stop, given the first events' times."""
    ticks = [int(tick) for tick in parse_ticks(times)]
    if not ticks:
        return high
    if length is not None:
        high = min(high, ticks[0] + length)
    if share is not None and len(ticks) > share:
        cut = ticks[share]
        high = min(high, ticks[0] + 1 if cut == ticks[0] else cut)
    return high
