"""Streams: plot, interpolated with sync times, lists of times, filters, annotations, units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Dense, Event, Listed, MockPI, PISystem, Point, State, ticks_of
from mock_pi.af import AFServer, Attribute, Database, Element
from mock_pi.system.annotation import Annotation

from .client import Client, restored

_NOW = "2026-01-02T00:00:00Z"
_BAD = State("I/O Timeout", 246, True)
_DAY = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-02T00:00:00Z"}


def _at(hour: float) -> int:
    return ticks_of("2026-01-01T00:00:00Z") + round(hour * 36_000_000_000)


def _system() -> PISystem:
    values: list[Any] = [0.0, 10.0, _BAD, 30.0, 40.0, 50.0]
    events = [Event(_at(hour), value, value is not _BAD) for hour, value in enumerate(values)]
    points = [
        Point("LINE", "Float64", Listed(events)),
        Point("STEP", "Float64", Listed(events), step=True),
        Point("MODE", "Digital", Dense(60.0)),
        Point("MINUTES", "Float64", Dense(60.0)),
    ]
    attributes = [
        Attribute.of_point("Temperature", r"\\MOCKPI\LINE", units="°C"),
        Attribute.of_point("Plain", r"\\MOCKPI\LINE"),
        Attribute.of_point("Gone", r"\\MOCKPI\NOPE"),
        Attribute("Limit", "Double", 20.0, units="°C"),
    ]
    return PISystem(points, af=[AFServer("MOCKAF", [Database("DB", [Element("E", attributes=attributes)])])], now=_NOW)


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """Values 0, 10, bad, 30, 40, 50 at 0 to 5 o'clock; an element with attributes of that point."""
    with MockPI(_system()) as pi:
        yield Client(pi)


@pytest.fixture
def ramp(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, _NOW):
        yield server


def _attribute(client: Client, name: str) -> str:
    path = f"\\\\MOCKAF\\DB\\E|{name}"
    return str(client.object("/attributes", {"path": path, "selectedFields": "WebId"})["WebId"])


def _rows(client: Client, action: str, **params: Any) -> list[tuple[str, Any]]:
    tag = params.pop("tag", "LINE")
    rows = client.items(f"/streams/{client.web_id(tag)}/{action}", params)
    return [(row["Timestamp"][11:16], _plain(row["Value"])) for row in rows]


def _plain(value: Any) -> Any:
    return value["Name"] if isinstance(value, dict) else value


def test_plot_gives_first_last_extremes_and_one_bad_value(ramp: Client) -> None:
    """At most five an interval: first, last, min, max, one exceptional [sw18]; both ends are made up [open]."""
    rows = _rows(ramp, "plot", intervals=1, startTime="2026-01-01T00:00:00Z", endTime="2026-01-01T05:00:00Z")
    assert rows == [("00:00", 0.0), ("02:00", "I/O Timeout"), ("05:00", 50.0)]
    ends = {"startTime": "2026-01-01T00:30:00Z", "endTime": "2026-01-01T04:30:00Z", "intervals": 1}
    assert _rows(ramp, "plot", **ends) == [("00:30", 5.0), ("02:00", "I/O Timeout"), ("04:30", 45.0)]
    ramp.pi.set(plot_ends=False)
    assert _rows(ramp, "plot", **ends) == [("01:00", 10.0), ("02:00", "I/O Timeout"), ("04:00", 40.0)]
    assert _rows(ramp, "plot", **{**ends, "startTime": ends["endTime"], "endTime": ends["startTime"]})[0][0] == "04:00"


def test_plot_of_many_values(ramp: Client) -> None:
    """24 intervals by default [sw18]; never more than five values each, all of them recorded ones."""
    rows = _rows(ramp, "plot", tag="MINUTES", **_DAY)
    recorded = ramp.recorded("MINUTES", _DAY["startTime"], _DAY["endTime"], maxCount=5000)
    assert 24 * 2 <= len(rows) <= 24 * 5
    numbers = [row["Value"] for row in recorded if row["Good"]]
    shown = [value for _, value in rows if isinstance(value, float)]
    assert (min(shown), max(shown)) == (min(numbers), max(numbers))
    assert {time for time, _ in rows} <= {row["Timestamp"][11:16] for row in recorded}


