"""`python -m tests.benchmarks [--quick] [name…]`: runs benchmarks, prints tables, writes JSON and a picture."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.context import Benchmark, Context, Line
from tests.benchmarks.goals import goals
from tests.benchmarks.lists import event_frames, hierarchy, points
from tests.benchmarks.network import compression, connections
from tests.benchmarks.ours import ours, wide
from tests.benchmarks.picture import draw
from tests.benchmarks.planning import partitions, planning
from tests.benchmarks.scaling import scaling
from tests.benchmarks.side_by_side import side_by_side
from tests.benchmarks.storm import storm
from tests.benchmarks.trigger import trigger

BENCHMARKS: dict[str, Benchmark] = {
    "ours": ours, "side_by_side": side_by_side, "wide": wide, "scaling": scaling, "planning": planning,
    "partitions": partitions, "trigger": trigger, "points": points, "hierarchy": hierarchy,
    "event_frames": event_frames, "compression": compression, "connections": connections, "storm": storm,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests/benchmarks/run.sh", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(BENCHMARKS)}; all unless given")
    parser.add_argument("--quick", action="store_true", help="small sizes: does everything run?")
    parser.add_argument("--rounds", type=int, help="alternating runs of each way (5; quick: 1)")
    parser.add_argument("--other", type=Path, help="folder of packages with pyspark-pi")
    parser.add_argument("--output", type=Path, default=Path(".cache/benchmarks"))
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}")
    asked.output.mkdir(parents=True, exist_ok=True)
    results: dict[str, list[Line]] = {}
    machine = _machine()
    with tempfile.TemporaryDirectory(prefix="osipi-benchmark-") as scratch:
        context = Context(asked.quick, asked.rounds or (1 if asked.quick else 5), asked.other, Path(scratch))
        for name in asked.names or BENCHMARKS:
            began = time.perf_counter()
            print(f"\n== {name}: {' '.join((BENCHMARKS[name].__doc__ or '').split())}", flush=True)
            results[name] = list(BENCHMARKS[name](context))
            show(results[name])
            print(f"({time.perf_counter() - began:.0f} s, load {os.getloadavg()[0]:.1f})", flush=True)
            kept = [*goals(results)]
            _write(asked.output / "results.json", {**machine, "quick": asked.quick, "results": results, "goals": kept})
    if kept:
        print("\n== goals" + (" (quick: the sizes are not those of the goals)" if asked.quick else ""))
        show(kept)
    draw(results, asked.output / "results.png", f"{machine['machine']}, {machine['when']}")
    print(f"\n{asked.output / 'results.json'}, {asked.output / 'results.png'}")


def _machine() -> Line:
    now = datetime.datetime.now(datetime.timezone.utc)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return {
        "when": now.isoformat(timespec="minutes"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, load {load}",
    }


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def show(lines: Sequence[Line]) -> None:
    """Prints lines as a table."""
    names = list(dict.fromkeys(name for line in lines for name in line))
    cells = [names, *([_text(line.get(name)) for name in names] for line in lines)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
    numeric = [all(_is_number(line.get(name)) for line in lines) for name in names]
    for row in cells:
        print("  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip())  # fmt: skip


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (int, float))


def _text(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, (int, float)) else str(value)


if __name__ == "__main__":
    main()
