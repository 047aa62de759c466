"""When to wait: the ceilings `requestsPerSecond` and `maxInFlight`, held for a whole job, and pauses after a 429.

Spark runs a job's tasks in processes that do not know of each other. Those on one machine share a folder of small
files: a file that holds the time of the next free request, and one file for each request allowed in flight, locked
while it is used. The operating system lets go of a lock when a process dies, so a killed task takes no place with it.
A machine's part of the ceiling is the whole in local mode, one executor's share on a cluster whose number of
executors is set, and else a task's share of all tasks that can run at once.

Two jobs do not know of each other: the ceilings of each apply to it alone.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import stat
import struct
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: no locks between processes; see `Throttle`
    fcntl = None  # type: ignore[assignment]

from pi_datasource.errors import PIOptionError

__all__ = ["SPARK_PROPERTIES", "JobLimits", "Throttle", "task_share"]

#: What `task_share` wants to know of Spark, as a task sees it.
SPARK_PROPERTIES = (
    "spark.master",
    "spark.executor.instances",
    "spark.dynamicAllocation.enabled",
    "spark.dynamicAllocation.maxExecutors",
    "spark.speculation",
)

#: Requests are spaced so that even late ones leave every second within the ceiling.
SPACING_MARGIN = 1.05
#: Seconds between two looks for a free place in flight.
POLL_SECONDS = 0.004
#: Folders of jobs older than this (seconds) are removed when a new one is made.
FORGET_AFTER = 7 * 86_400.0

_TIME = struct.Struct("<d")


@dataclass(frozen=True)
class JobLimits:
    """The ceilings of one job, or one process's share of them. Travels to the tasks inside their partitions.

    Attributes:
        job: a random name; equal for all tasks of a job.
        requests_per_second: HTTP requests begun in any second, or None for no ceiling.
        max_in_flight: HTTP requests under way at once, or None for no ceiling.
        partitions: how many tasks the job has.
        group: which processes of a machine share one count.
    """

    job: str
    requests_per_second: float | None = None
    max_in_flight: int | None = None
    partitions: int = 1
    group: str = "machine"

    @classmethod
    def new(cls, requests_per_second: float | None, max_in_flight: int | None) -> JobLimits:
        """Ceilings for a new job."""
        return cls(uuid.uuid4().hex[:16], requests_per_second, max_in_flight)

    @property
    def are_none(self) -> bool:
        """No ceiling at all."""
        return self.requests_per_second is None and self.max_in_flight is None

    def divided(self, parts: int, group: str) -> JobLimits:
        """One of `parts` equal shares, counted by the processes of `group` together."""
        rate = None if self.requests_per_second is None else self.requests_per_second / parts
        places = None if self.max_in_flight is None else max(1, self.max_in_flight // parts)
        return replace(self, requests_per_second=rate, max_in_flight=places, group=group)


def task_share(limits: JobLimits, properties: Mapping[str, str], partition: int) -> JobLimits:
    """The part of a job's ceilings that the running task may use, together with its neighbours on the machine.

    Args:
        limits: the job's ceilings.
        properties: Spark settings (`SPARK_PROPERTIES`) that are visible to the task.
        partition: the task's partition number.
    """
    if limits.are_none or properties.get("spark.master", "local").startswith("local"):
        return limits
    executors = properties.get("spark.executor.instances", "")
    if properties.get("spark.dynamicAllocation.enabled") == "true":
        executors = properties.get("spark.dynamicAllocation.maxExecutors", "")
    if executors.isdigit() and int(executors) > 0:
        # All workers of an executor are children of one daemon.
        return limits.divided(int(executors), f"executor-{os.getppid()}")
    copies = 2 if properties.get("spark.speculation") == "true" else 1
    return limits.divided(limits.partitions * copies, f"task-{partition}-{os.getpid()}")


class Throttle:
    """Makes requests wait for their turn.

    Where the operating system has no file locks (Windows), the ceilings hold within one process only.

    Args:
        limits: the ceilings that this process and its group share.
        clock: seconds, the same for all processes of the machine.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        limits: JobLimits,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.limits = limits
        self._clock = clock
        self._sleep = sleep
        self._paused_until = 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(limits.max_in_flight) if limits.max_in_flight else None
        self._folder = None if limits.are_none or fcntl is None else _job_folder(limits)

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Holds a place in flight while the body runs, and begins it no sooner than the rate allows."""
        with self._place():
            self.wait()
            yield

    def wait(self) -> None:
        """Waits until the rate allows a request; for a further one inside of `turn`, such as the next of a login."""
        # A turn taken before a pause is over is given back: all that waited would else begin at once.
        while True:
            while (pause := self._paused_until - self._clock()) > 0:
                self._sleep(pause)
            self._wait_for_rate()
            if self._paused_until <= self._clock():
                return

    def pause(self, seconds: float) -> None:
        """After a 429: no request of this process begins for that long."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if self._places is None:
            yield
            return
        with self._places:
            if self._folder is None:
                yield
                return
            descriptor = self._lock_any_place(self._folder)
            try:
                yield
            finally:
                os.close(descriptor)

    def _lock_any_place(self, folder: Path) -> int:
        """Locks one of the files that stand for a request in flight; the descriptor holds the lock.

        Only the first in the queue looks for a free place; the others sleep until the queue is theirs. Were all of
        them to look, sixteen tasks would spend the whole machine on it.
        """
        places = list(range(self.limits.max_in_flight or 1))
        queue = os.open(folder / "queue", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(queue, fcntl.LOCK_EX)
            while True:
                random.shuffle(places)
                for place in places:
                    descriptor = os.open(folder / f"place-{place}", os.O_RDWR | os.O_CREAT, 0o600)
                    try:
                        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        os.close(descriptor)
                    else:
                        return descriptor
                self._sleep(POLL_SECONDS)
        finally:
            os.close(queue)

    def _wait_for_rate(self) -> None:
        if self.limits.requests_per_second is None:
            return
        spacing = SPACING_MARGIN / self.limits.requests_per_second
        with self._lock:
            now = self._clock()
            if self._folder is None:
                turn = max(now, self._next)
                self._next = turn + spacing
            else:
                turn = _reserve(self._folder / "next", now, spacing)
        if turn > now:
            self._sleep(turn - now)


def _reserve(path: Path, now: float, spacing: float) -> float:
    """Takes the next free time from a file that all processes of the group write, and moves it on."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        held = os.pread(descriptor, _TIME.size, 0)
        turn = max(now, _TIME.unpack(held)[0]) if len(held) == _TIME.size else now
        os.pwrite(descriptor, _TIME.pack(turn + spacing), 0)
    finally:
        os.close(descriptor)
    return turn


def _job_folder(limits: JobLimits) -> Path:
    """The folder that the processes of a job share, private to the user; folders of long-gone jobs are removed.

    Raises:
        PIOptionError: what has its name is somebody else's.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    base = Path(tempfile.gettempdir()) / f"osipi-{user}"
    with contextlib.suppress(FileExistsError):
        base.mkdir(mode=0o700)
    _check_own(base, user)
    folder = base / f"{limits.job}-{limits.group}"
    if not folder.exists():
        for old in base.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - old.stat().st_mtime > FORGET_AFTER:
                    shutil.rmtree(old)
        folder.mkdir(mode=0o700, exist_ok=True)
    os.utime(folder)
    return folder


def _check_own(folder: Path, user: int) -> None:
    """Whoever may write to the temporary folder may have made one of this name: a link, or one he can change."""
    state = folder.lstat()
    wrong = (
        "is no folder" if not stat.S_ISDIR(state.st_mode)
        else "belongs to another user" if state.st_uid != user
        else "may be written to by others" if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        else ""
    )  # fmt: skip
    if wrong:
        raise PIOptionError(
            f"options maxInFlight and requestsPerSecond: a job counts its requests in {str(folder)!r}, which "
            f"{wrong}; remove it, or set TMPDIR to a folder that is yours alone"
        )
