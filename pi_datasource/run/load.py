"""One load, from its line in the job file to its outcome. Whatever goes wrong in it, the others go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pi_datasource.compat import SupportsTriggerAvailableNow
from pi_datasource.delta import describe_in_catalog, merge_changes, optimize, upsert
from pi_datasource.errors import PIError
from pi_datasource.notebook import read_since
from pi_datasource.options import Secret
from pi_datasource.options.connection import CONNECTION_OPTIONS
from pi_datasource.options.declare import fold
from pi_datasource.run.ask import batch_options, rows_of, schema_of
from pi_datasource.run.backfill import Backfill
from pi_datasource.run.config import Job, Load
from pi_datasource.run.gate import Gate
from pi_datasource.run.session import on_databricks
from pi_datasource.run.summary import FAILED, OK, PAUSED, Outcome, cause_of
from pi_datasource.run.target import Target
from pi_datasource.stream.caught_up import run_until_caught_up
from pi_datasource.tables.registry import table_named
from pi_datasource.times import TICKS_PER_SECOND, now_ticks

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Runner"]

log = logging.getLogger("pi_datasource")

#: Seconds between two looks at a stream that goes on: has it ended, shall it end?
LOOK_EVERY = 1.0
#: Ticks in which the newest event of a target is looked for before all of it is.
USUAL_LAG = 2 * 86_400 * TICKS_PER_SECOND


@dataclass
class Runner:
    """Runs loads of a job.

    Attributes:
        spark: a session with Delta.
        job: what is said at the top of the file.
        gate: the hours, and whether somebody asked us to stop.
        tell: gets lines about progress.
        now: what time it is, in ticks.
    """

    spark: SparkSession
    job: Job
    gate: Gate = field(default_factory=Gate)
    tell: Callable[[str], None] = lambda line: None
    now: Callable[[], int] = now_ticks

    def run(self, load: Load) -> Outcome:
        """Brings one target up to date, and tells what became of it; never raises for what goes wrong in a load."""
        outcome = Outcome(load.name, load.table, load.mode, load.target)
        began = time.monotonic()
        if not self.gate.passes():
            return replace(outcome, status=PAUSED, message="outside of hours" if self.gate.hours else "stopped")
        self.tell(f"{load.name}: {load.mode} of {load.table} into {load.target} …")
        target, before = Target(self.spark, load.target), None
        try:
            load = replace(load, options=revealed(load.options))
            before = target.version()
            done = self._do(load, target)
            if load.catalog is not None:
                describe_in_catalog(load.target, load.catalog, warehouse_id=load.warehouse)
            outcome = replace(outcome, status=done.status, message=done.message, rows=target.rows_since(before))
            if load.optimize and done.status == OK:
                optimize(self.spark, load.target)
            return replace(
                outcome, seconds=time.monotonic() - began, lag=self._lag(target), failed_tags=_failed_tags(load)
            )
        except Exception as error:  # whatever it is: the other loads go on
            log.debug("load %s failed", load.name, exc_info=error)
            self.tell(f"{load.name}: failed")
            failed = replace(outcome, status=FAILED, seconds=time.monotonic() - began, message=cause_of(error))
            return failed if before is None else replace(failed, rows=_rows(target, before))

    def _do(self, load: Load, target: Target) -> _Done:
        if load.streams:
            return self._stream(load, target)
        return {
            "batch": self._batch, "merge": self._merge, "refresh": self._refresh, "backfill": self._backfill
        }[load.mode](load, target)  # fmt: skip

    def _batch(self, load: Load, target: Target) -> _Done:
        """What the target does not have yet."""
        if load.table == "recorded":
            target.make(load, schema_of(load.options))
            target.append(read_since(self.spark, load.target, **load.options))
        else:
            frame = self._frame(load)
            target.make(load, frame)
            upsert(frame, load.target, table_named(load.table).key, update=False, made=True)
        return _Done()

    def _merge(self, load: Load, target: Target) -> _Done:
        """By key: rows that are new are inserted, those that differ updated."""
        frame = self._frame(load)
        target.make(load, frame)
        if load.table == "recorded":  # by time as well, so that no older file is opened
            merge_changes(load.target)(frame, 0)
        else:
            upsert(frame, load.target, table_named(load.table).key, made=True)
        return _Done()

    def _refresh(self, load: Load, target: Target) -> _Done:
        """All of it anew; when the read fails, what was there stays."""
        frame = self._frame(load)
        target.make(load, frame)
        target.replace(frame)
        return _Done()

    def _backfill(self, load: Load, target: Target) -> _Done:
        progress = Backfill(self.spark, load, self.job.checkpoint(load), self.gate, self.tell).run()
        if progress.done < progress.windows:
            why = "stopped" if self.gate.is_stopped else "the hours are over"
            return _Done(
                PAUSED, f"{why}; {progress.told(self.gate.now(), self.gate.hours)}; it goes on at the next run"
            )
        return _Done()

    def _stream(self, load: Load, target: Target) -> _Done:
        checkpoint = self.job.checkpoint(load)
        if self._is_checkpoint(checkpoint) and not target.exists():
            raise PIError(
                f"the checkpoint {checkpoint} says what was handed over, and table {load.target} is not there any "
                "more: what it held would be missing. Put the table back, or delete the checkpoint to begin anew"
            )

        def start(options: Mapping[str, str]) -> Any:
            frame = self.spark.readStream.format("osipi").options(**options).load()
            target.make(load, frame)
            writer = frame.writeStream.queryName(load.name).option("checkpointLocation", checkpoint)
            writer = writer.trigger(**_trigger(load.trigger))
            if load.mode == "merge":
                return writer.foreachBatch(merge_changes(load.target)).start()
            return target.start(writer.format("delta"))

        if load.goes_on:
            return self._watch(start(load.options))
        if load.trigger == "availableNow" and _is_capped(load) and not _capped_runs_go_on():
            run_until_caught_up(lambda until: start({**load.options, "until": until}))
        else:
            start(load.options).awaitTermination()
        return _Done()

    def _watch(self, query: Any) -> _Done:
        """A stream that goes on, until it fails, the hours end or we are asked to stop."""
        while not query.awaitTermination(LOOK_EVERY):
            left = self.gate.seconds_left()
            if self.gate.is_stopped or (left is not None and left <= 0):
                query.stop()
                return _Done(PAUSED, "stopped" if self.gate.is_stopped else "the hours are over")
        return _Done()

    def _frame(self, load: Load) -> Any:
        return self.spark.read.format("osipi").options(**load.options).load()

    def _is_checkpoint(self, folder: str) -> bool:
        """Whether a stream has begun there; asked of Spark, because only Spark may be able to look."""
        from pyspark.errors import AnalysisException

        try:
            return self.spark.read.text(f"{folder}/metadata").count() > 0
        except AnalysisException:
            return False

    def _lag(self, target: Target) -> float | None:
        now = self.now()
        newest = target.newest_ticks(now - USUAL_LAG) if target.exists() else None
        return None if newest is None else (now - newest) / TICKS_PER_SECOND


@dataclass(frozen=True)
class _Done:
    """How a load ended that did not fail."""

    status: str = OK
    message: str = ""


def _rows(target: Target, version: int) -> int | None:
    """What a load that failed has written all the same; None where that cannot be told, either."""
    try:
        return target.rows_since(version)
    except Exception as error:
        log.debug("%s has no history", target.table, exc_info=error)
        return None


def revealed(options: Mapping[str, str]) -> dict[str, str]:
    """On Databricks a secret scope can be read here, in the driver's own process, and not where Spark plans a read."""
    if not on_databricks():
        return dict(options)
    secret = {option.folded for option in CONNECTION_OPTIONS if option.kind == "secret"}
    return {
        name: f"literal:{Secret.parse(text, f'option {name}', {}).reveal()}"
        if fold(name) in secret and text.lstrip().startswith("{{")
        else text
        for name, text in options.items()
    }


