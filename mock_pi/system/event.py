"""An event: one value of one point at one instant, with its quality flags."""

from __future__ import annotations

import math
import struct
from typing import NamedTuple, TypeAlias


class State(NamedTuple):
    """A digital state: of a point's own set, or of the System set (then it stands for a missing value)."""

    name: str
    code: int
    is_system: bool = False


Value: TypeAlias = float | int | str | bytes | bool | State | None


class Event(NamedTuple):
    """One archived event.

    Attributes:
        ticks: 100 ns since 1970-01-01T00:00:00Z.
        value: Float types: the double of the text on the wire; Timestamp type: the ISO text on the wire.
        good: False exactly when the value is bad, which for PI nearly always means a system state.
        questionable: The value is there but doubtful.
        substituted: The value was edited after it was archived.
        annotated: Somebody left a note on it.
    """

    ticks: int
    value: Value
    good: bool = True
    questionable: bool = False
    substituted: bool = False
    annotated: bool = False


def float32_text(value: float) -> str:
    """The shortest digits that give the same 32-bit float back, as PI Web API prints Float16 and Float32."""
    if not math.isfinite(value):
        return repr(value)
    exact: float = struct.unpack("<f", struct.pack("<f", value))[0]
    for precision in range(6, 10):
        text = f"{exact:.{precision}g}"
        if struct.unpack("<f", struct.pack("<f", float(text)))[0] == exact:
            break
    return repr(float(text))


def normal(event: Event, point_type: str) -> Event:
    """The event as the archive of a point of this type keeps it.

    Floats get the width of the type, and a system state is never good.
    """
    value = event.value
    if isinstance(value, State):
        return event._replace(good=False) if value.is_system else event
    if isinstance(value, bool) or value is None:
        return event
    if point_type in ("Float16", "Float32") and isinstance(value, (int, float)):
        return event._replace(value=float(float32_text(float(value))))
    if point_type == "Float64" and isinstance(value, int):
        return event._replace(value=float(value))
    return event
