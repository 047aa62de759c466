"""Checkpoints as Spark writes them, made by hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pi_datasource.stream.frame_offset import FrameOffset
from pi_datasource.stream.key import Key
from pi_datasource.stream.offset import PIOffset

SERVER = "2IVWn08RQ0qOV5Pm8d5k_g"
SECOND = 10_000_000
#: 2026-01-01.
T0 = 17_672_256_000_000_000


def key(number: int) -> Key:
    return Key(SERVER, number)


class Spark:
    """Writes offsets and commits, one batch after the other."""

    def __init__(self, root: Path) -> None:
        self.root, self.number = root, -1
        for folder in ("offsets", "commits"):
            (root / folder).mkdir(parents=True)
        (root / "metadata").write_text('{"id":"0d1c2b3a-0000-4000-8000-000000000000"}')

    def batch(self, seconds: dict[int, int], *, finished: bool = True, more: tuple[str, ...] = ()) -> None:
        """One batch that ends at these seconds after the origin, by point."""
        self.number += 1
        offset = PIOffset(T0, {key(number): T0 + at * SECOND for number, at in seconds.items()})
        self.write(offset.to_dict(), finished=finished, more=more)

    def frames(self, seconds: dict[str, int]) -> None:
        """One batch of event frames that ends at these seconds after the origin, by database."""
        self.number += 1
        self.write(FrameOffset(T0, {web_id: T0 + at * SECOND for web_id, at in seconds.items()}).to_dict())

    def write(self, offset: dict[str, Any], *, finished: bool = True, more: tuple[str, ...] = ()) -> None:
        """The files of the batch."""
        head = json.dumps({"batchWatermarkMs": 0, "batchTimestampMs": 1_767_300_000_000 + 60_000 * self.number})
        text = "\n".join(["v1", head, *more, json.dumps(offset)])
        (self.root / "offsets" / str(self.number)).write_text(text)
        (self.root / "offsets" / f".{self.number}.crc").write_bytes(b"crc")
        if finished:
            (self.root / "commits" / str(self.number)).write_text('v1\n{"nextBatchWatermarkMs":0}')

    def age(self, seconds: float, now: float) -> None:
        """All files were last written so long ago."""
        for path in self.root.rglob("*"):
            os.utime(path, (now - seconds, now - seconds))


@pytest.fixture
def written(tmp_path: Path) -> Spark:
    return Spark(tmp_path / "checkpoint")
