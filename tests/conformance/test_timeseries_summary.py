"""Summaries: all bases, time types, filters and samples."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Event, Listed, MockPI, PISystem, Point, State, ticks_of

from .client import Client, restored

_NOW = "2026-01-02T00:00:00Z"
_RANGE = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T04:00:00Z"}
_HALVES = {**_RANGE, "summaryDuration": "2h"}


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """Values 0, 10, 20, bad, 40 at 0 to 4 o'clock."""
    values: list[Any] = [0.0, 10.0, 20.0, State("Bad Input", 255, True), 40.0]
    events = [
        Event(ticks_of(_RANGE["startTime"]) + hour * 36_000_000_000, value, not isinstance(value, State))
        for hour, value in enumerate(values)
    ]
    points = [Point("LINE", "Float64", Listed(events)), Point("STEP", "Float64", Listed(events), step=True)]
    with MockPI(PISystem(points), now=_NOW) as pi:
        yield Client(pi)


@pytest.fixture
def ramp(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, _NOW):
        yield server


def _values(client: Client, kind: str, basis: str, tag: str = "LINE", **params: Any) -> list[Any]:
    query = {"summaryType": kind, "calculationBasis": basis, **params}
    return [item["Value"]["Value"] for item in client.items(f"/streams/{client.web_id(tag)}/summary", query)]


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("EventWeighted", [2, 2]),
        ("EventWeightedExcludeMostRecentEvent", [2, 1]),
        ("EventWeightedExcludeEarliestEvent", [2, 1]),
        ("EventWeightedIncludeBothEnds", [3, 2]),
    ],
)
def test_whose_event_is_that_on_the_border(ramp: Client, basis: str, expected: list[int]) -> None:
    """A border of two intervals belongs to the later one, or to neither, the earlier, or both [af]."""
    assert _values(ramp, "Count", basis, **_HALVES) == expected


def test_continuous_and_discrete(ramp: Client) -> None:
    """Lines between values, or steps, whatever the point says [af]."""
    query = {**_RANGE, "endTime": "2026-01-01T02:00:00Z"}
    assert _values(ramp, "Average", "TimeWeighted", **query) == [10.0]
    assert _values(ramp, "Average", "TimeWeightedDiscrete", **query) == [5.0]
    assert _values(ramp, "Average", "TimeWeighted", "STEP", **query) == [5.0]
    assert _values(ramp, "Average", "TimeWeightedContinuous", "STEP", **query) == [10.0]


def test_time_weighted_leaves_bad_time_out(ramp: Client) -> None:
    """Three good hours: 0 to 10, 10 to 20, and 20 held until the bad value [general]."""
    assert _values(ramp, "Count", "TimeWeighted", **_RANGE) == [3 * 3600]
    assert _values(ramp, "PercentGood", "TimeWeighted", **_RANGE) == [75.0]
    assert _values(ramp, "Average", "TimeWeighted", **_RANGE) == [pytest.approx((5 + 15 + 20) / 3)]
    assert _values(ramp, "Total", "TimeWeighted", **_RANGE) == [pytest.approx((5 + 15 + 20) / 24)]


def test_every_type(ramp: Client) -> None:
    """All of them have a number for a numeric point [ref]."""
    expected = {
        "Total": 70.0, "Average": 17.5, "Minimum": 0.0, "Maximum": 40.0, "Range": 40.0,
        "StdDev": statistics.stdev([0, 10, 20, 40]), "PopulationStdDev": statistics.pstdev([0, 10, 20, 40]),
        "Count": 4, "PercentGood": 80.0, "TotalWithUOM": 70.0,
    }  # fmt: skip
    for kind, value in expected.items():
        assert _values(ramp, kind, "EventWeighted", **_RANGE) == [pytest.approx(value)]


def test_all_for_non_numeric(ramp: Client) -> None:
    """Count and PercentGood [ref]."""
    items = ramp.items(f"/streams/{ramp.web_id('LINE')}/summary", {**_RANGE, "summaryType": "AllForNonNumeric"})
    assert [item["Type"] for item in items] == ["Count", "PercentGood"]


def test_one_event_has_no_deviation(ramp: Client) -> None:
    """An error inside of the value, HTTP 200 [af]."""
    query = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T00:30:00Z"}
    value = _values(ramp, "StdDev", "EventWeighted", **query)[0]
    assert value["Errors"]


@pytest.mark.parametrize(
    ("time_type", "average", "maximum"),
    [("Auto", "00", "02"), ("EarliestTime", "00", "00"), ("MostRecentTime", "04", "04")],
)
def test_time_types(ramp: Client, time_type: str, average: str, maximum: str) -> None:
    """The time of the extreme and the start; always the start; always the end [af]."""
    query = {**_RANGE, "summaryType": ["Average", "Maximum"], "timeType": time_type}
    items = ramp.items(f"/streams/{ramp.web_id('LINE')}/summary", query)
    assert [item["Value"]["Timestamp"][11:13] for item in items] == [average, maximum]


def test_filter(ramp: Client) -> None:
    """Only values that pass, and only the time in which the value passed [ref]."""
    keep = {"filterExpression": "'.' >= 10"}
    assert _values(ramp, "Count", "EventWeighted", **_RANGE, **keep) == [3]
    assert _values(ramp, "Minimum", "EventWeighted", **_RANGE, **keep) == [10.0]
    assert _values(ramp, "Count", "TimeWeighted", **_RANGE, **keep) == [2 * 3600]


def test_filter_in_samples(ramp: Client) -> None:
    """sampleType=Interval looks at the filter every sampleInterval, too [sw18]."""
    query = {**_RANGE, "filterExpression": "'.' >= 5", "sampleType": "Interval", "sampleInterval": "30m"}
    assert _values(ramp, "Count", "TimeWeighted", **query) == [2.5 * 3600]
    response = ramp.get(f"/streams/{ramp.web_id('LINE')}/summary", {"sampleType": "Interval"})
    assert response.status_code == 400


def test_backwards(ramp: Client) -> None:
    """startTime after endTime: intervals in descending order [sw18]."""
    query = {"startTime": _RANGE["endTime"], "endTime": _RANGE["startTime"], "summaryDuration": "2h"}
    assert _values(ramp, "Maximum", "EventWeighted", **query) == [40.0, 10.0]
