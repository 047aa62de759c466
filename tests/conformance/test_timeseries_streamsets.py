"""Stream sets: every verb, by list and by parent, and joined."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Dense, MockPI, PISystem, Point
from mock_pi.af import AFServer, Attribute, Database, Element

from .client import Client, restored

_NOW = "2026-01-02T00:00:00Z"
_RANGE = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T01:00:00Z"}
_TIMES = {"time": ["2026-01-01T00:30:00Z", "2026-01-01T00:00:05Z"]}

#: Verb to the parameters it is called with here.
_VERBS: dict[str, Any] = {
    "recorded": _RANGE, "interpolated": {**_RANGE, "interval": "10m"}, "plot": _RANGE, "recordedattimes": _TIMES,
    "interpolatedattimes": _TIMES, "summary": {**_RANGE, "summaryType": "Count"},
}  # fmt: skip
_SINGLE: dict[str, Any] = {
    "value": {"time": "2026-01-01T00:30:00Z"}, "end": {}, "recordedattime": {"time": "2026-01-01T00:30:03Z"},
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """An element with attributes of every kind, one of them with children, and an element below it."""
    below = (Attribute.of_point("High", r"\\MOCKPI\B"), Attribute("Static", "Double", 1.0))
    attributes = [
        Attribute.of_point("Zeta", r"\\MOCKPI\A", units="bar", categories=("Process",), attributes=below),
        Attribute.of_point("Alpha", r"\\MOCKPI\B"),
        Attribute.of_point("Hidden", r"\\MOCKPI\B", is_hidden=True),
        Attribute.of_point("Excluded", r"\\MOCKPI\B", is_excluded=True),
    ]
    child = Element("Child", attributes=[Attribute.of_point("Alpha", r"\\MOCKPI\A")])
    mixed = Element("Mixed", attributes=[Attribute("Static", "Double", 5.0), Attribute.of_point("Gone", "NOPE")])
    database = Database("DB", [Element("E", attributes=attributes, elements=[child]), mixed])
    points = [Point("A", "Float64", Dense(10.0)), Point("B", "Float64", Dense(60.0))]
    with MockPI(PISystem(points, af=[AFServer("MOCKAF", [database])], now=_NOW)) as pi:
        yield Client(pi)


@pytest.fixture
def plant(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, _NOW):
        yield server


def _id(client: Client, path: str) -> str:
    controller = "attributes" if "|" in path else "elements"
    return str(client.object(f"/{controller}", {"path": f"\\\\MOCKAF\\DB\\{path}"})["WebId"])


@pytest.mark.parametrize("verb", list(_VERBS))
def test_many_values_a_stream(plant: Client, verb: str) -> None:
    """`Items` of `Items`, each what the single call gives [sw18]."""
    ids = [plant.web_id("B"), _id(plant, "E|Zeta"), plant.web_id("A")]
    items = plant.items(f"/streamsets/{verb}", {"webId": ids, **_VERBS[verb]})
    assert [item["WebId"] for item in items] == ids
    assert [item["Items"] for item in items] == [plant.items(f"/streams/{one}/{verb}", _VERBS[verb]) for one in ids]
    if verb != "summary":
        assert [item["UnitsAbbreviation"] for item in items] == ["", "bar", ""]


@pytest.mark.parametrize("verb", list(_SINGLE))
def test_one_value_a_stream(plant: Client, verb: str) -> None:
    """`Items` of `Value`, each what the single call gives [sw18]."""
    ids = [plant.web_id("B"), _id(plant, "E|Zeta")]
    items = plant.items(f"/streamsets/{verb}", {"webId": ids, **_SINGLE[verb]})
    assert [item["Value"] for item in items] == [plant.object(f"/streams/{one}/{verb}", _SINGLE[verb]) for one in ids]
    assert "/points/" in items[0]["Links"]["Source"]
    assert "/attributes/" in items[1]["Links"]["Source"]


@pytest.mark.parametrize("verb", [*_VERBS, *_SINGLE])
def test_by_parent(plant: Client, verb: str) -> None:
    """The attributes of an element, in no order, hidden and excluded ones left out [sw18]."""
    query = _VERBS.get(verb) or _SINGLE[verb]
    items = plant.items(f"/streamsets/{_id(plant, 'E')}/{verb}", query)
    assert [item["Name"] for item in items] == ["Zeta", "Alpha"]
    ids = [item["WebId"] for item in items]
    assert items == plant.items(f"/streamsets/{verb}", {"webId": ids, **query})
    assert items[0]["Path"] == r"\\MOCKAF\DB\E|Zeta"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"nameFilter": "a*"}, ["Alpha"]),
        ({"categoryName": "process"}, ["Zeta"]),
        ({"showHidden": "true"}, ["Zeta", "Alpha", "Hidden"]),
        ({"showExcluded": "true", "showHidden": "true"}, ["Zeta", "Alpha", "Hidden", "Excluded"]),
        ({"sortField": "Name"}, ["Alpha", "Zeta"]),
        ({"sortField": "Name", "sortOrder": "Descending"}, ["Zeta", "Alpha"]),
        ({"searchFullHierarchy": "true"}, ["Zeta", "High", "Static", "Alpha", "Alpha"]),
        ({"searchFullHierarchy": "true", "nameFilter": "High"}, ["High"]),
    ],
)
def test_choosing_among_attributes(plant: Client, params: dict[str, str], expected: list[str]) -> None:
    """The filters of a list of attributes [sw18]."""
    items = plant.items(f"/streamsets/{_id(plant, 'E')}/value", params)
    assert [item["Name"] for item in items] == expected


def test_full_hierarchy_by_switch(plant: Client) -> None:
    """Whether attributes of child elements come, too [open]."""
    plant.pi.set(streamset_full="attributes")
    items = plant.items(f"/streamsets/{_id(plant, 'E')}/end", {"searchFullHierarchy": "true"})
    assert [item["Name"] for item in items] == ["Zeta", "High", "Static", "Alpha"]


def test_below_an_attribute(plant: Client) -> None:
    """The parent may be an attribute: its children [sw18]."""
    items = plant.items(f"/streamsets/{_id(plant, 'E|Zeta')}/value")
    assert [item["Name"] for item in items] == ["High", "Static"]


def test_streams_that_cannot_be_read(plant: Client) -> None:
    """An item with Errors in its row [ref]; those without a history may drop out [open]."""
    path = f"/streamsets/{_id(plant, 'Mixed')}/recorded"
    items = plant.items(path, _RANGE)
    assert [item["Items"][0]["Errors"][0]["FieldName"] for item in items] == ["Value", "Value"]
    plant.pi.set(streamset_static="drop")
    assert [item["Name"] for item in plant.items(path, _RANGE)] == ["Gone"]
    values = plant.items(f"/streamsets/{_id(plant, 'Mixed')}/value")
    assert values[0]["Value"]["Value"] == 5.0
    assert values[1]["Value"]["Errors"][0]["Message"] == ["PI Point not found."]


@pytest.mark.parametrize("name", ["desiredUnits", "associations"])
def test_no_parameters_of_stream_sets(plant: Client, name: str) -> None:
    """desiredUnits and associations are for single streams only [sw18]."""
    assert plant.get(f"/streamsets/{_id(plant, 'E')}/recorded", {name: "x"}).status_code == 400


@pytest.mark.parametrize("verb", ["recordedattime", "recordedattimes", "interpolatedattimes"])
def test_times_are_required(plant: Client, verb: str) -> None:
    """`time` has no default [sw18]."""
    assert plant.get(f"/streamsets/{verb}", {"webId": plant.web_id("A")}).status_code == 400


def test_recorded_at_time_without_an_event(plant: Client) -> None:
    """An item with Errors instead of a failed call [inferred]."""
    query = {"webId": plant.web_id("A"), "time": "2026-01-01T00:00:03Z", "retrievalMode": "Exact"}
    assert plant.items("/streamsets/recordedattime", query)[0]["Value"]["Errors"]


def test_an_unknown_parent(plant: Client) -> None:
    """400 for no WebID, 404 for an element that is not there [sw18]."""
    assert plant.get("/streamsets/bogus/value").status_code == 400
    missing = "P1EmTU9DS0FGXERCXE5PUEU"
    assert plant.get(f"/streamsets/{missing}/value").status_code == 404


def test_joined(plant: Client) -> None:
    """The base's recorded values first, the others interpolated at their times [sw18]."""
    base, other = plant.web_id("B"), _id(plant, "E|Zeta")
    query = {"baseWebId": base, "subordinateWebId": [other], **_RANGE, "maxCount": 10}
    items = plant.items("/streamsets/joined", query)
    assert [item["WebId"] for item in items] == [base, other]
    assert items[0]["Items"] == plant.items(f"/streams/{base}/recorded", {**_RANGE, "maxCount": 10})
    times = [row["Timestamp"] for row in items[0]["Items"]]
    assert items[1]["Items"] == plant.items(f"/streams/{other}/interpolatedattimes", {"time": times})
    for missing in ("baseWebId", "subordinateWebId"):
        query_without = {name: value for name, value in query.items() if name != missing}
        assert plant.get("/streamsets/joined", query_without).status_code == 400


def test_joined_is_new_in_2018(plant: Client) -> None:
    """A route miss before [sw17 vs sw18]; there is no joined by parent."""
    plant.pi.set(version="2017")
    response = plant.get("/streamsets/joined", {"baseWebId": plant.web_id("A")})
    assert (response.status_code, list(response.json())) == (404, ["Message"])
    assert plant.get(f"/streamsets/{_id(plant, 'E')}/joined").status_code == 404


def test_selected_fields_and_web_id_type(plant: Client) -> None:
    """As everywhere [ref]."""
    query = {"selectedFields": "Items.WebId;Items.Value.Value", "webIdType": "PathOnly", "nameFilter": "Alpha"}
    items = plant.items(f"/streamsets/{_id(plant, 'E')}/value", query)
    assert [list(item) for item in items] == [["WebId", "Value"]]
    assert items[0]["WebId"].startswith("P1AbE")
