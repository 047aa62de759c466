"""A job file, checked as a whole: all mistakes at once, each with its line.

    server:   {url: https://pi.example.com/piwebapi, username: DOMAIN\\reader, password: env:PI_PASSWORD}
    options:  {timeZone: Europe/Berlin}                    # of all loads
    checkpoints: /Volumes/main/bronze/pi/checkpoints
    loads:
      - {name: events, mode: stream, target: main.bronze.pi_events, options: {tagFilter: UNIT1.*}}

Secrets stand in it by reference only. Nothing is asked and no secret is looked up while it is checked.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pi_datasource.delta import CatalogEntry
from pi_datasource.errors import PIError, PIOptionError
from pi_datasource.options import Option, PIOptions
from pi_datasource.options.declare import Given, fold
from pi_datasource.options.gather import nearest
from pi_datasource.options.secrets import is_reference
from pi_datasource.options.values import parse_value
from pi_datasource.run.document import Field, Mistakes, Node, read_document
from pi_datasource.run.hours import Hours
from pi_datasource.run.settings import CATALOG, JOB, LOAD, SERVER, SOURCE, by_folded_name
from pi_datasource.tables.registry import TABLES, table_named
from pi_datasource.times import Span, now_ticks, zone_of

__all__ = ["Job", "Load", "parse_job"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
#: What an open event frame has is not what it has when it ends.
CHANGES_WHEN_IT_ENDS = ("event_frames", "event_frame_attributes")
_PAUSE = re.compile(r"[0-9]+ (second|minute|hour|day)s?")


@dataclass(frozen=True)
class Load:
    """One table to bring up to date.

    Attributes:
        name: under which its checkpoint is kept, and results are told.
        table, mode, target: what, how, where to.
        trigger: of a stream: `availableNow`, `once`, or a pause.
        window: of a backfill: length of a window.
        newest_first: of a backfill.
        cluster_by, partition_by_day, comment: of a new target.
        optimize: whether OPTIMIZE runs afterwards.
        catalog: what Unity Catalog shall know of the target, and by which warehouse.
        options: of the source, server and table included, as texts.
        line: where it stands.
    """

    name: str
    table: str
    mode: str
    target: str
    trigger: str = "availableNow"
    window: Span = field(default_factory=lambda: Span.parse("1d"))
    newest_first: bool = False
    cluster_by: tuple[str, ...] | None = None
    partition_by_day: bool = False
    comment: str = ""
    optimize: bool = False
    catalog: CatalogEntry | None = None
    warehouse: str | None = None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    line: int = 0

    @property
    def streams(self) -> bool:
        """Whether it is a stream, with a checkpoint of Spark's."""
        return self.mode == "stream" or (
            self.mode == "merge" and any(fold(name) == "lookback" for name in self.options)
        )

    @property
    def goes_on(self) -> bool:
        """Whether it runs until it is stopped."""
        return self.streams and self.trigger not in ("availableNow", "once")

    @property
    def needs_checkpoint(self) -> bool:
        """Whether it keeps something between runs."""
        return self.streams or self.mode == "backfill"


@dataclass(frozen=True)
class Job:
    """All loads of a file.

    Attributes:
        checkpoints: folder; each load has one below it.
        ops: Delta table of results, or None.
        hours: when the server may be asked, or None for always.
        wait: wait for the hours instead of ending a load.
        parallel: loads at a time.
        spark: settings of a session that we make ourselves.
    """

    loads: tuple[Load, ...]
    checkpoints: str | None = None
    ops: str | None = None
    hours: Hours | None = None
    wait: bool = False
    parallel: int = 1
    spark: Mapping[str, str] = field(default_factory=dict)

    def checkpoint(self, load: Load) -> str:
        """Folder of a load."""
        return f"{(self.checkpoints or '').rstrip('/')}/{load.name}"


def parse_job(text: str, name: str = "job file") -> Job:
    """Reads a job file.

    Args:
        text: its text, YAML (or JSON, which is YAML, too).
        name: how messages call it.

    Raises:
        Mistakes: what is wrong with it, all at once.
    """
    root = read_document(text, name)
    reader = _Reader()
    job = reader.job(root)
    if reader.mistakes or job is None:
        raise Mistakes(name, reader.mistakes)
    return job


