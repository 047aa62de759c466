"""Faults on request: what shall go wrong, where, and how often."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

#: What can go wrong.
KINDS = {
    "status": "the HTTP status `status`, with the body PI Web API, a proxy or HTTP.sys gives with it",
    "slow": "the right answer after `delay` seconds",
    "cut": "a Content-Length larger than what is sent, then the connection closes",
    "cut_chunked": "a chunked body that ends in the middle, then the connection closes",
    "truncated_json": "JSON cut in the middle, with the length of what is left",
    "broken_gzip": "Content-Encoding: gzip over damaged data",
    "reset": "the connection is reset instead of an answer",
    "reset_body": "the connection is reset in the middle of the body",
    "login_page": "status 200 with the HTML of a login page",
    "web_exception": "status 200 and a `WebException` of status `status` in the body",
    "row_errors": "row-level `Errors` in one row of the answer",
    "value_errors": "one row of the answer bad, its value an object with `Errors`",
    "missing": "the sub-request's id is missing from the batch's answer (scope `sub` only)",
}


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: One of `KINDS`.
        status: HTTP status for the kinds that have one.
        route: Name of the route (`batch`, `streams/recorded`), its last part (`recorded`), or a pattern (`stream*`);
            None for any.
        tag: Only requests that read this point, or name this asset database (its path) by WebID; None for any.
        count: How many times it happens; None for always.
        skip: How many matching requests pass before it begins.
        probability: Chance that it happens to a matching request.
        seed: Start of the random numbers behind `probability`.
        retry_after: Text of a Retry-After header: seconds, or an HTTP date.
        delay: Seconds it takes to answer.
        scope: `request` for whole HTTP requests, `sub` for requests inside a batch.
        message: The text in the body instead of the usual one.
    """

    kind: str = "status"
    status: int = 503
    route: str | None = None
    tag: str | None = None
    count: int | None = 1
    probability: float = 1.0
    seed: int = 0
    retry_after: str | int | None = None
    delay: float = 0.0
    scope: str = "request"
    skip: int = 0
    message: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault kind {self.kind!r} is none of {', '.join(KINDS)}")
        if self.scope not in ("request", "sub"):
            raise ValueError(f"fault scope {self.scope!r} is neither 'request' nor 'sub'")

    @property
    def label(self) -> str:
        """What it is in a word or two, for counting."""
        name = str(self.status) if self.kind == "status" else self.kind
        return f"{name} inside a batch" if self.scope == "sub" else name

    def concerns(self, scope: str, route: str, tags: frozenset[str] | None) -> bool:
        """Whether it is for a request of this scope and route that reads these tags (upper case)."""
        if self.scope != scope:
            return False
        if self.route is not None:
            wanted = self.route.lower()
            if not fnmatchcase(route, wanted) and route.rpartition("/")[2] != wanted:
                return False
        return self.tag is None or self.tag.upper() in (tags or ())


@dataclass
class _Pending:
    fault: Fault
    left: int | None
    skip: int
    chance: random.Random = field(repr=False)


class FaultBox:
    """The faults that wait to happen.

    Attributes:
        fired: faults that happened.
        by_label: how many of each.
    """

    def __init__(self) -> None:
        self._pending: list[_Pending] = []
        self.fired = 0
        self.by_label: Counter[str] = Counter()

    def add(self, fault: Fault) -> None:
        """One more."""
        self._pending.append(_Pending(fault, fault.count, fault.skip, random.Random(fault.seed)))

    def clear(self) -> None:
        """None at all, and none fired."""
        self._pending.clear()
        self.fired = 0
        self.by_label.clear()

    def wants_tags(self, scope: str) -> bool:
        """Whether any fault of this scope is for one tag only."""
        return any(one.fault.tag is not None and one.fault.scope == scope for one in self._pending)

    @property
    def empty(self) -> bool:
        """Whether nothing can go wrong."""
        return not self._pending

    def draw(self, scope: str, route: str, tags: frozenset[str] | None) -> Fault | None:
        """The fault that befalls this request, if any; the first added that fits."""
        for one in self._pending:
            if not one.fault.concerns(scope, route, tags):
                continue
            if one.skip > 0:
                one.skip -= 1
                continue
            if one.fault.probability < 1.0 and one.chance.random() >= one.fault.probability:
                continue
            self.fired += 1
            self.by_label[one.fault.label] += 1
            if one.left is not None:
                one.left -= 1
                if one.left <= 0:
                    self._pending.remove(one)
            return one.fault
        return None
