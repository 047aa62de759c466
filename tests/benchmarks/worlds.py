"""The archives that are read: how many tags, how many events, how uneven. Rows are known without asking the server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property

from mock_pi import Dense, Listed, PISystem, Point, Quiet, text_of, ticks_of

START = "2026-01-01T00:00:00Z"
#: Types that take turns in the mixed archive.
MIXED = ("Float64", "Float32", "Int32", "Digital", "String", "Int16", "Float64", "Timestamp")


@dataclass(frozen=True)
class World:
    """An archive and the range that is read of it.

    Attributes:
        name, meaning: for the table.
        points: what is in it.
        seconds: length of the range.
        item_limit: the server's MaxReturnedItemsPerCall.
    """

    name: str
    meaning: str
    points: tuple[Point, ...]
    seconds: int
    item_limit: int = 150_000

    @property
    def end(self) -> str:
        """End of the range, not included."""
        return text_of(ticks_of(START) + self.seconds * 10**7)

    @cached_property
    def system(self) -> PISystem:
        """Its PI System; its clock stands a minute behind the range, for those who look at the last day only."""
        return PISystem(list(self.points), now=text_of(ticks_of(self.end) + 60 * 10**7))

    @cached_property
    def rows(self) -> int:
        """Events in the range."""
        first, last = ticks_of(START), ticks_of(self.end) - 1
        return sum(self.system.history(point).count(first, last)[0] for point in self.points)

    def options(self, url: str) -> dict[str, str]:
        """How our source reads it: defaults, and every tag."""
        return {"url": url, "tagFilter": "*", "startTime": START, "endTime": self.end}

    def paths(self) -> list[str]:
        """The paths of its points."""
        return [f"\\\\MOCKPI\\{point.name}" for point in self.points]

    def names(self) -> str:
        """The names of its points, as option `tags` takes them."""
        return json.dumps([point.name for point in self.points])


def even(points: int = 200, events: int = 5_000) -> World:
    """Every tag once a second."""
    made = tuple(Point(f"EVEN.{number}", "Float64", Dense(1.0)) for number in range(points))
    return World("even", f"{points} tags × {events:,} events", made, events)


def deep(points: int = 50, events: int = 40_000) -> World:
    """Few tags, many events."""
    made = tuple(Point(f"DEEP.{number}", "Float64", Dense(1.0)) for number in range(points))
    return World("deep", f"{points} tags × {events:,} events", made, events)


def uneven(points: int = 50, events: int = 5_000) -> World:
    """Every tenth tag is quiet."""
    made = tuple(
        Point(f"UNEVEN.{number}", "Float64", Dense(1.0) if number % 10 else Quiet(30.0)) for number in range(points)
    )
    return World("uneven", f"{points} tags × {events:,} events, every tenth quiet", made, events)


def wide(points: int = 30_000, seconds: int = 3_600) -> World:
    """Very many tags, an event in ten seconds each, from a server whose page is PI's old default."""
    made = tuple(
        Point(f"WIDE.{number}", "Float32", Dense(10.0, like=f"WIDE.{number % 100}")) for number in range(points)
    )
    return World("wide", f"{points:,} tags × {seconds // 60} min at 10 s", made, seconds, item_limit=1_000)


def mixed(points: int = 200, events: int = 5_000) -> World:
    """All types, digital states and texts among them."""
    made = tuple(Point(f"MIXED.{number}", MIXED[number % len(MIXED)], Dense(1.0)) for number in range(points))
    return World("mixed", f"{points} tags × {events:,} events, {len(set(MIXED))} types", made, events)


def ragged(points: int = 400, seconds: int = 86_400 * 4) -> World:
    """Densities from one event a second to one a day, nothing said of which tag is which; some have a part only."""
    steps = (1.0, 5.0, 10.0, 60.0, 300.0, 3600.0, 43_200.0)
    made = []
    for number in range(points):
        step = steps[number * 7919 % 97 % len(steps)] if number % 40 else 1.0
        half = text_of(ticks_of(START) + seconds * 5 * 10**6)
        late = number % 5 == 0
        made.append(Point(f"RAGGED.{number}", "Float32", Dense(step, first=half if late else "1970-01-01T00:00:00Z")))
    made.append(Point("RAGGED.LISTED", "Float64", Listed()))
    return World("ragged", f"{len(made)} tags of unlike density", tuple(made), seconds)
