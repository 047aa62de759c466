"""Event frames that come, close, change and go while the server runs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_pi.af.eventframe import EventFrame
from mock_pi.system.annotation import Annotation
from mock_pi.system.states import IO_TIMEOUT

from .client import Client
from .frames import DAYS, frame_id, names, system


@pytest.mark.parametrize("process", [False, True])
def test_a_frames_life(start: Callable[..., Client], process: bool) -> None:
    """Inserted, closed, edited, deleted; the server sees it, also in a process of its own."""
    pi_system = system()
    client = start(pi_system, process=process)
    frames = pi_system.event_frames("DB")
    values = {"Lost": IO_TIMEOUT, "Comment": "late"}
    new = frames.insert(
        EventFrame("New", "2026-01-02T20:00:00Z", None, "Downtime", values, elements=[r"Plant\Tank"],
                   frames=[EventFrame("Part", "2026-01-02T20:10:00Z")], annotations=[Annotation("hm")])
    )  # fmt: skip
    query = {**DAYS, "nameFilter": "New"}
    assert names(client, **query, searchMode="InProgress") == ["New"]
    web_id = frame_id(client, "[New]")
    found = {item["Name"]: item["Value"]["Value"] for item in client.items(f"/streamsets/{web_id}/value")}
    assert (found["Lost"]["Value"], found["Comment"]) == (246, "late")
    assert client.object(f"/eventframes/{web_id}")["IsAnnotated"] is True
    frames.close(new, "2026-01-02T21:00:00Z")
    frames.close("Running", "2026-01-02T22:00:00Z")
    assert names(client, **query, searchMode="InProgress") == []
    assert names(client, **query, searchMode="EndInclusive") == ["New"]
    frames.edit(
        new, severity="Critical", name="Newer", acknowledged_by="MOCK\\bob", acknowledged="2026-01-02T23:00:00Z"
    )
    item = client.object(f"/eventframes/{web_id}")
    assert (item["Name"], item["Severity"], item["IsAcknowledged"]) == ("Newer", "Critical", True)
    assert names(client, **DAYS, severity="Critical") == ["Newer"]
    frames.edit(new, start="2026-01-01T00:00:00Z", end="2026-01-01T01:00:00Z")
    assert names(client, startTime="2026-01-01T00:30:00Z", endTime="2026-01-01T00:30:00Z") == ["Campaign", "Newer"]
    frames.insert(EventFrame("Inner", "2026-01-01T00:10:00Z", "2026-01-01T00:20:00Z"), new)
    path = f"/eventframes/{web_id}/eventframes"
    assert [one["Name"] for one in client.items(path, DAYS)] == ["Inner", "Part"]
    frames.delete(new)
    assert client.get(f"/eventframes/{web_id}").status_code == 404
    assert names(client, **DAYS, searchFullHierarchy="true", nameFilter="*n*er") == []
    assert len(frames) == 8


def test_annotated_events_in_another_process(start: Callable[..., Client]) -> None:
    """Notes on events travel, too."""
    pi_system = system()
    client = start(pi_system, process=True)
    at = "2026-01-01T08:00:00Z"
    pi_system.annotate("FLOW", at, Annotation("seen", created=at))
    rows = client.recorded("FLOW", at, at, associations="Annotations")
    assert [row["Annotations"][0]["Value"] for row in rows] == ["seen"]


def test_what_cannot_be_declared() -> None:
    """A severity nobody knows, an end before the start, fields that follow from others."""
    with pytest.raises(ValueError, match="severity"):
        EventFrame("X", "2026-01-01T00:00:00Z", severity="Fatal")
    with pytest.raises(ValueError, match="ends before"):
        EventFrame("X", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z")
    frames = system().event_frames()
    with pytest.raises(TypeError, match="number"):
        frames.edit("Trip", number=7)
    with pytest.raises(KeyError, match="Nope"):
        frames.delete("Nope")
