from __future__ import annotations

import pytest

from pi_datasource.webapi import transport
from pi_datasource.webapi.transport import PROXY_VARIABLES, proxies_for, proxy_secrets

URL = "https://pi.example.com/piwebapi"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_proxies_are_those_of_the_environment_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    assert proxies_for(URL, ()) == {}
    for address in ("http://one:3128", "http://two:3128"):
        monkeypatch.setenv("https_proxy", address)
        assert proxies_for(URL, ()) == {"https": address}
        assert proxies_for(URL, ("*",)) == proxies_for(URL, ("pi.example.com",)) == {}
    monkeypatch.setenv("NO_PROXY", "example.com")
    assert proxies_for(URL, ()) == {}


def test_who_changes_what_came_changes_nothing_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@one:3128")
    proxies_for(URL, ()).clear()
    assert proxy_secrets(URL, ()) == ["secret", "secret"]


def test_the_environment_is_walked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    walks = []
    transport._proxies_for.cache_clear()
    monkeypatch.setattr(transport, "getproxies", lambda: walks.append(1) or {})
    for _ in range(5):
        assert proxies_for(URL, ()) == {}
    assert walks == [1]
    transport._proxies_for.cache_clear()
