from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from pi_datasource.read.first_rows import FIRST_ROWS, MOMENT, first_rows_first


class Time:
    """Passes when somebody sleeps, or fetches."""

    def __init__(self) -> None:
        self.now, self.slept = 100.0, 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


def batch(first: int, rows: int) -> pa.RecordBatch:
    return pa.record_batch({"n": pa.array(range(first, first + rows), pa.int64())})


def of_sizes(sizes: list[int], time: Time, seconds: float = 0.0) -> Iterator[pa.RecordBatch]:
    first = 0
    for size in sizes:
        time.now += seconds
        yield batch(first, size)
        first += size


#: 8 bytes a row: so many fill the buffer.
FULL = 8_192


@pytest.mark.parametrize(
    ("sizes", "handed", "waits"),
    [
        ([], [], False),
        ([5], [5], False),
        ([FIRST_ROWS], [FIRST_ROWS], False),
        ([FIRST_ROWS + 1], [FIRST_ROWS, 1], False),
        ([50, 50, 50], [50, 50, 50], False),
        ([1000, 1000, 1000], [100, 900, 1000, 1000], False),
        ([50_000], [100, 49_900], False),
        ([50_000, 7], [100, 49_900, 7], True),
        ([5, FULL, 9], [5, FULL, 9], False),
        ([5, FULL, 1, 9], [5, FULL, 1, 9], True),
        ([0, FULL + 1, 9, 9], [0, FULL + 1, 9, 9], True),
    ],
)
def test_the_same_rows_and_one_moment_behind_the_first(sizes: list[int], handed: list[int], waits: bool) -> None:
    time = Time()
    got = list(first_rows_first(of_sizes(sizes, time), clock=time, sleep=time.sleep))
    assert [one.num_rows for one in got] == handed
    assert [n for one in got for n in one.column("n").to_pylist()] == list(range(sum(sizes)))
    assert time.slept == pytest.approx(MOMENT if waits else 0.0)


def test_a_task_that_takes_its_time_anyway_waits_for_nothing() -> None:
    time = Time()
    assert len(list(first_rows_first(of_sizes([50_000] * 3, time, 2 * MOMENT), clock=time, sleep=time.sleep))) == 4
    assert time.slept == 0.0
    assert len(list(first_rows_first(of_sizes([50_000] * 3, time, MOMENT / 4), clock=time, sleep=time.sleep))) == 4
    assert time.slept == pytest.approx(MOMENT * 3 / 4)


def test_a_task_that_has_asked_for_all_waits_for_nothing() -> None:
    time = Time()
    assert [one.num_rows for one in first_rows_first(of_sizes([FULL] * 3, time), 0.0, time, time.sleep)] == [
        FIRST_ROWS, FULL - FIRST_ROWS, FULL, FULL,
    ]  # fmt: skip
    assert time.slept == 0.0


def test_who_wants_no_more_closes_what_is_behind() -> None:
    closed = []

    def endless() -> Iterator[pa.RecordBatch]:
        try:
            while True:
                yield batch(0, 1000)
        finally:
            closed.append(True)

    time = Time()
    rows = first_rows_first(endless(), clock=time, sleep=time.sleep)
    next(rows)
    rows.close()  # type: ignore[attr-defined]
    del rows
    assert closed == [True]
