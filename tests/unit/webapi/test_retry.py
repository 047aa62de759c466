from __future__ import annotations

import pytest

from pi_datasource import errors
from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIRateLimitError,
    PIRefusedError,
    PIRequestError,
    PIRetriableError,
    PIServerError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.webapi.answers import retry_after
from pi_datasource.webapi.retry import Patience, RetryRules
from tests.unit.webapi.fakes import Clock

RETRIED = [
    PIConnectionError("reset"),
    PITimeoutError("slow"),
    PITimeoutError("slow", status=504),
    PITimeoutError("slow", status=408),
    PIRateLimitError("slower", status=429),
    PIServerError("busy", status=503),
    PIServerError("gateway", status=502),
    PIServerError("failed", status=500),
    PIBadAnswerError("cut"),
]
FINAL = [
    PILoginError("who", status=401),
    PIForbiddenError("no", status=403),
    PINotFoundError("where", status=404),
    PITooLargeError("less", status=413),
    PIRefusedError("no", status=400),
    PIRefusedError("no", status=409),
    PIRefusedError("no", status=501),
]


def highest(_: float, high: float) -> float:
    return high


class Attempts:
    """Fails with these, one after the other (the last for ever, when told so), then succeeds."""

    def __init__(self, *failures: PIRequestError, for_ever: bool = False, takes: float = 0.0) -> None:
        self.failures = list(failures)
        self.for_ever = for_ever
        self.takes = takes
        self.made = 0
        self.clock = Clock()

    def __call__(self) -> str:
        self.made += 1
        self.clock.now += self.takes
        if self.made <= len(self.failures):
            raise self.failures[self.made - 1]
        if self.for_ever:
            raise self.failures[-1]
        return "answer"

    def run(self, rules: RetryRules | None = None, *, known: bool = True, hand_back: tuple = ()) -> str:
        patience = Patience(
            rules or RetryRules(), "list of points", lambda: known, self.clock, self.clock.sleep, highest
        )
        return patience.run(self, hand_back)

    @property
    def waits(self) -> list[float]:
        return self.clock.waits


@pytest.mark.parametrize("error", RETRIED, ids=repr)
def test_what_may_pass_is_tried_again(error: PIRetriableError) -> None:
    attempts = Attempts(error)
    assert attempts.run() == "answer"
    assert attempts.made == 2
    assert attempts.waits == [0.2]


@pytest.mark.parametrize("error", FINAL, ids=repr)
def test_what_cannot_pass_is_raised_at_once(error: PIRequestError) -> None:
    attempts = Attempts(error)
    with pytest.raises(type(error)) as caught:
        attempts.run()
    assert caught.value is error
    assert (attempts.made, attempts.waits) == (1, [])


def test_every_class_of_request_error_is_in_one_of_the_two_lists() -> None:
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PIRequestError)}
    assert kinds - {PIRequestError, PIRetriableError} == {type(error) for error in RETRIED + FINAL}


def test_what_the_caller_wants_handed_back_is_raised_at_once() -> None:
    attempts = Attempts(PITimeoutError("slow"))
    with pytest.raises(PITimeoutError):
        attempts.run(hand_back=(PITimeoutError,))
    assert attempts.made == 1


def test_each_wait_is_twice_the_one_before_up_to_the_ceiling() -> None:
    attempts = Attempts(PIServerError("busy", status=503), for_ever=True)
    with pytest.raises(PIServerError):
        attempts.run(RetryRules(max_retries=9, budget=1000.0))
    assert attempts.waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0])
    assert attempts.made == 10


def test_a_429_that_does_not_say_how_long_is_waited_out_in_shorter_steps() -> None:
    attempts = Attempts(PIRateLimitError("slower", status=429), for_ever=True)
    with pytest.raises(PIRateLimitError):
        attempts.run(RetryRules(max_retries=2, budget=1000.0))
    # And more often: four times as many tries.
    assert attempts.waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0, 8.0])


def test_a_storm_of_429_leaves_the_tries_for_failures() -> None:
    attempts = Attempts(*[PIRateLimitError("slower", status=429)] * 12, PIServerError("busy", status=503))
    assert attempts.run() == "answer"
    attempts = Attempts(*[PIRateLimitError("slower", status=429)] * 4, PIServerError("busy", status=503))
    with pytest.raises(PIServerError, match=r"after 5 tries .*\(429 4×, 503\)"):
        attempts.run(RetryRules(max_retries=1))


