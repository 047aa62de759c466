"""What every benchmark is given, and what it gives back: rows of a table, as plain dictionaries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A line of a table: column → number or text.
Line = dict[str, Any]

Benchmark = Callable[["Context"], Iterator[Line]]


@dataclass(frozen=True)
class Context:
    """How much to measure.

    Attributes:
        quick: small sizes and few rounds: shows that everything runs, not how fast.
        rounds: alternating runs of each way, besides those that warm up.
        other: folder of packages with pyspark-pi; None where it could not be had.
        scratch: a folder for files.
    """

    quick: bool
    rounds: int
    other: Path | None
    scratch: Path

    def size(self, full: int, quick: int) -> int:
        """One of the two."""
        return quick if self.quick else full

    @property
    def cores(self) -> int:
        """Processors that Spark uses: `local[2]` throughout, and never more than there are."""
        return min(2, os.cpu_count() or 1)
