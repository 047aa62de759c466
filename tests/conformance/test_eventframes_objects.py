"""What an event frame looks like, and everything that hangs on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Fault, MockPI

from .client import Client, restored
from .frames import DAYS, NOW, database_id, frame_id, system

_PATH = r"\\MOCKAF\DB\EventFrames[Trip]"


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """The demo's frames."""
    with MockPI(system()) as pi:
        yield Client(pi)


@pytest.fixture
def frames(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, NOW):
        yield server


def test_the_fields(frames: Client) -> None:
    """All fields in the vendor's order [sw18]."""
    found = frames.object("/eventframes", {"path": _PATH})
    assert list(found) == [
        "WebId", "Id", "Name", "Description", "Path", "TemplateName", "HasChildren", "StartTime", "EndTime", "Severity",
        "AcknowledgedBy", "AcknowledgedDate", "CanBeAcknowledged", "IsAcknowledged", "IsAnnotated", "IsLocked",
        "AreValuesCaptured", "RefElementWebIds", "CategoryNames", "Security", "ExtendedProperties", "Links",
    ]  # fmt: skip
    reactor = frames.object("/elements", {"path": r"\\MOCKAF\DB\Plant\Reactor"})["WebId"]
    del found["WebId"], found["Id"], found["Security"]
    links = found.pop("Links")
    assert found == {
        "Name": "Trip", "Description": "", "Path": _PATH, "TemplateName": "Unplanned Downtime", "HasChildren": False,
        "StartTime": "2026-01-01T04:00:00Z", "EndTime": "2026-01-01T05:30:00Z", "Severity": "Major",
        "AcknowledgedBy": "MOCK\\ann", "AcknowledgedDate": "2026-01-01T06:00:00Z", "CanBeAcknowledged": True,
        "IsAcknowledged": True, "IsAnnotated": True, "IsLocked": False, "AreValuesCaptured": False,
        "RefElementWebIds": [reactor], "CategoryNames": [], "ExtendedProperties": {},
    }  # fmt: skip
    assert links["PrimaryReferencedElement"] == f"{frames.pi.url}/elements/{reactor}"


def test_links_lead_somewhere(frames: Client) -> None:
    """What a link names is served [sw18]."""
    links = frames.object("/eventframes", {"path": r"\\MOCKAF\DB\EventFrames[Batch 42]\Heating"})["Links"]
    assert "Parent" in links
    for name, url in links.items():
        if not name.startswith("Security"):
            assert frames.session.get(url).status_code == 200, name


def test_an_open_frame(frames: Client) -> None:
    """It ends in the year 9999 [ref; open for the exact text]; nobody acknowledged it [open]."""
    path = {"path": r"\\MOCKAF\DB\EventFrames[Running]"}
    found = frames.object("/eventframes", path)
    assert (found["EndTime"], found["AcknowledgedBy"]) == ("9999-12-31T23:59:59Z", "")
    assert found["AcknowledgedDate"] == "1970-01-01T00:00:00Z"
    frames.pi.set(open_end="9999-12-31T23:59:59.9999999Z", unacknowledged_date=None)
    found = frames.object("/eventframes", path)
    assert (found["EndTime"], found["AcknowledgedDate"]) == ("9999-12-31T23:59:59.9999999Z", None)


@pytest.mark.parametrize("kind", ["Full", "IDOnly", "PathOnly", "LocalIDOnly", "DefaultIDOnly"])
def test_web_ids(frames: Client, kind: str) -> None:
    """Every kind of WebID leads back to its frame and its attribute [ref]."""
    web_id = frame_id(frames, "[Trip]", webIdType=kind)
    assert web_id[:4] == f"{kind[0]}1Fm"
    assert frames.object(f"/eventframes/{web_id}")["Name"] == "Trip"
    attribute = frames.items(f"/eventframes/{web_id}/attributes", {"webIdType": kind, "nameFilter": "Lost"})[0]
    assert attribute["WebId"][:5] == f"{kind[0]}1AbF"
    assert frames.object(f"/attributes/{attribute['WebId']}")["Path"] == f"{_PATH}|Lost"
    assert frames.object(f"/streams/{attribute['WebId']}/value")["Good"] is False


