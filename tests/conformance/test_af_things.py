"""Templates, categories, enumeration sets, tables, analyses and units."""

from __future__ import annotations

from typing import Any

import pytest

from . import af as demo
from .client import Client


def _all(client: Client, link: str, **params: Any) -> list[dict[str, Any]]:
    plant = client.object("/assetdatabases", {"path": demo.PLANT})
    return client.items(demo.below(client, plant["Links"][link]), params)


def _at(client: Client, controller: str, rest: str) -> dict[str, Any]:
    return client.object(f"/{controller}", {"path": f"{demo.PLANT}\\{rest}"})


def test_element_templates(af: Client) -> None:
    """Templates of elements and event frames, by wildcards on name or description [sw18]."""
    names = ["Asset", "Batch", "Instrument", "Site", "Unit", "Utility", "Valve"]
    assert demo.names(_all(af, "ElementTemplates")) == names
    assert demo.names(_all(af, "ElementTemplates", query="*it*", sortOrder="Descending")) == ["Utility", "Unit", "Site"]
    assert demo.names(_all(af, "ElementTemplates", query="What*", field="Description")) == ["Asset"]
    assert demo.names(_all(af, "ElementTemplates", maxCount=2)) == names[:2]


def test_shape_of_a_template(af: Client) -> None:
    """Fields of a template [sw18]."""
    valve = _at(af, "elementtemplates", "ElementTemplates[valve]")
    assert list(valve) == [
        "WebId", "Id", "Name", "Description", "Path", "AllowElementToExtend", "BaseTemplate", "InstanceType",
        "NamingPattern", "CategoryNames", "CanBeAcknowledged", "Severity", "ExtendedProperties", "Links",
    ]  # fmt: skip
    assert (valve["BaseTemplate"], valve["InstanceType"]) == ("Instrument", "Element")
    batch = _at(af, "elementtemplates", "ElementTemplates[Batch]")
    assert (batch["InstanceType"], batch["CanBeAcknowledged"], batch["Severity"]) == ("EventFrame", True, "Minor")


def test_base_and_derived_templates(af: Client) -> None:
    """The line upwards; below only the next one unless asked for all [sw18]."""
    links = _at(af, "elementtemplates", "ElementTemplates[Valve]")["Links"]
    assert demo.names(af.items(demo.below(af, links["BaseTemplates"]))) == ["Instrument", "Asset"]
    derived = demo.below(af, _at(af, "elementtemplates", "ElementTemplates[Asset]")["Links"]["DerivedTemplates"])
    assert sorted(demo.names(af.items(derived))) == ["Instrument", "Site", "Unit", "Utility"]
    assert "Valve" in demo.names(af.items(derived, {"showDescendants": "true"}))


def test_attribute_templates(af: Client) -> None:
    """Those of base templates only with `showInherited` [sw18]."""
    links = _at(af, "elementtemplates", "ElementTemplates[Valve]")["Links"]
    path = demo.below(af, links["AttributeTemplates"])
    assert demo.names(af.items(path)) == ["Failure Position"]
    inherited = demo.names(af.items(path, {"showInherited": "true"}))
    assert inherited == ["Failure Position", "Calibration", "Retired", "Asset Number", "Installed"]
    assert demo.names(af.items(path, {"showInherited": "true", "startIndex": 1, "maxCount": 2})) == inherited[1:3]
    number = _at(af, "attributetemplates", "ElementTemplates[Asset]|Asset Number")
    assert (number["ConfigString"], number["DataReferencePlugIn"]) == ('"A-";%Element%', "String Builder")
    assert af.object(demo.below(af, number["Links"]["ElementTemplate"]))["Name"] == "Asset"


@pytest.mark.parametrize(
    ("kind", "names"),
    [("Element", ["Production", "Unused", "Equipment"]), ("Attribute", ["Measurement", "Maintenance"]),
     ("Table", ["Reference"]), ("Analysis", ["Performance"])],
)  # fmt: skip
def test_categories(af: Client, kind: str, names: list[str]) -> None:
    """The four kinds, by list, path and WebID, without paging [sw18]."""
    found = _all(af, f"{kind}Categories")
    assert demo.names(found) == names
    for one in found:
        assert list(one) == ["WebId", "Id", "Name", "Description", "Path", "Links"]
        controller = f"{kind.lower()}categories"
        assert _at(af, controller, f"{kind}Categories[{one['Name'].upper()}]") == one
        assert af.object(f"/{controller}/{one['WebId']}") == one


def test_categories_of_objects(af: Client) -> None:
    """The categories an object has."""
    element, installed = demo.element(af, demo.SINUSOID), demo.attribute(af, f"{demo.SINUSOID}|Installed")
    assert demo.names(af.items(demo.below(af, element["Links"]["Categories"]))) == ["Equipment"]
    assert demo.names(af.items(demo.below(af, installed["Links"]["Categories"]))) == ["Maintenance"]


