"""A pretend client, for tests of everything above HTTP: the same doors as `Client`, and a function of the test behind.

Whatever the function says goes through the real decoders and the real table of statuses, so an answer looks to the
code under test as it would on the wire.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pi_datasource.errors import PIRequestError, PIRetriableError
from pi_datasource.options import Connection
from pi_datasource.times import format_ticks, parse_iso
from pi_datasource.webapi.answers import check_answer, decode, error_for
from pi_datasource.webapi.client import Effort, Turn
from pi_datasource.webapi.retry import Patience, RetryRules
from pi_datasource.webapi.traffic import Traffic
from pi_datasource.webapi.wire import batch_decoder, decoder

URL = "https://pi.example.com/piwebapi"


class Clock:
    """Seconds that pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@dataclass(frozen=True)
class Said:
    """What the pretend server says to one GET."""

    status: int = 200
    content: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One route, taken apart."""

    route: str

    @property
    def path(self) -> list[str]:
        """The segments."""
        return [unquote(segment) for segment in urlsplit(self.route).path.split("/")]

    @property
    def query(self) -> dict[str, str]:
        """The parameters; the last of those that come more than once."""
        return dict(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """All parameters, in order."""
        return parse_qsl(urlsplit(self.route).query, keep_blank_values=True)


class FakeThrottle:
    """Notes the pauses."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


class FakeClient:
    """Asks a function instead of a server.

    Args:
        serve: route → what the server says; raises what the network does.
        on_batch: sees the ids of a batch request before they are served; raises what befalls the whole, or returns
            the ids that the answer leaves out.
    """

    def __init__(
        self,
        serve: Callable[[Asked], Said],
        on_batch: Callable[[list[str]], set[str] | None] | None = None,
        *,
        post: bool = True,
        url: str = URL,
        rules: RetryRules | None = None,
    ) -> None:
        self.connection = Connection(url=url, post=post)
        self.throttle = FakeThrottle()
        self.decoding = Turn()
        self.traffic = Traffic()
        self.effort = Effort()
        self.clock = Clock()
        self.rules = rules or RetryRules()
        self.serve = serve
        self.on_batch = on_batch
        self.gets: list[Asked] = []
        self.batches: list[dict[str, Asked]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._lock = threading.Lock()

    def get(self, route: str, kind: Any, asked: str, hand_back: tuple[type[PIRetriableError], ...] = ()) -> Any:
        def attempt() -> Any:
            self.gets.append(Asked(route))
            with self:
                said = self.serve(Asked(route))
            if not 200 <= said.status < 300:
                raise error_for(said.status, json.dumps(said.content).encode(), said.headers, asked)
            answer = decode(json.dumps(said.content).encode(), decoder(kind), "application/json", asked)
            check_answer(answer, asked)
            return answer

        return self.patience(asked).run(attempt, hand_back)

    def post_batch(self, gets: Mapping[str, str], kind: Any, asked: str) -> Any:
        assert self.connection.post, "a batch request where POST is not allowed"
        assert gets, "an empty batch request"
        self.batches.append({key: Asked(route) for key, route in gets.items()})
        with self:
            left_out = (self.on_batch(list(gets)) if self.on_batch else None) or set()
            answer = {}
            # The order of the answers is not that of the questions.
            for key, route in reversed(list(gets.items())):
                if key not in left_out:
                    said = self.serve(Asked(route))
                    answer[key] = {"Status": said.status, "Headers": dict(said.headers), "Content": said.content}
        return decode(json.dumps(answer).encode(), batch_decoder(kind), "application/json", asked)

    def patience(self, asked: str) -> Patience:
        return Patience(self.rules, asked, clock=self.clock, sleep=self.clock.sleep)

    def without_secrets(self, error: PIRequestError) -> PIRequestError:
        return error

    def __enter__(self) -> None:
        with self._lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.in_flight -= 1


@dataclass(frozen=True)
class Event:
    """One event of the pretend archive. `number` tells it from all others."""

    tick: int
    number: int
    value: Any = None
    good: bool = True

    @property
    def json(self) -> dict[str, Any]:
        """As PI Web API writes it."""
        value = self.number if self.value is None else self.value
        return {"Timestamp": pi_text(self.tick), "Value": value, "Good": self.good}


def pi_text(tick: int) -> str:
    """A time as PI Web API writes it: the zeros at the end of the fraction left out, and the point with them."""
    whole, _, fraction = format_ticks(tick)[:-1].partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


class Archive:
    """What the vendor says of `recorded` and `summary`, over lists of events.

    Args:
        streams: WebId → events, in the order of time.
        limit: MaxReturnedItemsPerCall.
        counts_bad: whether `Count` counts bad events.
        can_count: whether `summary` works at all.
        tells_good: whether it can tell `PercentGood`.
    """

    def __init__(
        self,
        streams: Mapping[str, list[Event]],
        *,
        limit: int = 150_000,
        counts_bad: bool = True,
        can_count: bool = True,
        tells_good: bool = True,
    ) -> None:
        self.streams = {web_id: list(events) for web_id, events in streams.items()}
        self.limit = limit
        self.counts_bad = counts_bad
        self.can_count = can_count
        self.tells_good = tells_good

    def __call__(self, asked: Asked) -> Said:
        controller, web_id, action = asked.path
        assert controller == "streams"
        if web_id not in self.streams:
            return Said(404, {"Errors": [f"PI Point not found: {web_id}"]})
        query = asked.query
        start, end = parse_iso(query["startTime"]), parse_iso(query["endTime"])
        low, high = min(start, end), max(start, end)
        events = [event for event in self.streams[web_id] if low <= event.tick <= high]
        if action == "summary":
            return self._count(events, [value for name, value in asked.pairs if name == "summaryType"])
        assert action == "recorded"
        assert query["boundaryType"] == "Inside"
        most = int(query["maxCount"])
        if most > self.limit:
            return Said(400, {"Errors": [f"Parameter 'maxCount' is greater than the maximum allowed ({self.limit})."]})
        if start > end:
            events = events[::-1]
        return Said(200, {"Items": [event.json for event in events[:most]]})

    def _count(self, events: list[Event], types: list[str]) -> Said:
        if not self.can_count:
            return Said(409, {"Errors": ["The data reference does not support summaries."]})
        good = sum(event.good for event in events)
        told = {"Count": len(events) if self.counts_bad else good}
        told["PercentGood"] = 100 * good / len(events) if events and self.tells_good else {"Errors": ["No data."]}
        items = [{"Type": name, "Value": {"Timestamp": "2026-01-01T00:00:00Z", "Value": told[name]}} for name in types]
        return Said(200, {"Items": items})


def is_error(answer: object) -> bool:
    """Whether an answer of `ask_all` is an error."""
    return isinstance(answer, PIRequestError)
