"""Summaries."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Dense, Event, Listed, MockPI, PISystem, Point, State, ticks_of

from .client import Client, restored

_NOW = "2026-02-01T00:00:00Z"
_DAY = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-02T00:00:00Z"}


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """Values 0, 10, bad, 30, 40 at 0, 6, 12, 18 and 24 o'clock, and a digital point."""
    values: list[Any] = [0.0, 10.0, State("Bad Input", 255, True), 30.0, 40.0]
    events = [Event(ticks_of(_DAY["startTime"]) + 6 * 36_000_000_000 * n, value) for n, value in enumerate(values)]
    points = [
        Point("LINE", "Float64", Listed(events)),
        Point("STEP", "Float64", Listed(events), step=True),
        Point("MODE", "Digital", Dense(60.0)),
        Point("LONG", "Float64", Dense(1.0)),
        Point("MINUTES", "Float64", Dense(60.0)),
    ]
    with MockPI(PISystem(points), now=_NOW) as pi:
        yield Client(pi)


@pytest.fixture
def client_of_ramp(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, _NOW):
        yield server


def _summary(client: Client, tag: str, **params: Any) -> dict[str, Any]:
    items = client.items(f"/streams/{client.web_id(tag)}/summary", {**_DAY, **params})
    return {item["Type"]: item["Value"]["Value"] for item in items}


def test_event_weighted_count(client_of_ramp: Client) -> None:
    """Count is a number of good events, both ends included [ref; open for bad ones and the end]."""
    query = {"summaryType": "Count", "calculationBasis": "EventWeighted"}
    assert _summary(client_of_ramp, "LINE", **query) == {"Count": 4}
    client_of_ramp.pi.set(count_includes_end=False)
    assert _summary(client_of_ramp, "LINE", **query) == {"Count": 3}
    client_of_ramp.pi.set(count_includes_bad=True)
    assert _summary(client_of_ramp, "LINE", **query) == {"Count": 4}
    client_of_ramp.pi.set(count_includes_end=True)
    assert _summary(client_of_ramp, "LINE", **query) == {"Count": 5}


def test_count_equals_the_events(client: Client) -> None:
    """The count of a dense point, which is reckoned without making its events."""
    system = client.pi.system
    for tag in ("shape.dense", "shape.every", "shape.bursts", "shape.states", "shape.instant", "special.codes"):
        found = system.events(tag, ticks_of(_DAY["startTime"]), ticks_of(_DAY["endTime"]))
        query = {"summaryType": "Count", "calculationBasis": "EventWeighted"}
        assert _summary(client, tag, **query) == {"Count": sum(event.good for event in found)}


def test_count_of_half_a_century_is_quick(client_of_ramp: Client) -> None:
    """1.7 thousand million events."""
    query = {"startTime": "1970-01-01", "endTime": "*", "summaryType": "Count", "calculationBasis": "EventWeighted"}
    assert _summary(client_of_ramp, "LONG", **query)["Count"] > 1_700_000_000


def test_time_weighted_count_is_seconds(client_of_ramp: Client) -> None:
    """Time-weighted, Count is the seconds of good values [ref]."""
    assert _summary(client_of_ramp, "LINE", summaryType="Count") == {"Count": 18 * 3600.0}


def test_time_weighted(client_of_ramp: Client) -> None:
    """Trapezoids for Step=false, rectangles for Step=true, Total in units per day [ref]."""
    found = _summary(client_of_ramp, "LINE", summaryType=["Average", "Total", "Minimum", "Maximum", "Range"])
    assert found["Average"] == pytest.approx((5 + 10 + 35) / 3)
    assert found["Total"] == pytest.approx((5 + 10 + 35) / 4)
    assert (found["Minimum"], found["Maximum"], found["Range"]) == (0.0, 40.0, 40.0)
    assert _summary(client_of_ramp, "STEP", summaryType="Average")["Average"] == pytest.approx((0 + 10 + 30) / 3)


