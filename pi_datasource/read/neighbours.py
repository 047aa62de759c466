"""The events right outside of a range, for those who draw or integrate up to its ends (`boundaryType=Outside`).

Asking for them with the pages, as PI can, would bring them again with every page. So the pages stay inside, and each
neighbour is asked for by itself: the first event of a reading that begins at the end of the range and goes on, or that
begins right before its start and goes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.chain import Paging
from pi_datasource.read.cursor import Page
from pi_datasource.read.questions import Question, refuse_errors
from pi_datasource.read.times import parse_ticks
from pi_datasource.times import LAST_SECOND, short_text
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.wire import Answer, TimedValues

__all__ = ["Neighbour"]


@dataclass(frozen=True)
class Neighbour:
    """Asks for the last event before a range, or the first one at or after its end; there may be none.

    Attributes:
        before: which of the two.
        paging: what of.
    """

    before: bool
    paging: Paging
    what: ClassVar[str] = "neighbours"
    most: ClassVar[int] = 1
    rows: ClassVar[int] = 1

    @property
    def kind(self) -> type[Answer]:
        """As those of the pages."""
        return self.paging.kind

    def numbers(self, piece: Piece) -> range:
        """The one instant that the neighbour lies before, or not before."""
        tick = piece.range.start if self.before else piece.range.end
        return range(tick, tick + 1)

    def route(self, question: Question) -> str:
        """Asks for one event, back to the beginning of all time or on to its end."""
        web_id, tick, fields, more = question.stream.web_id, question.first, self.paging.fields, self.paging.more
        if self.before:
            return endpoints.recorded_backwards(web_id, tick - 1, 0, 1, fields, more)
        return endpoints.recorded(web_id, tick, LAST_SECOND, 1, fields, more)

    def pages(self, question: Question, answer: TimedValues) -> list[Page]:
        """One event, or none.

        Raises:
            PIBadAnswerError: the server's idea of the time is another one.
        """
        what = f"the event {'before' if self.before else 'after'} the range of {question.stream.tag}"
        refuse_errors(answer.Items, what)
        values = answer.Items[:1]
        ticks = parse_ticks([value.Timestamp for value in values])
        for tick in ticks.tolist():
            if (tick < question.first) != self.before:
                raise PIBadAnswerError(f"{what}: the server sent one at {short_text(tick)}, which lies inside")
        return [Page(question.stream, values, ticks)]
