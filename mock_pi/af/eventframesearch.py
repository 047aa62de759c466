"""Which event frames a search means: by time, in one of the search modes of the AF SDK, and by what they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mock_pi.af.database import Database
from mock_pi.af.eventframe import SEVERITIES, EventFrame
from mock_pi.af.eventframes import TimeIndex
from mock_pi.ticks import FIRST_TICKS, LAST_TICKS
from mock_pi.wildcards import wildcard

#: Modes that compare with a range, and modes that walk from `startTime` on.
RANGE_MODES = ("Overlapped", "Inclusive", "StartInclusive", "EndInclusive", "InProgress", "None")
WALKING_MODES = (
    "BackwardFromStartTime", "ForwardFromStartTime", "BackwardFromEndTime", "ForwardFromEndTime", "BackwardInProgress",
    "ForwardInProgress",
)  # fmt: skip

#: What frames can be sorted by.
SORT_FIELDS = ("Name", "StartTime", "EndTime", "Type", "ID", "Severity")


@dataclass(frozen=True)
class FrameTimes:
    """The time part of a search; both ends are inclusive, in ticks."""

    mode: str = "None"
    start: int = FIRST_TICKS
    end: int = LAST_TICKS

    def found(self, index: TimeIndex) -> list[EventFrame]:
        """The frames of an index that fit, in order of time; for walking modes in order of the walk."""
        start, end = self.start, self.end
        if self.mode == "Overlapped":
            return index.overlapping(start, end)
        if self.mode == "Inclusive":
            return [one for one in index.starting(start, end) if one.last <= end]
        if self.mode == "StartInclusive":
            return index.starting(start, end)
        if self.mode == "EndInclusive":
            return index.ending(start, end)
        if self.mode == "InProgress":
            return [one for one in index.open() if start <= one.first <= end]
        return self._walked(index) if self.mode in WALKING_MODES else index.all()

    def _walked(self, index: TimeIndex) -> list[EventFrame]:
        forward = self.mode.startswith("Forward")
        first, last = (self.start, LAST_TICKS) if forward else (FIRST_TICKS, self.start)
        if self.mode.endswith("InProgress"):
            found = [one for one in index.open() if first <= one.first <= last]
        elif self.mode.endswith("FromStartTime"):
            found = index.starting(first, last)
        else:
            found = index.ending(first, last)
        return found if forward else found[::-1]


@dataclass(frozen=True)
class FrameFilter:
    """What a frame has to be; an empty text means anything.

    Attributes:
        element: Wildcard for the name of an element it is about.
        element_template: Name of a template of such an element; those derived from it fit, too.
        template: Name of its template; those derived from it fit, too.
        severities: Those allowed; none for any.
        is_open: Whether it is still open.
    """

    name: str = ""
    description: str = ""
    element: str = ""
    element_template: str = ""
    category: str = ""
    template: str = ""
    severities: tuple[str, ...] = ()
    can_be_acknowledged: bool | None = None
    is_acknowledged: bool | None = None
    is_annotated: bool | None = None
    is_open: bool | None = None

    def test(self, database: Database) -> Callable[[EventFrame], bool] | None:
        """A test for frames; None when all fit."""
        tests: list[Callable[[EventFrame], bool]] = []
        if self.name:
            named = wildcard(self.name).fullmatch
            tests.append(lambda one: bool(named(one.name)))
        if self.description:
            described = wildcard(self.description).fullmatch
            tests.append(lambda one: bool(described(one.description)))
        if self.element:
            about = wildcard(self.element).fullmatch
            tests.append(lambda one: any(about(name) for name in one.element_names()))
        if self.element_template:
            elements = database.derived(self.element_template)
            tests.append(lambda one: any(each.template.upper() in elements for each in one.referenced()))
        if self.category:
            category = self.category.upper()
            tests.append(lambda one: any(name.upper() == category for name in one.categories))
        if self.template:
            derived = database.derived(self.template)
            tests.append(lambda one: one.template.upper() in derived)
        if self.severities:
            tests.append(lambda one: one.severity in self.severities)
        tests += self._flags()
        if not tests:
            return None
        return tests[0] if len(tests) == 1 else lambda one: all(test(one) for test in tests)

    def _flags(self) -> list[Callable[[EventFrame], bool]]:
        wanted: list[tuple[bool | None, Callable[[EventFrame], bool]]] = [
            (self.can_be_acknowledged, lambda one: one.can_be_acknowledged),
            (self.is_acknowledged, lambda one: one.is_acknowledged),
            (self.is_annotated, lambda one: bool(one.annotations)),
            (self.is_open, lambda one: one.is_open),
        ]
        return [_equals(flag, value) for value, flag in wanted if value is not None]


def _equals(flag: Callable[[EventFrame], bool], value: bool) -> Callable[[EventFrame], bool]:
    return lambda one: flag(one) == value


@dataclass(frozen=True)
class FrameOrder:
    """In which order a list comes; None leaves it in the order of the walk."""

    field: str | None = "Name"
    descending: bool = False

    def sort(self, found: list[EventFrame]) -> None:
        """Puts frames in order; those alike stay in order of time."""
        keys: dict[str, Callable[[EventFrame], object]] = {
            "Name": lambda one: one.name.lower(), "StartTime": lambda one: one.first, "EndTime": lambda one: one.last,
            "Type": lambda one: one.template.lower(), "ID": lambda one: one.guid.int,
            "Severity": lambda one: SEVERITIES.index(one.severity),
        }  # fmt: skip
        if self.field is not None:
            found.sort(key=keys[self.field], reverse=self.descending)  # type: ignore[arg-type]


def search(
    database: Database, index: TimeIndex, times: FrameTimes, wanted: FrameFilter, order: FrameOrder
) -> list[EventFrame]:
    """The frames of an index that are meant, in the order asked for."""
    found = times.found(index)
    test = wanted.test(database)
    if test is not None:
        found = [one for one in found if test(one)]
    order.sort(found)
    return found
