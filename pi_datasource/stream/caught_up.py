"""Repeats an AvailableNow query until it has caught up, on Spark versions where one run is one micro-batch.

Spark 4.2 and later ask a capped source again and again within one run of AvailableNow. Spark 4.0 and 4.1 ask it once;
there a stream with `maxTimePerTrigger` or `maxRowsPerTrigger` needs as many runs as it has batches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pi_datasource.errors import PIError, PIOffsetError
from pi_datasource.stream.frame_offset import FrameOffset
from pi_datasource.stream.offset import PIOffset
from pi_datasource.times import format_ticks, now_ticks

if TYPE_CHECKING:
    from pyspark.sql.streaming.query import StreamingQuery

__all__ = ["run_until_caught_up"]


def run_until_caught_up(
    start: Callable[[str], StreamingQuery], *, until: str | None = None, most_runs: int = 10_000
) -> int:
    """Runs a query again and again until a run leaves every watermark as it was.

        def copy(until):
            frame = spark.readStream.format("osipi").options(**options).option("until", until).load()
            return (frame.writeStream.format("delta").option("checkpointLocation", checkpoint)
                    .trigger(availableNow=True).toTable("main.bronze.pi"))

        run_until_caught_up(copy)

    All runs go towards the same end, so that it ends although the PI System goes on producing. How many rows a run
    brought says nothing: one that only replays a batch brings many, and one within a gap of the data none.

    Args:
        start: starts the query with trigger AvailableNow; hands its argument to the option `until`.
        until: where to end: a time as the option takes it; by default this host's now. Later events are left for the
            next time, so a clock that is wrong loses none.
        most_runs: an error after so many.

    Returns:
        How many runs it took, the last one included, which found nothing new.

    Raises:
        PIError: it goes on moving after `most_runs`; the option `until` is probably not handed on.
        StreamingQueryException: a run failed.
    """
    end = until or format_ticks(now_ticks())
    for run in range(1, most_runs + 1):
        query = start(end)
        query.awaitTermination()
        if not any(_moved(json.loads(progress.json)) for progress in query.recentProgress):
            return run
    raise PIError(
        f"the stream still moves after {most_runs} runs; is the argument of the function handed to the option until?"
    )


def _moved(progress: Mapping[str, Any]) -> bool:
    """Whether a micro-batch took a watermark of ours further. Rounds of reading again move none."""
    return any(
        _watermarks(source.get("startOffset")) != _watermarks(source.get("endOffset")) for source in progress["sources"]
    )


def _watermarks(told: Any) -> Any:
    """The watermarks of an offset as progress reports show it; another source's offset as it is."""
    offset = json.loads(told) if isinstance(told, str) else told
    for kind in (PIOffset, FrameOffset):
        try:
            known = kind.from_dict(offset)
        except PIOffsetError:
            continue
        return {} if known is None else known.watermarks
    return told
