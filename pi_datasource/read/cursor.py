"""One stream, read a page after a page. Pure: it says what to ask and takes what was answered.

PI Web API gives "the first N events from here on", with no token to go on by. A full page may end inside a group of
events at one instant, so the events at its last instant are held back and the next page starts at that instant again:
no event is lost or doubled however the page border falls, and every page handed on holds whole instants, which lets
`seq` be counted within the page.

The next page has to begin with the instant held back. If it does not, the server's idea of that time differs from its
text, or the events were deleted meanwhile: a millisecond earlier is asked once more, and what is then still missing is
no longer in the archive.

An instant that fills a page grows the page; one that fills the largest page the server allows is read from the other
side as well (`instant`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.read.times import Ticks
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, short_text
from pi_datasource.webapi.wire import TimedValue

__all__ = ["SLACK", "Cursor", "Page", "looks_cut"]

#: How much earlier to ask when the instant held back does not come again: one millisecond.
SLACK = 10_000


@dataclass
class Page:
    """Events of one stream, whole instants (unless it tells their `seq`), oldest first.

    Attributes:
        stream: whose they are.
        values: the events as decoded.
        ticks: their times.
        more: further columns that some tables have, or a `seq` that cannot be counted: name → a cell for each event.
    """

    stream: Stream
    values: Sequence[TimedValue]
    ticks: Ticks
    more: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)


@dataclass
class Cursor:
    """Where the reading of one stream stands.

    Attributes:
        stream: what is read.
        range: half-open, in ticks.
        position: the tick to go on from; all before it has been handed on.
        held: events at `position` have been seen, so the next page begins with some.
        slack: ticks to ask earlier than `position`.
        grown: the page size that the instant at `position` needs at least; 0 when any will do.
        stuck: the instant at `position` fills the largest page; `instant` has to read it.
        done: nothing is left.
    """

    stream: Stream
    range: TimeRange
    position: int = field(init=False)
    held: bool = False
    slack: int = 0
    grown: int = 0
    stuck: bool = False
    done: bool = False

    def __post_init__(self) -> None:
        self.position = self.range.start
        self.done = self.range.is_empty

    @property
    def start(self) -> int:
        """The tick to ask from."""
        return max(self.range.start, self.position - self.slack)

    def take(self, values: Sequence[TimedValue], ticks: Ticks, page_size: int) -> Page | None:
        """Takes one page: hands on its whole instants, and moves.

        Args:
            values: the events that came.
            ticks: their times.
            page_size: how many were asked for at most.

        Raises:
            PIBadAnswerError: the page is out of order, or does not lead on.
        """
        count = len(values)
        if count > 1 and bool((ticks[1:] < ticks[:-1]).any()):
            raise PIBadAnswerError(f"{self}: the server's page is not in the order of time")
        first = int(np.searchsorted(ticks, self.position, "left"))
        if self._lost_its_place(ticks, first):
            return None
        full = count >= page_size or looks_cut(count)
        if full and ticks[-1] < self.position:
            self._only_earlier(count)
            return None
        self.held, self.slack = False, 0
        if not full or ticks[-1] >= self.range.end:
            self.done = True
            return self._page(values, ticks, first, int(np.searchsorted(ticks, self.range.end, "left")))
        last = int(ticks[-1])
        cut = int(np.searchsorted(ticks, last, "left"))
        self.grown = 2 * page_size if cut <= first else 0
        self.position, self.held = last, True
        return self._page(values, ticks, first, cut)

    def skip_instant(self) -> None:
        """The events at `position` have been read otherwise: goes on behind them."""
        self.position += 1
        self.held, self.stuck, self.grown, self.slack = False, False, 0, 0
        self.done = self.position >= self.range.end

    def _lost_its_place(self, ticks: Ticks, first: int) -> bool:
        """Whether the instant held back is missing, and may come when asked a little earlier."""
        found = first < len(ticks) and ticks[first] == self.position
        if not self.held or found or self.slack:
            return False
        self.slack = SLACK
        return True

    def _only_earlier(self, count: int) -> None:
        """A full page of events from before `position`: right only where we asked from earlier ourselves."""
        if not self.slack:
            raise PIBadAnswerError(f"{self}: a full page of {count} events, all from before what was asked")
        self.grown = 2 * count

    def _page(self, values: Sequence[TimedValue], ticks: Ticks, first: int, end: int) -> Page | None:
        if end <= first:
            return None
        if end - first == len(values):
            return Page(self.stream, values, ticks)
        return Page(self.stream, values[first:end], ticks[first:end])

    def __str__(self) -> str:
        return f"recorded of {self.stream.tag} from {short_text(self.position)} to {short_text(self.range.end)}"


def looks_cut(count: int) -> bool:
    """Whether a page shorter than asked may still have been cut, by a server or gateway that says nothing of a limit.

    Limits are round numbers (PI's own default is 1,000), so one more look behind such a page costs little.
    """
    return count > 0 and count % 500 == 0