def test_enumeration_sets(af: Client) -> None:
    """Sets of a database have the shapes of a data server's digital sets [client]."""
    sets = {one["Name"]: one for one in _all(af, "EnumerationSets")}
    assert set(sets) == {"Valve", "Modes", "OnOff"}
    values = af.items(demo.below(af, sets["OnOff"]["Links"]["Values"]))
    assert [(one["Value"], one["Name"]) for one in values] == [(0, "Off"), (1, "On")]
    server = af.items("/dataservers")[0]["Links"]["EnumerationSets"]
    digital = {one["Name"]: one for one in af.items(demo.below(af, server))}["OnOff"]
    states = af.items(demo.below(af, digital["Links"]["Values"]))
    assert set(digital) - {"Links"} == set(sets["OnOff"]) - {"Links"}
    assert set(states[0]) == set(values[0])
    assert af.object("/enumerationsets", {"path": "\\\\MOCKPI\\DigitalSets[OnOff]"}) == digital
    assert _at(af, "enumerationsets", "EnumerationSets[onoff]") == sets["OnOff"]
    assert _at(af, "enumerationvalues", "EnumerationSets[OnOff]\\On") == values[1]
    for one in (values[1], states[1]):
        assert af.object(f"/enumerationvalues/{one['WebId']}") == one


def test_tables(af: Client) -> None:
    """A table's rows come in one answer: columns with types, rows as objects [sw18]."""
    (table,) = _all(af, "Tables")
    assert table == _at(af, "tables", "Tables[Densities]")
    data = af.object(demo.below(af, table["Links"]["Data"]))
    assert data["Columns"] == {"Material": "String", "Density": "Double"}
    assert data["Rows"][0] == {"Material": "Water", "Density": 998.2}
    assert len(data["Rows"]) == 3
    assert demo.names(af.items(demo.below(af, table["Links"]["Categories"]))) == ["Reference"]


def test_analyses(af: Client) -> None:
    """Analyses of an element, of a database, and by query [sw18]."""
    database = demo.database(af)
    found = af.items(f"{database}/analyses")
    assert len(found) == demo.DIGITAL
    assert set(demo.names(found)) == {"Downtime"}
    one = found[0]
    assert (one["AnalysisRulePlugInName"], one["Status"], one["TemplateName"]) == ("EventFrame", "Enabled", "Downtime")
    target = af.object(f"/elements/{one['TargetWebId']}")
    assert demo.names(af.items(demo.below(af, target["Links"]["Analyses"]))) == ["Downtime"]
    assert af.object("/analyses", {"path": one["Path"]}) == one == af.object(f"/analyses/{one['WebId']}")
    query = {"databaseWebId": database.rpartition("/")[2], "query": "Name:Down*"}
    assert len(af.items("/analyses/search", query)) == demo.DIGITAL
    assert af.items(f"{database}/analyses", {"query": "nope*", "field": ["Name", "Description"]}) == []


def test_analysis_templates(af: Client) -> None:
    """Those of a database, and of an element template."""
    assert demo.names(_all(af, "AnalysisTemplates")) == ["Downtime", "Efficiency"]
    unit = _at(af, "elementtemplates", "ElementTemplates[Unit]")
    (efficiency,) = af.items(demo.below(af, unit["Links"]["AnalysisTemplates"]))
    assert efficiency["TargetName"] == "Unit"
    assert _at(af, "analysistemplates", "AnalysisTemplates[Efficiency]") == efficiency


def test_units(af: Client) -> None:
    """Units convert into the canonical one of their class by factor and offset [sw18]."""
    server = af.items("/assetservers")[0]
    classes = {one["Name"]: one for one in af.items(demo.below(af, server["Links"]["UnitClasses"]))}
    temperature = classes["Temperature"]
    units = {one["Name"]: one for one in af.items(demo.below(af, temperature["Links"]["Units"]))}
    celsius = units["degree Celsius"]
    assert list(celsius) == [
        "WebId", "Id", "Name", "Abbreviation", "Description", "Path", "Factor", "Offset", "ReferenceFactor",
        "ReferenceOffset", "ReferenceUnitAbbreviation", "Links",
    ]  # fmt: skip
    assert (celsius["Abbreviation"], celsius["Factor"], celsius["Offset"]) == ("°C", 1.0, 273.15)
    assert af.object(demo.below(af, celsius["Links"]["ReferenceUnit"])) == units["kelvin"]
    assert af.object(f"/unitclasses/{temperature['WebId']}/canonicalunit") == units["kelvin"]
    assert af.object("/units", {"path": celsius["Path"]}) == celsius
    assert af.object("/unitclasses", {"path": temperature["Path"]}) == temperature


@pytest.mark.parametrize("controller", ["elementtemplates", "attributetemplates", "tables", "analyses", "units",
    "analysistemplates", "enumerationsets", "enumerationvalues", "elementcategories", "unitclasses"])  # fmt: skip
def test_missing_and_malformed_paths(af: Client, controller: str) -> None:
    """404 unknown, 400 malformed or missing, with Errors [sw18]."""
    for params, status in (({"path": f"{demo.PLANT}\\Nope[x]"}, 404), ({"path": "Nope"}, 400), ({}, 400)):
        response = af.get(f"/{controller}", params)
        assert (response.status_code, "Errors" in response.json()) == (status, True)


def test_every_link_leads_somewhere(af: Client) -> None:
    """From the home page on every link is served, except those for security and notifications."""
    unserved = {"Security", "SecurityEntries", "NotificationRules"}
    objects = [demo.element(af, f"{demo.PLANT}\\Works\\Unit1"), demo.attribute(af, f"{demo.SINUSOID}|Value|LimitLo"),
               af.object("/assetdatabases", {"path": demo.PLANT}), *af.items("/assetservers")]  # fmt: skip
    for one in objects:
        for name, link in one["Links"].items():
            if name not in unserved:
                assert af.get(demo.below(af, link)).status_code in (200, 409), (name, link)
