"""The StreamSet controller in its ad hoc form: several points in one call, named by repeated `webId`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mock_pi import fields
from mock_pi.call import Answer, Call, PIWebAPIError, over_limit
from mock_pi.reading import PARAMETERS, Request, framed, request_of, row_pieces
from mock_pi.routes.streams import end_event, value_event
from mock_pi.routes.table import route
from mock_pi.summary import SUMMARY_PARAMETERS, summaries
from mock_pi.system.event import Event
from mock_pi.system.point import Point
from mock_pi.wire import timed_value, to_json

_SORTING = " webId sortField sortOrder"


def _streams(call: Call) -> list[tuple[str, Point | None]]:
    """The WebIDs asked for, in order, with their points; None stands for one that is missing."""
    texts = call.many("webId")
    if not texts:
        raise PIWebAPIError(400, "The parameter 'webId' is required.")
    if call.site.switches.streamset_duplicates == "collapse":
        texts = list(dict.fromkeys(texts))
    streams = [(text, _point(call, text)) for text in texts]
    if call.site.switches.streamset_missing == "drop":
        streams = [(text, point) for text, point in streams if point is not None]
    if call.choice("sortField", ("", "Name"), "") == "Name":
        streams.sort(key=lambda one: one[1].name.lower() if one[1] else "")
    if call.choice("sortOrder", ("Ascending", "Descending"), "Ascending") == "Descending":
        streams.reverse()
    return streams


def _point(call: Call, text: str) -> Point | None:
    try:
        return call.site.point(text)
    except PIWebAPIError as error:
        if error.status == 400 or call.site.switches.streamset_missing == "fail":
            raise
        return None


def _shell(call: Call, text: str, point: Point | None) -> dict[str, Any]:
    if point is None:
        return {"WebId": text, "Name": "", "Path": "", "Links": {}}
    web_id = call.site.point_web_id(point, call.site.kind(call))
    path = f"\\\\{point.server}\\{point.name}"
    return {"WebId": web_id, "Name": point.name, "Path": path, "Links": {"Source": f"{call.base}/points/{web_id}"}}


def _missing_row(call: Call) -> dict[str, Any]:
    return timed_value(Event(call.now, None), call.site.annotated, ["PI Point not found."])


def recorded(call: Call) -> Answer:
    """The events of a range, for every stream."""
    selection = call.selection
    of_stream = selection.get("items") if selection is not None else None
    of_row = of_stream.get("items") if of_stream is not None else None
    request = request_of(call, of_row)
    streams = _streams(call)
    limit = call.site.switches.max_count
    if call.site.switches.streamset_limit == "sum" and request.max_count * len(streams) > limit:
        raise over_limit(limit)
    pieces: list[bytes] = []
    for text, point in streams:
        written, count = _recorded_stream(call, text, point, request, of_stream)
        pieces += [b",", *written]
        if call.site.switches.streamset_max_count == "total":
            request = replace(request, max_count=max(0, request.max_count - count))
    return Answer(200, b"".join(framed(call, {"Links": {}, "Items": []}, selection, pieces[1:])))


def _recorded_stream(
    call: Call, text: str, point: Point | None, request: Request, selection: fields.Selection | None
) -> tuple[list[bytes], int]:
    shell = {**_shell(call, text, point), "Items": [], "UnitsAbbreviation": ""}
    if point is None:
        row = fields.select(_missing_row(call), request.row_selection)
        return framed(call, shell, selection, [to_json(row)]), 1
    pieces, count = row_pieces(call, point, request)
    return framed(call, shell, selection, pieces), count


def _single(call: Call, event_of: Callable[[Call, Point], Event], as_list: bool = False) -> Answer:
    items = []
    for text, point in _streams(call):
        row = _missing_row(call) if point is None else timed_value(event_of(call, point), call.site.annotated)
        shell = _shell(call, text, point)
        items.append({**shell, "Items": [row], "UnitsAbbreviation": ""} if as_list else {**shell, "Value": row})
    return call.json({"Links": {}, "Items": items})


def value(call: Call) -> Answer:
    """One value of every stream."""
    return _single(call, value_event)


def end(call: Call) -> Answer:
    """The newest value of every stream."""
    return _single(call, end_event, as_list=call.site.switches.streamset_end == "items")


def summary(call: Call) -> Answer:
    """Summaries of every stream."""
    items = []
    for text, point in _streams(call):
        found = summaries(call, point) if point else [{"Type": "Total", "Value": _missing_row(call)}]
        items.append({**_shell(call, text, point), "Items": found})
    return call.json({"Links": {}, "Items": items})


ROUTES = [
    route("streamsets/recorded", recorded, PARAMETERS + _SORTING),
    route("streamsets/value", value, "time timeZone" + _SORTING),
    route("streamsets/end", end, _SORTING),
    route("streamsets/summary", summary, SUMMARY_PARAMETERS + _SORTING),
]
