"""An event frame: a stretch of time that means something, with attributes, elements it is about, and frames inside.

Times are given as ISO text or ticks. A frame without an end is still open. Its attributes are those of its template;
`values` holds what is in them, so that fifty thousand frames of a template cost little more than their names.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from mock_pi.af.model import Attribute, BoundAttribute, Element, guid_with
from mock_pi.system.annotation import Annotation
from mock_pi.ticks import LAST_TICKS, as_ticks

if TYPE_CHECKING:
    from mock_pi.af.database import Database

#: Severities of the AF SDK, the least first.
SEVERITIES = ("None", "Information", "Warning", "Minor", "Major", "Critical")

#: Half the bits of an id: the lower ones are the frame's number.
_HALF = 64


@dataclass(slots=True, eq=False)
class EventFrame:
    r"""One event frame.

    Attributes:
        name: Its name, which others may have, too.
        start: When it began.
        end: When it ended; None while it is open.
        template: Name of its template.
        values: Name of an attribute to what it holds: a plain value, a `State` for an enumeration or a bad value.
        attributes: Attributes of its own; one that has the name of a template's attribute takes its place.
        elements: The elements it is about, the primary one first; a text is a path, from the database on or whole.
        frames: The frames inside.
        severity: One of `SEVERITIES`.
        acknowledged_by: Who acknowledged it; "" for nobody yet.
        acknowledged: When that was.
        are_values_captured: Whether the values of its attributes were stored with it: then `values` wins over points.
        annotations: Notes on it.
        first: When it began, in ticks.
        last: When it ended, in ticks; the end of all time while it is open.
        number: Set by the database: its place among all frames ever defined, which its id is made of.
        parent: Set by the database: the frame it is inside of.
    """

    name: str
    start: int | str
    end: int | str | None = None
    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    attributes: Sequence[Attribute] = ()
    elements: Sequence[Element | str] = ()
    frames: Sequence[EventFrame] = ()
    description: str = ""
    categories: tuple[str, ...] = ()
    severity: str = "None"
    can_be_acknowledged: bool = False
    acknowledged_by: str = ""
    acknowledged: int | str | None = None
    is_locked: bool = False
    are_values_captured: bool = False
    annotations: Sequence[Annotation] = ()
    default_attribute: str = ""
    extended: Mapping[str, Any] | None = None
    id: uuid.UUID | None = None
    first: int = field(default=0, init=False)
    last: int = field(default=LAST_TICKS, init=False)
    number: int = field(default=0, init=False)
    parent: EventFrame | None = field(default=None, init=False, repr=False)
    database: Database | None = field(default=None, init=False, repr=False)

    character: ClassVar[str] = "F"

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise ValueError(
                f"event frame {self.name!r}: severity {self.severity!r} is none of {', '.join(SEVERITIES)}"
            )
        self.retime()

    def retime(self) -> None:
        """Must be called after its start or end was changed."""
        self.first = as_ticks(self.start)
        self.last = LAST_TICKS if self.end is None else as_ticks(self.end)
        if self.first > self.last:
            raise ValueError(f"event frame {self.name!r} ends before it starts")

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.end is None

    @property
    def is_acknowledged(self) -> bool:
        """Whether somebody acknowledged it."""
        return bool(self.acknowledged_by)

    @property
    def home(self) -> Database:
        """The database it is part of."""
        assert self.database is not None
        return self.database

    @property
    def guid(self) -> uuid.UUID:
        """Its id: half the database's, half its number, the same on every run."""
        return self.id or _guid(self.home.guid.int >> _HALF << _HALF | self.number)

    @property
    def path(self) -> str:
        r"""`\\AF\DB\EventFrames[NAME]`, and the names of those inside behind it."""
        if self.parent is not None:
            return f"{self.parent.path}\\{self.name}"
        return f"{self.home.path}\\EventFrames[{self.name}]"

    def bound(self) -> list[BoundAttribute]:
        """Its attributes, those of its template first."""
        own = {one.name.upper(): one for one in self.attributes}
        found = []
        if self.template:
            for template, declared in self.home.inherited(self.template):
                mine = own.pop(declared.name.upper(), declared) if own else declared
                found.append(BoundAttribute(self, mine, None, template))
        return found + [BoundAttribute(self, one) for one in own.values()] if own else found

    def element_names(self) -> Iterator[str]:
        """The names of the elements it is about."""
        for one in self.elements:
            yield one.rpartition("\\")[2] if isinstance(one, str) else one.name

    def referenced(self) -> list[Element]:
        """The elements it is about, as far as they are there."""
        found = (one if isinstance(one, Element) else self._element(one) for one in self.elements)
        return [one for one in found if one is not None and not one.is_gone]

    def _element(self, path: str) -> Element | None:
        names = path.strip("\\").split("\\")
        return self.home.find(names[2:] if path.startswith("\\\\") else names)

    def below(self) -> Iterator[EventFrame]:
        """It and all frames inside, each before those inside of it."""
        yield self
        for one in self.frames:
            yield from one.below()


@lru_cache(maxsize=4096)  # an id comes again with each attribute of its frame
def _guid(number: int) -> uuid.UUID:
    return guid_with(number)


def portable(frame: EventFrame) -> EventFrame:
    """The declaration of a frame with paths instead of elements, for the journey to another process."""
    paths = [one if isinstance(one, str) else one.path for one in frame.elements]
    return replace(frame, elements=paths, frames=[portable(one) for one in frame.frames])
