"""Faults on request."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from mock_pi import Fault, MockPI

from .client import Client

_RANGE = "startTime=2026-01-01T00:00:00Z&endTime=2026-01-01T01:00:00Z"


def _recorded(client: Client, tag: str = "shape.dense") -> requests.Response:
    return client.get(f"/streams/{client.web_id(tag)}/recorded?{_RANGE}")


@pytest.mark.parametrize("status", [401, 403, 404, 408, 409, 413, 429, 500, 501, 502, 503, 504])
def test_status(client: Client, faulty: MockPI, status: int) -> None:
    """Each status once, with a body of the shape that goes with it; then all is well again."""
    faulty.faults.add(Fault(status=status, route="streams/recorded"))
    response = _recorded(client)
    assert response.status_code == status
    if status in (408, 413, 502, 503, 504):
        assert response.headers["Content-Type"].startswith("text/html")
    else:
        assert set(response.json()) <= {"Message", "Errors"}
    assert _recorded(client).status_code == 200
    assert faulty.faults.fired == 1


@pytest.mark.parametrize("text", ["7", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_retry_after(client: Client, faulty: MockPI, text: str) -> None:
    """429 with seconds or an HTTP date [client]; without it when not asked for."""
    faulty.faults.add(Fault(status=429, retry_after=text))
    faulty.faults.add(Fault(status=429))
    assert client.get("/").headers["Retry-After"] == text
    assert "Retry-After" not in client.get("/").headers


def test_message(client: Client, faulty: MockPI) -> None:
    """Another text in the body."""
    faulty.faults.add(Fault(status=503, message="Archive offline."))
    assert client.get("/").json() == {"Errors": ["Archive offline."]}


def test_how_many_of_each(client: Client, faulty: MockPI) -> None:
    """Those that happened, by kind, and by whether they happened inside a batch."""
    faulty.faults.add(Fault(status=503, count=2))
    faulty.faults.add(Fault(kind="login_page", skip=2))
    faulty.faults.add(Fault(status=429, scope="sub"))
    for _ in range(4):
        client.get("/dataservers")
    client.batch({"0": {"Method": "GET", "Resource": f"{client.pi.url}/dataservers"}})
    assert faulty.faults.by_label == {"503": 2, "login_page": 1, "429 inside a batch": 1}
    assert faulty.faults.fired == 4
    faulty.faults.clear()
    assert faulty.faults.by_label == {}


def test_where(client: Client, faulty: MockPI) -> None:
    """By route, its last part, a pattern; by tag; others are left alone."""
    web_id = client.web_id("shape.dense")
    for route in ("recorded", "streams/*", "streams/recorded"):
        faulty.faults.add(Fault(route=route))
        assert client.get("/dataservers").status_code == 200
        assert client.get(f"/streams/{web_id}/recorded").status_code == 503
    faulty.faults.add(Fault(tag="SHAPE.dense"))
    assert _recorded(client, "step").status_code == 200
    assert client.get("/streamsets/end", {"webId": web_id}).status_code == 503


def test_how_often(client: Client, faulty: MockPI) -> None:
    """So many times, after so many, or always."""
    faulty.faults.add(Fault(status=500, count=2, skip=1))
    assert [client.get("/").status_code for _ in range(4)] == [200, 500, 500, 200]
    faulty.faults.add(Fault(status=502, count=None))
    assert [client.get("/").status_code for _ in range(3)] == [502] * 3
    assert faulty.faults.fired == 5


def test_probability(client: Client, faulty: MockPI) -> None:
    """By chance, the same chance for the same seed."""
    rounds = []
    for _ in range(2):
        faulty.faults.clear()
        faulty.faults.add(Fault(status=500, count=None, probability=0.5, seed=7))
        rounds.append([client.get("/").status_code for _ in range(30)])
    assert rounds[0] == rounds[1]
    assert 5 < rounds[0].count(500) < 25


def test_login_page(client: Client, faulty: MockPI) -> None:
    """Status 200 and HTML [general]."""
    faulty.faults.add(Fault(kind="login_page"))
    response = client.get("/dataservers")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert "Sign in" in response.text


@pytest.mark.parametrize("kind", ["cut", "cut_chunked", "reset_body", "reset", "broken_gzip"])
def test_broken_connections(client: Client, faulty: MockPI, kind: str) -> None:
    """Bodies that end too soon, connections that are reset, gzip that is none."""
    path = f"/streams/{client.web_id('shape.dense')}/recorded?{_RANGE}"
    faulty.faults.add(Fault(kind=kind))
    with pytest.raises(requests.RequestException), requests.Session() as session:
        session.get(faulty.url + path, timeout=30)
    assert client.get(path).status_code == 200


def test_truncated_json(client: Client, faulty: MockPI) -> None:
    """The length is right, the JSON is not."""
    faulty.faults.add(Fault(kind="truncated_json", route="recorded"))
    response = _recorded(client)
    assert int(response.headers["Content-Length"]) == len(response.content)
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_slow(client: Client, faulty: MockPI) -> None:
    """The right answer, late; others are not held up."""
    faulty.faults.add(Fault(kind="slow", delay=0.2, route="dataservers"))
    began = time.monotonic()
    assert client.get("/").status_code == 200
    assert client.items("/dataservers")
    assert time.monotonic() - began >= 0.2


def test_web_exception(client: Client, faulty: MockPI) -> None:
    """Status 200 and a WebException in the body [ref]."""
    whole = _recorded(client).json()
    faulty.faults.add(Fault(kind="web_exception", status=500, route="recorded"))
    response = _recorded(client)
    assert response.status_code == 200
    assert response.json()["WebException"] == {
        "StatusCode": 500,
        "Errors": ["Error occurred during writing of the output stream."],
    }
    assert len(response.json()["Items"]) < len(whole["Items"])


def test_row_errors(client: Client, faulty: MockPI) -> None:
    """One row with Errors, Value null, Good still true; the others are right [ref]."""
    whole = _recorded(client).json()["Items"]
    faulty.faults.add(Fault(kind="row_errors", route="recorded"))
    items = _recorded(client).json()["Items"]
    assert (items[0]["Value"], items[0]["Good"]) == (None, True)
    assert items[0]["Errors"] == [{"FieldName": "Value", "Message": ["PI Point not found."]}]
    assert items[1:] == whole[1:]


def test_value_errors(client: Client, faulty: MockPI) -> None:
    """A bad value that is an object with Errors [ref]."""
    faulty.faults.add(Fault(kind="value_errors", route="recorded", message="Calculation failed."))
    row = _recorded(client).json()["Items"][0]
    assert (row["Value"], row["Good"]) == ({"Errors": ["Calculation failed."]}, False)


def _batch(client: Client, *tags: str) -> dict[str, Any]:
    content = {tag: {"Method": "GET", "Resource": f"{client.pi.url}/streams/{client.web_id(tag)}/recorded?{_RANGE}"}
               for tag in tags}  # fmt: skip
    response = client.batch(content)
    assert response.status_code == 207
    found: dict[str, Any] = response.json()
    return found


def test_one_sub_request_of_a_good_batch(client: Client, faulty: MockPI) -> None:
    """A sub-request fails by tag, the others are good."""
    faulty.faults.add(Fault(status=500, scope="sub", tag="step"))
    found = _batch(client, "shape.dense", "step", "shape.edges")
    assert {tag: one["Status"] for tag, one in found.items()} == {"shape.dense": 200, "step": 500, "shape.edges": 200}


def test_html_inside_a_batch(client: Client, faulty: MockPI) -> None:
    """A gateway's page inside of a batch is a string."""
    faulty.faults.add(Fault(status=503, scope="sub"))
    one = _batch(client, "step")["step"]
    assert (one["Status"], "Service Unavailable" in one["Content"]) == (503, True)


