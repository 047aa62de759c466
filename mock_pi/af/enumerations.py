"""Enumeration sets: names for numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EnumerationValue:
    """One value of a set."""

    name: str
    value: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class EnumerationSet:
    """A set of values, given as names in order, as a mapping of number to name, or as EnumerationValues."""

    name: str
    states: Sequence[str | EnumerationValue] | Mapping[int, str] = ()
    description: str = ""

    @property
    def values(self) -> list[EnumerationValue]:
        """The values in order."""
        if isinstance(self.states, Mapping):
            return [EnumerationValue(name, code) for code, name in self.states.items()]
        return [
            state if isinstance(state, EnumerationValue) else EnumerationValue(state, code)
            for code, state in enumerate(self.states)
        ]

    def by_name(self, name: str) -> EnumerationValue | None:
        """The value with a name, in any case."""
        return next((one for one in self.values if one.name.upper() == name.upper()), None)
