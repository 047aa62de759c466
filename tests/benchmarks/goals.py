"""What we promise of speed, and whether this run kept it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks.context import Line
from tests.benchmarks.side_by_side import READY

Results = Mapping[str, Sequence[Line]]


def goals(results: Results) -> Iterator[Line]:
    """A line for each goal that was measured."""
    for name, wanted, needed, reached in _GOALS:
        if all(results.get(one) for one in needed):
            got, met = reached(results)
            yield {"goal": name, "wanted": wanted, "reached": got, "met": "yes" if met else "no"}


def _find(results: Results, benchmark: str, **wanted: Any) -> list[Line]:
    return [line for line in results[benchmark] if all(line.get(key) == value for key, value in wanted.items())]


def _faster(results: Results) -> tuple[str, bool]:
    lines = _find(results, "side_by_side", way="pyspark-pi 0.3.0")
    said = ", ".join(f"{line['archive']} {line['times_slower']}× (processor {line['times_cpu']}×)" for line in lines)
    return said or "pyspark-pi is not there", bool(lines) and all(line["times_slower"] >= 10 for line in lines)


def _possible(results: Results) -> tuple[str, bool]:
    """How often faster than pyspark-pi a reader would be that takes no time at all, and ours with its columns."""
    theirs = {line["archive"]: line for line in _find(results, "side_by_side", way="pyspark-pi 0.3.0")}
    said = []
    for name, way in (("ready made", READY), ("its columns", "ours, their columns")):
        ratios = ", ".join(
            f"{line['archive']} {theirs[line['archive']]['seconds'] / line['seconds']:.1f}× "
            f"(processor {theirs[line['archive']]['cpu_s'] / line['cpu_s']:.1f}×)"
            for line in _find(results, "side_by_side", way=way)
            if line["archive"] in theirs
        )
        said.append(f"{name}: {ratios}")
    return "; ".join(said), bool(theirs)


def _share(results: Results) -> tuple[str, bool]:
    lines = _find(results, "ours", way="batch, no-op sink")
    said = ", ".join(f"{line['archive']} {line['floor_cpu']:.0%} (clock {line['floor_clock']:.0%})" for line in lines)
    return said, all(line["floor_cpu"] >= 0.7 for line in lines)


def _memory(results: Results) -> tuple[str, bool]:
    peaks = [line["worker_mb"] for line in results["scaling"] if line["case"].startswith("range")]
    said = ", ".join(f"{peak} MB" for peak in peaks) + f" (largest / smallest {max(peaks) / min(peaks):.2f})"
    # The smallest range does not fill one response: flat means from the second on.
    return said, max(peaks[1:]) <= 1.2 * min(peaks[1:]) and max(peaks) < 400


def _most(benchmark: str, column: str, limit: float, unit: str = "s", **wanted: Any) -> Callable[..., tuple[str, bool]]:
    def reached(results: Results) -> tuple[str, bool]:
        worst = max(line[column] for line in _find(results, benchmark, **wanted))
        return f"{worst} {unit}".strip(), worst <= limit

    return reached


def _largest_planning(results: Results) -> tuple[str, bool]:
    most = max(line["tags"] for line in results["planning"])
    lines = [line for line in results["planning"] if line["tags"] == most]
    return ", ".join(f"{line['chosen']} {line['seconds']} s" for line in lines), all(
        line["seconds"] < 30 for line in lines
    )


def _triggers(results: Results) -> tuple[str, bool]:
    lines = [line for line in results["trigger"] if not line["trigger"].startswith("first")]
    said = ", ".join(f"{line['trigger']} {line['offset_cpu_s']} s" for line in lines)
    return said, all(line["offset_cpu_s"] < 2 for line in lines)


def _ceilings(results: Results) -> tuple[str, bool]:
    from tests.benchmarks.storm import A_SECOND, IN_FLIGHT

    lines = [line for line in results["storm"] if line["ceilings"] != "none"]
    said = ", ".join(f"{line['storm']}: {line['max_in_flight']} and {line['max_per_second']}/s" for line in lines)
    # Requests leave evenly; on a busy machine some arrive late and close together.
    kept = all(line["max_in_flight"] <= IN_FLIGHT and line["max_per_second"] <= 1.1 * A_SECOND for line in lines)
    return said, kept


_GOALS: tuple[tuple[str, str, tuple[str, ...], Callable[[Results], tuple[str, bool]]], ...] = (
    ("end to end, beside pyspark-pi", "≥ 10 ×", ("side_by_side",), _faster),
    ("the same, of Spark with batches ready made, and of ours with its columns", "told", ("side_by_side",), _possible),
    ("end to end, of the floor", "≥ 70 %", ("ours",), _share),
    ("peak memory of a worker, range 1×, 10×, 100×", "flat within 20 %, < 400 MB", ("scaling",), _memory),
    ("30,000 tags × 1 h at 50 ms", "< 60 s", ("wide",), _most("wide", "seconds", 60, way="batch, no-op sink")),
    ("100,000 tags resolved and planned at 50 ms", "< 30 s", ("planning",), _largest_planning),
    ("a trigger over 100,000 tags: our own time", "< 2 s", ("trigger",), _triggers),
    ("500,000 values of event frames at 50 ms", "< 60 s", ("event_frames",), _most("event_frames", "seconds", 60)),
    ("even work: longest partition / mean, seconds of processor", "≤ 1.3", ("partitions",),
     _most("partitions", "largest_to_mean", 1.3, "", of="cpu_s")),
    ("16 tasks keep 12 in flight and 60/s, in a storm of 429", "kept", ("storm",), _ceilings),
)  # fmt: skip