def _trigger(text: str) -> dict[str, Any]:
    return {text: True} if text in ("availableNow", "once") else {"processingTime": text}


def _is_capped(load: Load) -> bool:
    return any(fold(name) in ("maxtimepertrigger", "maxrowspertrigger") for name in load.options)


def _capped_runs_go_on() -> bool:
    """Whether this Spark asks a capped source again and again in one run of AvailableNow."""
    return SupportsTriggerAvailableNow.__module__.startswith("pyspark.")


def _failed_tags(load: Load) -> dict[str, str] | None:
    """The tags that onTagError=skip leaves out now: a fresh probe; None where no tag may be left out."""
    options = batch_options(load.options)
    skips = any(fold(name) == "ontagerror" and text.strip().lower() == "skip" for name, text in options.items())
    if not skips or not table_named(load.table).needs_tags:
        return None
    probe = {name: text for name, text in options.items() if fold(name) in _PROBE or fold(name) in _SERVER}
    return {row["tag"]: row["cause"] for row in rows_of({**probe, "table": "failed_tags"})}


_SERVER = {option.folded for option in CONNECTION_OPTIONS}
#: What says which tags are meant.
_PROBE = {
    "tags", "tagfilter", "tagquery", "tagfile", "dataserver", "assetserver", "database", "elementroot",
    "elementfilter", "elementtemplate", "category", "attributes", "timezone",
}  # fmt: skip
