"""A system with event frames of every kind, for the tests about them."""

from __future__ import annotations

from typing import Any

from mock_pi import Dense, PISystem, Point
from mock_pi.af import AFServer, Database, Element, ElementTemplate, EnumerationSet
from mock_pi.af.eventframe import EventFrame
from mock_pi.af.eventframedemo import DEMO_TEMPLATES, demo_frames

from .client import Client

#: The clock: three days after the demo's frames began.
NOW = "2026-01-04T00:00:00Z"

#: A range that the demo's frames of 2026 lie in.
DAYS = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-01-03T00:00:00Z"}


def system(more: list[EventFrame] | None = None, **options: Any) -> PISystem:
    """The demo's frames, about the reactor and the tank of a plant, and others."""
    plant = Element("Plant", elements=[Element("Reactor", "Vessel"), Element("Tank")])
    frames = demo_frames([r"Plant\Reactor", r"Plant\Tank"], r"\\MOCKPI\FLOW")
    database = Database(
        "DB", [plant], templates=[*DEMO_TEMPLATES, ElementTemplate("Vessel")],
        enumeration_sets=[EnumerationSet("Reasons", ("Unknown", "Mechanical"))], event_frames=[*frames, *(more or [])],
        **options,
    )  # fmt: skip
    return PISystem([Point("FLOW", "Float64", Dense(60.0))], af=[AFServer("MOCKAF", [database])], now=NOW)


def database_id(client: Client) -> str:
    """The WebID of the database."""
    return str(client.object("/assetdatabases", {"path": r"\\MOCKAF\DB"})["WebId"])


def frame_id(client: Client, path: str, **params: str) -> str:
    """The WebID of a frame by what stands behind `EventFrames`."""
    return str(client.object("/eventframes", {"path": f"\\\\MOCKAF\\DB\\EventFrames{path}", **params})["WebId"])


def names(client: Client, **params: Any) -> list[str]:
    """The names of the frames that a search of the database finds."""
    items = client.items(f"/assetdatabases/{database_id(client)}/eventframes", params)
    return [item["Name"] for item in items]
