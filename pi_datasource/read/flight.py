"""Several chains at once: while one page is decoded, others are on their way.

At most `concurrency` requests are in flight or answered and not yet taken, so memory is bounded by that many
responses, whatever the range. Of decoded events, which take ten times the memory of columns, one response at a time is
held: the thread that decodes it also makes its columns. (Python runs one thread at a time anyway.)
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, Generic, Protocol, TypeVar

from pi_datasource.errors import PIError
from pi_datasource.webapi.client import Client

__all__ = ["Rounds", "fly"]

T = TypeVar("T")
P = TypeVar("P")


class Rounds(Protocol, Generic[P]):
    """What is read in rounds: `fetch` talks to the server, `take` makes pages of what came and moves on.

    Attributes:
        client: who is asked.
        failures: what could not be read → why, since this was last emptied.
    """

    client: Client
    failures: dict[str, PIError]

    @property
    def done(self) -> bool:
        """Whether nothing is left to ask."""
        ...

    def fetch(self) -> Any:
        """Asks the next round."""
        ...

    def take(self, fetched: Any) -> list[P]:
        """Makes pages of it."""
        ...


def fly(
    chains: Iterable[Rounds[P]], concurrency: int, finish: Callable[[list[P]], T]
) -> Iterator[tuple[T, dict[str, PIError]]]:
    """Runs the chains, `concurrency` at once, and hands on what they bring as it comes.

    When the caller stops early or an error passes through, nothing new is asked; requests under way run out unheard.

    Args:
        chains: what to read.
        concurrency: requests in flight.
        finish: makes of a chain's pages what is handed on; runs in the thread that fetched them.

    Returns:
        What was made of the pages, and the tags that failed in the same round with their causes.

    Raises:
        PIError: what a chain raises.
    """

    def work(chain: Rounds[P]) -> tuple[T, dict[str, PIError]]:
        with chain.client.decoding.held():
            fetched = chain.fetch()
            begun = time.monotonic()
            brought = finish(chain.take(fetched))
            chain.client.traffic.add(decoding=time.monotonic() - begun)
        # Taken away here: by the time somebody looks, the chain is in its next round.
        failures, chain.failures = chain.failures, {}
        return brought, failures

    def launch(chain: Rounds[P]) -> None:
        flying[pool.submit(work, chain)] = chain

    waiting = deque(chain for chain in chains if not chain.done)
    flying: dict[Future[tuple[T, dict[str, PIError]]], Rounds[P]] = {}
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="osipi")
    try:
        while waiting or flying:
            while waiting and len(flying) < concurrency:
                launch(waiting.popleft())
            ready, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in ready:
                chain = flying.pop(future)
                brought = future.result()
                if not chain.done:
                    waiting.appendleft(chain)
                if waiting:
                    launch(waiting.popleft())
                yield brought
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
