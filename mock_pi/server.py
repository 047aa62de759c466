"""MockPI: starts the server in a thread or in a process of its own, and stops it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from mock_pi.control import Control, Faults
from mock_pi.edits import plain_edit
from mock_pi.statistics import Stats
from mock_pi.switches import Switches
from mock_pi.system.pisystem import PISystem

if TYPE_CHECKING:
    import uvicorn

#: Seconds a server may take to start or to stop.
_PATIENCE = 20.0

#: Lets glibc keep freed memory: giving a hundred megabytes back after each answer costs more than writing them.
_KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(1 << 32)}


def listen(port: int) -> socket.socket:
    """A socket on the loopback interface, already listening, so that nobody who connects from now on is refused."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    return listener


def make_server(system: PISystem, switches: Switches) -> uvicorn.Server:
    """A uvicorn server for a system, not yet running.

    Raises:
        ImportError: uvicorn is not installed.
    """
    try:
        import msgspec  # noqa: F401 - everything that writes JSON needs it
        import uvicorn
    except ImportError:
        raise ImportError('the mock server needs uvicorn and msgspec: pip install "pi-datasource[mock]"') from None
    from mock_pi.app import App
    from mock_pi.connections import Connections, protocol_class
    from mock_pi.site import Site

    connections = Connections()
    return uvicorn.Server(
        uvicorn.Config(
            App(Site(system, switches), connections),
            http=protocol_class(connections),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            headers=[("Server", "Microsoft-HTTPAPI/2.0")],
            timeout_keep_alive=120,
            timeout_graceful_shutdown=1,
            backlog=1024,
        )
    )


class MockPI:
    """A stand-in for AVEVA PI Web API on this machine.

    Args:
        system: What it serves; None for `PISystem.demo(tags)`.
        tags: Points of the demo.
        port: TCP port; 0 for any free one.
        process: Whether it runs in a process of its own, so that it does not share this one's interpreter lock.
        now: Where its clock stands, as ISO text; None for the real time.
        max_count: Rows a call may return (MaxReturnedItemsPerCall).
        delay: Seconds every answer takes at least.
        auth: None, "basic" (with `users={"DOMAIN\\user": "password"}`) or "bearer" (with `tokens={"abc": None}`).
        **switches: Any other of `mock_pi.switches.Switches`.

    >>> with MockPI(tags=10, now="2026-01-02T00:00:00Z") as pi:
    ...     pi.url
    'http://127.0.0.1:.../piwebapi'
    """

    def __init__(
        self,
        system: PISystem | None = None,
        *,
        tags: int = 100,
        port: int = 0,
        process: bool = False,
        now: str | None = None,
        max_count: int = 150_000,
        delay: float = 0.0,
        auth: str | None = None,
        **switches: Any,
    ) -> None:
        self.system = PISystem.demo(tags) if system is None else system
        if now is not None:
            self.system.set_now(now)
        self.switches = Switches()
        self.switches.set({"max_count": max_count, "delay": delay, "auth": auth, **_plain_tokens(switches)})
        self.port = port
        self._in_process = process
        self._stop: contextlib.ExitStack | None = None

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}/piwebapi"

    @property
    def faults(self) -> Faults:
        """What shall go wrong."""
        return Faults(self._control)

    def stats(self) -> Stats:
        """What the server counted since its start or the last `reset_stats`."""
        return Stats.from_plain(self._control.ask("GET", "stats"))

    def reset_stats(self) -> None:
        """Counts from nothing again."""
        self._control.ask("DELETE", "stats")

    def cpu_seconds(self) -> float:
        """Processor time of the server's process so far; with `process=True` that is the server alone."""
        return float(self._control.ask("GET", "health")["cpu_seconds"])

    def set(self, **switches: Any) -> None:
        """Changes switches while the server runs: `pi.set(max_count=5, csrf=False)`."""
        self._control.ask("PUT", "switches", _plain_tokens(switches))

    def set_now(self, now: str | int | None) -> None:
        """Sets the server's clock; None lets it run with the real time."""
        self.system.set_now(now)

    @property
    def _control(self) -> Control:
        if self._stop is None:
            raise RuntimeError("the server is not running: use `with MockPI(...) as pi:` or `pi.start()`")
        return Control(self.port)

    def start(self) -> MockPI:
        """Starts serving; comes back when the first request would be answered."""
        if self._stop is None:
            with contextlib.ExitStack() as stack:
                self._start_process(stack) if self._in_process else self._start_thread(stack)
                self._stop = stack.pop_all()
        return self

    def stop(self) -> None:
        """Stops serving; connections still open are cut."""
        if self._stop is not None:
            self._stop.close()
            self._stop = None

    def __enter__(self) -> MockPI:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_thread(self, stack: contextlib.ExitStack) -> None:
        server = make_server(self.system, self.switches)
        listener = stack.enter_context(contextlib.closing(listen(self.port)))
        self.port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="mock_pi", daemon=True)
        thread.start()

        def stop() -> None:
            server.should_exit = server.force_exit = True
            thread.join(_PATIENCE)

        stack.callback(stop)
        _wait_until(lambda: server.started or not thread.is_alive())

    def _start_process(self, stack: contextlib.ExitStack) -> None:
        package = str(Path(__file__).resolve().parent.parent)
        paths = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
        child = subprocess.Popen(
            [sys.executable, "-m", "mock_pi.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**_KEEP_MEMORY, **os.environ, "PYTHONPATH": paths},
        )
        assert child.stdin is not None
        assert child.stdout is not None
        # The child ends when its standard input does, so it cannot outlive a test run that was killed.
        stack.callback(child.wait, _PATIENCE)
        stack.callback(child.stdout.close)
        stack.callback(child.stdin.close)
        pickle.dump((self.system, dataclasses.asdict(self.switches), self.port), child.stdin)
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise RuntimeError("the mock server's process ended at once; its words are on standard error")
        self.port = int(line)
        control = Control(self.port)
        previous = self.system.on_edit
        self.system.on_edit = lambda edit: control.ask("POST", "history", plain_edit(edit))
        stack.callback(setattr, self.system, "on_edit", previous)


def _plain_tokens(switches: dict[str, Any]) -> dict[str, Any]:
    """Tokens may be given as one text or several without expiry, too."""
    tokens = switches.get("tokens")
    if isinstance(tokens, str):
        tokens = [tokens]
    if tokens is None or isinstance(tokens, Mapping):
        return switches
    return {**switches, "tokens": dict.fromkeys(tokens)}


def _wait_until(done: Any) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise RuntimeError("the mock server did not start")
        time.sleep(0.002)
