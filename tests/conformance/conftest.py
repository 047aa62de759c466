"""One mock for the whole run, serving a point of every shape, type and kind of name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mock_pi import MockPI, PISystem

from .client import Client, restored

#: The shared server's clock.
NOW = "2026-03-01T00:00:00Z"

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A warning is an error here."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("error"))


@pytest.fixture(scope="session")
def pi() -> Iterator[MockPI]:
    """The shared server; tests that change it take `start` instead."""
    with MockPI(PISystem.shapes(), now=NOW) as running:
        yield running


@pytest.fixture(scope="session")
def client(pi: MockPI) -> Client:
    """A client of the shared server."""
    return Client(pi)


@pytest.fixture(scope="session")
def af() -> Iterator[Client]:
    """A client of a shared server with the demo's Asset Framework on forty points."""
    with MockPI(PISystem.demo(40), now=NOW) as running:
        yield Client(running)


@pytest.fixture
def switch(client: Client) -> Iterator[Callable[..., Client]]:
    """Sets switches of the shared server for one test, and gives its client; the clock is set back, too."""

    def switched(**switches: object) -> Client:
        client.pi.set(**switches)
        return client

    with restored(client, NOW):
        yield switched


@pytest.fixture
def start() -> Iterator[Callable[..., Client]]:
    """Starts a server of its own for a test, with the arguments of MockPI, and gives a client of it."""
    with ExitStack() as stack:

        def started(*arguments: object, **options: object) -> Client:
            return Client(stack.enter_context(MockPI(*arguments, **options)))  # type: ignore[arg-type]

        yield started


@pytest.fixture
def faulty(pi: MockPI) -> Iterator[MockPI]:
    """The shared server, whose faults are taken away after the test."""
    pi.faults.clear()
    yield pi
    pi.faults.clear()
