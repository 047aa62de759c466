"""Event frames × time: a search cut into stretches of time that are read side by side.

PI's own ranges hold both ends. Each stretch [start, end) is therefore asked with its end included, and `Window.keeps`
drops what begins (or ends) exactly there: it belongs to the next stretch. So each frame lies in exactly one:

    searchMode                                     a frame belongs to the stretch in which it
    Overlapped                                     starts; the first one also has those that overlap it from before
    Inclusive, StartInclusive, InProgress          starts
    EndInclusive                                   ends
    None, and the walks from one instant           (one stretch, in the server's order)

Where the borders are is found by asking for the times of single frames, evenly spaced among all; they only decide how
even the work is. Lists come in order of time wherever the server takes such an order: frames that begin while the list
is read are then behind what has been read. A frame that is there all the time, and is not given another start (another
end, with EndInclusive), comes once. Where pages show that the list changed meanwhile, the read fails by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from pi_datasource.errors import PIBadAnswerError, PIRefusedError, PIRequestError
from pi_datasource.options import PIOptions
from pi_datasource.plan.pages import SHORT, is_longer, list_length
from pi_datasource.read.listing import Listing
from pi_datasource.read.objects import NEVER
from pi_datasource.read.times import Ticks, parse_ticks
from pi_datasource.times import LAST_SECOND, MAX_TICKS, format_ticks
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all, chunks, is_about_the_question
from pi_datasource.webapi.client import Client

__all__ = [
    "WINDOW",
    "Window",
    "cut_frames",
    "hide_ends",
    "is_open_end",
    "search_of",
    "sorted_by_time",
    "times_of",
    "window_of",
    "within",
]

#: Name under which a list of frames carries its window; no column is called so.
WINDOW = "(window)"
#: Single frames asked for in one batch request.
ASKED_AT_ONCE = 500
#: The end of a frame that has none.
STILL_OPEN = f"{NEVER}-12-31T23:59:59Z"


@dataclass(frozen=True)
class Window:
    """A stretch of time, and how frames have to lie in it.

    Attributes:
        mode: PI's word, as the user gave it.
        start, end: half-open, in ticks; of a walk, `start` is where it begins.
        is_first: frames that overlap it from before belong here.
        before: frames have to end before it.
        as_of: a stream's view: what happens from here on has not happened yet. Ends at or after it are no ends, and
            frames from before the window belong to it only if they ended in it.
        started_before: frames have to start before it.
    """

    mode: str
    start: int
    end: int
    is_first: bool = True
    before: int | None = None
    as_of: int | None = None
    started_before: int | None = None

    @property
    def by(self) -> str:
        """Whether its frames are told apart by their start, by their end, or not at all."""
        if self.mode == "EndInclusive":
            return "EndTime"
        return "StartTime" if self.mode in ("Overlapped", "Inclusive", "StartInclusive", "InProgress") else ""

    @property
    def asked(self) -> str:
        """The mode that the server is asked with."""
        if self.mode == "Inclusive" or (self.mode == "Overlapped" and not self.is_first):
            return "StartInclusive"
        return self.mode

    def query(self, sort: bool) -> list[tuple[str, str]]:
        """The parameters that say it to the server.

        Args:
            sort: ask for the order of time.
        """
        query = [("searchMode", self.asked), ("startTime", format_ticks(self.start))]
        if self.mode == "None":
            # Servers may well look at the times: all time there is.
            return [query[0], ("startTime", format_ticks(0)), ("endTime", format_ticks(LAST_SECOND))]
        if self.by:
            query.append(("endTime", format_ticks(self.end)))
            if sort:
                query += [("sortField", self.by), ("sortOrder", "Ascending")]
        return query

    def keeps(self, starts: Ticks, ends: Ticks, is_open: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Which of the frames that the server found belong here, to the tick."""
        if not self.by:
            return np.ones(len(starts), bool)
        kept: np.ndarray[Any, Any]
        if self.mode == "EndInclusive":
            kept = ~is_open & (self.start <= ends) & (ends < self.end)
            if self.started_before is not None:
                kept &= starts < self.started_before
            return kept
        kept = starts < self.end
        if self.asked == "Overlapped":
            kept &= is_open | (ends >= self.start)
            if self.as_of is not None:
                kept &= (starts >= self.start) | (~is_open & (ends < self.as_of))
            return kept
        kept &= starts >= self.start
        if self.mode == "InProgress":
            kept &= is_open
        if self.before is not None:
            kept &= ~is_open & (ends < self.before)
        return kept

    def cut(self, borders: Sequence[int]) -> list[Window]:
        """The same in stretches between these ticks, which lie inside of it."""
        ends = [self.start, *borders, self.end]
        return [
            replace(self, start=start, end=end, is_first=number == 0)
            for number, (start, end) in enumerate(pairwise(ends))
        ]


def window_of(options: PIOptions) -> Window:
    """The window that the options mean."""
    mode, range = options.frames.search_mode, options.reading.time_range
    return Window(mode, range.start, range.end, before=range.end if mode == "Inclusive" else None)


