"""Data servers, their lists of points, their digital sets."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from mock_pi import PISystem, Point
from mock_pi.system.gallery import NASTY_NAMES

from .client import Client


def test_list(client: Client) -> None:
    """The list has Items and no paging [sw18]; a path has the form PIServers[name] [real]."""
    servers = client.items("/dataservers")
    assert [one["Path"] for one in servers] == ["\\\\PIServers[MOCKPI]", "\\\\PIServers[SECOND PI]"]
    assert servers[0]["WebId"].startswith("F1DS")
    assert servers[0]["IsConnected"] is True


@pytest.mark.parametrize(
    "params",
    [{"name": "second pi"}, {"path": "\\\\PIServers[Second PI]"}, {"path": "\\\\SECOND PI"}],
)
def test_by_name_or_path_is_a_bare_object(client: Client, params: dict[str, str]) -> None:
    """`?name=` and `?path=` answer one object, not Items [sw18]."""
    assert client.object("/dataservers", params)["Name"] == "SECOND PI"


def test_unknown_server_is_404(client: Client) -> None:
    """404 with Errors [sw18]."""
    response = client.get("/dataservers", {"name": "NOPE"})
    assert response.status_code == 404
    assert response.json()["Errors"]


def test_by_web_id(client: Client) -> None:
    """A server by its own link."""
    server = client.items("/dataservers")[0]
    assert client.session.get(server["Links"]["Self"], timeout=30).json() == server


@pytest.mark.parametrize(
    ("pattern", "count"),
    [("shape.*", 13), ("SHAPE.DENSE", 1), ("shape.dense?*", 4), ("type.dense.Int[13]*", 2), ("type.dense.Int[!1]*", 1),
     ("nothing", 0), ("star\\*", 1)],
)  # fmt: skip
def test_name_filter(client: Client, pattern: str, count: int) -> None:
    r"""Wildcards `*`, `?`, `[..]`, `[!..]`, `\` escapes, any case, exact without wildcard [ref]."""
    path = client.items("/dataservers")[0]["Links"]["Points"].removeprefix(client.pi.url)
    assert len(client.items(path, {"nameFilter": pattern})) == count


@pytest.mark.parametrize("name", NASTY_NAMES)
def test_every_name_can_be_listed_and_found(client: Client, name: str) -> None:
    """Names hold anything; escaped they match themselves only [real]."""
    path = client.items("/dataservers")[0]["Links"]["Points"].removeprefix(client.pi.url)
    found = client.items(path, {"nameFilter": re.sub(r"([*?\[\]\\])", r"\\\1", name)})
    assert [one["Name"] for one in found] == [name]
    assert client.object("/points", {"path": f"\\\\MOCKPI\\{name}"})["Name"] == name


def test_pages(start: Callable[..., Client]) -> None:
    """Index paging: default 1000, `Next` on full pages, beyond the end empty [sw18]."""
    client = start(PISystem([Point(f"P{number:04d}") for number in range(2000)]))
    path = client.items("/dataservers")[0]["Links"]["Points"].removeprefix(client.pi.url)
    first = client.object(path)
    assert len(first["Items"]) == 1000
    second = client.session.get(first["Links"]["Next"], timeout=30).json()
    assert [second["Items"][0]["Name"], second["Items"][-1]["Name"]] == ["P1000", "P1999"]
    third = client.session.get(second["Links"]["Next"], timeout=30).json()
    assert third["Items"] == []
    assert "Next" not in third["Links"]
    assert third["Links"]["Previous"] == first["Links"]["Next"]


def test_escaped_links(start: Callable[..., Client]) -> None:
    """Some servers write `&amp;` in Links.Next [client]."""
    client = start(PISystem([Point("A"), Point("B")]), html_escaped_links=True)
    path = client.items("/dataservers")[0]["Links"]["Points"].removeprefix(client.pi.url)
    assert "&amp;maxCount=1" in client.object(path, {"maxCount": 1})["Links"]["Next"]


def test_max_count_over_the_limit(start: Callable[..., Client]) -> None:
    """The limit holds for lists, too [guide]."""
    client = start(PISystem(), max_count=5)
    path = client.items("/dataservers")[0]["Links"]["Points"].removeprefix(client.pi.url)
    assert client.get(path, {"maxCount": 6}).status_code == 400


def test_digital_sets(client: Client) -> None:
    """Digital sets are the enumeration sets of the server, System among them [sw18]."""
    path = client.items("/dataservers")[0]["Links"]["EnumerationSets"].removeprefix(client.pi.url)
    sets = {one["Name"]: one for one in client.items(path)}
    assert set(sets) == {"Modes", "Tricky", "System"}
    values = client.session.get(sets["Tricky"]["Links"]["Values"], timeout=30).json()["Items"]
    assert [(one["Value"], one["Name"]) for one in values][:3] == [(0, "Bad"), (1, "No Data"), (5, 'with "quotes", ä')]
    system = client.session.get(sets["System"]["Links"]["Values"], timeout=30).json()["Items"]
    assert (248, "No Data") in [(one["Value"], one["Name"]) for one in system]
    assert client.session.get(sets["System"]["Links"]["Self"], timeout=30).json() == sets["System"]
