"""When to try again, how long to wait before, and what to say when it did not help.

Only what can help is tried again (`PIRetriableError`): a lost connection, no answer in time, 429, 502, 503, a body
that is cut or undecodable, a web page where JSON belongs. 500 is tried twice more, since PI Web API also answers it
for missing rights, where no patience helps. All reads are GETs or a POST of GETs, so repeating one changes nothing.

A host that never answered, or not as PI Web API does, gets seconds, for then its address is most likely wrong; one that
did answer gets the whole time.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIRateLimitError,
    PIRetriableError,
    PIServerError,
    PITimeoutError,
)

__all__ = ["Patience", "RetryRules"]

T = TypeVar("T")

#: Seconds before the first retry.
FIRST_WAIT = 0.2
#: Seconds to wait at most after a 429 that does not say how long: when others stop asking, it is over at once, and
#: requests that sleep on would leave the server idle.
LONGEST_WAIT_AFTER_429 = 8.0
#: So many times as many tries after a 429: the server is well and asks for time, and a storm of refusals that
#: outlasts a few tries must not end a backfill of days.
TRIES_AFTER_429 = 4
#: Further tries after a 500: it may be a passing fault, and it may be a right that is missing for ever.
TRIES_AFTER_500 = 2
#: Further tries, and seconds in all, for a host that has never answered.
TRIES_AT_UNKNOWN_HOST = 2
SECONDS_AT_UNKNOWN_HOST = 5.0


@dataclass(frozen=True)
class RetryRules:
    """How patient to be with one request.

    Attributes:
        max_retries: tries after the first.
        budget: seconds from the first try to the last.
        first_wait: seconds before the first retry; each further wait is twice as long.
        longest_wait: ceiling of a wait that we choose; one the server asks for (Retry-After) is obeyed as it is.
    """

    max_retries: int = 8
    budget: float = 300.0
    first_wait: float = field(default_factory=lambda: FIRST_WAIT)
    longest_wait: float = 30.0


@dataclass
class Patience:
    """The tries of one request so far.

    Attributes:
        rules: how patient to be.
        what: the request in words, for the message.
        clock, sleep, jitter: to be replaced in tests.
    """

    rules: RetryRules
    what: str
    host_known: Callable[[], bool] = lambda: True
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[float, float], float] = random.uniform
    seen: Counter[str] = field(default_factory=Counter)
    started: float = -1.0

    def run(self, attempt: Callable[[], T], hand_back: tuple[type[PIRetriableError], ...] = ()) -> T:
        """Calls `attempt` until it succeeds, fails for good, or patience ends.

        Args:
            attempt: one try.
            hand_back: failures that are raised at once.

        Raises:
            PIRequestError: the last failure; a retriable one says how often what was tried.
        """
        self.begin()
        while True:
            try:
                return attempt()
            except PIRetriableError as error:
                if isinstance(error, hand_back):
                    raise
                self.wait_after(error)

    def begin(self) -> None:
        """Starts the clock, if it does not run yet."""
        if self.started < 0:
            self.started = self.clock()

    def wait_after(self, error: PIRetriableError, *, counts_500: bool = True) -> float:
        """Waits before the next try; raises `error`, with the story so far, when there is none. Returns the seconds.

        Args:
            error: the failure.
            counts_500: False for a caller that limits the tries after a 500 by itself.
        """
        self.begin()
        self.seen[label(error)] += 1
        wait = self.next_wait(error, counts_500=counts_500)
        if wait is None:
            raise self.given_up(error) from error
        self.sleep(wait)
        return wait

    def next_wait(self, error: PIRetriableError, *, counts_500: bool = True) -> float | None:
        """Seconds to wait before trying again, or None when that is no longer of use."""
        tries, budget = self.rules.max_retries, self.rules.budget
        if isinstance(error, PIConnectionError | PITimeoutError | PIBadAnswerError) and not self.host_known():
            tries, budget = min(tries, TRIES_AT_UNKNOWN_HOST), min(budget, SECONDS_AT_UNKNOWN_HOST)
        tired_of_500 = counts_500 and self.seen["500"] > TRIES_AFTER_500
        if isinstance(error, PIServerError) and error.status == 500 and tired_of_500:
            return None
        longest = self.rules.longest_wait
        if isinstance(error, PIRateLimitError):
            longest = min(longest, LONGEST_WAIT_AFTER_429)
        failures, refusals = sum(self.seen.values()), self.seen["429"]
        if failures - refusals + refusals / TRIES_AFTER_429 > tries:
            return None
        wait = min(self.rules.first_wait * 2 ** (failures - 1), longest)
        wait = max(self.jitter(wait / 2, wait), error.retry_after or 0.0)
        return wait if self.clock() - self.started + wait <= budget else None

    def given_up(self, error: PIRetriableError) -> PIRetriableError:
        """The last failure, told with all that was tried."""
        story = ", ".join(f"{text} {times}×" if times > 1 else text for text, times in self.seen.items())
        tries = sum(self.seen.values())
        seconds = self.clock() - self.started
        asked = f"; the server asks to wait {error.retry_after:g} s more" if error.retry_after else ""
        final = type(error)(
            f"{error}\ngave up on {self.what} after {tries} {'try' if tries == 1 else 'tries'} in {seconds:.1f} s "
            f"({story}{asked})",
            status=error.status,
            retry_after=error.retry_after,
        )
        final.attempts = tries
        return final


def label(error: PIRetriableError) -> str:
    """A failure in a word or two, for counting."""
    if error.status is not None and error.status >= 400:
        return str(error.status)
    if isinstance(error, PIConnectionError):
        return "no connection"
    return "time-out" if isinstance(error, PITimeoutError) else "bad answer"
