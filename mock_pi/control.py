"""The test's side of the routes under `/_mock/`."""

from __future__ import annotations

import dataclasses
import http.client
import json
from typing import Any

from mock_pi.faults import Fault


class Control:
    """Steers a server on this machine, in this process or another."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, name: str, content: Any = None) -> Any:
        """One request to an admin route.

        Raises:
            ValueError: the server did not like it.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"/_mock/{name}", None if content is None else json.dumps(content))
            response = connection.getresponse()
            body = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(body.get("Message"))
        return body


class Faults:
    """The faults of a running server: `pi.faults.add(Fault(status=503, route="batch"))`."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def add(self, fault: Fault) -> None:
        """Lets something go wrong; faults are tried in the order they were added."""
        self._control.ask("POST", "faults", dataclasses.asdict(fault))

    def clear(self) -> None:
        """Nothing goes wrong any more, and `fired` starts again at 0."""
        self._control.ask("DELETE", "faults")

    @property
    def fired(self) -> int:
        """How many faults were served since the start or the last `clear`."""
        return int(self._control.ask("GET", "faults")["fired"])

    @property
    def by_label(self) -> dict[str, int]:
        """The same, of each kind; `429 inside a batch` is one."""
        found: dict[str, int] = self._control.ask("GET", "faults")["by_label"]
        return found