class _Reader:
    """Reads nodes, and gathers what is wrong with them."""

    def __init__(self) -> None:
        self.mistakes: list[tuple[int, str]] = []

    def wrong(self, line: int, text: object) -> None:
        self.mistakes.append((line, str(text)))

    def job(self, root: Node) -> Job | None:
        if root.fields is None:
            self.wrong(root.line, "accepted is a mapping with server and loads")
            return None
        sections = {"server": SERVER, "options": SOURCE, "spark": None, "loads": None}
        values, parts = self.section(root, "the file", JOB, tuple(sections))
        server = self.texts(parts.get("server"), "server", SERVER)
        common = self.texts(parts.get("options"), "options", SOURCE)
        zone = values["timeZone"]
        hours = self.attempt(
            root.line, lambda: Hours.parse(values["hours"], zone_of(zone)) if values["hours"] else None
        )
        loads = self.loads(root, parts.get("loads"), {"timeZone": zone, **server, **common})
        job = Job(
            loads,
            values["checkpoints"],
            values["ops"],
            hours,
            wait=values["outsideHours"] == "wait",
            parallel=values["parallel"],
            spark=self.spark(parts.get("spark")),
        )
        for load in loads:
            if load.needs_checkpoint and not job.checkpoints:
                self.wrong(load.line, f"load {load.name}: mode {load.mode} needs checkpoints (a folder) at the top")
        return job

    def loads(self, root: Node, found: Field | None, common: Mapping[str, str]) -> tuple[Load, ...]:
        if found is None or not found.node.items:
            self.wrong(found.line if found else root.line, "loads is missing: a list of what to load")
            return ()
        loads = [self.load(item, common) for item in found.node.items]
        names: dict[str, int] = {}
        for load in filter(None, loads):
            if load.name in names:
                self.wrong(load.line, f"load {load.name} stands at line {names[load.name]}, too; names have to differ")
            names.setdefault(load.name, load.line)
        return tuple(load for load in loads if load is not None)

    def load(self, node: Node, common: Mapping[str, str]) -> Load | None:
        if node.fields is None:
            self.wrong(node.line, "a load is a mapping with name, table, mode, target")
            return None
        before = len(self.mistakes)
        values, parts = self.section(node, "a load", LOAD, ("options", "catalog"))
        own = self.texts(parts.get("options"), "options", SOURCE)
        entry, warehouse = self.catalog(parts.get("catalog"))
        for needed in ("name", "target"):
            if values[needed] is None and not any(f.name == needed for f in node.fields):
                self.wrong(node.line, f"a load needs {needed}")
        if len(self.mistakes) > before or not values["enabled"]:
            return None
        options = {**_taken(common, values["table"]), **own}
        if values["table"] != "recorded":
            options["table"] = values["table"]
        load: Load | None = self.attempt(node.line, lambda: Load(
            name=values["name"], table=values["table"].lower(), mode=values["mode"], target=values["target"],
            trigger=values["trigger"], window=Span.parse(values["window"]), newest_first=values["order"] == "newest",
            cluster_by=values["clusterBy"], partition_by_day=values["partitionByDay"], comment=values["comment"] or "",
            optimize=values["optimize"], catalog=entry, warehouse=warehouse, options=options, line=node.line,
        ))  # fmt: skip
        if load is not None:
            self.check(load, parts)
        return load

    def check(self, load: Load, parts: Mapping[str, Field]) -> None:
        """What one word alone does not show."""
        if not _NAME.fullmatch(load.name):
            self.wrong(load.line, f"name {load.name!r} is not accepted; accepted are letters, digits, - and _")
        if load.trigger not in ("availableNow", "once") and not _PAUSE.fullmatch(load.trigger):
            self.wrong(
                load.line, f"trigger {load.trigger!r} is not accepted; accepted are availableNow, once, 1 minute"
            )
        if load.table in TABLES:
            if load.mode == "stream" and not TABLES[load.table].streams:
                able = ", ".join(name for name, table in TABLES.items() if table.streams)
                self.wrong(load.line, f"table {load.table} cannot be streamed; these can: {able}")
            if load.mode == "backfill" and load.table != "recorded":
                self.wrong(
                    load.line, "mode backfill reads table recorded; others are loaded by batch, merge or refresh"
                )
            if load.mode == "batch" and load.table in CHANGES_WHEN_IT_ENDS:
                self.wrong(
                    load.line,
                    f"mode batch changes no row that is there, so of a frame that was open when it came {load.table} "
                    "would stay as it was; accepted are merge and refresh, and stream for event_frames",
                )
            if load.mode != "merge" and any(fold(name) == "lookback" for name in load.options):
                self.wrong(load.line, f"option lookback needs mode merge, not {load.mode}")
        try:
            parsed = PIOptions.parse(
                _without_secrets(load.options), now=now_ticks(), environ=os.environ, known_table=table_named
            )
            if load.streams and "endTime" in parsed.given:
                raise PIOptionError("option endTime has no place in a stream: it goes on for ever")
            if load.mode in ("batch", "backfill") and parsed.reading.boundary_type != "Inside":
                raise PIOptionError(f"option boundaryType: mode {load.mode} joins ranges, which takes Inside only")
            if TABLES[load.table].needs_tags and parsed.selection.is_empty and parsed.assets.is_empty:
                raise PIOptionError("no tags are chosen; give tags, tagFilter, tagQuery or tagFile under options")
        except PIError as error:
            self.wrong(_line_of(str(error), load.line, parts.get("options")), f"load {load.name}: {error}")

    def catalog(self, found: Field | None) -> tuple[CatalogEntry | None, str | None]:
        if found is None or found.node.is_empty:
            return None, None
        values, _ = self.section(found.node, "catalog", CATALOG, ())
        grants = {
            who: tuple(part.strip() for part in names.split(",")) for who, names in (values["grants"] or {}).items()
        }
        entry = CatalogEntry(
            comment=values["comment"] or "", tags=values["tags"] or {}, owner=values["owner"] or "", grants=grants
        )
        if (entry.comment or entry.tags) and not values["warehouse"]:
            self.wrong(found.line, "catalog: comment and tags need warehouse (the id of a SQL warehouse)")
        return entry, values["warehouse"]

    def spark(self, found: Field | None) -> dict[str, str]:
        if found is None or found.node.is_empty:
            return {}
        if found.node.fields is None or any(one.node.text is None for one in found.node.fields):
            self.wrong(found.line, "spark: accepted is a mapping of settings and texts")
            return {}
        return {one.name: str(one.node.text) for one in found.node.fields}

    def section(
        self, node: Node, what: str, declared: Sequence[Option], parts: tuple[str, ...]
    ) -> tuple[dict[str, Any], dict[str, Field]]:
        """The values of declared words, those not given by default; and the parts that are read by themselves."""
        values = {o.name: parse_value(Given(o, o.default), {}) if o.default is not None else None for o in declared}
        own: dict[str, Field] = {}
        for one, option in self.known(node, what, declared, parts):
            if option is None:
                own[one.name] = one
            else:
                text = self.text(one, option)
                if text is not None:
                    value = self.attempt(one.line, lambda o=option, t=text: parse_value(Given(o, t), {}))
                    values[option.name] = values[option.name] if value is None else value
        return values, own

    def texts(self, found: Field | None, what: str, declared: Sequence[Option]) -> dict[str, str]:
        """Options of the source, as texts for Spark."""
        if found is None or found.node.is_empty:
            return {}
        texts: dict[str, str] = {}
        for one, option in self.known(found.node, what, declared, ()):
            text = None if option is None else self.text(one, option)
            if option is not None and text is not None:
                texts[option.name] = text
                if option.kind != "secret":
                    self.attempt(one.line, lambda o=option, t=text: parse_value(Given(o, t), {}))
        return texts

    def known(
        self, node: Node, what: str, declared: Sequence[Option], parts: tuple[str, ...]
    ) -> list[tuple[Field, Option | None]]:
        """The fields of a mapping with what they are; others are mistakes."""
        by_name = by_folded_name(tuple(declared))
        if node.fields is None:
            self.wrong(node.line, f"{what}: accepted is a mapping")
            return []
        found: list[tuple[Field, Option | None]] = []
        for one in node.fields:
            option = by_name.get(fold(one.name))
            if option is not None or one.name in parts:
                found.append((one, option))
                continue
            near = nearest(one.name, by_name)
            hint = (
                f"did you mean {near.name}?"
                if near
                else f"there are {', '.join([o.name for o in declared] + [*parts])}"
            )
            self.wrong(one.line, f"{what} has no {one.name!r}; {hint}")
        return found

    def text(self, one: Field, option: Option) -> str | None:
        """The text of an option, when it is one that the option takes."""
        if one.node.is_empty:
            return None
        shape = {"list": one.node.items, "json": one.node.fields}.get(option.kind)
        if one.node.text is None and shape is None:
            self.wrong(one.line, f"{one.name}: accepted is {option.accepted}")
            return None
        text = one.node.as_option()
        if text is not None and option.kind == "secret":
            if is_reference(text):
                return text
            accepted = "env:NAME, '@/path/of/a/file' or '{{secrets/scope/key}}'"
            self.wrong(one.line, f"{one.name}: no secret stands in a file; accepted are {accepted}")
            return None
        return text

    def attempt(self, line: int, make: Any) -> Any:
        try:
            return make()
        except PIError as error:
            self.wrong(line, error)
            return None


def _taken(options: Mapping[str, str], table: str) -> dict[str, str]:
    """Those of the options for all loads that the table takes."""
    takes = {option.name: option.tables for option in (*SERVER, *SOURCE)}
    return {name: text for name, text in options.items() if table.lower() in (takes[name] or (table.lower(),))}


def _without_secrets(options: Mapping[str, str]) -> dict[str, str]:
    """With another text in place of each secret: a check must not look one up."""
    secret = {option.name for option in SERVER if option.kind == "secret"}
    return {name: "literal:checked" if name in secret else text for name, text in options.items() if name != "headers"}


def _line_of(message: str, line: int, options: Field | None) -> int:
    """The line of the option that a message is about, else that of the load."""
    match = re.match(r"option '?(\w+)", message)
    if match and options is not None and options.node.fields:
        return next((one.line for one in options.node.fields if fold(one.name) == fold(match[1])), line)
    return line
