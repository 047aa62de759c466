"""What a run would do: tags, partitions, events to expect. Asks the server, reads no values, needs no Spark session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pi_datasource.errors import PIError
from pi_datasource.run.ask import batch_options, planned, range_of
from pi_datasource.run.config import Job, Load
from pi_datasource.run.load import revealed
from pi_datasource.run.windows import windows
from pi_datasource.times import short_text, zone_of

__all__ = ["plan_text"]


def plan_text(job: Job) -> tuple[str, bool]:
    """The plan as text, and whether all loads could be planned."""
    head = ("load", "mode", "tags", "partitions", "rows", "what")
    rows: list[tuple[str, ...]] = [head]
    notes, well = [], True
    for load in job.loads:
        load = replace(load, options=revealed(load.options))
        try:
            row, more = _planned(load)
            rows.append(row)
            notes += [f"  {load.name}: {note}" for note in more]
        except PIError as error:
            well = False
            rows.append((load.name, load.mode, "", "", "", "cannot be read"))
            notes.append(f"  {load.name}: {error}")
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    lines = [
        "  ".join(cell.rjust(width) if place in (2, 3, 4) else cell.ljust(width)
                  for place, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]  # fmt: skip
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([*lines, *(["", *notes] if notes else [])]), well


def _planned(load: Load) -> tuple[tuple[str, ...], list[str]]:
    options = batch_options(load.options)
    plan = planned(options)
    count = "" if plan.rows is None else f"{'' if load.table != 'recorded' else '≈ '}{plan.rows:,.0f}"
    row = (load.name, load.mode, "" if plan.tags is None else f"{plan.tags:,}", f"{plan.partitions:,}", count)
    return (*row, f"{load.table} → {load.target}"), list(_notes(load, options, plan.failures))


def _notes(load: Load, options: dict[str, str], failures: object) -> Iterator[str]:
    if load.table == "recorded":
        whole = range_of(options)
        yield f"from {short_text(whole.start)} to {short_text(whole.end)}"
        if load.mode == "backfill":
            zone = zone_of(options.get("timeZone", "UTC"))
            yield f"{len(windows(whole, load.window, zone)):,} windows of {load.window.text}, each planned by itself"
        elif load.mode == "batch":
            yield "at most: what the target has already is not read again"
        elif load.streams:
            yield "at most: a checkpoint goes on where it was"
    if isinstance(failures, dict) and failures:
        yield f"{len(failures)} tags are left out: {', '.join(list(failures)[:10])}"
