"""Fixtures to test a pipeline against a pretend PI Web API.

Switch them on in a `conftest.py`::

    pytest_plugins = ["mock_pi.pytest_plugin"]

and use them::

    def test_my_pipeline(mock_pi):
        assert my_pipeline(mock_pi.url) == mock_pi.system.expected_recorded("SINUSOID", "2026-01-01", "2026-01-02")

    def test_my_own_plant(mock_pi_factory):
        pi = mock_pi_factory(PISystem([Point("PUMP", "Digital")], now="2026-01-02T00:00:00Z"), max_count=5)

`mock_pi` is one server for the whole run, with `PISystem.demo(100)` and its clock at 2026-01-02T00:00:00Z; override the
fixture `mock_pi_options` (session scope) to start it with other arguments of `MockPI`. Its faults are cleared after
each test that asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from mock_pi.server import MockPI

#: The clock of the shared server: fixed, so that a test means the same tomorrow.
NOW = "2026-01-02T00:00:00Z"


@pytest.fixture(scope="session")
def mock_pi_options() -> dict[str, Any]:
    """Arguments of the shared server; override it in your conftest.py."""
    return {"tags": 100, "now": NOW}


@pytest.fixture(scope="session")
def _shared_mock_pi(mock_pi_options: dict[str, Any]) -> Iterator[MockPI]:
    with MockPI(**mock_pi_options) as pi:
        yield pi


@pytest.fixture(scope="session")
def mock_pi(_shared_mock_pi: MockPI) -> MockPI:
    """A running server, shared by the whole test run."""
    return _shared_mock_pi


@pytest.fixture(autouse=True)
def _mock_pi_without_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leaves no fault and no count of one test to the next."""
    yield
    if "mock_pi" in request.fixturenames:
        pi: MockPI = request.getfixturevalue("mock_pi")
        pi.faults.clear()
        pi.reset_stats()


@pytest.fixture
def mock_pi_factory() -> Iterator[Callable[..., MockPI]]:
    """Starts servers with the arguments of `MockPI`; they are stopped at the end of the test."""
    with ExitStack() as stack:
        yield lambda *arguments, **options: stack.enter_context(MockPI(*arguments, **options))
