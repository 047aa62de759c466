"""How the tables of values at chosen times ask, and what their answers mean: one class a kind of answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pi_datasource.errors import PIRefusedError
from pi_datasource.plan.grid import Grid
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.cursor import Page
from pi_datasource.read.cutting import PagedValues
from pi_datasource.read.events import odd_ones, ticks_of
from pi_datasource.read.questions import Question, refuse_errors, with_words
from pi_datasource.read.times import parse_ticks
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange
from pi_datasource.webapi import samples
from pi_datasource.webapi.wire import Answer, OneValue, TimedValue, TimedValues

__all__ = ["AtTimes", "One", "Steps", "check_count"]

#: No limit of ours.
ANY_NUMBER = 2**31 - 1
#: Instants in one request: each takes up to 38 characters of a line that HTTP.sys cuts at 16 kB, proxies at 8 kB.
TIMES_PER_REQUEST = 150


@dataclass(frozen=True)
class Steps:
    """Samples at the steps of a range, or (`counted=False`) as many values as the server finds fit.

    Attributes:
        what: the table.
        grid: the steps.
        ask: stream and range → route.
        counted: every step has its sample; false where a filter may take some away.
        rows: rows that a step makes, about.
        shown: makes of the stream asked the one that rows show; None for the same.
    """

    what: str
    grid: Grid
    ask: Callable[[Stream, TimeRange], str]
    counted: bool = True
    rows: int = 1
    shown: Callable[[Stream], Stream] | None = None
    most: int = ANY_NUMBER
    kind: type[Answer] = PagedValues

    def numbers(self, piece: Piece) -> range:
        """The units of the grid in the piece's range."""
        return range(self.grid.unit_at(piece.range.start), self.grid.unit_at(piece.range.end))

    def route(self, question: Question) -> str:
        """Asks the steps at once."""
        return self.ask(question.stream, self.grid.window(question.first, question.after))

    def pages(self, question: Question, answer: TimedValues) -> list[Page]:
        """One page, as it came."""
        stream = question.stream
        what = f"{self.what} of {stream.tag}"
        refuse_errors(odd_ones(answer.Items), what)
        if self.counted:
            check_count(len(answer.Items), len(self.grid.steps(question.first, question.after)), what)
        shown = stream if self.shown is None else self.shown(stream)
        return [Page(shown, answer.Items, ticks_of(answer.Items))]


@dataclass(frozen=True)
class One:
    """One value of a stream."""

    what: str
    ask: Callable[[Stream], str]
    most: ClassVar[int] = 1
    rows: ClassVar[int] = 1
    kind: ClassVar[type[Answer]] = OneValue

    def numbers(self, piece: Piece) -> range:
        """Just one."""
        return range(1)

    def route(self, question: Question) -> str:
        """Asks it."""
        return self.ask(question.stream)

    def pages(self, question: Question, answer: OneValue) -> list[Page]:
        """One row."""
        if not answer.Timestamp:
            raise PIRefusedError(f"{self.what} of {question.stream.tag}: the answer has no value and no time")
        one = TimedValue(
            answer.Timestamp, answer.Value, answer.Good, answer.Questionable, answer.Substituted, answer.Annotated
        )
        return [Page(question.stream, [one], parse_ticks([answer.Timestamp]))]


@dataclass(frozen=True)
class AtTimes:
    """The event that each of several instants means; an instant without one is a bad value that says so."""

    what: str
    times: Sequence[int]
    mode: str
    fields: Sequence[str]
    most: ClassVar[int] = TIMES_PER_REQUEST
    kind: ClassVar[type[Answer]] = TimedValues

    @property
    def rows(self) -> int:
        """Rows of a stream."""
        return len(self.times)

    def numbers(self, piece: Piece) -> range:
        """The instants."""
        return range(len(self.times))

    def route(self, question: Question) -> str:
        """Asks some instants."""
        times = self.times[question.first : question.after]
        return samples.recorded_at_times(question.stream.web_id, times, self.mode, self.fields)

    def pages(self, question: Question, answer: TimedValues) -> list[Page]:
        """One row for each instant, in their order."""
        times = self.times[question.first : question.after]
        check_count(len(answer.Items), len(times), f"{self.what} of {question.stream.tag}")
        values = [with_words(one) for one in answer.Items]
        ticks = parse_ticks([one.Timestamp for one in values])
        return [Page(question.stream, values, ticks, {"asked_ticks": times})]


def check_count(found: int, expected: int, what: str) -> None:
    """Refuses an answer that lacks some of what was asked, or has more: what was cut would be lost without a word.

    Raises:
        PIRefusedError: says both numbers.
    """
    if found != expected:
        raise PIRefusedError(f"{what}: {expected:,} were asked for, and {found:,} came")
