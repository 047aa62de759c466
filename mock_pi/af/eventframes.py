"""All event frames of a database, indexed by time: a search looks only at those its time range can mean.

The index is replaced, never changed, at an edit: a request being served goes on with the one it began with.
"""

from __future__ import annotations

import uuid
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from mock_pi.af.eventframe import EventFrame, portable
from mock_pi.af.model import Element
from mock_pi.af.paths import same_name
from mock_pi.ticks import LAST_TICKS

if TYPE_CHECKING:
    from mock_pi.af.database import Database

#: Ticks, number and frame: the number keeps frames of one instant in order of their definition.
_Entry: TypeAlias = tuple[int, int, EventFrame]

#: Results kept for the pages that follow the first one, and frames or attributes in all of them together.
_RESULTS_KEPT = 64
_OBJECTS_KEPT = 1_000_000

#: Fields of a frame that an edit cannot change.
_FIXED = ("frames", "first", "last", "number", "parent", "database", "id")

FrameOrName: TypeAlias = EventFrame | str


class TimeIndex:
    """Frames in order of their start and in order of their end."""

    def __init__(self, frames: Iterable[EventFrame] = ()) -> None:
        kept = list(frames)
        self.by_start: list[_Entry] = sorted((one.first, one.number, one) for one in kept)
        self.by_end: list[_Entry] = sorted((one.last, one.number, one) for one in kept)

    def all(self) -> list[EventFrame]:
        """All frames, in order of start."""
        return [one for _, _, one in self.by_start]

    def starting(self, first: int, last: int) -> list[EventFrame]:
        """Those that start in a range, in order of start."""
        return _between(self.by_start, first, last)

    def ending(self, first: int, last: int) -> list[EventFrame]:
        """Those that end in a range, in order of end."""
        return _between(self.by_end, first, last)

    def overlapping(self, first: int, last: int) -> list[EventFrame]:
        """Those that have an instant of a range in common with it; looks from the side where fewer frames are."""
        early = bisect_right(self.by_start, (last, LAST_TICKS))
        late = bisect_left(self.by_end, (first,))
        if early <= len(self.by_end) - late:
            return [one for _, _, one in self.by_start[:early] if one.last >= first]
        return [one for _, _, one in self.by_end[late:] if one.first <= last]

    def open(self) -> list[EventFrame]:
        """Those without an end, in order of start."""
        return sorted(self.ending(LAST_TICKS, LAST_TICKS), key=lambda one: (one.first, one.number))

    def changed(self, gone: Iterable[EventFrame], new: Iterable[EventFrame]) -> TimeIndex:
        """The index without some frames, and with others. Frames that go must still have the times they came with."""
        index = TimeIndex()
        index.by_start, index.by_end = self.by_start[:], self.by_end[:]
        for one in gone:
            _take(index.by_start, (one.first, one.number, one))
            _take(index.by_end, (one.last, one.number, one))
        for one in new:
            insort(index.by_start, (one.first, one.number, one))
            insort(index.by_end, (one.last, one.number, one))
        return index


def _between(entries: list[_Entry], first: int, last: int) -> list[EventFrame]:
    begin = bisect_left(entries, (first,))
    return [one for _, _, one in entries[begin : bisect_right(entries, (last, LAST_TICKS))]]


def _take(entries: list[_Entry], entry: _Entry) -> None:
    place = bisect_left(entries, entry[:2])
    if place < len(entries) and entries[place][2] is entry[2]:
        del entries[place]


