"""A small client, and a decoder of rows that shares nothing with the mock's rendering."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

import requests

from mock_pi import Event, MockPI, Point, State
from mock_pi.switches import Switches

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z")


class Client:
    """Speaks to one mock over one session."""

    def __init__(self, pi: MockPI) -> None:
        self.pi = pi
        self.session = requests.Session()

    def get(self, path: str, params: Any = None, **more: Any) -> requests.Response:
        """GET below the base URL."""
        return self.session.get(self.pi.url + path, params=params, timeout=30, **more)

    def items(self, path: str, params: Any = None) -> list[dict[str, Any]]:
        """The `Items` of a good answer."""
        response = self.get(path, params)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json().get("Items", [])
        return found

    def object(self, path: str, params: Any = None) -> dict[str, Any]:
        """The body of a good answer."""
        response = self.get(path, params)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def web_id(self, tag: str, server: str = "MOCKPI") -> str:
        """A point's WebID, by its path."""
        return str(self.object("/points", {"path": f"\\\\{server}\\{tag}", "selectedFields": "WebId"})["WebId"])

    def recorded(self, tag: str, start: str, end: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a range."""
        return self.items(f"/streams/{self.web_id(tag)}/recorded", {"startTime": start, "endTime": end, **params})

    def batch(self, content: Any, **headers: str) -> requests.Response:
        """POST /batch."""
        return self.session.post(
            self.pi.url + "/batch", json=content, headers={"X-Requested-With": "test", **headers}, timeout=30
        )


@contextlib.contextmanager
def restored(client: Client, now: str) -> Iterator[Client]:
    """Gives the client, and afterwards sets its server's switches and clock back."""
    yield client
    client.pi.set(**dataclasses.asdict(Switches()))
    client.pi.set_now(now)


def ticks(text: str) -> int:
    """Ticks of a timestamp on the wire, which must have the trimmed form."""
    match = _TIME.fullmatch(text)
    assert match, text
    assert not (match[2] or "1").endswith("0"), text
    seconds = datetime.datetime.fromisoformat(match[1] + "+00:00") - _EPOCH
    return (seconds.days * 86_400 + seconds.seconds) * 10_000_000 + int((match[2] or "").ljust(7, "0"))


def event(row: dict[str, Any], point: Point) -> Event:
    """The event a row with all its fields stands for."""
    assert row["UnitsAbbreviation"] == ""
    value = row["Value"]
    if isinstance(value, dict):
        assert list(value) == ["Name", "Value", "IsSystem"]
        value = State(value["Name"], value["Value"], value["IsSystem"])
    elif point.point_type == "Blob":
        value = bytes(value)
    elif isinstance(value, str) and point.point_type.startswith("Float"):
        value = float(value)
    return Event(ticks(row["Timestamp"]), value, row["Good"], row["Questionable"], row["Substituted"], row["Annotated"])


def events(body: str, point: Point) -> list[Event]:
    """The events of a recorded body, by Python's own JSON."""
    return [event(row, point) for row in json.loads(body)["Items"]]
