"""Values of one kind of stream → the value columns.

Which of the columns a value goes to is decided by the stream's declared type. Any row of any stream may hold a
system state instead of its type, so each kind has a fast way for what is usual and looks at the others one by one.
Nothing becomes null because of its type.

    kind       value      value_long   value_text          state
    float      number                                               "NaN" and "Infinity" arrive as text
    integer    number     exactly
    digital                            name                code
    text                               text
    time                               ISO text, as sent
    blob                               base64
    (any)                              system state name   code     is_system_state
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from pi_datasource.webapi.wire import State

__all__ = ["CONVERT", "LARGEST_WHOLE", "NUMBER_TEXTS", "Odd", "Values"]

#: Whole numbers beyond it are no doubles.
LARGEST_WHOLE = int(sys.float_info.max)

#: JSON has no such numbers; servers write these texts (Json.NET's way).
NUMBER_TEXTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


@dataclass
class Values:
    """The value columns of some rows of one kind; None stands for a column of nulls."""

    rows: int
    value: pa.Array | None = None
    value_long: pa.Array | None = None
    value_text: pa.Array | None = None
    state: pa.Array | None = None
    is_system_state: pa.Array | None = None

    def told(self) -> dict[str, pa.Array]:
        """Those that hold anything."""
        return {name: column for name, column in vars(self).items() if isinstance(column, pa.Array)}

    def column(self, name: str) -> pa.Array:
        """One of them, whole."""
        made = getattr(self, name)
        if made is not None:
            return made
        if name == "is_system_state":
            return pa.array(np.zeros(self.rows, np.bool_))
        return pa.nulls(self.rows, _TYPES[name])


_TYPES = {"value": pa.float64(), "value_long": pa.int64(), "value_text": pa.string(), "state": pa.int32()}


class Odd:
    """Values that are not of their stream's usual form, told one by one."""

    def __init__(self, rows: int, odd: Mapping[int, Any], kind: str) -> None:
        self.rows = rows
        self.texts: dict[int, str] = {}
        self.states: dict[int, int] = {}
        self.system: list[int] = []
        self.numbers: dict[int, float] = {}
        self.longs: dict[int, int] = {}
        for number, value in odd.items():
            self._tell(number, value, kind)

    def _tell(self, number: int, value: Any, kind: str) -> None:
        if value is None:
            return
        if isinstance(value, State):
            self._tell_state(number, value)
        elif isinstance(value, str):
            if kind in ("float", "integer") and value in NUMBER_TEXTS:
                self.numbers[number] = NUMBER_TEXTS[value]
            else:
                self.texts[number] = value
        elif isinstance(value, list) or kind == "text":
            self.texts[number] = msgspec.json.encode(value).decode()
        elif kind == "digital" and value.__class__ is int and -(2**31) <= value < 2**31:
            self.states[number] = value
        else:
            self._tell_number(number, value)

    def _tell_state(self, number: int, value: State) -> None:
        if value.Errors is not None:
            self.texts[number] = "; ".join(value.Errors) if isinstance(value.Errors, list) else value.Errors
        elif value.Name is not None:
            self.texts[number] = value.Name
        if value.Value is not None:
            self.states[number] = value.Value
        if value.IsSystem:
            self.system.append(number)

    def _tell_number(self, number: int, value: float) -> None:
        try:
            self.numbers[number] = float(value)
        except OverflowError:  # a whole number of more than 308 digits
            self.texts[number] = str(value)
            return
        if value == value // 1 and -(2**63) <= value < 2**63:
            self.longs[number] = int(value)
        elif isinstance(value, int):
            self.texts[number] = str(value)

    def spread(self, told: dict[int, Any]) -> list[Any]:
        """What was told, at its rows; None elsewhere."""
        column: list[Any] = [None] * self.rows
        for number, value in told.items():
            column[number] = value
        return column

    def values(self, **usual: pa.Array) -> Values:
        """The columns: what is usual, and null or what was told where it is odd."""
        made = Values(self.rows, **usual)
        if self.texts and made.value_text is None:
            made.value_text = pa.array(self.spread(self.texts), pa.string())
        if self.states and made.state is None:
            made.state = pa.array(self.spread(self.states), pa.int32())
        if self.system:
            system = np.zeros(self.rows, np.bool_)
            system[self.system] = True
            made.is_system_state = pa.array(system)
        return made


def _floats(values: list[Any]) -> Values:
    try:
        # Numbers, written with a point or without, and nulls: Arrow tells them from others faster than we do.
        return Values(len(values), value=pa.array(values, pa.float64()))
    except pa.ArrowException:
        pass
    odd = {
        number: value
        for number, value in enumerate(values)
        if value.__class__ is not float and (value.__class__ is not int or abs(value) > LARGEST_WHOLE)
    }
    told = Odd(len(values), odd, "float")
    for number in odd:
        values[number] = told.numbers.get(number)
    try:
        numbers = pa.array(values, pa.float64())
    except pa.ArrowInvalid:  # a whole number beyond 2**53
        numbers = pa.array([None if value is None else float(value) for value in values], pa.float64())
    return told.values(value=numbers)


def _integers(values: list[Any]) -> Values:
    odd = {n: value for n, value in enumerate(values) if value.__class__ is not int or not -(2**63) <= value < 2**63}
    told = Odd(len(values), odd, "integer")
    longs, numbers = list(values), list(values)
    for number in odd:
        longs[number], numbers[number] = told.longs.get(number), told.numbers.get(number)
    exact = pa.array(longs, pa.int64())
    try:
        rounded = pa.array(numbers, pa.float64())
    except pa.ArrowInvalid:
        rounded = pa.array([None if value is None else float(value) for value in numbers], pa.float64())
    return told.values(value=rounded, value_long=exact)


def _digital(values: list[Any]) -> Values:
    odd = {
        number: value for number, value in enumerate(values) if value.__class__ is not State or value.Errors is not None
    }
    told = Odd(len(values), odd, "digital")
    for number in odd:
        values[number] = _NO_STATE
    names = [value.Name for value in values]
    codes = [value.Value for value in values]
    for number in odd:
        names[number], codes[number] = told.texts.get(number), told.states.get(number)
    system = np.fromiter((bool(value.IsSystem) for value in values), np.bool_, len(values))
    system[told.system] = True
    numbers = pa.array(told.spread(told.numbers), pa.float64()) if told.numbers else None
    return Values(
        len(values),
        value=numbers,
        value_text=pa.array(names, pa.string()),
        state=pa.array(codes, pa.int32()),
        is_system_state=pa.array(system),
    )


_NO_STATE = State()


def _texts(values: list[Any]) -> Values:
    odd = {number: value for number, value in enumerate(values) if value.__class__ is not str}
    told = Odd(len(values), odd, "text")
    for number in odd:
        values[number] = told.texts.get(number)
    return told.values(value_text=pa.array(values, pa.string()))


def _blobs(values: list[Any]) -> Values:
    for number, value in enumerate(values):
        if isinstance(value, list) and all(byte.__class__ is int and 0 <= byte < 256 for byte in value):
            values[number] = base64.b64encode(bytes(value)).decode("ascii")
    return _texts(values)


#: Kind of stream → what makes its value columns of values as they were decoded; it may change the list.
CONVERT: dict[str, Callable[[list[Any]], Values]] = {
    "float": _floats,
    "integer": _integers,
    "digital": _digital,
    "text": _texts,
    "time": _texts,
    "blob": _blobs,
}
