from __future__ import annotations

import pytest

from tests.readers.stream_world import World


@pytest.fixture
def world() -> World:
    """A PI System that can change, its clock at second 100."""
    return World()
