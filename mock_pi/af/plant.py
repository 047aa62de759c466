"""Large trees of elements for little work."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from mock_pi.af.database import Database
from mock_pi.af.model import Attribute, Element, ElementTemplate

#: Names of the levels of a plant, from the top.
_LEVELS = ("Site", "Area", "Unit", "Line", "Machine", "Part")

#: What is measured, its unit, and its zero and span.
_MEASURED = (("Temperature", "°C", 20.0, 400.0), ("Pressure", "bar", 0.0, 40.0), ("Flow", "m3/h", 0.0, 250.0))


def plant(
    fan_out: Sequence[int],
    attributes: int = 3,
    tags: Sequence[str] = (),
    name: str = "Plant",
    server: str = "MOCKPI",
) -> Database:
    r"""A database with a tree of elements, all alike.

    Args:
        fan_out: How many elements stand below each element, level by level: `(10, 100, 100)` makes 101,010 of them,
            `(1500,)` as many below one parent as it says, `[1] * 20` a chain of twenty levels.
        attributes: Attributes of each element.
        tags: Points, by name, that the attributes read in turn; without any they are static.
        name: Name of the database.
        server: Data server of the points.

    >>> plant((2, 3)).elements[0].elements[0].name
    'Area 1.1'
    """
    template = ElementTemplate("Equipment", categories=("Equipment",))
    shared = [[_attribute(place, tag, server) for tag in tags or [""]] for place in range(attributes)]
    turns = [itertools.cycle(among) for among in shared]
    if tags:
        # Neighbouring attributes begin at neighbouring points.
        for place, turn in enumerate(turns):
            for _ in range(place % len(tags)):
                next(turn)

    def level(depth: int, number: str) -> list[Element]:
        if depth == len(fan_out):
            return []
        word = _LEVELS[depth] if depth < len(_LEVELS) else f"Level{depth + 1}"
        found = []
        for count in range(1, fan_out[depth] + 1):
            own = f"{number}{count}"
            mine = [next(turn) for turn in turns]
            found.append(Element(f"{word} {own}", "Equipment", mine, level(depth + 1, f"{own}."),
                                 categories=("Equipment",)))  # fmt: skip
        return found

    return Database(name, level(0, ""), templates=[template])


def _attribute(place: int, tag: str, server: str) -> Attribute:
    what, unit, zero, span = _MEASURED[place % len(_MEASURED)]
    name = what if place < len(_MEASURED) else f"{what} {place // len(_MEASURED) + 1}"
    if not tag:
        return Attribute(name, value=zero + place, units=unit, zero=zero, span=span)
    return Attribute.of_point(name, f"\\\\{server}\\{tag}", units=unit, zero=zero, span=span)
