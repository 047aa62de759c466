"""Lists of elements and attributes: filtered, sorted, and kept for the next page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from mock_pi.af.database import Database
from mock_pi.af.model import BoundAttribute, Element
from mock_pi.af.traits import TRAITS
from mock_pi.wildcards import wildcard

#: What elements and attributes can be sorted by: their names, ids, or types.
SORT_FIELDS = ("Name", "ID", "Type")

#: Lists of this many elements are kept for their next page.
_WORTH_KEEPING = 200

Listed = TypeVar("Listed")


@dataclass(frozen=True)
class Order:
    """In which order a list comes."""

    field: str = "Name"
    descending: bool = False


@dataclass(frozen=True)
class ElementFilter:
    """Which elements are meant; an empty text means any.

    Attributes:
        template: Name of a template; those derived from it fit, too.
        kind: ElementType, or `Any`.
        full: Whether those further down are meant, too, and not only those directly below.
        referenced: Whether only those are meant whose primary place is elsewhere.
        denied: Whether those without read permission are listed.
    """

    name: str = ""
    description: str = ""
    category: str = ""
    template: str = ""
    kind: str = "Any"
    full: bool = False
    referenced: bool = False
    denied: bool = False

    def test(self, database: Database) -> Callable[[Element], bool] | None:
        """A test for elements; None when all fit."""
        tests: list[Callable[[Element], bool]] = []
        if self.name:
            named = wildcard(self.name).fullmatch
            tests.append(lambda one: bool(named(one.name)))
        if self.description:
            described = wildcard(self.description).fullmatch
            tests.append(lambda one: bool(described(one.description)))
        if self.category:
            category = self.category.upper()
            tests.append(lambda one: any(name.upper() == category for name in one.categories))
        if self.template:
            derived = database.derived(self.template)
            tests.append(lambda one: one.template.upper() in derived)
        if self.kind != "Any":
            tests.append(lambda one: one.kind == self.kind)
        if database.guarded and not self.denied:
            tests.append(lambda one: not one.hidden_from_all)
        return _all(tests)


@dataclass(frozen=True)
class AttributeFilter:
    """Which attributes are meant; an empty text means any.

    Attributes:
        template: Name of the attribute template, or of the element template that declares it.
        traits: Names of traits, one of which it must have.
        trait_categories: Names of categories of traits, to one of which its trait must belong.
        full: Whether attributes below attributes are meant, too.
        excluded: Whether excluded ones are shown.
        hidden: Whether hidden ones are shown.
    """

    name: str = ""
    description: str = ""
    category: str = ""
    template: str = ""
    value_type: str = ""
    plug_in: str = ""
    traits: tuple[str, ...] = ()
    trait_categories: tuple[str, ...] = ()
    full: bool = False
    excluded: bool = False
    hidden: bool = False

    def test(self) -> Callable[[BoundAttribute], bool] | None:
        """A test for attributes; None when all fit."""
        tests: list[Callable[[BoundAttribute], bool]] = []
        if self.name:
            named = wildcard(self.name).fullmatch
            tests.append(lambda one: bool(named(one.declared.name)))
        if self.description:
            described = wildcard(self.description).fullmatch
            tests.append(lambda one: bool(described(one.declared.description)))
        if self.category:
            category = self.category.upper()
            tests.append(lambda one: any(name.upper() == category for name in one.declared.categories))
        if self.template:
            template = self.template.upper()
            tests.append(lambda one: template in _template_names(one))
        if self.value_type:
            tests.append(lambda one: one.declared.type.upper() == self.value_type.upper())
        if self.plug_in:
            tests.append(lambda one: one.declared.plug_in.upper() == self.plug_in.upper())
        if self.traits or self.trait_categories:
            allowed = {one.name.upper() for one in TRAITS if one.chosen(self.traits, self.trait_categories)}
            tests.append(lambda one: one.declared.trait.upper() in allowed)
        return _all(tests)

    def shows(self, one: BoundAttribute) -> bool:
        """Whether an attribute, and what is below it, is to be seen at all."""
        return (self.excluded or not one.declared.is_excluded) and (self.hidden or not one.declared.is_hidden)


def elements(database: Database, root: Element | None, wanted: ElementFilter, order: Order) -> list[Element]:
    """Elements below an element, or of the database."""
    if not wanted.full and len(database.elements if root is None else root.elements) < _WORTH_KEEPING:
        return _elements(database, root, wanted, order)
    return database.remembered(("elements", root and root.id, wanted, order),
                               lambda: _elements(database, root, wanted, order))  # fmt: skip


def attributes(
    owner_attributes: Iterable[BoundAttribute], wanted: AttributeFilter, order: Order
) -> list[BoundAttribute]:
    """Attributes out of those of an owner."""
    return _sorted_attributes(_attributes(owner_attributes, wanted, wanted.test()), order)


def element_attributes(
    database: Database, root: Element | None, of: ElementFilter, wanted: AttributeFilter, order: Order
) -> list[BoundAttribute]:
    """Attributes of the elements below an element, or of the database."""

    def find() -> list[BoundAttribute]:
        found: list[BoundAttribute] = []
        test = wanted.test()
        for element in elements(database, root, of, Order()):
            found += _attributes(element.bound(), wanted, test)
        return _sorted_attributes(found, order)

    return database.remembered(("attributes", root and root.id, of, wanted, order), find)


def _template_names(one: BoundAttribute) -> tuple[str, ...]:
    return () if one.template is None else (one.name.upper(), one.template.name.upper())


def _elements(database: Database, root: Element | None, wanted: ElementFilter, order: Order) -> list[Element]:
    directly = database.elements if root is None else root.elements
    found = list(database.below(root) if wanted.full else directly)
    if wanted.referenced:
        found = [one for one in found if one.parent is not root or one.home is not database]
    test = wanted.test(database)
    if test is not None:
        found = [one for one in found if test(one)]
    keys: dict[str, Callable[[Element], str]] = {
        "ID": lambda one: str(one.id), "Type": lambda one: one.kind, "Name": lambda one: one.name.lower(),
    }  # fmt: skip
    found.sort(key=keys[order.field], reverse=order.descending)
    return found


def _attributes(
    among: Iterable[BoundAttribute], wanted: AttributeFilter, test: Callable[[BoundAttribute], bool] | None
) -> list[BoundAttribute]:
    found: list[BoundAttribute] = []
    for one in among:
        if not wanted.shows(one):
            continue
        if test is None or test(one):
            found.append(one)
        if wanted.full and one.declared.attributes:
            found += _attributes(one.children, wanted, test)
    return found


def _sorted_attributes(found: list[BoundAttribute], order: Order) -> list[BoundAttribute]:
    keys: dict[str, Callable[[BoundAttribute], str]] = {
        "ID": lambda one: str(one.guid), "Type": lambda one: one.declared.type,
        "Name": lambda one: one.declared.name.lower(),
    }  # fmt: skip
    found.sort(key=keys[order.field], reverse=order.descending)
    return found


def _all(tests: list[Callable[[Listed], bool]]) -> Callable[[Listed], bool] | None:
    if not tests:
        return None
    return tests[0] if len(tests) == 1 else lambda one: all(test(one) for test in tests)
