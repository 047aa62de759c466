"""Values that the server computes or chooses: how many there are is known, so each question has its answer at once.

A table's `Form` says how to ask for some numbered samples (or intervals, or instants) of a stream and what its answer
means. A round asks several questions in one batch request. Where the server's limit is smaller than a question, or
its answer does not come in time, the question is asked in halves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pi_datasource.errors import PIError, PIRefusedError, PIRequestError, PITimeoutError, PITooLargeError
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.chain import DEFAULT_ITEM_LIMIT, Paging, field_words, learn_limit, learned_limit
from pi_datasource.read.cursor import Page
from pi_datasource.resolve.streams import Stream
from pi_datasource.webapi.batch import Ask, ask_all
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Answer, State, TimedValue

__all__ = ["Form", "Question", "Round", "refuse_errors", "rounds", "with_words"]


@dataclass(frozen=True)
class Question:
    """Some samples of one stream.

    Attributes:
        stream: whose.
        first, after: number of the first one, and of the one behind the last.
    """

    stream: Stream
    first: int
    after: int

    @property
    def size(self) -> int:
        """How many samples."""
        return self.after - self.first

    def cut(self, most: int) -> Iterator[Question]:
        """The same in questions of at most so many samples."""
        for first in range(self.first, self.after, most):
            yield Question(self.stream, first, min(first + most, self.after))


class Form(Protocol):
    """How one table asks.

    Attributes:
        what: the table, for messages.
        kind: what an answer is.
        most: samples in one question at most.
        rows: rows that a sample makes, about.
    """

    @property
    def what(self) -> str: ...

    @property
    def kind(self) -> type[Answer]: ...

    @property
    def most(self) -> int: ...

    @property
    def rows(self) -> int: ...

    def numbers(self, piece: Piece) -> range:
        """The numbers of a piece's samples."""
        ...

    def route(self, question: Question) -> str:
        """How the server is asked."""
        ...

    def pages(self, question: Question, answer: Any) -> list[Page]:
        """The rows in an answer.

        Raises:
            PIRequestError: the stream cannot be read.
        """
        ...


@dataclass
class Answers:
    """What one request brought: answers, and streams that cannot be read."""

    answers: list[tuple[Question, Answer]] = field(default_factory=list)
    failures: list[tuple[Question, PIError]] = field(default_factory=list)


class Round:
    """Asks some questions together, as often as it takes.

    Attributes:
        failures: tag → why it could not be read, since this was last emptied.
    """

    def __init__(self, client: Client, form: Form, questions: Iterable[Question]) -> None:
        self.client = client
        self.form = form
        self.failures: dict[str, PIError] = {}
        self._left = deque(questions)
        self._width = len(self._left)
        names = ", ".join(dict.fromkeys(question.stream.tag for question in list(self._left)[:3]))
        self._what = f"{form.what} of {names}{' and more' if self._width > 3 else ''}"
        self._patience = client.patience(self._what)

    @property
    def done(self) -> bool:
        """Whether nothing is left to ask."""
        return not self._left

    def fetch(self) -> Answers:
        """Asks; what has to be asked in smaller pieces is left for the next time.

        Raises:
            PIRequestError: the server could not be asked, or kept failing.
        """
        asked = [self._left.popleft() for _ in range(min(self._width, len(self._left)))]
        asks = {str(number): Ask(self.form.route(one), one.stream.tag) for number, one in enumerate(asked)}
        fetched = Answers()
        again: list[Question] = []
        slow: PITimeoutError | None = None
        try:
            answers = ask_all(self.client, asks, self.form.kind, self._what, heal_timeouts=False)
        except PITimeoutError as error:
            answers = dict.fromkeys(asks, error)
        for key, answer in answers.items():
            question = asked[int(key)]
            if isinstance(answer, PITimeoutError):
                slow = answer
                # One that is too slow alone is asked in halves; of several, fewer are asked at once.
                again += question.cut(max(1, question.size // 2)) if len(asked) == 1 else [question]
            elif isinstance(answer, PITooLargeError) and question.size > 1:
                again += question.cut(self._smaller(question, answer))
            elif isinstance(answer, PIRequestError):
                fetched.failures.append((question, answer))
            else:
                fetched.answers.append((question, answer))
        self._left.extendleft(reversed(again))
        if slow is not None:
            self._width = max(1, len(asked) // 2)
            self._patience.wait_after(slow)
        else:
            self._patience = self.client.patience(self._what)
        return fetched

    def take(self, fetched: Answers) -> list[Page]:
        """The rows in what came."""
        pages: list[Page] = []
        for question, answer in fetched.answers:
            try:
                pages += [page for page in self.form.pages(question, answer) if len(page)]
            except PIRequestError as error:
                fetched.failures.append((question, error))
        for question, cause in fetched.failures:
            self.failures[question.stream.tag] = cause
        return pages

    def _smaller(self, question: Question, error: PITooLargeError) -> int:
        limit = error.item_limit
        if limit is None or limit >= question.size:
            return question.size // 2
        learn_limit(self.client.connection.url, limit)
        return max(1, limit)


def rounds(client: Client, form: Form, pieces: Sequence[Piece], paging: Paging, tags: int) -> list[Round]:
    """All that is to be asked, in rounds that can be asked at the same time.

    Args:
        form: how to ask.
        pieces: streams and ranges.
        paging: how large to ask.
        tags: questions in one request at most.
    """
    rows = max(1, paging.rows // form.rows)
    most = min(rows, form.most, paging.page_size or rows, DEFAULT_ITEM_LIMIT, learned_limit(client.connection.url))
    made: list[Round] = []
    some: list[Question] = []
    size = 0
    for piece in pieces:
        numbers = form.numbers(piece)
        for question in Question(piece.stream, numbers.start, numbers.stop).cut(most):
            if some and (len(some) >= tags or size + question.size > rows):
                made.append(Round(client, form, some))
                some, size = [], 0
            some.append(question)
            size += question.size
    if some:
        made.append(Round(client, form, some))
    return made


def refuse_errors(values: Sequence[TimedValue], what: str) -> None:
    """Refuses values that the server could not read.

    Raises:
        PIRefusedError: in the server's words.
    """
    for one in values:
        if one.Errors:
            raise PIRefusedError(f"{what}: a value with errors: {field_words(one.Errors)}")


def with_words(one: TimedValue) -> TimedValue:
    """A value as it came; one that the server could not make becomes a bad value that says why, instead of failing."""
    words = field_words(one.Errors) if one.Errors else ""
    if isinstance(one.Value, State) and one.Value.Errors is not None:
        one.Good = False
    elif words:
        one.Value, one.Good = State(Errors=words), False
    one.Errors = None
    return one
