from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from pi_datasource.options import PIOptions, gather
from pi_datasource.times import parse_iso

NOW = parse_iso("2026-03-31T13:14:15.1234567Z")

Parse = Callable[..., PIOptions]


@pytest.fixture
def parse() -> Parse:
    """Parse options as a reader would, with a url and a login-free environment unless said otherwise."""

    def run(raw: Mapping[str, str] | None = None, environ: Mapping[str, str] | None = None, **more: str) -> PIOptions:
        return PIOptions.parse({"url": "https://pi.example.com", **(raw or {}), **more}, now=NOW, environ=environ or {})

    return run


@pytest.fixture(autouse=True)
def _nothing_told_yet() -> Iterator[None]:
    gather._told.clear()
    yield
    gather._told.clear()