@pytest.mark.parametrize("intervals", ["0", "-1", "many"])
def test_plot_needs_intervals(ramp: Client, intervals: str) -> None:
    """A number of columns [sw18]."""
    assert ramp.get(f"/streams/{ramp.web_id('LINE')}/plot", {"intervals": intervals}).status_code == 400


def test_interpolated_in_step_with_a_time(ramp: Client) -> None:
    """syncTime with Inside or Outside [ref]."""
    query = {"startTime": "2026-01-01T00:10:00Z", "endTime": "2026-01-01T01:10:00Z", "interval": "30m"}
    assert [time for time, _ in _rows(ramp, "interpolated", **query)] == ["00:10", "00:40", "01:10"]
    query["syncTime"] = "2026-01-05T00:00:00Z"
    assert [time for time, _ in _rows(ramp, "interpolated", **query)] == ["00:30", "01:00"]
    query["syncTimeBoundaryType"] = "outside"
    assert [time for time, _ in _rows(ramp, "interpolated", **query)] == ["00:00", "00:30", "01:00", "01:30"]
    query["syncTimeBoundaryType"] = "Interpolated"
    assert ramp.get(f"/streams/{ramp.web_id('LINE')}/interpolated", query).status_code == 400


def test_interpolated_days_follow_the_wall_clock(ramp: Client) -> None:
    """An interval of a day has 25 hours when the clocks go back [ref]."""
    ramp.pi.set_now("2026-12-01T00:00:00Z")
    query = {"startTime": "2026-10-24", "endTime": "2026-10-27", "interval": "1d", "timeZone": "Europe/Berlin"}
    rows = ramp.items(f"/streams/{ramp.web_id('MINUTES')}/interpolated", query)
    stamps = [row["Timestamp"] for row in rows]
    assert stamps == [f"2026-10-{day}:00:00Z" for day in ("23T22", "24T22", "25T23", "26T23")]


def test_interpolated_at_times(ramp: Client) -> None:
    """A list of times, in the order of sortOrder [sw18]."""
    times = ["2026-01-01T03:30:00Z", "2026-01-01T00:30:00Z"]
    assert _rows(ramp, "interpolatedattimes", time=times) == [("00:30", 5.0), ("03:30", 35.0)]
    found = _rows(ramp, "interpolatedattimes", time=times, sortOrder="Descending")
    assert found == [("03:30", 35.0), ("00:30", 5.0)]
    assert ramp.get(f"/streams/{ramp.web_id('LINE')}/interpolatedattimes").status_code == 400


def test_recorded_at_times(ramp: Client) -> None:
    """One row a time, by retrieval mode [sw18]; where there is none, a row with Errors [inferred]."""
    times = ["2026-01-01T00:30:00Z", "2026-01-01T03:00:00Z"]
    assert _rows(ramp, "recordedattimes", time=times) == [("00:00", 0.0), ("03:00", 30.0)]
    assert _rows(ramp, "recordedattimes", time=times, retrievalMode="After") == [("01:00", 10.0), ("04:00", 40.0)]
    path = f"/streams/{ramp.web_id('LINE')}/recordedattimes"
    rows = ramp.items(path, {"time": times, "retrievalMode": "Exact"})
    assert ["Errors" in row for row in rows] == [True, False]


