"""streams/{webId}/recorded: ranges, order, limits, boundaries."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from mock_pi import Event, Instant, Listed, MockPI, PISystem, Point, ticks_of

from .client import Client, ticks

_T = "2026-01-01T0{}:00:00Z"


@pytest.fixture(scope="module")
def hours() -> Iterator[Client]:
    """A server with a point that has the value n at n o'clock, from 0 to 9, and two values at 5."""
    events = [Event(ticks_of(_T.format(hour)), float(hour)) for hour in range(10)]
    events.append(Event(ticks_of(_T.format(5)), 5.5))
    system = PISystem([Point("HOURS", "Float64", Listed(events))], now="2026-01-02T00:00:00Z")
    with MockPI(system) as pi:
        yield Client(pi)


def _values(client: Client, start: str, end: str, **params: object) -> list[object]:
    return [row["Value"] for row in client.recorded("HOURS", start, end, **params)]


def test_both_ends_are_inclusive(hours: Client) -> None:
    """Events at exactly startTime and endTime are in [ref]."""
    assert _values(hours, _T.format(1), _T.format(3)) == [1.0, 2.0, 3.0]
    assert _values(hours, "2026-01-01T01:00:00.0000001Z", "2026-01-01T02:59:59.9999999Z") == [2.0]


def test_events_at_one_instant_keep_archive_order(hours: Client) -> None:
    """Several events at one timestamp are real [real]."""
    assert _values(hours, _T.format(5), _T.format(5)) == [5.0, 5.5]


def test_start_after_end_turns_the_order(hours: Client) -> None:
    """Descending, same inclusive ends [ref]."""
    assert _values(hours, _T.format(6), _T.format(4)) == [6.0, 5.5, 5.0, 4.0]


def test_max_count_counts_from_start(hours: Client) -> None:
    """First N in the order of the range: from startTime backwards when it is the later one [inferred]."""
    assert _values(hours, _T.format(0), _T.format(9), maxCount=2) == [0.0, 1.0]
    assert _values(hours, _T.format(9), _T.format(0), maxCount=2) == [9.0, 8.0]
    assert _values(hours, "*", "*-30d", maxCount=1) == [9.0]


def test_the_cut_is_silent(hours: Client) -> None:
    """No Next link, no total [sw18]."""
    path = f"/streams/{hours.web_id('HOURS')}/recorded"
    assert hours.object(path, {"maxCount": 2})["Links"] == {}


def test_default_max_count_is_1000(client: Client) -> None:
    """1000 rows without maxCount [sw18]."""
    assert len(client.recorded("shape.instant", "2026-01-01", "2026-01-02")) == 1000
    assert len(client.recorded("shape.instant", "2026-01-01", "2026-01-02", maxCount=1500)) == 1500


def test_default_range_is_the_last_day(client: Client) -> None:
    """startTime `*-1d`, endTime `*` [sw18]."""
    rows = client.items(f"/streams/{client.web_id('shape.dense')}/recorded", {"maxCount": 10_000})
    assert (rows[0]["Timestamp"], rows[-1]["Timestamp"]) == ("2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z")
    assert len(rows) == 8641


@pytest.mark.parametrize("count", [150_001, 2**31])
def test_max_count_over_the_limit(client: Client, count: int) -> None:
    """400 with words that clients look for [guide]."""
    response = client.get(f"/streams/{client.web_id('shape.dense')}/recorded", {"maxCount": count})
    assert response.status_code == 400
    assert "is greater than the maximum allowed (150000)." in response.json()["Errors"][0]


def test_the_limit_can_be_five(switch: Callable[..., Client]) -> None:
    """MaxReturnedItemsPerCall is a setting of the server [guide]."""
    client = switch(max_count=5)
    path = f"/streams/{client.web_id('shape.dense')}/recorded"
    assert len(client.items(path)) == 5
    assert "(5)" in client.get(path, {"maxCount": 6}).json()["Errors"][0]


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5"])
def test_max_count_that_is_none(client: Client, count: str) -> None:
    """0 and negative: 400 by default [open]."""
    assert client.get(f"/streams/{client.web_id('shape.dense')}/recorded", {"maxCount": count}).status_code == 400


def test_max_count_zero_by_switch(switch: Callable[..., Client]) -> None:
    """0 may mean the limit [open]."""
    client = switch(zero_max_count="limit")
    assert len(client.recorded("shape.instant", "2026-01-01", "2026-01-02", maxCount=0)) == 1500


def test_empty_range_is_200(hours: Client) -> None:
    """No events is no error [ref]."""
    assert _values(hours, "2025-01-01", "2025-01-02") == []


def test_outside_boundary(hours: Client) -> None:
    """The nearest event before start and after end come, too [ref]."""
    start, end = "2026-01-01T01:30:00Z", "2026-01-01T02:30:00Z"
    assert _values(hours, start, end, boundaryType="Outside") == [1.0, 2.0, 3.0]
    assert _values(hours, end, start, boundaryType="Outside") == [3.0, 2.0, 1.0]
    assert _values(hours, "2026-01-01T08:30:00Z", "2026-01-01T12:00:00Z", boundaryType="Outside") == [8.0, 9.0]


