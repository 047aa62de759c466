"""Units of measure, in classes: a value in a unit times its factor, plus its offset, is one in the canonical unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit."""

    name: str
    abbreviation: str
    factor: float = 1.0
    offset: float = 0.0
    description: str = ""


@dataclass(frozen=True, slots=True)
class UnitClass:
    """Units that convert into each other; the first one is the canonical unit."""

    name: str
    units: Sequence[Unit]
    description: str = ""

    @property
    def canonical(self) -> Unit:
        """The unit that the others refer to."""
        return self.units[0]


def default_units() -> tuple[UnitClass, ...]:
    """Some of the classes that every AF server comes with."""
    return (
        UnitClass("Temperature", (
            Unit("kelvin", "K"), Unit("degree Celsius", "°C", 1.0, 273.15),
            Unit("degree Fahrenheit", "°F", 5 / 9, 459.67 * 5 / 9),
        )),
        UnitClass("Pressure", (
            Unit("pascal", "Pa"), Unit("bar", "bar", 1e5), Unit("kilopascal", "kPa", 1e3),
            Unit("pound-force per square inch", "psi", 6894.757293168),
        )),
        UnitClass("Volume Flow Rate", (
            Unit("cubic meter per second", "m3/s"), Unit("cubic meter per hour", "m3/h", 1 / 3600),
            Unit("liter per second", "L/s", 1e-3), Unit("US gallon per minute", "US gal/min", 6.30901964e-5),
        )),
        UnitClass("Power", (Unit("watt", "W"), Unit("kilowatt", "kW", 1e3), Unit("megawatt", "MW", 1e6))),
        UnitClass("Length", (Unit("meter", "m"), Unit("millimeter", "mm", 1e-3), Unit("foot", "ft", 0.3048))),
        UnitClass("Mass", (Unit("kilogram", "kg"), Unit("metric ton", "t", 1e3), Unit("pound", "lb", 0.45359237))),
        UnitClass("Ratio", (Unit("unity", ""), Unit("percent", "%", 0.01), Unit("parts per million", "ppm", 1e-6))),
        UnitClass("Angular Velocity", (
            Unit("radian per second", "rad/s"), Unit("revolution per minute", "rpm", 0.10471975511966),
        )),
        UnitClass("Time", (Unit("second", "s"), Unit("minute", "min", 60.0), Unit("hour", "h", 3600.0))),
    )  # fmt: skip


def find_unit(classes: Sequence[UnitClass], text: str) -> tuple[UnitClass, Unit] | None:
    """The unit with this name or abbreviation, with its class."""
    for one in classes:
        for unit in one.units:
            if text in (unit.name, unit.abbreviation):
                return one, unit
    return None
