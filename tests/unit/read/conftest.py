from __future__ import annotations

from collections.abc import Iterator

import pytest

from pi_datasource.read import chain


@pytest.fixture(autouse=True)
def _nothing_learned_yet() -> Iterator[None]:
    """What servers teach is kept for a whole process."""
    chain._learned.clear()
    yield
    chain._learned.clear()
