"""Real counterparts: a KDC, token providers, web servers. Each test says which programs it needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import MockPI, PISystem
from pi_datasource.options import PIOptions
from pi_datasource.webapi.client import Client
from tests.real import realm as kerberos
from tests.real.certificates import Certificates
from tests.real.processes import free_port, started, stop

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _nothing_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    proxies = [form for name in ("http", "https", "all", "no") for form in (f"{name}_proxy", f"{name}_proxy".upper())]
    for name in (*proxies, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "KRB5_CLIENT_KTNAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A private authority, and what it signed."""
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def pi() -> Iterator[MockPI]:
    """What stands behind the servers."""
    with MockPI(PISystem.demo(20, now="2026-01-08T00:00:00Z")) as found:
        yield found


@pytest.fixture(scope="session")
def realm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[kerberos.Realm]:
    """A realm with the accounts `reader`, `short` (tickets of 3 s), `fleeting` (10 s) and HTTP/localhost."""
    if not kerberos.has_programs():
        pytest.skip("no KDC: apt-get install krb5-kdc krb5-admin-server")
    if find_spec("gssapi") is None:
        pytest.skip("no package gssapi: pip install 'pi-datasource[kerberos]', which needs libkrb5-dev and gcc")
    # Apache's workers are nobody, and have to read a keytab in here. With xdist there is a folder more above.
    folder = tmp_path_factory.mktemp("realm")
    for parent in (folder, *folder.parents[:3]):
        parent.chmod(0o755)
    found = kerberos.Realm(folder / "kdc")
    for principal, name, life in (
        ("HTTP/localhost", "http.keytab", "1 hour"),
        ("reader", "reader.keytab", "1 hour"),
        ("short", "short.keytab", "3 seconds"),
        ("fleeting", "fleeting.keytab", "10 seconds"),
    ):
        found.add(principal, name, life)
    found.start()
    with pytest.MonkeyPatch.context() as patch:
        # Before the first call of GSSAPI in this process.
        for name, value in found.environment.items():
            patch.setenv(name, value)
        yield found
    found.stop()


@pytest.fixture(scope="session")
def negotiate(realm: kerberos.Realm) -> Iterator[Callable[..., str]]:
    """Starts servers that check Negotiate; gives their addresses."""
    children = []

    def start(*tls: Path, clock: str = "") -> str:
        port = free_port()
        program = [sys.executable, str(HERE / "negotiate_server.py"), str(port), str(realm.folder / "http.keytab")]
        environment = {**os.environ, **realm.environment}
        if clock:
            libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
            if not libraries:
                pytest.skip("nothing to change clocks with: apt-get install faketime")
            environment |= {"LD_PRELOAD": str(libraries[0]), "FAKETIME": clock, "DONT_FAKE_MONOTONIC": "1"}
        children.append(started([*program, *map(str, tls)], environment, port))
        return f"{'https' if tls else 'http'}://localhost:{port}/piwebapi"

    yield start
    for child in children:
        stop(child)


@pytest.fixture
def asking() -> Callable[..., Client]:
    """Makes a client from the options of a reader; it never waits between its tries."""

    def make(**options: Any) -> Client:
        parsed = PIOptions.parse({name: str(value) for name, value in options.items()}, now=0, environ={})
        return Client(parsed.connection, sleep=lambda _: None)

    return make