def search_of(listing: Listing) -> Window:
    """The window of a list of frames."""
    window = dict(listing.place)[WINDOW]
    assert isinstance(window, Window)
    return window


def within(listing: Listing, window: Window, sort: bool) -> Listing:
    """The list of the frames in a window."""
    place = tuple((name, window if name == WINDOW else value) for name, value in listing.place)
    return replace(listing, query=(*listing.query, *window.query(sort)), place=place)


def sorted_by_time(client: Client, listing: Listing, kind: type[Any]) -> bool | PIRequestError:
    """Whether the server hands a search out in order of time (some know that by name only), or why it cannot.

    Args:
        client: who to ask.
        listing: a search without its time; its place holds the window.
        kind: an answer with `Items`.

    Raises:
        PIRequestError: the server could not be asked.
    """
    window = search_of(listing)
    cause: PIRequestError | None = None
    for sort in (True, False) if window.by else (False,):
        query = [*listing.query, *window.query(sort), ("maxCount", "1"), endpoints.selected("Items.", ("WebId",))]
        try:
            client.get(endpoints.with_query(listing.route, query), kind, listing.what)
            return sort
        except PIRequestError as error:
            if not is_about_the_question(error):
                raise
            cause = error
            if not isinstance(error, PIRefusedError):
                break
    assert cause is not None
    return cause


def cut_frames(
    client: Client, listing: Listing, kind: type[Any], sort: bool, parts: int | None, frames_per_part: int
) -> list[Listing]:
    """The parts of a search, in order of time.

    Args:
        client: who to ask.
        listing: a search without its time; its place holds the window.
        kind: an answer with `Items` that have `StartTime` and `EndTime`.
        sort: the server knows the order of time.
        parts: how many; None to have about `frames_per_part` in each.
        frames_per_part: frames in a part.
    """
    whole = search_of(listing)
    if not whole.by or parts == 1:
        return [within(listing, whole, sort)]
    # Those that overlap the start from before all belong to the first part: they are no help in placing borders.
    inside = within(listing, replace(whole, is_first=False), sort)
    if parts is None and not is_longer(client, inside, kind, frames_per_part):
        return [within(listing, whole, sort)]
    length = list_length(client, inside, kind, SHORT if parts is None else 1)
    wanted = parts or max(1, round(length / frames_per_part))
    numbers = sorted({length * part // wanted for part in range(1, wanted)})
    times = set(_times(client, inside, kind, numbers, whole.by))
    borders = sorted(tick for tick in times if whole.start < tick < whole.end)
    if parts is not None:
        borders = _enough(borders, whole, parts)
    return [within(listing, window, sort) for window in whole.cut(borders)]


def _times(client: Client, listing: Listing, kind: type[Any], numbers: Sequence[int], field: str) -> list[int]:
    """The times of the frames at these places of a list, as far as they are there and have ended."""
    texts = []
    for some in chunks(numbers, ASKED_AT_ONCE):
        asks = {}
        for number in some:
            query = [
                *listing.query, ("startIndex", str(number)), ("maxCount", "1"), endpoints.selected("Items.", (field,))
            ]  # fmt: skip
            asks[str(number)] = Ask(endpoints.with_query(listing.route, query), f"{listing.what}, number {number}")
        for answer in ask_all(client, asks, kind, f"times of {listing.what}").values():
            if not isinstance(answer, PIRequestError) and answer.Items:
                texts.append(getattr(answer.Items[0], field) or NEVER)
    return [int(tick) for tick in parse_ticks([text for text in texts if not text.startswith(NEVER)])]


def _enough(borders: list[int], window: Window, parts: int) -> list[int]:
    """So many borders that there are as many parts as wanted: the longest stretches are halved, while they can be."""
    while len(borders) < parts - 1:
        gap, start = max((end - start, start) for start, end in pairwise([window.start, *borders, window.end]))
        if gap < 2:
            break
        borders = sorted([*borders, start + gap // 2])
    return borders


def times_of(items: Sequence[Any], what: str) -> tuple[Ticks, Ticks, np.ndarray[Any, Any]]:
    """Start, end and openness of frames. The end of an open one is the end of all time.

    Raises:
        PIBadAnswerError: a frame without a start.
    """
    if any(item.StartTime is None for item in items):
        raise PIBadAnswerError(f"{what}: the server sent an event frame without a StartTime")
    is_open = np.fromiter((is_open_end(item.EndTime) for item in items), np.bool_, len(items))
    starts = parse_ticks([item.StartTime for item in items])
    ends = np.full(len(items), MAX_TICKS, np.int64)
    ends[~is_open] = parse_ticks([item.EndTime for item in items if not is_open_end(item.EndTime)])
    return starts, ends, is_open


def hide_ends(items: Sequence[Any], ends: Ticks, is_open: np.ndarray[Any, Any], as_of: int) -> None:
    """Makes frames open that end at or after an instant: seen from there they have not ended."""
    for number in np.flatnonzero(~is_open & (ends >= as_of)).tolist():
        items[number].EndTime = STILL_OPEN


def is_open_end(text: str | None) -> bool:
    """Whether the end of a frame says that it has none: AF's end of all time, in whatever digits."""
    return not text or text.startswith(NEVER)
