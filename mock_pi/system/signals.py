"""Plausible signals: one cycle of values that, repeated, plots like a plant.

A cycle is a sum of waves that fit into it a whole number of times, plus noise, so it joins itself without a step.
Its length is a prime: no hour or day is a multiple of it, and a reader that is off by a day gets other values.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from zlib import crc32

from mock_pi.system.event import Event, State, Value, float32_text
from mock_pi.system.point import Point
from mock_pi.system.states import IO_TIMEOUT
from mock_pi.ticks import TICKS_PER_SECOND, text_of

#: Events in a cycle.
CYCLE = 503

_SOME_TICKS = 1_600_000_000 * TICKS_PER_SECOND


def signal(point: Point, states: Sequence[State]) -> list[Event]:
    """One cycle of a dense point, with one "I/O Timeout" and one questionable value in it; its ticks are unset."""
    chance = random.Random(crc32(f"{point.server}\\{point.name}".encode()))
    events = [Event(0, value) for value in _values(point, states, chance)]
    timeout, doubtful = chance.sample(range(CYCLE), 2)
    events[timeout] = Event(0, IO_TIMEOUT, good=False)
    events[doubtful] = events[doubtful]._replace(questionable=True)
    return events


def _values(point: Point, states: Sequence[State], chance: random.Random) -> list[Value]:
    if point.point_type == "Digital":
        return _switching(states, chance)
    if point.is_numeric:
        return _numbers(point, chance)
    tag = chance.randrange(1000, 10_000)
    if point.point_type == "Timestamp":
        return [text_of(_SOME_TICKS + (tag * CYCLE + number) * 12_345_678_901) for number in range(CYCLE)]
    if point.point_type == "Blob":
        return [tag.to_bytes(2, "little") + number.to_bytes(2, "little") for number in range(CYCLE)]
    return [f"Batch {tag + number // 40} step {number % 40 + 1}" for number in range(CYCLE)]


def _wave(point: Point, chance: random.Random) -> list[float]:
    middle = point.zero + point.span * chance.uniform(0.4, 0.6)
    terms = [
        (point.span * share * chance.uniform(0.5, 1.0), turns * math.tau / CYCLE, chance.uniform(0, math.tau))
        for share, turns in ((0.22, chance.choice((1, 2))), (0.08, 5), (0.03, 17))
    ]
    noise = point.span * 0.01
    return [
        middle + sum(size * math.sin(speed * number + phase) for size, speed, phase in terms) + chance.gauss(0, noise)
        for number in range(CYCLE)
    ]


def _numbers(point: Point, chance: random.Random) -> list[Value]:
    wave = _wave(point, chance)
    if point.point_type == "Float64":
        return list(wave)
    if point.point_type in ("Float16", "Float32"):
        return [float(float32_text(number)) for number in wave]
    steps: list[Value] = []
    previous = None
    for number in wave:
        # Neighbours differ, else a doubled row would not show in the values.
        whole = round(number * 10) if round(number * 10) != previous else round(number * 10) + 1
        steps.append(whole)
        previous = whole
    return steps


def _switching(states: Sequence[State], chance: random.Random) -> list[Value]:
    values: list[Value] = []
    place = chance.randrange(len(states))
    while len(values) < CYCLE:
        values.extend([states[place]] * chance.randrange(20, 120))
        place = (place + chance.randrange(1, len(states))) % len(states) if len(states) > 1 else 0
    return values[:CYCLE]
