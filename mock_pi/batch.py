"""The Batch controller: many requests in one POST, some of them made from the answers of others.

The bodies of sub-answers are put into the batch's body as the bytes they are; they are decoded only where another
sub-request's JSONPath looks into them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import msgspec

from mock_pi import jsonpath
from mock_pi.call import JSON, Answer, PIWebAPIError
from mock_pi.damage import damaged
from mock_pi.dispatch import Target, answer, is_ours, no_route, tags_of, target_of
from mock_pi.limits import RateLimiter
from mock_pi.site import Site
from mock_pi.wire import to_json

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

#: After a body of this many bytes other requests get their turn.
_PAUSE_AFTER = 262_144

#: Bytes that are worth a write of their own.
_LUMP = 262_144

_PLACEHOLDER = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True)
class SubAnswer:
    """The answer under one id: status, headers, and content as JSON text."""

    status: int
    content: bytes
    headers: bytes = b"{}"
    delay: float = 0.0

    @property
    def chunks(self) -> tuple[bytes, bytes, bytes]:
        """The whole answer as JSON."""
        return b'{"Status":%d,"Headers":%s,"Content":' % (self.status, self.headers), self.content, b"}"


_JSON_HEADERS = to_json({"Content-Type": JSON})


def _refusal(status: int, text: str) -> SubAnswer:
    # Failures of the batch itself are a bare string without headers [seen in recorded traffic].
    return SubAnswer(status, to_json(text))


class _Unselected(Exception):
    """JSONPaths that select nothing."""


@dataclass
class Batch:
    """One POST /batch while it is being answered.

    Attributes:
        site: What is served.
        limiter: Counts sub-requests where they are limited.
        outer: What all sub-requests inherit: base URL, headers, time, user.
        requests: Id to sub-request as it came.
        answers: Id to answer; an id with None is to be left out.
    """

    site: Site
    limiter: RateLimiter
    outer: Target
    client: str
    requests: dict[str, dict[str, Any]]
    answers: dict[str, SubAnswer | None] = field(default_factory=dict)
    _decoded: dict[str, Any] = field(default_factory=dict)

    async def run(self) -> Answer:
        """Answers everything and puts it together."""
        for identity in _ordered(self.requests):
            given = self.answers[identity] = self._answer(self.requests[identity])
            if given is not None and len(given.content) > _PAUSE_AFTER:
                await asyncio.sleep(0)
        found = [(identity, one) for identity, one in self.answers.items() if one is not None]
        # The order of the ids is not promised; recorded traffic has children before their parents.
        found.reverse()
        chunks: list[bytes] = []
        for identity, one in found:
            head, content, tail = one.chunks
            chunks += [b"%s%s:%s" % (b"," if chunks else b"{", to_json(identity), head), content, tail]
        delay = max((one.delay for _, one in found), default=0.0)
        chunks.append(b"}" if chunks else b"{}")
        return Answer(207, delay=delay, more=tuple(_lumps(chunks)))

    def _answer(self, request: dict[str, Any]) -> SubAnswer | None:
        failed = [parent for parent in request.get("ParentIds") or () if not self._succeeded(parent)]
        if failed:
            return _refusal(409, f"The following ParentIds did not complete successfully: {', '.join(failed)}.")
        try:
            if request.get("RequestTemplate"):
                return self._template(request)
            resource = request.get("Resource") or ""
            if resource.startswith("$"):
                resource = str(self._tokens([resource])[0][0])
            elif request.get("Parameters"):
                resource = _filled(resource, [tokens[0] for tokens in self._tokens(request["Parameters"])])
        except _Unselected as problem:
            return _refusal(400, f"Some JSON paths did not select any tokens: {problem}.")
        return self._one(request, resource, request.get("Content"))

    def _template(self, request: dict[str, Any]) -> SubAnswer:
        template = request["RequestTemplate"]
        columns = self._tokens(request.get("Parameters") or [])
        count = max((len(tokens) for tokens in columns), default=1)
        answers = []
        for number in range(count):
            tokens = [column[min(number, len(column) - 1)] for column in columns]
            content = template.get("Content") or request.get("Content")
            one = self._one(
                {**request, **template},
                _filled(template.get("Resource") or "", tokens),
                _filled(content, tokens) if content else None,
            )
            if one is not None:
                answers.append(one)
        items = b",".join(b"".join(one.chunks) for one in answers)
        content = b'{"Total":%d,"Items":[%s]}' % (len(answers), items)
        return SubAnswer(207, content, delay=max((one.delay for one in answers), default=0.0))

    def _one(self, request: dict[str, Any], resource: str, content: str | None) -> SubAnswer | None:
        method = str(request.get("Method") or "").upper()
        if method not in _METHODS:
            return _refusal(400, f"The method '{method}' is not valid.")
        parts = urlsplit(resource)
        if not parts.scheme and not self.site.switches.relative_urls:
            return _refusal(400, f"The resource '{resource}' is not an absolute URL.")
        path = parts.path if parts.scheme or is_ours(parts.path) else "/piwebapi/" + parts.path.lstrip("/")
        outer = self.outer.call
        # Headers of a sub-request (such as Cache-Control) change nothing here; who is asking comes from outside.
        body = (content or "").encode()
        target = target_of(self.site, method, outer.base, path, parts.query, outer.headers, body, outer.now, outer.user)
        target.call.memory = outer.memory
        self.site.counter.route(target.name, method, path, sub=True)
        given = self._serve(target, path)
        if given is None:
            return None
        return _sub_answer(given)

    def _serve(self, target: Target, path: str) -> Answer | None:
        site = self.site
        if site.switches.rate_counts_sub and not self.limiter.admits(self.client, site.switches):
            return self.limiter.refusal(site.switches)
        fault = None
        if not site.faults.empty:
            tags = tags_of(target) if site.faults.wants_tags("sub") else None
            fault = site.faults.draw("sub", target.name, tags)
            if fault is not None and fault.kind == "missing":
                return None
        if not is_ours(path):
            given = no_route(target.call.url)
        elif target.call.path and target.call.path[0].lower() == "batch":
            given = PIWebAPIError(400, "A batch request must not contain a batch request.").answer
        else:
            given = answer(target)
        if fault is not None:
            given = damaged(given, fault)
        return given

    def _succeeded(self, identity: str) -> bool:
        given = self.answers.get(identity)
        return given is not None and given.status < 400

    def _tokens(self, paths: list[str]) -> list[list[Any]]:
        columns = []
        empty = []
        for path in paths:
            found = self._select(path)
            if not found:
                empty.append(path)
            columns.append(found)
        if empty:
            raise _Unselected(", ".join(empty))
        return columns

    def _select(self, path: str) -> list[Any]:
        for identity, given in self.answers.items():
            if given is not None and identity not in self._decoded and identity in path:
                self._decoded[identity] = msgspec.json.decode(b"".join(given.chunks))
        try:
            return jsonpath.tokens(path, self._decoded)
        except ValueError:
            return []


def _lumps(chunks: list[bytes]) -> Iterator[bytes]:
    """The chunks with small ones put together, so that none is too small to be worth a write of its own."""
    lump: list[bytes] = []
    size = 0
    for chunk in chunks:
        if len(chunk) >= _LUMP:
            yield from (b"".join(lump), chunk)
            lump, size = [], 0
            continue
        lump.append(chunk)
        size += len(chunk)
        if size >= _LUMP:
            yield b"".join(lump)
            lump, size = [], 0
    yield b"".join(lump)


def _sub_answer(given: Answer) -> SubAnswer:
    if not given.body:
        return SubAnswer(given.status, b'""', delay=given.delay)
    headers = {"Content-Type": given.content_type, **dict(given.headers)}
    ready = _JSON_HEADERS if len(headers) == 1 and given.content_type == JSON else to_json(headers)
    content = given.body if given.content_type == JSON else to_json(given.body.decode())
    return SubAnswer(given.status, content, ready, given.delay)


def _filled(text: str, tokens: list[Any]) -> str:
    def token(match: re.Match[str]) -> str:
        number = int(match[1])
        if number >= len(tokens):
            return match[0]
        found = tokens[number]
        return found if isinstance(found, str) else to_json(found).decode()

    return _PLACEHOLDER.sub(token, text)


def _ordered(requests: dict[str, dict[str, Any]]) -> list[str]:
    """The ids with parents before children; a circle or an unknown parent leaves its ids for last, to fail there."""
    ordered: dict[str, None] = {}
    waiting = dict(requests)
    while waiting:
        ready = [
            identity
            for identity, request in waiting.items()
            if all(parent in ordered for parent in request.get("ParentIds") or ())
        ]
        for identity in ready or list(waiting):
            ordered[identity] = None
            del waiting[identity]
    return list(ordered)


def parse_requests(site: Site, content: bytes) -> dict[str, dict[str, Any]]:
    """The sub-requests of a body.

    Raises:
        PIWebAPIError: 400, the body is not an object of objects, or has too many of them.
    """
    try:
        requests = msgspec.json.decode(content, type=dict[str, dict[str, Any]])
    except msgspec.MsgspecError:
        raise PIWebAPIError(400, message="The request is invalid.") from None
    limit = site.switches.batch_max
    if limit is not None and len(requests) > limit:
        raise PIWebAPIError(400, f"The number of requests in the batch is greater than the maximum allowed ({limit}).")
    return requests
