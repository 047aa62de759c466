"""Things that have a name in a collection of their owner: templates, categories, sets, tables, analyses, units."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from mock_pi.af.enumerations import EnumerationSet
from mock_pi.af.model import Analysis, BoundAttribute, Category, Element, ElementTemplate, Table, guid_of
from mock_pi.af.units import Unit, UnitClass

if TYPE_CHECKING:
    from mock_pi.af.database import AFServer, Database  # noqa: F401 - named in the classes below


class Declared(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str: ...


class Home(Protocol):
    """What things can be part of."""

    @property
    def guid(self) -> uuid.UUID: ...

    @property
    def path(self) -> str: ...

    @property
    def server(self) -> AFServer: ...


Thing = TypeVar("Thing", bound=Declared)
Of = TypeVar("Of", bound=Home)


@dataclass(frozen=True, eq=False)
class Placed(Generic[Thing, Of]):
    """A declared thing in its place.

    Attributes:
        declared: What was declared about it.
        home: Whose it is.
    """

    declared: Thing
    home: Of
    collection: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.declared.name

    @cached_property
    def guid(self) -> uuid.UUID:
        """Its id."""
        given: uuid.UUID | None = getattr(self.declared, "id", None)
        return given or guid_of(self.home.guid, f"{self.collection}[{self.declared.name}]")

    @property
    def path(self) -> str:
        r"""`\\AF\DB\Tables[T]`."""
        return f"{self.home.path}\\{self.collection}[{self.declared.name}]"

    @property
    def server(self) -> AFServer:
        """The asset server it is on."""
        return self.home.server


class PlacedTemplate(Placed[ElementTemplate, "Database"]):
    """An element template; it owns attribute templates as an element owns attributes."""

    character: ClassVar[str] = "E"

    def bound(self) -> list[BoundAttribute]:
        """The attribute templates it declares, without those of its base."""
        return [BoundAttribute(self, one, None, self.declared) for one in self.declared.attributes]


class PlacedSet(Placed[EnumerationSet, "Database"]):
    """An enumeration set of a database."""


class PlacedTable(Placed[Table, "Database"]):
    """A table."""


class PlacedCategory(Placed[Category, "Database"]):
    """A category of any kind."""


class PlacedAnalysis(Placed[Analysis, Element]):
    """An analysis of an element."""


class PlacedAnalysisTemplate(Placed[Analysis, "Database"]):
    """An analysis template."""


class PlacedUnitClass(Placed[UnitClass, "AFServer"]):
    """A class of units."""


class PlacedUnit(Placed[Unit, PlacedUnitClass]):
    """A unit."""
