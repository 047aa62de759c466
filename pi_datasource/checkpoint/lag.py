"""How far behind each tag is, by the newest offset of a checkpoint; with a server, measured against what PI has.

Of a stream of event frames: each database, against now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from pi_datasource.checkpoint.log import Batch, DatabaseKey
from pi_datasource.stream.key import Key
from pi_datasource.times import TICKS_PER_SECOND

__all__ = ["Lags", "TagLag", "lags_of"]

#: Seconds behind from which on a tag counts as stalled.
STALLED_AFTER = 3600.0


@dataclass(frozen=True)
class TagLag:
    """How far one tag is.

    Attributes:
        key: what stands for it in the checkpoint.
        tag: its name (path of a database); its WebID where that is not known.
        watermark: up to this tick (exclusive) everything has been handed over.
        newest: tick of its newest event in PI; None when PI was not asked, or has none.
        seconds: how far behind it is: its newest event in PI behind the watermark or, when PI was not asked, now.
        batches: in how many of the batches looked at it moved.
        is_stalled: behind for longer than is usual.
    """

    key: Key | DatabaseKey
    tag: str
    watermark: int
    newest: int | None
    seconds: float
    batches: int
    is_stalled: bool


@dataclass(frozen=True)
class Lags:
    """All tags, those farthest behind first.

    Attributes:
        tags: one each.
        asked: PI was asked for the newest events; without, a tag that is quiet in PI looks as if it were behind.
    """

    tags: tuple[TagLag, ...]
    asked: bool

    @property
    def stalled(self) -> tuple[TagLag, ...]:
        """Those that are stalled."""
        return tuple(tag for tag in self.tags if tag.is_stalled)

    def at(self, share: float) -> float:
        """The lag in seconds that this share of the tags does not exceed; 0 without tags."""
        if not self.tags:
            return 0.0
        ascending = sorted(tag.seconds for tag in self.tags)
        return ascending[min(len(ascending) - 1, int(share * len(ascending)))]

    @property
    def median(self) -> float:
        """The lag of the tag in the middle, in seconds."""
        return median(tag.seconds for tag in self.tags) if self.tags else 0.0


def lags_of(
    batches: Sequence[Batch],
    now: int,
    *,
    names: Mapping[Key | DatabaseKey, str] | None = None,
    newest: Mapping[Key, int] | None = None,
    stalled_after: float = STALLED_AFTER,
) -> Lags:
    """How far each tag is at the end of these batches.

    Args:
        batches: consecutive batches, at least one, oldest first.
        now: ticks.
        names: key → name of the tag.
        newest: key → tick of its newest event in PI; None when PI was not asked. Tags that are only here have no
            watermark yet.
        stalled_after: seconds behind from which on a tag counts as stalled.
    """
    moved: dict[Key | DatabaseKey, int] = {}
    marks = batches[0].watermarks
    for batch in batches[1:]:
        before, marks = marks, batch.watermarks
        for key, tick in marks.items():
            if before.get(key) != tick:
                moved[key] = moved.get(key, 0) + 1
    found = []
    for key in {*marks, *(newest or {})}:
        mark = marks.get(key, batches[-1].offset.t0)
        last = newest.get(key) if newest is not None and isinstance(key, Key) else None
        behind = now - mark if newest is None else 0 if last is None else last + 1 - mark
        seconds = max(0.0, behind / TICKS_PER_SECOND)
        name = (names or {}).get(key) or key.web_id
        found.append(TagLag(key, name, mark, last, seconds, moved.get(key, 0), seconds > stalled_after))
    found.sort(key=lambda one: (-one.seconds, one.tag))
    return Lags(tuple(found), newest is not None)