class EventFrames:
    """The event frames of one database.

    >>> frames = database.event_frames
    >>> batch = frames.insert(EventFrame("Batch 7", "2026-01-01T08:00:00Z", template="Batch"))
    >>> frames.close(batch, "2026-01-01T09:30:00Z")
    >>> frames.edit(batch, severity="Major", acknowledged_by="DOMAIN\\\\ann")
    >>> frames.delete(batch)
    """

    def __init__(self, frames: Iterable[EventFrame] = ()) -> None:
        self._declared = list(frames)
        #: Frames that are not inside of others, and all.
        self.roots = TimeIndex()
        self.all = TimeIndex()
        #: Goes up with every change.
        self.revision = 0
        #: Called with every edit, so that a server in another process can follow.
        self.tell: Callable[[dict[str, Any]], None] | None = None
        self._database: Database | None = None
        self._next = 1
        self._by_guid: dict[uuid.UUID, EventFrame] = {}
        self._by_number: dict[int, EventFrame] = {}
        self._results: OrderedDict[Hashable, tuple[int, list[Any]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[EventFrame]:
        """All frames, in order of start."""
        return iter(self.all.all())

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_results": OrderedDict()}

    @property
    def database(self) -> Database:
        """Whose frames they are."""
        assert self._database is not None
        return self._database

    def attach(self, database: Database) -> None:
        """Becomes part of a database: all frames get their numbers."""
        self._database = database
        placed = [one for root in self._declared for one in self._placed(root, None)]
        self.roots = TimeIndex(self._declared)
        self.all = self.roots if len(placed) == len(self._declared) else TimeIndex(placed)

    def _placed(self, frame: EventFrame, parent: EventFrame | None) -> list[EventFrame]:
        frame.database, frame.parent, frame.number = self.database, parent, self._next
        self._next += 1
        self._by_number[frame.number] = frame
        if frame.id is not None:
            self._by_guid[frame.id] = frame
        return [frame, *(each for one in frame.frames for each in self._placed(one, frame))]

    def with_guid(self, guid: uuid.UUID) -> EventFrame | None:
        """The frame with this id."""
        found = self._by_guid.get(guid)
        if found is None and self._database is not None and guid.int >> 64 == self.database.guid.int >> 64:
            found = self._by_number.get(guid.int & (1 << 64) - 1)
            return found if found is not None and found.id is None else None
        return found

    def named(self, name: str) -> list[EventFrame]:
        """The frames of this name that are not inside of others, in any case, in order of start."""
        names = self.remembered("names", self._names)[0]
        found: list[EventFrame] = names.get(name.upper(), [])
        if found or not name.endswith(("]", "}")):
            return found
        return [one for one in self.roots.all() if same_name(one, name)]

    def _names(self) -> list[Any]:
        names: dict[str, list[EventFrame]] = {}
        for one in self.roots.all():
            names.setdefault(one.name.upper(), []).append(one)
        return [names]

    def at(self, names: list[str]) -> EventFrame | None:
        """The first frame at the end of these names, of which the first is not inside of others."""
        found = next(iter(self.named(names[0])), None) if names else None
        for name in names[1:]:
            found = next((one for one in found.frames if same_name(one, name)), None) if found else None
        return found

    def about(self, element: Element) -> TimeIndex:
        """The frames that are about an element, also those inside of others."""
        found = self.remembered(("elements", self.database.revision), self._elements)[0].get(element.guid)
        return found or TimeIndex()

    def _elements(self) -> list[Any]:
        frames: dict[uuid.UUID, list[EventFrame]] = {}
        for one in self.all.all():
            for element in one.referenced():
                frames.setdefault(element.guid, []).append(one)
        return [{guid: TimeIndex(some) for guid, some in frames.items()}]

    def remembered(self, key: Hashable, make: Callable[[], list[Any]]) -> list[Any]:
        """What `make` gives, made again only after a change: so the pages of a list cost one search together."""
        revision = self.revision
        known = self._results.get(key)
        if known is None or known[0] != revision:
            known = self._results[key] = (revision, make())
            while len(self._results) > 1 and (len(self._results) > _RESULTS_KEPT or self._kept() > _OBJECTS_KEPT):
                self._results.popitem(last=False)
        return known[1]

    def _kept(self) -> int:
        return sum(len(found) for _, found in self._results.values())

    def insert(self, frame: EventFrame, parent: FrameOrName | None = None) -> EventFrame:
        """A new frame, inside of another or not."""
        self._tell("insert", portable(frame), None if parent is None else self._one(parent).number)
        above = None if parent is None else self._one(parent)
        placed = self._placed(frame, above)
        if above is None:
            self.roots = self.roots.changed((), [frame])
        else:
            above.frames = [*above.frames, frame]
        self._changed((), placed)
        return frame

    def close(self, frame: FrameOrName, end: int | str) -> None:
        """An open frame ends."""
        self.edit(frame, end=end)

    def edit(self, frame: FrameOrName, **changes: Any) -> None:
        """Fields of a frame are changed, named as in `EventFrame`.

        Raises:
            TypeError: there is no such field, or it cannot be changed.
        """
        one = self._one(frame)
        for name in changes:
            if name in _FIXED or not hasattr(one, name):
                raise TypeError(f"{name!r} of an event frame cannot be changed")
        self._tell("edit", one.number, changes)
        roots, everything = self.roots.changed([one], ()), self.all.changed([one], ())
        for name, value in changes.items():
            setattr(one, name, value)
        one.retime()
        self.roots = roots if one.parent is not None else roots.changed((), [one])
        self.all = everything.changed((), [one])
        self.revision += 1

    def delete(self, frame: FrameOrName) -> None:
        """A frame and all inside of it vanish."""
        one = self._one(frame)
        self._tell("delete", one.number)
        gone = list(one.below())
        for each in gone:
            self._by_number.pop(each.number, None)
            if each.id is not None:
                self._by_guid.pop(each.id, None)
        if one.parent is None:
            self.roots = self.roots.changed([one], ())
        else:
            one.parent.frames = [each for each in one.parent.frames if each is not one]
        self._changed(gone, ())

    def apply(self, action: str, arguments: tuple[Any, ...]) -> None:
        """Does what was told by another process."""
        first, *rest = arguments
        if action == "insert":
            self.insert(first, None if rest[0] is None else self._by_number[rest[0]])
        elif action == "edit":
            self.edit(self._by_number[first], **rest[0])
        else:
            self.delete(self._by_number[first])

    def _one(self, frame: FrameOrName) -> EventFrame:
        if isinstance(frame, EventFrame):
            found = self._by_number.get(frame.number)
        else:
            found = next(iter(self.named(frame)), None)
        if found is None:
            raise KeyError(f"no event frame {frame!r}")
        return found

    def _changed(self, gone: Iterable[EventFrame], new: Iterable[EventFrame]) -> None:
        self.all = self.all.changed(gone, new)
        self.revision += 1

    def _tell(self, action: str, *arguments: Any) -> None:
        if self.tell is not None:
            edit = {"edit": "frame", "database": self.database.path, "action": action, "arguments": arguments}
            self.tell(edit)
