"""Stream sets, ad hoc: several points in one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mock_pi import Event, Listed, PISystem, Point

from .client import Client

_RANGE = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-01T01:00:00Z"}
_NOPE = "P1DPTU9DS1BJXE5PUEU"


def _ids(client: Client, *tags: str) -> list[str]:
    return [client.web_id(tag) for tag in tags]


def test_recorded(client: Client) -> None:
    """One item a stream in the order asked, its rows those of the single call [sw18, inferred]."""
    ids = _ids(client, "shape.dense", "type.dense.Digital", "shape.empty", "special.texts")
    items = client.items("/streamsets/recorded", {"webId": ids, **_RANGE})
    assert [item["WebId"] for item in items] == ids
    assert list(items[0]) == ["WebId", "Name", "Path", "Links", "Items", "UnitsAbbreviation"]
    assert items[0]["Links"]["Source"] == f"{client.pi.url}/points/{ids[0]}"
    for web_id, item in zip(ids, items, strict=True):
        assert item["Items"] == client.items(f"/streams/{web_id}/recorded", _RANGE)


def test_max_count_is_per_stream(client: Client) -> None:
    """Each stream has its own first maxCount [inferred]."""
    ids = _ids(client, "shape.dense", "shape.edges")
    items = client.items("/streamsets/recorded", {"webId": ids, **_RANGE, "maxCount": 3})
    assert [len(item["Items"]) for item in items] == [3, 3]


def test_max_count_in_total_by_switch(switch: Callable[..., Client]) -> None:
    """Or maxCount is a total over all streams [open]."""
    client = switch(streamset_max_count="total")
    ids = _ids(client, "shape.dense", "shape.edges", "step")
    items = client.items("/streamsets/recorded", {"webId": ids, **_RANGE, "maxCount": 362})
    assert [len(item["Items"]) for item in items] == [361, 1, 0]


def test_limit_over_the_sum_by_switch(switch: Callable[..., Client]) -> None:
    """The limit may be compared with streams times maxCount [open]."""
    client = switch(streamset_limit="sum", max_count=10)
    ids = _ids(client, "shape.dense", "shape.edges")
    assert client.get("/streamsets/recorded", {"webId": ids, "maxCount": 6}).status_code == 400
    assert client.get("/streamsets/recorded", {"webId": ids, "maxCount": 5}).status_code == 200


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        (
            "Items.Name;Items.Items.Value",
            {"Items": [{"Name": "special.null", "Items": [{"Value": None}, {"Value": 1.0}]}]},
        ),
        ("Items.Name", {"Items": [{"Name": "special.null"}]}),
        ("Links", {"Links": {}}),
    ],
)
def test_selected_fields(client: Client, selected: str, expected: object) -> None:
    """selectedFields starts at the root of the answer [ref]."""
    query = {"webId": _ids(client, "special.null"), **_RANGE, "selectedFields": selected}
    assert client.object("/streamsets/recorded", query) == expected


def test_value_and_end(client: Client) -> None:
    """One TimedValue per stream under `Value` [sw18]."""
    ids = _ids(client, "shape.dense", "future.closed")
    for action in ("value", "end"):
        items = client.items(f"/streamsets/{action}", {"webId": ids})
        assert [item["Value"] for item in items] == [client.object(f"/streams/{one}/{action}") for one in ids]


def test_end_as_a_list_by_switch(switch: Callable[..., Client]) -> None:
    """The documentation of the ad hoc form has `Items` instead [open]."""
    client = switch(streamset_end="items")
    item = client.items("/streamsets/end", {"webId": _ids(client, "step")})[0]
    assert len(item["Items"]) == 1


def test_summary(client: Client) -> None:
    """Items of `{Type, Value}` per stream [sw18]."""
    ids = _ids(client, "shape.dense", "type.dense.Digital")
    query = {"summaryType": "Count", "calculationBasis": "EventWeighted", **_RANGE}
    items = client.items("/streamsets/summary", {"webId": ids, **query})
    assert [item["Items"] for item in items] == [client.items(f"/streams/{one}/summary", query) for one in ids]


def test_web_id_type_is_echoed(client: Client) -> None:
    """The echo has the type asked for by `webIdType` [inferred]."""
    full = client.web_id("step")
    item = client.items("/streamsets/end", {"webId": full, "webIdType": "IDOnly"})[0]
    assert item["WebId"] == "I" + full[1:32]


def test_sorting(client: Client) -> None:
    """No order by default, `Name` the only field [sw18]."""
    ids = _ids(client, "step", "shape.dense")
    items = client.items("/streamsets/end", {"webId": ids, "sortField": "Name"})
    assert [item["Name"] for item in items] == ["shape.dense", "step"]
    assert client.get("/streamsets/end", {"webId": ids, "sortField": "Path"}).status_code == 400


def test_no_web_id(client: Client) -> None:
    """`webId` is required [sw18]."""
    assert client.get("/streamsets/recorded").status_code == 400


def test_duplicates(switch: Callable[..., Client]) -> None:
    """The same WebID twice: answered twice, or once [open]."""
    client = switch()
    ids = _ids(client, "step", "step")
    assert len(client.items("/streamsets/end", {"webId": ids})) == 2
    client.pi.set(streamset_duplicates="collapse")
    assert len(client.items("/streamsets/end", {"webId": ids})) == 1


@pytest.mark.parametrize(("how", "status", "count"), [("fail", 404, 0), ("errors", 200, 2), ("drop", 200, 1)])
def test_missing_stream(switch: Callable[..., Client], how: str, status: int, count: int) -> None:
    """One stream that is not there: the call fails, its item has Errors, or it is left out [open]."""
    client = switch(streamset_missing=how)
    response = client.get("/streamsets/recorded", {"webId": [_NOPE, *_ids(client, "step")], **_RANGE})
    assert response.status_code == status
    items: list[Any] = response.json().get("Items", [])
    assert len(items) == count
    if how == "errors":
        assert items[0]["Items"][0]["Errors"][0]["Message"] == ["PI Point not found."]


def test_malformed_web_id_fails_the_call(client: Client) -> None:
    """400, whatever the other streams [inferred]."""
    assert client.get("/streamsets/recorded", {"webId": ["bogus", *_ids(client, "step")]}).status_code == 400


def test_name_that_looks_like_json(start: Callable[..., Client]) -> None:
    """The rows are put into the right list, whatever a stream is called."""
    name = '"Items":[x],"Items":['
    client = start(PISystem([Point(name, "String", Listed([Event(5, name)]))], now="2026-01-01T00:00:00Z"))
    query = {"webId": client.web_id(name), "startTime": "1970-01-01"}
    item = client.items("/streamsets/recorded", query)[0]
    assert (item["Name"], item["Items"][0]["Value"]) == (name, name)
