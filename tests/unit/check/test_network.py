"""Names and connections that fail in ways that a test machine does not have."""

from __future__ import annotations

import errno
import re
import socket
import threading
from collections.abc import Callable
from typing import Any

import pytest

from pi_datasource.check import network
from pi_datasource.check.site import Site
from pi_datasource.options import PIOptions

ROW = (socket.AF_INET, socket.SOCK_STREAM, 6, "")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def site(url: str = "https://pi.example.com", resolve: Callable[..., Any] | None = None) -> Site:
    options = PIOptions.parse({"url": url}, now=0, environ={})
    return Site(options, resolve or (lambda *_, **__: pytest.fail("a look-up of a name")))


def raises(error: Exception) -> Callable[..., Any]:
    def resolve(*_: Any, **__: Any) -> Any:
        raise error

    return resolve


class TestName:
    def test_every_address_once(self) -> None:
        rows = [(*ROW, ("10.0.0.1", 443)), (*ROW, ("10.0.0.2", 443)), (*ROW, ("10.0.0.1", 443))]
        looked = site(resolve=lambda *_, **__: rows)
        assert network.name(looked).said == "pi.example.com is 10.0.0.1, 10.0.0.2"
        assert looked.addresses == ["10.0.0.1", "10.0.0.2"]

    @pytest.mark.parametrize(("url", "address"), [("https://10.1.2.3", "10.1.2.3"), ("https://[::1]:8443", "::1")])
    def test_an_address_is_not_looked_up(self, url: str, address: str) -> None:
        looked = site(url)
        assert network.name(looked).outcome == "good"
        assert looked.addresses == [address]

    @pytest.mark.parametrize(
        ("error", "said", "remedy"),
        [
            (
                socket.gaierror(socket.EAI_NONAME, "Name not known"),
                "no machine is called pi.example.com",
                "spelt right",
            ),
            (socket.gaierror(socket.EAI_AGAIN, "Try again"), "the name servers gave no answer", "no working DNS"),
            (UnicodeError("label too long"), "no machine is called .*label too long", "spelt right"),
        ],
    )
    def test_failures(self, error: Exception, said: str, remedy: str) -> None:
        finding = network.name(site(resolve=raises(error)))
        assert finding.outcome == "failed"
        assert re.search(said, finding.said)
        assert remedy in finding.remedy

    def test_silence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(network, "LOOKUP_SECONDS", 0.05)
        over = threading.Event()
        finding = network.name(site(resolve=lambda *_, **__: over.wait(5) and []))
        over.set()
        assert "no name server answered within 0.05 s" in finding.said
        assert "no working DNS" in finding.remedy


class TestConnection:
    @pytest.mark.parametrize(
        ("error", "said", "remedy"),
        [
            (TimeoutError("timed out"), "did not answer within 5 s", "most likely a firewall.*10.0.0.1 port 443"),
            (ConnectionRefusedError(errno.ECONNREFUSED, "no"), "refused the connection", "Windows service"),
            (OSError(errno.ENETUNREACH, "Network is unreachable"), "Network is unreachable", "VPN, a route"),
        ],
    )
    def test_failures(self, error: OSError, said: str, remedy: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "create_connection", raises(error))
        looked = site()
        looked.addresses = ["10.0.0.1"]
        finding = network.connection(looked)
        assert finding.outcome == "failed"
        assert re.search(said, finding.said)
        assert re.search(remedy, finding.remedy)

    def test_the_second_address_is_taken_when_the_first_fails(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            looked = site(f"http://localhost:{server.getsockname()[1]}")
            looked.addresses = ["127.0.0.2", "127.0.0.1"]
            finding = network.connection(looked)
        assert finding.outcome == "good"
        assert re.fullmatch(r"127\.0\.0\.1 port \d+ answers in \S+ ms \(127\.0\.0\.2 did not\)", finding.said)
        assert looked.addresses == ["127.0.0.1"]
