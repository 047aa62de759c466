"""Several chains at once: while one page is decoded, others are on their way.

At most `concurrency` requests are in flight or answered and not yet taken, so memory is bounded by that many
responses, whatever the range. A chain's next request leaves before its last answer is turned into columns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from pi_datasource.read.chain import Chain, Fetched
from pi_datasource.read.cursor import Page

__all__ = ["fly"]


def fly(chains: Iterable[Chain], concurrency: int) -> Iterator[tuple[Chain, list[Page]]]:
    """Runs the chains, `concurrency` at once, and hands on what they bring as it comes.

    When the caller stops early or an error passes through, nothing new is asked; requests under way run out unheard.

    Raises:
        PIError: what a chain raises.
    """
    waiting = deque(chains)
    flying: dict[Future[Fetched], Chain] = {}
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix="osipi")
    try:
        while waiting or flying:
            while waiting and len(flying) < concurrency:
                chain = waiting.popleft()
                if not chain.done:
                    flying[pool.submit(chain.fetch)] = chain
            ready, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in ready:
                chain = flying.pop(future)
                pages = chain.take(future.result())
                if not chain.done:
                    flying[pool.submit(chain.fetch)] = chain
                elif waiting and not waiting[0].done:
                    following = waiting.popleft()
                    flying[pool.submit(following.fetch)] = following
                yield chain, pages
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
