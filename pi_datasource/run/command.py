"""The command `run`: loads tables as a job file says.

    python -m pi_datasource run job.yaml
    python -m pi_datasource run job.yaml --dry-run
    python -m pi_datasource run --schema > osipi.schema.json

It ends with a summary. Exit code: 0 fine, 1 a load failed, 2 the file is wrong.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pi_datasource.errors import PIOptionError
from pi_datasource.run.config import Job, Load, parse_job
from pi_datasource.run.dry_run import plan_text
from pi_datasource.run.gate import Gate
from pi_datasource.run.load import Runner
from pi_datasource.run.ops import note_outcomes
from pi_datasource.run.schema import job_schema
from pi_datasource.run.session import session
from pi_datasource.run.summary import FAILED, Outcome, cause_of, exit_code, summary

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["add_arguments", "main", "run", "run_job"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = "Loads tables as a job file says. Exit code: 0 fine, 1 a load failed, 2 the file is wrong."
    parser.epilog = None  # options of the reader stand in the file
    parser.add_argument("job", nargs="?", help="job file (YAML); python -m pi_datasource init writes one to begin with")
    parser.add_argument(
        "--dry-run", action="store_true", help="show tags, partitions and rows of each load; load nothing"
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="this load only; can be given several times")
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of job files, for editors")


def run(arguments: argparse.Namespace) -> int:
    """Runs the job, and returns the exit code.

    Raises:
        PIOptionError: the file is not there, or is wrong.
    """
    if arguments.schema:
        _say(json.dumps(job_schema(), indent=2, ensure_ascii=False))
        return 0
    job = _chosen(_read(arguments.job), arguments.only)
    if arguments.dry_run:
        text, well = plan_text(job)
        _say(text)
        return 0 if well else 1
    outcomes = run_job(session(job.spark), job, tell=_say)
    _say("\n" + summary(outcomes))
    return exit_code(outcomes)


def main() -> None:
    """`pi-datasource-run JOB`: the same as an entry point for a Python wheel task, which fails by an exception only."""
    from pi_datasource.cli import main as command_line

    status = command_line(["run", *sys.argv[1:]])
    if status:
        sys.exit(status)


def run_job(
    spark: SparkSession,
    job: Job,
    *,
    tell: Callable[[str], None] = lambda line: None,
    gate: Gate | None = None,
    **more: Any,
) -> list[Outcome]:
    """Runs all loads of a job, those that end before those that go on.

        run_job(spark, parse_job(Path("job.yaml").read_text()))

    Args:
        spark: a session with Delta.
        job: what to load.
        tell: gets lines about progress.
        gate: the hours, and whether somebody asked us to stop; by default those of the job.
        more: further arguments of `Runner`.

    Returns:
        What became of each load, in the order of the job. No error of a load is raised.
    """
    gate = gate or Gate(job.hours, wait=job.wait, tell=tell)
    runner, started = Runner(spark, job, gate, tell, **more), datetime.now(timezone.utc)
    outcomes: dict[str, Outcome] = {}
    with _stops(gate):
        _together(runner, [load for load in job.loads if not load.goes_on], job.parallel, outcomes)
        on_and_on = [load for load in job.loads if load.goes_on]
        _together(runner, on_and_on, len(on_and_on), outcomes)
    found = [outcomes[load.name] for load in job.loads]
    if job.ops:
        try:
            note_outcomes(spark, job.ops, str(uuid4()), started, found)
        except Exception as error:  # the loads are done all the same
            found.append(Outcome("ops", "", "", job.ops, FAILED, message=cause_of(error)))
    return found


def _together(runner: Runner, loads: Sequence[Load], threads: int, outcomes: dict[str, Outcome]) -> None:
    if not loads:
        return
    if threads == 1:
        outcomes.update((load.name, runner.run(load)) for load in loads)
        return
    with ThreadPoolExecutor(threads) as pool:
        outcomes.update(zip((load.name for load in loads), pool.map(runner.run, loads), strict=True))


@contextmanager
def _stops(gate: Gate) -> Iterator[None]:
    """The first Ctrl-C or SIGTERM ends loads where they can go on next time; the second ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: object) -> None:
        if gate.is_stopped:
            raise KeyboardInterrupt
        gate.stop()

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _read(file: str | None) -> Job:
    if not file:
        raise PIOptionError("which job? python -m pi_datasource run job.yaml; init writes a file to begin with")
    try:
        return parse_job(Path(file).read_text(encoding="utf-8"), file)
    except OSError as error:
        raise PIOptionError(f"{file} cannot be read: {error.strerror}") from None


def _chosen(job: Job, names: Sequence[str] | None) -> Job:
    unknown = set(names or ()) - {load.name for load in job.loads}
    if unknown:
        known = ", ".join(load.name for load in job.loads)
        raise PIOptionError(f"there is no load {', '.join(sorted(unknown))}; there are: {known}")
    loads = tuple(load for load in job.loads if not names or load.name in names)
    return Job(loads, job.checkpoints, job.ops, job.hours, job.wait, job.parallel, job.spark)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
