"""A server between the reader and `MockPI` that spoils answers below HTTP, or in ways that no server should.

Each request is passed on, and its whole answer taken; what then goes to the reader is a script of bytes, pauses, and an
end. Everything stays on the loopback interface.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

#: SO_LINGER with no time to linger: closing sends RST instead of FIN.
NO_LINGER = struct.pack("ii", 1, 0)


class End:
    """How a script ends, other than by the next request on the same connection."""

    def __init__(self, name: str) -> None:
        self.name = name


CLOSE, RESET, SILENCE = End("close"), End("reset"), End("silence")

#: Bytes to send, seconds to wait, or an end.
Step = Any
Script = Iterator[Step]


@dataclass(frozen=True)
class Reply:
    """A good answer.

    Attributes:
        status: of HTTP.
        headers: all but those about length and connection.
        body: whole, not compressed.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def head(self, *more: tuple[str, str], status: str = "", length: int | None = -1, version: str = "1.1") -> bytes:
        """The head, with the body's length unless another one is given (None for none)."""
        lines = [f"HTTP/{version} {status or f'{self.status} OK'}"]
        lines += [f"{name}: {value}" for name, value in (*self.headers, *more)]
        if length is not None:
            lines.append(f"Content-Length: {len(self.body) if length < 0 else length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def with_body(self, body: bytes) -> Reply:
        """The same with another body."""
        return Reply(self.status, self.headers, body)

    def whole(self) -> bytes:
        """As it is."""
        return self.head() + self.body


#: Name → script of a spoilt answer.
Fault = Callable[[Reply], Script]


@dataclass
class Strike:
    """Which requests a fault befalls, counted from 0 among those that concern it.

    Attributes:
        fault: what happens to their answers.
        numbers: whether it befalls the n-th.
        route: part of the request line; empty for any.
    """

    fault: Fault
    numbers: Callable[[int], bool]
    route: str = ""
    seen: int = 0


@dataclass
class FaultProxy:
    """Serves on a port of its own what another server answers.

    Attributes:
        target: base URL of the server behind.
        requests: requests so far.
        struck: faults that happened.
        lines: request lines so far.
        heads: heads of requests so far, as they came.
    """

    target: str
    requests: int = 0
    struck: int = 0
    lines: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    _strikes: list[Strike] = field(default_factory=list)

    def __enter__(self) -> FaultProxy:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._thread = threading.Thread(target=self._accept, name="fault proxy", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with socket.socket() as knock:
            knock.connect_ex(self._listener.getsockname())
        self._thread.join(10)
        self._listener.close()
        self.hang_up()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}{urlsplit(self.target).path}"

    def strike(self, fault: Fault, numbers: Callable[[int], bool] = lambda _: True, route: str = "") -> None:
        """From now on this fault befalls these requests."""
        with self._lock:
            self._strikes.append(Strike(fault, numbers, route))

    def clear(self) -> None:
        """No faults, and nothing counted."""
        with self._lock:
            self._strikes.clear()
            self.requests = self.struck = 0
            self.lines.clear()
            self.heads.clear()

    def hang_up(self) -> None:
        """Ends all connections."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._over.is_set():
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        parts = urlsplit(self.target)
        behind = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        try:
            with contextlib.suppress(OSError, http.client.HTTPException):
                while self._one(connection, behind):
                    pass
        finally:
            behind.close()
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _one(self, connection: socket.socket, behind: http.client.HTTPConnection) -> bool:
        """One request and its answer; False when the connection is over."""
        head, body = _request(connection)
        if not head:
            return False
        line, *rest = head.decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ", 2)
        fault = self._draw(line, head)
        headers = dict(text.split(": ", 1) for text in rest if ": " in text)
        reply = self._ask(behind, method, path, headers, body)
        return self._play(connection, iter([reply.whole()]) if fault is None else fault(reply))

    def _draw(self, line: str, head: bytes) -> Fault | None:
        with self._lock:
            self.requests += 1
            self.lines.append(line)
            self.heads.append(head)
            drawn = None
            for strike in self._strikes:
                if strike.route in line:
                    befalls = strike.numbers(strike.seen)
                    strike.seen += 1
                    drawn = strike.fault if befalls and drawn is None else drawn
            self.struck += drawn is not None
            return drawn

    @staticmethod
    def _ask(behind: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        kept = {name: value for name, value in headers.items()
                if name.lower() not in ("accept-encoding", "connection", "content-length")}  # fmt: skip
        behind.request(method, path, body or None, kept)
        answer = behind.getresponse()
        whole = answer.read()
        dropped = ("content-length", "transfer-encoding", "connection", "server", "keep-alive")
        passed = tuple((name, value) for name, value in answer.getheaders() if name.lower() not in dropped)
        return Reply(answer.status, passed, whole)

    def _play(self, connection: socket.socket, script: Script) -> bool:
        for step in script:
            if isinstance(step, bytes):
                connection.sendall(step)
            elif isinstance(step, float):
                if self._over.wait(step):
                    return False
            elif step is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                return False
            else:
                if step is SILENCE:
                    self._until_left(connection)
                return False
        return True

    def _until_left(self, connection: socket.socket) -> None:
        """Says nothing until the other side has gone."""
        while not self._over.is_set():
            readable, _, _ = select.select([connection], [], [], 0.2)
            if readable and not connection.recv(65_536):
                return


def _request(connection: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of the next request; both empty when there is none."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return b"", b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0
    )
    while len(body) < length:
        piece = connection.recv(65_536)
        if not piece:
            return b"", b""
        body += piece
    return head, body


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """What a call gives, and the seconds it took."""
    started = time.monotonic()
    return call(), time.monotonic() - started


# What goes wrong. Each takes a good answer and says what is sent instead.


def silent(_: Reply) -> Script:
    yield SILENCE


def silent_in_the_head(reply: Reply) -> Script:
    yield reply.head()[:25]
    yield SILENCE


def silent_in_the_body(reply: Reply) -> Script:
    yield reply.whole()[: -len(reply.body) // 2]
    yield SILENCE


def half_open(reply: Reply) -> Script:
    """All of it; and from then on this connection is dead, and nobody says so."""
    yield reply.whole()
    yield SILENCE


def reset(_: Reply) -> Script:
    yield RESET


def reset_at(byte: int) -> Fault:
    """After so many bytes; negative from the end."""

    def script(reply: Reply) -> Script:
        yield reply.whole()[:byte]
        yield 0.01
        yield RESET

    return script


def closed_at(byte: int) -> Fault:
    """In good manners after so many bytes; negative from the end."""

    def script(reply: Reply) -> Script:
        yield reply.whole()[:byte]
        yield CLOSE

    return script


def slow_drip(reply: Reply) -> Script:
    """All of it, in many small pieces."""
    whole = reply.whole()
    step = len(whole) // 40 + 1
    for first in range(0, len(whole), step):
        yield whole[first : first + step]
        yield 0.002


def endless_drip(reply: Reply) -> Script:
    """A blank now and then, for ever."""
    yield reply.head(length=900_000)
    for _ in range(10**6):
        yield b" "
        yield 0.02


def said_longer(reply: Reply) -> Script:
    yield reply.head(length=len(reply.body) + 10) + reply.body
    yield CLOSE


def said_shorter(reply: Reply) -> Script:
    yield reply.head(length=max(0, len(reply.body) - 10)) + reply.body


def said_nothing(reply: Reply) -> Script:
    """The end of the connection is the end of the body, as in HTTP/1.0: all right."""
    yield reply.head(("Connection", "close"), length=None, version="1.0") + reply.body
    yield CLOSE


def said_nothing_and_cut(reply: Reply) -> Script:
    yield reply.head(("Connection", "close"), length=None, version="1.0") + reply.body[: len(reply.body) * 2 // 3]
    yield CLOSE


def two_lengths(reply: Reply) -> Script:
    yield reply.head(("Content-Length", str(len(reply.body) // 2))) + reply.body
    yield CLOSE


def same_length_twice(reply: Reply) -> Script:
    yield reply.head(("Content-Length", str(len(reply.body)))) + reply.body


def two_types(reply: Reply) -> Script:
    yield reply.head(("Content-Type", "application/json"), ("X-A", "1"), ("X-A", "2")) + reply.body


def chunks_without_end(reply: Reply) -> Script:
    head = reply.head(("Transfer-Encoding", "chunked"), length=None)
    yield head + b"%x\r\n%s\r\n" % (len(reply.body), reply.body)
    yield CLOSE


def chunk_of_no_size(reply: Reply) -> Script:
    yield reply.head(("Transfer-Encoding", "chunked"), length=None) + b"zz\r\n" + reply.body
    yield CLOSE


def chunk_of_wrong_size(reply: Reply) -> Script:
    head = reply.head(("Transfer-Encoding", "chunked"), length=None)
    yield head + b"%x\r\n%s\r\n0\r\n\r\n" % (max(1, len(reply.body) - 7), reply.body)
    yield CLOSE


def too_many_headers(reply: Reply) -> Script:
    yield reply.head(*[(f"X-{number}", "x") for number in range(300)]) + reply.body


def a_header_too_long(reply: Reply) -> Script:
    yield reply.head(("X-Long", "x" * 200_000)) + reply.body


def no_http(_: Reply) -> Script:
    yield b"SSH-2.0-OpenSSH_9.2\r\n"
    yield CLOSE


def other_status(code: int, *headers: tuple[str, str], body: bytes = b"") -> Fault:
    """Another status, other headers, another body."""

    def script(reply: Reply) -> Script:
        plain = Reply(code, headers, body)
        yield plain.head(status=f"{code} Odd", length=None if code in (204, 304) else -1) + body

    return script


def first_continue(reply: Reply) -> Script:
    """An interim answer before the real one: all right."""
    yield b"HTTP/1.1 100 Continue\r\n\r\n"
    yield reply.whole()


def part_of_it(reply: Reply) -> Script:
    """206 with half of the body: what a cache gives that takes us for someone who goes on loading."""
    half = reply.with_body(reply.body[: len(reply.body) // 2])
    yield (
        half.head(("Content-Range", f"bytes 0-{len(half.body) - 1}/{len(reply.body)}"), status="206 Partial")
        + half.body
    )


def packed(reply: Reply) -> Script:
    """Compressed, as it should be: all right."""
    body = gzip.compress(reply.body)
    yield reply.with_body(body).head(("Content-Encoding", "gzip")) + body


def packed_and_cut(reply: Reply) -> Script:
    """Half of a compressed body, with the length of that half."""
    body = gzip.compress(reply.body)
    body = body[: len(body) // 2]
    yield reply.with_body(body).head(("Content-Encoding", "gzip")) + body


def packed_without_end(reply: Reply) -> Script:
    """All of the words, and no end of the compressed stream."""
    body = gzip.compress(reply.body)[:-8]
    yield reply.with_body(body).head(("Content-Encoding", "gzip")) + body


def packed_and_damaged(reply: Reply) -> Script:
    body = bytearray(gzip.compress(reply.body))
    body[len(body) // 2] ^= 0x3C
    yield reply.with_body(bytes(body)).head(("Content-Encoding", "gzip")) + bytes(body)


def not_packed(reply: Reply) -> Script:
    """Says that it is compressed, and is not."""
    yield reply.head(("Content-Encoding", "gzip")) + reply.body


def in_foreign_packing(reply: Reply) -> Script:
    yield reply.head(("Content-Encoding", "br")) + reply.body


def body_of(made: Callable[[bytes], bytes], *headers: tuple[str, str]) -> Fault:
    """The same answer with another body."""

    def script(reply: Reply) -> Script:
        changed = reply.with_body(made(reply.body))
        yield (Reply(changed.status, headers, changed.body) if headers else changed).whole()

    return script


MEGABYTE = b" " * 1_000_000


def blanks_behind(reply: Reply) -> Script:
    """300 MB, announced."""
    yield reply.head(length=len(reply.body) + 300_000_000) + reply.body
    yield from [MEGABYTE] * 300


def blanks_in_chunks(reply: Reply) -> Script:
    """300 MB, of which nothing is said before."""
    yield reply.head(("Transfer-Encoding", "chunked"), length=None)
    for piece in [reply.body, *[MEGABYTE] * 300]:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


#: A number that is a member or an element, or a boolean: a body without numbers is to be spoilt as well.
NUMBER = re.compile(rb"(?<=[:\[,])(-?\d[\d.eE+-]*|true|false)(?=[,}\]])")


def numbers_as_text(body: bytes) -> bytes:
    """Each number in quotes."""
    return re.sub(rb"(?<=[:\[,])(-?\d[\d.eE+-]*)(?=[,}\]])", rb'"\1"', body)


def numbers_as(token: bytes) -> Callable[[bytes], bytes]:
    """Something else in the place of each number."""
    return lambda body: NUMBER.sub(token, body)


def members_twice(body: bytes) -> bytes:
    """Each member that is no list or object is written twice, the same."""
    return _written(json.loads(body), lambda name, value: not isinstance(value, (list, dict)) and [value, value])


def items_twice(body: bytes) -> bytes:
    """A second `Items`, an empty one: what most readers of JSON take, without a word."""
    return _written(json.loads(body), lambda name, value: name == "Items" and [value, []])


def _written(value: Any, more: Callable[[str, Any], Any]) -> bytes:
    """JSON, in which `more` may give a member several values."""
    if isinstance(value, list):
        return b"[" + b",".join(_written(item, more) for item in value) + b"]"
    if not isinstance(value, dict):
        return json.dumps(value).encode()
    members = [(name, one) for name, item in value.items() for one in more(name, item) or [item]]
    return b"{" + b",".join(json.dumps(name).encode() + b":" + _written(one, more) for name, one in members) + b"}"
