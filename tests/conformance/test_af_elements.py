"""Elements: lists, filters, pages, paths, searches, and elements that cannot be had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mock_pi import Fault, PISystem
from mock_pi.af import AFServer, Attribute, Database, Element

from . import af as demo
from .client import Client
from .conftest import NOW


def test_shape_of_an_element(af: Client) -> None:
    """Fields and links; the data links lead to stream sets [sw18]."""
    element = demo.element(af, demo.SINUSOID.lower())
    assert list(element) == [
        "WebId", "Id", "Name", "Description", "Path", "Paths", "TemplateName", "HasChildren", "CategoryNames",
        "ExtendedProperties", "Errors", "Links",
    ]  # fmt: skip
    assert (element["Path"], element["TemplateName"], element["HasChildren"]) == (demo.SINUSOID, "Instrument", False)
    assert (element["Paths"], element["Errors"], element["CategoryNames"]) == (None, None, ["Equipment"])
    assert set(element["Links"]) == {
        "Self", "Analyses", "Attributes", "Elements", "Database", "Parent", "Template", "Categories",
        "DefaultAttribute", "EventFrames", "InterpolatedData", "RecordedData", "PlotData", "SummaryData", "Value",
        "EndValue", "Security", "SecurityEntries", "NotificationRules",
    }  # fmt: skip
    assert element["Links"]["RecordedData"] == f"{af.pi.url}/streamsets/{element['WebId']}/recorded"
    assert element == af.object(demo.below(af, element["Links"]["Self"]))


def test_links_lead_to_the_right_objects(af: Client) -> None:
    """Parent, template and default attribute."""
    links = demo.element(af, demo.SINUSOID)["Links"]
    assert af.object(demo.below(af, links["Parent"]))["Path"] == f"{demo.PLANT}\\Works\\Classic"
    assert af.object(demo.below(af, links["Template"]))["Name"] == "Instrument"
    assert af.object(demo.below(af, links["DefaultAttribute"]))["Path"] == f"{demo.SINUSOID}|Value"
    assert "Parent" not in demo.element(af, f"{demo.PLANT}\\Works")["Links"]
    unit = demo.element(af, f"{demo.PLANT}\\Works\\Unit1")
    assert unit["ExtendedProperties"] == {"CostCenter": {"Value": 2}}


def test_root_children_only_by_default(af: Client) -> None:
    """Without `searchFullHierarchy` only what stands directly below [sw18]."""
    database = demo.database(af)
    assert demo.names(af.items(f"{database}/elements")) == ["Works"]
    assert len(af.items(f"{database}/elements", {"searchFullHierarchy": "true"})) == demo.ELEMENTS
    works = demo.below(af, demo.element(af, f"{demo.PLANT}\\Works")["Links"]["Elements"])
    assert demo.names(af.items(works)) == ["Classic", *(f"Unit{number}" for number in range(1, 8))]
    assert len(af.items(works, {"searchFullHierarchy": "TRUE"})) == demo.ELEMENTS - 1


@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"nameFilter": "sinusoid*"}, 2), ({"nameFilter": "SINUSOID"}, 1), ({"nameFilter": "Unit[12]"}, 2),
        ({"descriptionFilter": "Sine wave*"}, 2), ({"categoryName": "equipment"}, demo.INSTRUMENTS),
        ({"categoryName": "Production"}, demo.UNITS), ({"categoryName": "Unused"}, 0),
        ({"templateName": "Unit"}, demo.UNITS), ({"templateName": "Instrument"}, demo.INSTRUMENTS),
        ({"templateName": "Asset"}, demo.ELEMENTS), ({"elementType": "Element"}, demo.ELEMENTS),
        ({"elementType": "measurement"}, 0), ({"templateName": "Unit", "nameFilter": "*7"}, 1),
    ],
)  # fmt: skip
def test_filters(af: Client, params: dict[str, str], count: int) -> None:
    """Wildcards on names, exact categories; a template's filter also takes derived templates [sw18]."""
    items = af.items(f"{demo.database(af)}/elements", {"searchFullHierarchy": "true", **params})
    assert len(items) == count


