"""How far a stream into Delta is, read from its checkpoint and from the table's log, without Spark."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from oracle import Rows, actual_rows


@dataclass(frozen=True)
class Progress:
    """Numbers of the newest micro-batch; -1 for none.

    Attributes:
        planned: its offset is in the checkpoint.
        written: it is in the table.
        finished: its commit is in the checkpoint.
    """

    planned: int
    written: int
    finished: int


class Folders:
    """The checkpoint and the table of a stream."""

    def __init__(self, folder: Path) -> None:
        self.checkpoint, self.table = folder / "checkpoint", folder / "table"
        self._written: dict[str, int] = {}

    def progress(self) -> Progress:
        """Where the stream stands now. What is read last happens first, so no order is seen that never was."""
        finished = self.finished()
        written = max(self._batches().values(), default=-1)
        return Progress(self.planned(), written, finished)

    def planned(self) -> int:
        """The newest batch whose offset is logged."""
        return _newest(self.checkpoint / "offsets")

    def finished(self) -> int:
        """The newest batch that is committed in the checkpoint."""
        return _newest(self.checkpoint / "commits")

    def versions(self) -> int:
        """How many versions the table has."""
        log = self.table / "_delta_log"
        return sum(file.suffix == ".json" and file.stem.isdigit() for file in log.iterdir()) if log.is_dir() else 0

    def version_file(self, number: int) -> Path:
        """The file that makes a version of the table."""
        return self.table / "_delta_log" / f"{number:020}.json"

    def _batches(self) -> dict[str, int]:
        """Version of the table → micro-batch that wrote it."""
        for number in range(len(self._written), self.versions()):
            file = self.version_file(number)
            actions = [json.loads(line) for line in file.read_text().splitlines()]
            self._written[file.name] = next((one["txn"]["version"] for one in actions if "txn" in one), -1)
        return self._written


def rows_in(table: Path) -> Rows:
    """The rows of a Delta table whose versions only add and remove files: those that its log says are there."""
    files: set[str] = set()
    for version in sorted((table / "_delta_log").glob("*.json")):
        for line in version.read_text().splitlines():
            action = json.loads(line)
            if "add" in action:
                assert not action["add"].get("deletionVector")
                files.add(action["add"]["path"])
            elif "remove" in action:
                files.discard(action["remove"]["path"])
    return actual_rows(batch for file in sorted(files) for batch in _opened(table / file).iter_batches())


def _opened(file: Path) -> pq.ParquetFile:
    # Spark writes times as INT96, which would be read as nanoseconds.
    return pq.ParquetFile(file, coerce_int96_timestamp_unit="us")


def _newest(folder: Path) -> int:
    if not folder.is_dir():
        return -1
    return max((int(file.name) for file in folder.iterdir() if file.name.isdigit()), default=-1)
