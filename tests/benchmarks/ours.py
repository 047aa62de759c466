"""Ours end to end, beside the floor of the same run: five archives; no-op and Delta sink; batch and stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mock_pi import MockPI, ticks_of
from tests.benchmarks import worlds
from tests.benchmarks.context import Context, Line
from tests.benchmarks.floor import decode_alone, fetch_alone, read_once, reader_alone
from tests.benchmarks.measure import WARM_UP, Run, by_turns
from tests.benchmarks.ready import write_ready
from tests.benchmarks.sparkprocess import SparkProcess, spark
from tests.benchmarks.worlds import World

#: Name of a way → where its rows go.
BATCHES = {"batch, no-op sink": "noop", "batch, Delta": "delta"}
STREAMS = {"stream, no-op sink": "stream-noop", "stream, Delta": "stream-delta"}


def archives(context: Context) -> list[World]:
    """What is read, apart from the wide one."""
    if context.quick:
        return [worlds.even(50, 1_000), worlds.deep(10, 5_000), worlds.uneven(50, 1_000), worlds.mixed(50, 1_000)]
    return [worlds.even(), worlds.deep(), worlds.uneven(), worlds.mixed()]


def ours(context: Context) -> Iterator[Line]:
    """Each archive into each sink, with the floor: fetch + decode + Spark alone, in seconds of processor."""
    with spark(delta=True) as one:
        for world in archives(context):
            with MockPI(world.system, process=True, max_count=world.item_limit) as pi:
                yield from _lines(context, world, pi, one)


def _lines(context: Context, world: World, pi: MockPI, one: SparkProcess) -> Iterator[Line]:
    options = {**world.options(pi.url), "numPartitions": "2"}
    reading = read_once(options)
    if reading.rows != world.rows:
        raise SystemExit(f"{world.name}: {reading.rows:,} rows instead of {world.rows:,}")
    folder = context.scratch / f"ready-{world.name}"
    write_ready(folder, reading.partitions)
    batches = {name: {"format": "osipi", "options": options, "sink": sink} for name, sink in BATCHES.items()}
    alone = {"format": "ready", "options": {"path": str(folder)}, "sink": "noop"}

    def job(asked: dict[str, Any]) -> Callable[[], Run]:
        return lambda: one.run(asked)

    ways = {
        "fetch alone": lambda: fetch_alone(reading),
        "decode alone": lambda: decode_alone(reading),
        "Spark alone": job(alone),
        "reader without Spark": lambda: reader_alone(options),
        **{name: job(asked) for name, asked in {**batches, **_streams(world, pi, options)}.items()},
    }
    busy = pi.cpu_seconds()
    runs = by_turns(ways, context.rounds, world.rows)
    busy = pi.cpu_seconds() - busy
    floor = sum(runs[name].cpu for name in ("fetch alone", "decode alone", "Spark alone"))
    for name, run in runs.items():
        compared = name in BATCHES or name in STREAMS
        yield {
            "archive": world.name,
            "way": name,
            **of_run(run),
            # Of both kinds: a clock on a busy machine tells of the others, too.
            "floor_cpu": round(floor / run.cpu, 2) if compared else None,
            "floor_clock": round(floor / context.cores / run.wall, 2) if compared else None,
        }
    fetches = len([name for name in ways if name not in ("decode alone", "Spark alone")]) * (WARM_UP + context.rounds)
    yield {
        "archive": world.name,
        "way": "the server, for each read",
        "rows": world.rows,
        "cpu_s": round(busy / fetches, 3),
    }


def of_run(run: Run) -> Line:
    """A run as columns."""
    return {
        "rows": run.rows,
        "seconds": round(run.wall, 3),
        "cpu_s": round(run.cpu, 3),
        "us_cpu_a_row": round(run.cpu / max(1, run.rows) * 1e6, 2),
        "krows_a_s": round(run.rows / max(run.wall, 1e-9) / 1e3, 1),
    }


def wide(context: Context) -> Iterator[Line]:
    """30,000 tags × 1 h from a server that waits 50 ms before each answer and hands out 1,000 values at once."""
    world = worlds.wide(context.size(30_000, 1_000))
    with spark(delta=True) as one, MockPI(world.system, process=True, max_count=world.item_limit, delay=0.05) as pi:
        options = world.options(pi.url)
        jobs = {name: {"format": "osipi", "options": options, "sink": sink} for name, sink in BATCHES.items()}
        # A batch first: it is told with what a new Spark costs, as it is in a job of its own.
        for name, job in [*jobs.items(), *_streams(world, pi, options).items()]:
            pi.reset_stats()
            busy = pi.cpu_seconds()
            run = one.run(job)
            if run.rows != world.rows:
                raise SystemExit(f"wide, {name}: {run.rows:,} rows instead of {world.rows:,}")
            yield {
                "archive": world.name, "way": name, **of_run(run), "worker_mb": round(run.worker_mb),
                "requests": pi.stats().requests, "server_cpu_s": round(pi.cpu_seconds() - busy, 1),
            }  # fmt: skip


def _streams(world: World, pi: MockPI, options: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The same range as a stream: what it ends at is where the server's clock stands now."""
    pi.set_now(ticks_of(world.end) - 1)
    streamed = {name: text for name, text in options.items() if name not in ("endTime", "numPartitions")}
    return {
        name: {"format": "osipi", "options": {**streamed, "settleTime": "0"}, "sink": sink}
        for name, sink in STREAMS.items()
    }
