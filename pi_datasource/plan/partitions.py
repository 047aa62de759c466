"""What travels from the driver to a task: small, frozen, and all that the task needs.

The reader itself is pickled before planning, so whatever planning learns reaches `read()` in here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pi_datasource.compat import InputPartition
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, short_text
from pi_datasource.webapi.throttle import JobLimits

__all__ = ["Chunk", "StreamPartition"]


@dataclass(frozen=True)
class Chunk:
    """Some streams over one range: what one batch request asks, page after page.

    Attributes:
        streams: at most `tagsPerRequest`.
        range: half-open, in ticks.
        rows: how many events planning expects, for pacing only; a wrong guess costs time and never rows.
    """

    streams: tuple[Stream, ...]
    range: TimeRange
    rows: float = 0.0

    def __str__(self) -> str:
        names = ", ".join(stream.tag for stream in self.streams[:3])
        more = f" and {len(self.streams) - 3} more" if len(self.streams) > 3 else ""
        return f"{names}{more} from {short_text(self.range.start)} to {short_text(self.range.end)}"


@dataclass(frozen=True, eq=False)
class StreamPartition(InputPartition):
    """One task's part of a time series read.

    Attributes:
        number: the partition's number, from 0.
        chunks: what to read.
        failures: tags found unreadable while planning → why; rows of `errorColumn` are made of them.
        limits: the job's ceilings.
    """

    number: int
    chunks: tuple[Chunk, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)
    limits: JobLimits = field(default_factory=lambda: JobLimits("none"))

    @property
    def streams(self) -> int:
        """How many streams, those in two chunks counted twice."""
        return sum(len(chunk.streams) for chunk in self.chunks)
