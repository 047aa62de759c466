"""A point's archive: the computed events, with what was inserted, replaced and deleted since laid over them.

An edit keeps the whole list of events of its instant, so identity (instant and place within it) needs no other book.
The overlay is replaced, never changed, at an edit: a request being served goes on with the one it began with.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from mock_pi.system.annotation import Annotation
from mock_pi.system.event import Event, normal
from mock_pi.system.point import Point
from mock_pi.system.shapes import Shape
from mock_pi.system.values import Values
from mock_pi.ticks import FIRST_TICKS

#: A run of computed events by number, or the edited events of one instant.
Span: TypeAlias = range | tuple[Event, ...]


@dataclass(frozen=True)
class Overlay:
    """The edited instants in order, and the events each of them has now."""

    instants: tuple[int, ...] = ()
    events: dict[int, tuple[Event, ...]] = field(default_factory=dict)

    def with_edits(self, edits: dict[int, tuple[Event, ...]]) -> Overlay:
        """This overlay with more instants edited."""
        merged = {**self.events, **edits}
        return Overlay(tuple(sorted(merged)), merged)


class History:
    """All events of one point, in archive order. Every range here is inclusive at both ends, in ticks."""

    def __init__(self, point: Point, shape: Shape, values: Values) -> None:
        self.point = point
        self.shape = shape
        self.values = values
        self.overlay = Overlay()
        #: Instant to what was noted on its annotated events.
        self.notes: dict[int, tuple[Annotation, ...]] = {}

    def spans(self, first: int, last: int) -> Iterator[Span]:
        """The events of a range as runs, in order; no run is empty."""
        overlay = self.overlay
        start = first
        place = bisect_left(overlay.instants, first)
        for instant in overlay.instants[place : bisect_right(overlay.instants, last)]:
            yield from _filled(self.shape.span(start, instant - 1))
            yield from _filled(overlay.events[instant])
            start = instant + 1
        if start <= last:
            yield from _filled(self.shape.span(start, last))

    def computed(self, numbers: range) -> list[Event]:
        """The computed events with these numbers."""
        ticks, event = self.shape.ticks, self.values.event
        return [event(number, ticks(number)) for number in numbers]

    def events(self, first: int, last: int) -> list[Event]:
        """The events of a range."""
        found: list[Event] = []
        for span in self.spans(first, last):
            found.extend(self.computed(span) if isinstance(span, range) else span)
        return found

    def count(self, first: int, last: int) -> tuple[int, int]:
        """How many events a range has, and how many of them are bad, without computing them."""
        total = bad = 0
        for span in self.spans(first, last):
            total += len(span)
            bad += self.values.bad_count(span) if isinstance(span, range) else sum(not event.good for event in span)
        return total, bad

    def before(self, instant: int) -> Event | None:
        """The last event at or before an instant."""
        overlay = self.overlay
        while instant >= FIRST_TICKS:
            numbers = self.shape.span(FIRST_TICKS, instant)
            computed = self.shape.ticks(numbers[-1]) if numbers else -1
            place = bisect_right(overlay.instants, instant)
            edited = overlay.instants[place - 1] if place else -1
            if edited < computed:
                return self.computed(numbers[-1:])[0]
            if edited < 0:
                return None
            if overlay.events[edited]:
                return overlay.events[edited][-1]
            instant = edited - 1
        return None

    def after(self, instant: int, last: int) -> Event | None:
        """The first event at or after an instant, not later than `last`."""
        for span in self.spans(instant, last):
            return self.computed(span[:1])[0] if isinstance(span, range) else span[0]
        return None

    def insert(self, events: Iterable[Event]) -> None:
        """Adds events, each behind what is already at its instant."""
        edits: dict[int, tuple[Event, ...]] = {}
        for event in events:
            there = edits.get(event.ticks)
            if there is None:
                there = tuple(self.events(event.ticks, event.ticks))
            edits[event.ticks] = (*there, normal(event, self.point.point_type))
        self.overlay = self.overlay.with_edits(edits)

    def replace(self, event: Event, ordinal: int = 0) -> None:
        """Puts an event in the place of the one at its instant.

        Raises:
            KeyError: there is no such event.
        """
        there = self.events(event.ticks, event.ticks)
        if not 0 <= ordinal < len(there):
            raise KeyError(f"{self.point.name} has no event {ordinal} at {event.ticks}")
        there[ordinal] = normal(event, self.point.point_type)
        self.overlay = self.overlay.with_edits({event.ticks: tuple(there)})

    def annotate(self, instant: int, notes: tuple[Annotation, ...], ordinal: int = 0) -> None:
        """Leaves notes on an event, or with none of them takes them away.

        Raises:
            KeyError: there is no such event.
        """
        there = self.events(instant, instant)
        if not 0 <= ordinal < len(there):
            raise KeyError(f"{self.point.name} has no event {ordinal} at {instant}")
        self.notes = {**self.notes, instant: notes}
        self.replace(there[ordinal]._replace(annotated=bool(notes)), ordinal)

    def delete(self, first: int, last: int, ordinal: int | None = None) -> None:
        """Removes the events of a range: all of them, or of each instant only the one in place `ordinal`."""
        edits: dict[int, tuple[Event, ...]] = {}
        for instant in dict.fromkeys(event.ticks for event in self.events(first, last)):
            there = self.events(instant, instant)
            edits[instant] = () if ordinal is None else tuple(there[:ordinal] + there[ordinal + 1 :])
        self.overlay = self.overlay.with_edits(edits)


def _filled(span: Span) -> Iterator[Span]:
    if len(span):
        yield span
