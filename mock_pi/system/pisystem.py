"""The PI System behind the server: data servers, points, digital sets, and everything that ever happened."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from mock_pi.system.annotation import Annotation
from mock_pi.system.clock import Clock
from mock_pi.system.event import Event, State
from mock_pi.system.history import History
from mock_pi.system.point import Point
from mock_pi.system.states import SYSTEM_STATES
from mock_pi.system.values import values_of
from mock_pi.ticks import FIRST_TICKS, LAST_TICKS, TICKS_PER_DAY, as_ticks

if TYPE_CHECKING:
    from mock_pi.af import AFServer, Database
    from mock_pi.af.eventframes import EventFrames

#: How far past now a future point without a last event goes.
FUTURE_HORIZON = 7 * TICKS_PER_DAY

#: The digital set of points that name none.
DEFAULT_SETS: Mapping[str, Sequence[str]] = {"Modes": ("Manual", "Auto", "Cascade", "Program", "Prog-Auto")}

TagOrPoint: TypeAlias = str | Point


class PISystem:
    """A declared PI System, from which every answer and every expected table is computed.

    Args:
        points: The points; those without a server belong to the first one, those without an id are numbered.
        data_servers: Names of the data servers.
        digital_sets: Name of a set to its state names in order of code, or to a mapping of code to name.
        now: Where the clock stands, as ISO text or ticks; None for the real time.
        af: The asset servers: see `mock_pi.af`.

    >>> system = PISystem([Point("SINUSOID", "Float32")], now="2026-01-02T00:00:00Z")
    >>> len(system.expected_recorded("SINUSOID", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"))
    360
    """

    def __init__(
        self,
        points: Iterable[Point] = (),
        data_servers: Sequence[str] = ("MOCKPI",),
        digital_sets: Mapping[str, Sequence[str] | Mapping[int, str]] | None = None,
        now: int | str | None = None,
        af: Iterable[AFServer] = (),
    ) -> None:
        self.clock = Clock(now)
        self.asset_servers = tuple(af)
        self.data_servers = tuple(data_servers)
        self.digital_sets = {name: _states(states) for name, states in (digital_sets or DEFAULT_SETS).items()}
        self.digital_sets.setdefault("System", tuple(SYSTEM_STATES.values()))
        #: Called with every edit as plain values, so that a server in another process can follow.
        self.on_edit: Callable[[dict[str, Any]], None] | None = None
        self._by_path: dict[str, Point] = {}
        self._by_name: dict[str, Point] = {}
        self._by_id: dict[tuple[str, int], Point] = {}
        self._histories: dict[tuple[str, int], History] = {}
        self._set_names = {name.upper(): name for name in self.digital_sets}
        self._next_id = 1
        for point in points:
            self._add(point)
        for server in self.asset_servers:
            for database in server.databases:
                database.tell = database.event_frames.tell = self._tell_frames

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "on_edit": None}

    @classmethod
    def demo(cls, tags: int = 1000, seed: int = 1, now: int | str | None = None) -> PISystem:
        """What `python -m mock_pi --tags N` serves: see `mock_pi.system.demo`."""
        from mock_pi.system.demo import demo

        return demo(tags, seed, now)

    @classmethod
    def shapes(cls, now: int | str | None = "2026-03-01T00:00:00Z") -> PISystem:
        """A system with points of every shape, type and kind of name: see `mock_pi.system.gallery`."""
        from mock_pi.system.gallery import gallery

        return gallery(now)

    @property
    def points(self) -> tuple[Point, ...]:
        """All points as the server shows them: with server, id and digital set filled in."""
        return tuple(self._by_id.values())

    @property
    def now(self) -> int:
        """The server's now, in ticks."""
        return self.clock.now()

    def point(self, tag: TagOrPoint) -> Point:
        r"""The point with this name, or this path (`\\SERVER\TAG`), whatever the case.

        Raises:
            KeyError: there is none.
        """
        if isinstance(tag, Point):
            tag = f"\\\\{tag.server or self.data_servers[0]}\\{tag.name}"
        found = self.find(tag)
        if found is None:
            raise KeyError(f"no point {tag!r}")
        return found

    def find(self, path: str) -> Point | None:
        r"""The point with this name or path (`\\SERVER\TAG`), or None."""
        upper = path.upper()
        return self._by_path.get(upper[2:]) if upper.startswith("\\\\") else self._by_name.get(upper)

    def find_id(self, server: str, point_id: int) -> Point | None:
        """The point with this id on a data server, or None."""
        return self._by_id.get((server, point_id))

    def points_of(self, server: str) -> list[Point]:
        """The points of a data server, in order of id."""
        return [point for point in self._by_id.values() if point.server == server]

    def history(self, tag: TagOrPoint) -> History:
        """Everything that happened to a point."""
        point = self.point(tag)
        return self._histories.get(_key(point)) or self._new_history(point)

    def last_ticks(self, point: Point) -> int:
        """The last instant at which the point may have events now."""
        now = self.clock.now()
        if not point.future:
            return now
        shape = point.shape
        bounded = shape.size and shape.size < 10**12 and shape.ticks(shape.size - 1) < LAST_TICKS - TICKS_PER_DAY
        return LAST_TICKS if bounded or not shape.size else now + FUTURE_HORIZON

    def events(self, tag: TagOrPoint, first: int, last: int) -> list[Event]:
        """The events from `first` to `last`, both inclusive, in ticks, as far as they have happened."""
        point = self.point(tag)
        return self.history(point).events(max(first, FIRST_TICKS), min(last, self.last_ticks(point)))

    def expected_recorded(self, tag: TagOrPoint, start: int | str, end: int | str) -> list[Event]:
        """The events of the half-open range [start, end), in archive order: what a perfect reader gets."""
        return self.events(tag, as_ticks(start), as_ticks(end) - 1)

    def insert(self, tag: TagOrPoint, *events: Event) -> None:
        """Events that arrive late: each goes behind what is already there at its instant."""
        point = self.point(tag)
        self.history(point).insert(Event(*event) for event in events)
        self._tell("insert", point, events=list(events))

    def replace(self, tag: TagOrPoint, event: Event, ordinal: int = 0) -> None:
        """An event is edited: the one in place `ordinal` at the instant of `event` becomes `event`."""
        point = self.point(tag)
        self.history(point).replace(event, ordinal)
        self._tell("replace", point, events=[event], ordinal=ordinal)

    def delete(
        self, tag: TagOrPoint, start: int | str, end: int | str | None = None, ordinal: int | None = None
    ) -> None:
        """Events vanish: those at `start`, or in [start, end); with `ordinal` only that one of each instant."""
        point = self.point(tag)
        first = as_ticks(start)
        last = first if end is None else as_ticks(end) - 1
        self.history(point).delete(first, last, ordinal)
        self._tell("delete", point, first=first, last=last, ordinal=ordinal)

    def annotate(self, tag: TagOrPoint, when: int | str, *notes: Annotation, ordinal: int = 0) -> None:
        """Notes are left on the event in place `ordinal` at an instant; without any they are taken away."""
        point = self.point(tag)
        instant = as_ticks(when)
        self.history(point).annotate(instant, notes, ordinal)
        self._tell("annotate", point, arguments=(instant, notes, ordinal))

    def add(self, point: Point) -> Point:
        """A new point, as the server shows it from now on."""
        added = self._add(point)
        self._tell("add", added)
        return added

    def remove(self, tag: TagOrPoint) -> None:
        """A point is deleted; one added later with its name gets a new id."""
        point = self.point(tag)
        del self._by_id[_key(point)]
        self._by_path.pop(_path(point), None)
        namesakes = [one for one in self._by_id.values() if one.name.upper() == point.name.upper()]
        self._by_name.pop(point.name.upper(), None)
        self._by_name.update((one.name.upper(), one) for one in namesakes[:1])
        self._histories.pop(_key(point), None)
        self._tell("remove", point)

    def set_now(self, now: int | str | None) -> None:
        """Sets the server's clock; None lets it run with the real time."""
        self.clock.set(now)
        if self.on_edit is not None:
            self.on_edit({"edit": "now", "now": self.clock.fixed})

    def _add(self, point: Point) -> Point:
        server = point.server or self.data_servers[0]
        if server not in self.data_servers:
            raise ValueError(f"point {point.name!r}: there is no data server {server!r}")
        point_id = self._next_id if point.point_id is None else point.point_id
        self._next_id = max(self._next_id, point_id + 1)
        shown = dataclasses.replace(point, server=server, point_id=point_id, digital_set=self._digital_set(point))
        if _key(shown) in self._by_id or _path(shown) in self._by_path:
            raise ValueError(f"point {point.name!r} or its id {point_id} is there twice")
        self._by_id[_key(shown)] = shown
        self._by_path[_path(shown)] = shown
        self._by_name.setdefault(shown.name.upper(), shown)
        return shown

    def _digital_set(self, point: Point) -> str | None:
        if point.point_type != "Digital":
            return None
        name = point.digital_set or next(iter(self.digital_sets))
        if name.upper() not in self._set_names:
            raise ValueError(f"point {point.name!r}: there is no digital set {name!r}")
        return self._set_names[name.upper()]

    def _new_history(self, point: Point) -> History:
        history = History(point, point.shape, values_of(point, point.shape, self.digital_sets))
        return self._histories.setdefault(_key(point), history)

    def database(self, name: str = "") -> Database:
        r"""An asset database by its name or path `\\AF\DB`; the first one without.

        Raises:
            KeyError: there is none.
        """
        for server in self.asset_servers:
            for one in server.databases:
                if name.upper() in ("", one.name.upper(), one.path.upper()):
                    return one
        raise KeyError(f"no asset database {name!r}")

    def event_frames(self, database: str = "") -> EventFrames:
        r"""The event frames of a database, by its name or path `\\AF\DB`; of the first one without.

        Raises:
            KeyError: there is no such database.
        """
        return self.database(database).event_frames

    def _tell_frames(self, edit: dict[str, Any]) -> None:
        if self.on_edit is not None:
            self.on_edit(edit)

    def _tell(self, edit: str, point: Point, **details: Any) -> None:
        if self.on_edit is not None:
            self.on_edit({"edit": edit, "point": point, **details})


def _key(point: Point) -> tuple[str, int]:
    return point.server or "", point.point_id or 0


def _path(point: Point) -> str:
    return f"{point.server}\\{point.name}".upper()


def _states(states: Sequence[str] | Mapping[int, str]) -> tuple[State, ...]:
    named = states.items() if isinstance(states, Mapping) else enumerate(states)
    return tuple(State(name, code, False) for code, name in named)
