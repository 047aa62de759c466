"""Drivers as processes: started ahead of time, killed with all that belongs to them; and their Python workers."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


class Driver:
    """One driver process, in a session and process group of its own.

    Args:
        job: see `driver.main`.
        folder: where its job file and its log go.
    """

    _made = 0

    def __init__(self, job: dict[str, Any], folder: Path) -> None:
        Driver._made += 1
        file, self.log = folder / f"job-{Driver._made}.json", folder / f"driver-{Driver._made}.log"
        file.write_text(json.dumps(job))
        self._errors = self.log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.spark.exactly_once.driver", str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            start_new_session=True,
            text=True,
        )

    def wait_until_ready(self) -> None:
        """Waits until its Spark is there."""
        self._expect("ready")

    def begin(self) -> None:
        """Lets the query start, and waits until it has."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        self._expect("started")

    def kill(self) -> None:
        """SIGKILL to the whole process group, and then to what left the group: PySpark's daemon has its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for pid in processes_of_session(self.process.pid):
            kill_process(pid)
        self.close()

    def close(self) -> None:
        """Waits for its end."""
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(60)
        self._errors.close()

    def wait_until(self, happened: Callable[[], Any], what: str, seconds: float = 240.0, pause: float = 0.01) -> None:
        """Looks again and again, as long as the driver lives.

        Raises:
            AssertionError: the driver ended, or it takes too long.
        """
        deadline = time.monotonic() + seconds
        while not happened():
            assert self.process.poll() is None, f"the driver ended before {what}:\n{self.words()}"
            assert time.monotonic() < deadline, f"no {what} in {seconds:.0f} s:\n{self.words()}"
            time.sleep(pause)

    def words(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-5000:]

    def _expect(self, word: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"the driver ended before it was {word}:\n{self.words()}")

    def workers_talking_to(self, port: int) -> list[int]:
        """Its Python workers that have a connection to a port of this machine open: those in the midst of reading."""
        sockets = _sockets_to(port)
        return [pid for pid in processes_of_session(self.process.pid) if _is_worker(pid) and sockets & _files(pid)]


class Drivers:
    """Drivers one after the other, the next one always starting while the present one works.

    Args:
        job: what each of them does.
        folder: for their files.
    """

    def __init__(self, job: dict[str, Any], folder: Path) -> None:
        self._job, self._folder = job, folder
        self._spare: Driver | None = Driver(job, folder)
        self._all = [self._spare]

    def next(self, *, last: bool = False) -> Driver:
        """A driver that has not begun; behind the last one none is started."""
        driver = self._spare
        assert driver is not None
        # Two that start at the same time take twice as long.
        driver.wait_until_ready()
        self._spare = None if last else Driver(self._job, self._folder)
        self._all += [] if self._spare is None else [self._spare]
        return driver

    def __enter__(self) -> Drivers:
        return self

    def __exit__(self, *_: object) -> None:
        for driver in self._all:
            if driver.process.poll() is None:
                driver.kill()


def processes_of_session(session: int) -> Iterator[int]:
    """The processes of a session, whatever group they are in."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            # After the name, which is in parentheses: state, parent, group, session.
            fields = _text(folder / "stat").rpartition(")")[2].split()
            if len(fields) > 3 and int(fields[3]) == session:
                yield int(folder.name)


def _is_worker(pid: int) -> bool:
    """Forked by PySpark's daemon, which is the parent with the same command line."""
    parent = _text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[1:2]
    return all("pyspark.daemon" in _text(Path(f"/proc/{one}/cmdline")) for one in (pid, *parent))


def _sockets_to(port: int) -> set[str]:
    """Links, as in /proc/*/fd, of the established connections to a port."""
    lines = [line.split() for line in _text(Path("/proc/net/tcp")).splitlines()[1:]]
    return {f"socket:[{line[9]}]" for line in lines if line[3] == "01" and int(line[2].split(":")[1], 16) == port}


def _files(pid: int) -> set[str]:
    found = set()
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            found.add(os.readlink(link))
    except OSError:
        # It ended, or closed a file while we looked.
        pass
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def kill_process(pid: int) -> None:
    """SIGKILL to one process, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
