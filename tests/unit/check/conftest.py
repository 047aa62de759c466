from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pi_datasource.check.site import Site
from pi_datasource.options import PIOptions
from pi_datasource.webapi.client import Look
from pi_datasource.webapi.wire import DataServer
from tests.unit.webapi.fakes import Asked, FakeClient, Said

#: Seconds since 1970 of 2026-01-01T00:00:00Z, by the clock of these tests.
NOW = 1_767_225_600.0

MakeSite = Callable[..., Site]


@pytest.fixture
def make_site() -> MakeSite:
    """Makes a site whose server says what a dictionary says: first part of a route → content, or status."""

    def make(answers: Mapping[str, Any], servers: tuple[str, ...] = (), **options: str) -> Site:
        def serve(asked: Asked) -> Said:
            content = answers.get(asked.path[0] if asked.path[0] != "dataservers" else "/".join(asked.path), 404)
            return Said(content, {"Errors": ["no"]}) if isinstance(content, int) else Said(200, content)

        parsed = PIOptions.parse({"url": "https://pi.example.com", **options}, now=0, environ={})
        site = Site(parsed, now=lambda: NOW)
        site.client = FakeClient(serve)  # type: ignore[assignment]
        site.servers = [DataServer(WebId=name, Name=name) for name in servers]
        return site

    return make


def look(status: int = 200, body: bytes = b"", **headers: str) -> Look:
    """An answer."""
    return Look(status, headers, body, 0.5)
