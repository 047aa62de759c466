"""Declarations of elements, event frames, attributes and notes as values that JSON can hold, and back."""

from __future__ import annotations

import dataclasses
import math
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from mock_pi.af.eventframe import EventFrame
from mock_pi.af.model import Analysis, Attribute, Element
from mock_pi.system.annotation import Annotation
from mock_pi.system.event import State

#: Kind of a value to what reads its text.
_PARSED: dict[str, Callable[[str], Any]] = {
    "uuid": uuid.UUID, "time": datetime.fromisoformat, "float": float,
}  # fmt: skip

_CLASSES: dict[str, Any] = {one.__name__: one for one in (EventFrame, Element, Attribute, Analysis, Annotation)}


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, State):
        return {"state": list(value)}
    if isinstance(value, (EventFrame, Element, Attribute, Analysis, Annotation)):
        fields = {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value) if one.init}
        return {"class": type(value).__name__, "fields": fields}
    if isinstance(value, uuid.UUID):
        return {"uuid": str(value)}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, Mapping):
        return {"map": [[plain(name), plain(one)] for name, one in value.items()]}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def declared(value: Any) -> Any:
    """The value that `plain` was given; lists come back as tuples."""
    if isinstance(value, list):
        return tuple(declared(one) for one in value)
    if not isinstance(value, dict):
        return value
    ((kind, content), *rest) = value.items()
    if kind == "class":
        return _CLASSES[content](**{name: declared(one) for name, one in rest[0][1].items()})
    if kind == "map":
        return {declared(name): declared(one) for name, one in content}
    if kind == "state":
        return State(*content)
    return _PARSED[kind](content)
