"""`python -m pi_datasource rewind CHECKPOINT --tags … --to …`: a stopped stream reads tags again from a time on."""

from __future__ import annotations

import argparse
import sys

from pi_datasource.checkpoint.log import Checkpoint
from pi_datasource.checkpoint.rewind import QUIET_FOR, rewind
from pi_datasource.errors import PIOptionError, PITimeError
from pi_datasource.times import now_ticks, parse_time, short_text, zone_of
from pi_datasource.tools.arguments import given_options, warn_of_secrets
from pi_datasource.tools.streams import add_checkpoint, add_server, keys_named
from pi_datasource.tools.terminal import Terminal

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = (
        "Sets the watermarks of tags back in the checkpoint of a stopped stream, so that it reads them again from "
        "there when it starts. Rows that are in the table come again: the stream has to use merge_changes, or the rows "
        "are deleted first. What was there is kept in the folder `rewound` of the checkpoint. Exit code: 0 done, 1 "
        "refused, 2 wrong options; when refused, nothing is changed."
    )
    add_checkpoint(parser)
    parser.add_argument("--tags", required=True, metavar="NAMES", help="names (need --url) or WebIDs, between commas")
    parser.add_argument("--to", required=True, metavar="TIME", help="first instant to read again: *-1d, 2026-01-31, …")
    parser.add_argument("--time-zone", default="UTC", metavar="TEXT", help="zone of a time without one (default: UTC)")
    parser.add_argument(
        "--stopped",
        action="store_true",
        help=f"the stream is stopped: do not wait {QUIET_FOR:.0f} s after its last word",
    )
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sets back, and returns the exit code.

    Raises:
        PIError: wrong options, or it would lose rows.
    """
    warn_of_secrets(given_options(arguments), sys.stderr)
    try:
        to = parse_time(arguments.to, now_ticks(), zone_of(arguments.time_zone))
    except PITimeError as error:
        raise PITimeError(f"--to: {error}") from None
    tags = [tag.strip() for tag in arguments.tags.split(",") if tag.strip()]
    if not tags:
        raise PIOptionError("--tags names no tag")
    checkpoint = Checkpoint(arguments.checkpoint)
    keys = keys_named(arguments, tags)
    done = rewind(checkpoint, keys.keys(), to, quiet_for=0.0 if arguments.stopped else QUIET_FOR)
    terminal = Terminal(sys.stdout)
    for key, before in done.before.items():
        terminal.line(f"{terminal.mark('✓')} {keys[key]}: {short_text(before)} → {short_text(done.to)}")
    terminal.line(
        f"{len(done.before)} tags of batch {done.batch} set back; what was there is kept in {arguments.checkpoint}/"
        f"{done.backup}. Rows from {short_text(done.to)} on come again: MERGE them, or delete them first."
    )
    return 0