@pytest.mark.parametrize(
    ("params", "word"),
    [
        ({"categoryName": "Nope"}, "The specified element category was not found in the specified Asset Database."),
        ({"templateName": "Nope"}, "element template"), ({"sortField": "Colour"}, "sortField"),
        ({"sortOrder": "Up"}, "sortOrder"), ({"elementType": "Nope"}, "elementType"),
        ({"startIndex": "-1"}, "startIndex"), ({"associations": "Nope"}, "associations"),
        ({"maxCount": "150001"}, "is greater than the maximum allowed (150000)"),
    ],
)  # fmt: skip
def test_refused_parameters(af: Client, params: dict[str, str], word: str) -> None:
    """400 with Errors; the unknown category in recorded words [real]."""
    response = af.get(f"{demo.database(af)}/elements", params)
    assert response.status_code == 400
    assert word in response.json()["Errors"][0]


def test_order_and_pages(af: Client) -> None:
    """Sorted by name ascending by default; pages by index join without a gap, beyond the end nothing [sw18]."""
    path = f"{demo.database(af)}/elements"
    whole = demo.names(af.items(path, {"searchFullHierarchy": "true"}))
    assert whole == sorted(whole, key=str.lower)
    joined: list[str] = []
    for start in range(0, 80, 20):
        page = af.object(path, {"searchFullHierarchy": "true", "startIndex": start, "maxCount": 20})
        joined += demo.names(page["Items"])
        assert ("Next" in page["Links"]) == (len(page["Items"]) == 20)
    assert joined == whole
    turned = demo.names(af.items(path, {"searchFullHierarchy": "true", "sortOrder": "Descending"}))
    assert turned == sorted(whole, key=str.lower, reverse=True)
    ids = [one["Id"] for one in af.items(path, {"searchFullHierarchy": "true", "sortField": "id"})]
    assert ids == sorted(ids)


def test_sort_fields_are_a_switch(start: Callable[..., Client]) -> None:
    """Which fields can be sorted by beyond Name [open]."""
    client = start(PISystem.demo(8), sort_fields="name")
    assert client.get(f"{demo.database(client)}/elements", {"sortField": "ID"}).status_code == 400


def test_selected_fields(af: Client) -> None:
    """Dotted paths in any case; unknown ones are ignored; nothing left is `{}` [ref]."""
    path = f"{demo.database(af)}/elements"
    link = demo.element(af, f"{demo.PLANT}\\Works")["Links"]["Attributes"]
    found = af.object(path, {"selectedFields": "items.name;Items.Links.Attributes;Items.Nope"})
    assert found == {"Items": [{"Name": "Works", "Links": {"Attributes": link}}]}
    assert af.object(path, {"selectedFields": "Items.Name", "nameFilter": "nope"}) == {}


def test_element_under_two_parents(af: Client) -> None:
    """One element, several paths: `Path` is the primary one, `associations=Paths` lists all [ref]."""
    both = [f"{demo.CURIOSITIES}\\First\\Twice", f"{demo.CURIOSITIES}\\Second\\Twice"]
    first, second = (demo.element(af, path, associations="Paths") for path in both)
    assert first == second
    assert (first["Path"], first["Paths"]) == (both[0], both)
    assert af.object(f"/elements/{first['WebId']}/paths") == {"Links": {}, "Items": both}
    assert af.items(f"/elements/{first['WebId']}/paths", {"relativePath": f"{demo.CURIOSITIES}\\Second"}) == ["Twice"]
    found = af.items(f"{demo.database(af, demo.CURIOSITIES)}/elements", {"searchFullHierarchy": "true"})
    assert demo.names(found).count("Twice") == 1


def test_referenced_elements(af: Client) -> None:
    """Only those whose primary place is elsewhere."""
    for place, expected in (("First", []), ("Second", ["Twice"])):
        web_id = demo.element(af, f"{demo.CURIOSITIES}\\{place}")["WebId"]
        assert demo.names(af.items(f"/elements/{web_id}/referencedelements")) == expected
        assert demo.names(af.items(f"/elements/{web_id}/elements")) == ["Twice"]


def test_an_element_in_another_database(start: Callable[..., Client]) -> None:
    """An element listed in one database may belong to another; its link tells which [client]."""
    shared = Element("Shared")
    client = start(PISystem(af=[AFServer("AF", [Database("One", [shared]), Database("Two", [shared])])]))
    (found,) = client.items(f"{demo.database(client, chr(92) * 2 + 'AF' + chr(92) + 'Two')}/elements")
    assert client.object(demo.below(client, found["Links"]["Database"]))["Name"] == "One"


