"""The words of a job file, declared as options are: name, kind, default, meaning.

Parsing, errors, the JSON schema for editors and the table in the README come from these lines. What a load may say
under `options`, and what stands under `server`, are the options of the data source itself.
"""

from __future__ import annotations

from pi_datasource.options.connection import CONNECTION_OPTIONS
from pi_datasource.options.declare import Option, fold
from pi_datasource.options.settings import DECLARED, TABLE_OPTION

__all__ = ["CATALOG", "JOB", "LOAD", "MODES", "SERVER", "SOURCE", "settings_table"]

MODES = {
    "batch": "adds what the target does not have yet: recorded events from each tag's newest one on, other rows by key",
    "stream": "appends micro-batches, with a watermark for each tag in a checkpoint",
    "merge": "updates the target by key; recorded with option lookback: a stream that brings edits and deletions, too",
    "refresh": "replaces all that the target holds",
    "backfill": "reads a long range of recorded in windows, each written once; stopped and started at will",
}

#: What stands at the top, beside `server`, `options`, `spark` and `loads`.
JOB = (
    Option("checkpoints", "text", None, "Folder for checkpoints and progress, one below it for each load."),
    Option("ops", "text", None, "Delta table (name or path) that gets a row for each load and run."),
    Option("hours", "list", None, "Times of day when the server may be asked, such as 22:00-05:00; always by default."),
    Option("outsideHours", "choice", "stop", "stop ends a load outside of hours; wait goes on when they begin.",
           choices=("stop", "wait")),
    Option("timeZone", "text", "UTC", "Zone of hours and, in all loads, of midnights and times without a zone."),
    Option("parallel", "integer", "1", "Loads that run at the same time.", minimum=1, maximum=64),
)  # fmt: skip

LOAD = (
    Option("name", "text", None, "Name of the load: letters, digits, - and _; its checkpoint is kept under it."),
    Option("table", "text", "recorded", "What to read; see the list of tables."),
    Option("mode", "choice", "batch", "How: " + "; ".join(f"{name} {what}" for name, what in MODES.items()) + ".",
           choices=tuple(MODES)),
    Option("target", "text", None, "Delta table: a name in a catalog or the path of a folder; created when it is new."),
    Option("trigger", "text", "availableNow", "For streams: availableNow, once, or a pause such as 1 minute."),
    Option("window", "text", "1d", "For a backfill: length of a window, such as 6h, 1d or 1mo."),
    Option("order", "choice", "oldest", "For a backfill: which windows come first.", choices=("oldest", "newest")),
    Option("clusterBy", "list", None, "Columns that a new target is clustered by; by default tag and timestamp."),
    Option("partitionByDay", "boolean", "false", "Whether a new target is partitioned by day instead."),
    Option("comment", "text", None, "What a new target is, for people."),
    Option("optimize", "boolean", "false", "Whether OPTIMIZE runs when the load is done."),
    Option("enabled", "boolean", "true", "false leaves the load out."),
)  # fmt: skip

#: What a load may say under `catalog`, for Unity Catalog.
CATALOG = (
    Option("comment", "text", None, "What the table is."),
    Option("tags", "json", None, "Tags and their values."),
    Option("owner", "text", None, "User, group or service principal."),
    Option("grants", "json", None, "Who gets which privileges, such as analysts: SELECT."),
    Option("warehouse", "text", None, "Id of the SQL warehouse that sets comment and tags."),
)

#: Options of the source that stand under `server`.
SERVER = tuple(option for option in CONNECTION_OPTIONS)
_ELSEWHERE = {option.name for option in (*SERVER, TABLE_OPTION)} | {
    "path",
    "paths",
    "until",
    "errorColumn",
    "startTimes",
}
#: Options of the source that stand under `options`. Those of a run itself (the range of a batch that goes on) do not.
SOURCE = tuple(option for option in DECLARED if not option.planned and option.name not in _ELSEWHERE)


def by_folded_name(options: tuple[Option, ...]) -> dict[str, Option]:
    """To be found in any spelling."""
    return {fold(option.name): option for option in options}


def settings_table() -> str:
    """The words of a job file as Markdown, for the README."""
    lines = []
    for title, options in (("At the top", JOB), ("In a load", LOAD)):
        lines += [f"**{title}**", "", "| word | default | meaning |", "|---|---|---|"]
        for option in options:
            default = f"`{option.default}`" if option.default is not None else ""
            meaning = option.meaning if option.name != "mode" else "How the target is brought up to date; see above."
            lines.append(f"| `{option.name}` | {default} | {meaning} |")
        lines.append("")
    return "\n".join(lines)
