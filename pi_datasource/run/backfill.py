"""A long range of recorded events in windows, each written once, stopped and started at will.

    plan       once: the range in ticks, the tags by WebID, the target's own id       <checkpoint>/plan, Delta
    window n   read, appended in one commit with the transaction (plan's id, n)       the target
    progress   how many windows are done                                               <checkpoint>/progress, Delta

Delta notes the transaction with the rows, in the same commit, and skips a window whose number it has seen. So whatever
moment the process dies at, the window in work is either wholly there or not at all; where only the note of progress is
missing, the window is tried again and skipped. Appending conflicts with no stream that writes to the same table.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pi_datasource.delta.sql import timestamp_at
from pi_datasource.errors import PIError, PIOptionError
from pi_datasource.options import PIOptions
from pi_datasource.options.assets import ASSET_OPTIONS
from pi_datasource.options.connection import CONNECTION_OPTIONS
from pi_datasource.options.declare import fold
from pi_datasource.options.selection import SELECTION_OPTIONS
from pi_datasource.run.ask import range_of, schema_of, streams_of
from pi_datasource.run.config import Load
from pi_datasource.run.gate import Gate
from pi_datasource.run.target import Target
from pi_datasource.run.windows import Progress, windows
from pi_datasource.times import Span, TimeRange, format_ticks, short_text, zone_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Backfill", "Plan"]

#: Seconds between two lines about progress.
TELL_EVERY = 60.0
#: Options that say which rows are meant, or of what form; they cannot change once a backfill has begun.
_FREE = {option.folded for option in CONNECTION_OPTIONS} | {
    "pagesize", "tagsperrequest", "rowsperresponse", "rowsperpartition", "numpartitions", "ontagerror",
}  # fmt: skip
_OF_ERRORS = {"ontagerror", "errorcolumn"}
_CHOOSING = {option.folded for option in (*SELECTION_OPTIONS, *ASSET_OPTIONS)} | {"starttime", "endtime"}


@dataclass(frozen=True)
class Plan:
    """What a backfill is about, fixed when it begins.

    Attributes:
        id: of its transactions.
        target_id: Delta's id of the target.
        asked: the options and window that it was made of, as text.
        range: absolute.
        window, zone: how it is cut.
        newest_first: which windows come first.
        web_ids, tags: what is read: handles, which survive renames, and names, for messages.
    """

    id: str
    target_id: str
    asked: str
    range: TimeRange
    window: str
    zone: str
    newest_first: bool
    web_ids: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def windows(self) -> list[TimeRange]:
        """All windows, in the order of their numbers."""
        return windows(self.range, Span.parse(self.window), zone_of(self.zone), newest_first=self.newest_first)


class Backfill:
    """One load of mode `backfill`.

    Args:
        spark: a session with Delta.
        load: what it says.
        folder: where plan and progress are kept.
        gate: the hours, and whether somebody asked us to stop.
        tell: gets lines about progress.
    """

    def __init__(self, spark: SparkSession, load: Load, folder: str, gate: Gate, tell: Callable[[str], None]) -> None:
        self.spark, self.load, self.folder, self.gate, self.tell = spark, load, folder, gate, tell
        self.target = Target(spark, load.target)
        self._told = time.monotonic()

    def run(self) -> Progress:
        """Writes the windows that are not written yet, as long as the hours last.

        Raises:
            PIError: the plan does not fit the target or the job file any more; or a window could not be read.
        """
        plan = self._plan() or self._begin()
        progress = self._progress(plan)
        if progress.done < progress.windows:
            self._tell(progress, always=True)
        # By number: Delta takes a number for done when a higher one is.
        for number in range(progress.done, progress.windows):
            if not self.gate.passes(progress.window_seconds):
                break
            began = time.monotonic()
            rows = self._write(plan, number)
            progress.add(rows, time.monotonic() - began)
            self._note(plan, progress)
            self._tell(progress, always=progress.done == progress.windows)
        return progress

    def _plan(self) -> Plan | None:
        row = self._stored("plan")
        if row is None:
            return None
        plan = Plan(
            row["id"], row["target_id"], row["asked"], TimeRange(row["start"], row["end"]), row["window"], row["zone"],
            row["newest_first"], tuple(row["web_ids"]), tuple(row["tags"]),
        )  # fmt: skip
        name, target = f"backfill {self.load.name}", self.load.target
        if plan.asked != self._asked():
            raise PIOptionError(
                f"{name} has begun with other settings, and goes on with none but those: it was {plan.asked}, now it "
                f"is {self._asked()}. Give the new one another name, or put the settings back"
            )
        if not self.target.exists() or self.target.identity() != plan.target_id:
            raise PIError(
                f"{name} has written to another table than {target} is now (dropped, or made anew?), and would leave "
                f"out the windows that are done. To begin anew, delete {self.folder}"
            )
        return plan

    def _begin(self) -> Plan:
        """Fixes range and tags, and refuses a target that has some of the events already."""
        found = streams_of(self.load.options)
        if found.ranges:
            raise PIOptionError("option tagFile gives tags a range of their own, which mode backfill does not take")
        if not found.streams:
            raise PIOptionError(f"backfill {self.load.name}: the options choose no tag")
        whole, parsed = range_of(self.load.options), self._parsed()
        self.target.make(self.load, schema_of(self.load.options))
        self._refuse_overlap(whole, [stream.tag for stream in found.streams])
        plan = Plan(
            str(uuid4()), self.target.identity(), self._asked(), whole, self.load.window.text,
            parsed.reading.time_zone, self.load.newest_first,
            tuple(stream.web_id for stream in found.streams), tuple(stream.tag for stream in found.streams),
        )  # fmt: skip
        self._store("plan", PLAN_COLUMNS, (
            plan.id, plan.target_id, plan.asked, whole.start, whole.end, plan.window, plan.zone, plan.newest_first,
            list(plan.web_ids), list(plan.tags),
        ), mode="errorifexists")  # fmt: skip
        self.tell(
            f"{self.load.name}: {len(plan.tags):,} tags from {short_text(whole.start)} to {short_text(whole.end)} in "
            f"{len(plan.windows):,} windows of {plan.window}"
        )
        return plan

    def _refuse_overlap(self, whole: TimeRange, tags: list[str]) -> None:
        known = self.spark.table(self.target.name).where(
            f"ticks >= {whole.start} AND ticks < {whole.end} AND `timestamp` >= {timestamp_at(whole.start)} "
            f"AND `timestamp` <= {timestamp_at(whole.end)}"
        )
        if known.limit(1).count() == 0:
            return
        chosen = self.spark.createDataFrame([(tag,) for tag in tags], "tag string")
        both = known.join(chosen, "tag", "left_semi").select("tag").distinct().limit(5)
        there = ", ".join(row["tag"] for row in both.collect())
        if there:
            raise PIError(
                f"backfill {self.load.name} appends, and {self.load.target} has events of its tags in its range "
                f"already (of {there}, …). End the range where they begin, delete them, or use mode merge"
            )

    def _write(self, plan: Plan, number: int) -> int:
        window = plan.windows[number]
        note = f"osipi backfill {plan.id} window {number}"
        frame = self._frame(window, plan.web_ids)
        try:
            self.target.append(frame, txnAppId=plan.id, txnVersion=str(number), userMetadata=note)
        except Exception as error:
            raise PIError(f"window {number + 1} {window}: {_by_name(str(error), plan)}") from error
        commit = self.target.commit_with(note)
        return int((commit["operationMetrics"] or {}).get("numOutputRows", 0)) if commit is not None else 0

    def _frame(self, window: TimeRange, web_ids: Any) -> Any:
        options = {name: text for name, text in self.load.options.items() if fold(name) not in _CHOOSING | _OF_ERRORS}
        options |= {
            "tags": json.dumps(list(web_ids)),
            "startTime": format_ticks(window.start),
            "endTime": format_ticks(window.end),
            # A window that lacks a tag would count as done. Tags that cannot be found were left out at the beginning.
            "onTagError": "fail",
        }
        return self.spark.read.format("osipi").options(**options).load()

    def _parsed(self) -> PIOptions:
        from pi_datasource.datasource import PIDataSource

        return PIDataSource(dict(self.load.options))._parsed

    def _asked(self) -> str:
        """What may not change on the way."""
        meant = {name: text for name, text in sorted(self.load.options.items()) if fold(name) not in _FREE}
        order = "newest" if self.load.newest_first else "oldest"
        return json.dumps({**meant, "window": self.load.window.text, "order": order})

    def _progress(self, plan: Plan) -> Progress:
        row = self._stored("progress")
        known = (row["done"], row["rows"], row["seconds"]) if row is not None and row["id"] == plan.id else (0, 0, 0.0)
        return Progress(len(plan.windows), *known)

    def _note(self, plan: Plan, progress: Progress) -> None:
        now = datetime.now(timezone.utc)
        self._store("progress", PROGRESS_COLUMNS, (plan.id, progress.done, progress.rows, progress.seconds, now))

    def _stored(self, name: str) -> Any:
        target = Target(self.spark, f"{self.folder}/{name}")
        return self.spark.table(target.name).first() if target.exists() else None

    def _store(self, name: str, columns: str, row: tuple[Any, ...], mode: str = "overwrite") -> None:
        frame = self.spark.createDataFrame([row], columns)
        frame.write.format("delta").mode(mode).save(f"{self.folder}/{name}")

    def _tell(self, progress: Progress, *, always: bool) -> None:
        if always or time.monotonic() - self._told >= TELL_EVERY:
            self._told = time.monotonic()
            self.tell(f"{self.load.name}: {progress.told(datetime.now(timezone.utc), self.gate.hours)}")


PLAN_COLUMNS = (
    "id string, target_id string, asked string, start bigint, end bigint, window string, zone string, "
    "newest_first boolean, web_ids array<string>, tags array<string>"
)
PROGRESS_COLUMNS = "id string, done int, rows bigint, seconds double, noted timestamp"


def _by_name(message: str, plan: Plan) -> str:
    """The message with tags in place of handles."""
    for web_id, tag in zip(plan.web_ids, plan.tags, strict=True):
        if web_id in message:
            message = message.replace(web_id, tag)
    return message
