"""OAuth client credentials against two providers that are not ours: Authlib in Flask, and npm's oidc-provider.

The resource server checks signature, issuer, audience and expiry of each token, without leeway.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from pi_datasource.errors import PIConnectionError, PILoginError
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Answer
from tests.real.processes import free_port, started, stop

HERE = Path(__file__).parent
AUDIENCE = "urn:piwebapi"
LIFE = 5
#: Lives of a token that a read takes.
LIVES = 6.0 if os.environ.get("OSIPI_LONG") == "1" else 1.5
Asking = Callable[..., Client]


@dataclass
class Provider:
    """A running provider, and a client that it knows."""

    url: str
    client_id: str
    secret: str
    client_auth: str
    command: list[str]
    environment: dict[str, str]
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.child = started(self.command, self.environment, int(self.environment["PORT"]))

    def stop(self) -> None:
        if self.child is not None:
            stop(self.child)
            self.child = None

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as answer:
            return json.load(answer)

    @property
    def issued(self) -> int:
        """How many tokens it has handed out."""
        return int(self.get("/issued")["issued"])

    @property
    def options(self) -> dict[str, str]:
        """For a reader."""
        return {"tokenUrl": f"{self.url}/token", "clientId": self.client_id, "clientSecret": f"literal:{self.secret}",
                "clientAuth": self.client_auth, "scope": "system"}  # fmt: skip


def authlib(folder: Path) -> Provider:
    if find_spec("authlib") is None or find_spec("flask") is None:
        pytest.skip("no Authlib and Flask: pip install 'pi-datasource[test]'")
    port = free_port()
    environment = {**os.environ, "PORT": str(port), "LIFE": str(LIFE), "AUDIENCE": AUDIENCE}
    command = [sys.executable, str(HERE / "authlib_provider.py")]
    return Provider(f"http://localhost:{port}", "spark", "s3cret+with/odd=chars&", "body", command, environment)


def oidc_provider(folder: Path) -> Provider:
    node = shutil.which("node") or ""
    modules = HERE.parents[1] / ".cache" / "node" / "node_modules"
    if not (modules / "oidc-provider").is_dir():
        pytest.skip("Node has no oidc-provider: npm install --prefix .cache/node oidc-provider@9")
    port = free_port()
    # Node looks for modules beside the script.
    script = folder / "oidc_provider.mjs"
    shutil.copy(HERE / "oidc_provider.mjs", script)
    (folder / "node_modules").symlink_to(modules)
    environment = {**os.environ, "PORT": str(port), "LIFE": str(LIFE), "AUDIENCE": AUDIENCE}
    secret = "spark-secret-0123456789abcdef0123456789abcdef+/="
    return Provider(f"http://localhost:{port}", "spark", secret, "header", [node, str(script)], environment)


PROVIDERS = [authlib, oidc_provider] if shutil.which("node") else [authlib]


@pytest.fixture(scope="module", params=PROVIDERS, ids=lambda provider: provider.__name__)
def provider(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    found: Provider = request.param(tmp_path_factory.mktemp("provider"))
    found.start()
    yield found
    found.stop()


class Resource(ThreadingHTTPServer):
    """PI Web API as far as tokens go."""

    daemon_threads = True

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.keys: Any = None
        self.seen: list[int] = []
        self.revoked: set[str] = set()
        self.accepted: list[str] = []
        self.refuses_all = False
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}/piwebapi"

    def accepts(self, token: str) -> bool:
        from joserfc import errors, jwt
        from joserfc.jwk import KeySet

        if self.keys is None:
            where = self.provider.get("/.well-known/openid-configuration")["jwks_uri"]
            self.keys = KeySet.import_key_set(self.provider.get(where.removeprefix(self.provider.url)))
        rules = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.provider.url}, aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
        )  # fmt: skip
        try:
            rules.validate(jwt.decode(token, self.keys, algorithms=["RS256"]).claims)
        except (errors.JoseError, ValueError):
            return False
        self.accepted.append(token)
        return not self.refuses_all and token not in self.revoked


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Resource

    def do_GET(self) -> None:
        good = self.server.accepts(self.headers.get("Authorization", "").removeprefix("Bearer "))
        self.server.seen.append(200 if good else 401)
        body = b"{}" if good else b'{"Message": "denied"}'
        self.send_response(self.server.seen[-1])
        if not good:
            self.send_header("WWW-Authenticate", "Bearer")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def resource(provider: Provider) -> Iterator[Resource]:
    server = Resource(provider)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def ask(client: Client) -> None:
    client.get("system", Answer, "the server")


def test_a_read_outlives_its_tokens(provider: Provider, resource: Resource, asking: Asking) -> None:
    before, client, errors = provider.issued, asking(url=resource.url, **provider.options, timeout=31), []
    over = time.monotonic() + LIVES * LIFE

    def run() -> None:
        try:
            while time.monotonic() < over:
                ask(client)
                time.sleep(0.1)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert len(resource.seen) > 20
    # Four threads have one request between them for each token. On a busy machine a token may end on its way.
    late = resource.seen.count(401)
    assert late <= 2
    assert 2 <= provider.issued - before <= LIVES / 0.75 + 1 + late


def test_a_token_that_was_revoked_is_replaced(provider: Provider, resource: Resource, asking: Asking) -> None:
    client = asking(url=resource.url, **provider.options, timeout=32)
    ask(client)
    resource.revoked.add(resource.accepted[-1])
    before = provider.issued
    ask(client)
    assert resource.seen[-1] == 200
    assert provider.issued - before == 1


def test_a_storm_of_refusals_is_none_at_the_provider(provider: Provider, resource: Resource, asking: Asking) -> None:
    before = provider.issued
    resource.refuses_all = True
    began = time.monotonic()
    for _ in range(30):
        with pytest.raises(PILoginError, match="look at scope, resource and audience"):
            ask(asking(url=resource.url, **provider.options))
    lives = (time.monotonic() - began) / (0.75 * LIFE)
    assert 1 <= provider.issued - before <= 2 + lives


@pytest.mark.parametrize(
    ("changed", "code", "advice"),
    [
        ({"clientSecret": "canary-wrong"}, "invalid_client", "clientId or clientSecret is wrong"),
        ({"clientId": "nobody"}, "invalid_client", "clientId or clientSecret is wrong"),
    ],
)
def test_what_the_provider_refuses_is_told(
    provider: Provider, resource: Resource, asking: Asking, changed: dict[str, str], code: str, advice: str
) -> None:
    with pytest.raises(PILoginError, match=code) as caught:
        ask(asking(url=resource.url, **{**provider.options, **changed}))
    assert advice in str(caught.value)
    assert f"token from {provider.url}/token" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert resource.seen == []


def test_a_provider_that_is_down_is_named_and_waited_for(provider, resource, asking, monkeypatch) -> None:
    options = {**provider.options, "audience": AUDIENCE} if provider.client_auth == "body" else provider.options
    provider.stop()
    client = asking(url=resource.url, **options, noProxy="elsewhere")
    client._host_known = True
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            provider.start()
        time.sleep(1.1)

    client._sleep = sleep
    ask(client)
    assert len(waits) == 2
    assert resource.seen == [200]
    provider.stop()
    with pytest.raises(PIConnectionError, match=rf"token from {provider.url}/token: no connection"):
        ask(asking(url=resource.url, **options, noProxy="nowhere", maxRetries=0))
    provider.start()
