"""What an Asset Framework server holds: databases, elements, attributes, templates, analyses and tables.

An element stands in the `elements` of its parent, or of the database. The same `Element` object in a second list is a
reference: one element, several paths; the first place, reading downwards, is its primary one. Ids are made of the path,
the same on every run, unless they are given.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from mock_pi.af.database import AFServer, Database

PI_POINT = "PI Point"

#: Bits of a GUID that its name does not give: version and variant.
_NOT_GIVEN = 0xF000 << 64 | 0xC000 << 48
_VERSION_5 = 5 << 76 | 0x8000 << 48


def guid_of(owner: uuid.UUID, name: str) -> uuid.UUID:
    """The GUID of something inside an owner, by name in any case: as `uuid.uuid5` makes it, in a third of its time."""
    digest = hashlib.sha1(owner.int.to_bytes(16, "big") + name.upper().encode(), usedforsecurity=False).digest()
    # Version 5, and the variant of RFC 4122.
    return guid_with(int.from_bytes(digest[:16], "big") & ~_NOT_GIVEN | _VERSION_5)


def guid_with(number: int) -> uuid.UUID:
    """The GUID of these 128 bits, without the checks of its constructor: frames have hundreds of thousands."""
    made = object.__new__(uuid.UUID)
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", uuid.SafeUUID.unknown)
    return made


@dataclass(frozen=True, slots=True)
class Attribute:
    r"""The declaration of an attribute, of one element or, inside a template, of all elements made from it.

    Attributes:
        name: Its name.
        type: `Double`, `Single`, `Int32`, `Int64`, `String`, `Boolean`, `DateTime`, `EnumerationValue`, ...
        value: What it holds where its data reference has no history: a static value, a looked-up one, ...
        plug_in: The data reference: `PI Point`, `Formula`, `Table Lookup`, `String Builder`, or none.
        config: The ConfigString; `\\SERVER\tag` for PI Point. `%Element%` and `%Attribute%` stand for the names.
        enumeration: Name of the enumeration set of type EnumerationValue.
        units: Its default unit, by name or abbreviation.
        step: Whether its values hold until the next one; None for what its point says.
        trait: Name of its trait, such as `LimitHiHi`.
        attributes: Those below it.
        is_gone: Listed, but no longer there when it is asked for.
    """

    name: str
    type: str = "Double"
    value: Any = None
    plug_in: str = ""
    config: str = ""
    units: str = ""
    attributes: tuple[Attribute, ...] = ()
    description: str = ""
    categories: tuple[str, ...] = ()
    enumeration: str = ""
    step: bool | None = None
    trait: str = ""
    display_digits: int = -5
    zero: float | None = None
    span: float | None = None
    is_configuration_item: bool = False
    is_excluded: bool = False
    is_hidden: bool = False
    is_manual_data_entry: bool = False
    is_gone: bool = False
    id: uuid.UUID | None = None

    @classmethod
    def of_point(cls, name: str, tag: str, type: str = "Double", **details: Any) -> Attribute:
        r"""An attribute with a PI Point reference to `\\SERVER\tag`."""
        return cls(name, type, plug_in=PI_POINT, config=tag, **details)


#: An attribute inside an element template is declared the same way.
AttributeTemplate = Attribute


class Owner(Protocol):
    """What can have attributes: an element, an event frame, a template.

    Attributes:
        character: What stands for it in the WebIDs of its attributes: `E` or `F`.
    """

    @property
    def name(self) -> str: ...

    @property
    def guid(self) -> uuid.UUID: ...

    @property
    def path(self) -> str: ...

    @property
    def home(self) -> Database: ...

    @property
    def character(self) -> str: ...

    def bound(self) -> list[BoundAttribute]: ...


@dataclass(slots=True, eq=False)
class BoundAttribute:
    """An attribute in its place: that of one element, event frame or template.

    Attributes:
        owner: Whose it is.
        declared: What was declared about it.
        parent: The attribute above it.
        template: The template it came from.
    """

    owner: Owner
    declared: Attribute
    parent: BoundAttribute | None = None
    template: ElementTemplate | None = None
    _guid: uuid.UUID | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.declared.name

    @property
    def guid(self) -> uuid.UUID:
        """Its id."""
        if self._guid is None:
            above = self.parent.guid if self.parent else self.owner.guid
            self._guid = self.declared.id or guid_of(above, self.declared.name)
        return self._guid

    @property
    def path(self) -> str:
        r"""`\\AF\DB\E|A|B`."""
        return f"{(self.parent or self.owner).path}|{self.declared.name}"

    @property
    def config(self) -> str:
        """The ConfigString with the names filled in."""
        return self.filled(self.declared.config)

    def filled(self, text: str) -> str:
        """A text with the names of element and attribute in place of `%Element%` and `%Attribute%`."""
        if "%" not in text:
            return text
        return text.replace("%Element%", self.owner.name).replace("%Attribute%", self.declared.name)

    @property
    def children(self) -> list[BoundAttribute]:
        """The attributes below it."""
        return [BoundAttribute(self.owner, one, self, self.template) for one in self.declared.attributes]

    @property
    def unit(self) -> str:
        """The abbreviation of its unit."""
        return self.owner.home.server.abbreviation(self.declared.units)


def below(attributes: Sequence[BoundAttribute]) -> Iterator[BoundAttribute]:
    """Attributes with all below them, each before its children."""
    for one in attributes:
        yield one
        if one.declared.attributes:
            yield from below(one.children)


@dataclass(slots=True, eq=False)
class Element:
    """One element.

    Attributes:
        name: Its name.
        template: Name of its template.
        attributes: Its own; one that has the name of a template's attribute takes its place.
        elements: Those below it, in order.
        extended: Its ExtendedProperties.
        kind: Its ElementType: `Element`, `Measurement`, `Flow`, `Transfer`, `Boundary`, `Other`, ...
        default_attribute: Name of its default attribute.
        is_gone: Listed, but no longer there when it is asked for.
        is_denied: The caller may not see it, nor anything below it.
        id: Its GUID; made of the path unless given.
        parent: Set by the database: the element above its primary place.
        other_parents: Set by the database: where else it is referenced, None for the database itself.
    """

    name: str
    template: str = ""
    attributes: Sequence[Attribute] = ()
    elements: Sequence[Element] = ()
    description: str = ""
    categories: tuple[str, ...] = ()
    analyses: Sequence[Analysis] = ()
    extended: Mapping[str, Any] | None = None
    kind: str = "Element"
    default_attribute: str = ""
    is_gone: bool = False
    is_denied: bool = False
    id: uuid.UUID | None = None
    parent: Element | None = field(default=None, init=False, repr=False)
    other_parents: list[Element | Database] = field(default_factory=list, init=False, repr=False)
    database: Database | None = field(default=None, init=False, repr=False)
    _names: dict[str, Element] | None = field(default=None, init=False, repr=False)

    character: ClassVar[str] = "E"

    @property
    def guid(self) -> uuid.UUID:
        """Its id, once it is part of a database."""
        assert self.id is not None
        return self.id

    @property
    def home(self) -> Database:
        """The database it is part of."""
        assert self.database is not None
        return self.database

    @property
    def server(self) -> AFServer:
        """The asset server it is on."""
        return self.home.server

    @property
    def path(self) -> str:
        r"""Its primary path `\\AF\DB\E1\E2`."""
        return f"{(self.parent or self.home).path}\\{self.name}"

    @property
    def paths(self) -> list[str]:
        """All paths, the primary one first."""
        above: list[Element | Database] = [self.parent or self.home, *self.other_parents]
        return [f"{path}\\{self.name}" for one in above for path in one.paths]

    def bound(self) -> list[BoundAttribute]:
        """Its attributes, those of its template first."""
        inherited = self.home.inherited(self.template) if self.template else ()
        if not inherited:
            return [BoundAttribute(self, one) for one in self.attributes]
        own = {one.name.upper(): one for one in self.attributes}
        found = [
            BoundAttribute(self, own.pop(declared.name.upper(), declared), None, template)
            for template, declared in inherited
        ]
        return found + [BoundAttribute(self, one) for one in own.values()]

    def child(self, name: str) -> Element | None:
        """The element of this name below it, in any case."""
        if self._names is None:
            self._names = {one.name.upper(): one for one in reversed(self.elements)}
        return self._names.get(name.upper())

    def forget_names(self) -> None:
        """The list of its elements was changed."""
        self._names = None

    @property
    def hidden_from_all(self) -> bool:
        """Whether it or one above it may not be seen."""
        one: Element | None = self
        while one is not None:
            if one.is_denied:
                return True
            one = one.parent
        return False


@dataclass(frozen=True, slots=True)
class ElementTemplate:
    """A template of elements or event frames.

    Attributes:
        name: Its name.
        attributes: The attribute templates it adds to those of its base.
        base: Name of the template it derives from.
        instance_type: `Element` or `EventFrame`.
    """

    name: str
    attributes: Sequence[Attribute] = ()
    base: str = ""
    instance_type: str = "Element"
    description: str = ""
    categories: tuple[str, ...] = ()
    allow_element_to_extend: bool = True
    naming_pattern: str = ""
    can_be_acknowledged: bool = False
    severity: str = "None"
    extended: Mapping[str, Any] | None = None
    id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Category:
    """A category of elements, attributes, tables or analyses."""

    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Analysis:
    """An analysis of an element, or, in a database's `analysis_templates`, of a template's elements.

    Attributes:
        name: Its name.
        rule: Name of the plug-in that computes it: `PerformanceEquation`, `EventFrame`, ...
        time_rule: Name of the plug-in that says when: `Periodic`, `Natural`.
        template: Of an analysis: the analysis template it came from.
        target: Of an analysis template: the element template it is for.
    """

    name: str
    rule: str = "PerformanceEquation"
    time_rule: str = "Periodic"
    status: str = "Enabled"
    description: str = ""
    categories: tuple[str, ...] = ()
    template: str = ""
    target: str = ""
    priority: str = "Normal"
    publish_results: bool = True
    group_id: int = 0


AnalysisTemplate = Analysis


@dataclass(frozen=True, slots=True)
class Table:
    """An AF table: columns with their .NET types, and rows in the order of the columns."""

    name: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]] = ()
    description: str = ""
    categories: tuple[str, ...] = ()
    time_zone: str = "UTC"
