"""The events right outside of a range, for those who draw or integrate up to its ends (`boundaryType=Outside`).

Asking for them with the pages, as PI can, would bring them again with every page. So the pages stay inside, and each
neighbour is asked for by itself: the first event of a reading that begins at the end of the range and goes on, or that
begins right before its start and goes back. Backwards two are asked for: when both are of one instant, that instant is
read whole, since the number of an event there (`seq`) is counted from its first one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.chain import Paging, learned_limit
from pi_datasource.read.cursor import Cursor, Page
from pi_datasource.read.instant import read_instant
from pi_datasource.read.questions import Question, refuse_errors
from pi_datasource.read.times import parse_ticks
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import LAST_SECOND, TimeRange, short_text
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Answer, TimedValues

__all__ = ["Neighbour"]

#: Events of one instant that any server hands out at once.
USUAL_LIMIT = 1_000


@dataclass(frozen=True)
class Neighbour:
    """Asks for the last event before a range, or the first one at or after its end; there may be none.

    Attributes:
        client: who is asked, for an instant of several events.
        before: which of the two.
        paging: what of.
    """

    client: Client
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
        """Asks for one event (or two), back to the beginning of all time or on to its end."""
        web_id, tick, fields, more = question.stream.web_id, question.first, self.paging.fields, self.paging.more
        if self.before:
            return endpoints.recorded_backwards(web_id, tick - 1, 0, 2, fields, more)
        return endpoints.recorded(web_id, tick, LAST_SECOND, 1, fields, more)

    def pages(self, question: Question, answer: TimedValues) -> list[Page]:
        """One event, or none.

        Raises:
            PIBadAnswerError: the server's idea of the time is another one.
            PIInstantError: the event lies at an instant of which not all can be read.
        """
        what = f"the event {'before' if self.before else 'after'} the range of {question.stream.tag}"
        values = answer.Items[:2]
        ticks = parse_ticks([value.Timestamp for value in values])
        for tick in ticks.tolist():
            if (tick < question.first) != self.before:
                raise PIBadAnswerError(f"{what}: the server sent one at {short_text(tick)}, which lies inside")
        number = 0
        if self.before and len(values) == 2 and ticks[0] == ticks[1]:
            number = self._events_at(question.stream, int(ticks[0])) - 1
        refuse_errors(values[:1], what)
        return [Page(question.stream, values[:1], ticks[:1], {"seq": [number] * len(values[:1])})]

    def _events_at(self, stream: Stream, tick: int) -> int:
        paging, most = self.paging, min(USUAL_LIMIT, learned_limit(self.client.connection.url))
        cursor = Cursor(stream, TimeRange(tick, tick + 1))
        countable = not paging.filters
        return len(read_instant(self.client, cursor, most, (), paging.more, paging.kind, countable=countable))
