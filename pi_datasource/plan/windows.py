"""Streams × time → partitions of even work. Pure: no network, no clock.

All pieces are laid end to end, each as long as the number of events expected of it, and the line is cut into equal
parts. A cut that falls inside a piece cuts its range in time, as if its events were spread evenly; one that falls close
to a piece's end moves there, because a cut stream costs an extra request.

However wrong the expectation is, each instant of each stream lies in exactly one part: ranges are half-open and each
begins where the one before ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from zlib import crc32

from msgspec import structs

from pi_datasource.plan.partitions import Chunk, Piece
from pi_datasource.times import TimeRange

__all__ = ["cut", "parts_for", "scattered"]

#: A cut this close to a stream's end, as a share of one part, moves there.
SNAP = 0.05
#: A chunk in which no more events than this are expected may hold more streams.
FEW_ROWS = 5_000


def parts_for(rows: float, rows_per_partition: int, most: int) -> int:
    """How many partitions for so many events: none larger than asked, never more than `most`, at least one."""
    return max(1, min(most, round(rows / rows_per_partition + 0.499)))


def cut(
    pieces: Sequence[Piece],
    parts: int,
    tags_per_request: int,
    *,
    quiet_tags: int = 0,
    whole: bool = False,
) -> list[tuple[Chunk, ...]]:
    """Cuts the work into `parts` (fewer when there are not as many ticks), each a tuple of chunks.

    Args:
        pieces: what is to be read, of no stream twice; more than no rows are expected of each.
        parts: how many partitions to make.
        tags_per_request: streams in one chunk at most.
        quiet_tags: the same where few events are expected of each, if that is more.
        whole: cut between streams only, however uneven that is.
    """
    parted: defaultdict[int, list[Piece]] = defaultdict(list)
    for part, piece in _parted(pieces, parts, whole):
        parted[part].append(piece)
    return [tuple(_chunks(part, tags_per_request, quiet_tags)) for part in parted.values()]


def scattered(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces in another order, the same each time and without regard to names.

    Neighbours are often of one kind. Where the events of most streams are not known, dense ones that lie side by side
    would all fall into one part.
    """
    return sorted(pieces, key=lambda piece: crc32(piece.stream.web_id.encode()))


def _parted(pieces: Sequence[Piece], parts: int, whole: bool) -> Iterator[tuple[int, Piece]]:
    """Each piece whole or cut in time, with the number of the part it falls into."""
    size = sum(piece.rows for piece in pieces) / parts
    laid = 0.0
    for piece in pieces:
        start, rows_left = piece.range.start, piece.rows
        while start < piece.range.end:
            part = min(parts - 1, int(laid / size + SNAP))
            room = max((part + 1) * size - laid, 0.0)
            if whole or part == parts - 1 or rows_left <= room + SNAP * size:
                end, rows = piece.range.end, rows_left
            else:
                length = piece.range.end - start
                end = start + max(1, min(length, round(length * room / rows_left)))
                rows = min(room, rows_left)
            uncut = start == piece.range.start and end == piece.range.end
            yield part, piece if uncut else structs.replace(piece, range=TimeRange(start, end), rows=rows)
            laid += rows
            rows_left -= rows
            start = end


def _chunks(pieces: Sequence[Piece], tags_per_request: int, quiet_tags: int) -> Iterator[Chunk]:
    """The pieces of one part in even chunks: 101 streams are 51 and 50 rather than 100 and 1."""
    few = int(FEW_ROWS * len(pieces) / max(1.0, sum(piece.rows for piece in pieces)))
    count = -(-len(pieces) // max(tags_per_request, min(few, quiet_tags)))
    size = -(-len(pieces) // count)
    for first in range(0, len(pieces), size):
        yield Chunk(tuple(pieces[first : first + size]))
