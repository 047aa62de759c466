"""What the network costs: compressed answers or plain ones, connections that are kept or opened for each request."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mock_pi import MockPI
from pi_datasource.webapi import compression as encodings
from tests.benchmarks import worlds
from tests.benchmarks.context import Context, Line
from tests.benchmarks.floor import reader_alone
from tests.benchmarks.wire import wire
from tests.benchmarks.worlds import World

#: Bytes a second of the slow wire: 100 Mbit/s.
SPEED = 12_500_000
#: Seconds each way of the long wire.
LATENCY = 0.01


def compression(context: Context) -> Iterator[Line]:
    """The reader without Spark; the server compresses where it is asked to."""
    world = worlds.even(100, context.size(5_000, 1_000))
    with MockPI(world.system, process=True, compress="asked") as pi, wire(pi.port, SPEED) as slow:
        for network, port in (("loopback", pi.port), ("100 Mbit/s", slow)):
            for chosen in ("none", "gzip", "auto"):
                yield _line(pi, world, network, port, {"compression": chosen})


def connections(context: Context) -> Iterator[Line]:
    """The same with connections that last (as the reader keeps them), and with a new one for each request.

    The long wire is a part of this process, so of its processor time.
    """
    world = worlds.even(400, context.size(1_000, 100))
    with MockPI(world.system, process=True) as pi, wire(pi.port, latency=LATENCY) as far:
        for network, port in (("loopback", pi.port), (f"{2 * LATENCY * 1000:.0f} ms there and back", far)):
            for kept, headers in (("kept", {}), ("new for each request", {"Connection": "close"})):
                # Small answers, so that there are many requests.
                chosen = {"rowsPerResponse": "2000", "tagsPerRequest": "2", "compression": "none"}
                given = {"headers": json.dumps(headers)} if headers else {}
                yield {"connections": kept, **_line(pi, world, network, port, {**chosen, **given})}


def _line(pi: MockPI, world: World, network: str, port: int, chosen: dict[str, str]) -> Line:
    encodings._known.clear()
    # Resources inside of batch requests name the server that is asked.
    options = {**world.options(pi.url.replace(str(pi.port), str(port))), **chosen}
    runs = []
    for _ in range(2):
        pi.reset_stats()
        busy = pi.cpu_seconds()
        runs.append(reader_alone(options))
    if any(run.rows != world.rows for run in runs):
        raise SystemExit(f"{network}: {[run.rows for run in runs]} rows instead of {world.rows:,}")
    return {
        "network": network, "compression": chosen["compression"], "rows": world.rows, "requests": pi.stats().requests,
        "seconds": round(runs[-1].wall, 2), "cpu_s": round(runs[-1].cpu, 2),
        "server_cpu_s": round(pi.cpu_seconds() - busy, 2),
    }  # fmt: skip
