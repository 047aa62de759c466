"""One Spark for the whole run, with Delta where the installed Spark has one that fits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.spark.sessions import start_session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A classic session, `local[2]`, in UTC."""
    session = start_session("local[2]", tmp_path_factory.mktemp("warehouse"))
    yield session
    session.stop()
