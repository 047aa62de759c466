"""Streams × time → partitions of even work. Pure: no network, no clock.

All streams are laid end to end, each as long as the number of events expected of it, and the line is cut into equal
parts. A cut that falls inside a stream cuts its range in time, as if its events were spread evenly; one that falls
close to a stream's end moves there, because a cut stream costs an extra request.

However wrong the expectation is, each instant of each stream lies in exactly one part: ranges are half-open and each
begins where the one before ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from pi_datasource.plan.partitions import Chunk
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange

__all__ = ["Expected", "cut", "parts_for"]

#: A cut this close to a stream's end, as a share of one part, moves there.
SNAP = 0.05


@dataclass(frozen=True)
class Expected:
    """A stream, the range to read of it, and how many events are expected in that (more than none)."""

    stream: Stream
    range: TimeRange
    rows: float


@dataclass(frozen=True)
class _Piece:
    stream: Stream
    range: TimeRange
    rows: float


def parts_for(rows: float, rows_per_partition: int, most: int) -> int:
    """How many partitions for so many events: none larger than asked, never more than `most`, at least one."""
    return max(1, min(most, round(rows / rows_per_partition + 0.499)))


def cut(expected: Sequence[Expected], parts: int, tags_per_request: int) -> list[tuple[Chunk, ...]]:
    """Cuts the work into `parts` (fewer when there are not as many ticks), each a tuple of chunks.

    Args:
        expected: what is to be read.
        parts: how many partitions to make.
        tags_per_request: streams in one chunk at most.
    """
    pieces = _pieces(expected, parts)
    parted = (list(same) for _, same in groupby(pieces, key=lambda numbered: numbered[0]))
    return [tuple(_chunks([piece for _, piece in part], tags_per_request)) for part in parted]


def _pieces(expected: Sequence[Expected], parts: int) -> Iterator[tuple[int, _Piece]]:
    """Each stream's range in one piece or several, with the number of the part it falls into."""
    total = sum(item.rows for item in expected)
    size = total / parts
    laid = 0.0
    for item in expected:
        start, rows_left = item.range.start, item.rows
        while start < item.range.end:
            part = min(parts - 1, int(laid / size + SNAP))
            room = max((part + 1) * size - laid, 0.0)
            if part == parts - 1 or rows_left <= room + SNAP * size:
                end, rows = item.range.end, rows_left
            else:
                length = item.range.end - start
                end = start + max(1, min(length, round(length * room / rows_left)))
                rows = min(room, rows_left)
            yield part, _Piece(item.stream, TimeRange(start, end), rows)
            laid += rows
            rows_left -= rows
            start = end


def _chunks(pieces: Sequence[_Piece], tags_per_request: int) -> Iterator[Chunk]:
    """Pieces of one part with the same range go into chunks together."""
    for window, same in groupby(pieces, key=lambda piece: piece.range):
        together = list(same)
        # Even chunks: 101 streams are 51 and 50 rather than 100 and 1.
        count = -(-len(together) // tags_per_request)
        size = -(-len(together) // count)
        for first in range(0, len(together), size):
            some = together[first : first + size]
            yield Chunk(tuple(piece.stream for piece in some), window, sum(piece.rows for piece in some))
