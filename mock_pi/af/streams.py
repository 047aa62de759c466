"""What can be read of an attribute: the archive of its point, or the one value it holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mock_pi.af.model import PI_POINT, BoundAttribute
from mock_pi.stream import ListedStream, PointStream, Stream
from mock_pi.system.event import Event, State, Value
from mock_pi.system.pisystem import PISystem
from mock_pi.ticks import FIRST_TICKS

#: Data references whose values are computed when they are asked for.
_COMPUTED = ("Formula",)

_FLOATS = ("Double", "Single")


#: Stands for the value that an attribute declares.
_DECLARED: Any = object()


def stream_of(system: PISystem, attribute: BoundAttribute, now: int, value: Any = _DECLARED) -> Stream:
    """The stream of an attribute.

    `is_archived` tells whether it has a history; `problem` what is wrong with its data reference. A `value` takes the
    place of the one declared.
    """
    if attribute.declared.plug_in.upper() != PI_POINT.upper():
        return ValueStream(attribute, now, attribute.declared.value if value is _DECLARED else value)
    point = system.find(tag_of(attribute))
    if point is None:
        return FailedStream(attribute, "PI Point not found.")
    return AttributeStream(system, point, attribute)


def tag_of(attribute: BoundAttribute) -> str:
    r"""The path `\\SERVER\tag` in the ConfigString of a PI Point reference, without what follows a `;` or `?`."""
    return attribute.config.split(";")[0].split("?")[0].strip()


class AttributeStream(PointStream):
    """The events of a point, shown as values of an attribute: with its unit."""

    def __init__(self, system: PISystem, point: Any, attribute: BoundAttribute) -> None:
        super().__init__(system, point)
        self.unit = attribute.unit
        if attribute.declared.step is not None:
            self.holds = attribute.declared.step or not self.is_numeric


class ValueStream(ListedStream):
    """The one value of an attribute without a history; a static one stands at 1970-01-01."""

    def __init__(self, attribute: BoundAttribute, now: int, value: Any) -> None:
        declared = attribute.declared
        instant = now if declared.plug_in in _COMPUTED else FIRST_TICKS
        super().__init__([Event(instant, _value(attribute, value))], holds=True, value_type=declared.type)
        self.unit = attribute.unit
        self.is_archived = False


class FailedStream(ListedStream):
    """An attribute whose data reference leads nowhere."""

    def __init__(self, attribute: BoundAttribute, problem: str) -> None:
        super().__init__([], value_type=attribute.declared.type)
        self.problem = problem


def _value(attribute: BoundAttribute, value: Any) -> Value:
    declared = attribute.declared
    if declared.type == "EnumerationValue" and value is not None:
        found = attribute.owner.home.enumeration_set(declared.enumeration)
        for one in found.values if found else ():
            if value in (one.name, one.value):
                return State(one.name, one.value, False)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str):
        return attribute.filled(value)
    if declared.type in _FLOATS and isinstance(value, int):
        return float(value)
    held: Value = value
    return held
