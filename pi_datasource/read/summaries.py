"""Summaries of intervals: a row for each type (long), or a row for each interval with a column for each type (wide).

Of each type the server sends one item an interval; whether types or intervals come first is its own affair, and
`Minimum` and `Maximum` show the time of the extreme instead of the interval's start. So items belong to intervals by
their order within a type. A summary that cannot be computed is a bad value with the server's words, not a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from msgspec import structs

from pi_datasource.options import Sampling
from pi_datasource.plan.grid import Grid
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.cursor import Page
from pi_datasource.read.kinds import NUMBER_TEXTS
from pi_datasource.read.questions import Question, with_words
from pi_datasource.read.samples import ANY_NUMBER, check_count
from pi_datasource.read.times import Ticks, parse_ticks
from pi_datasource.resolve.streams import Stream
from pi_datasource.webapi import samples
from pi_datasource.webapi.wire import Answer, State, Summaries, Summary, TimedValue

__all__ = ["WIDE_NAMES", "LongSummaries", "WideSummaries"]

#: Type → its column in the wide form.
WIDE_NAMES = {
    "Total": "total",
    "Average": "average",
    "Minimum": "minimum",
    "Maximum": "maximum",
    "Range": "range",
    "StdDev": "std_dev",
    "PopulationStdDev": "pop_std_dev",
    "Count": "count",
    "PercentGood": "percent_good",
}
#: Types that are values of the point at a time of their own.
EXTREMES = ("Minimum", "Maximum")
#: Types that are no value in the point's unit.
UNITLESS = ("Total", "Count", "PercentGood")


@dataclass(frozen=True)
class _Summaries:
    """What both forms share: asking, and sorting out what belongs where."""

    grid: Grid
    sampling: Sampling
    zone: str
    what: ClassVar[str] = "summary"
    most: ClassVar[int] = ANY_NUMBER
    kind: ClassVar[type[Answer]] = Summaries

    @property
    def rows(self) -> int:
        """Items that an interval has in the answer."""
        return len(self.sampling.summary_types)

    def numbers(self, piece: Piece) -> range:
        """The intervals of the piece."""
        return range(self.grid.unit_at(piece.range.start), self.grid.unit_at(piece.range.end))

    def route(self, question: Question) -> str:
        """Asks whole intervals."""
        window = self.grid.window(question.first, question.after)
        return samples.summary(question.stream.web_id, window, self.zone, self.sampling)

    def _sorted_out(self, question: Question, answer: Summaries) -> Iterable[tuple[str, list[TimedValue], Ticks]]:
        """Each type with its values and their times, interval after interval."""
        by_type: dict[str, list[TimedValue]] = {}
        for item in answer.Items:
            by_type.setdefault(item.Type.lower(), []).append(_value_of(item))
        steps = len(self.grid.steps(question.first, question.after))
        for name in self.sampling.summary_types:
            values = by_type.get(name.lower(), [])
            check_count(len(values), steps, f"{self.what} {name} of {question.stream.tag}")
            ticks = parse_ticks([value.Timestamp for value in values])
            order = np.argsort(ticks, kind="stable")
            yield name, [values[place] for place in order], ticks[order]

    def _borders(self, question: Question) -> tuple[Ticks, Ticks]:
        steps = self.grid.steps(question.first, question.after)
        borders = np.array([self.grid.at(number) for number in (*steps, steps.stop)], np.int64)
        return borders[:-1], borders[1:]


@dataclass(frozen=True)
class LongSummaries(_Summaries):
    """A row for each interval and type."""

    def pages(self, question: Question, answer: Summaries) -> list[Page]:
        """A page for each type."""
        starts, ends = self._borders(question)
        return [
            Page(
                _stream_for(question.stream, name),
                values,
                starts,
                {
                    "end_ticks": ends.tolist(),
                    "summary_type": [name] * len(values),
                    "extreme_ticks": _extremes(values, ticks) if name in EXTREMES else [None] * len(values),
                },
            )
            for name, values, ticks in self._sorted_out(question, answer)
        ]


@dataclass(frozen=True)
class WideSummaries(_Summaries):
    """A row for each interval."""

    def pages(self, question: Question, answer: Summaries) -> list[Page]:
        """One page; what is a value elsewhere are the words of what could not be computed."""
        starts, ends = self._borders(question)
        more: dict[str, Sequence[Any]] = {"end_ticks": ends.tolist()}
        good: list[bool | None] = [True] * len(starts)
        words: list[dict[str, None]] = [{} for _ in starts]
        for name, values, ticks in self._sorted_out(question, answer):
            column = WIDE_NAMES[name]
            more[column] = [_number(value) for value in values]
            if name in EXTREMES:
                more[f"{column}_ticks"] = _extremes(values, ticks)
            for number, value in enumerate(values):
                good[number] = _both(good[number], value.Good)
                if _words(value):
                    words[number][f"{name}: {_words(value)}"] = None
        rows = [TimedValue("", "; ".join(said) or None, flag) for said, flag in zip(words, good, strict=True)]
        return [Page(structs.replace(question.stream, kind="text"), rows, starts, more)]


def _value_of(item: Summary) -> TimedValue:
    value = item.Value if item.Value is not None else TimedValue("")
    if item.Errors:
        value.Errors = item.Errors
    return with_words(value)


def _stream_for(stream: Stream, name: str) -> Stream:
    """The stream as its summary shows it: an average of integers is a number, an extreme is one of the values."""
    kind = stream.kind if name in EXTREMES and stream.kind == "integer" else "float"
    return structs.replace(stream, kind=kind, uom="" if name in UNITLESS else stream.uom)


def _extremes(values: Sequence[TimedValue], ticks: Ticks) -> list[int | None]:
    """The times of extremes, where there are any."""
    return [None if _number(value) is None else int(tick) for value, tick in zip(values, ticks, strict=True)]


def _both(one: bool | None, other: bool | None) -> bool | None:
    """Good when all are, bad when one is, unknown otherwise."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _number(value: TimedValue) -> float | None:
    found = value.Value
    if isinstance(found, str):
        return NUMBER_TEXTS.get(found)
    return float(found) if isinstance(found, int | float) else None


def _words(value: TimedValue) -> str:
    """What stands instead of a number: the server's words, or the name of a state."""
    found = value.Value
    if isinstance(found, State):
        said = "; ".join(found.Errors) if isinstance(found.Errors, list) else found.Errors
        return said or found.Name or ""
    return found if isinstance(found, str) and found not in NUMBER_TEXTS else ""
