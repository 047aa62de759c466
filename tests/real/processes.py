"""Programs that tests start: a free port, up when it answers, gone when the test is over."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Mapping


def free_port() -> int:
    """A port of loopback that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def started(
    command: list[str], environment: Mapping[str, str], port: int, host: str = "127.0.0.1"
) -> subprocess.Popen[bytes]:
    """Starts a program that stays in the foreground, and waits until it listens."""
    child = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection((host, port), 0.5):
            return child
        if child.poll() is not None or time.monotonic() > deadline:
            child.kill()
            said, _ = child.communicate()
            raise RuntimeError(f"{command[0]} does not listen on port {port}: {said.decode(errors='replace')}")
        time.sleep(0.02)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ends a program, and what it may still say."""
    child.terminate()
    try:
        child.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
