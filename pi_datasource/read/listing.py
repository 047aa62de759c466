"""Lists of objects, page after page, many lists in one request.

A page is asked from one before its place on: the object there has to be the one that ended the page before. So a list
that changes while it is read is noticed, and nothing is skipped or repeated unseen. Only a page that holds nothing new
is the end: a server may cut pages short. A list that has no places, and whose length looks like such a cut, is looked
at from its other end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pi_datasource.errors import (
    PIBadAnswerError,
    PIChangedError,
    PIError,
    PINotFoundError,
    PIRefusedError,
    PIRequestError,
    PITooLargeError,
)
from pi_datasource.read.cursor import looks_cut
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.batch import Ask, ask_all
from pi_datasource.webapi.client import Client

__all__ = ["PAGE", "Expand", "ListPage", "ListReader", "Listing"]

#: Objects in a page: PI Web API's own default.
PAGE = 1000
#: Lists in one batch request.
TOGETHER = 50
#: A list without places is asked for so many times as many objects, when there are more.
GROWTH = 4


@dataclass(frozen=True)
class Listing:
    """A list, or a part of one. Travels to tasks.

    Attributes:
        route: the list's route, without parameters.
        what: the list in words, for messages.
        query: parameters besides paging and fields.
        place: column → value of all its rows.
        paged: it has `startIndex` and `maxCount`; else it comes whole.
        counted: it has `maxCount` and no `startIndex`: it is asked for more and more, until all is there.
        cause: why it cannot be read, when that is known already.
        start: number of the first object wanted.
        end: number of the first object not wanted; None for all.
        before: WebID of the object before `start`.
        last: WebID of the object before `end`.
    """

    route: str
    what: str
    query: tuple[tuple[str, str], ...] = ()
    place: tuple[tuple[str, Any], ...] = ()
    paged: bool = True
    start: int = 0
    end: int | None = None
    before: str = ""
    last: str = ""
    counted: bool = False
    cause: str = ""


@dataclass
class ListPage:
    """Objects of one list."""

    listing: Listing
    items: list[Any]

    def __len__(self) -> int:
        return len(self.items)


#: Of the objects of a page: those that are rows, and the lists behind them that have to be read, too.
Expand = Callable[[Listing, list[Any]], tuple[list[Any], list[Listing]]]


@dataclass
class _Cursor:
    """How far a list has been read.

    Attributes:
        count: of a list without places: the objects to ask for; 0 for a page.
        full: the largest number asked for that was not enough.
        limit: the most that the server hands out at once, once it has said so.
        kept: of a list without places: its objects, while its other end is looked at.
    """

    listing: Listing
    at: int
    before: str
    done: bool = False
    count: int = 0
    full: int = 0
    limit: int | None = None
    kept: list[Any] | None = None


@dataclass
class ListReader:
    """Reads some lists together; the same two halves as `Chain`: `fetch` asks, `take` moves on.

    Attributes:
        client: who to ask.
        listings: what to read.
        kind: what an answer is.
        fields: what is asked of each object.
        page: objects in a page.
        since: the first version that has the route, for messages.
        expand: what is to be read behind the objects of a page.
        failures: list → why it could not be read, since this was last emptied.
    """

    client: Client
    listings: Sequence[Listing]
    kind: type[Any]
    fields: tuple[str, ...]
    page: int = PAGE
    since: str = ""
    expand: Expand | None = None
    failures: dict[str, PIError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._cursors = [_Cursor(listing, listing.start, listing.before) for listing in self.listings]
        self._what = self.listings[0].what + (f" and {len(self.listings) - 1} more" if len(self.listings) > 1 else "")

    @property
    def done(self) -> bool:
        """Whether all has been read."""
        return all(cursor.done for cursor in self._cursors)

    def fetch(self) -> list[tuple[_Cursor, int, Any]]:
        """Asks the next page of each list that has more: cursor, page size, answer or error.

        Raises:
            PIRequestError: the server could not be asked.
        """
        # Those found last come first: else the lists behind a long one would pile up.
        left = [cursor for cursor in self._cursors if not cursor.done][-TOGETHER:]
        sizes = [self._size(cursor) for cursor in left]
        asks = {
            str(number): Ask(self._route(cursor, size), cursor.listing.what)
            for number, (cursor, size) in enumerate(zip(left, sizes, strict=True))
            if not cursor.listing.cause
        }
        answers = ask_all(self.client, asks, self.kind, self._what)
        answers |= {
            str(number): PIRefusedError(cursor.listing.cause)
            for number, cursor in enumerate(left)
            if cursor.listing.cause
        }
        return [
            (cursor, size, answers[str(number)]) for number, (cursor, size) in enumerate(zip(left, sizes, strict=True))
        ]

    def take(self, fetched: list[tuple[_Cursor, int, Any]]) -> list[ListPage]:
        """Moves on by what came. Returns the pages in it.

        Raises:
            PIChangedError: a list changed meanwhile.
        """
        pages = []
        for cursor, size, answer in fetched:
            if isinstance(answer, PITooLargeError) and cursor.listing.counted and self._fewer(cursor, size, answer):
                continue
            if isinstance(answer, PITooLargeError) and size > 2 and not cursor.listing.counted:
                self.page = max(1, min(answer.item_limit or size // 2, size - 1) - 1)
            elif isinstance(answer, PIRequestError):
                self.failures[cursor.listing.what] = self._explained(cursor, answer)
                cursor.done = True
            elif cursor.listing.counted and cursor.kept is None and len(answer.Items) >= size:
                self._more(cursor, size)
            elif cursor.listing.counted and cursor.kept is None and self._may_be_cut(cursor, answer.Items):
                cursor.kept = answer.Items
            elif cursor.kept and answer.Items[:1] and answer.Items[0].WebId != cursor.kept[-1].WebId:
                self._too_large(cursor, len(cursor.kept))
            else:
                items = self._new(cursor, answer.Items if cursor.kept is None else cursor.kept)
                if self.expand is not None:
                    items, behind = self.expand(cursor.listing, items)
                    self._cursors += [_Cursor(listing, listing.start, listing.before) for listing in behind]
                pages.append(ListPage(cursor.listing, items))
        # Lists behind lists can be many: those that have been read need not be kept.
        self._cursors = [cursor for cursor in self._cursors if not cursor.done]
        return pages

    def _size(self, cursor: _Cursor) -> int:
        if cursor.kept is not None:
            return 1
        if cursor.listing.counted:
            return cursor.count or self.page
        wanted = self.page if cursor.listing.end is None else min(self.page, cursor.listing.end - cursor.at)
        return wanted + bool(cursor.before)

    def _route(self, cursor: _Cursor, size: int) -> str:
        listing = cursor.listing
        paging = []
        if listing.counted:
            order = [("sortOrder", "Descending")] if cursor.kept is not None else []
            paging = [*order, ("maxCount", str(size))]
        elif listing.paged:
            paging = [("startIndex", str(cursor.at - bool(cursor.before))), ("maxCount", str(size))]
        query = [*listing.query, *paging, endpoints.selected("Items.", self.fields)]
        return endpoints.with_query(listing.route, query)

    def _new(self, cursor: _Cursor, items: list[Any]) -> list[Any]:
        """The objects of a page that were not in the page before."""
        listing = cursor.listing
        if listing.counted or not listing.paged:
            cursor.done = True
            return items
        if cursor.before:
            if not items or items[0].WebId != cursor.before:
                raise PIChangedError(f"{listing.what}: the list changed while it was read; read it again")
            items = items[1:]
        cursor.at += len(items)
        if items:
            if items[-1].WebId == cursor.before:
                raise PIBadAnswerError(f"{listing.what}: the same page comes again and again; the server does not page")
            cursor.before = items[-1].WebId
        cursor.done = not items or (listing.end is not None and cursor.at >= listing.end)
        if cursor.done and listing.last and cursor.before != listing.last:
            raise PIChangedError(f"{listing.what}: the list changed while it was read; read it again")
        return items

    def _more(self, cursor: _Cursor, size: int) -> None:
        """There may be more than was asked for: ask for more, unless that is the most there is."""
        cursor.full = size
        if cursor.limit is not None and size >= cursor.limit:
            self._too_large(cursor, size)
            return
        cursor.count = min(size * GROWTH, cursor.limit or size * GROWTH)

    @staticmethod
    def _may_be_cut(cursor: _Cursor, items: list[Any]) -> bool:
        """Whether there may be more although less came than was asked for, from who says nothing of a limit."""
        return len(items) > 0 and (len(items) <= cursor.full or looks_cut(len(items)))

    def _too_large(self, cursor: _Cursor, count: int) -> None:
        what, route = cursor.listing.what, cursor.listing.route
        self.failures[what] = PITooLargeError(
            f"{what}: it has {count} objects or more, the server hands out {count} at once, and {route} has no "
            "pages; only a higher MaxReturnedItemsPerCall helps"
        )
        cursor.done = True

    def _fewer(self, cursor: _Cursor, size: int, error: PITooLargeError) -> bool:
        """Asks for fewer, but for more than was not enough; False where there is nothing between."""
        cursor.limit = error.item_limit or cursor.limit
        cursor.count = min(error.item_limit or (size + cursor.full) // 2, size - 1)
        return cursor.count > cursor.full

    def _explained(self, cursor: _Cursor, error: PIRequestError) -> PIRequestError:
        if isinstance(error, PINotFoundError) and self.since:
            return PINotFoundError(
                f"{error} (route {cursor.listing.route}: since PI Web API {self.since})", status=error.status
            )
        return error
