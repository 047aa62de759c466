"""The offset of a stream of event frames: for each asset database how far it has been handed over.

Databases are few, so they stand in it plainly: id-only WebID → tick. A database's id leads back to it, whatever it is
called today and whatever the options choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pi_datasource.errors import PIOffsetError
from pi_datasource.stream.offset import INITIAL

__all__ = ["FrameOffset"]

#: Version of the format, and what tells it from offsets of other tables.
VERSION, KIND = 1, "event_frames"


@dataclass(frozen=True)
class FrameOffset:
    """Up to where event frames have been handed over.

    Attributes:
        t0: origin of the stream, in ticks; a database without a watermark stands here.
        watermarks: WebID of a database → first tick not handed over yet; always later than `t0`.
        lookback: ticks before a watermark that batches read again; 0 for none.
        round: goes up when quiet databases are read again, too.
        off: databases left out of this round.
    """

    t0: int
    watermarks: Mapping[str, int] = field(default_factory=dict)
    lookback: int = 0
    round: int = 0
    off: frozenset[str] = frozenset()

    def stands(self, web_id: str) -> int:
        """The first tick of a database that is not handed over yet."""
        return self.watermarks.get(web_id, self.t0)

    def advanced(self, ends: Mapping[str, int], *, lookback: int, new_round: bool, off: Iterable[str]) -> FrameOffset:
        """The next offset; no watermark falls.

        Args:
            ends: database → where this batch takes it.
            lookback: ticks that batches read again.
            new_round: quiet databases are read again, too.
            off: databases that this round leaves out; taken only with a new round.
        """
        moved = {web_id: tick for web_id, tick in ends.items() if tick > self.stands(web_id)}
        after = replace(self, watermarks={**self.watermarks, **moved}, lookback=lookback)
        return replace(after, round=self.round + 1, off=frozenset(off)) if new_round else after

    def to_dict(self) -> dict[str, Any]:
        """Plain values in one order, for Spark to keep as text."""
        told: dict[str, Any] = {
            "v": VERSION, "kind": KIND, "t0": self.t0, "w": dict(sorted(self.watermarks.items())),
        }  # fmt: skip
        if self.lookback:
            told |= {"lookback": self.lookback, "round": self.round, "off": sorted(self.off)}
        return told

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> FrameOffset | None:
        """The offset in what Spark hands back; None for the initial one.

        Raises:
            PIOffsetError: made by a later version, by a stream of another table, or damaged.
        """
        if told == INITIAL:
            return None
        if not isinstance(told, Mapping) or told.get("v") != VERSION or told.get("kind") != KIND:
            raise PIOffsetError(
                f"the checkpoint holds no offset of table event_frames that this version can read: {told!r:.200}; each "
                "stream needs a checkpoint of its own"
            )
        try:
            ticks = (told["t0"], *told["w"].values(), told.get("lookback", 0), told.get("round", 0))
            if not all(isinstance(tick, int) for tick in ticks):
                raise ValueError("a watermark is no number")
            off = frozenset(told.get("off", ()))
            return cls(told["t0"], dict(told["w"]), told.get("lookback", 0), told.get("round", 0), off)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise PIOffsetError(f"the checkpoint holds an offset that cannot be read: {error!r}") from error
