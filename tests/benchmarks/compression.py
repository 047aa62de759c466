"""Compressed answers or plain ones: on this machine's own network, and through a wire of 100 Mbit/s."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

from mock_pi import MockPI
from pi_datasource.webapi import compression as encodings
from tests.benchmarks import worlds
from tests.benchmarks.context import Context, Line
from tests.benchmarks.floor import reader_alone

#: Bytes a second of the slow wire: 100 Mbit/s.
WIRE = 12_500_000


def compression(context: Context) -> Iterator[Line]:
    """The reader without Spark; the server compresses where it is asked to."""
    world = worlds.even(100, context.size(5_000, 1_000))
    with MockPI(world.system, process=True, compress="asked") as pi, _wire(pi.port, WIRE) as port:
        slow = pi.url.replace(str(pi.port), str(port))
        for network, url in (("loopback", pi.url), ("100 Mbit/s", slow)):
            for chosen in ("none", "gzip", "auto"):
                encodings._known.clear()
                # Resources inside of batch requests name the server that is asked.
                options = {**world.options(url), "compression": chosen}
                busy = pi.cpu_seconds()
                runs = [reader_alone(options) for _ in range(2)]
                if any(run.rows != world.rows for run in runs):
                    raise SystemExit(f"compression: {[run.rows for run in runs]} rows instead of {world.rows:,}")
                yield {
                    "network": network, "compression": chosen, "rows": world.rows, "seconds": round(runs[-1].wall, 2),
                    "cpu_s": round(runs[-1].cpu, 2), "server_cpu_s": round((pi.cpu_seconds() - busy) / 2, 2),
                }  # fmt: skip


@contextlib.contextmanager
def _wire(port: int, speed: float) -> Iterator[int]:
    """A port that leads to another one, at so many bytes a second for all connections together."""
    listener = socket.create_server(("127.0.0.1", 0))
    free = [time.monotonic()]
    lock = threading.Lock()

    def carry(source: socket.socket, target: socket.socket, slowly: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(16_384):
                if slowly:
                    with lock:
                        free[0] = max(free[0], time.monotonic()) + len(piece) / speed
                        wait = free[0] - time.monotonic()
                    time.sleep(max(0.0, wait))
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                for ends in ((client, server, False), (server, client, True)):
                    threading.Thread(target=carry, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
