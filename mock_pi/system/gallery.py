"""A cabinet of curiosities: points of every shape, every type and every kind of name, for tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mock_pi.system.event import Event, State, Value
from mock_pi.system.pisystem import PISystem
from mock_pi.system.point import POINT_TYPES, Point
from mock_pi.system.shapes import (
    Bursts,
    Dense,
    Edges,
    Empty,
    Every,
    Instant,
    Listed,
    Quiet,
    Shape,
    States,
    Ticks,
)
from mock_pi.system.states import PT_CREATED, SYSTEM_STATES
from mock_pi.ticks import TICKS_PER_SECOND, ticks_of

#: The day all shapes have events on.
DAY = "2026-01-01T00:00:00Z"

DIGITAL_SETS: dict[str, Sequence[str] | Mapping[int, str]] = {
    "Modes": ("Manual", "Auto", "Cascade"),
    # A state of a point's own set may be called like a bad one: only IsSystem tells.
    "Tricky": {0: "Bad", 1: "No Data", 5: 'with "quotes", ä', 246: "I/O Timeout"},
}

#: Shape by name of its point.
SHAPES: dict[str, Shape] = {
    "dense": Dense(10.0),
    "dense.second": Dense(1.0, first="2025-12-31T12:00:00Z"),
    "dense.phase": Dense(60.0, first="2025-12-31T12:00:17.25Z"),
    "dense.uneven": Dense(7.0, first="2025-12-31T12:00:00Z"),
    "dense.subsecond": Dense(0.5, first="2026-01-01T00:00:00Z", last="2026-01-01T06:00:00Z"),
    "every": Every(step_ticks=15_258_789, first=DAY, count=20_000),
    "quiet": Quiet(),
    "empty": Empty(),
    "bursts": Bursts(),
    "instant": Instant("2026-01-01T12:00:00Z", 1500),
    "ticks": Ticks("2026-01-01T00:00:00.9999990Z", 1, 50),
    "edges": Edges(DAY, 72),
    "states": States(60.0, DAY, 2880),
}

#: Names that break URLs, wildcards, CSVs and SQL.
NASTY_NAMES = (
    "with space", " padded  twice", "sinus'oid", 'say "hi"', "50%", "100%25", "a#b", "a&b=c", "what?", "star*",
    "semi;colon", "comma,comma", "1320/AIM,17-TT-7196", "pipe|pipe", "plus+plus", "[bracket]", "{brace}",
    "BA:TEMP.9", "~`^!$@()<>",
    "ÄÖÜß-é-ñ", "ΔP_Ω", "Температура", "温度计", "حرارة", "emoji😀", "e\u0301 combining", "İstanbul", "name=value",
    "-leading", "long." + "x" * 140,
    # Its Full WebID is longer than HTTP.sys lets a segment of a path be: only shorter kinds of WebID can be in a path.
    "longer." + "x" * 300,
)  # fmt: skip


def gallery(now: int | str | None) -> PISystem:
    """The cabinet."""
    points = [Point(f"shape.{name}", "Float64", shape) for name, shape in SHAPES.items()]
    points += [_typed(f"type.dense.{kind}", kind, Dense(30.0)) for kind in POINT_TYPES]
    points += [
        _typed(f"type.every.{kind}", kind, Every(step_ticks=60 * TICKS_PER_SECOND + 1, first=DAY, count=3000))
        for kind in POINT_TYPES
    ]
    points += [Point(name, "Float32", Dense(3600.0)) for name in NASTY_NAMES]
    points += _special()
    return PISystem(points, ("MOCKPI", "SECOND PI"), DIGITAL_SETS, now)


def _typed(name: str, kind: str, shape: Shape) -> Point:
    return Point(name, kind, shape, digital_set="Tricky" if kind == "Digital" else None)


def _special() -> list[Point]:
    numbers = [1e-7, 1e300, -0.0, 0.1 + 0.2, math.nan, math.inf, -math.inf, 5e-324, 123456789012345680.0]
    singles = [81.83204, 23.6581783, 80.0, 0.1, 1e-10, 3.4e38]
    texts = ["", " ", "null", "1.5", "2026-01-01T00:00:00Z", 'q"\\/\b\f\n\r\t', "\u0000\u001f\u007f", "é😀"]
    texts.append(5000 * "x")
    codes: list[Value] = [*SYSTEM_STATES.values(), State("Auto", 1), 7]
    return [
        Point("special.flags", "Float64", Listed(_flags())),
        Point("special.numbers", "Float64", _listed(numbers)),
        Point("special.singles", "Float32", _listed(singles)),
        Point("special.texts", "String", _listed(texts)),
        Point("special.null", "Float64", _listed([None, 1.0])),
        Point("special.codes", "Int32", _listed(codes)),
        Point("special.created", "Float32", _listed([PT_CREATED])),
        Point("special.extremes.Int16", "Int16", _listed([-(2**15), 2**15 - 1])),
        Point("special.extremes.Int32", "Int32", _listed([-(2**31), 2**31 - 1])),
        Point("future.open", "Float64", Dense(600.0, first=DAY), future=True),
        Point("future.closed", "Float64", Dense(600.0, first=DAY, last="2026-06-01T00:00:00Z"), future=True),
        Point("step", "Float64", Dense(60.0), step=True),
        Point("shape.dense", "Float64", Dense(10.0), server="SECOND PI", descriptor="a name that both servers have"),
    ]


def _listed(values: Sequence[Value]) -> Listed:
    start = ticks_of(DAY)
    return Listed([Event(start + place, value) for place, value in enumerate(values)])


def _flags() -> list[Event]:
    start = ticks_of(DAY)
    return [
        Event(start + bits * TICKS_PER_SECOND, float(bits), True, bool(bits & 1), bool(bits & 2), bool(bits & 4))
        for bits in range(8)
    ]
