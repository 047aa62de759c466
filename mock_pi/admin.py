"""The routes under `/_mock/`, outside of PI Web API, by which tests steer the server and read what it counted."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import msgspec

from mock_pi.call import Answer
from mock_pi.edits import apply_edit
from mock_pi.faults import Fault
from mock_pi.site import Site
from mock_pi.wire import to_json


class Admin:
    """Answers the test's own requests. They are neither counted nor delayed nor limited."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def answer(self, method: str, path: str, content: bytes) -> Answer:
        """One request."""
        action = getattr(self, f"_{method.lower()}_{path.removeprefix('/_mock/').strip('/')}", None)
        if action is None:
            return Answer(404, to_json({"Message": f"mock_pi has no {method} {path}"}))
        try:
            return Answer(200, to_json(action(msgspec.json.decode(content) if content else None)))
        except (KeyError, TypeError, ValueError) as error:
            return Answer(400, to_json({"Message": str(error)}))

    def _get_stats(self, _: Any) -> dict[str, Any]:
        return self.site.counter.plain()

    def _delete_stats(self, _: Any) -> None:
        self.site.counter.reset()

    def _get_faults(self, _: Any) -> dict[str, Any]:
        return {"fired": self.site.faults.fired, "by_label": dict(self.site.faults.by_label)}

    def _post_faults(self, fault: dict[str, Any]) -> None:
        self.site.faults.add(Fault(**fault))

    def _delete_faults(self, _: Any) -> None:
        self.site.faults.clear()

    def _get_switches(self, _: Any) -> dict[str, Any]:
        return dataclasses.asdict(self.site.switches)

    def _put_switches(self, values: dict[str, Any]) -> None:
        self.site.switches.set(values)

    def _post_history(self, edit: dict[str, Any]) -> None:
        apply_edit(self.site.system, edit)

    def _get_health(self, _: Any) -> dict[str, float]:
        return {"cpu_seconds": time.process_time()}
