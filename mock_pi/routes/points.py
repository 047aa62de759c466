"""The Point controller."""

from __future__ import annotations

from typing import Any

from mock_pi.call import Answer, Call, PIWebAPIError, over_limit
from mock_pi.routes import multiple as many
from mock_pi.routes import objects
from mock_pi.routes.lists import page, whole
from mock_pi.routes.pointquery import point_query
from mock_pi.routes.table import route
from mock_pi.system.point import Point
from mock_pi.wildcards import wildcard

#: points/search gives no more than this many in one answer (PI Web API Reference).
SEARCH_CAP = 1000

_SEARCH_PARAMETERS = "dataServerWebId query startIndex maxCount searchNameAndDescriptor searchOption"


def by_path(call: Call) -> Answer:
    r"""The point with the path `\\SERVER\TAG`."""
    if not call.has("path"):
        raise PIWebAPIError(400, "The parameter 'path' is required.")
    return call.json(objects.point(call, _at_path(call, call.text("path"))))


def _at_path(call: Call, path: str) -> Point:
    if not path.startswith("\\\\") or "\\" not in path[2:]:
        raise call.invalid("path", path)
    point = call.site.system.find(path)
    if point is None:
        raise PIWebAPIError(404, f"PI Point not found '{path}'.")
    return point


def by_web_id(call: Call) -> Answer:
    """One point."""
    return call.json(objects.point(call, call.site.point(call.captured[0])))


def multiple(call: Call) -> Answer:
    """Many points by WebID or path."""
    return many.multiple(
        call,
        lambda text: objects.point(call, call.site.point(text)),
        lambda text: objects.point(call, _at_path(call, text)),
    )


def search(call: Call) -> Answer:
    """Points that fit a PI point query, from 2021 SP3."""
    if call.integer("maxCount", SEARCH_CAP) > SEARCH_CAP:
        raise over_limit(SEARCH_CAP)
    server = call.text("dataServerWebId")
    system = call.site.system
    points = system.points_of(call.site.server(server)) if server else list(system.points)
    try:
        fits = point_query(call.text("query") or "tag:*")
    except ValueError as error:
        raise PIWebAPIError(400, f"The query is not valid: {error}") from None
    return page(call, [point for point in points if fits(point)], lambda point: objects.point(call, point))


def _attributes(point: Point) -> dict[str, Any]:
    return {
        "compressing": 1, "creationdate": "2020-01-01T00:00:00Z", "descriptor": point.descriptor,
        "digitalset": point.digital_set or "", "engunits": point.engineering_units, "future": int(point.future),
        "pointid": point.point_id, "pointsource": point.point_source, "pointtype": point.point_type,
        "ptclassname": point.point_class, "span": point.span, "step": int(point.step), "tag": point.name,
        "typicalvalue": point.zero + point.span / 2, "zero": point.zero,
    }  # fmt: skip


def _attribute(call: Call, name: str, value: Any) -> dict[str, Any]:
    own = f"{call.base}/points/{call.captured[0]}/attributes/{name}"
    return {"Name": name, "Value": value, "Links": {"Self": own}}


def attributes(call: Call) -> Answer:
    """The attributes of a point that fit `name` or `nameFilter`."""
    found = _attributes(call.site.point(call.captured[0]))
    names = [name.lower() for name in call.many("name")]
    if any(name not in found for name in names):
        raise PIWebAPIError(400, "Some or all attribute names could not be found.")
    fits = wildcard(call.text("nameFilter") or "*").fullmatch
    shown = [name for name in names or found if fits(name)]
    return whole(call, [_attribute(call, name, found[name]) for name in shown])


def attribute(call: Call) -> Answer:
    """One attribute of a point."""
    name = call.captured[1].lower()
    found = _attributes(call.site.point(call.captured[0]))
    if name not in found:
        raise PIWebAPIError(404, f"The attribute '{name}' was not found.")
    return call.json(_attribute(call, name, found[name]))


ROUTES = [
    route("points", by_path, "path"),
    route("points/multiple", multiple, many.PARAMETERS),
    route("points/search", search, _SEARCH_PARAMETERS, "2021"),
    route("points/{}", by_web_id),
    route("points/{}/attributes", attributes, "name nameFilter"),
    route("points/{}/attributes/{}", attribute),
]
