"""`python -m pi_datasource watermarks CHECKPOINT`: the watermark of each tag, one a line, for other programs."""

from __future__ import annotations

import argparse
import csv
import sys

from pi_datasource.checkpoint.log import Checkpoint
from pi_datasource.times import short_text
from pi_datasource.tools.arguments import given_options, warn_of_secrets
from pi_datasource.tools.streams import add_checkpoint, add_server, server_of

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = (
        "Writes the watermark of each tag of a stream (of event frames: of each database) as CSV: WebID, tag (with "
        "--url), time, and ticks (100 ns since 1970). Everything before it has been handed over. Exit code: 0 written, "
        "1 the checkpoint cannot be read, 2 wrong options."
    )
    add_checkpoint(parser)
    parser.add_argument("--batch", type=int, metavar="N", help="of this batch (default: the newest)")
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Writes, and returns the exit code.

    Raises:
        PIError: no checkpoint or no such batch, wrong options, or no answer.
    """
    warn_of_secrets(given_options(arguments), sys.stderr)
    checkpoint = Checkpoint(arguments.checkpoint)
    batch = checkpoint.newest if arguments.batch is None else checkpoint.batch(arguments.batch)
    server = server_of(arguments)
    names = {} if server is None else server.names(batch.watermarks)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("web_id", "tag", "watermark", "ticks"))
    for key, tick in sorted(batch.watermarks.items()):
        writer.writerow((key.web_id, names.get(key, ""), short_text(tick), tick))
    return 0
