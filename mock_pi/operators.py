"""What the operators and functions of a performance equation do with values.

A value that cannot be reckoned with raises `CalculationFailed`: the equation then gives the state "Calc Failed".
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from mock_pi.stream import is_number
from mock_pi.system.event import State, Value
from mock_pi.ticks import TICKS_PER_SECOND, text_of


@dataclass(frozen=True, order=True)
class Moment:
    """A time, in ticks."""

    ticks: int

    @property
    def text(self) -> str:
        """As it stands in an answer."""
        return text_of(self.ticks)


Result: TypeAlias = Value | Moment


class CalculationFailed(Exception):
    """A bad value, a division by zero, or text where a number has to be."""


def number(value: Result) -> float:
    """The number a value stands for: a digital state its code, a time its seconds since 1970."""
    if isinstance(value, State) and not value.is_system:
        return value.code
    if isinstance(value, Moment):
        return value.ticks / TICKS_PER_SECOND
    if isinstance(value, (bool, int, float)):
        return value
    raise CalculationFailed(value)


def true(value: Result) -> bool:
    """Whether a value counts as true: every number but 0."""
    return number(value) != 0


def _power(left: float, right: float) -> float:
    result = left**right
    if isinstance(result, complex):
        raise CalculationFailed(left)
    return float(result)


#: Operator to what it does with two numbers.
ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv, "^": _power, "mod": math.fmod,
}  # fmt: skip

_COMPARISONS: dict[str, Callable[[int], bool]] = {
    "=": lambda sign: sign == 0, "<>": lambda sign: sign != 0, "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0, ">": lambda sign: sign > 0, ">=": lambda sign: sign >= 0,
}  # fmt: skip

COMPARISONS = tuple(_COMPARISONS)


def compute(symbol: str, left: Result, right: Result) -> Result:
    """Two values and an operator. A time moves by seconds."""
    try:
        result = ARITHMETIC[symbol](number(left), number(right))
    except (ArithmeticError, ValueError) as error:
        raise CalculationFailed(symbol) from error
    if symbol in "+-" and isinstance(left, Moment) and is_number(_plain(right)):
        return Moment(round(result * TICKS_PER_SECOND))
    return result


def compare(symbol: str, left: Result, right: Result) -> bool:
    """Two values and a comparison: texts and names of states whatever their case, all else as numbers."""
    if isinstance(left, str) or isinstance(right, str):
        first, second = _text(left), _text(right)
        return _COMPARISONS[symbol]((first > second) - (first < second))
    one, other = number(left), number(right)
    return _COMPARISONS[symbol]((one > other) - (one < other))


def _text(value: Result) -> str:
    if isinstance(value, (str, State)):
        return (value if isinstance(value, str) else value.name).lower()
    raise CalculationFailed(value)


def _plain(value: Result) -> Value:
    return None if isinstance(value, Moment) else value


def _average(*values: float) -> float:
    return sum(values) / len(values)


def _sign(value: float) -> float:
    return (value > 0) - (value < 0)


def _rounded(value: float, unit: float = 1.0) -> float:
    return math.floor(value / unit + 0.5) * unit


def _truncated(value: float, unit: float = 1.0) -> float:
    return math.trunc(value / unit) * unit


def _fraction(value: float) -> float:
    return math.modf(value)[0]


def _square(value: float) -> float:
    return value * value


#: Function in lower case to what it does, and the least and most numbers it takes.
FUNCTIONS: dict[str, tuple[Callable[..., float], int, int]] = {
    "abs": (abs, 1, 1), "avg": (_average, 1, 99), "exp": (math.exp, 1, 1), "frac": (_fraction, 1, 1),
    "int": (math.trunc, 1, 1), "log": (math.log, 1, 1), "log10": (math.log10, 1, 1), "max": (max, 1, 99),
    "min": (min, 1, 99), "round": (_rounded, 1, 2), "sgn": (_sign, 1, 1), "sqr": (math.sqrt, 1, 1),
    "sqrt": (math.sqrt, 1, 1), "square": (_square, 1, 1), "trunc": (_truncated, 1, 2),
}  # fmt: skip


def apply(name: str, values: list[Result]) -> Result:
    """A function of numbers."""
    try:
        return FUNCTIONS[name][0](*map(number, values))
    except (ArithmeticError, ValueError) as error:
        raise CalculationFailed(name) from error
