"""Lags as one page of HTML that needs nothing else: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from html import escape

from pi_datasource.checkpoint.lag import Lags, TagLag
from pi_datasource.checkpoint.log import Batch, DatabaseKey
from pi_datasource.stream.key import Key
from pi_datasource.times import short_text

__all__ = ["duration", "html_report"]

#: Tags in the table; the page says how many more there are.
MOST_TAGS = 2_000
#: Size of the picture of batches, in pixels.
WIDTH, HEIGHT = 900, 90

STYLE = """
:root { color-scheme: light dark; --ink: #1c2733; --faint: #5d6b7a; --line: #d9e0e7; --bar: #2f6fb2; --bad: #b3261e;
  --paper: #ffffff; --band: #f4f7fa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --faint: #9aa7b4; --line: #33404d; --bar: #6ea8e0;
  --bad: #ff8a80; --paper: #161c22; --band: #1e262e; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 1000px; padding: 0 1rem; }
h1 { font-size: 1.35rem; margin: 0 0 .2rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
.faint { color: var(--faint); } .bad { color: var(--bad); font-weight: 600; } code { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
dl div { background: var(--band); border-radius: 6px; padding: .6rem .8rem; }
dt { color: var(--faint); font-size: .8rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
svg { width: 100%; height: auto; } rect { fill: var(--bar); }
table { border-collapse: collapse; width: 100%; } th { text-align: left; color: var(--faint); font-weight: 500; }
td, th { padding: .25rem 1.2rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { font-variant-numeric: tabular-nums; } td:first-child { overflow-wrap: anywhere; } .right { text-align: right; }
"""


def html_report(
    path: str, lags: Lags, batches: Sequence[Batch], now: int, rows: Mapping[int, int] | None = None
) -> str:
    """The page.

    Args:
        path: of the checkpoint.
        lags: by tag.
        batches: those looked at, oldest first.
        now: ticks.
        rows: batch → rows written, where a Delta table tells; None to draw how many tags moved.
    """
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>PI stream: {escape(path)}</title><style>{STYLE}</style></head><body>",
            f"<h1>PI stream</h1><p class=faint><code>{escape(path)}</code><br>as of {short_text(now)}, "
            f"batch {batches[-1].number}{'' if batches[-1].is_finished else ' (not finished)'}</p>",
            *_figures(lags),
            *_bars(batches, rows),
            *_table(lags),
            "</body></html>\n",
        ]
    )


def duration(seconds: float) -> str:
    """A length of time in two units, for people: `3 d 4 h`, `12 min 5 s`, `0.4 s`."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds >= 10 or seconds == int(seconds) else f"{seconds:.1f} s"
    left = int(seconds)
    parts: list[str] = []
    for name, size in (("y", 31_536_000), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(filter(None, parts))


def _figures(lags: Lags) -> Iterator[str]:
    figures = {
        "tags": f"{len(lags.tags):,}",
        "stalled": f"{len(lags.stalled):,}",
        "lag, middle": duration(lags.median),
        "lag, 95 % below": duration(lags.at(0.95)),
        "lag, longest": duration(lags.tags[0].seconds if lags.tags else 0),
    }
    cells = (
        f"<div><dt>{name}</dt><dd{' class=bad' if name == 'stalled' and lags.stalled else ''}>{text}</dd></div>"
        for name, text in figures.items()
    )
    yield f"<dl>{''.join(cells)}</dl>"
    if not lags.asked:
        yield (
            "<p class=faint>PI was not asked, so a tag without events looks as if it were behind. With --url, lag is "
            "measured against the newest event that PI has.</p>"
        )


def _bars(batches: Sequence[Batch], rows: Mapping[int, int] | None) -> Iterator[str]:
    """A bar for each batch."""
    heights = []
    before: Mapping[Key | DatabaseKey, int] = {}
    for batch in batches:
        marks = batch.watermarks
        moved = sum(before.get(key) != tick for key, tick in marks.items())
        heights.append(moved if rows is None else rows.get(batch.number, 0))
        before = marks
    if rows is None and batches[0].number > 0:
        # Where the first one began is not known.
        heights[0] = 0
    what = "tags that moved" if rows is None else "rows"
    most = max(heights, default=0)
    yield f"<h2>Batches <span class=faint>{what}, at most {most:,}</span></h2>"
    step = WIDTH / max(1, len(heights))
    bars = []
    for place, (batch, height) in enumerate(zip(batches, heights, strict=True)):
        tall = HEIGHT * height / most if most else 0
        when = datetime.fromtimestamp(batch.planned / 1000, timezone.utc)
        bars.append(
            f'<rect x="{place * step:.1f}" y="{HEIGHT - tall:.1f}" width="{max(1.0, step - 1):.1f}" '
            f'height="{tall:.1f}"><title>batch {batch.number}, {when:%Y-%m-%d %H:%M:%S} UTC: {height:,} {what}'
            "</title></rect>"
        )
    yield f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{what} of each batch">{"".join(bars)}</svg>'
    first, last = (f"{datetime.fromtimestamp(one.planned / 1000, timezone.utc):%Y-%m-%d %H:%M}"
                   for one in (batches[0], batches[-1]))  # fmt: skip
    yield f"<p class=faint>batch {batches[0].number}, {first} UTC … batch {batches[-1].number}, {last} UTC</p>"


def _table(lags: Lags) -> Iterator[str]:
    ordered = sorted(lags.tags, key=lambda tag: not tag.is_stalled)
    yield "<h2>Tags <span class=faint>stalled ones first</span></h2>"
    newest = "<th>newest in PI</th>" if lags.asked else ""
    yield f"<table><thead><tr><th>tag</th><th class=right>lag</th><th>handed over up to</th>{newest}"
    yield "<th class=right>moved in batches</th></tr></thead><tbody>"
    for tag in ordered[:MOST_TAGS]:
        yield _row(tag, lags.asked)
    yield "</tbody></table>"
    if len(ordered) > MOST_TAGS:
        yield f"<p class=faint>… and {len(ordered) - MOST_TAGS:,} more tags</p>"


def _row(tag: TagLag, asked: bool) -> str:
    cells = [
        f"<td>{escape(tag.tag)}</td>",
        f'<td class="right{" bad" if tag.is_stalled else ""}">{duration(tag.seconds)}</td>',
        f"<td>{short_text(tag.watermark)}</td>",
    ]
    if asked:
        cells.append(f"<td>{'no event' if tag.newest is None else short_text(tag.newest)}</td>")
    cells.append(f"<td class=right>{tag.batches:,}</td>")
    return f"<tr>{''.join(cells)}</tr>"
