"""`python -m pi_datasource tags PATTERN …`: find tags; name, type, unit and description of each."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from pi_datasource.errors import PIOptionError, PIRequestError
from pi_datasource.options import PIOptions
from pi_datasource.resolve.points import listed_points
from pi_datasource.times import now_ticks
from pi_datasource.tools.arguments import add_options, given_options, need_url, warn_of_secrets
from pi_datasource.tools.terminal import Terminal
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Point

__all__ = ["add_arguments", "run"]

#: Tags shown unless --limit says otherwise.
LIMIT = 200
#: What is shown of a tag: heading, and its attribute of a point. The last column may be of any length.
COLUMNS = (("tag", "Name"), ("type", "PointType"), ("unit", "EngineeringUnits"), ("descriptor", "Descriptor"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = (
        "Lists the tags that a pattern (* for any letters, ? for one) matches, on all data servers. Exit code: 0 "
        "found, 1 nothing found or no answer, 2 wrong options."
    )
    parser.usage = f"{parser.prog} PATTERN … --url URL [--limit N] [--json] [OPTIONS]"
    parser.add_argument("pattern", nargs="+", metavar="PATTERN", help="such as 'SIN*'; in quotes, against the shell")
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"most tags (default: {LIMIT}; 0: all)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of a table")
    add_options(
        parser,
        takes=lambda option: option.group in ("Server and login", "Requests") or option.name == "dataServer",
    )


def run(arguments: argparse.Namespace) -> int:
    """Lists, and returns the exit code.

    Raises:
        PIError: wrong options, no answer, or no such data server.
    """
    given = given_options(arguments)
    warn_of_secrets(given, sys.stderr)
    need_url(given, os.environ)
    if arguments.limit < 0:
        raise PIOptionError(f"--limit {arguments.limit} is too small; accepted is 0 for all, or the most tags to show")
    environ = {name: text for name, text in os.environ.items() if not name.startswith("OSIPI_TAG")}
    options = PIOptions.parse(
        {**given, "table": "points", "tagFilter": json.dumps(arguments.pattern)}, now=now_ticks(), environ=environ
    )
    limit = arguments.limit or None
    found = listed_points(Client(options.connection), options.selection)
    try:
        points = list(islice(found, limit))
    except PIRequestError as error:
        error.args = (f"{error}\npython -m pi_datasource check --url … says what is wrong, and what mends it",)
        raise
    more = limit is not None and next(found, None) is not None
    terminal = Terminal(sys.stdout)
    if arguments.json:
        for point in points:
            sys.stdout.write(json.dumps(_plain(point)) + "\n")
    else:
        for line in _table(points):
            terminal.line(line)
    if more:
        Terminal(sys.stderr).line(f"… and more; --limit {2 * arguments.limit} shows them, --limit 0 all")
    if not points:
        shown = ", ".join(arguments.pattern)
        Terminal(sys.stderr).line(
            f"no tag matches {shown}, of those that this login may see (* stands for any letters, ? for one)"
        )
    return 0 if points else 1


def _plain(point: Point) -> dict[str, Any]:
    return {**{heading: getattr(point, name) for heading, name in COLUMNS}, "path": point.Path, "web_id": point.WebId}


def _table(points: Sequence[Point]) -> Iterator[str]:
    """Columns as wide as their widest cell; the heading only where there is something below it."""
    if not points:
        return
    rows = [[heading for heading, _ in COLUMNS], *([getattr(point, name) for _, name in COLUMNS] for point in points)]
    widths = [_widest(row[at] for row in rows) for at in range(len(COLUMNS) - 1)]
    for row in rows:
        yield "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)), row[-1]])


def _widest(cells: Iterable[str]) -> int:
    return max(len(cell) for cell in cells)
