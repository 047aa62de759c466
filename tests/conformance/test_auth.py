"""Who may come in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import requests

from mock_pi import PISystem, text_of

from .client import Client

_DENIED = {"Message": "Authorization has been denied for this request."}


@pytest.fixture
def basic(start: Callable[..., Client]) -> Client:
    """A server that wants a password."""
    return start(PISystem(), auth="basic", users={"DOMAIN\\user": "pässword:1"})


def test_anonymous_ignores_credentials(client: Client) -> None:
    """With Anonymous, credentials are not looked at [guide]."""
    assert client.get("/dataservers", auth=("who", "ever")).status_code == 200


def test_basic(basic: Client) -> None:
    """User and password; userinfo tells who it is [guide, sw18]."""
    credentials = requests.auth.HTTPBasicAuth(b"DOMAIN\\user", "pässword:1".encode())
    assert basic.get("/dataservers", auth=credentials).status_code == 200
    assert basic.get("/system/userinfo", auth=credentials).json()["Name"] == "DOMAIN\\user"


@pytest.mark.parametrize("credentials", [None, ("DOMAIN\\user", "wrong"), ("nobody", "x")])
def test_basic_refused(basic: Client, credentials: tuple[str, str] | None) -> None:
    """401, the framework's Message, one WWW-Authenticate header per way in [client, general]."""
    response = basic.get("/dataservers", auth=credentials)
    assert (response.status_code, response.json()) == (401, _DENIED)
    assert response.raw.headers.getlist("WWW-Authenticate") == ["Negotiate", 'Basic realm="mock_pi"']


def test_garbage_is_refused(basic: Client) -> None:
    """What is no credentials at all."""
    for text in ("Basic ???", "Basic", "Negotiate YII", "Bearer x", ""):
        assert basic.get("/dataservers", headers={"Authorization": text}).status_code == 401


def test_bearer(start: Callable[..., Client]) -> None:
    """A token, until it expires [guide]."""
    client = start(PISystem(), auth="bearer", tokens={"good": None, "old": "2020-01-01T00:00:00Z",
                                                      "young": "2999-01-01T00:00:00Z"})  # fmt: skip

    def status(token: str) -> int:
        return client.get("/dataservers", headers={"Authorization": f"Bearer {token}"}).status_code

    assert [status(token) for token in ("good", "old", "young", "other")] == [200, 401, 200, 401]
    assert client.get("/").raw.headers.getlist("WWW-Authenticate") == ["Bearer"]
    client.pi.set(tokens={"good": text_of(0)})
    assert status("good") == 401
    client.pi.set(tokens="next")
    assert status("next") == 200


def test_batch_inherits(basic: Client) -> None:
    """Sub-requests are made by whoever made the batch [ref]."""
    content = {"u": {"Method": "GET", "Resource": basic.pi.url + "/system/userinfo"}}
    assert basic.batch(content).status_code == 401
    credentials = requests.auth.HTTPBasicAuth(b"DOMAIN\\user", "pässword:1".encode())
    response = basic.session.post(
        basic.pi.url + "/batch", json=content, auth=credentials, headers={"X-Requested-With": "x"}, timeout=30
    )
    assert response.json()["u"]["Content"]["Name"] == "DOMAIN\\user"
