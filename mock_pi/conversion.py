"""The parameter `desiredUnits`: the values of an attribute in another unit of the same class."""

from __future__ import annotations

from mock_pi.af.model import BoundAttribute
from mock_pi.af.units import Unit, find_unit
from mock_pi.call import Call, PIWebAPIError
from mock_pi.site import Source
from mock_pi.stream import Stream, is_number
from mock_pi.system.annotation import Annotation
from mock_pi.system.event import Event


class ConvertedStream(Stream):
    """A stream whose numbers are shown in another unit."""

    def __init__(self, stream: Stream, present: Unit, wanted: Unit) -> None:
        self.stream = stream
        self.present = present
        self.wanted = wanted
        self.unit = wanted.abbreviation
        self.holds = stream.holds
        self.is_numeric = stream.is_numeric
        self.is_archived = stream.is_archived
        self.is_future = stream.is_future
        self.problem = stream.problem
        self.own_range = stream.own_range

    @property
    def last(self) -> int:
        return self.stream.last

    def events(self, first: int, last: int) -> list[Event]:
        return [self._converted(event) for event in self.stream.events(first, last)]

    def before(self, instant: int) -> Event | None:
        found = self.stream.before(instant)
        return None if found is None else self._converted(found)

    def after(self, instant: int) -> Event | None:
        found = self.stream.after(instant)
        return None if found is None else self._converted(found)

    def count(self, first: int, last: int) -> tuple[int, int]:
        return self.stream.count(first, last)

    @property
    def captured(self) -> Event | None:  # type: ignore[override]
        return None if self.stream.captured is None else self._converted(self.stream.captured)

    def notes(self, instant: int) -> tuple[Annotation, ...]:
        return self.stream.notes(instant)

    def _converted(self, event: Event) -> Event:
        if not event.good or not is_number(event.value):
            return event
        assert isinstance(event.value, (int, float))
        canonical = event.value * self.present.factor + self.present.offset
        return event._replace(value=(canonical - self.wanted.offset) / self.wanted.factor)


def in_desired_units(call: Call, source: Source, stream: Stream) -> Stream:
    """The stream in the unit a call wants; 409 when there is no way to get there."""
    text = call.text("desiredUnits")
    if not text:
        return stream
    if isinstance(source, BoundAttribute):
        classes = source.owner.home.server.unit_classes
        present, wanted = find_unit(classes, source.declared.units), find_unit(classes, text)
        if present is not None and wanted is not None and present[0] is wanted[0]:
            return ConvertedStream(stream, present[1], wanted[1])
    raise PIWebAPIError(409, f"The values of this stream cannot be converted to the desired units '{text}'.")
