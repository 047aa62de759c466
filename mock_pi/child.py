"""The server in a process of its own: `python -m mock_pi.child`, started by `MockPI(process=True)` only.

The system and the switches come pickled on standard input, from the parent; the port goes back on standard output;
when standard input ends, so does the server.
"""

from __future__ import annotations

import gc
import pickle
import sys
import threading

from mock_pi.server import listen, make_server
from mock_pi.switches import Switches


def main() -> None:
    """Serves until the parent lets go."""
    # Ready-made rows are many small objects that live long: looking through them for garbage takes longer than serving.
    gc.set_threshold(100_000, 50, 100)
    system, switches, port = pickle.load(sys.stdin.buffer)  # nosec B301
    server = make_server(system, Switches(**switches))
    listener = listen(port)

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=stop_with_parent, daemon=True).start()
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
