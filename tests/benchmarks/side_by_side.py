"""Beside others, on the same server, by turns: pyspark-pi 0.3.0 at its best settings, and a plain Python script.

Two lines tell how far it can go: the reader with no more columns than the others have, and Spark alone, which is handed
the reader's record batches ready made from a file. No reader of any kind is faster than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from mock_pi import MockPI, text_of, ticks_of
from tests.benchmarks import worlds
from tests.benchmarks.context import Context, Line
from tests.benchmarks.floor import read_once
from tests.benchmarks.measure import Run, by_turns
from tests.benchmarks.ours import of_run
from tests.benchmarks.ready import write_ready
from tests.benchmarks.sparkprocess import SparkProcess, spark
from tests.benchmarks.worlds import START, World

#: Settings of pyspark-pi that were tried: the requests it puts into a partition, as parts of all.
PARTS = (1, 2)
#: The columns that pyspark-pi has, by our names.
THEIR_COLUMNS = (
    "tag string, timestamp timestamp, value double, uom string, "
    "good boolean, questionable boolean, substituted boolean, annotated boolean"
)
READY = "Spark alone, batches ready made"


def side_by_side(context: Context) -> Iterator[Line]:
    """Three archives; speed, and whether the rows are right."""
    chosen = (
        [worlds.even(50, 1_000), worlds.deep(10, 5_000), worlds.uneven(50, 1_000)]
        if context.quick
        else [worlds.even(), worlds.deep(), worlds.uneven()]
    )
    # A Spark each: what one leaves behind in a process makes the others slower.
    with spark() as one, spark() as plainly, spark() as handed, spark(packages=context.other) as another:
        for world in chosen:
            # pyspark-pi fails at the `{}` that PI Web API may give for a tag without events: it is spared that.
            with MockPI(world.system, process=True, keep_empty_items=True) as pi:
                yield from _lines(context, world, pi, Sparks(one, plainly, handed, another))


class Sparks(NamedTuple):
    """The processes that run the jobs: ours, the plain script, the ready batches, and pyspark-pi."""

    ours: SparkProcess
    plain: SparkProcess
    ready: SparkProcess
    other: SparkProcess


def _lines(context: Context, world: World, pi: MockPI, sparks: Sparks) -> Iterator[Line]:
    # Their ranges hold both ends, so they are given the last instant of ours.
    last = text_of(ticks_of(world.end) - 1)
    plain = {"url": pi.url, "paths": world.paths(), "start": START, "end": last}
    options = world.options(pi.url)
    folder = context.scratch / f"side-{world.name}"
    write_ready(folder, read_once({**options, "numPartitions": "2"}).partitions)
    jobs: dict[str, tuple[SparkProcess, dict[str, Any], list[str]]] = {
        "ours": (sparks.ours, {"format": "osipi", "options": options}, ["tag", "ticks", "seq"]),
        "ours, their columns": (
            sparks.ours,
            {"format": "osipi", "options": options, "schema": THEIR_COLUMNS},
            ["tag", "timestamp"],
        ),
        READY: (sparks.ready, {"format": "ready", "options": {"path": str(folder)}}, ["tag", "ticks", "seq"]),
        "plain Python": (sparks.plain, {"format": "plain", "options": plain}, ["tag", "timestamp"]),
    }
    settings = ""
    if context.other is not None:
        best, settings = _best(world, pi, sparks.other, last)
        jobs["pyspark-pi 0.3.0"] = (sparks.other, best, ["point", "timestamp"])
    ways = {name: _way(process, job) for name, (process, job, _) in jobs.items()}
    runs = by_turns(ways, context.rounds, None)
    for name, (process, job, key) in jobs.items():
        yield {
            "archive": world.name,
            "way": name,
            **of_run(runs[name]),
            "times_slower": round(runs[name].wall / runs["ours"].wall, 1),
            "times_cpu": round(runs[name].cpu / runs["ours"].cpu, 1),
            "right": _verdict(world, process.ask({**job, "sink": "noop", "check": key})),
            "settings": settings if name.startswith("pyspark") else "",
        }


def _way(process: SparkProcess, job: dict[str, Any]) -> Any:
    return lambda: process.run({**job, "sink": "noop"})


def _best(world: World, pi: MockPI, another: SparkProcess, last: str) -> tuple[dict[str, Any], str]:
    """The fastest of some settings of pyspark-pi: one partition, or two that wait for their slots of time."""
    tried: list[tuple[Run, dict[str, Any], str]] = []
    for parts in PARTS:
        requests = -(-len(world.points) // parts)
        options = {
            "host": pi.url.removesuffix("/piwebapi"), "authMethod": "anonymous", "requestType": "recorded",
            "startTime": START, "endTime": last, "rateLimitMaxRequests": str(requests), "rateLimitDuration": "1",
            "rowLevelErrorHandling": "nullify",
        }  # fmt: skip
        job = {"format": "pi", "options": options, "paths": world.paths()}
        said = f"rateLimitMaxRequests={requests} rateLimitDuration=1 maxReturnedItemsPerCall=150000"
        # The first run warms the process up.
        runs = [another.run({**job, "sink": "noop"}) for _ in range(2)]
        tried.append((runs[-1], job, said))
    _, job, said = min(tried, key=lambda one: one[0].wall)
    return job, said


def _verdict(world: World, found: dict[str, Any]) -> str:
    """What is wrong with the rows, in a few words."""
    first, last = ticks_of(START), ticks_of(world.end) - 1
    events = [event for point in world.points for event in world.system.events(point, first, last)]
    numbers = sum(isinstance(event.value, (int, float)) for event in events)
    wrong = []
    for name, wanted in (
        ("rows", len(events)), ("distinct", len(events)), ("values", numbers),
        ("micros", sum(event.ticks // 10 for event in events)),
    ):  # fmt: skip
        if int(found[name]) != wanted:
            wrong.append(f"{name} {int(found[name]) - wanted:+,}")
    return "right" if not wrong else "wrong: " + ", ".join(wrong)
