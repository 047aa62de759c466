"""Single values: value, end, recordedattime, interpolated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Event, Listed, MockPI, PISystem, Point, State, ticks_of

from .client import Client, restored

_NOW = "2026-01-01T04:00:00Z"
_NO_DATA = {"Name": "No Data", "Value": 248, "IsSystem": True}


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """Points with the same four events at 0, 1, 2 and 3 o'clock, the third of them bad; the clock is at 4."""
    events = [Event(ticks_of(f"2026-01-01T0{hour}:00:00Z"), value) for hour, value in enumerate((10, 20, 30, 40))]
    events[2] = events[2]._replace(value=State("I/O Timeout", 246, True))
    shape = Listed(events)
    points = [
        Point("LINE", "Float64", shape), Point("STEP", "Float64", shape, step=True), Point("INT", "Int32", shape),
        Point("FUTURE", "Float64", Listed([Event(one.ticks + 36_000_000_000, 1.0) for one in events]), future=True),
        Point("EMPTY", "Float64", Listed()),
    ]  # fmt: skip
    with MockPI(PISystem(points), now=_NOW) as pi:
        yield Client(pi)


@pytest.fixture
def ramp(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, _NOW):
        yield server


def _value(client: Client, tag: str, action: str = "value", **params: str) -> Any:
    return client.object(f"/streams/{client.web_id(tag)}/{action}", params)["Value"]


def test_value_is_the_snapshot(ramp: Client) -> None:
    """Without time the newest event, with its own timestamp [sw18]."""
    row = ramp.object(f"/streams/{ramp.web_id('LINE')}/value")
    assert (row["Timestamp"], row["Value"]) == ("2026-01-01T03:00:00Z", 40.0)


@pytest.mark.parametrize(
    ("tag", "time", "expected"),
    [
        ("LINE", "2026-01-01T00:30:00Z", 15.0),
        ("STEP", "2026-01-01T00:30:00Z", 10.0),
        ("INT", "2026-01-01T00:33:00Z", 16),
        ("LINE", "2026-01-01T01:00:00Z", 20.0),
        ("LINE", "2026-01-01T01:30:00Z", 20.0),
        ("LINE", "2026-01-01T02:30:00Z", {"Name": "I/O Timeout", "Value": 246, "IsSystem": True}),
        ("LINE", "2026-01-01T03:30:00Z", 40.0),
        ("LINE", "2025-12-31T00:00:00Z", _NO_DATA),
        ("LINE", "2026-01-02T00:00:00Z", _NO_DATA),
    ],
)
def test_value_at_a_time(ramp: Client, tag: str, time: str, expected: object) -> None:
    """Linear for Step=false numbers, the earlier value otherwise and next to a bad one; outside No Data [sw18, af]."""
    assert _value(ramp, tag, time=time) == expected


def test_future_points_value_and_end(ramp: Client) -> None:
    """`value` is the one at now, `end` the furthest [ref, inferred]."""
    assert ramp.object(f"/streams/{ramp.web_id('FUTURE')}/value")["Timestamp"] == "2026-01-01T04:00:00Z"
    assert ramp.object(f"/streams/{ramp.web_id('FUTURE')}/end")["Timestamp"] == "2026-01-01T04:00:00Z"
    ramp.pi.set_now("2026-01-01T02:30:00Z")
    assert ramp.object(f"/streams/{ramp.web_id('FUTURE')}/value")["Timestamp"] == "2026-01-01T02:30:00Z"
    assert ramp.object(f"/streams/{ramp.web_id('FUTURE')}/end")["Timestamp"] == "2026-01-01T04:00:00Z"
    assert ramp.object(f"/streams/{ramp.web_id('LINE')}/end")["Timestamp"] == "2026-01-01T02:00:00Z"


def test_end_of_an_empty_stream(ramp: Client) -> None:
    """No event at all: the state No Data, not an error [af]."""
    assert _value(ramp, "EMPTY", "end") == _NO_DATA


@pytest.mark.parametrize(
    ("mode", "time", "expected"),
    [
        ("Auto", "00:30", 10.0), ("AtOrBefore", "01:00", 20.0), ("Before", "01:00", 10.0), ("AtOrAfter", "00:30", 20.0),
        ("AtOrAfter", "01:00", 20.0), ("After", "00:00", 20.0), ("Exact", "03:00", 40.0), ("exact", "00:00", 10.0),
    ],
)  # fmt: skip
def test_recorded_at_time(ramp: Client, mode: str, time: str, expected: float) -> None:
    """Retrieval modes [ref]."""
    found = _value(ramp, "LINE", "recordedattime", time=f"2026-01-01T{time}:00Z", retrievalMode=mode)
    assert found == expected


def test_exact_without_event(ramp: Client) -> None:
    """No neighbour instead [ref]; the status is a switch, 404 by default [open]."""
    path = f"/streams/{ramp.web_id('LINE')}/recordedattime"
    query = {"time": "2026-01-01T00:30:00Z", "retrievalMode": "Exact"}
    assert ramp.get(path, query).status_code == 404
    ramp.pi.set(exact_missing=409)
    assert ramp.get(path, query).status_code == 409


def test_recorded_at_time_needs_a_time(ramp: Client) -> None:
    """`time` has no default [sw18]."""
    assert ramp.get(f"/streams/{ramp.web_id('LINE')}/recordedattime").status_code == 400


def test_interpolated_gives_both_ends(ramp: Client) -> None:
    """N intervals give N + 1 values [client]."""
    query = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T01:00:00Z", "interval": "15m"}
    rows = ramp.items(f"/streams/{ramp.web_id('LINE')}/interpolated", query)
    assert [row["Value"] for row in rows] == [10.0, 12.5, 15.0, 17.5, 20.0]
    query["startTime"], query["endTime"] = query["endTime"], query["startTime"]
    assert ramp.items(f"/streams/{ramp.web_id('LINE')}/interpolated", query) == rows[::-1]


def test_interpolated_is_limited(ramp: Client) -> None:
    """Too many intervals are like too large a maxCount [inferred]."""
    ramp.pi.set(max_count=10)
    response = ramp.get(f"/streams/{ramp.web_id('LINE')}/interpolated", {"interval": "1m"})
    assert response.status_code == 400
    assert "is greater than the maximum allowed (10)" in response.json()["Errors"][0]
