"""A PI point: what is declared about one tag."""

from __future__ import annotations

from dataclasses import dataclass, field

from mock_pi.system.shapes import Dense, Shape

#: Every type a PI point can have (PI Data Archive documentation).
POINT_TYPES = ("Int16", "Int32", "Float16", "Float32", "Float64", "Digital", "String", "Timestamp", "Blob")

#: Types whose values are numbers that can be averaged.
NUMERIC_TYPES = frozenset({"Int16", "Int32", "Float16", "Float32", "Float64"})


@dataclass(frozen=True)
class Point:
    """The declaration of one PI point.

    Attributes:
        name: The tag, with any character PI allows.
        point_type: One of `POINT_TYPES`.
        shape: When its events happen.
        server: Name of its data server; None for the first of the system.
        digital_set: Name of its digital set; a Digital point without one gets the first of the system.
        engineering_units: Unit, shown in the point only: PI points have no unit in their rows.
        descriptor: Free text.
        step: True when the value holds until the next event instead of changing linearly.
        future: True when it may have events after now.
        point_id: The integer inside its WebID; None to be numbered by its place in the system.
        point_class: `classic` or `base`, lower-case as on the wire.
        zero: Lower end of the scale.
        span: Width of the scale.
        display_digits: PI's hint for printing; negative for significant digits.
        point_source: Which interface writes it.
    """

    name: str
    point_type: str = "Float64"
    shape: Shape = field(default_factory=Dense)
    server: str | None = None
    digital_set: str | None = None
    engineering_units: str = ""
    descriptor: str = ""
    step: bool = False
    future: bool = False
    point_id: int | None = None
    point_class: str = "classic"
    zero: float = 0.0
    span: float = 100.0
    display_digits: int = -5
    point_source: str = "R"

    def __post_init__(self) -> None:
        if self.point_type not in POINT_TYPES:
            raise ValueError(f"point {self.name!r}: point_type {self.point_type!r} is none of {', '.join(POINT_TYPES)}")

    @property
    def is_numeric(self) -> bool:
        """Whether its values can be averaged."""
        return self.point_type in NUMERIC_TYPES

    @property
    def holds(self) -> bool:
        """Whether its value stays until the next event; only numbers of Step=false points change in between."""
        return self.step or not self.is_numeric
