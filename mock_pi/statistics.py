"""What the server counts about its callers. Counting is cheap, so it is always on."""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Stats:
    """What was counted since the start or the last reset.

    Attributes:
        requests: HTTP requests below `/piwebapi`, whatever became of them.
        sub_requests: Requests inside batches, each instance of a template counted.
        by_route: Route name, such as `streams/recorded` or `batch`, to HTTP requests.
        sub_by_route: Route name to sub-requests.
        max_in_flight: Most HTTP requests between their first byte and the end of their answer at one time.
        max_per_second: Most HTTP requests that began within any one second.
        methods: HTTP method to requests.
        sub_methods: Method to sub-requests.
        user_agents: Every `User-Agent` seen.
        writes: Method and path of every request and sub-request that was neither GET nor POST /batch.
    """

    requests: int = 0
    sub_requests: int = 0
    by_route: dict[str, int] = field(default_factory=dict)
    sub_by_route: dict[str, int] = field(default_factory=dict)
    max_in_flight: int = 0
    max_per_second: int = 0
    methods: dict[str, int] = field(default_factory=dict)
    sub_methods: dict[str, int] = field(default_factory=dict)
    user_agents: set[str] = field(default_factory=set)
    writes: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Stats:
        """From what `Counter.plain` gave, after a journey as JSON."""
        writes = [(method, path) for method, path in plain["writes"]]
        return cls(**{**plain, "user_agents": set(plain["user_agents"]), "writes": writes})


class Counter:
    """Counts as requests come and go."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.reset()

    def reset(self) -> None:
        """Starts again from nothing; what is in flight stays in flight."""
        self.requests = 0
        self.sub_requests = 0
        self.by_route: Tally[str] = Tally()
        self.sub_by_route: Tally[str] = Tally()
        self.methods: Tally[str] = Tally()
        self.sub_methods: Tally[str] = Tally()
        self.user_agents: dict[str, None] = {}
        self.writes: list[tuple[str, str]] = []
        self.max_in_flight = self.in_flight
        self.max_per_second = 0
        self._began: deque[float] = deque()

    def begin(self, method: str, user_agent: str) -> None:
        """A request arrives."""
        self.requests += 1
        self.methods[method] += 1
        self.user_agents[user_agent] = None
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        now = time.monotonic()
        began = self._began
        began.append(now)
        while began[0] <= now - 1.0:
            began.popleft()
        self.max_per_second = max(self.max_per_second, len(began))

    def end(self) -> None:
        """A request has been answered, or is gone."""
        self.in_flight -= 1

    def route(self, name: str, method: str, path: str, sub: bool) -> None:
        """It is known where a request or sub-request goes."""
        if sub:
            self.sub_requests += 1
            self.sub_by_route[name] += 1
            self.sub_methods[method] += 1
        else:
            self.by_route[name] += 1
        if method != "GET" and (sub or name != "batch" or method != "POST"):
            self.writes.append((method, path))

    def plain(self) -> dict[str, Any]:
        """The counts as plain values."""
        return {
            "requests": self.requests,
            "sub_requests": self.sub_requests,
            "by_route": dict(self.by_route),
            "sub_by_route": dict(self.sub_by_route),
            "max_in_flight": self.max_in_flight,
            "max_per_second": self.max_per_second,
            "methods": dict(self.methods),
            "sub_methods": dict(self.sub_methods),
            "user_agents": list(self.user_agents),
            "writes": self.writes,
        }
