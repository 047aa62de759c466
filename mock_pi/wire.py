"""How values and objects look as JSON on the wire."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from mock_pi.system.event import Event, State, Value
from mock_pi.ticks import text_of

_encoder = msgspec.json.Encoder()


def to_json(content: Any) -> bytes:
    """Compact UTF-8 JSON."""
    return _encoder.encode(content)


def number_json(value: float) -> bytes:
    """A float with its shortest digits, exponents as .NET writes them (`1E-05`); NaN and infinities as text."""
    if not math.isfinite(value):
        return b'"NaN"' if math.isnan(value) else b'"Infinity"' if value > 0 else b'"-Infinity"'
    return repr(value).replace("e", "E").encode()


def state_object(state: State) -> dict[str, Any]:
    """A digital state as an object."""
    return {"Name": state.name, "Value": state.code, "IsSystem": state.is_system}


def value_json(value: Value) -> bytes:
    """Any value of an event."""
    if isinstance(value, float):
        return number_json(value)
    if isinstance(value, State):
        return to_json(state_object(value))
    if isinstance(value, bytes):
        return to_json(list(value))
    return to_json(value)


def value_object(value: Value) -> Any:
    """The value as something `to_json` writes the same way as `value_json`."""
    return state_object(value) if isinstance(value, State) else msgspec.Raw(value_json(value))


def timed_value(
    event: Event, annotated: bool = True, errors: list[str] | None = None, unit: str = ""
) -> dict[str, Any]:
    """One row: a TimedValue. PI points have no unit in their rows, and bad values have none anywhere.

    Args:
        event: What happened.
        annotated: Whether this version of the server has the field `Annotated` (from 2018).
        errors: Messages that take the place of the value.
        unit: Abbreviation of the value's unit.
    """
    row: dict[str, Any] = {
        "Timestamp": text_of(event.ticks),
        "Value": None if errors else value_object(event.value),
        "UnitsAbbreviation": unit if event.good else "",
        "Good": event.good,
        "Questionable": event.questionable,
        "Substituted": event.substituted,
    }
    if annotated:
        row["Annotated"] = event.annotated
    if errors:
        row["Errors"] = [{"FieldName": "Value", "Message": errors}]
    return row
