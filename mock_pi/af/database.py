"""Asset databases and the servers they live on: where elements get their places, ids and indexes."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from mock_pi.af.enumerations import EnumerationSet
from mock_pi.af.eventframe import EventFrame
from mock_pi.af.eventframes import EventFrames
from mock_pi.af.model import Analysis, Attribute, Category, Element, ElementTemplate, Table, guid_of
from mock_pi.af.paths import same_name
from mock_pi.af.units import Unit, UnitClass, default_units, find_unit

#: The kinds of categories, as they stand in routes, links and paths: `elementcategories`, `ElementCategories[..]`.
CATEGORY_KINDS = ("Element", "Attribute", "Table", "Analysis")

#: Lists kept for their next pages.
_LISTS_KEPT = 16

Kept = TypeVar("Kept")


class Database:
    """One asset database.

    Args:
        name: Its name.
        elements: The elements at its top.
        templates: Templates of elements and event frames.
        enumeration_sets: Its own sets; the digital sets of data servers are others.
        categories: `Element`, `Attribute`, `Table` or `Analysis` to declared ones; those used anywhere are added.
        event_frames: Its event frames.
        extended: Its ExtendedProperties.
    """

    def __init__(
        self,
        name: str,
        elements: Sequence[Element] = (),
        *,
        templates: Sequence[ElementTemplate] = (),
        enumeration_sets: Sequence[EnumerationSet] = (),
        tables: Sequence[Table] = (),
        analysis_templates: Sequence[Analysis] = (),
        categories: dict[str, Sequence[Category | str]] | None = None,
        event_frames: Iterable[EventFrame] = (),
        description: str = "",
        extended: dict[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.elements = list(elements)
        self.templates = tuple(templates)
        self.enumeration_sets = tuple(enumeration_sets)
        self.tables = tuple(tables)
        self.analysis_templates = tuple(analysis_templates)
        self.event_frames = EventFrames(event_frames)
        self.description = description
        self.extended = dict(extended or {})
        #: Goes up with every change, so that what was made of an earlier state is not used again.
        self.revision = 0
        #: Called with every edit, so that a server in another process can follow.
        self.tell: Callable[[dict[str, Any]], None] | None = None
        #: Whether any element was ever hidden from the caller.
        self.guarded = False
        self._server: AFServer | None = None
        self._guid: uuid.UUID | None = None
        self._lists: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._by_id: dict[uuid.UUID, Element] = {}
        self._templates = {one.name.upper(): one for one in self.templates}
        self._inherited: dict[str, list[tuple[ElementTemplate, Attribute]]] = {}
        self._categories = {
            kind: [one if isinstance(one, Category) else Category(one) for one in (categories or {}).get(kind, ())]
            for kind in CATEGORY_KINDS
        }
        self._known = {(kind, one.name.upper()) for kind, found in self._categories.items() for one in found}

    @property
    def server(self) -> AFServer:
        """The server it lives on."""
        assert self._server is not None
        return self._server

    @property
    def guid(self) -> uuid.UUID:
        """Its id."""
        assert self._guid is not None
        return self._guid

    @property
    def path(self) -> str:
        r"""`\\AF\DB`."""
        return f"\\\\{self.server.name}\\{self.name}"

    @property
    def paths(self) -> list[str]:
        """Its only path, as elements have several."""
        return [self.path]

    @property
    def home(self) -> Database:
        """Itself."""
        return self

    def attach(self, server: AFServer) -> None:
        """Becomes part of a server: all elements get their ids and places."""
        self._server, self._guid = server, guid_of(server.guid, self.name)
        self._place(self.elements, None)
        for template in self.templates:
            self._use("Element", template.categories)
            for declared in template.attributes:
                self._use("Attribute", declared.categories)
        for table in self.tables:
            self._use("Table", table.categories)
        for analysis in self.analysis_templates:
            self._use("Analysis", analysis.categories)
        self.event_frames.attach(self)
        for frame in self.event_frames:
            if frame.categories:
                self._use("Element", frame.categories)

    def add(self, element: Element, parent: Element | None = None) -> Element:
        """A new element, below `parent` or at the top, from now on."""
        self._tell("add", element, parent.path if parent else "")
        if parent is None:
            self.elements.append(element)
        else:
            parent.elements = [*parent.elements, element]
            parent.forget_names()
        self._place([element], parent)
        self._changed()
        return element

    def remove(self, element: Element) -> None:
        """An element and everything below it is deleted."""
        self._tell("remove", element.path)
        for above in [element.parent, *element.other_parents]:
            if above is None or isinstance(above, Database):
                self.elements = [one for one in self.elements if one is not element]
            else:
                above.elements = [one for one in above.elements if one is not element]
                above.forget_names()
        for one in [element, *self.below(element)]:
            self._by_id.pop(one.guid, None)
        self._changed()

    def change(self, element: Element, **fields: Any) -> None:
        """An element is edited: `database.change(pump, description="Old pump", is_gone=True)`."""
        self._tell("change", element.path, fields)
        for name, value in fields.items():
            setattr(element, name, value)
        self._changed()

    def apply(self, action: str, arguments: Sequence[Any]) -> None:
        """Does what `add`, `remove` or `change` told of another process's database."""
        if action == "add":
            self.add(arguments[0], self._at(arguments[1]) if arguments[1] else None)
        elif action == "remove":
            self.remove(self._at(arguments[0]))
        else:
            self.change(self._at(arguments[0]), **arguments[1])

    def _at(self, path: str) -> Element:
        found = self.find(path[2:].split("\\")[2:])
        if found is None:
            raise KeyError(f"no element {path!r}")
        return found

    def _tell(self, action: str, *arguments: Any) -> None:
        if self.tell is not None:
            self.tell({"edit": "element", "database": self.path, "action": action, "arguments": arguments})

    def _changed(self) -> None:
        self.revision += 1
        self.guarded = self.guarded or any(one.is_denied for one in self._by_id.values())

    def remembered(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """What `make` gives, made again only after a change: so the pages of a list cost one search together."""
        known = self._lists.get(key)
        if known is None or known[0] != self.revision:
            known = self._lists[key] = (self.revision, make())
            if len(self._lists) > _LISTS_KEPT:
                self._lists.popitem(last=False)
        self._lists.move_to_end(key)
        found: Kept = known[1]
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lists": OrderedDict(), "tell": None}

    def _place(self, elements: Sequence[Element], parent: Element | None) -> None:
        waiting: list[tuple[Element, Element | None]] = [(one, parent) for one in reversed(elements)]
        while waiting:
            element, above = waiting.pop()
            if element.database is not None:
                element.other_parents.append(above or self)
                continue
            element.database, element.parent = self, above
            if element.id is None:
                element.id = guid_of(above.guid if above else self.guid, element.name)
            self._by_id[element.id] = element
            self.guarded = self.guarded or element.is_denied
            self._use("Element", element.categories)
            for declared in element.attributes:
                if declared.categories:
                    self._use("Attribute", declared.categories)
            for analysis in element.analyses:
                self._use("Analysis", analysis.categories)
            waiting += [(one, element) for one in reversed(element.elements)]

    def _use(self, kind: str, names: Sequence[str]) -> None:
        for name in names:
            key = (kind, name.upper())
            if key not in self._known:
                self._known.add(key)
                self._categories[kind].append(Category(name))

    def element(self, guid: uuid.UUID) -> Element | None:
        """The element with this id."""
        return self._by_id.get(guid)

    def find(self, names: Sequence[str]) -> Element | None:
        """The element at the end of these names, whatever the case; a name may be an id: `[{guid}]` or `Name;guid`."""
        found: Element | None = None
        for name in names:
            found = self._step(found, name)
            if found is None:
                return None
        return found

    def _step(self, above: Element | None, name: str) -> Element | None:
        if above is not None and not name.endswith("]") and ";" not in name:
            return above.child(name)
        among = self.elements if above is None else above.elements
        return next((one for one in among if same_name(one, name)), None)

    def below(self, root: Element | None = None) -> Iterator[Element]:
        """All elements below an element, or of the database, each once and before its children."""
        seen: set[int] = set()
        waiting = list(reversed(self.elements if root is None else root.elements))
        while waiting:
            element = waiting.pop()
            if id(element) in seen:
                continue
            seen.add(id(element))
            yield element
            waiting += reversed(element.elements)

    def template(self, name: str) -> ElementTemplate | None:
        """The template with this name, in any case."""
        return self._templates.get(name.upper())

    def lineage(self, name: str) -> list[ElementTemplate]:
        """A template with those it derives from, itself first."""
        found: list[ElementTemplate] = []
        template = self.template(name)
        while template is not None and template not in found:
            found.append(template)
            template = self.template(template.base)
        return found

    def derived(self, name: str) -> frozenset[str]:
        """The names, in upper case, of a template and all that derive from it."""
        return frozenset(
            one.name.upper()
            for one in self.templates
            if any(each.name.upper() == name.upper() for each in self.lineage(one.name))
        )

    def inherited(self, name: str) -> list[tuple[ElementTemplate, Attribute]]:
        """The attributes of a template and its bases, each with the template that declares it; base ones first."""
        found = self._inherited.get(name)
        if found is None:
            merged: dict[str, tuple[ElementTemplate, Attribute]] = {}
            for template in reversed(self.lineage(name)):
                merged.update({one.name.upper(): (template, one) for one in template.attributes})
            found = self._inherited[name] = list(merged.values())
        return found

    def categories(self, kind: str) -> list[Category]:
        """The categories of a kind, declared or merely used."""
        return self._categories[kind]

    def enumeration_set(self, name: str) -> EnumerationSet | None:
        """The enumeration set with this name, in any case."""
        return next((one for one in self.enumeration_sets if one.name.upper() == name.upper()), None)

    def table(self, name: str) -> Table | None:
        """The table with this name, in any case."""
        return next((one for one in self.tables if one.name.upper() == name.upper()), None)


class AFServer:
    """An asset server with its databases.

    >>> pump = Element("P-1", attributes=[Attribute.of_point("Flow", r"\\\\MOCKPI\\SINUSOID", units="m3/h")])
    >>> server = AFServer("AF", [Database("Plant", [pump])])
    """

    def __init__(
        self,
        name: str = "MOCKAF",
        databases: Sequence[Database] = (),
        *,
        units: Sequence[UnitClass] | None = None,
        description: str = "",
    ) -> None:
        self.name = name
        #: Its id.
        self.guid = uuid.uuid5(uuid.NAMESPACE_DNS, f"AF {name.upper()}")
        self.databases = tuple(databases)
        self.unit_classes = tuple(default_units() if units is None else units)
        self.description = description
        for database in self.databases:
            database.attach(self)

    @property
    def server(self) -> AFServer:
        """Itself."""
        return self

    @property
    def path(self) -> str:
        r"""`\\AF`."""
        return f"\\\\{self.name}"

    def database(self, name: str) -> Database | None:
        """The database with this name, in any case."""
        return next((one for one in self.databases if one.name.upper() == name.upper()), None)

    def unit(self, text: str) -> Unit | None:
        """The unit with this name or abbreviation."""
        found = find_unit(self.unit_classes, text)
        return found[1] if found else None

    def abbreviation(self, text: str) -> str:
        """The abbreviation of a unit given by name or abbreviation; the text itself when it is unknown."""
        unit = self.unit(text) if text else None
        return unit.abbreviation if unit else text
