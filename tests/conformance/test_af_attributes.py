"""Attributes: lists, filters, traits, attributes of many elements, searches."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_pi import PISystem

from . import af as demo
from .client import Client

_UNIT = f"{demo.PLANT}\\Works\\Unit1"
_VALUE = f"{demo.SINUSOID}|Value"
_INHERITED = ["Asset Number", "Installed"]


def _attributes(client: Client, path: str) -> str:
    return demo.below(client, demo.element(client, path)["Links"]["Attributes"])


def test_shape_of_an_attribute(af: Client) -> None:
    """Fields and links of an attribute with a PI Point reference [sw18]."""
    value = demo.attribute(af, _VALUE.upper())
    assert list(value) == [
        "WebId", "Id", "Name", "Description", "Path", "Paths", "Type", "TypeQualifier", "DefaultUnitsName",
        "DefaultUnitsNameAbbreviation", "DisplayDigits", "Span", "Zero", "DataReferencePlugIn", "ConfigString",
        "IsConfigurationItem", "IsExcluded", "IsHidden", "IsManualDataEntry", "HasChildren", "CategoryNames", "Step",
        "TraitName", "Links",
    ]  # fmt: skip
    assert (value["Path"], value["Type"], value["DataReferencePlugIn"]) == (_VALUE, "Single", "PI Point")
    assert (value["ConfigString"], value["Span"], value["HasChildren"]) == ("\\\\MOCKPI\\SINUSOID", 100.0, True)
    links = value["Links"]
    assert af.object(demo.below(af, links["Point"]))["Name"] == "SINUSOID"
    assert af.object(demo.below(af, links["Element"]))["Path"] == demo.SINUSOID
    assert links["RecordedData"] == f"{af.pi.url}/streams/{value['WebId']}/recorded"
    assert "Parent" not in links
    assert value == af.object(demo.below(af, links["Self"]))


def test_static_attribute(af: Client) -> None:
    """No data reference is an empty text; Span and Zero are null without a scale [real]."""
    foreman = demo.attribute(af, f"{_UNIT}|Foreman")
    assert (foreman["DataReferencePlugIn"], foreman["Span"], foreman["Zero"]) == ("", None, None)
    assert foreman["IsManualDataEntry"] is True
    assert "Point" not in foreman["Links"]


def test_enumeration(af: Client) -> None:
    """EnumerationValue names its set in TypeQualifier and links to the values [real]."""
    position = demo.attribute(af, f"{demo.PLANT}\\Works\\Classic\\CDM158|Value")
    assert (position["Type"], position["TypeQualifier"]) == ("EnumerationValue", "Modes")
    values = af.items(demo.below(af, position["Links"]["EnumerationValues"]))
    assert [(one["Value"], one["Name"]) for one in values][:2] == [(0, "Manual"), (1, "Auto")]


def test_units_and_substitution(af: Client) -> None:
    """A unit by name and abbreviation; %Element% in a ConfigString is filled in [af]."""
    limit = demo.attribute(af, f"{demo.PLANT}\\Works\\Classic\\CDT158|Value")
    assert (limit["DefaultUnitsName"], limit["DefaultUnitsNameAbbreviation"]) == ("degree Celsius", "°C")
    assert demo.attribute(af, f"{demo.SINUSOID}|Asset Number")["ConfigString"] == '"A-";SINUSOID'


def test_child_attribute(af: Client) -> None:
    """A child's path has two bars; it links to its parent [sw18]."""
    child = demo.attribute(af, f"{_VALUE}|LimitHi")
    assert (child["Path"], child["TraitName"]) == (f"{_VALUE}|LimitHi", "LimitHi")
    assert af.object(demo.below(af, child["Links"]["Parent"]))["Path"] == _VALUE
    parent = demo.attribute(af, _VALUE)
    assert demo.names(af.items(demo.below(af, parent["Links"]["Attributes"]))) == ["LimitHi", "LimitLo"]