def test_the_same_name_twice(frames: Client) -> None:
    """Two frames of one name have two ids; a path means the first [inferred]."""
    items = frames.items(f"/assetdatabases/{database_id(frames)}/eventframes", {**DAYS, "nameFilter": "Batch 42"})
    assert len({item["WebId"] for item in items}) == len({item["Id"] for item in items}) == 2
    assert len({item["Path"] for item in items}) == 1
    assert frames.object("/eventframes", {"path": items[0]["Path"]})["StartTime"] == "2026-01-01T08:00:00Z"
    guid = items[1]["Id"]
    by_id = frames.object("/eventframes", {"path": f"\\\\MOCKAF\\DB\\EventFrames[{{{guid}}}]"})
    assert by_id["WebId"] == items[1]["WebId"]


def test_what_is_not_there(frames: Client) -> None:
    """404 for a frame nobody knows, 400 for what is no WebID of a frame [sw18]."""
    assert frames.get("/eventframes", {"path": r"\\MOCKAF\DB\EventFrames[Nope]"}).status_code == 404
    assert frames.get("/eventframes/bogus").status_code == 400
    assert frames.get(f"/eventframes/{database_id(frames)}").status_code == 400
    gone = frame_id(frames, "[Trip]")[:-4] + "AAAA"
    assert frames.get(f"/eventframes/I{gone[1:44]}AAAA").status_code == 404
    assert frames.get("/eventframes").status_code == 400


def test_multiple(frames: Client) -> None:
    """207 as soon as one is missing [sw18]."""
    query: dict[str, Any] = {"webId": frame_id(frames, "[Trip]"), "path": [_PATH, r"\\MOCKAF\DB\EventFrames[Nope]"]}
    response = frames.get("/eventframes/multiple", query)
    assert response.status_code == 207
    items = response.json()["Items"]
    assert [(item["Object"] or {}).get("Name") for item in items] == ["Trip", "Trip", None]
    assert frames.get("/eventframes/multiple", {"path": _PATH}).status_code == 200


def test_attributes(frames: Client) -> None:
    """Those of its template and of the template's base [sw18]; they link to the frame."""
    items = frames.items(f"/eventframes/{frame_id(frames, '[Trip]')}/attributes")
    assert [item["Name"] for item in items] == ["Alarms", "Comment", "Lost", "Reason"]
    assert all(item["Links"]["EventFrame"].endswith(frame_id(frames, "[Trip]")) for item in items)


def test_referenced_elements_and_categories(frames: Client) -> None:
    """The elements it is about, the primary one first; no pages [sw18]."""
    web_id = frame_id(frames, "[Batch 42]")
    elements = frames.items(f"/eventframes/{web_id}/referencedelements")
    assert [item["Name"] for item in elements] == ["Reactor", "Tank"]
    assert frames.get(f"/eventframes/{web_id}/referencedelements", {"maxCount": 1}).status_code == 400
    assert [item["Name"] for item in frames.items(f"/eventframes/{web_id}/categories")] == ["Production"]


def test_annotations(frames: Client) -> None:
    """Notes on the frame, each by its id, too [sw18]."""
    path = f"/eventframes/{frame_id(frames, '[Trip]')}/annotations"
    note = frames.items(path)[0]
    assert (note["Name"], note["Value"], note["Creator"]) == ("Shift log", "Valve stuck.", "MOCK\\ann")
    assert frames.object(f"{path}/{note['Id']}") == note
    assert frames.get(f"{path}/nope").status_code == 404


def test_values_in_bulk(frames: Client) -> None:
    """streamsets/{frame}/value: one value an attribute, with enumerations and bad values [sw18]."""
    items = frames.items(f"/streamsets/{frame_id(frames, '[Trip]')}/value")
    values = {item["Name"]: item["Value"] for item in items}
    assert list(values) == ["Reason", "Lost", "Comment", "Alarms"]
    assert values["Reason"]["Value"] == {"Name": "Mechanical", "Value": 1, "IsSystem": False}
    assert (values["Lost"]["Good"], values["Lost"]["Value"]["Value"]) == (False, 246)
    assert (values["Comment"]["Value"], values["Alarms"]["Value"]) == ('said "stop", ä', 3)
    open_frame = frames.items(f"/streamsets/{frame_id(frames, '[Running]')}/value")
    assert [item["Value"]["Value"] for item in open_frame][1:] == [0.0, ""]