def test_filter_on_recorded(ramp: Client) -> None:
    """Values that fail are left out, or shown once as "Filtered" [ref]."""
    query = {**_DAY, "filterExpression": "'.' > 20"}
    assert _rows(ramp, "recorded", **query) == [("03:00", 30.0), ("04:00", 40.0), ("05:00", 50.0)]
    shown = _rows(ramp, "recorded", **query, includeFilteredValues="true")
    assert shown[0] == ("00:00", "Filtered")
    assert shown[1:] == _rows(ramp, "recorded", **query)
    row = ramp.items(f"/streams/{ramp.web_id('LINE')}/recorded", {**query, "includeFilteredValues": "true"})[0]
    assert (row["Good"], row["Value"]) == (False, {"Name": "Filtered", "Value": 244, "IsSystem": True})


def test_filter_counts_before_max_count(ramp: Client) -> None:
    """maxCount counts what is returned [sw18]."""
    assert _rows(ramp, "recorded", **_DAY, filterExpression="'.' > 20", maxCount=1) == [("03:00", 30.0)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("BadVal('.')", ["02:00"]),
        ("not BadVal('.') and ('.' < 10 or '.' = 50)", ["00:00", "05:00"]),
        ("'STEP' >= 40", ["04:00", "05:00"]),
        ("'.' = \"I/O Timeout\"", ["02:00"]),
        ("'.' / 10 = 3", ["03:00"]),
    ],
)
def test_filter_expressions(ramp: Client, expression: str, expected: list[str]) -> None:
    """Performance equations over `'.'` and other tags [ref]."""
    assert [time for time, _ in _rows(ramp, "recorded", **_DAY, filterExpression=expression)] == expected


@pytest.mark.parametrize("expression", ["'.' >", "'NOPE' > 1", "Frobnicate('.')", "'.' ; 1", "(1"])
def test_malformed_filters(ramp: Client, expression: str) -> None:
    """400 with Errors [sw18]."""
    response = ramp.get(f"/streams/{ramp.web_id('LINE')}/recorded", {"filterExpression": expression})
    assert response.status_code == 400
    assert response.json()["Errors"]


def test_filter_on_interpolated(ramp: Client) -> None:
    """The same filter there [sw18]."""
    query = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T01:00:00Z", "interval": "30m"}
    assert _rows(ramp, "interpolated", **query, filterExpression="'.' > 4") == [("00:30", 5.0), ("01:00", 10.0)]
    times = ["2026-01-01T00:30:00Z", "2026-01-01T04:00:00Z"]
    assert _rows(ramp, "interpolatedattimes", time=times, filterExpression="'.' > 20") == [("04:00", 40.0)]


def test_annotations(ramp: Client) -> None:
    """`associations=Annotations` gives each row a list of notes [sw18]; from 2018."""
    system = ramp.pi.system
    system.annotate("LINE", _at(3), Annotation("checked", "Note", created="2026-01-01T04:00:00Z"))
    query = {**_DAY, "associations": "annotations"}
    path = f"/streams/{ramp.web_id('LINE')}/recorded"
    rows = ramp.items(path, query)
    assert [len(row["Annotations"]) for row in rows] == [0, 0, 0, 1, 0, 0]
    note = rows[3]["Annotations"][0]
    assert (note["Value"], note["Name"], note["CreationDate"]) == ("checked", "Note", "2026-01-01T04:00:00Z")
    assert list(note) == [
        "Id", "Name", "Description", "Value", "Creator", "CreationDate", "Modifier", "ModifyDate", "Errors",
    ]  # fmt: skip
    assert [row["Annotated"] for row in rows] == [False, False, False, True, False, False]
    assert len(ramp.items(path, {**query, "filterExpression": "IsSet('.', \"a\")"})) == 1
    selected = ramp.items(path, {**query, "selectedFields": "Items.Value;Items.Annotations.Value"})
    assert selected[3] == {"Value": 30.0, "Annotations": [{"Value": "checked"}]}
    assert ramp.get(path, {**_DAY, "associations": "Paths"}).status_code == 409
    ramp.pi.set(version="2017")
    assert ramp.get(path, query).status_code == 400
    ramp.pi.set(version="2023")
    system.annotate("LINE", _at(3))
    assert not any(row["Annotations"] for row in ramp.items(path, query))


