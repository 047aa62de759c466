"""Searches for event frames: modes, filters, order, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mock_pi import MockPI
from mock_pi.af import AFServer, Database, Element
from mock_pi.af.eventframedemo import many_frames, many_template
from mock_pi.system.pisystem import PISystem

from .client import Client, restored
from .frames import DAYS, NOW, database_id, frame_id, names, system


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    """The demo's frames.

    Campaign 2025-06-01 to 01-01 12:00, Trip 01-01 04:00 to 05:30, Batch 42 01-01 08:00 to 10:00 and again on 01-02,
    Running from 01-02 12:00 on.
    """
    with MockPI(system()) as pi:
        yield Client(pi)


@pytest.fixture
def frames(server: Client) -> Iterator[Client]:
    """The server of this module; switches and clock are set back after each test."""
    with restored(server, NOW):
        yield server


_MORNING = {"startTime": "2026-01-01T05:00:00Z", "endTime": "2026-01-01T09:00:00Z"}


@pytest.mark.parametrize(
    ("mode", "times", "expected"),
    [
        ("Overlapped", _MORNING, ["Batch 42", "Campaign", "Trip"]),
        ("overlapped", DAYS, ["Batch 42", "Batch 42", "Campaign", "Running", "Trip"]),
        ("Overlapped", {"startTime": "2026-01-01T05:30:00Z", "endTime": "2026-01-01T05:30:00Z"}, ["Campaign", "Trip"]),
        ("Inclusive", DAYS, ["Batch 42", "Batch 42", "Trip"]),
        ("Inclusive", {**DAYS, "endTime": "2026-01-01T10:00:00Z"}, ["Batch 42", "Trip"]),
        ("StartInclusive", _MORNING, ["Batch 42"]),
        ("StartInclusive", DAYS, ["Batch 42", "Batch 42", "Running", "Trip"]),
        ("EndInclusive", _MORNING, ["Trip"]),
        ("EndInclusive", DAYS, ["Batch 42", "Batch 42", "Campaign", "Trip"]),
        ("InProgress", DAYS, ["Running"]),
        ("InProgress", _MORNING, []),
        ("ForwardFromStartTime", {"startTime": "2026-01-01T08:00:00Z"}, ["Batch 42", "Batch 42", "Running"]),
        ("BackwardFromStartTime", {"startTime": "2026-01-01T08:00:00Z"}, ["Batch 42", "Trip", "Campaign"]),
        ("ForwardFromEndTime", {"startTime": "2026-01-01T12:00:00Z"}, ["Campaign", "Batch 42", "Running"]),
        ("BackwardFromEndTime", {"startTime": "2026-01-01T12:00:00Z"}, ["Campaign", "Batch 42", "Trip"]),
        ("ForwardInProgress", {"startTime": "2026-01-01T00:00:00Z"}, ["Running"]),
        ("BackwardInProgress", {"startTime": "2026-01-01T00:00:00Z"}, []),
        ("BackwardInProgress", {"startTime": "2026-01-03T00:00:00Z"}, ["Running"]),
    ],
)
def test_search_modes(frames: Client, mode: str, times: dict[str, str], expected: list[str]) -> None:
    """Both ends inclusive; by name, or for walks in the order of the walk [sw18, af]."""
    assert names(frames, searchMode=mode, **times) == expected


def test_mode_none(frames: Client) -> None:
    """No time test, or that of Overlapped [open]."""
    assert len(names(frames, searchMode="None")) == 5
    frames.pi.set(frames_none="overlapped")
    assert names(frames, searchMode="None") == ["Running"]


def test_default_is_the_last_eight_hours(frames: Client) -> None:
    """startTime `*-8h`, endTime `*`, searchMode `Overlapped` [sw18]."""
    assert names(frames) == ["Running"]
    frames.pi.set_now("2026-01-01T18:00:00Z")
    assert names(frames) == ["Batch 42", "Campaign"]


@pytest.mark.parametrize("mode", ["ForwardFromStartTime", "BackwardFromEndTime", "ForwardInProgress"])
@pytest.mark.parametrize("param", ["endTime=*", "sortField=Name", "sortOrder=Ascending"])
def test_walks_take_no_end_and_no_order(frames: Client, mode: str, param: str) -> None:
    """400 [sw18, client]."""
    path = f"/assetdatabases/{database_id(frames)}/eventframes?searchMode={mode}&{param}"
    assert frames.get(path).status_code == 400


@pytest.mark.parametrize(
    "params",
    [
        {"startTime": "*", "endTime": "*-1d"}, {"searchMode": "Nearby"}, {"severity": "Minor,Major"},
        {"severity": "Fatal"}, {"templateName": "Nope"}, {"categoryName": "Nope"}, {"sortField": "Colour"},
        {"referencedElementTemplateName": "Nope"}, {"isAcknowledged": "maybe"}, {"maxCount": "0"},
    ],
)  # fmt: skip
def test_wrong_parameters(frames: Client, params: dict[str, str]) -> None:
    """startTime after endTime, a list with commas, names nobody knows: 400 with Errors [sw18, client, real]."""
    response = frames.get(f"/assetdatabases/{database_id(frames)}/eventframes", params)
    assert response.status_code == 400
    assert response.json()["Errors"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"nameFilter": "b*"}, ["Batch 42", "Batch 42"]),
        ({"nameFilter": "Batch"}, []),
        ({"templateName": "Downtime"}, ["Running", "Trip"]),
        ({"templateName": "unplanned downtime"}, ["Trip"]),
        ({"categoryName": "Production"}, ["Batch 42"]),
        ({"severity": "major"}, ["Trip"]),
        ({"severity": ["Major", "Warning"]}, ["Running", "Trip"]),
        ({"canBeAcknowledged": "true"}, ["Running", "Trip"]),
        ({"canBeAcknowledged": "true", "isAcknowledged": "false"}, ["Running"]),
        ({"isAcknowledged": "True"}, ["Trip"]),
        ({"referencedElementNameFilter": "T*"}, ["Batch 42", "Campaign"]),
        ({"referencedElementTemplateName": "Vessel", "nameFilter": "Trip"}, ["Trip"]),
        ({"searchFullHierarchy": "true", "nameFilter": "*ea*"}, ["Heating", "Reaction"]),
        ({"searchFullHierarchy": "false", "nameFilter": "*ea*"}, []),
        ({"sortField": "StartTime"}, ["Campaign", "Trip", "Batch 42", "Batch 42", "Running"]),
        ({"sortField": "EndTime", "sortOrder": "Descending", "maxCount": 2}, ["Running", "Batch 42"]),
        ({"startIndex": 1, "maxCount": 2}, ["Batch 42", "Campaign"]),
        ({"startIndex": 5}, []),
    ],
)
def test_filters(frames: Client, params: dict[str, Any], expected: list[str]) -> None:
    """Every filter of the search [sw18]; derived templates match, too."""
    assert names(frames, **DAYS, **params) == expected


def test_frames_of_an_element(frames: Client) -> None:
    """Those that reference it, nested ones too; no searchFullHierarchy there [sw18]."""
    tank = frames.object("/elements", {"path": r"\\MOCKAF\DB\Plant\Tank"})["WebId"]
    items = frames.items(f"/elements/{tank}/eventframes", DAYS)
    assert [item["Name"] for item in items] == ["Batch 42", "Campaign"]
    assert frames.get(f"/elements/{tank}/eventframes", {"searchFullHierarchy": "true"}).status_code == 400


def test_frames_inside_a_frame(frames: Client) -> None:
    """Directly inside, or all [sw18]; the time range counts there, too."""
    web_id = frame_id(frames, "[Batch 42]")
    items = frames.items(f"/eventframes/{web_id}/eventframes", DAYS)
    assert [item["Name"] for item in items] == ["Heating", "Reaction"]
    items = frames.items(f"/eventframes/{web_id}/eventframes", {**DAYS, "searchFullHierarchy": "true"})
    assert [item["Name"] for item in items] == ["Heating", "Reaction", "Sample"]
    assert frames.items(f"/eventframes/{web_id}/eventframes") == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 5), ("Name:=B*", 2), ('Name:="Batch 42" Start:>"2026-01-01T12:00:00Z"', 1),
        ("Start:>=2026-01-01 End:<2026-01-01T11:00:00Z", 2), ('ElementName:="Tank"', 2), ("Template:=Downtime", 2),
        ("Severity:=Major", 1), ("InProgress:=true", 1), ("IsAcknowledged:=true", 1), ("IsAnnotated:true", 1),
        ("AllDescendants:true Name:=Sample", 1), ("End:<>2026-01-01T05:30:00Z", 4),
    ],
)  # fmt: skip
def test_query(frames: Client, query: str, expected: int) -> None:
    """eventframes/search: an AFSearch query [client]."""
    found = frames.items("/eventframes/search", {"databaseWebId": database_id(frames), "query": query})
    assert len(found) == expected


def test_query_that_is_none(frames: Client) -> None:
    """400 [inferred]; no such route before 2018 SP1 [sw17 vs sw18]."""
    query = {"databaseWebId": database_id(frames), "query": "Colour:=red"}
    assert frames.get("/eventframes/search", query).status_code == 400
    frames.pi.set(version="2017")
    # Then `search` is taken for a WebID.
    assert frames.get("/eventframes/search", {}).status_code in (400, 404)


def test_attributes_of_many_frames(frames: Client) -> None:
    """eventframeattributes: attributes by their frames and by themselves [sw18]."""
    path = f"/assetdatabases/{database_id(frames)}/eventframeattributes"
    items = frames.items(path, {**DAYS, "eventFrameTemplate": "Downtime"})
    assert [item["Name"] for item in items] == ["Alarms", "Comment", "Comment", "Lost", "Lost", "Reason", "Reason"]
    query = {**DAYS, "eventFrameNameFilter": "Trip", "attributeType": "Double"}
    assert [item["Name"] for item in frames.items(path, query)] == ["Lost"]
    query = {**DAYS, "attributeNameFilter": "V*", "searchFullHierarchy": "true"}
    assert len(frames.items(path, query)) == 3
    query = {**DAYS, "attributeCategory": "Cause", "sortOrder": "Descending", "maxCount": "1"}
    assert [item["Name"] for item in frames.items(path, query)] == ["Reason"]
    inside = f"/eventframes/{frame_id(frames, '[Batch 42]')}/eventframeattributes"
    assert [item["Path"].rpartition("\\")[2] for item in frames.items(inside, DAYS)] == ["Heating|Value"]


def test_fifty_thousand_frames(start: Callable[..., Client]) -> None:
    """Every frame is on one page, and the pages of a search cost one search."""
    plant = Element("Plant")
    declared = many_frames(50_000, elements=["Plant"], open_frames=3)
    database = Database("DB", [plant], templates=[many_template()], event_frames=declared)
    client = start(PISystem(af=[AFServer("MOCKAF", [database])], now="2027-01-01T00:00:00Z"))
    path = f"/assetdatabases/{database_id(client)}/eventframes"
    query: dict[str, Any] = {
        "startTime": "2026-01-01", "endTime": "2027-01-01", "selectedFields": "Items.Name;Links.Next",
        "maxCount": 10_000,
    }  # fmt: skip
    seen = [
        one["Name"] for begin in range(0, 60_000, 10_000) for one in client.items(path, {**query, "startIndex": begin})
    ]
    assert seen == [one.name for one in declared]
    assert names(client, startTime="2026-07-01", endTime="2026-07-01T00:10:00Z") == ["Batch 026064", "Batch 026065"]
    assert len(names(client, searchMode="InProgress", startTime="2026-01-01", endTime="2027-01-01")) == 3
