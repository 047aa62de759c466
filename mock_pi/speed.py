"""`python -m mock_pi.speed`: how many values a second the mock serves, over HTTP, to a reader that parses nothing.

The server runs in a process of its own; the reader is a bare socket that counts bytes, so that the figure is the
server's. Every answer is read once before the clock starts, as a benchmark's second round would find it. The second
figure counts the server's processor time instead, which other work on the machine disturbs less.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import sys
import time
from urllib.parse import quote

from mock_pi.server import MockPI

_NOW = "2026-02-01T00:00:00Z"
_FIELDS = "Items.Timestamp;Items.Value;Items.Good;Errors;WebException"


class RawReader:
    """One keep-alive connection that throws away what it reads."""

    def __init__(self, port: int) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.buffer = bytearray(1 << 20)

    def close(self) -> None:
        """Hangs up."""
        self.connection.close()

    def read(self, request: bytes) -> int:
        """Sends a request and reads its answer; returns the length of the body."""
        self.connection.sendall(request)
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.connection.recv(65_536)
            if not part:
                raise ConnectionError("the server closed the connection")
            head += part
        top, _, rest = head.partition(b"\r\n\r\n")
        if top.split(b" ", 2)[1] not in (b"200", b"207"):
            raise ValueError(top.decode())
        length = next(int(line[15:]) for line in top.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        left = length - len(rest)
        while left > 0:
            count = self.connection.recv_into(self.buffer)
            if not count:
                raise ConnectionError("the server closed the connection")
            left -= count
        return length


def _resource(url: str, web_id: str, first: int, rows: int, fields: bool) -> str:
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first))
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first + 10 * (rows - 1)))
    chosen = f"&selectedFields={quote(_FIELDS)}" if fields else ""
    return f"{url}/streams/{web_id}/recorded?startTime={start}&endTime={end}&maxCount={rows}{chosen}"


def _get(resource: str) -> bytes:
    path = "/" + resource.split("/", 3)[3]
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _post(url: str, resources: list[str]) -> bytes:
    body = json.dumps({str(place): {"Method": "GET", "Resource": one} for place, one in enumerate(resources)}).encode()
    head = (
        "POST /piwebapi/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Requested-With: speed\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _measure(pi: MockPI, requests: list[bytes], rows: int, seconds: float, what: str) -> None:
    with contextlib.closing(RawReader(pi.port)) as reader:
        for request in requests:
            reader.read(request)
        values = 0
        busy, began = pi.cpu_seconds(), time.perf_counter()
        while time.perf_counter() - began < seconds:
            for request in requests:
                reader.read(request)
                values += rows
        spent, busy = time.perf_counter() - began, pi.cpu_seconds() - busy
    sys.stdout.write(
        f"{what:46s} {values / spent / 1e6:6.2f} M values/s, {values / max(busy, 1e-9) / 1e6:6.2f} M a CPU second\n"
    )


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m mock_pi.speed", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each measurement lasts (default: 2)")
    parser.add_argument("--streams", type=int, default=100, help="sub-requests in a batch (default: 100)")
    options = parser.parse_args(arguments)
    streams, first = options.streams, 1_767_225_600
    with MockPI(tags=max(20, streams), now=_NOW, process=True) as pi:
        ids = _web_ids(pi)
        for fields in (False, True):
            kind = "selectedFields" if fields else "all fields"
            single = [_get(_resource(pi.url, web_id, first, 50_000, fields)) for web_id in ids[:20][:streams]]
            _measure(pi, single, 50_000, options.seconds, f"recorded, 50000 rows, {kind}")
            for rows in (500, 8640):
                resources = [_resource(pi.url, web_id, first, rows, fields) for web_id in ids[:streams]]
                posts = [_post(pi.url, resources)]
                _measure(pi, posts, streams * rows, options.seconds, f"batch of {streams} x {rows} rows, {kind}")
    return 0


def _web_ids(pi: MockPI) -> list[str]:
    from mock_pi.site import Site

    site = Site(pi.system, pi.switches)
    return [site.point_web_id(point) for point in pi.system.points]


if __name__ == "__main__":
    sys.exit(main())
