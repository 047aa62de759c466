from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from pi_datasource.options import Connection
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.retry import RetryRules


@pytest.fixture(autouse=True)
def _no_proxy_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@dataclass
class Asking:
    """A client and the waits it would have made between its tries."""

    client: Client
    waits: list[float] = field(default_factory=list)


MakeClient = Callable[..., Asking]


@pytest.fixture
def make_client(httpserver: HTTPServer) -> MakeClient:
    """Makes a client of the scripted server (or of `url`), by options of `Connection`; it never really waits."""

    def make(*, url: str = "", rules: RetryRules | None = None, throttle: Any = None, **options: Any) -> Asking:
        asking = Asking(None)  # type: ignore[arg-type]
        connection = Connection(url=url or httpserver.url_for("/piwebapi"), **{"timeout": 5.0, **options})
        asking.client = Client(connection, throttle, rules=rules, sleep=asking.waits.append)
        return asking

    return make


class RawServer:
    """Says bytes as they are, for what no web framework would send. Each connection gets the next script.

    A script is a list of pieces: bytes to send, seconds to wait, or None to break the connection by a reset.
    """

    def __init__(self, *scripts: list[bytes | float | None]) -> None:
        self.scripts = list(scripts)
        self.requests: list[bytes] = []
        self.over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/piwebapi"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                if self.over.is_set():
                    return
                self.requests.append(connection.recv(65_536))
                script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
                with contextlib.suppress(OSError):
                    self._play(connection, script)

    def _play(self, connection: socket.socket, script: list[bytes | float | None]) -> None:
        for piece in script:
            if piece is None:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            elif isinstance(piece, bytes):
                connection.sendall(piece)
            elif self.over.wait(piece):
                return

    def stop(self) -> None:
        if not self.over.is_set():
            self.over.set()
            with socket.socket() as knock:
                knock.connect_ex(self._socket.getsockname())
            self._thread.join(5)
            self._socket.close()


@pytest.fixture
def raw_server() -> Iterator[Callable[..., RawServer]]:
    """Starts raw servers with scripts, and stops them."""
    servers: list[RawServer] = []

    def start(*scripts: list[bytes | float | None]) -> RawServer:
        servers.append(RawServer(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
