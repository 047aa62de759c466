"""The offset of a stream: for each point the tick up to which (exclusive) everything has been handed over.

Spark keeps an offset as JSON text for every micro-batch and copies it into every progress report, so 100,000 watermarks
travel packed: sorted by key, as differences, byte plane by byte plane, deflated, in base64. Equal watermarks give equal
text, for Spark takes any other text as news; no clock value is in it.

A key leads back to its stream without any list: the data server's id and the point's number, which together are the
point's WebID. So a replay never depends on what the tag list says today, and a rename changes nothing.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from pi_datasource.errors import PIOffsetError

__all__ = ["INITIAL", "Key", "PIOffset"]

#: What `initialOffset` returns, always: the origin of batch 0 is not kept by Spark, so it travels in every end offset.
INITIAL: dict[str, Any] = {"v": 1, "init": True}
#: Version of the format.
VERSION = 1


class Key(NamedTuple):
    """A PI point for ever: ids survive a rename, and a re-created point is another one.

    Attributes:
        server: the data server's id as it stands in a WebID (22 characters).
        point_id: PI's number of the point there.
    """

    server: str
    point_id: int


@dataclass(frozen=True)
class PIOffset:
    """How far each point has been handed over, and what a batch that ends here has to know.

    Attributes:
        t0: origin of the stream, in ticks; a point without a watermark stands here.
        watermarks: key → first tick not handed over yet; always later than `t0`.
        lookback: ticks before a point's watermark that batches read again; 0 for none.
        round: goes up when quiet points are read again, too.
        off: keys left out of this round: removed from the list, or failed.
    """

    t0: int
    watermarks: Mapping[Key, int] = field(default_factory=dict)
    lookback: int = 0
    round: int = 0
    off: frozenset[Key] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Plain values in one order, for Spark to keep as text."""
        servers = sorted({key.server for key in (*self.watermarks, *self.off)})
        keys = sorted(self.watermarks)
        told: dict[str, Any] = {
            "v": VERSION,
            "t0": self.t0,
            "n": len(keys),
            "servers": servers,
            "keys": _packed_keys(keys, servers),
            "w": _pack(self.watermarks[key] - self.t0 for key in keys),
        }
        if self.lookback:
            off = sorted(self.off)
            told |= {"lookback": self.lookback, "round": self.round, "off": _packed_keys(off, servers)}
        return told

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> PIOffset | None:
        """The offset in what Spark hands back; None for the initial one.

        Raises:
            PIOffsetError: made by a later version, or damaged.
        """
        if not isinstance(told, Mapping):
            raise PIOffsetError(f"the checkpoint holds an offset that cannot be read: {told!r:.200}")
        if told.get("v") != VERSION:
            raise PIOffsetError(
                f"the checkpoint holds an offset of version {told.get('v')!r}, and this package reads version "
                f"{VERSION}; use the package that wrote it, or a later one"
            )
        if told.get("init"):
            return None
        try:
            if not isinstance(told["t0"], int):
                raise ValueError(f"its origin is {told['t0']!r:.200}")
            servers = tuple(told["servers"])
            keys = _unpacked_keys(told["keys"], servers)
            ticks = _unpack(told["w"])
            if not len(keys) == len(ticks) == told["n"]:
                raise ValueError(f"{len(keys)} keys, {len(ticks)} watermarks, and it says {told['n']}")
            watermarks = {key: told["t0"] + tick for key, tick in zip(keys, ticks, strict=True)}
            off = frozenset(_unpacked_keys(told.get("off", ""), servers))
            return cls(told["t0"], watermarks, told.get("lookback", 0), told.get("round", 0), off)
        except (KeyError, IndexError, TypeError, ValueError, binascii.Error, zlib.error) as error:
            raise PIOffsetError(f"the checkpoint holds an offset that cannot be read: {error}") from error


def _packed_keys(keys: Iterable[Key], servers: list[str]) -> str:
    number = {server: at for at, server in enumerate(servers)}
    # A point's number has 32 bits.
    return _pack((number[key.server] << 32) | key.point_id for key in keys)


@lru_cache(maxsize=4)
def _unpacked_keys(text: str, servers: tuple[str, ...]) -> tuple[Key, ...]:
    """Kept for the next time: points hardly change from one offset to the next, and making them is the larger part."""
    return tuple(Key(servers[packed >> 32], packed & 0xFFFFFFFF) for packed in _unpack(text))


def _pack(numbers: Iterable[int]) -> str:
    """64-bit integers as differences, byte plane by byte plane (equal bytes come together), deflated, in base64."""
    values = np.fromiter(numbers, "<i8")
    planes = np.diff(values, prepend=0).astype("<i8").view(np.uint8).reshape(-1, 8).T
    return (
        base64.b64encode(zlib.compress(np.ascontiguousarray(planes).tobytes(), 6)).decode("ascii")
        if len(values)
        else ""
    )


def _unpack(text: str) -> list[int]:
    if not text:
        return []
    planes = np.frombuffer(zlib.decompress(base64.b64decode(text, validate=True)), np.uint8).reshape(8, -1)
    differences = np.ascontiguousarray(planes.T).view("<i8").ravel()
    numbers: list[int] = np.cumsum(differences).tolist()
    return numbers
