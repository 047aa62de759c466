"""Many questions in one `POST /batch`, and the healing of those that fail.

A batch request answers 207 with a status for each sub-request. Those that failed in a way that may pass are asked
again, and only those; a body limit (413) splits the request in two. What comes out is an answer or an error for each
question, and no question without either.

Where a site blocks POST (`post=false`) the same questions are asked one by one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple, TypeVar

import msgspec

from pi_datasource.errors import (
    PIBadAnswerError,
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
from pi_datasource.webapi.answers import check_answer, error_for
from pi_datasource.webapi.client import PAUSE_AFTER_429, Client
from pi_datasource.webapi.retry import TRIES_AFTER_500
from pi_datasource.webapi.wire import Answer, SubAnswer

__all__ = ["Ask", "ask_all", "chunks", "is_about_the_question"]

A = TypeVar("A", bound=Answer)
T = TypeVar("T")


class Ask(NamedTuple):
    """One question.

    Attributes:
        route: route and query of a GET, from `endpoints`.
        what: what it is about (a tag, say), for messages.
    """

    route: str
    what: str


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def ask_all(
    client: Client,
    asks: Mapping[str, Ask],
    kind: type[A],
    asked: str,
    *,
    heal_timeouts: bool = True,
    heal_large: bool = True,
) -> dict[str, A | PIRequestError]:
    """The answer to each question, or why there is none.

    Args:
        client: who to ask.
        asks: id → question.
        kind: what each answer is.
        asked: the questions in words, for messages.
        heal_timeouts: ask the same again after a time-out or 504. False hands those back at once (raised for the
            whole, as an error for one question), for callers who can ask for less.
        heal_large: ask fewer together after an answer that is larger than `maxResponseBytes`. False hands that back as
            the error of each, for the same callers.

    Returns:
        For each id the answer, or an error that is about this question and that no further try would heal.

    Raises:
        PIRequestError: the server could not be asked; not the fault of any one question.
    """
    if len(asks) > 1 and client.connection.post:
        return _Healing(client, asks, kind, asked, heal_timeouts, heal_large).run()
    answers: dict[str, A | PIRequestError] = {}
    hand_back = () if heal_timeouts else (PITimeoutError,)
    for key, ask in asks.items():
        try:
            answers[key] = client.get(ask.route, kind, f"{asked}: {ask.what}", hand_back)
        except PIRequestError as error:
            if not is_about_the_question(error, heal_timeouts):
                raise
            answers[key] = error
    return answers


def is_about_the_question(error: PIRequestError, heal_timeouts: bool = True) -> bool:
    """Whether an error belongs to what was asked, rather than to the server's or the network's day.

    500 does: PI Web API answers it for a point that may not be read. A redirect does not: it is a gateway's.
    """
    if error.status is not None and 300 <= error.status < 400:
        return False
    if isinstance(error, PITimeoutError):
        return not heal_timeouts
    if isinstance(error, PIServerError):
        return error.status == 500
    return isinstance(error, PIForbiddenError | PINotFoundError | PIRefusedError | PITooLargeError)


class _Healing:
    """One batch request with all its tries."""

    def __init__(
        self,
        client: Client,
        asks: Mapping[str, Ask],
        kind: type[Answer],
        asked: str,
        heal_timeouts: bool,
        heal_large: bool,
    ) -> None:
        self.client = client
        self.kind = kind
        self.asked = asked
        self.heal_timeouts = heal_timeouts
        self.heal_large = heal_large
        self.left = dict(asks)
        self.answers: dict[str, Answer | PIRequestError] = {}
        self.patience = client.patience(asked)
        self.server_errors: Counter[str] = Counter()

    def run(self) -> dict[str, A | PIRequestError]:
        """Asks until every question has its answer or its error."""
        self.patience.begin()
        while self.left:
            try:
                got = self.client.post_batch({k: a.route for k, a in self.left.items()}, self.kind, self.asked)
            except PITooLargeError as error:
                if error.is_answer and (not self.heal_large or len(self.left) == 1):
                    # A caller who can ask for less does so; of one question it is that question's own fault.
                    self.answers |= dict.fromkeys(self.left, error)
                    self.left = {}
                elif len(self.left) == 1:
                    raise
                else:
                    self._split()
            except PIRetriableError as error:
                if isinstance(error, PITimeoutError) and not self.heal_timeouts:
                    raise
                self.patience.wait_after(error)
            else:
                self._sort_out(got)
        return self.answers  # type: ignore[return-value]

    def _split(self) -> None:
        """The body was too large: the same in two requests."""
        for half in chunks(self.left.items(), (len(self.left) + 1) // 2):
            part = _Healing(self.client, dict(half), self.kind, self.asked, self.heal_timeouts, self.heal_large)
            self.answers |= part.run()
        self.left = {}

    def _sort_out(self, got: Mapping[str, SubAnswer[Answer]]) -> None:
        """Takes what was answered, keeps what may pass at another try, and waits before that."""
        failed: dict[str, PIRetriableError] = {}
        for key, ask in self.left.items():
            result = _result(got.get(key), f"{self.asked}: {ask.what}")
            if isinstance(result, PIRequestError):
                result = self.client.without_secrets(result)
            if isinstance(result, PIRetriableError) and self._may_pass(key, result):
                failed[key] = result
            elif isinstance(result, PILoginError):
                raise result
            else:
                self.answers[key] = result
        self.left = {key: self.left[key] for key in failed}
        if failed:
            # What is not about its question comes first: should patience end, it is the server that failed.
            worst = max(failed.values(), key=lambda e: (not is_about_the_question(e), e.retry_after or 0.0))
            for error in failed.values():
                if isinstance(error, PIRateLimitError):
                    self.client.throttle.pause(error.retry_after or PAUSE_AFTER_429)
            # Each question counts its own tries after a 500: one that fails late must not end those of the others.
            try:
                self.patience.wait_after(worst, counts_500=False)
            except PIRetriableError:
                if not is_about_the_question(worst):
                    raise
                self.answers |= failed
                self.left = {}

    def _may_pass(self, key: str, error: PIRetriableError) -> bool:
        if isinstance(error, PITimeoutError):
            return self.heal_timeouts
        if isinstance(error, PIServerError) and error.status == 500:
            self.server_errors[key] += 1
            return self.server_errors[key] <= TRIES_AFTER_500
        return True


def _result(sub: SubAnswer[Answer] | None, asked: str) -> Answer | PIRequestError:
    """One sub-answer as an answer or an error."""
    if sub is None:
        return PIBadAnswerError(f"{asked}: the batch answer leaves this question out")
    content = sub.Content
    if 200 <= sub.Status < 300:
        if not isinstance(content, Answer):
            return PIBadAnswerError(f"{asked}: {sub.Status} without a body: {content!r:.200}")
        try:
            check_answer(content, asked)
        except PIRequestError as error:
            return error
        return content
    words = {"Errors": content.Errors, "Message": content.Message} if isinstance(content, Answer) else content
    return error_for(sub.Status, msgspec.json.encode(words), sub.Headers, asked, time.time())