def test_annotated_events_nobody_described(client: Client) -> None:
    """An event with the flag has a note, whoever declared it."""
    rows = client.recorded("special.flags", "2026-01-01", "2026-01-02", associations="Annotations")
    assert [bool(row["Annotations"]) for row in rows] == [row["Annotated"] for row in rows]


def test_units_of_an_attribute(ramp: Client) -> None:
    """Good rows have the unit, bad ones none [real]; the list has it, too."""
    answer = ramp.object(f"/streams/{_attribute(ramp, 'Temperature')}/recorded", _DAY)
    assert answer["UnitsAbbreviation"] == "°C"
    assert [row["UnitsAbbreviation"] for row in answer["Items"]] == ["°C", "°C", "", "°C", "°C", "°C"]


def test_desired_units(ramp: Client) -> None:
    """Converted within the class of units; 409 when there is no way [sw18]."""
    web_id = _attribute(ramp, "Temperature")
    answer = ramp.object(f"/streams/{web_id}/recorded", {**_DAY, "desiredUnits": "K"})
    assert answer["UnitsAbbreviation"] == "K"
    assert [row["Value"] for row in answer["Items"] if row["Good"]] == [273.15, 283.15, 303.15, 313.15, 323.15]
    row = ramp.object(f"/streams/{web_id}/value", {"time": "2026-01-01T00:30:00Z", "desiredUnits": "°F"})
    assert (row["Value"], row["UnitsAbbreviation"]) == (pytest.approx(41.0), "°F")
    for action in ("recorded", "interpolated", "plot", "value", "end"):
        assert ramp.get(f"/streams/{web_id}/{action}", {"desiredUnits": "bar"}).status_code == 409
        assert ramp.get(f"/streams/{_attribute(ramp, 'Plain')}/{action}", {"desiredUnits": "K"}).status_code == 409
        assert ramp.get(f"/streams/{ramp.web_id('LINE')}/{action}", {"desiredUnits": "K"}).status_code == 409


def test_an_attribute_without_history(ramp: Client) -> None:
    """One value only; over time 409, or the one value [open]."""
    web_id = _attribute(ramp, "Limit")
    row = ramp.object(f"/streams/{web_id}/value")
    assert (row["Value"], row["UnitsAbbreviation"]) == (20.0, "°C")
    for action in ("recorded", "interpolated", "plot", "summary"):
        assert ramp.get(f"/streams/{web_id}/{action}").status_code == 409
    ramp.pi.set(static_recorded="value")
    assert [row["Value"] for row in ramp.items(f"/streams/{web_id}/recorded", _DAY)] == [20.0]


def test_a_reference_that_leads_nowhere(ramp: Client) -> None:
    """A row with Errors [ref]."""
    row = ramp.object(f"/streams/{_attribute(ramp, 'Gone')}/value")
    assert row["Value"] is None
    assert row["Errors"][0]["Message"] == ["PI Point not found."]


@pytest.mark.parametrize("action", ["plot", "interpolated", "recorded", "summary"])
def test_any_case_and_in_a_batch(ramp: Client, action: str) -> None:
    """Routes and parameters in any case [client]; the same inside a batch [sw18]."""
    web_id = ramp.web_id("LINE")
    expected = ramp.object(f"/streams/{web_id}/{action}", _DAY)
    query = "StartTime=2026-01-01T00:00:00Z&ENDTIME=2026-01-02T00:00:00Z"
    assert ramp.get(f"/Streams/{web_id}/{action.upper()}?{query}").json() == expected
    resource = f"{ramp.pi.url}/streams/{web_id}/{action}?{query}"
    answer = ramp.batch({"1": {"Method": "GET", "Resource": resource}}).json()["1"]
    assert (answer["Status"], answer["Content"]) == (200, expected)
