"""What was counted, for the table at the end of a test run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oracle import Rows, assert_same


@dataclass(frozen=True)
class Counted:
    """One stream, after everything that was done to it.

    Attributes:
        what: what was done.
        times: how often.
        batches: micro-batches.
        rows: rows in the table.
        lost, repeated, altered: rows that are not as in the archive.
        seconds: how long it took.
    """

    what: str
    times: int
    batches: int
    rows: int
    lost: int
    repeated: int
    altered: int
    seconds: float


COUNTED: list[Counted] = []


def count(what: str, actual: Rows, expected: Rows, *, times: int, batches: int, seconds: float) -> None:
    """Notes the counts; then all of them have to be right.

    Raises:
        AssertionError: rows were lost, repeated or altered, or there are too few for the test to mean anything.
    """
    extra = actual - expected
    repeated = sum(number for row, number in extra.items() if row in expected)
    lost = (expected - actual).total()
    COUNTED.append(
        Counted(what, times, batches, actual.total(), lost, repeated, extra.total() - repeated, round(seconds, 1))
    )
    assert expected.total() > 3000
    assert_same(actual, expected)


def table() -> Iterator[str]:
    """The lines of the table."""
    width = max(len(one.what) for one in COUNTED)
    yield f"{'':{width}}  times  batches    rows  lost  repeated  altered  seconds"
    for one in COUNTED:
        yield (
            f"{one.what:{width}}  {one.times:5}  {one.batches:7}  {one.rows:6}  {one.lost:4}  {one.repeated:8}  "
            f"{one.altered:7}  {one.seconds:7}"
        )