def test_interpolated_boundary(hours: Client) -> None:
    """Values at exactly start and end are made up where no event is [ref]."""
    rows = hours.recorded("HOURS", "2026-01-01T01:30:00Z", "2026-01-01T03:00:00Z", boundaryType="Interpolated")
    assert [(row["Timestamp"], row["Value"]) for row in rows] == [
        ("2026-01-01T01:30:00Z", 1.5), ("2026-01-01T02:00:00Z", 2.0), ("2026-01-01T03:00:00Z", 3.0),
    ]  # fmt: skip


def test_unknown_boundary_is_400(hours: Client) -> None:
    """Enumeration values are checked [sw18]."""
    assert hours.get(f"/streams/{hours.web_id('HOURS')}/recorded", {"boundaryType": "Nearby"}).status_code == 400


@pytest.mark.parametrize("name", ["desiredUnits", "associations"])
def test_unsupported_is_409(hours: Client, name: str) -> None:
    """What the data reference does not support is a 409 [sw18]."""
    assert hours.get(f"/streams/{hours.web_id('HOURS')}/recorded", {name: "x"}).status_code == 409


def test_nothing_after_now(switch: Callable[..., Client]) -> None:
    """A point that is not a future point has nothing after now [af]."""
    client = switch()
    rows = client.recorded("shape.dense", "2026-02-28T23:59:50Z", "2027-01-01T00:00:00Z")
    assert [row["Timestamp"] for row in rows] == ["2026-02-28T23:59:50Z", "2026-03-01T00:00:00Z"]
    client.pi.set_now("2026-03-01T00:00:10Z")
    assert len(client.recorded("shape.dense", "2026-02-28T23:59:50Z", "2027-01-01T00:00:00Z")) == 3


def test_future_points(client: Client) -> None:
    """Default endTime `*` omits future values; an explicit one gives them [ref]."""
    assert client.recorded("future.closed", "*-1h", "*")[-1]["Timestamp"] == "2026-03-01T00:00:00Z"
    rows = client.recorded("future.closed", "2026-05-31T23:00:00Z", "2027-01-01T00:00:00Z")
    assert rows[-1]["Timestamp"] == "2026-06-01T00:00:00Z"
    assert client.recorded("future.open", "*+6d", "*+30d", maxCount=9999)[-1]["Timestamp"] == "2026-03-08T00:00:00Z"


def test_bad_rows_count(client: Client) -> None:
    """System states are ordinary rows and count toward maxCount [client]."""
    rows = client.recorded("shape.states", "2026-01-01", "2026-01-02", maxCount=10)
    assert len(rows) == 10
    assert not any(row["Good"] for row in rows)
    assert all(row["Value"]["IsSystem"] for row in rows)


def test_numbers_on_the_wire(client: Client) -> None:
    """Shortest digits; Float32 as float32 prints; NaN as text [real; open for NaN]."""
    text = client.get(f"/streams/{client.web_id('special.singles')}/recorded", {"startTime": "2026-01-01"}).text
    for digits in ("81.83204", "23.6581783"[:9], "80.0", "0.1", "1E-10"):
        assert f'"Value":{digits}' in text
    text = client.get(f"/streams/{client.web_id('special.numbers')}/recorded", {"startTime": "2026-01-01"}).text
    for digits in ("1E-07", "1E+300", "-0.0", "0.30000000000000004", '"NaN"', '"Infinity"', '"-Infinity"', "5E-324"):
        assert f'"Value":{digits},' in text


def test_not_finite_as_bad_by_switch(switch: Callable[..., Client]) -> None:
    """A stored NaN may come as a bad value instead [open]."""
    client = switch(non_finite="bad")
    rows = client.recorded("special.numbers", "2026-01-01", "2026-01-02")
    assert [row["Good"] for row in rows] == [True] * 4 + [False] * 3 + [True] * 2


def test_selecting_inside_a_value(client: Client) -> None:
    """`Items.Value.Value` looks into digital states [client]."""
    rows = client.recorded("type.dense.Digital", "*-1m", "*", selectedFields="Items.Value.Value;Items.Good")
    assert all(set(row) <= {"Value", "Good"} for row in rows)
    assert all(set(row["Value"]) == {"Value"} for row in rows)


def test_descending_pages_reach_twice_the_limit(start: Callable[..., Client]) -> None:
    """An instant with more events than the limit can be read from both sides [client]."""
    at = "2026-01-01T12:00:00Z"
    client = start(PISystem([Point("P", "Int32", Instant(at, 9))], now="2026-01-02T00:00:00Z"), max_count=5)
    up = client.recorded("P", "2026-01-01", "2026-01-02")
    down = client.recorded("P", "2026-01-02", "2026-01-01")
    values = [event.value for event in client.pi.system.expected_recorded("P", "2026-01-01", "2026-01-02")]
    shown = [value[1] if isinstance(value, tuple) else value for value in values]
    flat = [row["Value"]["Value"] if isinstance(row["Value"], dict) else row["Value"] for row in [*up, *down]]
    assert flat == [*shown[:5], *shown[:3:-1]]
    assert {ticks(row["Timestamp"]) for row in up} == {ticks_of(at)}
