"""Checkpoint: what Spark keeps of a streaming query, read from its files.

Layout (Spark 3 and 4): `metadata` holds the query's id; `offsets/N` what batch N was to read, as lines: a version, a
JSON object of Spark's own, and one JSON line for each source; `commits/N` is there when the batch is finished.
Spark keeps the newest hundred or so batches.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from pi_datasource.checkpoint.files import Files, files_at
from pi_datasource.errors import PICheckpointError, PIOffsetError
from pi_datasource.stream.frame_offset import KIND, FrameOffset
from pi_datasource.stream.key import Key
from pi_datasource.stream.offset import PIOffset

__all__ = ["Batch", "Checkpoint", "DatabaseKey"]

#: Lines of a file in front of those of sources.
HEAD = 2


class DatabaseKey(NamedTuple):
    """An AF database: a stream of event frames has a watermark for each."""

    web_id: str


@dataclass(frozen=True)
class Batch:
    """One micro-batch.

    Attributes:
        number: Spark's, from 0.
        planned: when Spark planned it, in milliseconds since 1970.
        offset: where it ends.
        is_finished: Spark has noted that it is done.
    """

    number: int
    planned: int
    offset: PIOffset | FrameOffset
    is_finished: bool

    @property
    def of_frames(self) -> bool:
        """Whether event frames are streamed, with a watermark for each database, and not tags."""
        return isinstance(self.offset, FrameOffset)

    @property
    def watermarks(self) -> Mapping[Key | DatabaseKey, int]:
        """Tag or database → up to which tick (exclusive) it has been handed over."""
        if isinstance(self.offset, FrameOffset):
            return {DatabaseKey(web_id): tick for web_id, tick in self.offset.watermarks.items()}
        return dict(self.offset.watermarks.items())


class Checkpoint:
    """The checkpoint of a stream of PI.

    Args:
        path: its folder, as given to `checkpointLocation`.
        files: reads it; by default from this machine, or through fsspec.

    Raises:
        PICheckpointError: there is no checkpoint.
    """

    def __init__(self, path: str, files: Files | None = None) -> None:
        self.path = path
        self.files = files_at(path) if files is None else files
        self.numbers = self._numbered("offsets")
        if not self.numbers:
            raise PICheckpointError(
                f"{path}: no checkpoint of a streaming query is here (a folder with offsets, commits and metadata); "
                "accepted is the folder given as checkpointLocation, after the first batch"
            )

    @cached_property
    def query_id(self) -> str:
        """Spark's id of the query, which a Delta table notes with every batch; empty when there is none."""
        try:
            return str(json.loads(self.files.read("metadata"))["id"])
        except (OSError, ValueError, KeyError):
            return ""

    @property
    def unfinished(self) -> list[int]:
        """Numbers of batches that Spark has planned and not noted as done; it does them first when it starts."""
        finished = self._numbered("commits")
        return [number for number in self.numbers if number not in finished]

    @property
    def last_written(self) -> float:
        """When something was last written in it, in seconds since 1970."""
        names = [f"{folder}/{number}" for folder in ("offsets", "commits") for number in self._numbered(folder)[-2:]]
        return max(self.files.modified(name) for name in names)

    def batch(self, number: int) -> Batch:
        """One batch.

        Raises:
            PICheckpointError: it is not there, or not of a stream of PI.
        """
        lines = self.lines(number)
        line = lines[self.source_line(lines)]
        try:
            planned = int(json.loads(lines[1]).get("batchTimestampMs", 0))
            told = json.loads(line)
            offset = (FrameOffset if told.get("kind") == KIND else PIOffset).from_dict(told)
        except (ValueError, PIOffsetError) as error:
            raise PICheckpointError(f"{self.path}: batch {number} cannot be read: {error}") from error
        if offset is None:
            raise PICheckpointError(f"{self.path}: batch {number} has no end")
        return Batch(number, planned, offset, number in self._numbered("commits"))

    def batches(self, most: int = 100) -> list[Batch]:
        """The newest batches, oldest first."""
        return [self.batch(number) for number in self.numbers[-most:]]

    @property
    def newest(self) -> Batch:
        """The newest batch, finished or not."""
        return self.batch(self.numbers[-1])

    def lines(self, number: int) -> list[str]:
        """The lines of a batch's file.

        Raises:
            PICheckpointError: it is not there, or of a form that is not known here.
        """
        try:
            lines = self.files.read(f"offsets/{number}").splitlines()
        except OSError as error:
            raise PICheckpointError(f"{self.path}: batch {number} cannot be read: {error}") from error
        if not lines or lines[0] != "v1" or len(lines) <= HEAD:
            raise PICheckpointError(
                f"{self.path}: offsets/{number} begins with {lines[0] if lines else ''!r}; read are files of version "
                "v1, as Spark 3 and 4 write them"
            )
        return lines

    def source_line(self, lines: list[str]) -> int:
        """Which line is that of PI.

        Raises:
            PICheckpointError: none, or several of them.
        """
        ours = [number for number, line in enumerate(lines) if number >= HEAD and _is_ours(line)]
        if len(ours) != 1:
            found = "no stream" if not ours else f"{len(ours)} streams"
            raise PICheckpointError(
                f"{self.path}: the query reads {found} of PI tags or event frames; accepted is the checkpoint "
                "of a query with one"
            )
        return ours[0]

    def _numbered(self, folder: str) -> list[int]:
        return sorted(int(name) for name in self.files.names(folder) if name.isdigit())


def _is_ours(line: str) -> bool:
    try:
        told: Any = json.loads(line)
    except ValueError:
        return False
    return isinstance(told, dict) and ({"v", "t0", "w", "keys"} <= told.keys() or told.get("kind") == KIND)
