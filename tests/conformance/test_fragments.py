"""The fast way of writing rows gives the same bytes as the slow one."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_pi import Dense, MockPI, PISystem, Point, ticks_of
from mock_pi.fields import ROW_FIELDS, parse, row_fields, select
from mock_pi.fragments import first_spans, last_spans, rows
from mock_pi.system.gallery import gallery
from mock_pi.wire import timed_value

from .client import Client

_SYSTEM = gallery("2026-03-01T00:00:00Z")
_DAY = ticks_of("2026-01-01T00:00:00Z")
_TAGS = [point.name for point in _SYSTEM.points if point.name.startswith(("shape", "type", "special"))]
_SELECTIONS = [None, "Timestamp;Value;Good", "Value", "Timestamp", "Questionable;Good", "Timestamp;Annotated"]


def _slow(tag: str, first: int, last: int, count: int, backwards: bool, selected: str | None) -> bytes:
    found = _SYSTEM.events(tag, first, last)
    if backwards:
        found.reverse()
    selection = parse(selected) if selected else None
    return b",".join(msgspec.json.encode(select(timed_value(event), selection)) for event in found[:count])


def _fast(tag: str, first: int, last: int, count: int, backwards: bool, selected: str | None) -> bytes:
    fields = row_fields(parse(selected) if selected else None, annotated=True)
    assert fields is not None
    history = _SYSTEM.history(tag)
    spans = history.spans(first, min(last, _SYSTEM.last_ticks(history.point)))
    cut = last_spans(list(spans), count) if backwards else first_spans(spans, count)
    return b"".join(rows(fields).write(history, cut, backwards))


@settings(max_examples=300, deadline=None)
@given(
    tag=st.sampled_from(_TAGS),
    begin=st.integers(-3 * 36_000_000_000, 30 * 36_000_000_000),
    length=st.integers(0, 36_000_000_000 // 2),
    count=st.sampled_from([1, 2, 7, 100, 10_000]),
    backwards=st.booleans(),
    selected=st.sampled_from(_SELECTIONS),
)
def test_same_bytes(tag: str, begin: int, length: int, count: int, backwards: bool, selected: str | None) -> None:
    """Any range, direction, limit and choice of fields."""
    arguments = (tag, _DAY + begin, _DAY + begin + length, count, backwards, selected)
    assert _fast(*arguments) == _slow(*arguments)


@pytest.mark.parametrize("step", [0.001, 0.25, 1.0, 10.0, 7.0, 3600.0, 86_400.0, 100_000.0])
@pytest.mark.parametrize("first", ["1970-01-01T00:00:00Z", "2025-12-31T23:59:59.1234567Z"])
def test_steps_and_phases_over_midnight(step: float, first: str) -> None:
    """The day and the time of day of a fast row are put together rightly on both sides of midnight."""
    system = PISystem([Point("P", "Int32", Dense(step, first=first))], now="2027-01-01T00:00:00Z")
    history = system.history("P")
    reach = round(step * 10_000_000) * 50
    spans = list(history.spans(_DAY - reach, _DAY + reach))
    expected = [msgspec.json.encode(timed_value(event)) for event in history.events(_DAY - reach, _DAY + reach)]
    assert b"".join(rows(ROW_FIELDS).write(history, spans)) == b",".join(expected)
    assert expected


def test_three_days_over_http(client: Client, pi: MockPI) -> None:
    """A body of several days, whole."""
    path = f"/streams/{client.web_id('shape.dense')}/recorded"
    query = {"startTime": "2025-12-30T12:00:00Z", "endTime": "2026-01-02T12:00:00Z", "maxCount": 99_999}
    body = client.get(path, query)
    found = pi.system.events("shape.dense", _DAY - 36 * 36_000_000_000, _DAY + 36 * 36_000_000_000)
    items = [timed_value(event) for event in found]
    assert body.content == msgspec.json.encode({"Links": {}, "Items": items, "UnitsAbbreviation": ""})
