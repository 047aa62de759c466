"""`python -m pi_datasource lag CHECKPOINT`: how far behind each tag of a stream is."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pi_datasource.checkpoint.lag import STALLED_AFTER, Lags, lags_of
from pi_datasource.checkpoint.log import Batch, Checkpoint
from pi_datasource.checkpoint.report import duration, html_report
from pi_datasource.checkpoint.rows import rows_of_batches
from pi_datasource.stream.key import Key
from pi_datasource.stream.news import ask_newest
from pi_datasource.times import now_ticks, short_text
from pi_datasource.tools.arguments import given_options, warn_of_secrets
from pi_datasource.tools.streams import BATCHES, add_checkpoint, add_server, newest_batches, server_of
from pi_datasource.tools.terminal import Terminal

__all__ = ["add_arguments", "run"]

#: Tags shown on a terminal unless --limit says otherwise.
LIMIT = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = (
        "Says how far behind each tag of a stream is, by its checkpoint; with --url against the newest event that PI "
        "has, and by name. Of a stream of event frames: each database, against now. Exit code: 0 none is stalled, 1 "
        "some are or the checkpoint cannot be read, 2 wrong options."
    )
    add_checkpoint(parser)
    parser.add_argument("--html", metavar="FILE", help="write a page with all tags and a picture of the batches")
    parser.add_argument("--table", metavar="PATH", help="Delta table of the stream: tells the rows of each batch")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--limit", type=int, default=LIMIT, metavar="N", help=f"tags shown (default: {LIMIT})")
    parser.add_argument("--batches", type=int, default=BATCHES, metavar="N", help=f"batches looked at ({BATCHES})")
    parser.add_argument(
        "--stalled-after", type=float, default=STALLED_AFTER, metavar="SECONDS",
        help=f"lag from which on a tag counts as stalled (default: {STALLED_AFTER:.0f})",
    )  # fmt: skip
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    """Looks, tells, and returns the exit code.

    Raises:
        PIError: no checkpoint, wrong options, or no answer.
    """
    warn_of_secrets(given_options(arguments), sys.stderr)
    checkpoint = Checkpoint(arguments.checkpoint)
    batches = newest_batches(checkpoint, arguments.batches)
    server = server_of(arguments)
    names, newest = None, None
    if server is not None:
        keys = list(batches[-1].watermarks)
        names = server.names(keys)
        if not batches[-1].of_frames:
            known = [key for key in keys if isinstance(key, Key) and key in names]
            newest = ask_newest(server.client, known).ticks
    now = now_ticks()
    lags = lags_of(batches, now, names=names, newest=newest, stalled_after=arguments.stalled_after)
    if arguments.html:
        rows = rows_of_batches(arguments.table, checkpoint.query_id) if arguments.table else None
        Path(arguments.html).write_text(html_report(arguments.checkpoint, lags, batches, now, rows), encoding="utf-8")
    if arguments.json:
        sys.stdout.write(json.dumps(_plain(lags, batches[-1].number)) + "\n")
    else:
        _tell(lags, checkpoint, batches[-1], arguments)
    return 1 if lags.stalled else 0


def _tell(lags: Lags, checkpoint: Checkpoint, batch: Batch, arguments: argparse.Namespace) -> None:
    terminal = Terminal(sys.stdout)
    what = "databases" if batch.of_frames else "tags"
    hint = "one without news looks as if it were behind" if batch.of_frames else "with --url against what PI has"
    waiting = f", batch {checkpoint.unfinished[0]} is not finished" if checkpoint.unfinished else ""
    terminal.line(
        f"batch {batch.number}{waiting}; {len(lags.tags):,} {what} with a watermark, {len(lags.stalled):,} stalled"
    )
    terminal.line(
        f"lag: middle {duration(lags.median)}, 95 % below {duration(lags.at(0.95))}, "
        f"longest {duration(lags.tags[0].seconds if lags.tags else 0)}"
        + ("" if lags.asked else f"   (against now; {hint})")
    )
    shown = lags.tags[: max(0, arguments.limit)]
    width = max((len(tag.tag) for tag in shown), default=0)
    for tag in shown:
        mark = "!" if tag.is_stalled else "✓"
        newest = f", newest in PI {short_text(tag.newest)}" if tag.newest is not None else ""
        terminal.line(
            f"{terminal.mark(mark)} {tag.tag:<{width}}  {duration(tag.seconds):>12}  up to {short_text(tag.watermark)}"
            f"{newest}"
        )
    if len(lags.tags) > len(shown):
        terminal.line(f"… and {len(lags.tags) - len(shown):,} more; --limit shows them, --html report.html all")
    if arguments.html:
        terminal.line(f"written: {arguments.html}")


def _plain(lags: Lags, batch: int) -> dict[str, object]:
    return {
        "batch": batch,
        "tags": len(lags.tags),
        "stalled": len(lags.stalled),
        "asked_pi": lags.asked,
        "median_seconds": round(lags.median, 3),
        "longest_seconds": round(lags.tags[0].seconds if lags.tags else 0.0, 3),
        "by_tag": [
            {
                "tag": one.tag, "web_id": one.key.web_id, "watermark": short_text(one.watermark),
                "watermark_ticks": one.watermark, "newest_ticks": one.newest, "seconds": round(one.seconds, 3),
                "moved_in_batches": one.batches, "stalled": one.is_stalled,
            }
            for one in lags.tags
        ],
    }  # fmt: skip