def test_time_series_over_the_frames_time(frames: Client) -> None:
    """The default range is the frame's own [sw18]; an explicit one wins."""
    web_id = frame_id(frames, "[Batch 42]")
    rows = frames.items(f"/streamsets/{web_id}/recorded")[0]["Items"]
    assert (rows[0]["Timestamp"], rows[-1]["Timestamp"]) == ("2026-01-01T08:00:00Z", "2026-01-01T10:00:00Z")
    attribute = frames.items(f"/eventframes/{web_id}/attributes")[0]["WebId"]
    assert frames.items(f"/streams/{attribute}/recorded") == rows
    for action in ("interpolated", "plot", "summary"):
        items = frames.items(f"/streams/{attribute}/{action}")
        stamp = items[0]["Value"]["Timestamp"] if action == "summary" else items[0]["Timestamp"]
        assert stamp == "2026-01-01T08:00:00Z"
    rows = frames.items(f"/streams/{attribute}/recorded", {"endTime": "2026-01-01T08:05:00Z"})
    assert len(rows) == 6


def test_captured_values(frames: Client) -> None:
    """What was captured is the value; otherwise the point's value at the end of the frame [inferred]."""
    first, second = (
        item["WebId"]
        for item in frames.items(f"/assetdatabases/{database_id(frames)}/eventframes", {**DAYS, "nameFilter": "B*"})
    )
    assert frames.object(f"/eventframes/{second}")["AreValuesCaptured"] is True
    assert frames.items(f"/streamsets/{second}/value")[0]["Value"]["Value"] == 12.5
    row = frames.items(f"/streamsets/{first}/value")[0]["Value"]
    assert row["Timestamp"] == "2026-01-01T10:00:00Z"
    assert row["Value"] == frames.recorded("FLOW", row["Timestamp"], row["Timestamp"])[0]["Value"]


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ("Items.Name;Items.StartTime", {"Items": [{"Name": "Trip", "StartTime": "2026-01-01T04:00:00Z"}]}),
        ("items.refelementwebids;Items.Nope", None),
        ("Links.Next", {"Links": {}}),
    ],
)
def test_selected_fields(frames: Client, selected: str, expected: Any) -> None:
    """As everywhere [ref]."""
    query = {**DAYS, "nameFilter": "Trip", "selectedFields": selected}
    found = frames.object(f"/assetdatabases/{database_id(frames)}/eventframes", query)
    if expected is None:
        assert [list(item) for item in found["Items"]] == [["RefElementWebIds"]]
    else:
        assert found == expected


def test_any_case_batch_faults_and_statistics(frames: Client) -> None:
    """The machinery of all routes."""
    path = f"/AssetDatabases/{database_id(frames)}/EVENTFRAMES/"
    query = "STARTTIME=2026-01-01T00:00:00Z&endtime=2026-01-03T00:00:00Z&Severity=Major&severity=warning"
    expected = frames.get(f"{path}?{query}").json()
    assert [item["Name"] for item in expected["Items"]] == ["Running", "Trip"]
    content = {
        "frames": {"Method": "GET", "Resource": f"{frames.pi.url}{path}?{query}"},
        "values": {
            "Method": "GET", "ParentIds": ["frames"], "Parameters": ["$.frames.Content.Items[*].Links.Value"],
            "RequestTemplate": {"Resource": "{0}?selectedFields=Items.Value.Value"},
        },
    }  # fmt: skip
    answer = frames.batch(content).json()
    assert answer["frames"]["Content"]["Items"] == expected["Items"]
    assert [one["Status"] for one in answer["values"]["Content"]["Items"]] == [200, 200]
    frames.pi.reset_stats()
    frames.pi.faults.add(Fault(status=503, route="assetdatabases/eventframes", count=1))
    assert [frames.get(f"{path}?{query}").status_code for _ in range(2)] == [503, 200]
    assert frames.pi.stats().by_route["assetdatabases/eventframes"] == 2