def test_top_level_by_default(af: Client) -> None:
    """Child, excluded and hidden attributes are left out unless asked for; sorted by name [sw18]."""
    path = _attributes(af, demo.SINUSOID)
    assert demo.names(af.items(path)) == [*_INHERITED, "Value"]
    nested = ["Asset Number", "Installed", "LimitHi", "LimitLo", "Value"]
    assert demo.names(af.items(path, {"searchFullHierarchy": "true"})) == nested
    assert demo.names(af.items(path, {"showHidden": "true"})) == ["Asset Number", "Calibration", "Installed", "Value"]
    shown = demo.names(af.items(path, {"showExcluded": "true", "sortOrder": "Descending"}))
    assert shown == ["Value", "Retired", "Installed", "Asset Number"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"nameFilter": "*a*u*"}, ["Asset Number", "Value"]), ({"categoryName": "Maintenance"}, ["Installed"]),
        ({"categoryName": "Maintenance", "showHidden": "true"}, ["Calibration", "Installed"]),
        ({"valueType": "string"}, ["Asset Number"]), ({"templateName": "Asset"}, _INHERITED),
        ({"templateName": "Installed"}, ["Installed"]), ({"startIndex": "1", "maxCount": "1"}, ["Installed"]),
        ({"trait": "LimitHi", "searchFullHierarchy": "true"}, ["LimitHi"]),
        ({"trait": ["LimitHi", "limitlo"], "searchFullHierarchy": "true"}, ["LimitHi", "LimitLo"]),
        ({"traitCategory": "Limit", "searchFullHierarchy": "true"}, ["LimitHi", "LimitLo"]),
        ({"traitCategory": "Location", "searchFullHierarchy": "true"}, []),
    ],
)  # fmt: skip
def test_filters(af: Client, params: dict[str, str], names: list[str]) -> None:
    """Filters of an element's attributes [sw18]; traits from 2018 [ref]."""
    assert demo.names(af.items(_attributes(af, demo.SINUSOID), params)) == names


@pytest.mark.parametrize("params", [{"categoryName": "Nope"}, {"traitCategory": "Nope"}, {"sortField": "Nope"}])
def test_refused_parameters(af: Client, params: dict[str, str]) -> None:
    """400 with Errors [real]."""
    response = af.get(_attributes(af, demo.SINUSOID), params)
    assert response.status_code == 400
    assert response.json()["Errors"]


def test_inherited_attributes_link_to_their_template(af: Client) -> None:
    """An attribute of a base template leads to the attribute template there [client]."""
    number = demo.attribute(af, f"{demo.SINUSOID}|Asset Number")
    template = af.object(demo.below(af, number["Links"]["Template"]))
    assert template["Path"] == f"{demo.PLANT}\\ElementTemplates[Asset]|Asset Number"
    assert "Template" not in demo.attribute(af, _VALUE)["Links"]


def test_attributes_of_many_elements(af: Client) -> None:
    """Attributes of the elements that fit, of the root elements only without `searchFullHierarchy` [sw18]."""
    path = f"{demo.database(af)}/elementattributes"
    assert demo.names(af.items(path)) == ["Asset Number", "Installed", "Latitude", "Longitude"]
    full = {"searchFullHierarchy": "true"}
    assert len(af.items(path, {**full, "attributeNameFilter": "value"})) == demo.INSTRUMENTS
    assert len(af.items(path, {**full, "elementTemplate": "Unit", "attributeNameFilter": "Density"})) == demo.UNITS
    assert len(af.items(path, {**full, "elementNameFilter": "Unit*", "attributeType": "String"})) == 2 * 7
    assert len(af.items(path, {**full, "elementCategory": "Equipment", "attributeCategory": "Maintenance"})) == 40
    unit = demo.element(af, _UNIT)["Links"]["Self"]
    below = af.items(f"{demo.below(af, unit)}/elementattributes", {"attributeNameFilter": "Installed"})
    assert len(below) == demo.element_count(af, _UNIT)


