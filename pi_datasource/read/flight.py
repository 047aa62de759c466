"""Several chains at once: while one page is decoded, others are on their way.

At most `concurrency` requests are in flight or answered and not yet taken, so memory is bounded by that many
responses, whatever the range. Of decoded events, which take ten times the memory of columns, one response at a time is
held: the thread that decodes it also makes its columns. (Python runs one thread at a time anyway.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from pi_datasource.errors import PIError
from pi_datasource.read.chain import Chain
from pi_datasource.read.cursor import Page

__all__ = ["fly"]

T = TypeVar("T")


def fly(
    chains: Iterable[Chain], concurrency: int, finish: Callable[[list[Page]], T]
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

    def work(chain: Chain) -> tuple[T, dict[str, PIError]]:
        with chain.client.decoding.held():
            brought = finish(chain.take(chain.fetch()))
        # Taken away here: by the time somebody looks, the chain is in its next round.
        failures, chain.failures = chain.failures, {}
        return brought, failures

    def launch(chain: Chain) -> None:
        flying[pool.submit(work, chain)] = chain

    waiting = deque(chain for chain in chains if not chain.done)
    flying: dict[Future[tuple[T, dict[str, PIError]]], Chain] = {}
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
