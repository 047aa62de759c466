"""The command `init`: asks a PI Web API what is there, and writes a commented job file to begin with.

    python -m pi_datasource init --url https://pi.example.com/piwebapi --username reader --password env:PI_PASSWORD

A second file beside it, `osipi.schema.json`, lets editors complete and check the first.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pi_datasource.errors import PIOptionError
from pi_datasource.options.connection import CONNECTION_OPTIONS
from pi_datasource.options.secrets import is_reference
from pi_datasource.run.ask import rows_of, streams_of
from pi_datasource.run.schema import job_schema
from pi_datasource.tools.arguments import add_options, given_options, need_url, warn_of_secrets

__all__ = ["add_arguments", "run"]

SCHEMA_FILE = "osipi.schema.json"
#: Ceilings to begin with.
CEILINGS = {"requestsPerSecond": "20", "maxInFlight": "8"}


@dataclass(frozen=True)
class Site:
    """What a PI Web API said.

    Attributes:
        version: of PI Web API.
        data_servers, databases: names; databases as `\\\\server\\database`.
        tags: how many tags the filter chooses.
    """

    version: str
    data_servers: Sequence[str]
    databases: Sequence[str]
    tags: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = (
        "Asks a PI Web API what is there, and writes a job file with comments, and beside it the JSON schema by which "
        "editors check it. Exit code: 0 written, 1 no answer, 2 wrong options."
    )
    parser.usage = f"{parser.prog} [FILE] --url URL [--tag-pattern PATTERN] [--lake PLACE] [--force] [OPTIONS]"
    parser.add_argument("file", nargs="?", default="job.yaml", metavar="FILE", help="to write (default: job.yaml)")
    parser.add_argument("--tag-pattern", default="*", metavar="PATTERN", help="tags to load, with wildcards (all)")
    parser.add_argument("--lake", default="main.bronze", metavar="PLACE",
                        help="catalog and schema of the targets, or a folder (default: main.bronze)")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="overwrite the file")
    add_options(parser, takes=lambda option: option.group in ("Server and login", "Requests"))


def run(arguments: argparse.Namespace) -> int:
    """Writes the files, and returns the exit code.

    Raises:
        PIError: wrong options, no answer, or a file that is there already.
    """
    file, server, pattern = Path(arguments.file), given_options(arguments), arguments.tag_pattern
    warn_of_secrets(server, sys.stderr)
    need_url(server, os.environ)
    if file.exists() and not arguments.force:
        raise PIOptionError(f"{file} is there already; --force overwrites it")
    site = _ask(server, pattern)
    schema = file.with_name(SCHEMA_FILE)
    try:
        file.write_text("\n".join(_lines(site, server, pattern, arguments.lake)) + "\n", encoding="utf-8")
        schema.write_text(json.dumps(job_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise PIOptionError(f"{error.filename} cannot be written: {error.strerror}") from None
    sys.stdout.write(
        f"PI Web API {site.version}: {_count(site.data_servers, 'data server')}, "
        f"{_count(site.databases, 'AF database')}, {site.tags:,} tags by {pattern}\nwritten: {file} and {schema}\n"
        f"next: python -m pi_datasource run {file} --dry-run\n"
    )
    return 0


def _count(things: Sequence[str], what: str) -> str:
    return f"{len(things)} {what}{'s' * (len(things) != 1)}"


def _ask(server: Mapping[str, str], pattern: str) -> Site:
    (system,) = rows_of({**server, "table": "system"})
    databases = rows_of({**server, "table": "asset_databases"})
    return Site(
        version=str(system["version"]),
        data_servers=[row["name"] for row in rows_of({**server, "table": "data_servers"})],
        databases=sorted(row["path"] for row in databases),
        tags=len(streams_of({**server, "tagFilter": pattern, "onTagError": "skip"}).streams),
    )


def _lines(site: Site, server: Mapping[str, str], pattern: str, catalog: str) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={SCHEMA_FILE}"
    yield "# What to load from a PI System into Delta tables: python -m pi_datasource run <this file>"
    yield f"# PI Web API {site.version}; data servers: {', '.join(site.data_servers) or 'none'}"
    yield ""
    yield "server:"
    yield from _server(server)
    yield "  # Ceilings of the whole job; ask whoever looks after the PI System."
    yield from (f"  {name}: {server.get(name, usual)}" for name, usual in CEILINGS.items())
    yield ""
    yield "# A folder for the progress of streams and backfills. Without it they begin anew."
    yield f"checkpoints: {_text(_path(catalog, 'checkpoints'))}"
    yield "# A Delta table with one row for each load and run."
    yield f"ops: {_text(_table(catalog, 'pi_loads'))}"
    yield "# Times of day when the server may be asked; always by default."
    yield "# hours: 22:00-05:00"
    yield "timeZone: UTC"
    yield ""
    yield "loads:"
    yield f"  # The {site.tags:,} points that fit the pattern, anew each time."
    yield from _load("points", "refresh", catalog, {"tagFilter": pattern}, table="points")
    yield ""
    yield "  # Their events: each one once, from the checkpoint on. mode: merge with option lookback brings edits, too."
    yield from _load("recorded", "stream", catalog, {"tagFilter": pattern, "startTime": "*-1d"}, trigger="availableNow")
    yield ""
    yield "  # What lies before, in windows, stopped and started at will. Let it end where the stream begins."
    yield "  # - name: history"
    yield "  #   mode: backfill"
    yield f"  #   target: {_text(_table(catalog, 'pi_recorded'))}"
    yield "  #   window: 1d"
    yield f"  #   options: {{tagFilter: {_text(pattern)}, startTime: '2016-01-01', endTime: '2026-01-01'}}"
    if site.databases:
        yield ""
        yield "  # The Asset Framework: elements anew each time, event frames by id. Option database chooses among"
        yield f"  # {', '.join(site.databases)}."
        yield from _load("elements", "refresh", catalog, {}, table="elements")
        yield from _load("event_frames", "merge", catalog, {"startTime": "*-7d"}, table="event_frames")


def _server(server: Mapping[str, str]) -> Iterator[str]:
    if "url" not in server:
        yield "  # url and login came from the environment (OSIPI_URL, …), and come from there again."
    for option in CONNECTION_OPTIONS:
        text = server.get(option.name)
        if text is None or option.name in CEILINGS:
            continue
        if option.kind == "json":
            yield f"  # {option.name} may hold secrets, so it is left to you (env:NAME, '@/path' of a file)."
        elif option.secret and not is_reference(text):
            yield f"  # No {option.name} stands in a file; set this variable, or give '@/path' of a file."
            yield f"  {option.name}: env:PI_{option.name.upper()}"
        else:
            yield f"  {option.name}: {_text(text)}"


def _load(name: str, mode: str, catalog: str, options: Mapping[str, str], **more: str) -> Iterator[str]:
    yield f"  - name: {name}"
    words: dict[str, Any] = {**more, "mode": mode, "target": _table(catalog, f"pi_{name}")}
    yield from (f"    {word}: {_text(text)}" for word, text in words.items())
    if options:
        yield "    options:"
    yield from (f"      {option}: {_text(text)}" for option, text in options.items())


def _table(catalog: str, name: str) -> str:
    return f"{catalog.rstrip('/')}/{name}" if "/" in catalog else f"{catalog}.{name}"


def _path(catalog: str, name: str) -> str:
    if "/" in catalog:
        return f"{catalog.rstrip('/')}/{name}"
    # A catalog and a schema are Unity Catalog's, which has volumes; a database of Spark's own has none.
    return f"/Volumes/{catalog.replace('.', '/')}/pi/{name}" if "." in catalog else str(Path(name).absolute())


def _text(text: str) -> str:
    """A text as YAML takes it; in quotes unless it is a plain word."""
    plain = text.replace("_", "").replace(".", "").replace("/", "").replace("-", "").replace(":", "")
    if plain.isalnum() and not text[0].isdigit() and ": " not in text and text.lower() not in ("true", "false", "null"):
        return text
    return "'" + text.replace("'", "''") + "'"
