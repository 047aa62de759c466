"""Routing, envelopes and `selectedFields`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_pi import MockPI, PISystem

from .client import Client


def test_root_links_to_where_everything_begins(client: Client) -> None:
    """GET / has links to servers and system [sw18]."""
    links = client.object("/")["Links"]
    assert set(links) == {"Self", "AssetServers", "DataServers", "System"}
    assert client.session.get(links["DataServers"], timeout=30).json()["Items"]


def test_system_routes(client: Client) -> None:
    """What /system and its children tell [sw18]."""
    assert client.object("/system")["ProductTitle"].startswith("PI Web API")
    assert client.object("/system/versions")["PI Web API"]["FullVersion"] == "1.19.1.28"
    status = client.object("/system/status")
    assert (status["State"], status["ServerTime"]) == ("Running", "2026-03-01T00:00:00Z")


def test_userinfo_of_nobody_is_204(client: Client) -> None:
    """Without an identity /system/userinfo answers 204 with no body [sw18]."""
    response = client.get("/system/userinfo")
    assert (response.status_code, response.content) == (204, b"")


def test_headers(client: Client) -> None:
    """HTTP.sys names itself, bodies are UTF-8 JSON [real]."""
    headers = client.get("/").headers
    assert headers["Server"] == "Microsoft-HTTPAPI/2.0"
    assert headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("path", ["/dataservers", "/DataServers", "/dataservers/", "/DATASERVERS/"])
def test_case_and_trailing_slash_make_no_difference(client: Client, path: str) -> None:
    """Route segments are case-insensitive, a trailing slash is accepted [client]."""
    assert len(client.items(path)) == 2


def test_parameter_names_and_enumerations_in_any_case(client: Client) -> None:
    """Parameter names and enumeration values are case-insensitive [client]."""
    web_id = client.web_id("shape.dense")
    params = {"STARTTIME": "*-1m", "endtime": "*", "boundarytype": "inside", "MaxCount": "3"}
    assert len(client.items(f"/streams/{web_id}/Recorded", params)) == 3


def test_unknown_route_is_the_frameworks_404(client: Client) -> None:
    """A path nobody serves has a Message, not Errors [real]."""
    response = client.get("/nothing/here")
    assert response.status_code == 404
    text = f"No HTTP resource was found that matches the request URI '{client.pi.url}/nothing/here'."
    assert response.json() == {"Message": text}


def test_wrong_method_is_the_frameworks_405(client: Client) -> None:
    """A wrong verb has a Message [real]."""
    response = client.session.delete(client.pi.url + "/dataservers", headers={"X-Requested-With": "x"}, timeout=30)
    assert response.status_code == 405
    assert response.json() == {"Message": "The requested resource does not support http method 'DELETE'."}


def test_unknown_parameter_is_refused(client: Client) -> None:
    """Stricter than the vendor, so that misspellings show."""
    response = client.get("/dataservers", {"nmae": "MOCKPI"})
    assert response.status_code == 400
    assert "nmae" in response.json()["Errors"][0]


def test_unknown_parameter_is_ignored_by_switch(start: Callable[..., Client]) -> None:
    """The vendor ignores unknown parameters [inferred]."""
    client = start(PISystem(now="2026-01-01T00:00:00Z"), ignore_unknown_parameters=True)
    assert len(client.items("/dataservers", {"nmae": "MOCKPI"})) == 1


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("Items.Name", {"Items": [{"Name": "MOCKPI"}, {"Name": "SECOND PI"}]}),
        ("items.NAME", {"Items": [{"Name": "MOCKPI"}, {"Name": "SECOND PI"}]}),
        ("Items.Name;Items.Nothing;Nothing", {"Items": [{"Name": "MOCKPI"}, {"Name": "SECOND PI"}]}),
        ("Links", {"Links": {}}),
        ("Nothing", {}),
    ],
)
def test_selected_fields(client: Client, selected: str, expected: object) -> None:
    """Dotted paths, `;`, any case, unknown names ignored [ref]."""
    assert client.object("/dataservers", {"selectedFields": selected}) == expected


def test_selecting_a_parent_keeps_its_subtree(client: Client) -> None:
    """Selecting a parent returns the whole subtree [ref]."""
    items = client.items("/dataservers", {"selectedFields": "Items.Links"})
    assert set(items[0]) == {"Links"}
    assert set(items[0]["Links"]) == {"Self", "Points", "EnumerationSets"}


def test_empty_list_vanishes_under_selected_fields(client: Client) -> None:
    """With selectedFields an empty collection can come back as `{}` [client]; without it keeps its Items."""
    path = f"/streams/{client.web_id('shape.empty')}/recorded"
    assert client.object(path, {"selectedFields": "Items.Value"}) == {}
    assert client.object(path) == {"Links": {}, "Items": [], "UnitsAbbreviation": ""}


def test_empty_list_stays_by_switch(switch: Callable[..., Client]) -> None:
    """The other form of the same [open]."""
    client = switch(keep_empty_items=True)
    path = f"/streams/{client.web_id('shape.empty')}/recorded"
    assert client.object(path, {"selectedFields": "Items.Value"}) == {"Items": []}


@pytest.mark.parametrize(
    ("how", "asked", "zipped"),
    [("never", "gzip", False), ("asked", "gzip", True), ("asked", "identity", False), ("always", "identity", True)],
)
def test_compression(start: Callable[..., Client], how: str, asked: str, zipped: bool) -> None:
    """Whether the server compresses is not settled [open]."""
    client = start(PISystem(), compress=how)
    response = client.get("/dataservers", headers={"Accept-Encoding": asked})
    assert (response.headers.get("Content-Encoding") == "gzip") is zipped
    assert response.json()["Items"]


def test_byte_order_mark(switch: Callable[..., Client]) -> None:
    """One client strips characters before the first brace [client]; whether they are a mark is not settled [open]."""
    assert switch(bom=True).get("/").content.startswith(b"\xef\xbb\xbf{")


def test_version_2017_has_no_annotated(switch: Callable[..., Client]) -> None:
    """`Annotated` came with 2018, points/search with 2021 SP3 [ref]."""
    client = switch(version="2017")
    rows = client.recorded("shape.dense", "*-10s", "*")
    assert list(rows[0]) == ["Timestamp", "Value", "UnitsAbbreviation", "Good", "Questionable", "Substituted"]
    assert client.get("/points/search", {"query": "tag:*"}).status_code == 404


def test_url_of_the_mock(pi: MockPI) -> None:
    """The base URL has no trailing slash."""
    assert pi.url == f"http://127.0.0.1:{pi.port}/piwebapi"
