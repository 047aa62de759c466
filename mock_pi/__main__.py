"""`python -m mock_pi --port 8010 --tags 1000`: a pretend PI Web API for trying things by hand."""

from __future__ import annotations

import argparse
import sys

from mock_pi.server import listen, make_server
from mock_pi.switches import Switches
from mock_pi.system.pisystem import PISystem


def main(arguments: list[str] | None = None) -> int:
    """Serves until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m mock_pi", description="A pretend AVEVA PI Web API.")
    parser.add_argument("--port", type=int, default=8010, help="TCP port on 127.0.0.1 (default: 8010; 0: any free one)")
    parser.add_argument("--tags", type=int, default=1000, help="number of points (default: 1000)")
    parser.add_argument("--seed", type=int, default=1, help="start of the random names (default: 1)")
    parser.add_argument("--now", help="stop the server's clock at this ISO time (default: the real time)")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds every answer takes at least (default: 0)")
    parser.add_argument("--max-count", type=int, default=150_000, help="rows a call may return (default: 150000)")
    options = parser.parse_args(arguments)
    server = make_server(
        PISystem.demo(options.tags, options.seed, options.now),
        Switches(max_count=options.max_count, delay=options.delay),
    )
    try:
        listener = listen(options.port)
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {options.port}: {error.strerror}\n")
        return 1
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/piwebapi"
    sys.stdout.write(
        f"{url}\n\n"
        f"{options.tags} points on the data server MOCKPI, one event every 10 seconds each. Try:\n"
        f"  curl -s '{url}/points?path=%5C%5CMOCKPI%5CSINUSOID'\n"
        "Ctrl-C ends it.\n"
    )
    sys.stdout.flush()
    server.run(sockets=[listener])
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
