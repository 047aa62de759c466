"""How cost grows: with the range, the tags, the server's latency, and the Spark it runs on; peak memory beside it."""

from __future__ import annotations

from collections.abc import Iterator

from mock_pi import MockPI
from tests.benchmarks import worlds
from tests.benchmarks.context import Context, Line
from tests.benchmarks.measure import Run
from tests.benchmarks.ours import of_run
from tests.benchmarks.sparkprocess import SparkProcess, spark
from tests.benchmarks.worlds import World

MASTERS = ("local[1]", "local[2]", "local-cluster[2,1,2048]")


def scaling(context: Context) -> Iterator[Line]:
    """One thing grows at a time."""
    factors = (1, 10) if context.quick else (1, 10, 100)
    for what in ("range", "tags"):
        for factor in factors:
            # A Spark each: memory that a worker once took, it keeps.
            with spark() as one:
                world = worlds.even(20, 1_000 * factor) if what == "range" else worlds.even(20 * factor, 1_000)
                yield _line(context, one, world, f"{what} {factor}×", 0.0)
    world = worlds.even(context.size(100, 20), context.size(5_000, 1_000))
    with spark() as one:
        for delay in (0.0, 0.02, 0.05, 0.2):
            yield _line(context, one, world, f"latency {delay * 1000:.0f} ms", delay)
    for master in MASTERS:
        with spark(master) as one:
            yield _line(context, one, world, master, 0.05)


def _line(context: Context, one: SparkProcess, world: World, case: str, delay: float) -> Line:
    with MockPI(world.system, process=True, delay=delay) as pi:
        job = {"format": "osipi", "options": world.options(pi.url), "sink": "noop"}
        runs: list[Run] = [one.run(job) for _ in range(2)]
        if any(run.rows != world.rows for run in runs):
            raise SystemExit(f"{case}: {[run.rows for run in runs]} rows instead of {world.rows:,}")
        return {
            "case": case, **of_run(runs[-1]), "driver_mb": round(max(run.driver_mb for run in runs)),
            "worker_mb": round(max(run.worker_mb for run in runs)), "requests": pi.stats().requests // len(runs),
        }  # fmt: skip