def test_event_weighted(client_of_ramp: Client) -> None:
    """Over the good events."""
    query = {"calculationBasis": "eventweighted", "summaryType": ["Average", "Total", "StdDev", "PopulationStdDev"]}
    found = _summary(client_of_ramp, "LINE", **query)
    values = [0.0, 10.0, 30.0, 40.0]
    assert found["Average"] == pytest.approx(statistics.mean(values))
    assert found["Total"] == pytest.approx(sum(values))
    assert found["StdDev"] == pytest.approx(statistics.stdev(values))
    assert found["PopulationStdDev"] == pytest.approx(statistics.pstdev(values))


def test_all(client_of_ramp: Client) -> None:
    """`All` is every type [ref]; PercentGood is one of them."""
    found = _summary(client_of_ramp, "LINE", summaryType="All")
    assert set(found) >= {"Total", "Average", "Minimum", "Maximum", "Range", "StdDev", "PopulationStdDev", "Count"}
    assert found["PercentGood"] == 75.0


def test_timestamps(client_of_ramp: Client) -> None:
    """Start of the interval, for extremes their own time [real; general]."""
    query = {**_DAY, "summaryType": ["Average", "Maximum"]}
    items = client_of_ramp.items(f"/streams/{client_of_ramp.web_id('LINE')}/summary", query)
    assert [item["Value"]["Timestamp"] for item in items] == ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]


def test_non_numeric_streams(client_of_ramp: Client) -> None:
    """Only Count; others are a bad value with an error inside, status 200 [ref]."""
    query = {**_DAY, "summaryType": ["Count", "Average"], "calculationBasis": "EventWeighted"}
    count, average = client_of_ramp.items(f"/streams/{client_of_ramp.web_id('MODE')}/summary", query)
    assert (count["Value"]["Good"], count["Value"]["Value"] > 1400) == (True, True)
    assert average["Value"]["Good"] is False
    assert average["Value"]["Value"]["Errors"]


def test_default_type_is_total(client_of_ramp: Client) -> None:
    """summaryType `Total`, calculationBasis `TimeWeighted` [sw18]."""
    assert list(_summary(client_of_ramp, "LINE")) == ["Total"]


def test_intervals(client_of_ramp: Client) -> None:
    """One item per interval and type, N intervals give N items; the grouping is a switch [open]."""
    query = {**_DAY, "summaryDuration": "6h", "summaryType": ["Count", "Total"], "calculationBasis": "EventWeighted"}
    path = f"/streams/{client_of_ramp.web_id('MINUTES')}/summary"
    items = client_of_ramp.items(path, query)
    assert [item["Type"] for item in items] == ["Count"] * 4 + ["Total"] * 4
    assert [item["Value"]["Timestamp"] for item in items[:4]] == [
        "2026-01-01T00:00:00Z", "2026-01-01T06:00:00Z", "2026-01-01T12:00:00Z", "2026-01-01T18:00:00Z",
    ]  # fmt: skip
    client_of_ramp.pi.set(summary_order="time")
    assert [item["Type"] for item in client_of_ramp.items(path, query)] == ["Count", "Total"] * 4


def test_days_follow_the_wall_clock(client_of_ramp: Client) -> None:
    """A day at the end of summer time has 25 hours, `24h` has not [sw18]."""
    client_of_ramp.pi.set_now("2026-12-01T00:00:00Z")
    query = {"startTime": "2026-10-24", "endTime": "2026-10-26", "timeZone": "Europe/Berlin", "summaryType": "Count"}
    path = f"/streams/{client_of_ramp.web_id('MINUTES')}/summary"
    stamps = [i["Value"]["Timestamp"] for i in client_of_ramp.items(path, {**query, "summaryDuration": "1d"})]
    assert stamps == ["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z"]
    stamps = [i["Value"]["Timestamp"] for i in client_of_ramp.items(path, {**query, "summaryDuration": "24h"})]
    assert stamps == ["2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T22:00:00Z"]


@pytest.mark.parametrize("params", [{"summaryType": "Mean"}, {"calculationBasis": "x"}, {"summaryDuration": "1x"}])
def test_wrong_parameters(client_of_ramp: Client, params: dict[str, str]) -> None:
    """Enumerations and spans are checked [sw18]."""
    assert client_of_ramp.get(f"/streams/{client_of_ramp.web_id('LINE')}/summary", params).status_code == 400
