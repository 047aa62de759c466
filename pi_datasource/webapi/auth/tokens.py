"""Access tokens that are renewed in time: one for all threads of a process, asked for by one of them.

A token is renewed a little before it ends. One that the server refuses although it should be good is replaced once;
when the fresh one is refused as well, the next comes with the next expiry, however many requests are refused until
then: a server that accepts nobody must not turn into a storm at whoever hands out tokens.
"""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import requests

from pi_datasource.errors import PIRequestError, PIRetriableError
from pi_datasource.webapi.auth.base import on_answer

__all__ = ["Token", "Tokens", "send_token", "tokens_of"]

log = logging.getLogger("pi_datasource")

#: Seconds before its end that a token is renewed at the latest; of a short one a quarter of its life.
EARLY = 30.0
#: Seconds for which nobody asks again after a failure that trying again can heal (unless the provider says how long),
#: and after one that it cannot.
PAUSE, LONG_PAUSE = 1.0, 30.0


@dataclass(frozen=True)
class Token:
    """What was handed out.

    Attributes:
        text: the token itself.
        seconds: how long it is good from the moment it was asked for.
    """

    text: str
    seconds: float

    def __repr__(self) -> str:
        return f"<token for {self.seconds:g} s>"


@dataclass
class _Held:
    text: str
    renew_at: float
    ends_at: float
    in_doubt: bool
    was_accepted: bool = False


class Tokens:
    """The present token of one client at one provider. Safe to use from several threads.

    Args:
        fetch: asks for a token; raises `PIRequestError`.
        clock: seconds on a clock that only goes forwards.
    """

    def __init__(self, fetch: Callable[[], Token], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._failure: tuple[float, PIRequestError] | None = None

    def current(self) -> str:
        """A token that is good. Threads wait for the one that asks, and share what it gets.

        Raises:
            PIRequestError: there is none to be had.
        """
        with self._lock:
            held = self._held
            if held is None or self._clock() >= held.renew_at:
                # One after a refused one is in doubt until it is accepted.
                doubted = held is not None and held.in_doubt and not held.was_accepted
                held = self._renewed(held, in_doubt=doubted)
            return held.text

    def replace(self, refused: str) -> bool:
        """After a 401: True when there is another token than the refused one.

        Raises:
            PIRequestError: a fresh one was asked for and is not to be had.
        """
        with self._lock:
            held = self._held
            if held is not None and held.text == refused:
                if held.in_doubt and not held.was_accepted:
                    return False
                self._held = None
                held = self._renewed(None, in_doubt=True)
            return held is None or held.text != refused

    def accepted(self, text: str) -> None:
        """Notes that the server took this token."""
        held = self._held
        if held is not None and held.text == text:
            held.was_accepted = True

    def _renewed(self, held: _Held | None, *, in_doubt: bool) -> _Held:
        asked = self._clock()
        if self._failure is not None and asked < self._failure[0]:
            raise copy.copy(self._failure[1])
        try:
            token = self._fetch()
        except PIRequestError as error:
            now = self._clock()
            if isinstance(error, PIRetriableError) and held is not None and now < held.ends_at:
                log.warning("a token cannot be renewed yet, and the one at hand is good for some time more: %s", error)
                held.renew_at = now + (held.ends_at - now) / 2
                return held
            pause = error.retry_after or PAUSE if isinstance(error, PIRetriableError) else LONG_PAUSE
            self._failure = (now + pause, copy.copy(error))
            raise
        early = min(EARLY, token.seconds / 4)
        ends_at = asked + token.seconds
        self._held = _Held(token.text, ends_at - early, ends_at, in_doubt)
        self._failure = None
        return self._held


_all: dict[tuple[int, Hashable], Tokens] = {}
_all_lock = threading.Lock()


def tokens_of(key: Hashable, fetch: Callable[[], Token]) -> Tokens:
    """The tokens of this process for a key, such as the client's name and secret. A forked process has its own."""
    with _all_lock:
        return _all.setdefault((os.getpid(), key), Tokens(fetch))


def send_token(request: requests.PreparedRequest, tokens: Tokens, sent: list[str]) -> None:
    """Puts the present token into a request, and notes whether it is accepted."""
    token = tokens.current()
    # The last two are enough: one that was refused, and the one after it.
    sent[:] = [*sent[-1:], token] if token not in sent else sent
    request.headers["Authorization"] = f"Bearer {token}"

    def note(response: requests.Response, **_: Any) -> None:
        if response.status_code != 401:
            tokens.accepted(token)

    on_answer(request, note)
