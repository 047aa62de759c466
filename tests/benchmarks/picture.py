"""The results as one picture: how fast beside others, how much of the floor, what memory, what planning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.context import Line

COLOURS = ("#1f6f8b", "#e08e45", "#8a8a8a", "#6aa84f", "#a64d79")


def draw(results: Mapping[str, Sequence[Line]], path: Path, title: str) -> None:
    """Draws what was measured; nothing where nothing of it was."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    panels = [(name, panel) for name, panel in PANELS.items() if results.get(name)]
    if not panels:
        return
    rows = -(-len(panels) // 2)
    figure, axes = plt.subplots(rows, min(2, len(panels)), squeeze=False, figsize=(13, 4.2 * rows))
    for axis, (name, panel) in zip(axes.flat, panels, strict=False):
        panel(axis, list(results[name]))
        axis.spines[["top", "right"]].set_visible(False)
    for axis in list(axes.flat)[len(panels) :]:
        axis.axis("off")
    figure.suptitle(title, fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _groups(axis: Any, lines: list[Line], group: str, way: str, value: str, label: str = "{:.0f}") -> None:
    """Bars side by side: a group for each archive, a colour for each way."""
    groups = list(dict.fromkeys(line[group] for line in lines))
    ways = list(dict.fromkeys(line[way] for line in lines))
    width = 0.8 / len(ways)
    for number, name in enumerate(ways):
        found = {line[group]: line[value] for line in lines if line[way] == name}
        places = [place + (number - (len(ways) - 1) / 2) * width for place, one in enumerate(groups) if one in found]
        heights = [found[one] for one in groups if one in found]
        bars = axis.bar(places, heights, width, label=name, color=COLOURS[number % len(COLOURS)])
        axis.bar_label(bars, [label.format(height) for height in heights], fontsize=7)
    axis.set_xticks(range(len(groups)), groups)
    axis.legend(fontsize=7, frameon=False)


def _side_by_side(axis: Any, lines: list[Line]) -> None:
    _groups(axis, lines, "archive", "way", "krows_a_s")
    axis.set_title("Rows a second into a no-op sink, by turns on one server (thousands)", fontsize=9)


def _ours(axis: Any, lines: list[Line]) -> None:
    parts = ("fetch alone", "decode alone", "Spark alone")
    archives = list(dict.fromkeys(line["archive"] for line in lines))
    below = [0.0] * len(archives)
    for number, part in enumerate(parts):
        found = {line["archive"]: line["us_cpu_a_row"] for line in lines if line["way"] == part}
        heights = [found[one] for one in archives]
        axis.bar([place - 0.2 for place in range(len(archives))], heights, 0.35, bottom=below, label=part,
                 color=COLOURS[number + 1])  # fmt: skip
        below = [low + height for low, height in zip(below, heights, strict=True)]
    whole = {line["archive"]: line for line in lines if line["way"] == "batch, no-op sink"}
    bars = axis.bar([place + 0.2 for place in range(len(archives))], [whole[one]["us_cpu_a_row"] for one in archives],
                    0.35, label="ours, end to end", color=COLOURS[0])  # fmt: skip
    axis.bar_label(bars, [f"floor is {whole[one]['floor_cpu']:.0%}" for one in archives], fontsize=7)
    axis.set_xticks(range(len(archives)), archives)
    axis.set_title("Processor time a row beside the floor (µs)", fontsize=9)
    axis.legend(fontsize=7, frameon=False)


def _bars(axis: Any, names: list[str], values: list[float], title: str) -> None:
    bars = axis.barh(range(len(names)), values, color=COLOURS[0])
    axis.bar_label(bars, [f"{value:g}" for value in values], fontsize=7)
    axis.set_yticks(range(len(names)), names, fontsize=7)
    axis.invert_yaxis()
    axis.set_title(title, fontsize=9)


def _scaling(axis: Any, lines: list[Line]) -> None:
    names = [f"{line['case']} ({line['rows']:,} rows)" for line in lines]
    _bars(axis, names, [line["worker_mb"] for line in lines], "Peak memory of the largest Python worker (MB)")


def _planning(axis: Any, lines: list[Line]) -> None:
    groups = [{**line, "tags": f"{line['tags']:,} tags"} for line in lines]
    _groups(axis, groups, "tags", "chosen", "seconds", "{:.1f}")
    axis.set_title("Resolve and plan at 50 ms an answer (s)", fontsize=9)


def _trigger(axis: Any, lines: list[Line]) -> None:
    names = [f"{line['trigger']} ({line['rows']:,} rows)" for line in lines]
    _bars(
        axis,
        names,
        [line["offset_cpu_s"] for line in lines],
        f"Our own time for an offset, {lines[0]['tags']:,} tags (s)",
    )


def _storm(axis: Any, lines: list[Line]) -> None:
    for number, line in enumerate(lines):
        if line["ceilings"] != "none":
            heights = [float(text) for text in line["krows_each_second"].split()]
            axis.plot(range(len(heights)), heights, label=line["storm"], color=COLOURS[number % len(COLOURS)])
    axis.set_title("Rows in each second (thousands); 429 from second 2 on; 16 tasks with ceilings", fontsize=9)
    axis.legend(fontsize=7, frameon=False)


PANELS = {
    "side_by_side": _side_by_side, "ours": _ours, "scaling": _scaling, "planning": _planning, "trigger": _trigger,
    "storm": _storm,
}  # fmt: skip
