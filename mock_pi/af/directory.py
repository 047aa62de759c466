"""Finds what a WebID or a path means among the asset servers."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from mock_pi.af.database import CATEGORY_KINDS, AFServer, Database
from mock_pi.af.model import BoundAttribute, Element
from mock_pi.af.paths import AFPath, collection, parse, same_name
from mock_pi.af.placed import (
    Placed,
    PlacedAnalysis,
    PlacedAnalysisTemplate,
    PlacedCategory,
    PlacedSet,
    PlacedTable,
    PlacedTemplate,
    PlacedUnit,
    PlacedUnitClass,
)
from mock_pi.webids import WebID

AnyPlaced = TypeVar("AnyPlaced", bound=Placed[Any, Any])


class Shelf:
    """The named things of one database, found by id or name."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.templates = [PlacedTemplate(one, database, "ElementTemplates") for one in database.templates]
        self.sets = [PlacedSet(one, database, "EnumerationSets") for one in database.enumeration_sets]
        self.tables = [PlacedTable(one, database, "Tables") for one in database.tables]
        self.analysis_templates = [
            PlacedAnalysisTemplate(one, database, "AnalysisTemplates") for one in database.analysis_templates
        ]
        self._revision = -1
        self._analyses: dict[uuid.UUID, PlacedAnalysis] = {}

        self._of_attributes: dict[tuple[str, ...], BoundAttribute | None] = {}

    def template(self, name: str) -> PlacedTemplate | None:
        """The template of this name, in any case."""
        return next((one for one in self.templates if one.name.upper() == name.upper()), None)

    def set_named(self, name: str) -> PlacedSet | None:
        """The enumeration set of this name, in any case."""
        return next((one for one in self.sets if one.name.upper() == name.upper()), None)

    def template_of(self, one: BoundAttribute) -> BoundAttribute | None:
        """The attribute template that an attribute came from."""
        if one.template is None:
            return None
        names = [one.name]
        above = one.parent
        while above is not None:
            names.insert(0, above.name)
            above = above.parent
        key = (one.template.name, *names)
        if key not in self._of_attributes:
            template = self.template(one.template.name)
            self._of_attributes[key] = attribute_at(template, names) if template else None
        return self._of_attributes[key]

    def categories(self, kind: str) -> list[PlacedCategory]:
        """The categories of a kind (`Element`, `Attribute`, `Table`, `Analysis`)."""
        return [PlacedCategory(one, self.database, f"{kind}Categories") for one in self.database.categories(kind)]

    @property
    def analyses(self) -> dict[uuid.UUID, PlacedAnalysis]:
        """The analyses of all elements by id, in order of the elements."""
        if self._revision != self.database.revision:
            found = [one for element in self.database.below() if element.analyses for one in analyses_of(element)]
            self._analyses = {one.guid: one for one in found}
            self._revision = self.database.revision
        return self._analyses

    def things(self, name: str) -> Sequence[Placed[Any, Any]]:
        """The things of a collection, by the name it has in paths, in lower case."""
        kinds = {f"{kind.lower()}categories": kind for kind in CATEGORY_KINDS}
        if name in kinds:
            return self.categories(kinds[name])
        shelves: dict[str, Sequence[Placed[Any, Any]]] = {
            "elementtemplates": self.templates, "enumerationsets": self.sets, "tables": self.tables,
            "analysistemplates": self.analysis_templates,
        }  # fmt: skip
        return shelves.get(name, ())


def analyses_of(element: Element) -> list[PlacedAnalysis]:
    """The analyses of an element."""
    return [PlacedAnalysis(one, element, "Analyses") for one in element.analyses]


def units_of(one: PlacedUnitClass) -> list[PlacedUnit]:
    """The units of a class."""
    return [PlacedUnit(unit, one, "UOMs") for unit in one.declared.units]


def unit_classes_of(server: AFServer) -> list[PlacedUnitClass]:
    """The unit classes of a server."""
    return [PlacedUnitClass(one, server, "UOMClasses") for one in server.unit_classes]


