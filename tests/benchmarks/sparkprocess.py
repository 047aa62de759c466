"""The Spark that measures are taken of: a process of its own, whose processor time and memory are read from outside."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import Peaks, Run, cpu_seconds

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: What Spark and its workers say.
LOG = ROOT / ".cache" / "benchmarks" / "spark.log"


class SparkProcess:
    """A Spark, and how to run jobs on it; see `sparkchild`."""

    def __init__(self, child: subprocess.Popen[str], version: str) -> None:
        self.child = child
        self.version = version
        self.peaks = Peaks(child.pid)

    def ask(self, job: dict[str, Any]) -> dict[str, Any]:
        """Runs a job and gives what it says."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(json.dumps(job) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError("Spark's process ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def run(self, job: dict[str, Any]) -> Run:
        """Runs a job and measures it."""
        with self.peaks.watched() as peaks:
            before = cpu_seconds(self.child.pid)
            answer = self.ask(job)
            used = cpu_seconds(self.child.pid) - before
        return Run(answer["rows"], answer["wall"], used, peaks.driver_mb, peaks.worker_mb)


@contextlib.contextmanager
def spark(master: str = "local[2]", *, delta: bool = False, packages: Path | None = None) -> Iterator[SparkProcess]:
    """Starts a Spark.

    Args:
        master: as Spark takes it.
        delta: with Delta.
        packages: a folder of packages that come before all others: another connector with what it needs.
    """
    paths = [str(path) for path in (packages, ROOT, HERE) if path is not None]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("SPARK_HOME", None)
    with tempfile.TemporaryDirectory(prefix="osipi-benchmark-") as folder:
        command = [sys.executable, str(HERE / "sparkchild.py"), master, folder, *(["--delta"] if delta else [])]
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("a") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment,
                cwd=folder,
            )  # fmt: skip
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            hello = child.stdout.readline()
            if not hello:
                raise RuntimeError(f"Spark did not start; what it said is in {LOG}")
            yield SparkProcess(child, json.loads(hello)["version"])
        finally:
            child.stdin.close()
            child.stdout.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(30)
            child.kill()
