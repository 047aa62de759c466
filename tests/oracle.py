"""What a read must bring, computed from the mock's declaration alone, without HTTP and without the reader's code.

Rows are tuples in the order of `COLUMNS`, compared as multisets: lost 0, repeated 0, altered 0. Types are kept apart
(`1` and `1.0`, `True` and `1` are different rows), NaN equals itself.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from mock_pi import Event, PISystem, Point, State

COLUMNS = (
    "tag",
    "timestamp",
    "ticks",
    "seq",
    "value",
    "value_long",
    "value_text",
    "state",
    "is_system_state",
    "good",
    "questionable",
    "substituted",
    "annotated",
    "uom",
)

Rows = Counter[tuple[Any, ...]]


def expected_rows(system: PISystem, points: Iterable[Point], start: int | str, end: int | str) -> Rows:
    """The rows of these points in [start, end)."""
    rows: Rows = Counter()
    for point in points:
        rows.update(_rows_of(point, system.expected_recorded(point, start, end)))
    return rows


def _rows_of(point: Point, events: Sequence[Event]) -> Iterator[tuple[Any, ...]]:
    before, seq = None, 0
    for event in events:
        seq = seq + 1 if event.ticks == before else 0
        before = event.ticks
        yield tuple(
            _comparable(value)
            for value in (
                point.name,
                event.ticks // 10,
                event.ticks,
                seq,
                *_value(point.point_type, event.value),
                event.good,
                event.questionable,
                event.substituted,
                event.annotated,
                point.engineering_units,
            )
        )


def _value(point_type: str, value: Any) -> tuple[Any, Any, Any, Any, bool]:
    """value, value_long, value_text, state, is_system_state."""
    if value is None:
        return None, None, None, None, False
    if isinstance(value, State):
        return None, None, value.name, value.code, value.is_system
    if isinstance(value, bytes):
        return None, None, base64.b64encode(value).decode(), None, False
    if isinstance(value, str):
        return None, None, value, None, False
    if point_type.startswith("Int"):
        return float(value), int(value), None, None, False
    return float(value), None, None, None, False


def actual_rows(batches: Iterable[pa.RecordBatch]) -> Rows:
    """The rows that a reader brought, in the same form."""
    rows: Rows = Counter()
    for batch in batches:
        columns = []
        for name in COLUMNS:
            column = batch.column(batch.schema.get_field_index(name))
            if pa.types.is_timestamp(column.type):
                column = column.cast(pa.int64())
            columns.append([_comparable(value) for value in column.to_pylist()])
        rows.update(zip(*columns, strict=True))
    return rows


def _comparable(value: Any) -> Any:
    """A value that equals only values of its own type; NaN equals NaN."""
    if isinstance(value, bool):
        return f"bool:{value}"
    if isinstance(value, float):
        return f"float:{value!r}"
    return value


def assert_same(actual: Rows, expected: Rows) -> None:
    """Lost 0, repeated 0, altered 0; and something was expected at all."""
    assert expected, "a test that expects no rows proves nothing"
    lost, extra = expected - actual, actual - expected
    assert (lost.total(), extra.total()) == (0, 0), (
        f"expected {expected.total()} rows, got {actual.total()}; lost {lost.total()}, repeated or altered "
        f"{extra.total()}\nfirst lost: {list(lost)[:3]}\nfirst extra: {list(extra)[:3]}"
    )
