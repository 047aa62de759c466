"""The guard of speed in CI: `python -m tests.benchmarks.guard`. Fails where the reader costs far more than the floor.

Only a ratio of processor times within one process counts: the reader (planning included) to fetch alone + decode alone,
in the best of some rounds, since what else the machine does falls upon one of them and not upon another. It is 0.9 to
1.3 on quiet machines: the decoder of the floor makes an object for each event, which some do much faster than others,
and the reader does not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from mock_pi import MockPI
from tests.benchmarks import worlds
from tests.benchmarks.floor import decode_alone, fetch_alone, read_once, reader_alone
from tests.benchmarks.measure import Run

#: What the reader may cost, as a multiple of the floor.
MOST = 1.7
ROUNDS = 5


def main() -> int:
    """Measures; 0 where the reader is fast enough."""
    failed = False
    for world in (worlds.even(100, 1_000), worlds.mixed(96, 1_000)):
        with MockPI(world.system, process=True) as pi:
            options = world.options(pi.url)
            reading = read_once(options)
            ways: dict[str, Callable[[], Run]] = {
                "fetch": lambda reading=reading: fetch_alone(reading),
                "decode": lambda reading=reading: decode_alone(reading),
                "reader": lambda options=options: reader_alone(options),
            }
            rounds = []
            for _ in range(ROUNDS):
                used = {}
                for name, way in ways.items():
                    run = way()
                    if run.rows != world.rows:
                        print(f"{world.name}, {name}: {run.rows:,} rows instead of {world.rows:,}")
                        return 1
                    used[name] = run.cpu
                rounds.append((used["reader"] / (used["fetch"] + used["decode"]), used))
        ratio, used = min(rounds, key=lambda one: one[0])
        failed |= ratio > MOST
        print(
            f"{world.name}: {world.rows:,} rows, fetch {used['fetch']:.3f} + decode {used['decode']:.3f}, reader "
            f"{used['reader']:.3f} s of processor: {ratio:.2f} × the floor, at most {MOST} is accepted"
        )
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
