"""A cluster of Spark's own kind with two hosts, both of them this machine: speculation puts no second copy of a task
on the host of the first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

from tests.real.processes import free_port, started, stop

HOSTS = ("127.0.0.1", "127.0.0.2")


@contextmanager
def two_hosts(folder: Path) -> Iterator[str]:
    """A master and two workers with one core each; its address."""
    launcher, port = str(Path(pyspark.__file__).parent / "bin" / "spark-class"), free_port()
    environment = {
        **os.environ, "SPARK_DAEMON_MEMORY": "256m", "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": HOSTS[0],
        "SPARK_LOG_DIR": str(folder), "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    deploy = "org.apache.spark.deploy"
    with ExitStack() as running:
        master = [launcher, f"{deploy}.master.Master", "--host", HOSTS[0], "--port", str(port), "--webui-port", "0"]
        running.callback(stop, started(master, environment, port))
        for host in HOSTS:
            own = free_port()
            worker = [
                launcher, f"{deploy}.worker.Worker", "--host", host, "--port", str(own), "--webui-port", "0",
                "--cores", "1", "--memory", "700m", "--work-dir", str(folder / host), f"spark://{HOSTS[0]}:{port}",
            ]  # fmt: skip
            running.callback(stop, started(worker, {**environment, "SPARK_LOCAL_IP": host}, own, host))
        yield f"spark://{HOSTS[0]}:{port}"
