"""What the mock counts."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mock_pi import PISystem

from .client import Client


def test_requests_and_sub_requests(start: Callable[..., Client]) -> None:
    """By route, by method, with the user agents, and everything that was not a read."""
    client = start(PISystem.demo(3))
    client.session.headers["User-Agent"] = "tester/1"
    web_id = client.web_id("SINUSOID")
    client.get(f"/Streams/{web_id}/Recorded")
    client.get("/nope")
    client.batch({
        "1": {"Method": "GET", "Resource": client.pi.url + f"/streams/{web_id}/end"},
        "2": {"Method": "DELETE", "Resource": client.pi.url + f"/points/{web_id}"},
        "3": {"Method": "GET", "Resource": client.pi.url, "ParentIds": ["2"]},
    })  # fmt: skip
    client.session.delete(client.pi.url + "/points/x", timeout=30)
    stats = client.pi.stats()
    assert stats.requests == 5
    assert stats.sub_requests == 2
    assert stats.by_route == {"points": 2, "streams/recorded": 1, "unknown": 1, "batch": 1}
    assert stats.sub_by_route == {"streams/end": 1, "points": 1}
    assert stats.methods == {"GET": 3, "POST": 1, "DELETE": 1}
    assert stats.sub_methods == {"GET": 1, "DELETE": 1}
    assert stats.user_agents == {"tester/1"}
    assert stats.writes == [("DELETE", f"/piwebapi/points/{web_id}"), ("DELETE", "/piwebapi/points/x")]
    client.pi.reset_stats()
    assert client.pi.stats().requests == 0


def test_in_flight_and_per_second(start: Callable[..., Client]) -> None:
    """The most at once, and the most that began within one second."""
    client = start(PISystem(), delay=0.2)
    threads = [threading.Thread(target=Client(client.pi).get, args=("/",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = client.pi.stats()
    assert stats.max_in_flight == 6
    assert stats.max_per_second == 6
