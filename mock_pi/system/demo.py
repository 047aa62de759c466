"""The plant that `python -m mock_pi` shows: plausible tags, one event every ten seconds each."""

from __future__ import annotations

import random

from mock_pi.af.demo import demo_server
from mock_pi.system.pisystem import PISystem
from mock_pi.system.point import Point
from mock_pi.system.shapes import Dense

#: Points that every PI Data Archive comes with.
CLASSIC = (
    Point("SINUSOID", "Float32", descriptor="Sine wave", zero=0.0, span=100.0),
    Point("SINUSOIDU", "Float32", descriptor="Sine wave, uncompressed", zero=0.0, span=100.0),
    Point("CDT158", "Float32", engineering_units="DEG. C", descriptor="Atmospheric Tower OH Vapor", zero=50, span=200),
    Point("CDM158", "Digital", digital_set="Modes", descriptor="Light Naphtha End Point Control"),
    Point("CDEP158", "Float32", engineering_units="DEG. C", descriptor="Light Naphtha End Point", span=200),
    Point("BA:TEMP.1", "Float32", engineering_units="DEG. C", descriptor="Batch Reactor 1 Temperature", span=50),
)

DIGITAL_SETS = {
    "Modes": ("Manual", "Auto", "Cascade", "Program", "Prog-Auto"),
    "OnOff": ("Off", "On"),
    "Valve": ("CLOSED", "OPEN", "TRANSIT", "FAULT"),
    "BatchAct": ("Inactive", "Active"),
}

#: When the plant went into service.
FIRST = "2020-01-01T00:00:00Z"

#: ISA letters of the instrument, unit, what is measured, zero and span.
_ANALOG = (
    ("FIC", "m3/h", "Flow", 0.0, 250.0),
    ("TI", "degC", "Temperature", 20.0, 400.0),
    ("PI", "bar", "Pressure", 0.0, 40.0),
    ("LIC", "%", "Level", 0.0, 100.0),
    ("AI", "ppm", "Analysis", 0.0, 50.0),
    ("JI", "kW", "Power", 0.0, 3000.0),
)
_COUNTED = (
    ("SI", "rpm", "Speed", 0.0, 300.0),
    ("QI", "pcs", "Count", 0.0, 1000.0),
    ("WI", "kg", "Weight", 0.0, 900.0),
)
_SWITCHED = (("XV", "Valve", "Valve position"), ("P", "OnOff", "Pump"), ("HS", "Modes", "Controller mode"))
_PLACES = ("feed", "overhead", "bottoms", "reflux", "steam", "cooling water", "product", "vent")

#: Twenty kinds in turn: 12 floating, 3 whole, 3 digital, 2 text.
_KINDS = (
    "Float32", "Float32", "Float64", "Float32", "Int32", "Float64", "Digital", "Float32", "String", "Float64",
    "Float32", "Int16", "Float64", "Digital", "Float32", "Float64", "Int32", "Digital", "Float32", "String",
)  # fmt: skip


def demo(tags: int, seed: int, now: int | str | None) -> PISystem:
    """A plant of `tags` points, with elements; the classic points come first where there is room for them."""
    chance = random.Random(seed)
    shape = Dense(10.0, first=FIRST)
    classic = CLASSIC if tags >= 2 * len(CLASSIC) else CLASSIC[: min(1, tags)]
    points = [_with_shape(point, shape) for point in classic]
    points += [_point(number, chance, shape) for number in range(tags - len(points))]
    return PISystem(points, digital_sets=DIGITAL_SETS, now=now, af=[demo_server(points)])


def _with_shape(point: Point, shape: Dense) -> Point:
    return Point(
        point.name, point.point_type, shape, digital_set=point.digital_set, engineering_units=point.engineering_units,
        descriptor=point.descriptor, zero=point.zero, span=point.span,
    )  # fmt: skip


def _point(number: int, chance: random.Random, shape: Dense) -> Point:
    kind = _KINDS[number % len(_KINDS)]
    unit, loop, place = number % 7 + 1, f"{number:05d}", chance.choice(_PLACES)
    if kind == "Digital":
        letters, states, what = chance.choice(_SWITCHED)
        return Point(
            f"UNIT{unit}.{letters}{loop}.ST", kind, shape, digital_set=states, descriptor=f"{what} {place}", step=True
        )
    if kind == "String":
        return Point(f"UNIT{unit}.BATCH{loop}.ID", kind, shape, descriptor=f"Batch step {place}", step=True)
    letters, units, what, zero, span = chance.choice(_COUNTED if kind.startswith("Int") else _ANALOG)
    return Point(
        f"UNIT{unit}.{letters}{loop}.PV", kind, shape, engineering_units=units,
        descriptor=f"{what} {place}, unit {unit}", zero=zero, span=span, step=kind.startswith("Int"),
    )  # fmt: skip