def test_every_name_can_be_found(af: Client) -> None:
    """Names hold anything but backslashes and bars."""
    name = 'Na/me % with # odd & "quotes", ä€'
    assert demo.element(af, f"{demo.CURIOSITIES}\\{name}")["Name"] == name
    assert demo.attribute(af, f"{demo.CURIOSITIES}\\{name}|At/tri bute: 100%")["Name"] == "At/tri bute: 100%"


@pytest.mark.parametrize(
    "path",
    [f"{demo.PLANT}\\Nope", f"{demo.PLANT}\\Works\\Nope\\Deeper", "\\\\NOPE\\A\\B", f"{demo.CURIOSITIES}\\Deleted"],
)
def test_missing_is_404(af: Client, path: str) -> None:
    """Unknown paths, and an element deleted since it was listed [sw18]."""
    response = af.get("/elements", {"path": path})
    assert response.status_code == 404
    assert response.json() == {"Errors": ["The specified element was not found."]}


def test_deleted_element_is_listed(af: Client) -> None:
    """Lists come from a cache that may be behind: the element is listed, and gone when it is fetched [guide]."""
    (listed,) = af.items(f"{demo.database(af, demo.CURIOSITIES)}/elements", {"nameFilter": "Deleted"})
    assert af.get(demo.below(af, listed["Links"]["Self"])).status_code == 404
    assert af.get(demo.below(af, listed["Links"]["Attributes"])).status_code == 404


def test_no_read_permission(af: Client, start: Callable[..., Client]) -> None:
    """A branch without permission is left out of lists and refused by path [open: status, listed or not]."""
    assert "Secret" not in demo.names(af.items(f"{demo.database(af, demo.CURIOSITIES)}/elements"))
    for path in ("Secret", "Secret\\Below"):
        assert af.get("/elements", {"path": f"{demo.CURIOSITIES}\\{path}"}).status_code == 403
    found = af.items(f"{demo.database(af, demo.CURIOSITIES)}/elementattributes", {"searchFullHierarchy": "true"})
    assert "Hidden" not in demo.names(found)
    client = start(PISystem.demo(8), denied_status=404, denied_listed=True)
    assert "Secret" in demo.names(client.items(f"{demo.database(client, demo.CURIOSITIES)}/elements"))
    assert client.get("/elements", {"path": f"{demo.CURIOSITIES}\\Secret"}).status_code == 404


def test_multiple(af: Client) -> None:
    """One item per identifier in order; 207 as soon as one has an exception [sw18]."""
    web_id = demo.element(af, demo.SINUSOID)["WebId"]
    good = af.get("/elements/multiple", {"webId": [web_id], "path": [f"{demo.PLANT}\\Works"], "asParallel": "true"})
    assert good.status_code == 200
    assert [one["Object"]["Name"] for one in good.json()["Items"]] == ["SINUSOID", "Works"]
    mixed = af.get("/elements/multiple", {"path": [f"{demo.PLANT}\\Nope", f"{demo.PLANT}\\Works"]})
    assert mixed.status_code == 207
    first, second = mixed.json()["Items"]
    assert (first["Object"], first["Exception"]["Errors"]) == (None, ["The specified element was not found."])
    assert (second["Object"]["Name"], second["Exception"]) == ("Works", None)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", demo.ELEMENTS), ("Name:='SINUSOID*'", 2), ("sinusoid*", 2), ("name:=SINUSOID template:Instrument", 1),
        ("Template:'Unit'", demo.UNITS), ("Category:=\"Equipment\"", demo.INSTRUMENTS),
        ("Root:'Works\\Classic' Name:=*", 7), (f"Root:'{demo.PLANT}\\Works\\Classic'", 7),
        ("Root:'\\\\\\\\MOCKAF\\\\Plant\\\\Works\\\\Classic'", 7), ("Root:Works AllDescendants:False", demo.UNITS),
        ("Name:='no such thing'", 0),
    ],
)  # fmt: skip
def test_search(af: Client, query: str, count: int) -> None:
    """AFSearch queries: all filters hold, values with blanks quoted, wildcards, backslash escapes [client]."""
    database = af.object("/assetdatabases", {"path": demo.PLANT})["WebId"]
    assert len(af.items("/elements/search", {"databaseWebId": database, "query": query})) == count


