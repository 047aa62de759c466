"""What travels from the driver to a task: small, frozen, and all that the task needs.

The reader itself is pickled before planning, so whatever planning learns reaches `read()` in here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from pi_datasource.compat import InputPartition
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, short_text
from pi_datasource.webapi.throttle import JobLimits

__all__ = ["Chunk", "Piece", "StreamPartition"]


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A stream over a range.

    Attributes:
        stream: what is read.
        range: half-open, in ticks.
        rows: how many events are expected in it, for planning and pacing only: a wrong guess costs time, never rows.
        neighbours: the range that it is a part of, where the events right outside of that are wanted, too.
    """

    stream: Stream
    range: TimeRange
    rows: float = 0.0
    neighbours: TimeRange | None = None

    def expecting(self, rows: float) -> Piece:
        """The same with another expectation; `dataclasses.replace` would take a second more for 100,000 tags."""
        return Piece(self.stream, self.range, rows, self.neighbours)


@dataclass(frozen=True)
class Chunk:
    """What one batch request asks, page after page: at most `tagsPerRequest` streams, each over a range of its own."""

    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, streams: Iterable[Stream], range: TimeRange) -> Chunk:
        """Streams that are all read over the same range."""
        return cls(tuple(Piece(stream, range) for stream in streams))

    @property
    def rows(self) -> float:
        """How many events are expected."""
        return sum(piece.rows for piece in self.pieces)

    def __str__(self) -> str:
        names = ", ".join(piece.stream.tag for piece in self.pieces[:3])
        more = f" and {len(self.pieces) - 3} more" if len(self.pieces) > 3 else ""
        start = min((piece.range.start for piece in self.pieces), default=0)
        end = max((piece.range.end for piece in self.pieces), default=0)
        return f"{names}{more} from {short_text(start)} to {short_text(end)}"


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
    def pieces(self) -> list[Piece]:
        """All that this task reads."""
        return [piece for chunk in self.chunks for piece in chunk.pieces]

    def responses(self, rows: int) -> int:
        """How many answers of so many rows are expected; a wrong guess, as of `Piece.rows`, costs time only."""
        return sum(math.ceil(chunk.rows / rows) for chunk in self.chunks)

    @property
    def streams(self) -> int:
        """How many streams, one in two chunks counted twice."""
        return len(self.pieces)
