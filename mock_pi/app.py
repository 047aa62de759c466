"""The ASGI application: what happens to an HTTP request before and after its controller.

Plain ASGI, without a framework: the answers are ready bytes, and at a hundred thousand rows each there is nothing a
framework could add but time.
"""

from __future__ import annotations

import asyncio
import codecs
import gzip
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

from mock_pi import auth, limits
from mock_pi.admin import Admin
from mock_pi.batch import Batch, parse_requests
from mock_pi.call import JSON, Answer, PIWebAPIError
from mock_pi.connections import Connections
from mock_pi.damage import damaged
from mock_pi.dispatch import ROOT, Target, answer, is_ours, no_route, tags_of, target_of, wrong_method
from mock_pi.faults import Fault
from mock_pi.limits import RateLimiter
from mock_pi.site import Site
from mock_pi.ticks import TICKS_PER_SECOND
from mock_pi.wire import to_json

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Request:
    """An HTTP request once it has arrived whole."""

    method: str
    path: str
    query: str
    base: str
    client: str
    headers: dict[str, str]
    content: bytes
    now: int


class App:
    """One server's application."""

    def __init__(self, site: Site, connections: Connections) -> None:
        self.site = site
        self.connections = connections
        self.limiter = RateLimiter()
        self.admin = Admin(site)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith("/_mock/"):
            content, _ = await _body(receive, self.site.switches.max_body * 64)
            given = self.admin.answer(scope["method"], scope["path"], content)
            await _send(send, given)
            return
        arrived = asyncio.get_running_loop().time()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.site.counter.begin(scope["method"], headers.get("user-agent", ""))
        try:
            await self._serve(scope, headers, receive, send, arrived)
        finally:
            self.site.counter.end()

    async def _serve(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send, arrived: float) -> None:
        site = self.site
        raw = scope.get("raw_path") or scope["path"].encode()
        given = limits.refuse_head(raw, scope["query_string"], scope["headers"], site.switches)
        content, fits = await _body(receive, site.switches.max_body)
        fault = None
        if given is None and not fits:
            given = limits.too_large()
        if given is None:
            host = headers.get("host", "127.0.0.1")
            request = Request(
                scope["method"], raw.decode("latin-1"), scope["query_string"].decode("latin-1"),
                f"{scope['scheme']}://{host}/{ROOT}", (scope.get("client") or ("",))[0], headers, content,
                site.system.now,
            )  # fmt: skip
            given, fault = await self._answer(request)
        else:
            name = "batch" if _is_batch(scope["path"]) else "unknown"
            site.counter.route(name, scope["method"], scope["path"], sub=False)
        wait = max(arrived + site.switches.delay - asyncio.get_running_loop().time(), 0.0) + given.delay
        if wait > 0:
            await asyncio.sleep(wait)
        if site.switches.bom and given.content_type == JSON and given.length:
            given = replace(given, body=codecs.BOM_UTF8 + given.body)
        given = _compressed(given, headers, site.switches.compress)
        if fault is not None and fault.kind in ("cut", "cut_chunked", "broken_gzip", "reset", "reset_body"):
            await self._misbehave(scope, send, given, fault)
        else:
            await _send(send, given)

    async def _answer(self, request: Request) -> tuple[Answer, Fault | None]:
        """The answer, and the fault that befell it."""
        given, fault = await self._answered(request)
        clock = self.site.switches.date
        if clock is not None:
            # The clock of the PI System may have been set by a test. Whole seconds, as HTTP has it.
            date = formatdate(request.now // TICKS_PER_SECOND if clock == "system" else None, usegmt=True)
            given = replace(given, headers=(*given.headers, ("Date", date)))
        return given, fault

    async def _answered(self, request: Request) -> tuple[Answer, Fault | None]:
        site = self.site
        user = auth.user_of(request.headers, site.switches)
        target = target_of(
            site, request.method, request.base, request.path, request.query, request.headers, request.content,
            request.now, user or "",
        )  # fmt: skip
        is_batch = _is_batch(request.path)
        name = "batch" if is_batch else target.name
        site.counter.route(name, request.method, request.path, sub=False)
        given = self._refusal(request, user)
        fault = None
        if given is None:
            fault = self._fault(name, target)
            if fault is not None and fault.kind == "status":
                return damaged(Answer(), fault), fault
            given = await self._controller(request, target, is_batch)
            if fault is not None:
                given = damaged(given.whole(), fault)
        return given, fault

    def _refusal(self, request: Request, user: str | None) -> Answer | None:
        switches = self.site.switches
        if not self.limiter.admits(request.client, switches):
            return self.limiter.refusal(switches)
        if user is None:
            return auth.challenge(switches)
        if switches.csrf and request.method not in _SAFE and not request.headers.get("x-requested-with"):
            text = "The request is missing the header 'X-Requested-With', which protects against CSRF."
            return Answer(switches.csrf_status, to_json({"Errors": [text]}))
        return None

    def _fault(self, name: str, target: Target) -> Fault | None:
        faults = self.site.faults
        if faults.empty:
            return None
        tags: frozenset[str] | None = None
        if faults.wants_tags("request"):
            tags = self._batch_tags(target) if name == "batch" else tags_of(target)
        return faults.draw("request", name, tags)

    def _batch_tags(self, target: Target) -> frozenset[str]:
        """The points that a batch reads by WebIDs written out in its resources."""
        tags: set[str] = set()
        call = target.call
        try:
            requests = parse_requests(self.site, call.content)
        except PIWebAPIError:
            return frozenset()
        for request in requests.values():
            path, _, query = str(request.get("Resource") or "").partition("?")
            path = "/" + path.partition("://")[2].partition("/")[2]
            tags |= tags_of(target_of(self.site, "GET", call.base, path, query, {}, b"", call.now, call.user))
        return frozenset(tags)

    async def _controller(self, request: Request, target: Target, is_batch: bool) -> Answer:
        if not is_ours(request.path):
            return no_route(target.call.url)
        if not is_batch:
            return answer(target)
        if request.method != "POST":
            return wrong_method(request.method)
        try:
            requests = parse_requests(self.site, request.content)
        except PIWebAPIError as error:
            return error.answer
        return await Batch(self.site, self.limiter, target, request.client, requests).run()

    async def _misbehave(self, scope: Scope, send: Send, given: Answer, fault: Fault) -> None:
        """Faults of the connection. Leaving without the end of the body makes uvicorn close the connection."""
        half = given.body[: max(1, len(given.body) // 2)]
        if fault.kind == "reset":
            self.connections.reset(scope["client"])
        elif fault.kind == "broken_gzip":
            zipped = bytearray(gzip.compress(given.body, 1))
            middle = len(zipped) // 2
            zipped[middle : middle + 8] = b"\xff" * len(zipped[middle : middle + 8])
            broken = (*given.headers, ("Content-Encoding", "gzip"))
            await _send(send, replace(given, body=bytes(zipped), headers=broken))
        else:
            await send(_start(given, None if fault.kind == "cut_chunked" else len(given.body)))
            await send({"type": "http.response.body", "body": half, "more_body": True})
            # What was sent must have left before the end comes, else the client sees no answer at all.
            await asyncio.sleep(0.02)
            if fault.kind == "reset_body":
                self.connections.reset(scope["client"])
            else:
                self.connections.close(scope["client"])


def _is_batch(path: str) -> bool:
    return path.strip("/").lower() == f"{ROOT}/batch"


async def _body(receive: Receive, limit: int) -> tuple[bytes, bool]:
    """The whole body, and whether it is within the limit. Too large a body is read to its end, but not kept."""
    parts = []
    length = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        length += len(part)
        if length <= limit:
            parts.append(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts), length <= limit


def _start(given: Answer, length: int | None) -> Message:
    headers = [(name.encode(), value.encode()) for name, value in given.headers]
    if given.length:
        headers.append((b"content-type", given.content_type.encode()))
    if length is not None and given.status != 204:
        headers.append((b"content-length", b"%d" % length))
    return {"type": "http.response.start", "status": given.status, "headers": headers}


async def _send(send: Send, given: Answer) -> None:
    await send(_start(given, given.length))
    for chunk in (given.body, *given.more[:-1]) if given.more else ():
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": given.more[-1] if given.more else given.body})


def _compressed(given: Answer, headers: dict[str, str], how: str) -> Answer:
    asked = how == "asked" and "gzip" in headers.get("accept-encoding", "").lower()
    if not given.length or given.content_type != JSON or not (asked or how == "always"):
        return given
    given = given.whole()
    zipped = gzip.compress(given.body, 4)
    return replace(given, body=zipped, headers=(*given.headers, ("Content-Encoding", "gzip")))
