"""Makes a stopped stream read tags again from an earlier time: their watermarks in its newest offset are set back.

Rows that are in the table already come again, so the sink has to MERGE (`merge_changes`), or they are deleted first.
What would lose rows, or do nothing, is refused:

- a time later than a watermark: what lies between would never be read;
- a time before the stream's origin, where it never reads;
- a stream of event frames, whose watermarks are of databases;
- a batch that is planned and not finished: Spark does it first when it starts, and its end is behind already;
- a query that may be running: it knows its offsets by heart, and would write them over ours.

Spark leaves no mark that tells a running query from a stopped one. So one that wrote something lately is taken to run,
and when a session is given, it is asked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

from pi_datasource.checkpoint.log import Checkpoint
from pi_datasource.errors import PICheckpointError
from pi_datasource.stream.frame_offset import FrameOffset
from pi_datasource.stream.key import Key
from pi_datasource.stream.offset import PIOffset
from pi_datasource.times import short_text

__all__ = ["QUIET_FOR", "Rewound", "rewind"]

#: Seconds for which nothing may have been written.
QUIET_FOR = 120.0
#: Folder inside the checkpoint that keeps what was there before.
BACKUPS = "rewound"


@dataclass(frozen=True)
class Rewound:
    """What was done.

    Attributes:
        batch: number of the batch whose end was set back.
        before: key → its watermark until now, in ticks.
        to: ticks; where they stand now.
        backup: file inside the checkpoint that holds what was there before.
    """

    batch: int
    before: Mapping[Key, int]
    to: int
    backup: str


def rewind(
    checkpoint: Checkpoint,
    keys: Collection[Key],
    to: int,
    *,
    quiet_for: float = QUIET_FOR,
    spark: Any = None,
    clock: Callable[[], float] = time.time,
) -> Rewound:
    """Sets the watermarks of tags back, so that the stream reads them again from there when it starts.

    Args:
        checkpoint: of a stopped query.
        keys: the tags.
        to: ticks; the first instant to read again.
        quiet_for: seconds for which nothing may have been written; 0 when you know that the query is stopped.
        spark: a session whose running queries are looked at as well.
        clock: seconds since 1970.

    Raises:
        PICheckpointError: it would lose rows or do nothing (see above); nothing has been changed then.
    """
    _refuse_running(checkpoint, quiet_for, spark, clock)
    if checkpoint.unfinished:
        raise PICheckpointError(
            f"{checkpoint.path}: batch {checkpoint.unfinished[0]} is planned and not finished; start the stream once, "
            "so that Spark does it, and stop it again"
        )
    batch, offset = checkpoint.newest, checkpoint.newest.offset
    if isinstance(offset, FrameOffset):
        raise PICheckpointError(
            f"{checkpoint.path}: the query streams event frames, and tags only are set back; to read frames again, "
            "start with a new checkpoint and merge_changes, which finds frames by web_id"
        )
    _refuse_times(checkpoint, offset, keys, to)
    marks = {key: tick for key, tick in offset.watermarks.items() if key not in keys}
    if to > offset.t0:
        marks |= dict.fromkeys(keys, to)
    lines = checkpoint.lines(batch.number)
    text = "\n".join(lines)
    lines[checkpoint.source_line(lines)] = json.dumps(replace(offset, watermarks=marks).to_dict())
    stamp = datetime.fromtimestamp(clock(), timezone.utc).strftime("%Y%m%dT%H%M%S%fZ")
    backup = f"{BACKUPS}/offsets-{batch.number}-{stamp}"
    checkpoint.files.replace(backup, text)
    # Hadoop's checksum of the old text would make the new one unreadable.
    checkpoint.files.remove(f"offsets/.{batch.number}.crc")
    checkpoint.files.replace(f"offsets/{batch.number}", "\n".join(lines))
    before = {key: offset.watermarks[key] for key in keys}
    return Rewound(batch.number, before, to, backup)


def _refuse_running(checkpoint: Checkpoint, quiet_for: float, spark: Any, clock: Callable[[], float]) -> None:
    if spark is not None and any(str(query.id) == checkpoint.query_id for query in spark.streams.active):
        raise PICheckpointError(f"{checkpoint.path}: the query is running in this session; stop it first")
    age = clock() - checkpoint.last_written
    if age < quiet_for:
        raise PICheckpointError(
            f"{checkpoint.path}: something was written {max(age, 0):.0f} s ago, so the query may be running; stop it "
            f"and wait {quiet_for:.0f} s, or say that it is stopped (--stopped; quiet_for=0)"
        )


def _refuse_times(checkpoint: Checkpoint, offset: PIOffset, keys: Collection[Key], to: int) -> None:
    if not keys:
        raise PICheckpointError(f"{checkpoint.path}: no tag to set back")
    if to < offset.t0:
        raise PICheckpointError(
            f"{checkpoint.path}: the stream begins at {short_text(offset.t0)} and reads nothing before; read "
            f"from {short_text(to)} on with spark.read"
        )
    for key in keys:
        mark = offset.watermarks.get(key)
        if mark is None:
            raise PICheckpointError(f"{checkpoint.path}: {key.web_id} has no watermark yet: it is read from the start")
        if to >= mark:
            raise PICheckpointError(
                f"{checkpoint.path}: {key.web_id} stands at {short_text(mark)}; setting it to {short_text(to)} would "
                "never read what lies between. Accepted is an earlier time"
            )
