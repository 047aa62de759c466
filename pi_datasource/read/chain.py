"""The cursors of one chunk, asked together: one batch request brings a page of every stream that has more.

The next request asks only those whose page was full, each from its own position, with larger pages, because a response
is sized by its rows (`rowsPerResponse`) and shared among those that are left. A stream left alone is asked by
`streams/{webId}/recorded` itself.

A chain has two halves that alternate: `fetch` talks to the server and may run in any thread, `take` moves the cursors.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pi_datasource.errors import (
    PIBadAnswerError,
    PIError,
    PIInstantError,
    PIRefusedError,
    PIRequestError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.plan.partitions import Chunk
from pi_datasource.read.annotations import note_errors
from pi_datasource.read.cursor import Cursor, Page
from pi_datasource.read.cutting import PagedValues
from pi_datasource.read.events import Events, odd_ones
from pi_datasource.read.instant import read_instant
from pi_datasource.read.times import Ticks, parse_ticks
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, is_about_the_question
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import AnnotatedValues, FieldError, TimedValues

__all__ = ["Chain", "Fetched", "Paging", "field_words", "learn_limit", "learned_limit"]

log = logging.getLogger("pi_datasource")

#: The vendor's default of MaxReturnedItemsPerCall, not gone beyond unless one instant needs it.
DEFAULT_ITEM_LIMIT = 150_000
#: The largest item limit that can be configured.
LARGEST_PAGE = 2**31 - 1
#: Pages are not made smaller than this after a time-out; then fewer streams are asked at once.
SMALLEST_PAGE = 50
#: An answer that takes longer (seconds, or this part of the option `timeout`) or is larger (bytes) is one to ask
#: less in: a slow server would soon not answer in time, and texts of kilobytes would fill the memory.
LONG_ANSWER, PART_OF_TIMEOUT = 10.0, 0.25
LARGE_ANSWER = 48_000_000

#: What servers have taught this process: URL → largest page.
_learned: dict[str, int] = {}
_learned_lock = threading.Lock()


def learned_limit(url: str) -> int:
    """The most values that a server hands out at once, as far as it has told."""
    return _learned.get(url, LARGEST_PAGE)


def learn_limit(url: str, limit: int) -> None:
    """Remembers what a server has told."""
    with _learned_lock:
        _learned[url] = min(limit, learned_limit(url))
    log.info("the server hands out at most %d values at once; pages are made that small", limit)


@dataclass(frozen=True)
class Paging:
    """How large to ask, and what of.

    Attributes:
        rows: rows in a response, shared by its streams.
        page_size: the user's own ceiling for a page, or None.
        fields: item fields wanted besides time and value.
        more: further parameters of each request, such as a filter.
        kind: what an answer is.
    """

    rows: int
    page_size: int | None
    fields: tuple[str, ...]
    more: tuple[tuple[str, str], ...] = ()
    kind: type[TimedValues] = PagedValues

    @property
    def filters(self) -> bool:
        """Whether the server leaves events out."""
        return any(name == "filterExpression" for name, _ in self.more)


#: Cursor, page size asked, answer.
Answered = tuple[Cursor, int, TimedValues]


@dataclass
class Fetched:
    """What one round brought.

    Attributes:
        pages: whole instants, read from both sides.
        answers: cursor, page size asked, answer.
        failures: cursor, and why its stream cannot be read.
    """

    pages: list[Page] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    failures: list[tuple[Cursor, PIError]] = field(default_factory=list)


class Chain:
    """Reads one chunk, round after round.

    Args:
        client: who to ask.
        chunk: streams and their ranges.
        paging: how large to ask.

    Attributes:
        failures: tag → why it could not be read (to the end), since this was last emptied.
    """

    def __init__(self, client: Client, chunk: Chunk, paging: Paging) -> None:
        self.client = client
        self.paging = paging
        self.cursors = [Cursor(piece.stream, piece.range) for piece in chunk.pieces]
        self.failures: dict[str, PIError] = {}
        self._rows = paging.rows
        self._in_time = True
        self._width = max(1, len(self.cursors))
        self._limit = LARGEST_PAGE
        self._what = f"recorded of {chunk}"
        self._patience = client.patience(self._what)

    @property
    def done(self) -> bool:
        """Whether nothing is left to ask."""
        return all(cursor.done for cursor in self.cursors)

    def fetch(self) -> Fetched:
        """Asks the next page of every stream that has more. Changes no cursor.

        Raises:
            PIRequestError: the server could not be asked, or kept failing.
        """
        fetched = Fetched()
        while not (fetched.pages or fetched.answers or fetched.failures):
            left = [cursor for cursor in self.cursors if not cursor.done]
            stuck = [cursor for cursor in left if cursor.stuck]
            for cursor in stuck:
                self._fetch_instant(cursor, fetched)
            asked = [cursor for cursor in left if not cursor.stuck][: self._width]
            if asked:
                self._fetch_pages(asked, fetched)
        self._patience = self.client.patience(self._what)
        return fetched

    def take(self, fetched: Fetched) -> list[Page]:
        """Moves the cursors by what came. Returns the pages in it.

        A stream whose answer cannot be (out of order, not leading on, an unreadable time) fails by itself.
        """
        for page in fetched.pages:
            self._cursor_of(page).skip_instant()
        for cursor, cause in fetched.failures:
            self._fail(cursor, cause)
        pages = list(fetched.pages)
        for (cursor, page_size, answer), ticks in self._timed(fetched.answers):
            taken = self._taken(cursor, page_size, answer, ticks)
            if taken is not None:
                pages.append(taken)
        return pages

    def _timed(self, answers: Sequence[Answered]) -> list[tuple[Answered, Ticks]]:
        """The answers with the times of their events; a stream with one that is none fails and goes."""
        listed = [answer for _, _, answer in answers if not isinstance(answer.Items, Events)]
        try:
            # All at once, which matters where each has few.
            ticks = parse_ticks([value.Timestamp for answer in listed for value in answer.Items])
        except PIBadAnswerError as error:
            if len(answers) > 1:
                return [timed for one in answers for timed in self._timed([one])]
            cursor = answers[0][0]
            self._fail(cursor, PIRefusedError(f"{cursor}: {error}"))
            return []
        parts = iter(np.split(ticks, np.cumsum([len(answer.Items) for answer in listed])))
        return [
            (answered, items.ticks if isinstance(items := answered[2].Items, Events) else next(parts))
            for answered in answers
        ]

    def _taken(self, cursor: Cursor, page_size: int, answer: TimedValues, ticks: Ticks) -> Page | None:
        errors = [value.Errors for value in odd_ones(answer.Items) if value.Errors]
        if errors:
            self._fail(cursor, PIRefusedError(f"{cursor}: a value with errors: {field_words(errors[0])}"))
            return None
        words = note_errors(answer.Items) if isinstance(answer, AnnotatedValues) else ""
        if words:
            self._fail(cursor, PIRefusedError(f"{cursor}: an annotation with errors: {words}"))
            return None
        try:
            page = cursor.take(answer.Items, ticks, page_size)
        except PIBadAnswerError as error:
            self._fail(cursor, error)
            return None
        cursor.stuck = cursor.grown > self._ceiling() and page_size >= self._ceiling()
        return page

    def _fail(self, cursor: Cursor, cause: PIError) -> None:
        self.failures[cursor.stream.tag] = cause
        cursor.done = True

    def _cursor_of(self, page: Page) -> Cursor:
        return next(cursor for cursor in self.cursors if cursor.stream is page.stream)

    def _fetch_instant(self, cursor: Cursor, fetched: Fetched) -> None:
        try:
            fetched.pages.append(self._instant(cursor))
        except PIInstantError as error:
            fetched.failures.append((cursor, error))
        except PIRequestError as error:
            if not is_about_the_question(error):
                raise
            fetched.failures.append((cursor, error))

    def _instant(self, cursor: Cursor) -> Page:
        paging = self.paging
        return read_instant(
            self.client, cursor, self._ceiling(), paging.fields, paging.more, paging.kind, countable=not paging.filters
        )

    def _fetch_pages(self, asked: Sequence[Cursor], fetched: Fetched) -> None:
        """One request for all of these; what has to be asked smaller is left to the next round."""
        sizes = [self._page_size(cursor, len(asked)) for cursor in asked]
        asks = {
            str(number): Ask(self._route(cursor, size), cursor.stream.tag)
            for number, (cursor, size) in enumerate(zip(asked, sizes, strict=True))
        }
        slow: PITimeoutError | None = None
        heavy: PITooLargeError | None = None
        try:
            answers = ask_all(self.client, asks, self.paging.kind, self._what, heal_timeouts=False, heal_large=False)
            self._pace(len(asked))
        except PITimeoutError as error:
            answers, slow = {}, error
        for key, answer in answers.items():
            cursor, size = asked[int(key)], sizes[int(key)]
            if isinstance(answer, PITimeoutError):
                slow = answer
            elif isinstance(answer, PITooLargeError) and answer.is_answer:
                heavy = answer
                if len(asked) == 1 and size <= 1:
                    fetched.failures.append((cursor, answer))
            elif isinstance(answer, PITooLargeError):
                self._learn(answer, size)
            elif isinstance(answer, PIRequestError):
                fetched.failures.append((cursor, answer))
            else:
                fetched.answers.append((cursor, size, answer))
        if heavy is not None:
            self._shrink(len(asked), max(sizes))
        if slow is not None:
            self._shrink(len(asked))
            self._patience.wait_after(slow)

    def _route(self, cursor: Cursor, size: int) -> str:
        paging, end = self.paging, cursor.range.end
        return endpoints.recorded(cursor.stream.web_id, cursor.start, end, size, paging.fields, paging.more)

    def _page_size(self, cursor: Cursor, sharing: int) -> int:
        size = min(max(1, self._rows // sharing), DEFAULT_ITEM_LIMIT)
        if self.paging.page_size is not None:
            size = min(size, self.paging.page_size)
        return min(max(size, cursor.grown), self._ceiling())

    def _ceiling(self) -> int:
        """The largest page, as far as the server has told."""
        return min(self._limit, learned_limit(self.client.connection.url))

    def _learn(self, error: PITooLargeError, size: int) -> None:
        """The page asked for is too large: the server's item limit is smaller, or something in between minds."""
        if size <= 1:
            raise error
        if not error.item_limit or error.item_limit >= size:
            self._limit = size // 2
            return
        learn_limit(self.client.connection.url, error.item_limit)

    def _pace(self, asked: int) -> None:
        """Sizes the next answer by what the last one took: halves it where that was much, goes back where it was not.

        Args:
            asked: streams that share an answer.
        """
        long = min(LONG_ANSWER, PART_OF_TIMEOUT * self.client.connection.timeout)
        share = max(self.client.effort.seconds / long, self.client.effort.bytes / LARGE_ANSWER)
        if share > 1:
            self._rows = max(min(self._rows, SMALLEST_PAGE * asked), self._rows // 2)
        elif share < 0.25 and self._in_time:
            self._rows = min(self.paging.rows, self._rows * 2)

    def _shrink(self, asked: int, largest: int = LARGEST_PAGE) -> None:
        """No answer in time, or one too large: asks for half, first of the rows, then of the streams.

        Args:
            asked: streams that shared the answer.
            largest: the largest page that was asked for.
        """
        self._in_time = False
        if self._rows // asked > SMALLEST_PAGE:
            self._rows = min(self._rows, largest * asked) // 2
        elif asked > 1 or largest == LARGEST_PAGE:
            self._width = max(1, asked // 2)
        else:
            self._limit = max(1, largest // 2)


def field_words(errors: Sequence[FieldError]) -> str:
    """What the server says of a value it could not read."""
    said = []
    for error in errors:
        words = "; ".join(error.Message) if isinstance(error.Message, list) else error.Message or ""
        said.append(f"{error.FieldName}: {words}" if error.FieldName else words)
    return "; ".join(said)
