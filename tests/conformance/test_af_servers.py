"""Asset servers and asset databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_pi import MockPI, PISystem

from . import af as demo
from .client import Client


def test_list(af: Client) -> None:
    """The list has Items; the databases' link is called `Databases`, its route `assetdatabases` [sw18]."""
    (server,) = af.items("/assetservers")
    assert (server["Name"], server["Path"], server["IsConnected"]) == ("MOCKAF", "\\\\MOCKAF", True)
    assert server["Links"]["Databases"] == server["Links"]["Self"] + "/assetdatabases"
    assert demo.names(af.items(demo.below(af, server["Links"]["Databases"])))[:2] == ["Plant", "Curiosities"]


@pytest.mark.parametrize("params", [{"name": "mockaf"}, {"path": "\\\\MOCKAF"}])
def test_by_name_or_path_is_a_bare_object(af: Client, params: dict[str, str]) -> None:
    """`?name=` and `?path=` answer one object, not Items [sw18]."""
    assert af.object("/assetservers", params) == af.items("/assetservers")[0]


@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("/assetservers", {"name": "NOPE"}, 404),
        ("/assetservers", {"path": "MOCKAF"}, 400),
        ("/assetdatabases", {"path": "\\\\MOCKAF\\Nope"}, 404),
        ("/assetdatabases", {"path": "\\\\MOCKAF"}, 404),
        ("/assetdatabases", {}, 400),
    ],
)
def test_what_is_not_there(af: Client, path: str, params: dict[str, str], status: int) -> None:
    """404 unknown, 400 malformed, with Errors [sw18]."""
    response = af.get(path, params)
    assert response.status_code == status
    assert response.json()["Errors"]


@pytest.mark.parametrize(
    "path", ["/assetdatabases/{}/databases", "/assetservers/{}/databases", "/elements/{}/children"]
)
def test_routes_that_clients_invent(af: Client, path: str) -> None:
    """There are no such routes: the framework's `Message` [sw18]."""
    response = af.get(path.format("F1RDx"))
    assert response.status_code == 404
    assert response.json()["Message"].startswith("No HTTP resource was found")


def test_shape_of_a_database(af: Client) -> None:
    """Fields and links as recorded; there is no link `Analyses` [real]."""
    database = af.object("/assetdatabases", {"path": demo.PLANT})
    assert list(database) == ["WebId", "Id", "Name", "Description", "Path", "ExtendedProperties", "Links"]
    assert set(database["Links"]) == {
        "Self", "Elements", "ElementTemplates", "EventFrames", "AssetServer", "ElementCategories",
        "AttributeCategories", "TableCategories", "AnalysisCategories", "AnalysisTemplates", "EnumerationSets",
        "Tables", "Security", "SecurityEntries",
    }  # fmt: skip
    assert database == af.object(demo.below(af, database["Links"]["Self"]))


def test_ids_in_paths(af: Client) -> None:
    """`[{guid}]` and `Name;guid` name an object in a path, too [ref]."""
    plant = af.object("/assetdatabases", {"path": demo.PLANT})
    assert af.object("/assetdatabases", {"path": f"\\\\MOCKAF\\[{{{plant['Id']}}}]"}) == plant
    works = demo.element(af, f"{demo.PLANT}\\Works")
    assert demo.element(af, f"\\\\MOCKAF\\anything;{plant['Id']}\\whatever;{works['Id']}") == works


def test_a_system_without_an_asset_server(start: Callable[..., Client]) -> None:
    """Nothing to list."""
    assert start(PISystem()).object("/assetservers") == {"Links": {}, "Items": []}


def test_another_process() -> None:
    """The Asset Framework travels to a server in a process of its own."""
    with MockPI(PISystem.demo(8), process=True) as pi:
        assert demo.names(Client(pi).items(demo.database(Client(pi)) + "/elements")) == ["Works"]
