"""The Calculation controller, and the part of the performance equations it knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Event, Listed, MockPI, PISystem, Point, State, ticks_of
from mock_pi.af import AFServer, Attribute, Database, Element

from .client import Client, restored

_NOW = "2026-01-02T00:00:00Z"
_RANGE = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T04:00:00Z"}
_HALF_PAST = "2026-01-01T00:30:00Z"


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """LINE with 0, 10, 20, bad, 40 at 0 to 4 o'clock, MODE with states, and an element with attributes of them."""
    start = ticks_of(_RANGE["startTime"])
    values: list[Any] = [0.0, 10.0, 20.0, State("Bad Input", 255, True), 40.0]
    line = [Event(start + n * 36_000_000_000, one, not isinstance(one, State)) for n, one in enumerate(values)]
    mode = [Event(start + 18_000_000_000, State("Auto", 1)), Event(start + 54_000_000_000, State("Manual", 0))]
    points = [Point("LINE", "Float64", Listed(line)), Point("MODE", "Digital", Listed(mode))]
    element = Element("E", attributes=[Attribute.of_point("Level", r"\\MOCKPI\LINE", units="m")])
    with MockPI(PISystem(points, af=[AFServer("MOCKAF", [Database("DB", [element])])], now=_NOW)) as pi:
        yield Client(pi)


@pytest.fixture
def calculator(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, _NOW):
        yield server


def _at(client: Client, expression: str, time: str = _HALF_PAST, **params: Any) -> Any:
    query = {"expression": expression, "time": time, **params}
    return client.items("/calculation/times", query)[0]["Value"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("-2 ^ 2", -4), ("7 mod 4 - 1.5e1", -12), ("10 / 4", 2.5),
        ("'LINE' * 2", 10.0), ("'line' > 4 and 'LINE' < 6", 1), ("not 1 = 1 or 2 <> 2", 0),
        ("if 'LINE' > 100 then 1 else 2", 2), ("Abs(-3) + Max(1, 5, 2) + Sqr(16)", 12), ("Round(2.26, 0.5)", 2.5),
        ("TagVal('LINE', '01-Jan-2026 01:30:00')", 15.0), ("TagVal('LINE')", 5.0),
        ("PrevVal('LINE')", 0.0), ("NextVal('LINE', '2026-01-01T01:00:00Z')", 20.0),
        ("'MODE' = \"auto\"", 1), ("'MODE' = 1", 1), ('"a""b"', 'a"b'), ("BadVal('LINE')", 0),
        (r"'\\MOCKPI\LINE' + 1", 6.0), (r"'\\MOCKAF\DB\E|Level' + 1", 6.0),
        ("'MODE'", {"Name": "Auto", "Value": 1, "IsSystem": False}),
    ],
)  # fmt: skip
def test_equations(calculator: Client, expression: str, expected: object) -> None:
    """Operators, comparisons, functions and references of performance equations [ref]."""
    assert _at(calculator, expression) == expected


@pytest.mark.parametrize(
    "expression", ["1 / 0", "'LINE' + \"a\"", "Sqr(-1)", "TagVal('LINE', '01-Jan-2026 03:00') + 1"]
)
def test_failed_calculations(calculator: Client, expression: str) -> None:
    """The state "Calc Failed", HTTP 200 [af]."""
    row = calculator.items("/calculation/times", {"expression": expression, "time": _HALF_PAST})[0]
    assert (row["Good"], row["Value"]) == (False, {"Name": "Calc Failed", "Value": 249, "IsSystem": True})


@pytest.mark.parametrize("expression", ["", "1 +", "Sinh(1)", "'NOPE'", "(1", "1 2", "Abs()", "{1}", "TagVal(1)"])
def test_what_is_no_equation(calculator: Client, expression: str) -> None:
    """400 with Errors [sw18]."""
    response = calculator.get("/calculation/times", {"expression": expression, "time": "*"})
    assert response.status_code == 400
    assert response.json()["Errors"]