def test_nested_attributes_of_many_elements_are_a_switch(af: Client, start: Callable[..., Client]) -> None:
    """Whether the search through elements reaches attributes below attributes [open]."""
    params = {"searchFullHierarchy": "true", "attributeNameFilter": "LimitHi"}
    numeric = len(af.items(f"{demo.database(af)}/elementattributes", params))
    assert numeric == demo.INSTRUMENTS - demo.DIGITAL - demo.TEXTS
    client = start(PISystem.demo(8), find_nested_attributes=False)
    assert client.items(f"{demo.database(client)}/elementattributes", params) == []


def test_pages_of_attributes_of_many_elements(af: Client) -> None:
    """The pages join to the whole list, without a gap and nothing twice [sw18]."""
    path, full = f"{demo.database(af)}/elementattributes", {"searchFullHierarchy": "true"}
    whole = [one["WebId"] for one in af.items(path, full)]
    assert len(set(whole)) == len(whole)
    joined: list[str] = []
    while True:
        page = af.items(path, {**full, "startIndex": len(joined), "maxCount": 37})
        joined += [one["WebId"] for one in page]
        if len(page) < 37:
            break
    assert joined == whole


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("Element:{Name:'SINUSOID' Root:'Works\\Classic'} Name:'Value'", 1), ("Name:='Limit*' Element:SINUSOID", 2),
        ("Element:{Template:'Unit'} Type:'Double'", 2 * demo.UNITS),
        ("CategoryName:'Maintenance' Element:{CategoryName:'Production'}", demo.UNITS),
        ("PlugIn:='PI Point'", demo.INSTRUMENTS), ("Name:nope", 0),
    ],
)  # fmt: skip
def test_search(af: Client, query: str, count: int) -> None:
    """AFSearch queries of attributes, with the element's filters in braces [client]."""
    database = af.object("/assetdatabases", {"path": demo.PLANT})["WebId"]
    assert len(af.items("/attributes/search", {"databaseWebId": database, "query": query})) == count


def test_multiple(af: Client) -> None:
    """207 with an exception for each that is missing [sw18]."""
    response = af.get("/attributes/multiple", {"path": [_VALUE, f"{demo.SINUSOID}|Nope"]})
    assert response.status_code == 207
    first, second = response.json()["Items"]
    assert (first["Object"]["Path"], first["Exception"], second["Object"]) == (_VALUE, None, None)


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"{demo.SINUSOID}|Nope", 404), (f"{demo.CURIOSITIES}\\Broken|Deleted", 404), (demo.SINUSOID, 400),
     (f"{demo.CURIOSITIES}\\Secret\\Below|Hidden", 403)],
)  # fmt: skip
def test_wrong_paths(af: Client, path: str, status: int) -> None:
    """Unknown, deleted since it was listed, no attribute, no permission."""
    response = af.get("/attributes", {"path": path})
    assert response.status_code == status
    assert response.json()["Errors"]


def test_deleted_attribute_is_listed(af: Client) -> None:
    """Listed, and 404 when it is fetched."""
    listed = {one["Name"]: one for one in af.items(_attributes(af, f"{demo.CURIOSITIES}\\Broken"))}
    assert af.get(demo.below(af, listed["Deleted"]["Links"]["Self"])).status_code == 404
    assert af.get(demo.below(af, listed["Deleted"]["Links"]["Value"])).status_code == 404


def test_all_paths(af: Client) -> None:
    """`associations=Paths` gives an attribute of an element under two parents two paths [ref]."""
    where = demo.attribute(af, f"{demo.CURIOSITIES}\\Second\\Twice|Where", associations="paths")
    assert where["Paths"] == [f"{demo.CURIOSITIES}\\{place}\\Twice|Where" for place in ("First", "Second")]


def test_traits(af: Client) -> None:
    """Traits by category and by name [sw18]."""
    limits = af.items("/attributetraits", {"category": "Limit"})
    assert [one["Name"] for one in limits] == [
        "LimitMinimum", "LimitLoLo", "LimitLo", "LimitTarget", "LimitHi", "LimitHiHi", "LimitMaximum",
    ]  # fmt: skip
    assert af.object("/attributetraits/limithi") == limits[4]
    assert af.get("/attributetraits").status_code == 400
