"""The EventFrame controller, and the event frames of databases and elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mock_pi.af import query
from mock_pi.af.database import Database
from mock_pi.af.eventframe import SEVERITIES, EventFrame
from mock_pi.af.eventframes import TimeIndex
from mock_pi.af.eventframesearch import (
    RANGE_MODES,
    SORT_FIELDS,
    WALKING_MODES,
    FrameFilter,
    FrameOrder,
    FrameTimes,
    search,
)
from mock_pi.af.model import BoundAttribute
from mock_pi.af.search import AttributeFilter
from mock_pi.call import Answer, Call, PIWebAPIError
from mock_pi.reading import annotation_object
from mock_pi.routes import afsearch
from mock_pi.routes import multiple as many
from mock_pi.routes.affilters import ATTRIBUTE_FILTERS, PAGING, attributes_of, category, order_of, template
from mock_pi.routes.afobjects import Json, element, paths_wanted, selected
from mock_pi.routes.afthings import required
from mock_pi.routes.attributes import list_attributes
from mock_pi.routes.categories import categories_named
from mock_pi.routes.frameobjects import event_frame
from mock_pi.routes.lists import page, whole
from mock_pi.routes.table import route
from mock_pi.system.annotation import Annotation
from mock_pi.ticks import LAST_TICKS

_MODES = (*RANGE_MODES, *WALKING_MODES)

#: How long ago a search begins when the call does not say (PI Web API Reference).
_DEFAULT_START = "*-8h"

#: Parameters of the searches: what all have, and what those of databases and frames add.
_SEARCH = (
    "searchMode startTime endTime timeZone nameFilter categoryName templateName severity canBeAcknowledged"
    " isAcknowledged sortField sortOrder startIndex maxCount"
)
_DEEP = _SEARCH + " referencedElementNameFilter referencedElementTemplateName searchFullHierarchy"

_FIND = (
    "searchMode startTime endTime timeZone eventFrameNameFilter eventFrameDescriptionFilter referencedElementNameFilter"
    " eventFrameCategory eventFrameTemplate attributeNameFilter attributeDescriptionFilter attributeCategory"
    " attributeType searchFullHierarchy sortField sortOrder startIndex maxCount associations"
)


def _one(call: Call, found: EventFrame) -> Answer:
    return call.json(event_frame(call, found, ()))


def by_path(call: Call) -> Answer:
    r"""The frame with the path `\\AF\DB\EventFrames[NAME]`."""
    return _one(call, call.site.event_frame_at(required(call, "path")))


def by_web_id(call: Call) -> Answer:
    """One frame."""
    return _one(call, call.site.event_frame(call.captured[0]))


def multiple(call: Call) -> Answer:
    """Many frames by WebID or path."""

    def show(found: EventFrame) -> Json:
        return event_frame(call, found, ("Items", "Object"))

    return many.multiple(
        call, lambda text: show(call.site.event_frame(text)), lambda text: show(call.site.event_frame_at(text))
    )


def list_frames(call: Call, found: Sequence[EventFrame]) -> Answer:
    """A page of frames."""
    return page(call, found, lambda one: event_frame(call, one, ("Items",)))


def _times(call: Call) -> FrameTimes:
    """The time part of a search.

    Raises:
        PIWebAPIError: 400 when a walking mode comes with an end or an order, or the end is before the start.
    """
    mode = call.choice("searchMode", _MODES, "Overlapped")
    start = call.instant("startTime", _DEFAULT_START)
    if mode in WALKING_MODES:
        for name in ("endTime", "sortField", "sortOrder"):
            if call.text(name):
                raise PIWebAPIError(400, f"The parameter '{name}' cannot be used with searchMode '{mode}'.")
        return FrameTimes(mode, start)
    end = call.instant("endTime", "*")
    if start > end:
        raise PIWebAPIError(400, "The start time must be less than or equal to the end time.")
    if mode == "None" and call.site.switches.frames_none == "overlapped":
        mode = "Overlapped"
    return FrameTimes("None") if mode == "None" else FrameTimes(mode, start, end)


def _order(call: Call, times: FrameTimes) -> FrameOrder:
    if times.mode in WALKING_MODES:
        return FrameOrder(None)
    allowed = ("Name",) if call.site.switches.sort_fields == "name" else SORT_FIELDS
    descending = call.choice("sortOrder", ("Ascending", "Descending"), "Ascending") == "Descending"
    return FrameOrder(call.choice("sortField", allowed, "Name"), descending)


def _flag(call: Call, name: str) -> bool | None:
    return call.boolean(name, False) if call.text(name) else None


def _filter(call: Call, database: Database) -> FrameFilter:
    return FrameFilter(
        name=call.text("nameFilter"),
        element=call.text("referencedElementNameFilter"),
        element_template=template(call, database, "referencedElementTemplateName"),
        category=category(call, database, "Element", "categoryName"),
        template=template(call, database, "templateName"),
        severities=tuple(call.choices("severity", SEVERITIES, "None")) if call.many("severity") else (),
        can_be_acknowledged=_flag(call, "canBeAcknowledged"),
        is_acknowledged=_flag(call, "isAcknowledged"),
    )


def _searched(call: Call, database: Database, place: str, index: TimeIndex) -> list[EventFrame]:
    """The frames of an index that a call asks for; kept for its next page.

    Args:
        call: The call.
        database: Whose frames they are.
        place: What the index is of.
        index: Where to look.
    """
    times, wanted = _times(call), _filter(call, database)
    order = _order(call, times)
    return database.event_frames.remembered(
        (place, times, wanted, order), lambda: search(database, index, times, wanted, order)
    )


def of_database(call: Call) -> Answer:
    """The frames of a database: those not inside of others, or all."""
    database = call.site.database(call.captured[0])
    full = call.boolean("searchFullHierarchy", False)
    frames = database.event_frames
    return list_frames(call, _searched(call, database, f"all {full}", frames.all if full else frames.roots))


def of_element(call: Call) -> Answer:
    """The frames that are about an element."""
    found = call.site.element(call.captured[0])
    index = found.home.event_frames.about(found)
    return list_frames(call, _searched(call, found.home, f"about {found.guid} {found.home.revision}", index))


def children(call: Call) -> Answer:
    """The frames inside of a frame: directly, or all."""
    found = call.site.event_frame(call.captured[0])
    full = call.boolean("searchFullHierarchy", False)
    return list_frames(call, _searched(call, found.home, f"inside {found.guid} {full}", _inside(found, full)))


def _inside(frame: EventFrame, full: bool) -> TimeIndex:
    return TimeIndex(list(frame.below())[1:] if full else frame.frames)


def query_search(call: Call) -> Answer:
    """The frames of a database that fit a query (from 2018 SP1)."""
    database = afsearch.database_of(call)
    times, wanted = FrameTimes("None"), FrameFilter()
    order = FrameOrder()
    full = False
    for one in afsearch.filters_of(call):
        if one.name in ("start", "end"):
            times = _narrowed(call, times, one)
        elif one.name == "inprogress":
            wanted = replace(wanted, is_open=one.value.lower() == "true")
        elif one.name == "sortfield":
            order = replace(order, field=_spelled(call, one.value))
        elif one.name == "sortorder":
            order = replace(order, descending=one.value.lower() == "descending")
        elif one.name == "alldescendants":
            full = one.value.lower() != "false"
        else:
            wanted = _wanted(call, database, wanted, one)
    ranges = [one for one in afsearch.filters_of(call) if one.name in ("start", "end")]

    def find() -> list[EventFrame]:
        frames = database.event_frames
        found = search(database, frames.all if full else frames.roots, times, wanted, order)
        return [one for one in found if all(_in_time(call, one, each) for each in ranges)]

    key = (call.text("query"), full, call.now if ranges else 0)
    return list_frames(call, database.event_frames.remembered(key, find))


def _spelled(call: Call, text: str) -> str:
    for name in SORT_FIELDS:
        if name.lower() == text.lower():
            return name
    raise call.invalid("query", call.text("query"))


def _wanted(call: Call, database: Database, wanted: FrameFilter, one: query.Filter) -> FrameFilter:
    names = {
        "name": "name", "description": "description", "elementname": "element", "element": "element",
        "category": "category", "categoryname": "category", "severity": "severities",
        "canbeacknowledged": "can_be_acknowledged", "isacknowledged": "is_acknowledged", "isannotated": "is_annotated",
        "template": "template", "templatename": "template", "elementtemplate": "element_template",
    }  # fmt: skip
    field = names.get(one.name)
    if field is None or one.operator != "=":
        raise call.invalid("query", call.text("query"))
    if field.startswith(("can_", "is_")):
        return replace(wanted, **{field: one.value.lower() == "true"})  # type: ignore[arg-type]
    if field == "severities":
        severity = next((name for name in SEVERITIES if name.lower() == one.value.lower()), None)
        if severity is None:
            raise call.invalid("query", call.text("query"))
        return replace(wanted, severities=(*wanted.severities, severity))
    if field.endswith("template") and database.template(one.value) is None:
        raise PIWebAPIError(400, "The specified element template was not found in the specified Asset Database.")
    return replace(wanted, **{field: one.value})  # type: ignore[arg-type]


def _narrowed(call: Call, times: FrameTimes, one: query.Filter) -> FrameTimes:
    """The part of a time filter that the index can use: a range of starts."""
    instant = call.instant_of("query", one.value)
    if one.name == "end":
        return times
    start, end = (times.start, times.end) if times.mode == "StartInclusive" else (0, LAST_TICKS)
    if one.operator in (">", ">=", "="):
        start = max(start, instant)
    if one.operator in ("<", "<=", "="):
        end = min(end, instant)
    return FrameTimes("StartInclusive", start, end)


def _in_time(call: Call, frame: EventFrame, one: query.Filter) -> bool:
    instant = call.instant_of("query", one.value)
    mark = frame.first if one.name == "start" else frame.last
    return {
        "=": mark == instant, "<>": mark != instant, "<": mark < instant, "<=": mark <= instant, ">": mark > instant,
        ">=": mark >= instant,
    }[one.operator]  # fmt: skip


def attributes_here(call: Call) -> Answer:
    """The attributes of a frame."""
    return list_attributes(call, attributes_of(call, call.site.event_frame(call.captured[0])))


#: What attributes can be sorted by.
_ATTRIBUTE_KEYS: dict[str, Callable[[BoundAttribute], str]] = {
    "Name": lambda one: one.declared.name.lower(),
    "ID": lambda one: str(one.guid),
    "Type": lambda one: one.declared.type,
}


def _found_attributes(call: Call, database: Database, place: str, index: TimeIndex) -> Answer:
    times, order = _times(call), order_of(call)
    of = FrameFilter(
        name=call.text("eventFrameNameFilter"),
        description=call.text("eventFrameDescriptionFilter"),
        element=call.text("referencedElementNameFilter"),
        category=category(call, database, "Element", "eventFrameCategory"),
        template=template(call, database, "eventFrameTemplate"),
    )
    wanted = AttributeFilter(
        call.text("attributeNameFilter"),
        call.text("attributeDescriptionFilter"),
        category(call, database, "Attribute", "attributeCategory"),
        value_type=call.text("attributeType"),
    )

    def find() -> list[BoundAttribute]:
        frames = search(database, index, times, of, FrameOrder())
        fits = wanted.test() or (lambda one: True)
        found = [one for frame in frames for one in frame.bound() if wanted.shows(one) and fits(one)]
        found.sort(key=_ATTRIBUTE_KEYS[order.field])
        return found

    found: list[BoundAttribute] = database.event_frames.remembered((place, times, of, wanted, order.field), find)
    return list_attributes(call, found[::-1] if order.descending else found)


def attributes_of_database(call: Call) -> Answer:
    """The attributes of the frames of a database."""
    database = call.site.database(call.captured[0])
    full = call.boolean("searchFullHierarchy", False)
    frames = database.event_frames
    return _found_attributes(call, database, f"attributes {full}", frames.all if full else frames.roots)


def attributes_below(call: Call) -> Answer:
    """The attributes of the frames inside of a frame."""
    frame = call.site.event_frame(call.captured[0])
    full = call.boolean("searchFullHierarchy", False)
    return _found_attributes(call, frame.home, f"attributes {frame.guid} {full}", _inside(frame, full))


def referenced_elements(call: Call) -> Answer:
    """The elements a frame is about."""
    links, paths = selected(call, "Items", "Links"), paths_wanted(call)
    found = call.site.event_frame(call.captured[0]).referenced()
    return whole(call, [element(call, one, links, paths) for one in found])


def categories(call: Call) -> Answer:
    """The categories of a frame."""
    found = call.site.event_frame(call.captured[0])
    return categories_named(call, found.home, "Element", found.categories)


def notes(call: Call) -> Answer:
    """The notes on a frame."""
    found = call.site.event_frame(call.captured[0])
    return whole(call, [_note(call, one) for one in found.annotations])


def note(call: Call) -> Answer:
    """One note on a frame."""
    found = call.site.event_frame(call.captured[0])
    one = next((one for one in found.annotations if str(one.guid) == call.captured[1].lower()), None)
    return call.json(_note(call, call.site.found(one, "annotation")))


def _note(call: Call, one: Annotation) -> Json:
    owner = f"{call.base}/eventframes/{call.captured[0]}"
    content = annotation_object(one)
    errors = content.pop("Errors")
    return {**content, "Links": {"Self": f"{owner}/annotations/{one.guid}", "Owner": owner}, "Errors": errors}


ROUTES = [
    route("assetdatabases/{}/eventframes", of_database, _DEEP),
    route("assetdatabases/{}/eventframeattributes", attributes_of_database, _FIND),
    route("elements/{}/eventframes", of_element, _SEARCH),
    route("eventframes", by_path, "path"),
    route("eventframes/multiple", multiple, many.PARAMETERS),
    route("eventframes/search", query_search, "databaseWebId query startIndex maxCount", "2018"),
    route("eventframes/{}", by_web_id),
    route("eventframes/{}/eventframes", children, _DEEP),
    route("eventframes/{}/attributes", attributes_here, ATTRIBUTE_FILTERS + PAGING),
    route("eventframes/{}/eventframeattributes", attributes_below, _FIND),
    route("eventframes/{}/referencedelements", referenced_elements, "associations"),
    route("eventframes/{}/categories", categories, "showInherited"),
    route("eventframes/{}/annotations", notes),
    route("eventframes/{}/annotations/{}", note),
]
