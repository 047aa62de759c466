"""A network between the reader and the server: a port that leads to another one, slower."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator


@contextlib.contextmanager
def wire(port: int, speed: float = float("inf"), latency: float = 0.0) -> Iterator[int]:
    """Opens such a port of this machine.

    Args:
        port: where it leads to.
        speed: bytes a second towards the reader, of all connections together.
        latency: seconds that every byte takes each way. Opening a connection takes both ways, as it does in TCP.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    free = [time.monotonic()]
    lock = threading.Lock()

    def receive(source: socket.socket, waiting: queue.SimpleQueue[tuple[float, bytes]], slowly: bool) -> None:
        piece = b"-"
        while piece:
            with contextlib.suppress(OSError):
                piece = source.recv(16_384)
            due = time.monotonic()
            if slowly and speed != float("inf"):
                with lock:
                    due = free[0] = max(free[0], due) + len(piece) / speed
            waiting.put((due + latency, piece))

    def send(target: socket.socket, waiting: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, piece = waiting.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not piece:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(piece)

    def carry(client: socket.socket) -> None:
        time.sleep(2 * latency)
        server = socket.create_connection(("127.0.0.1", port))
        for source, target, slowly in ((client, server, False), (server, client, True)):
            target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
            threading.Thread(target=receive, args=(source, waiting, slowly), daemon=True).start()
            threading.Thread(target=send, args=(target, waiting), daemon=True).start()

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=carry, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
