"""A stream: what is read, however it was named."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from pi_datasource.times import TimeRange

__all__ = ["KINDS", "Resolved", "Stream", "kind_of"]

#: PI point type, or type of an AF attribute → which value columns its values go to. Never decided by how a value's
#: JSON looks: a Float64 may print as `100`, a String may look like a number.
KINDS = {
    "float16": "float",
    "float32": "float",
    "float64": "float",
    "int16": "integer",
    "int32": "integer",
    "int64": "integer",
    "digital": "digital",
    "string": "text",
    "timestamp": "time",
    "blob": "blob",
    # AF's own names.
    "double": "float",
    "single": "float",
    "boolean": "float",
    "byte": "integer",
    "datetime": "time",
    "enumerationvalue": "digital",
}


def kind_of(point_type: str) -> str:
    """The kind of a point type; a type we have never met is read as text, so that nothing of it is lost."""
    return KINDS.get(point_type.lower(), "text")


class Stream(msgspec.Struct, frozen=True, gc=False):
    """One PI point or AF attribute, with all that reading it needs. Travels to executors inside partitions: small.

    Attributes:
        web_id: PI's handle.
        tag: what the column `tag` says: the point's name, or `\\\\server\\name`; the path of an attribute.
        kind: float, integer, text, digital, time or blob.
        uom: the point's EngineeringUnits.
        point_id: PI's number of the point, which survives a rename.
        descriptor: the point's description; empty unless asked for.
        future: the point may hold values later than now.
        path: `\\\\server\\name`; empty unless asked for.
        element_path: path of the element of an attribute; None for a point.
    """

    web_id: str
    tag: str
    kind: str
    uom: str = ""
    point_id: int = 0
    descriptor: str = ""
    future: bool = False
    path: str = ""
    element_path: str | None = None


@dataclass(frozen=True)
class Resolved:
    """What became of a selection.

    Attributes:
        streams: what there is to read, each once, in the order named.
        failures: what could not be found, as the user wrote it → why.
        ranges: WebID → ranges of its own, where a file of tags gives some; others have the range of the options.
    """

    streams: tuple[Stream, ...] = ()
    failures: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, tuple[TimeRange, ...]] = field(default_factory=dict)
