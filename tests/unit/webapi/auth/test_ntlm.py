"""NTLM against pyspnego's acceptor, behind a server that logs connections in, as Windows does."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import spnego

from pi_datasource.errors import PILoginError, PIOptionError
from pi_datasource.options import Secret
from pi_datasource.webapi.wire import TimedValues

GOOD = json.dumps({"Items": [{"Timestamp": "2026-01-01T00:00:00Z", "Value": 1.5, "Good": True}]}).encode()
PASSWORD = "canary pässword"


class Server(ThreadingHTTPServer):
    """Asks each connection to log in; with `each`, each request."""

    daemon_threads = True

    def __init__(self, offers: str = "NTLM", each: bool = False) -> None:
        self.offers = offers
        self.each = each
        self.seen: list[tuple[int, str, int]] = []
        self.connections = 0
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/piwebapi"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections += 1
        self.number = self.server.connections
        self.context: Any = None
        self.is_in = False

    def do_GET(self) -> None:
        kind, _, text = self.headers.get("Authorization", "").partition(" ")
        token = None
        if kind:
            assert kind == self.server.offers
            self.is_in = False
            if self.context is None:
                self.context = spnego.server(protocol="ntlm")
            try:
                token = self.context.step(base64.b64decode(text))
                self.is_in = self.context.complete
            except spnego.exceptions.SpnegoError:
                token = None
            if self.is_in or token is None:
                self.context = None
        status = 200 if self.is_in else 401
        self.is_in = self.is_in and not self.server.each
        self.server.seen.append((self.number, kind, status))
        body = GOOD if status == 200 else b'{"Message": "denied"}'
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="pi"')
            self.send_header(
                "WWW-Authenticate", f"{self.server.offers} {base64.b64encode(token).decode() if token else ''}".strip()
            )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    (tmp_path / "users").write_text(f"DOMAIN:reader:{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(tmp_path / "users"))
    servers = []

    def start(**how: Any) -> Server:
        servers.append(Server(**how))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(client: Any) -> float:
    return client.get("streams/W/recorded", TimedValues, "recorded of SINUSOID").Items[0].Value


@pytest.fixture
def make(make_client: Any) -> Callable[..., Any]:
    def one(server: Server, password: str = PASSWORD, username: str = r"DOMAIN\reader") -> Any:
        return make_client(url=server.url, auth="ntlm", username=username, password=Secret(password)).client

    return one


def test_a_connection_is_logged_in_once(serve: Callable[..., Server], make: Callable[..., Any]) -> None:
    server = serve()
    client = make(server)
    assert [ask(client) for _ in range(4)] == [1.5] * 4
    assert server.seen == [(1, "", 401), (1, "NTLM", 401), (1, "NTLM", 200), *[(1, "", 200)] * 3]
    assert client.traffic.requests == 6


def test_a_server_that_asks_each_time_gets_a_login_each_time(serve, make) -> None:
    server = serve(each=True)
    client = make(server)
    assert [ask(client) for _ in range(3)] == [1.5] * 3
    assert server.seen == [(1, "", 401), (1, "NTLM", 401), (1, "NTLM", 200)] * 3


def test_it_goes_under_the_name_of_negotiate_where_nothing_else_is_offered(serve, make) -> None:
    server = serve(offers="Negotiate")
    assert ask(make(server)) == 1.5
    assert [kind for _, kind, _ in server.seen] == ["", "Negotiate", "Negotiate"]


def test_threads_log_in_by_themselves(serve, make) -> None:
    server = serve()
    client, found = make(server), []
    threads = [threading.Thread(target=lambda: found.extend(ask(client) for _ in range(5))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [1.5] * 20
    assert sum(kind == "NTLM" for _, kind, _ in server.seen) == 2 * server.connections


@pytest.mark.parametrize(("username", "password"), [(r"DOMAIN\reader", "canary wrong"), (r"DOMAIN\nobody", PASSWORD)])
def test_a_wrong_login_is_final_and_shows_nothing(serve, make, username: str, password: str) -> None:
    server = serve()
    client = make(server, password, username)
    with pytest.raises(PILoginError, match=r"username \(DOMAIN.user\) or password is wrong, or NTLM is") as caught:
        ask(client)
    assert [status for _, _, status in server.seen] == [401] * 3
    assert "canary" not in str(caught.value)
    assert "TlRMTVNT" not in str(caught.value)


def test_a_server_without_it_is_told(serve, make) -> None:
    server = serve(offers="Bearer")
    with pytest.raises(PILoginError, match="the server offers neither NTLM nor Negotiate"):
        ask(make(server))
    assert len(server.seen) == 1


def test_without_its_library_the_install_line_is_told(serve, make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spnego", None)
    with pytest.raises(PIOptionError, match=r"needs the package pyspnego.*pip install 'pi-datasource\[ntlm\]'"):
        ask(make(serve()))
