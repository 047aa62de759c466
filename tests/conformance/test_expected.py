"""What the wire gives is what `expected_recorded` says, for every shape, type and name."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from mock_pi import Event, MockPI, PISystem, text_of, ticks_of
from mock_pi.system.gallery import gallery

from .client import Client, events

_PATHS = [f"\\\\{point.server}\\{point.name}" for point in gallery(None).points]
_RANGES = [
    ("2025-12-31T23:00:00Z", "2026-01-01T01:00:00Z"),
    ("2026-01-01T00:00:00.9999993Z", "2026-01-01T00:20:00.0000001Z"),
    ("2026-01-01T11:00:00Z", "2026-01-01T13:00:00Z"),
]


def _comparable(event: Event) -> tuple[object, ...]:
    value = event.value
    if isinstance(value, float):
        # NaN is not equal to itself, and 0.0 is equal to -0.0.
        value = "nan" if math.isnan(value) else f"{value!r}"
    return (event.ticks, value, type(value), *event[2:])


@pytest.mark.parametrize("path", _PATHS)
def test_wire_equals_expected(client: Client, pi: MockPI, path: str) -> None:
    """Every field of every event, in archive order; the wire's end is inclusive, the expected one is not."""
    point = pi.system.point(path)
    # The Full WebID of the longest name would not fit into a segment of a path.
    web_id = client.object("/points", {"path": path, "webIdType": "IDOnly"})["WebId"]
    for start, end in _RANGES:
        query = {"startTime": start, "endTime": text_of(ticks_of(end) - 1), "maxCount": 150_000}
        wire = events(client.get(f"/streams/{web_id}/recorded", query).text, point)
        expected = pi.system.expected_recorded(path, start, end)
        assert list(map(_comparable, wire)) == list(map(_comparable, expected))
        assert [type(one.value) for one in wire] == [type(one.value) for one in expected]


def test_shapes_have_events() -> None:
    """The comparison above compares something."""
    system = PISystem.shapes()
    empty = {path for path in _PATHS if not any(system.expected_recorded(path, *one) for one in _RANGES)}
    assert empty == {"\\\\MOCKPI\\shape.empty", "\\\\MOCKPI\\shape.quiet"}
    assert len(system.expected_recorded("shape.quiet", "2025-01-01", "2026-01-01")) == 13


def test_shapes_give_what_they_say() -> None:
    """Times that tell the shapes apart."""
    system = PISystem.shapes()

    def texts(tag: str, start: str, end: str) -> list[str]:
        return [text_of(event.ticks) for event in system.expected_recorded(tag, start, end)]

    assert texts("shape.edges", "2026-01-01T23:59:59Z", "2026-01-02T00:00:01Z") == [
        "2026-01-01T23:59:59.9999999Z", "2026-01-02T00:00:00Z", "2026-01-02T00:00:00.0000001Z",
    ]  # fmt: skip
    assert set(texts("shape.instant", "2026-01-01", "2026-01-02")) == {"2026-01-01T12:00:00Z"}
    assert len(texts("shape.instant", "2026-01-01", "2026-01-02")) == 1500
    assert texts("shape.ticks", "2026-01-01", "2026-01-02")[9:12] == [
        "2026-01-01T00:00:00.9999999Z", "2026-01-01T00:00:01Z", "2026-01-01T00:00:01.0000001Z",
    ]  # fmt: skip
    assert len(texts("shape.bursts", "2026-01-01T00:10:00Z", "2026-01-01T00:10:01Z")) == 50
    assert texts("shape.bursts", "2026-01-01T00:10:01Z", "2026-01-01T01:10:00Z") == []
    assert len(texts("shape.dense", "2026-01-01", "2026-01-02")) == 8640


def test_values_differ_by_tag_and_neighbour() -> None:
    """A swap of tags or of rows would be seen."""
    system = PISystem.demo(100, now="2026-02-01T00:00:00Z")
    seen: dict[tuple[object, ...], str] = {}
    for point in system.points:
        values = [event.value for event in system.expected_recorded(point, "2026-01-01", "2026-01-01T02:00:00Z")]
        assert seen.setdefault(tuple(values), point.name) == point.name
        if point.is_numeric or point.point_type == "String":
            assert all(left != right for left, right in pairwise(values)), point.name


def test_demo_mix() -> None:
    """About 60 % floating, 15 % whole, 15 % digital, 10 % text; the clear majority of events good."""
    points = PISystem.demo(1000).points
    kinds = [point.point_type for point in points]
    assert len(points) == 1000
    assert 580 <= sum(kind.startswith("Float") for kind in kinds) <= 620
    assert 140 <= sum(kind.startswith("Int") for kind in kinds) <= 160
    assert 140 <= kinds.count("Digital") <= 160
    assert 90 <= kinds.count("String") <= 110
    assert [point.name for point in points[:2]] == ["SINUSOID", "SINUSOIDU"]


def test_demo_is_the_same_on_every_run() -> None:
    """A value that must never change."""
    event = PISystem.demo(10).expected_recorded("SINUSOID", "2026-01-01", "2026-01-01T00:00:01Z")[0]
    assert event.value == 52.032253


def test_system_states_in_the_dense_shape() -> None:
    """About one event in 500 is bad, with a system state."""
    events_of_day = PISystem.demo(10).expected_recorded("SINUSOID", "2026-01-01", "2026-01-02")
    bad = [event for event in events_of_day if not event.good]
    assert 16 <= len(bad) <= 18
    assert all(event.value == ("I/O Timeout", 246, True) for event in bad)
    assert any(event.questionable for event in events_of_day)
