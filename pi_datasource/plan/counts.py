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
from pi_datasource.plan.partitions import Piece
from pi_datasource.times import TICKS_PER_SECOND, TimeRange
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Summaries

__all__ = ["COUNT_ALL", "expect"]

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


def expect(client: Client, wanted: Sequence[Piece], rows_per_partition: int, *, parts_fixed: bool) -> list[Piece]:
    """The same pieces, each with the events expected in it: at least one, since an empty piece costs a question, too.

    Args:
        client: who to ask.
        wanted: streams and ranges.
        rows_per_partition: events that make one partition.
        parts_fixed: the user fixed the number of partitions: then only their evenness is at stake.
    """
    seconds = [piece.range.seconds for piece in wanted]
    rate = PLAUSIBLE_RATE
    counted: Mapping[int, float] = {}
    worth_asking = sum(max(1.0, length * rate) for length in seconds) > rows_per_partition
    if worth_asking and (not parts_fixed or len(wanted) > 1) and client.connection.post:
        counted = _count(client, wanted, _sample(len(wanted)))
        looked_at = math.fsum(seconds[number] for number in counted)
        rate = math.fsum(counted.values()) / looked_at if looked_at else rate
    return [
        piece.expecting(max(1.0, counted[number] if number in counted else seconds[number] * rate))
        for number, piece in enumerate(wanted)
    ]


def _sample(count: int) -> Sequence[int]:
    """Which of so many are counted."""
    if count <= COUNT_ALL:
        return range(count)
    return [int(number * count / SAMPLE) for number in range(SAMPLE)]


def _count(client: Client, wanted: Sequence[Piece], chosen: Sequence[int]) -> Mapping[int, float]:
    """Place of a piece → events in it; of those chosen. What could not be counted is left out."""
    counted: dict[int, float] = {}
    for some in chunks(chosen, COUNTS_PER_BATCH):
        ranges = {number: _counted_range(wanted[number].range) for number in some}
        asks = {
            str(number): Ask(
                endpoints.count(wanted[number].stream.web_id, window.start, window.end), wanted[number].stream.tag
            )
            for number, window in ranges.items()
        }
        try:
            answers = ask_all(client, asks, Summaries, "count of events")
        except PIRetriableError as error:
            log.info("counting is too much for the server, planning goes on without: %s", error)
            break
        for number, window in ranges.items():
            rows = _rows(answers[str(number)])
            if rows is not None:
                counted[number] = rows * wanted[number].range.seconds / window.seconds
    if len(counted) < len(chosen):
        missing = len(chosen) - len(counted)
        log.info("%d of %d streams could not be counted; they are planned as average", missing, len(chosen))
    return counted


def _counted_range(window: TimeRange) -> TimeRange:
    return TimeRange(max(window.start, window.end - LONGEST_COUNTED), window.end)


def _rows(answer: Summaries | PIRequestError) -> float | None:
    if isinstance(answer, PIRequestError):
        return None
    for item in answer.Items:
        if item.Type == "Count" and item.Value is not None and isinstance(item.Value.Value, int | float):
            return float(item.Value.Value)
    return None
