"""What became of each load, and the table of it at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pi_datasource.run.windows import span_text

__all__ = ["FAILED", "OK", "PAUSED", "Outcome", "cause_of", "exit_code", "summary"]

OK, FAILED, PAUSED = "ok", "failed", "paused"

#: How much of an error the summary shows; the ops table keeps more.
SHOWN, KEPT = 300, 4000

_OURS = re.compile(r"(?:pi_datasource\.errors\.)(PI\w+Error|PIError)(?:: )?(.*)", re.DOTALL)
#: Where Spark's own words go on behind ours.
_BEHIND = re.compile(r"\n\s*\n|\n\s*(?:at [\w.$]+\(|SQLSTATE|JVM stacktrace|Caused by:)|\s+SQLSTATE: ")


@dataclass(frozen=True)
class Outcome:
    """One load, once.

    Attributes:
        load, table, mode, target: as the job file says.
        status: ok, failed, or paused (outside of hours, or stopped: it goes on at the next run).
        rows: that the target gained, or that were changed.
        seconds: it took.
        lag: seconds from the newest event of the target to the end of the load; None where that means nothing.
        failed_tags: tags left out by onTagError=skip → cause; None where it is not asked for.
        message: what went wrong, or what is left.
    """

    load: str
    table: str
    mode: str
    target: str
    status: str = OK
    rows: int | None = None
    seconds: float = 0.0
    lag: float | None = None
    failed_tags: dict[str, str] | None = None
    message: str = ""


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """0 when no load failed, else 1."""
    return int(any(one.status == FAILED for one in outcomes))


def summary(outcomes: Sequence[Outcome]) -> str:
    """The table for the terminal, with what went wrong below it."""
    head = ("load", "mode", "status", "rows", "seconds", "lag", "failed tags", "target")
    rows = [head, *(_cells(one) for one in outcomes)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    right = {3, 4, 5, 6}
    lines = [
        "  ".join(cell.rjust(width) if place in right else cell.ljust(width)
                  for place, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]  # fmt: skip
    lines.insert(1, "  ".join("-" * width for width in widths))
    for one in outcomes:
        if one.message:
            lines += ["", f"{one.load}: {_short(one.message)}"]
        for tag, cause in list((one.failed_tags or {}).items())[:10]:
            lines.append(f"  {tag}: {_short(cause)}")
    counts = {status: sum(one.status == status for one in outcomes) for status in (OK, FAILED, PAUSED)}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count or status == OK)
    return "\n".join([*lines, "", f"{len(outcomes)} load{'s' * (len(outcomes) != 1)}: {told}"])


def cause_of(error: BaseException) -> str:
    """What a user has to know of an error: our own words, where they are in it, without Spark's around them."""
    text = str(error).strip()
    found = _OURS.findall(text)
    if found:
        text = found[-1][1].strip() or found[-1][0]
    behind = _BEHIND.search(text)
    return (text[: behind.start()] if behind else text).strip()[:KEPT] or type(error).__name__


def _cells(one: Outcome) -> tuple[str, ...]:
    return (
        one.load, one.mode, one.status, "" if one.rows is None else f"{one.rows:,}", f"{one.seconds:.1f}",
        "" if one.lag is None else span_text(max(0.0, one.lag)),
        "" if one.failed_tags is None else str(len(one.failed_tags)), one.target,
    )  # fmt: skip


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[:SHOWN] + " …"
