"""What is refused before a controller sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mock_pi import PISystem

from .client import Client


def _assert_html(response: object, status: int) -> None:
    assert getattr(response, "status_code", None) == status
    assert getattr(response, "headers", {})["Content-Type"].startswith("text/html")


def test_long_url(client: Client) -> None:
    """HTTP.sys: 16 KB, answered as HTML [general]."""
    _assert_html(client.get("/streamsets/end?webId=" + "x" * 17_000), 414)
    assert client.get("/streamsets/end?webId=" + "x" * 15_000).status_code == 400


def test_large_headers(client: Client) -> None:
    """Request line and headers together [general]."""
    _assert_html(client.get("/", headers={"X-Large": "x" * 16_384}), 400)


def test_long_segment(client: Client) -> None:
    """One segment of a path holds 260 characters [general]."""
    _assert_html(client.get(f"/streams/{'x' * 261}/value"), 400)
    assert client.get(f"/streams/{'x' * 260}/value").json()["Errors"]


def test_full_web_id_of_a_very_long_name(client: Client) -> None:
    """Its Full WebID does not fit into a path, its IDOnly one does [general]."""
    name = "longer." + "x" * 300
    _assert_html(client.get(f"/points/{client.web_id(name)}"), 400)
    point = client.object("/points", {"path": f"\\\\MOCKPI\\{name}", "webIdType": "IDOnly"})
    assert client.object(f"/points/{point['WebId']}")["Name"] == name


def test_large_body(client: Client) -> None:
    """MaxRequestContentLength, 4 MiB by default: 413 [guide]."""
    client.pi.reset_stats()
    content = {"a": {"Method": "GET", "Resource": client.pi.url, "Content": "x" * 4_194_304}}
    assert client.batch(content).status_code == 413
    assert client.get("/").status_code == 200
    assert client.pi.stats().writes == []


def test_csrf(switch: Callable[..., Client]) -> None:
    """POST needs X-Requested-With, of any value [guide]; the status without it is a switch [open]."""
    client = switch()
    url = client.pi.url + "/batch"
    response = client.session.post(url, json={}, timeout=30)
    assert response.status_code == 400
    assert response.json()["Errors"]
    assert client.session.post(url, json={}, headers={"x-requested-with": "y"}, timeout=30).status_code == 207
    switch(csrf_status=403)
    assert client.session.post(url, json={}, timeout=30).status_code == 403
    switch(csrf=False)
    assert client.session.post(url, json={}, timeout=30).status_code == 207


def test_rate_limit(start: Callable[..., Client]) -> None:
    """Over the limit: 429 with the words of the guide, without Retry-After [guide; open]."""
    client = start(PISystem(), rate_limit=5, rate_window=0.5)
    answers = [client.get("/") for _ in range(7)]
    assert [one.status_code for one in answers] == [200] * 5 + [429] * 2
    assert answers[-1].json() == {"Message": "Rate limit was reached"}
    assert "Retry-After" not in answers[-1].headers
    time.sleep(0.6)
    assert client.get("/").status_code == 200


def test_rate_limit_with_retry_after(start: Callable[..., Client]) -> None:
    """By switch with Retry-After [open]."""
    client = start(PISystem(), rate_limit=1, rate_window=60.0, rate_retry_after="3")
    client.get("/")
    assert client.get("/").headers["Retry-After"] == "3"


def test_rate_limit_inside_a_batch(start: Callable[..., Client]) -> None:
    """The limit can surface in sub-requests [client], if they count by switch."""
    client = start(PISystem(), rate_limit=4, rate_window=60.0, rate_counts_sub=True)
    content = {str(n): {"Method": "GET", "Resource": client.pi.url} for n in range(5)}
    found = client.batch(content).json()
    assert sorted(one["Status"] for one in found.values()) == [200, 200, 200, 429, 429]


def test_delay(switch: Callable[..., Client]) -> None:
    """A fixed latency, in parallel for parallel requests."""
    client = switch(delay=1.0)
    began = time.monotonic()
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _: client.get("/").status_code, range(32)))
    assert answers == [200] * 32
    # One after the other it would be 32 s.
    assert 1.0 <= time.monotonic() - began < 16.0
