"""POST /batch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .client import Client


def _run(client: Client, content: dict[str, Any]) -> dict[str, Any]:
    response = client.batch(content)
    assert response.status_code == 207, response.text
    found: dict[str, Any] = response.json()
    return found


def _get(client: Client, path: str, **more: Any) -> dict[str, Any]:
    return {"Method": "GET", "Resource": client.pi.url + path, **more}


def test_outer_status_is_207_whatever_happens_inside(client: Client) -> None:
    """207 whenever the envelope was understood [sw18]."""
    found = _run(client, {"a": _get(client, "/nope"), "b": _get(client, "/streams/bogus/value")})
    assert found["a"]["Status"] == 404
    assert found["a"]["Content"]["Message"].startswith("No HTTP resource was found that matches the request URI")
    assert found["b"]["Status"] == 400
    assert found["b"]["Content"]["Errors"] == ["Unknown or invalid WebID format: 'bogus'."]


def test_sub_answer(client: Client) -> None:
    """Status, Headers, and Content as parsed JSON [real]."""
    found = _run(client, {"1": _get(client, "/dataservers")})["1"]
    assert list(found) == ["Status", "Headers", "Content"]
    assert found["Status"] == 200
    assert found["Headers"] == {"Content-Type": "application/json; charset=utf-8"}
    assert found["Content"] == client.object("/dataservers")


def test_recorded_inside_equals_recorded_outside(client: Client) -> None:
    """The content is the very answer, for rows of every type."""
    tags = ["shape.dense", "special.texts", "special.numbers", "type.dense.Digital", "type.every.Blob", "shape.empty"]
    query = "startTime=2026-01-01T00%3A00%3A00Z&endTime=2026-01-01T06%3A00%3A00Z&maxCount=5000"
    paths = {tag: f"/streams/{client.web_id(tag)}/recorded?{query}" for tag in tags}
    found = _run(client, {tag: _get(client, path) for tag, path in paths.items()})
    for tag, path in paths.items():
        assert found[tag]["Content"] == client.object(path)


def test_204_has_empty_content(client: Client) -> None:
    """No body: empty Content [real]."""
    assert _run(client, {"u": _get(client, "/system/userinfo")})["u"] == {"Status": 204, "Headers": {}, "Content": ""}


def test_authority_is_ignored_and_case_does_not_matter(client: Client) -> None:
    """Host and port of a Resource are ignored [ref]."""
    content = {"1": {"Method": "get", "Resource": "https://elsewhere.example/PIWebAPI/DataServers"}}
    assert _run(client, content)["1"]["Status"] == 200


def test_trailing_slash(client: Client) -> None:
    """POST /batch/ is in use [client]."""
    url = client.pi.url + "/batch/"
    response = client.session.post(url, json={}, headers={"X-Requested-With": "x"}, timeout=30)
    assert (response.status_code, response.json()) == (207, {})


def test_template(client: Client) -> None:
    """One sub-request per token in token order; Status 207, no headers, Total and Items [real]."""
    server = client.items("/dataservers")[0]
    path = server["Links"]["Points"].removeprefix(client.pi.url)
    content = {
        "ends": {"Method": "GET", "RequestTemplate": {"Resource": "{0}?selectedFields=Timestamp;Value"},
                 "ParentIds": ["points"], "Parameters": ["$.points.Content.Items[*].Links.EndValue"]},
        "points": _get(client, path + "?nameFilter=type.dense.*&selectedFields=Items.Name;Items.Links.EndValue"),
    }  # fmt: skip
    found = _run(client, content)
    names = [item["Name"] for item in found["points"]["Content"]["Items"]]
    ends = found["ends"]
    assert (ends["Status"], ends["Headers"], ends["Content"]["Total"]) == (207, {}, 9)
    expected = [client.object(f"/streams/{client.web_id(name)}/end?selectedFields=Timestamp;Value") for name in names]
    assert [item["Content"] for item in ends["Content"]["Items"]] == expected


def test_template_items_fail_one_by_one(client: Client) -> None:
    """A miss inside a template is that item's 404 [real]."""
    content = {
        "s": _get(client, "/dataservers"),
        "t": {"Method": "GET", "RequestTemplate": {"Resource": "{0}wrong"}, "ParentIds": ["s"],
              "Parameters": ["$.s.Content.Items[*].Links.Self"]},
    }  # fmt: skip
    items = _run(client, content)["t"]["Content"]["Items"]
    assert [item["Status"] for item in items] == [400, 400]


