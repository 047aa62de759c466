"""The offset of a stream: for each tag the tick up to which (exclusive) everything has been handed over.

Spark keeps an offset as JSON text for every micro-batch and copies it into every progress report, so 100,000 watermarks
travel packed: sorted by key, as differences, byte plane by byte plane, deflated, in base64. Equal watermarks give equal
text, for Spark takes any other text as news; no clock value is in it.

A key leads back to its stream without any list (see `key.py`), so a replay never depends on what the tag list says
today, and a rename changes nothing. The keys of points are numbers. Those of attributes are GUIDs, which cannot be made
smaller than they are: they come behind the points, as text, and 10,000 of them take about 250 kB.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from pi_datasource.errors import PIOffsetError
from pi_datasource.stream.key import Key

__all__ = ["INITIAL", "PIOffset"]

#: What `initialOffset` returns, always: the origin of batch 0 is not kept by Spark, so it travels in every end offset.
INITIAL: dict[str, Any] = {"v": 1, "init": True}
#: Version of the format.
VERSION = 1


@dataclass(frozen=True)
class PIOffset:
    """How far each tag has been handed over, and what a batch that ends here has to know.

    Attributes:
        t0: origin of the stream, in ticks; a tag without a watermark stands here.
        watermarks: key → first tick not handed over yet; always later than `t0`.
        lookback: ticks before a tag's watermark that batches read again; 0 for none.
        round: goes up when quiet tags are read again, too.
        off: keys left out of this round: removed from the list, or failed.
    """

    t0: int
    watermarks: Mapping[Key, int] = field(default_factory=dict)
    lookback: int = 0
    round: int = 0
    off: frozenset[Key] = frozenset()

    def to_dict(self) -> dict[str, Any]:
        """Plain values in one order, for Spark to keep as text."""
        keys, servers, packed, packed_off = _in_order(tuple(self.watermarks), self.off)
        told: dict[str, Any] = {
            "v": VERSION,
            "t0": self.t0,
            "n": len(keys),
            "servers": list(servers),
            **packed,
            "w": _pack([self.watermarks[key] - self.t0 for key in keys]),
        }
        if self.lookback:
            told |= {"lookback": self.lookback, "round": self.round, **packed_off}
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
            keys = told["keys"], told.get("attributes", ""), servers
            watermarks = _watermarks(*keys, told["w"], told["t0"], told["n"])
            off = frozenset(_unpacked_keys(told.get("off", ""), told.get("offAttributes", ""), servers))
            return cls(told["t0"], watermarks, told.get("lookback", 0), told.get("round", 0), off)
        except (KeyError, IndexError, TypeError, ValueError, binascii.Error, zlib.error) as error:
            raise PIOffsetError(f"the checkpoint holds an offset that cannot be read: {error}") from error


def _points_first(key: Key) -> tuple[bool, Key]:
    return bool(key.attribute), key


@lru_cache(maxsize=2)
def _in_order(
    keys: tuple[Key, ...], off: frozenset[Key]
) -> tuple[list[Key], list[str], dict[str, str], dict[str, str]]:
    """The keys sorted, their servers, and what an offset says of them and of those left out.

    Kept for the next time, as in `_unpacked_keys`.
    """
    servers = sorted({key.server for key in (*keys, *off)})
    ordered = sorted(keys, key=_points_first)
    packed_off = _packed_keys(sorted(off, key=_points_first), servers, "off", "offAttributes")
    return ordered, servers, _packed_keys(ordered, servers, "keys", "attributes"), packed_off


def _packed_keys(keys: Sequence[Key], servers: list[str], points: str, attributes: str) -> dict[str, str]:
    """Keys as two fields of an offset with these names, the second one only where there are attributes."""
    number = {server: at for at, server in enumerate(servers)}
    # A point's number has 32 bits.
    numbers = [(number[key.server] << 32) | key.point_id for key in keys if not key.attribute]
    packed = {points: _pack(numbers)}
    lines = [f"{number[key.server]} {key.attribute}" for key in keys if key.attribute]
    if lines:
        packed[attributes] = base64.b64encode(zlib.compress("\n".join(lines).encode("ascii"), 6)).decode("ascii")
    return packed


@lru_cache(maxsize=4)
def _unpacked_keys(points: str, attributes: str, servers: tuple[str, ...]) -> tuple[Key, ...]:
    """Kept for the next time: keys hardly change from one offset to the next, and making them is the larger part."""
    found = [Key(servers[packed >> 32], packed & 0xFFFFFFFF) for packed in _unpack(points)]
    if attributes:
        for line in zlib.decompress(base64.b64decode(attributes, validate=True)).decode("ascii").split("\n"):
            number, ids = line.split(" ")
            found.append(Key(servers[int(number)], 0, ids))
    return tuple(found)


@lru_cache(maxsize=2)
def _watermarks(
    points: str, attributes: str, servers: tuple[str, ...], ticks: str, t0: int, count: int
) -> Mapping[Key, int]:
    """Key → watermark; nobody changes it. Kept: the end of a micro-batch comes back as the start of the next."""
    keys = _unpacked_keys(points, attributes, servers)
    marks = _unpack(ticks)
    if not len(keys) == len(marks) == count:
        raise ValueError(f"{len(keys)} keys, {len(marks)} watermarks, and it says {count}")
    return {key: t0 + mark for key, mark in zip(keys, marks, strict=True)}


def _pack(numbers: Sequence[int]) -> str:
    """64-bit integers as differences, byte plane by byte plane (equal bytes come together), deflated, in base64."""
    values = np.array(numbers, "<i8")
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