def test_jitter_takes_off_up_to_half_of_a_wait_and_adds_nothing() -> None:
    asked = []

    def lowest(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    clock = Clock()
    patience = Patience(RetryRules(), "points", clock=clock, sleep=clock.sleep, jitter=lowest)
    for _ in range(3):
        patience.wait_after(PIServerError("busy", status=503))
    assert asked == [(0.1, 0.2), (0.2, 0.4), (0.4, 0.8)]
    assert clock.waits == [0.1, 0.2, 0.4]


def test_the_default_jitter_stays_between_its_bounds() -> None:
    waits = []
    for _ in range(200):
        clock = Clock()
        waits.append(Patience(RetryRules(), "points", clock=clock, sleep=clock.sleep).wait_after(PIBadAnswerError("x")))
    assert 0.1 <= min(waits) < 0.12
    assert 0.18 < max(waits) <= 0.2


def test_retry_after_in_seconds_is_obeyed_although_it_is_longer_than_our_ceiling() -> None:
    attempts = Attempts(PIRateLimitError("slower", status=429, retry_after=45.0))
    assert attempts.run() == "answer"
    assert attempts.waits == [45.0]


def test_a_retry_after_shorter_than_our_own_wait_does_not_shorten_it() -> None:
    attempts = Attempts(PIRateLimitError("slower", status=429, retry_after=0.01))
    attempts.run()
    assert attempts.waits == [0.2]


def test_retry_after_as_a_date_is_the_time_until_then() -> None:
    now = 1_767_225_600.0  # 2026-01-01T00:00:00Z
    wait = retry_after({"Retry-After": "Thu, 01 Jan 2026 00:00:40 GMT"}, now)
    assert wait == 40.0
    attempts = Attempts(PIServerError("busy", status=503, retry_after=wait))
    attempts.run()
    assert attempts.waits == [40.0]


def test_a_retry_after_longer_than_the_budget_gives_up_at_once_and_says_so() -> None:
    attempts = Attempts(PIRateLimitError("slower", status=429, retry_after=3600.0), for_ever=True)
    with pytest.raises(PIRateLimitError, match="the server asks to wait 3600 s more") as caught:
        attempts.run()
    assert (attempts.made, attempts.waits) == (1, [])
    assert "after 1 try in 0.0 s (429; " in str(caught.value)


def test_500_is_tried_twice_more_and_no_more() -> None:
    attempts = Attempts(PIServerError("failed", status=500), for_ever=True)
    with pytest.raises(PIServerError) as caught:
        attempts.run()
    assert attempts.made == 3
    assert (caught.value.attempts, caught.value.status) == (3, 500)
    assert "(500 3×)" in str(caught.value)


def test_500_that_passes_at_the_third_try_is_healed() -> None:
    attempts = Attempts(*[PIServerError("failed", status=500)] * 2)
    assert attempts.run() == "answer"


def test_other_failures_between_do_not_use_up_the_tries_after_a_500() -> None:
    busy, failed = PIServerError("busy", status=503), PIServerError("failed", status=500)
    attempts = Attempts(busy, busy, busy, failed, busy, failed)
    assert attempts.run() == "answer"
    assert attempts.made == 7


def test_a_caller_that_counts_500_itself_is_not_stopped_by_them() -> None:
    clock = Clock()
    patience = Patience(RetryRules(max_retries=5), "points", clock=clock, sleep=clock.sleep)
    for _ in range(5):
        patience.wait_after(PIServerError("failed", status=500), counts_500=False)
    with pytest.raises(PIServerError):
        patience.wait_after(PIServerError("failed", status=500), counts_500=False)


@pytest.mark.parametrize("error", [PIConnectionError("name not found"), PITimeoutError("silence")], ids=repr)
def test_an_unknown_host_gets_seconds(error: PIRetriableError) -> None:
    attempts = Attempts(error, for_ever=True)
    with pytest.raises(type(error)):
        attempts.run(known=False)
    assert attempts.made == 3
    assert attempts.clock.now - 1000.0 < 5.0


def test_an_unknown_host_that_takes_its_time_is_not_asked_again() -> None:
    attempts = Attempts(PIConnectionError("silence"), for_ever=True, takes=10.0)
    with pytest.raises(PIConnectionError, match=r"after 1 try in 10\.0 s"):
        attempts.run(known=False)
    assert attempts.made == 1


def test_a_known_host_gets_the_whole_budget() -> None:
    attempts = Attempts(PIConnectionError("refused"), for_ever=True, takes=10.0)
    with pytest.raises(PIConnectionError):
        attempts.run(RetryRules(max_retries=100, budget=300.0))
    assert 250.0 < attempts.clock.now - 1000.0 <= 310.0
    assert attempts.made > 10


def test_an_unknown_host_that_answers_503_is_there_and_gets_the_whole_budget() -> None:
    attempts = Attempts(PIServerError("busy", status=503), for_ever=True)
    with pytest.raises(PIServerError):
        attempts.run(known=False)
    assert attempts.made == 9


def test_no_wait_goes_beyond_the_budget() -> None:
    attempts = Attempts(PIServerError("busy", status=503), for_ever=True)
    with pytest.raises(PIServerError):
        attempts.run(RetryRules(max_retries=100, budget=10.0))
    assert 5.0 < sum(attempts.waits) <= 10.0


def test_the_last_message_says_what_was_tried_how_often_and_keeps_the_servers_words() -> None:
    busy, slow = PIServerError("the archive is asleep", status=503), PITimeoutError("silence")
    attempts = Attempts(PIConnectionError("reset"), slow, busy, PIBadAnswerError("cut"), busy, for_ever=True)
    with pytest.raises(PIServerError) as caught:
        attempts.run(RetryRules(max_retries=5))
    text = str(caught.value)
    assert text.startswith("the archive is asleep\ngave up on list of points after 6 tries in ")
    assert text.endswith("(no connection, time-out, 503 3×, bad answer)")
    assert caught.value.attempts == 6
    assert caught.value.__cause__ is busy


def test_no_retries_means_one_try() -> None:
    attempts = Attempts(PIConnectionError("reset"), for_ever=True)
    with pytest.raises(PIConnectionError, match="after 1 try in"):
        attempts.run(RetryRules(max_retries=0))
    assert attempts.made == 1