def test_parameters_without_template(client: Client) -> None:
    """`{0}` in a Resource; two parameters; a JSONPath as Resource [ref]."""
    content = {
        "s": _get(client, "/dataservers"),
        "p": {"Method": "GET", "Resource": client.pi.url + "/points?path=%5C%5C{0}%5C{1}", "ParentIds": ["s"],
              "Parameters": ["$.s.Content.Items[0].Name", "$['s'].Content.Items[0].Name"]},
        "q": {"Method": "GET", "Resource": "$.s.Content.Items[1].Links.Self", "ParentIds": ["s"]},
    }  # fmt: skip
    found = _run(client, content)
    assert found["p"]["Status"] == 404
    assert found["p"]["Content"]["Errors"] == ["PI Point not found '\\\\MOCKPI\\MOCKPI'."]
    assert found["q"]["Content"]["Name"] == "SECOND PI"


def test_failed_parent(client: Client) -> None:
    """409, no headers, a bare string [real]."""
    found = _run(client, {"a": _get(client, "/nope"), "b": _get(client, "/", ParentIds=["a"])})
    text = "The following ParentIds did not complete successfully: a."
    assert found["b"] == {"Status": 409, "Headers": {}, "Content": text}


def test_no_tokens(client: Client) -> None:
    """400, no headers, a bare string: the normal end of a paged query [real]."""
    path = client.items("/dataservers")[0]["Links"]["Points"].removeprefix(client.pi.url)
    content = {
        "p": _get(client, path + "?nameFilter=nothing"),
        "e": {"Method": "GET", "RequestTemplate": {"Resource": "{0}"}, "ParentIds": ["p"],
              "Parameters": ["$.p.Content.Items[*].Links.EndValue"]},
    }  # fmt: skip
    text = "Some JSON paths did not select any tokens: $.p.Content.Items[*].Links.EndValue."
    assert _run(client, content)["e"] == {"Status": 400, "Headers": {}, "Content": text}


def test_circle_of_parents(client: Client) -> None:
    """Neither can run."""
    content = {"a": _get(client, "/", ParentIds=["b"]), "b": _get(client, "/", ParentIds=["a"])}
    assert {one["Status"] for one in _run(client, content).values()} == {409}


def test_nested_batch_is_refused(client: Client) -> None:
    """A batch in a batch [open: refused]."""
    inner = {"Method": "POST", "Resource": client.pi.url + "/batch", "Content": json.dumps({"x": _get(client, "/")})}
    assert _run(client, {"outer": inner})["outer"]["Status"] == 400


def test_relative_urls(switch: Callable[..., Client]) -> None:
    """Relative resources are not documented [open: refused, or by switch taken]."""
    client = switch()
    content = {name: {"Method": "GET", "Resource": name} for name in ("dataservers", "/piwebapi/system")}
    assert {one["Status"] for one in _run(client, content).values()} == {400}
    switch(relative_urls=True)
    assert {one["Status"] for one in _run(client, content).values()} == {200}


def test_number_of_sub_requests(switch: Callable[..., Client]) -> None:
    """No documented limit [open]; a switch sets one."""
    content = {str(number): _get(switch(), "/") for number in range(600)}
    assert len(_run(switch(), content)) == 600
    assert switch(batch_max=500).batch(content).status_code == 400


@pytest.mark.parametrize("content", [[], "x", {"a": 1}, None])
def test_what_is_no_batch(client: Client, content: object) -> None:
    """An envelope that is not understood is a 400 with a Message [inferred]."""
    response = client.batch(content)
    assert response.status_code == 400
    assert "Message" in response.json()


def test_writes_are_not_served(client: Client) -> None:
    """The mock has no actions but GET: 405 from the framework, as everywhere."""
    content = {"w": {"Method": "POST", "Resource": client.pi.url + f"/streams/{client.web_id('step')}/value",
                     "Content": "{}"}, "x": {"Method": "BREW", "Resource": client.pi.url}}  # fmt: skip
    found = _run(client, content)
    assert (found["w"]["Status"], found["x"]["Status"]) == (405, 400)


def test_get_is_405(client: Client) -> None:
    """Batch is a POST [sw18]."""
    assert client.get("/batch").status_code == 405


def test_hundred_streams(client: Client) -> None:
    """A large answer in many chunks arrives whole."""
    web_id = client.web_id("shape.dense.second")
    path = f"/streams/{web_id}/recorded?startTime=2026-01-01&endTime=2026-01-01T00:10:00Z&maxCount=5000"
    response = client.batch({str(number): _get(client, path) for number in range(100)})
    assert int(response.headers["Content-Length"]) == len(response.content)
    bodies = {json.dumps(one["Content"]) for one in response.json().values()}
    assert len(bodies) == 1
    assert len(response.json()["7"]["Content"]["Items"]) == 601
