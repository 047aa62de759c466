"""Attributes as streams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mock_pi import Fault, PISystem

from . import af as demo
from .client import Client
from .conftest import NOW

_TEMPERATURE = f"{demo.PLANT}\\Works\\Classic\\CDT158"
_RANGE = {"startTime": "2026-02-28T00:00:00Z", "endTime": "2026-02-28T02:00:00Z"}


def _web_id(client: Client, path: str) -> str:
    return str(demo.attribute(client, path)["WebId"])


def _without_units(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "UnitsAbbreviation": ""} for row in rows]


def test_recorded_is_that_of_the_point(af: Client) -> None:
    """A PI Point reference gives the events of its point, with the attribute's unit in good rows only [real]."""
    found = af.object(f"/streams/{_web_id(af, f'{_TEMPERATURE}|Value')}/recorded", {**_RANGE, "maxCount": 5000})
    point = af.recorded("CDT158", _RANGE["startTime"], _RANGE["endTime"], maxCount=5000)
    assert len(point) == 721
    assert _without_units(found["Items"]) == point
    assert {(row["Good"], row["UnitsAbbreviation"]) for row in found["Items"]} <= {(True, "°C"), (False, "")}
    assert found["UnitsAbbreviation"] == "°C"


@pytest.mark.parametrize("verb", ["value", "end", "interpolated", "summary"])
def test_other_ways_of_reading(af: Client, verb: str) -> None:
    """Every way of reading a point works for an attribute that shows it."""
    params = {} if verb in ("value", "end") else _RANGE
    ours = af.object(f"/streams/{_web_id(af, f'{_TEMPERATURE}|Value')}/{verb}", params)
    points = af.object(f"/streams/{af.web_id('CDT158')}/{verb}", params)
    assert set(ours) == set(points)
    assert len(ours.get("Items", [])) == len(points.get("Items", []))
    if verb in ("value", "end"):
        assert {**ours, "UnitsAbbreviation": ""} == points


def test_static_value(af: Client) -> None:
    """A static attribute has one value, at the beginning of time; recorded does not support it [ref 409]."""
    web_id = _web_id(af, f"{_TEMPERATURE}|Value|LimitHi")
    for path in (f"/streams/{web_id}/value", f"/streams/{web_id}/end", f"/attributes/{web_id}/value"):
        row = af.object(path)
        assert (row["Timestamp"], row["Value"], row["Good"]) == ("1970-01-01T00:00:00Z", 230.0, True), path
    for verb in ("recorded", "interpolated", "summary"):
        response = af.get(f"/streams/{web_id}/{verb}")
        assert response.status_code == 409
        assert response.json()["Errors"]


def test_static_recorded_is_a_switch(start: Callable[..., Client]) -> None:
    """Some data references answer recorded with their one value [inferred]."""
    client = start(PISystem.demo(40), now=NOW, static_recorded="value")
    items = client.items(f"/streams/{_web_id(client, f'{_TEMPERATURE}|Value|LimitHi')}/recorded")
    assert [row["Value"] for row in items] == [230.0]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{demo.SINUSOID}|Asset Number", "A-SINUSOID"), (f"{demo.SINUSOID}|Installed", "2019-06-01T00:00:00Z"),
        (f"{demo.PLANT}\\Works\\Unit1|Density", 998.2), (f"{demo.PLANT}\\Works\\Unit1|Foreman", "Foreman of UNIT1"),
        (f"{demo.CURIOSITIES}\\Broken|Empty", None),
    ],
)  # fmt: skip
def test_values_without_a_point(af: Client, path: str, value: Any) -> None:
    """`value` works for all data references [inferred]; a static attribute may hold null [client]."""
    assert af.object(f"/streams/{_web_id(af, path)}/value")["Value"] == value


def test_formula_is_computed_now(af: Client) -> None:
    """A formula's value has the time of the question [general]."""
    web_id = _web_id(af, f"{demo.PLANT}\\Works\\Unit1|Load")
    row = af.object(f"/streams/{web_id}/value")
    assert (row["Timestamp"], row["Value"], row["UnitsAbbreviation"]) == (NOW, 0.75, "%")


def test_enumeration_value(af: Client, start: Callable[..., Client]) -> None:
    """A static enumeration value is an object, as a digital state is [ref]."""
    client = start(PISystem.demo(100), now=NOW)
    web_id = client.object("/assetdatabases", {"path": demo.PLANT})["WebId"]
    query = {"databaseWebId": web_id, "query": "Name:='Failure Position'"}
    found = client.items("/attributes/search", query)[0]
    value = client.object(f"/streams/{found['WebId']}/value")["Value"]
    assert value == {"Name": "CLOSED", "Value": 0, "IsSystem": False}


@pytest.mark.parametrize("name", ["No such tag", "No such server"])
def test_missing_point(af: Client, name: str) -> None:
    """The value is null and the row carries Errors [ref]; recorded fails as a whole [open]."""
    web_id = _web_id(af, f"{demo.CURIOSITIES}\\Broken|{name}")
    row = af.object(f"/streams/{web_id}/value")
    assert row["Value"] is None
    assert row["Errors"] == [{"FieldName": "Value", "Message": ["PI Point not found."]}]
    assert af.get(f"/streams/{web_id}/recorded").status_code == 404


def test_stream_set(af: Client) -> None:
    """Points and attributes may be mixed; an attribute's source is an attribute [sw18]."""
    value, broken = _web_id(af, f"{_TEMPERATURE}|Value"), _web_id(af, f"{demo.CURIOSITIES}\\Broken|No such tag")
    params: dict[str, Any] = {"webId": [value, af.web_id("CDT158"), broken], **_RANGE, "maxCount": 3}
    first, second, third = af.items("/streamsets/recorded", params)
    assert (first["WebId"], first["Path"]) == (value, f"{_TEMPERATURE}|Value")
    assert first["Links"]["Source"] == f"{af.pi.url}/attributes/{value}"
    assert _without_units(first["Items"]) == second["Items"]
    assert (first["UnitsAbbreviation"], second["UnitsAbbreviation"]) == ("°C", "")
    assert third["Items"][0]["Errors"][0]["Message"] == ["PI Point not found."]


def test_stream_set_of_an_element(af: Client) -> None:
    """By parent: the streams are the element's attributes [sw18]."""
    element = demo.element(af, _TEMPERATURE)
    values = {one["Name"]: one["Value"] for one in af.items(demo.below(af, element["Links"]["Value"]))}
    assert set(values) == {"Asset Number", "Installed", "Value"}
    assert values["Value"]["UnitsAbbreviation"] in ("°C", "")


def test_faults_for_a_tag_reach_attributes(af: Client) -> None:
    """A fault for a tag befalls whoever reads it, by whatever name."""
    web_id = _web_id(af, f"{_TEMPERATURE}|Value")
    af.pi.faults.add(Fault(status=500, tag="CDT158"))
    assert [af.get(f"/streams/{web_id}/value").status_code for _ in range(2)] == [500, 200]
    af.pi.faults.clear()
