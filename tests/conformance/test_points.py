"""Points: by path, by WebID, several at once, by query, and their attributes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_pi import PISystem, Point

from .client import Client


def test_shape_of_a_point(client: Client) -> None:
    """Fields and links as recorded [real]."""
    point = client.object("/points", {"path": "\\\\mockpi\\SHAPE.dense"})
    assert list(point) == [
        "WebId", "Id", "Name", "Path", "Descriptor", "PointClass", "PointType", "DigitalSetName", "EngineeringUnits",
        "Span", "Zero", "Step", "Future", "DisplayDigits", "Links",
    ]  # fmt: skip
    assert point["Path"] == "\\\\MOCKPI\\shape.dense"
    assert point["Links"]["RecordedData"] == f"{client.pi.url}/streams/{point['WebId']}/recorded"
    assert client.object(f"/points/{point['WebId']}") == point


def test_digital_set_name(client: Client) -> None:
    """`DigitalSetName` is empty for points that are not digital [real]."""
    assert client.object(f"/points/{client.web_id('type.dense.Digital')}")["DigitalSetName"] == "Tricky"
    assert client.object(f"/points/{client.web_id('type.dense.Int16')}")["DigitalSetName"] == ""


def test_one_name_on_two_servers(client: Client) -> None:
    """The path tells them apart."""
    first, second = client.web_id("shape.dense"), client.web_id("shape.dense", "SECOND PI")
    assert first != second
    assert client.items(f"/streams/{first}/recorded") != client.items(f"/streams/{second}/recorded")


@pytest.mark.parametrize(("path", "status"), [("\\\\MOCKPI\\NOPE", 404), ("NOPE", 400), ("\\\\NOPE\\shape.dense", 404)])
def test_wrong_paths(client: Client, path: str, status: int) -> None:
    """404 for an unknown point [sw18]."""
    response = client.get("/points", {"path": path})
    assert response.status_code == status
    assert response.json()["Errors"]


def test_multiple_good(client: Client) -> None:
    """All found: 200, one item per identifier in order [sw18]."""
    web_id = client.web_id("shape.dense")
    response = client.get("/points/multiple", {"webId": [web_id], "path": ["\\\\MOCKPI\\step"], "asParallel": "true"})
    assert response.status_code == 200
    items = response.json()["Items"]
    assert [one["IdentifierType"] for one in items] == ["WebId", "Path"]
    assert [one["Object"]["Name"] for one in items] == ["shape.dense", "step"]
    assert all(one["Exception"] is None for one in items)


def test_multiple_with_exceptions(client: Client) -> None:
    """One missing: 207, Object null and Exception with Errors [ref]."""
    paths = ["\\\\MOCKPI\\NOPE", "\\\\MOCKPI\\step"]
    response = client.get("/points/multiple", {"path": paths})
    assert response.status_code == 207
    first, second = response.json()["Items"]
    assert (first["Identifier"], first["Object"]) == (paths[0], None)
    assert first["Exception"]["Errors"]
    assert second["Object"]["Name"] == "step"
    good = client.get("/points/multiple", {"path": paths, "includeMode": "ItemsWithoutExceptions"}).json()["Items"]
    assert [one["Identifier"] for one in good] == paths[1:]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('tag:="shape.dense.s*"', {"shape.dense.second", "shape.dense.subsecond"}),
        ("name:shape.e* AND datatype:Float64", {"shape.every", "shape.empty", "shape.edges"}),
        ("(tag:step OR tag:shape.quiet) AND pointtype:Float64", {"step", "shape.quiet"}),
        ("tag:type.dense.Int* pointtype:<>Int16", {"type.dense.Int32"}),
        ("pointid:<3 AND tag:shape.*", {"shape.dense", "shape.dense.second"}),
    ],
)
def test_search(client: Client, query: str, names: set[str]) -> None:
    """PI point queries [ref]."""
    server = client.items("/dataservers")[0]["WebId"]
    found = client.items("/points/search", {"query": query, "dataServerWebId": server})
    assert {one["Name"] for one in found} == names


def test_search_has_a_hard_cap(start: Callable[..., Client]) -> None:
    """points/search gives at most 1000, whatever the limit elsewhere [ref]."""
    client = start(PISystem([Point(f"P{number}") for number in range(1200)]))
    assert len(client.items("/points/search", {"query": "tag:P*"})) == 1000
    assert len(client.items("/points/search", {"query": "tag:P*", "startIndex": 1000})) == 200
    response = client.get("/points/search", {"query": "tag:P*", "maxCount": 1001})
    assert response.status_code == 400
    assert "is greater than the maximum allowed (1000)" in response.json()["Errors"][0]


def test_search_refuses_nonsense(client: Client) -> None:
    """A malformed query is a 400 [inferred]."""
    assert client.get("/points/search", {"query": "tag:a AND ("}).status_code == 400


def test_attributes(client: Client) -> None:
    """Point attributes by name, by filter, and a name that does not exist [sw18]."""
    path = f"/points/{client.web_id('shape.dense')}/attributes"
    assert {"Name": "pointtype", "Value": "Float64"}.items() <= client.items(path, {"name": "PointType"})[0].items()
    names = [one["Name"] for one in client.items(path, {"nameFilter": "point*"})]
    assert names == ["pointid", "pointsource", "pointtype"]
    assert client.object(path + "/span")["Value"] == 100.0
    response = client.get(path, {"name": "nope"})
    assert (response.status_code, response.json()) == (
        400,
        {"Errors": ["Some or all attribute names could not be found."]},
    )