class Directory:
    """All asset servers and what is on them. Whatever is not there is None."""

    def __init__(self, servers: Iterable[AFServer]) -> None:
        self.servers = tuple(servers)

    @cached_property
    def databases(self) -> list[Database]:
        """The databases of all servers."""
        return [database for server in self.servers for database in server.databases]

    @cached_property
    def _shelves(self) -> dict[int, Shelf]:
        return {id(database): Shelf(database) for database in self.databases}

    def shelf(self, database: Database) -> Shelf:
        """The named things of a database."""
        return self._shelves[id(database)]

    def server(self, web_id: WebID) -> AFServer | None:
        """The asset server of a WebID; the first one where its type leaves the server out."""
        if web_id.kind == "P":
            return self.server_named((web_id.name or "").split("\\")[0])
        if web_id.server is None:
            return self.servers[0] if self.servers else None
        return next((one for one in self.servers if one.guid == web_id.server), None)

    def server_named(self, name: str) -> AFServer | None:
        """The asset server with a name, in any case."""
        return next((one for one in self.servers if one.name.upper() == name.upper()), None)

    def database(self, web_id: WebID) -> Database | None:
        """The database of a WebID."""
        server = self.server(web_id)
        if server is None:
            return None
        if web_id.kind == "P":
            return self.database_at(_path_of(web_id))
        return next((one for one in server.databases if one.guid == web_id.guids[0]), None)

    def database_at(self, path: AFPath) -> Database | None:
        """The database of a path, whatever else the path names behind it."""
        server = self.server_named(path.server)
        if server is None or not path.parts:
            return None
        return next((one for one in server.databases if same_name(one, path.parts[0])), None)

    def element(self, web_id: WebID) -> Element | None:
        """The element of a WebID."""
        if web_id.kind == "P":
            return self.element_at(_path_of(web_id))
        server = self.server(web_id)
        found = (one.element(web_id.guids[0]) for one in (server.databases if server else ()))
        return next(filter(None, found), None)

    def element_at(self, path: AFPath) -> Element | None:
        r"""The element of a path `\\AF\DB\E1\E2`, whatever attributes the path names behind it."""
        database = self.database_at(path)
        return database.find(path.parts[1:]) if database else None

    def attribute(self, owner: Any, web_id: WebID) -> BoundAttribute | None:
        """The attribute a WebID means, of the element, event frame or template that its owner part means."""
        if web_id.kind == "P":
            return self.attribute_at(owner, _path_of(web_id).attributes)
        return _with_guid(owner.bound(), web_id.guids[1])

    def attribute_at(self, owner: Any, names: Sequence[str]) -> BoundAttribute | None:
        """The attribute of an element, event frame or template at the end of these names."""
        return attribute_at(owner, names)

    def thing(self, web_id: WebID, collection_name: str) -> Placed[Any, Any] | None:
        """The named thing of a WebID, in the collection of the name it has in paths, in lower case."""
        if web_id.kind == "P":
            return self.thing_at(_path_of(web_id), collection_name)
        server = self.server(web_id)
        for database in server.databases if server else ():
            for one in self.shelf(database).things(collection_name):
                if one.guid == web_id.guids[0]:
                    return one
        return None

    def thing_at(self, path: AFPath, collection_name: str) -> Placed[Any, Any] | None:
        r"""The named thing of a path `\\AF\DB\Tables[T]`."""
        database = self.database_at(path)
        found = collection(path.parts[1]) if len(path.parts) > 1 else None
        if database is None or found is None or found[0] != collection_name:
            return None
        return next((one for one in self.shelf(database).things(collection_name) if same_name(one, found[1])), None)

    def analysis(self, web_id: WebID) -> PlacedAnalysis | None:
        """The analysis of a WebID."""
        if web_id.kind == "P":
            return self.analysis_at(_path_of(web_id))
        server = self.server(web_id)
        found = (self.shelf(one).analyses.get(web_id.guids[0]) for one in (server.databases if server else ()))
        return next(filter(None, found), None)

    def analysis_at(self, path: AFPath) -> PlacedAnalysis | None:
        r"""The analysis of a path `\\AF\DB\E\Analyses[A]`."""
        database = self.database_at(path)
        found = collection(path.parts[-1]) if path.parts else None
        element = database.find(path.parts[1:-1]) if database and found and found[0] == "analyses" else None
        if element is None or found is None:
            return None
        return next((one for one in analyses_of(element) if same_name(one, found[1])), None)

    def unit_class(self, web_id: WebID) -> PlacedUnitClass | None:
        """The unit class of a WebID."""
        server = self.server(web_id)
        fits = _fits(web_id)
        return next((one for one in unit_classes_of(server) if fits(one)), None) if server else None

    def unit(self, web_id: WebID) -> PlacedUnit | None:
        """The unit of a WebID."""
        server = self.server(web_id)
        fits = _fits(web_id)
        units = [unit for one in unit_classes_of(server) for unit in units_of(one)] if server else []
        return next((one for one in units if fits(one)), None)


def attribute_at(owner: Any, names: Sequence[str]) -> BoundAttribute | None:
    """The attribute at the end of these names."""
    among: list[BoundAttribute] = owner.bound()
    found: BoundAttribute | None = None
    for name in names:
        found = next((one for one in among if same_name(one, name)), None)
        if found is None:
            return None
        among = found.children
    return found


def _with_guid(among: Iterable[BoundAttribute], guid: uuid.UUID) -> BoundAttribute | None:
    for one in among:
        if one.guid == guid:
            return one
        found = _with_guid(one.children, guid) if one.declared.attributes else None
        if found is not None:
            return found
    return None


def _path_of(web_id: WebID) -> AFPath:
    return parse("\\\\" + (web_id.name or ""))


def _fits(web_id: WebID) -> Callable[[Placed[Any, Any]], bool]:
    if web_id.kind == "P":
        name = "\\\\" + (web_id.name or "")
        return lambda one: one.path.upper() == name
    return lambda one: one.guid == web_id.guids[0]
