"""How many events to expect, asked only where it can change the plan.

Nothing is asked when all streams together plausibly fit one partition: at one event a second, which is the usual
scan of a fast point. Up to a few thousand streams each is counted; beyond that a sample is, and its mean stands for
the rest, because a count makes the archive scan.

`Count` leaves out or counts bad events as the server pleases, and a server may refuse it: counts move borders between
partitions, never rows.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence

from pi_datasource.errors import PIRequestError, PIRetriableError
from pi_datasource.plan.windows import Expected
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TICKS_PER_SECOND, TimeRange
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Summaries

__all__ = ["expect"]

log = logging.getLogger("pi_datasource")

#: Events a second of a stream that nothing is known of.
PLAUSIBLE_RATE = 1.0
#: Streams counted one by one at most.
COUNT_ALL = 2_000
#: Streams counted in a sample of more.
SAMPLE = 400
#: Counts in one batch request.
COUNTS_PER_BATCH = 200
#: Ranges longer than this are counted by their last part and scaled up: a count over years scans years.
LONGEST_COUNTED = 31 * 86_400 * TICKS_PER_SECOND


def expect(
    client: Client, streams: Sequence[Stream], window: TimeRange, rows_per_partition: int, *, parts_fixed: bool
) -> list[Expected]:
    """The events expected of each stream.

    Args:
        client: who to ask.
        streams: what is to be read.
        window: the range to be read.
        rows_per_partition: events that make one partition.
        parts_fixed: the user fixed the number of partitions: then only their evenness is at stake.
    """
    plausible = max(1.0, window.seconds * PLAUSIBLE_RATE)
    worth_asking = plausible * len(streams) > rows_per_partition and (not parts_fixed or len(streams) > 1)
    if not worth_asking or not client.connection.post:
        return [Expected(stream, window, plausible) for stream in streams]
    sample = _sample(streams)
    counted = _count(client, sample, window)
    if not counted:
        return [Expected(stream, window, plausible) for stream in streams]
    mean = max(1.0, math.fsum(counted.values()) / len(counted))
    # A stream without events still costs a question.
    return [Expected(stream, window, max(1.0, counted.get(stream.web_id, mean))) for stream in streams]


def _sample(streams: Sequence[Stream]) -> Sequence[Stream]:
    if len(streams) <= COUNT_ALL:
        return streams
    step = len(streams) / SAMPLE
    return [streams[int(number * step)] for number in range(SAMPLE)]


def _count(client: Client, streams: Sequence[Stream], window: TimeRange) -> Mapping[str, float]:
    """WebID → events in the window; streams that could not be counted are left out."""
    asked_range = window
    if window.end - window.start > LONGEST_COUNTED:
        asked_range = TimeRange(window.end - LONGEST_COUNTED, window.end)
    scale = (window.end - window.start) / (asked_range.end - asked_range.start)
    counted: dict[str, float] = {}
    for some in chunks(streams, COUNTS_PER_BATCH):
        asks = {
            str(number): Ask(endpoints.count(stream.web_id, asked_range.start, asked_range.end), stream.tag)
            for number, stream in enumerate(some)
        }
        try:
            answers = ask_all(client, asks, Summaries, "count of events")
        except PIRetriableError as error:
            log.info("counting is too much for the server, planning goes on without: %s", error)
            break
        for number, stream in enumerate(some):
            rows = _rows(answers[str(number)])
            if rows is not None:
                counted[stream.web_id] = rows * scale
    if len(counted) < len(streams):
        log.info(
            "%d of %d streams could not be counted; they are planned as average",
            len(streams) - len(counted),
            len(streams),
        )
    return counted


def _rows(answer: Summaries | PIRequestError) -> float | None:
    if isinstance(answer, PIRequestError):
        return None
    for item in answer.Items:
        if item.Type == "Count" and item.Value is not None and isinstance(item.Value.Value, int | float):
            return float(item.Value.Value)
    return None
