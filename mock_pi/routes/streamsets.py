"""The StreamSet controller: many streams in one call, named by repeated `webId` or as the attributes of a parent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from mock_pi import fields
from mock_pi.af.model import BoundAttribute, Element, Owner, below
from mock_pi.af.search import AttributeFilter
from mock_pi.call import Answer, Call, PIWebAPIError, over_limit
from mock_pi.interpolation import value_at
from mock_pi.reading import (
    PARAMETERS,
    Request,
    for_stream,
    framed,
    recorded_events,
    request_of,
    row_of,
    row_pieces,
)
from mock_pi.routes import streams
from mock_pi.routes.streams import RowsOf, failed_row, one_row
from mock_pi.routes.table import Route, route
from mock_pi.site import Source
from mock_pi.stream import Stream
from mock_pi.summary import SUMMARY_PARAMETERS, summaries, summary_request
from mock_pi.system.event import Event
from mock_pi.system.point import Point
from mock_pi.wire import to_json

_SORTING = " sortField sortOrder"

#: Parameters that choose among the attributes of a parent.
_CHOICE = " nameFilter categoryName templateName searchFullHierarchy showExcluded showHidden"

_NOT_SUPPORTED = "The data reference of the attribute does not support this method."


@dataclass(frozen=True)
class Member:
    """One stream of a set.

    Attributes:
        text: The WebID it was asked for by.
        source: The point or attribute; None when it is not there.
    """

    text: str
    source: Source | None

    @property
    def name(self) -> str:
        """Its name."""
        return "" if self.source is None else self.source.name


def _members(call: Call, sorting: bool = True) -> list[Member]:
    """The streams asked for: in order as long as no order is asked for."""
    members = _children(call) if call.captured else _named(call, "webId")
    if not sorting:
        return members
    if call.choice("sortField", ("", "Name"), "") == "Name":
        members.sort(key=lambda one: one.name.lower())
    if call.choice("sortOrder", ("Ascending", "Descending"), "Ascending") == "Descending":
        members.reverse()
    return members


def _children(call: Call) -> list[Member]:
    """The attributes of an element or event frame, or those below an attribute, in the order they are declared."""
    text = call.captured[0]
    full = call.boolean("searchFullHierarchy", False)
    wanted = AttributeFilter(
        name=call.text("nameFilter"), category=call.text("categoryName"), template=call.text("templateName"),
        excluded=call.boolean("showExcluded", False), hidden=call.boolean("showHidden", False),
    )  # fmt: skip
    attributes: Iterable[BoundAttribute]
    if text[2:4] == "Ab":
        attributes = call.site.attribute(text).children
    else:
        owner: Owner = call.site.event_frame(text) if text[2:4] == "Fm" else call.site.element(text)
        attributes = owner.bound()
        if full and isinstance(owner, Element) and call.site.switches.streamset_full == "elements":
            attributes = [*attributes, *(one for each in owner.home.below(owner) for one in each.bound())]
    attributes = (one for one in attributes if wanted.shows(one))
    if full:
        attributes = below(list(attributes))
    test = wanted.test()
    return [Member("", one) for one in attributes if wanted.shows(one) and (test is None or test(one))]


def _named(call: Call, parameter: str) -> list[Member]:
    texts = call.many(parameter)
    if not texts:
        raise PIWebAPIError(400, f"The parameter '{parameter}' is required.")
    if call.site.switches.streamset_duplicates == "collapse":
        texts = list(dict.fromkeys(texts))
    members = [Member(text, _source(call, text)) for text in texts]
    if call.site.switches.streamset_missing == "drop":
        members = [one for one in members if one.source is not None]
    return members


def _source(call: Call, text: str) -> Source | None:
    try:
        return call.site.source(text)
    except PIWebAPIError as error:
        if error.status == 400 or call.site.switches.streamset_missing == "fail":
            raise
        return None


def _shell(call: Call, member: Member) -> dict[str, Any]:
    source = member.source
    if source is None:
        return {"WebId": member.text, "Name": "", "Path": "", "Links": {}}
    web_id = call.site.source_web_id(source, call.site.kind(call))
    controller = "points" if isinstance(source, Point) else "attributes"
    return {
        "WebId": web_id, "Name": source.name, "Path": call.site.source_path(source),
        "Links": {"Source": f"{call.base}/{controller}/{web_id}"},
    }  # fmt: skip


def _stream(call: Call, member: Member, archived: bool) -> tuple[Stream | None, str]:
    """The stream of a member, and why it cannot be read if it cannot."""
    if member.source is None:
        return None, "PI Point not found."
    stream = call.site.stream_of(member.source)
    if stream.problem is not None:
        return None, stream.problem
    if archived and not streams.readable(call, stream):
        return None, _NOT_SUPPORTED
    return stream, ""


def _readable(call: Call, members: list[Member]) -> list[tuple[Member, Stream | None, str]]:
    """Members with their streams; those without a history fall out if the switch says so."""
    found = [(member, *_stream(call, member, archived=True)) for member in members]
    if call.site.switches.streamset_static == "drop":
        found = [one for one in found if one[2] != _NOT_SUPPORTED]
    return found


def recorded(call: Call) -> Answer:
    """The events of a range, for every stream."""
    selection = call.selection
    of_stream = selection.get("items") if selection is not None else None
    of_row = of_stream.get("items") if of_stream is not None else None
    request = request_of(call, of_row)
    members = _readable(call, _members(call))
    limit = call.site.switches.max_count
    if call.site.switches.streamset_limit == "sum" and request.max_count * len(members) > limit:
        raise over_limit(limit)
    pieces: list[bytes] = []
    for member, stream, problem in members:
        written, count = _recorded_stream(call, member, stream, problem, request, of_stream)
        pieces += [b",", *written]
        if call.site.switches.streamset_max_count == "total":
            request = replace(request, max_count=max(0, request.max_count - count))
    return Answer(200, b"".join(framed(call, {"Links": {}, "Items": []}, selection, pieces[1:])))


def _recorded_stream(
    call: Call,
    member: Member,
    stream: Stream | None,
    problem: str,
    request: Request,
    selection: fields.Selection | None,
) -> tuple[list[bytes], int]:
    shell = {**_shell(call, member), "Items": [], "UnitsAbbreviation": stream.unit if stream else ""}
    if stream is None or member.source is None:
        row = fields.select(failed_row(call, problem), request.row_selection)
        return framed(call, shell, selection, [to_json(row)]), 1
    keep = streams.the_filter(call, member.source, stream) if request.is_filtered else None
    pieces, count = row_pieces(call, stream, for_stream(call, request, stream), keep)
    return framed(call, shell, selection, pieces), count


def _single(call: Call, event_of: Callable[[Call, Stream], Event], as_list: bool = False) -> Answer:
    items = []
    for member in _members(call):
        stream, problem = _stream(call, member, archived=False)
        row = failed_row(call, problem) if stream is None else one_row(call, stream, event_of)
        shell = _shell(call, member)
        unit = stream.unit if stream else ""
        items.append({**shell, "Items": [row], "UnitsAbbreviation": unit} if as_list else {**shell, "Value": row})
    return call.json({"Links": {}, "Items": items})


def value(call: Call) -> Answer:
    """One value of every stream."""
    return _single(call, streams.value_event)


def end(call: Call) -> Answer:
    """The newest value of every stream."""
    return _single(call, streams.end_event, not call.captured and call.site.switches.streamset_end == "items")


def recorded_at_time(call: Call) -> Answer:
    """The event of every stream at an instant, or next to it."""
    instant = streams.the_time(call)
    items = []
    for member, stream, problem in _readable(call, _members(call, sorting=False)):
        found = None if stream is None else streams.retrieved(call, stream, instant)
        if stream is None or found is None:
            row = failed_row(call, problem or streams.NO_EVENT, instant)
        else:
            row = row_of(call, stream, found)
        items.append({**_shell(call, member), "Value": row})
    return call.json({"Links": {}, "Items": items})


def _values(rows_of: RowsOf, sorting: bool) -> Callable[[Call], Answer]:
    """The action that answers with these rows for every stream."""

    def action(call: Call) -> Answer:
        items = []
        for member, stream, problem in _readable(call, _members(call, sorting)):
            if stream is None or member.source is None:
                rows, unit = [failed_row(call, problem)], ""
            else:
                rows, unit = rows_of(call, member.source, stream), stream.unit
            items.append({**_shell(call, member), "Items": rows, "UnitsAbbreviation": unit})
        return call.json({"Links": {}, "Items": items})

    return action


def summary(call: Call) -> Answer:
    """Summaries of every stream."""
    items = []
    for member, stream, problem in _readable(call, _members(call, sorting=False)):
        if stream is None or member.source is None:
            found = [{"Type": "Total", "Value": failed_row(call, problem)}]
        else:
            keep = streams.the_filter(call, member.source, stream)
            found = summaries(call, stream, summary_request(call, stream), keep)
        items.append({**_shell(call, member), "Items": found})
    return call.json({"Links": {}, "Items": items})


def joined(call: Call) -> Answer:
    """The events of one stream, and the values of others at the same instants; the base comes first."""
    if not call.text("baseWebId"):
        raise PIWebAPIError(400, "The parameter 'baseWebId' is required.")
    base = call.site.source(call.text("baseWebId"))
    stream = call.site.stream_of(base)
    if stream.problem is not None or not streams.readable(call, stream):
        raise PIWebAPIError(409, stream.problem or _NOT_SUPPORTED)
    request = request_of(call, None, stream)
    events = recorded_events(call, stream, request, streams.the_filter(call, base, stream))
    rows = [row_of(call, stream, event) for event in events]
    items = [{**_shell(call, Member("", base)), "Items": rows, "UnitsAbbreviation": stream.unit}]
    for member in _named(call, "subordinateWebId"):
        other, problem = _stream(call, member, archived=True)
        if other is None:
            rows = [failed_row(call, problem, event.ticks) for event in events]
        else:
            rows = [row_of(call, other, value_at(other, event.ticks)) for event in events]
        items.append({**_shell(call, member), "Items": rows, "UnitsAbbreviation": other.unit if other else ""})
    return call.json({"Links": {}, "Items": items})


def _both(action: str, controller: Callable[[Call], Answer], parameters: str) -> list[Route]:
    """The routes of an action: ad hoc, and by parent."""
    return [
        route(f"streamsets/{action}", controller, parameters + " webId"),
        route(f"streamsets/{{}}/{action}", controller, parameters + _CHOICE),
    ]


ROUTES = [
    *_both("recorded", recorded, PARAMETERS + _SORTING),
    *_both("value", value, "time timeZone" + _SORTING),
    *_both("end", end, _SORTING),
    *_both("recordedattime", recorded_at_time, streams.RECORDED_AT_TIME),
    *_both("recordedattimes", _values(streams.rows_at_times, False), streams.RECORDED_AT_TIME + " sortOrder"),
    *_both("interpolated", _values(streams.interpolated_rows, True), streams.INTERPOLATED + _SORTING),
    *_both("interpolatedattimes", _values(streams.interpolated_rows_at_times, False), streams.INTERPOLATED_AT_TIMES),
    *_both("plot", _values(streams.plot_rows, True), streams.PLOT + _SORTING),
    *_both("summary", summary, SUMMARY_PARAMETERS),
    route("streamsets/joined", joined, PARAMETERS + " baseWebId subordinateWebId", "2018"),
]
