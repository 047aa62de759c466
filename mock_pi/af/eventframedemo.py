r"""Event frames ready to use: many plain ones, and a few with everything that a reader may stumble over.

>>> batches = many_frames(50_000, elements=[r"Plant\Reactor 1", r"Plant\Reactor 2"])
>>> database = Database("Plant", elements, templates=[many_template()], event_frames=batches)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mock_pi.af.database import Database
from mock_pi.af.enumerations import EnumerationSet
from mock_pi.af.eventframe import SEVERITIES, EventFrame
from mock_pi.af.model import Attribute, Element, ElementTemplate
from mock_pi.system.annotation import Annotation
from mock_pi.system.event import State
from mock_pi.system.point import Point
from mock_pi.system.states import IO_TIMEOUT
from mock_pi.ticks import TICKS_PER_SECOND, as_ticks, text_of

#: Template of the many frames.
MANY_TEMPLATE = "Batch"

#: Types of the attributes of many frames, in turn.
_TYPES = ("Double", "Int32", "String", "Boolean", "DateTime", "Single", "Int64")


def many_template(attributes: int = 10, name: str = MANY_TEMPLATE) -> ElementTemplate:
    """The template that goes with `many_frames`: attributes `A0`, `A1`, ... of several types."""
    declared = [Attribute(f"A{place}", _TYPES[place % len(_TYPES)]) for place in range(attributes)]
    return ElementTemplate(name, declared, instance_type="EventFrame", naming_pattern="%TEMPLATE% %@SERIAL%")


class CountedValues(Mapping[str, Any]):
    """The values of one of many frames: computed from its number, so that they take no room."""

    __slots__ = ("attributes", "number")

    def __init__(self, number: int, attributes: int) -> None:
        self.number = number
        self.attributes = attributes

    def __getitem__(self, name: str) -> Any:
        place = int(name[1:]) if name[:1] == "A" and name[1:].isdigit() else -1
        if not 0 <= place < self.attributes:
            raise KeyError(name)
        return self._value(place, self.number * self.attributes + place)

    def __iter__(self) -> Iterator[str]:
        return (f"A{place}" for place in range(self.attributes))

    def __len__(self) -> int:
        return self.attributes

    def _value(self, place: int, count: int) -> Any:
        kind = _TYPES[place % len(_TYPES)]
        if kind == "String":
            return f"value {count}"
        if kind == "Boolean":
            return count % 2 == 0
        if kind == "DateTime":
            return text_of(count * TICKS_PER_SECOND)
        return count * 0.25 if kind in ("Double", "Single") else count


def many_frames(
    count: int,
    *,
    attributes: int = 10,
    first: int | str = "2026-01-01T00:00:00Z",
    every_seconds: float = 600.0,
    lasting_seconds: float = 450.0,
    open_frames: int = 0,
    elements: Sequence[Element | str] = (),
    name: str = "Batch {number:06d}",
    template: str = MANY_TEMPLATE,
) -> list[EventFrame]:
    """Frames of one template, one after the other.

    Args:
        count: How many.
        attributes: Attributes each of them has, as the template says.
        first: When the first one begins.
        every_seconds: Time from the begin of one to that of the next.
        lasting_seconds: How long each lasts.
        open_frames: How many of the last ones are still open.
        elements: What they are about, in turn.
        name: Their names, `{number}` being their number from 0 on.
        template: Their template.
    """
    origin, step = as_ticks(first), round(every_seconds * TICKS_PER_SECOND)
    length = round(lasting_seconds * TICKS_PER_SECOND)
    return [
        EventFrame(
            name.format(number=number),
            origin + number * step,
            None if number >= count - open_frames else origin + number * step + length,
            template,
            CountedValues(number, attributes),
            elements=elements[number % len(elements) :][:1] if elements else (),
            severity=SEVERITIES[number % len(SEVERITIES)],
        )
        for number in range(count)
    ]


#: Templates of the demo's frames; the second derives from the first.
DEMO_TEMPLATES = (
    ElementTemplate(
        "Downtime",
        [
            Attribute("Reason", "EnumerationValue", State("Unknown", 0), enumeration="Reasons", categories=("Cause",)),
            Attribute("Lost", "Double", 0.0, units="kg"),
            Attribute("Comment", "String", ""),
        ],
        instance_type="EventFrame",
        can_be_acknowledged=True,
    ),
    ElementTemplate(
        "Unplanned Downtime", [Attribute("Alarms", "Int32", 0)], "Downtime", "EventFrame", severity="Major"
    ),
)


def demo_frames(elements: Sequence[Element | str] = (), point: str = "") -> list[EventFrame]:
    r"""A few frames around 2026-01-01: nested, open, two of one name, annotated, one that began long before.

    Args:
        elements: What they are about; the first one for most of them.
        point: `\\SERVER\tag` for the attribute `Value` of the batch, or none.
    """
    main, others = elements[:1], elements[:2]
    measured = [Attribute.of_point("Value", point)] if point else []
    phases = [
        EventFrame("Heating", "2026-01-01T08:00:00Z", "2026-01-01T08:30:00Z", elements=main, attributes=measured),
        EventFrame("Reaction", "2026-01-01T08:30:00Z", "2026-01-01T09:45:00.5Z", elements=main, frames=[
            EventFrame("Sample", "2026-01-01T09:00:00Z", "2026-01-01T09:00:00Z", elements=main),
        ]),
    ]  # fmt: skip
    note = Annotation("Valve stuck.", "Shift log", creator="MOCK\\ann", created="2026-01-01T05:00:00Z")
    bad = {"Lost": IO_TIMEOUT, "Reason": State("Mechanical", 1), "Comment": 'said "stop", ä', "Alarms": 3}
    return [
        EventFrame("Batch 42", "2026-01-01T08:00:00Z", "2026-01-01T10:00:00Z", elements=others, attributes=measured,
                   frames=phases, categories=("Production",), is_locked=True),
        EventFrame("Batch 42", "2026-01-02T08:00:00Z", "2026-01-02T10:00:00Z", elements=main, attributes=measured,
                   are_values_captured=True, values={"Value": 12.5}),
        EventFrame("Trip", "2026-01-01T04:00:00Z", "2026-01-01T05:30:00Z", "Unplanned Downtime", bad, elements=main,
                   severity="Major", can_be_acknowledged=True, acknowledged_by="MOCK\\ann",
                   acknowledged="2026-01-01T06:00:00Z", annotations=[note]),
        EventFrame("Running", "2026-01-02T12:00:00Z", None, "Downtime", elements=main, severity="Warning",
                   can_be_acknowledged=True, description="still going on"),
        EventFrame("Campaign", "2025-06-01T00:00:00Z", "2026-01-01T12:00:00Z", elements=others, severity="Information"),
    ]  # fmt: skip


def demo_events(points: Sequence[Point], server: str) -> Database:
    """The demo's database of event frames: the few with everything, and a batch every eight hours of 2026."""
    elements = [Element("Line", elements=[Element("Reactor"), Element("Tank")])]
    about = [r"Line\Reactor", r"Line\Tank"]
    point = f"\\\\{server}\\{points[0].name}" if points else ""
    batches = many_frames(1095, every_seconds=28_800, lasting_seconds=21_600, elements=about, name="Batch {number:04d}")
    return Database(
        "Events", elements, templates=[*DEMO_TEMPLATES, many_template()],
        enumeration_sets=[EnumerationSet("Reasons", ("Unknown", "Mechanical", "Electrical"))],
        event_frames=[*demo_frames(about, point), *batches], description="Event frames",
    )  # fmt: skip