def test_the_server_resolves_a_time(calculator: Client) -> None:
    """`ParseTime` gives an absolute time for a relative one [client]."""
    assert _at(calculator, 'ParseTime("*-1h")', "*") == "2026-01-01T23:00:00Z"
    assert _at(calculator, 'ParseTime("t")', "*", timeZone="Europe/Berlin") == "2026-01-01T23:00:00Z"
    assert _at(calculator, "'y' + 60", "*") == "2026-01-01T00:01:00Z"


def test_targets(calculator: Client) -> None:
    """Names are attributes of an element or attribute, tags of a data server [sw18]."""
    element = calculator.object("/elements", {"path": r"\\MOCKAF\DB\E"})["WebId"]
    attribute = calculator.object("/attributes", {"path": r"\\MOCKAF\DB\E|Level"})["WebId"]
    assert _at(calculator, "'Level' + 1", webId=element) == 6.0
    assert _at(calculator, "'.' + 'level'", webId=attribute) == 10.0
    server = calculator.object("/dataservers", {"name": "MOCKPI"})["WebId"]
    assert _at(calculator, "'LINE' + 1", webId=server) == 6.0
    query = {"expression": "'LINE'", "time": "*", "webId": element}
    assert calculator.get("/calculation/times", query).status_code == 400


def test_at_times_in_order(calculator: Client) -> None:
    """Several times, ascending unless asked otherwise [sw18]."""
    query: dict[str, Any] = {"expression": "'LINE'", "time": ["2026-01-01T01:00:00Z", _HALF_PAST]}
    rows = calculator.items("/calculation/times", query)
    assert [row["Value"] for row in rows] == [5.0, 10.0]
    assert calculator.items("/calculation/times", {**query, "sortOrder": "Descending"}) == rows[::-1]


def test_at_intervals(calculator: Client) -> None:
    """From start to end, both included [sw18]."""
    query = {"expression": "'LINE' * 2", **_RANGE, "sampleInterval": "30m", "endTime": "2026-01-01T01:00:00Z"}
    rows = calculator.items("/calculation/intervals", query)
    assert [row["Value"] for row in rows] == [0.0, 10.0, 20.0]
    swapped = {**query, "startTime": query["endTime"], "endTime": query["startTime"]}
    assert calculator.items("/calculation/intervals", swapped) == rows[::-1]


def test_at_recorded(calculator: Client) -> None:
    """Wherever a member of the expression has an event [sw18]."""
    query = {"expression": "if 'MODE' = \"Auto\" then 'LINE' else -1", **_RANGE, "endTime": "2026-01-01T02:00:00Z"}
    rows = calculator.items("/calculation/recorded", query)
    assert [row["Timestamp"][11:16] for row in rows] == ["00:00", "00:30", "01:00", "01:30", "02:00"]
    assert [row["Value"] for row in rows] == [-1, 5.0, 10.0, -1, -1]


def test_summary(calculator: Client) -> None:
    """The summaries of a stream, of the values of an expression [sw18]."""
    query: dict[str, Any] = {"expression": "'LINE' * 2", **_RANGE, "endTime": "2026-01-01T02:00:00Z"}
    items = calculator.items("/calculation/summary", {**query, "summaryType": ["Average", "Maximum"]})
    assert {item["Type"]: item["Value"]["Value"] for item in items} == {"Average": 20.0, "Maximum": 40.0}
    samples = {"sampleType": "Interval", "sampleInterval": "30m", "calculationBasis": "EventWeighted"}
    assert (
        calculator.items("/calculation/summary", {**query, **samples, "summaryType": "Count"})[0]["Value"]["Value"] == 5
    )
    hours = calculator.items("/calculation/summary", {**query, "summaryDuration": "1h", "summaryType": "Minimum"})
    assert [item["Value"]["Value"] for item in hours] == [0.0, 20.0]


def test_limits(calculator: Client) -> None:
    """Too many values are refused like too large a maxCount [inferred]."""
    calculator.pi.set(max_count=3)
    query = {"expression": "'LINE'", **_RANGE}
    for action, params in (("recorded", {}), ("intervals", {"sampleInterval": "1m"})):
        response = calculator.get(f"/calculation/{action}", {**query, **params})
        assert response.status_code == 400
        assert "is greater than the maximum allowed (3)" in response.json()["Errors"][0]