def test_missing_answer(client: Client, faulty: MockPI) -> None:
    """The id of a sub-request is not in the answer."""
    faulty.faults.add(Fault(kind="missing", scope="sub", tag="step"))
    assert set(_batch(client, "shape.dense", "step")) == {"shape.dense"}


@pytest.mark.parametrize("kind", ["web_exception", "row_errors", "slow"])
def test_other_faults_inside_a_batch(client: Client, faulty: MockPI, kind: str) -> None:
    """What can happen to an answer can happen to a sub-answer."""
    good = _batch(client, "step", "shape.dense")
    faulty.faults.add(Fault(kind=kind, scope="sub", tag="step", delay=0.05))
    bad = _batch(client, "step", "shape.dense")
    assert bad["shape.dense"] == good["shape.dense"]
    assert (bad["step"] == good["step"]) is (kind == "slow")
    assert faulty.faults.fired == 1


def test_whole_batch_by_tag(client: Client, faulty: MockPI) -> None:
    """A fault of a whole batch that reads a certain point."""
    faulty.faults.add(Fault(status=500, route="batch", tag="step"))
    _batch(client, "shape.dense")
    content = {"1": {"Method": "GET", "Resource": f"{client.pi.url}/streams/{client.web_id('step')}/end"}}
    assert client.batch(content).status_code == 500


def test_what_is_no_fault() -> None:
    """Misspellings are found at once."""
    with pytest.raises(ValueError, match="none of"):
        Fault(kind="nonsense")
    with pytest.raises(ValueError, match="neither"):
        Fault(scope="nonsense")
