from __future__ import annotations

import logging
import threading
import time

import pytest

from pi_datasource.errors import PIConnectionError, PILoginError, PIRequestError
from pi_datasource.webapi.auth.tokens import Token, Tokens, tokens_of
from tests.unit.webapi.fakes import Clock


class Provider:
    """Hands out t1, t2, …; fails as long as it has failures."""

    def __init__(self, seconds: float = 3600.0) -> None:
        self.seconds = seconds
        self.asked = 0
        self.given = 0
        self.failure: PIRequestError | None = None

    def __call__(self) -> Token:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        self.given += 1
        return Token(f"t{self.given}", self.seconds)


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(provider: Provider, clock: Clock) -> Tokens:
    return Tokens(provider, clock)


@pytest.mark.parametrize(
    ("life", "good_for"), [(3600.0, 3570.0), (120.0, 90.0), (60.0, 45.0), (5.0, 3.75), (1.0, 0.75)]
)
def test_a_token_is_renewed_a_little_before_it_ends(tokens, provider, clock, life: float, good_for: float) -> None:
    provider.seconds = life
    assert tokens.current() == "t1"
    clock.sleep(good_for - 0.01)
    assert (tokens.current(), provider.asked) == ("t1", 1)
    clock.sleep(0.01)
    assert (tokens.current(), provider.asked) == ("t2", 2)


def test_threads_that_need_one_share_one_request(clock: Clock) -> None:
    provider = Provider()

    def slow() -> Token:
        time.sleep(0.05)
        return provider()

    tokens, found = Tokens(slow, clock), []
    threads = [threading.Thread(target=lambda: found.append(tokens.current())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert (found, provider.asked) == (["t1"] * 8, 1)


class TestRefused:
    def test_a_refused_token_is_replaced_once_for_all_threads(self, tokens: Tokens, provider: Provider) -> None:
        tokens.current()
        assert [tokens.replace("t1") for _ in range(5)] == [True] * 5
        assert (tokens.current(), provider.asked) == ("t2", 2)

    def test_a_storm_of_refusals_asks_once_more_and_then_at_each_expiry(self, tokens, provider, clock) -> None:
        provider.seconds = 100.0
        seen = set()
        for _ in range(1000):
            sent = tokens.current()
            seen.add(sent)
            tokens.replace(sent)
            clock.sleep(0.5)
        # 500 s of tokens that are good for 75 s each: the first, its replacement, and one at each end.
        assert provider.asked == len(seen) == 8
        assert provider.asked <= 1 + 1 + 500 / 75

    def test_a_token_that_was_accepted_is_replaced_when_it_is_refused_later(self, tokens, provider) -> None:
        for number in range(1, 5):
            token = tokens.current()
            assert token == f"t{number}"
            tokens.accepted(token)
            assert tokens.replace(token)
        assert provider.asked == 5

    def test_an_older_token_accepted_late_says_nothing_of_the_present_one(self, tokens, provider) -> None:
        tokens.replace(tokens.current())
        tokens.accepted("t1")
        assert tokens.replace("t2") is False
        assert provider.asked == 2


class TestProviderDown:
    def test_the_token_at_hand_is_used_up_first(self, tokens, provider, clock, caplog) -> None:
        caplog.set_level(logging.WARNING, "pi_datasource")
        tokens.current()
        clock.sleep(3575)
        provider.failure = PIConnectionError("nobody there")
        assert tokens.current() == "t1"
        assert "cannot be renewed yet, and the one at hand is good for some time more: nobody there" in caplog.text
        for _ in range(249):
            clock.sleep(0.1)
            assert tokens.current() == "t1"
        assert provider.asked < 12
        clock.sleep(0.2)
        with pytest.raises(PIConnectionError, match="nobody there"):
            tokens.current()
        provider.failure = None
        clock.sleep(1.0)
        assert tokens.current() == "t2"

    def test_a_failure_is_shared_for_a_while(self, tokens, provider, clock) -> None:
        provider.failure = PIConnectionError("nobody there", retry_after=2.0)
        for _ in range(10):
            with pytest.raises(PIConnectionError, match="nobody there") as caught:
                tokens.current()
            assert caught.value.retry_after == 2.0
        assert provider.asked == 1
        clock.sleep(2.0)
        provider.failure = None
        assert tokens.current() == "t1"

    def test_a_refused_client_is_not_sent_again_for_half_a_minute(self, tokens, provider, clock) -> None:
        provider.failure = PILoginError("invalid_client")
        for _ in range(29):
            with pytest.raises(PILoginError, match="invalid_client"):
                tokens.current()
            clock.sleep(1.0)
        assert provider.asked == 1
        clock.sleep(2.0)
        provider.failure = None
        assert tokens.current() == "t1"

    def test_a_refused_client_fails_although_the_old_token_is_good(self, tokens, provider, clock) -> None:
        tokens.current()
        clock.sleep(3575)
        provider.failure = PILoginError("invalid_client")
        with pytest.raises(PILoginError, match="invalid_client"):
            tokens.current()


def test_one_process_has_one_store_for_a_key(provider: Provider) -> None:
    first = tokens_of(("unit", "a"), provider)
    assert tokens_of(("unit", "a"), Provider()) is first
    assert tokens_of(("unit", "b"), provider) is not first


def test_a_token_is_not_shown() -> None:
    assert repr(Token("canary", 5.0)) == "<token for 5 s>"