@pytest.mark.parametrize("query", ["Name:'open", "Colour:red", "Name:>a", "Root:'Nope'", "Template:Nope"])
def test_search_refuses(af: Client, query: str) -> None:
    """A malformed query, an unknown filter, root or template is refused [inferred]."""
    database = af.object("/assetdatabases", {"path": demo.PLANT})["WebId"]
    assert af.get("/elements/search", {"databaseWebId": database, "query": query}).status_code in (400, 404)


def test_before_2018(start: Callable[..., Client]) -> None:
    """2017 has neither searches nor paths, traits or display digits [sw17]."""
    client = start(PISystem.demo(8), now=NOW, version="2017")
    element = demo.element(client, demo.SINUSOID)
    assert "Paths" not in element
    for path in ("/elements/search", "/attributes/search", "/analyses/search", f"/elements/{element['WebId']}/paths"):
        response = client.get(path)
        assert (response.status_code, list(response.json())) == (404, ["Message"]), path
    attribute = demo.attribute(client, f"{demo.SINUSOID}|Value")
    assert not {"Paths", "DisplayDigits", "Span", "Zero", "TraitName"} & set(attribute)


def test_batch_with_a_template(af: Client) -> None:
    """Elements and the attributes of each in one batch; an empty page ends in a 400 string [real]."""
    database = af.object("/assetdatabases", {"path": demo.PLANT})
    requests: dict[str, Any] = {
        "els": {"Method": "GET", "Resource": f"{database['Links']['Elements']}?templateName=Unit&startIndex=6"
                "&maxCount=4&searchFullHierarchy=true&selectedFields=Items.Name;Items.Links.Attributes"},
        "atts": {"Method": "GET", "RequestTemplate": {"Resource": "{0}?selectedFields=Items.Name"},
                 "ParentIds": ["els"], "Parameters": ["$.els.Content.Items[*].Links.Attributes"]},
    }  # fmt: skip
    answer = af.batch(requests).json()
    assert demo.names(answer["els"]["Content"]["Items"]) == ["Unit6", "Unit7"]
    assert answer["atts"]["Content"]["Total"] == 2
    names = demo.names(answer["atts"]["Content"]["Items"][0]["Content"]["Items"])
    assert names == ["Asset Number", "Density", "Foreman", "Installed", "Load"]
    requests["els"]["Resource"] = requests["els"]["Resource"].replace("startIndex=6", "startIndex=8")
    answer = af.batch(requests).json()
    assert answer["els"]["Content"] == {}
    assert answer["atts"]["Status"] == 400
    assert answer["atts"]["Content"].startswith("Some JSON paths did not select any tokens")


def test_counted_and_faulty_like_any_route(af: Client) -> None:
    """Statistics and faults know the routes of the Asset Framework by name."""
    path = demo.database(af)
    af.pi.reset_stats()
    af.pi.faults.add(Fault(status=503, route="assetdatabases/elements"))
    assert [af.get(f"{path.upper()}/Elements/".replace(path.upper(), path)).status_code for _ in range(2)] == [503, 200]
    assert af.pi.stats().by_route == {"assetdatabases/elements": 2}
    af.pi.faults.clear()


@pytest.mark.parametrize("process", [False, True])
def test_changes_show_at_once(start: Callable[..., Client], process: bool) -> None:
    """Elements added, edited and removed while the server runs, in another process, too."""
    database = Database("DB", [Element("Old", elements=[Element("Child")])])
    client = start(PISystem(af=[AFServer("AF", [database])]), process=process)
    path = f"{demo.database(client, database.path)}/elements?searchFullHierarchy=true"
    assert demo.names(client.items(path)) == ["Child", "Old"]
    old = database.elements[0]
    new = database.add(Element("New", attributes=[Attribute("Size", value=2.5)]), old)
    assert demo.names(client.items(path)) == ["Child", "New", "Old"]
    assert demo.attribute(client, f"{database.path}\\Old\\New|Size")["Id"] == str(new.bound()[0].guid)
    database.change(new, description="Changed", is_gone=True)
    assert client.items(path)[1]["Description"] == "Changed"
    assert client.get("/elements", {"path": new.path}).status_code == 404
    database.add(Element("Top"))
    database.remove(old)
    assert demo.names(client.items(path)) == ["Top"]
    assert client.get("/elements", {"path": f"{database.path}\\Old\\Child"}).status_code == 404
