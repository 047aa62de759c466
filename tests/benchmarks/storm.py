"""Politeness under stress: sixteen tasks in processes of their own, while the server refuses; the server counts.

A storm is 429 for a part of all requests for some seconds. Told are the most requests in flight and in one second
(against the ceilings asked for), and how fast rows come before the storm, in it, and in each second behind it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from mock_pi import Fault, MockPI
from tests.benchmarks import worlds
from tests.benchmarks.context import Context, Line
from tests.benchmarks.floor import reader_of

TASKS = 16
#: Ceilings of the whole job.
IN_FLIGHT, A_SECOND = 12, 60


def storm(context: Context) -> Iterator[Line]:
    """With ceilings and without; calm, with a storm, and with one that says Retry-After."""
    # Makes pyarrow import pandas where there is one, half a second of processor: once here, not in each task.
    pa.array([""])
    seconds = context.size(3, 1)
    for ceilings in (True, False):
        for kind in ("calm", "429", "429 Retry-After: 1"):
            yield _line(context, ceilings, kind, seconds)


def _line(context: Context, ceilings: bool, kind: str, lasts: int) -> Line:
    world = worlds.even(320, context.size(6_000, 2_000))
    with MockPI(world.system, process=True, delay=0.05) as pi:
        options = {
            **world.options(pi.url), "numPartitions": str(TASKS), "concurrency": "4", "rowsPerResponse": "5000",
        }  # fmt: skip
        if ceilings:
            options |= {"maxInFlight": str(IN_FLIGHT), "requestsPerSecond": str(A_SECOND)}
        reader = reader_of(options)
        planned = reader.partitions()
        pi.reset_stats()
        time.sleep(1.0)
        arrivals: Any = multiprocessing.get_context("fork").Queue()
        began = time.monotonic()
        children = [
            multiprocessing.get_context("fork").Process(target=_task, args=(reader, partition, arrivals, began))
            for partition in planned
        ]
        for child in children:
            child.start()
        starts = 2.0
        if kind != "calm":
            time.sleep(starts)
            after = "1" if "Retry-After" in kind else None
            pi.faults.add(Fault(status=429, count=None, probability=0.7, seed=7, retry_after=after))
            time.sleep(lasts)
            pi.faults.clear()
        per_second: Counter[int] = Counter()
        left, rows, last = len(children), 0, 0.0
        while left:
            got = arrivals.get(timeout=300)
            if got is None:
                left -= 1
                continue
            at, count = got
            per_second[int(at)] += count
            rows, last = rows + count, max(last, at)
        for child in children:
            child.join(30)
        if rows != world.rows:
            raise SystemExit(f"storm: {rows:,} rows instead of {world.rows:,}")
        stats = pi.stats()
        return {
            "tasks": len(planned), "ceilings": f"{IN_FLIGHT} in flight, {A_SECOND}/s" if ceilings else "none",
            "storm": kind, "rows": rows, "requests": stats.requests, "max_in_flight": stats.max_in_flight,
            "max_per_second": stats.max_per_second, "seconds": round(last, 1),
            "krows_each_second": " ".join(f"{per_second[n] / 1000:.0f}" for n in range(int(last) + 1)),
        }  # fmt: skip


def _task(reader: Any, partition: Any, arrivals: Any, began: float) -> None:
    """One task: a process, as Spark's workers are."""
    for batch in reader.read(partition):
        arrivals.put((time.monotonic() - began, batch.num_rows))
    arrivals.put(None)
    arrivals.close()
    arrivals.join_thread()
