"""The DataServer controller, with its points and digital sets."""

from __future__ import annotations

import re

from mock_pi.call import Answer, Call, PIWebAPIError
from mock_pi.routes import objects
from mock_pi.routes.lists import page, whole
from mock_pi.routes.table import route
from mock_pi.wildcards import wildcard

_PATH = re.compile(r"\\\\(?:PIServers\[(?P<inside>[^\]]+)\]|(?P<bare>[^\\]+))", re.IGNORECASE)


def data_servers(call: Call) -> Answer:
    r"""All data servers; with `name` or `path` (`\\PIServers[N]` or `\\N`) a single object instead."""
    wanted = _wanted(call)
    if wanted is None:
        return whole(call, [objects.data_server(call, name) for name in call.site.system.data_servers])
    for name in call.site.system.data_servers:
        if name.lower() == wanted.lower():
            return call.json(objects.data_server(call, name))
    raise PIWebAPIError(404, "The specified PI Data Archive was not found.")


def _wanted(call: Call) -> str | None:
    if call.has("name"):
        return call.text("name")
    if not call.has("path"):
        return None
    match = _PATH.fullmatch(call.text("path"))
    if match is None:
        raise call.invalid("path", call.text("path"))
    return match["inside"] or match["bare"]


def data_server(call: Call) -> Answer:
    """One data server."""
    return call.json(objects.data_server(call, call.site.server(call.captured[0])))


def points(call: Call) -> Answer:
    """The points of a data server whose names fit `nameFilter`."""
    found = call.site.system.points_of(call.site.server(call.captured[0]))
    for name, text_of_point in (("nameFilter", "name"), ("sourceFilter", "point_source")):
        pattern = call.text(name)
        if pattern:
            fits = wildcard(pattern).fullmatch
            found = [point for point in found if fits(getattr(point, text_of_point))]
    return page(call, found, lambda point: objects.point(call, point))


def enumeration_sets(call: Call) -> Answer:
    """The digital sets of a data server, the System set among them."""
    server = call.site.server(call.captured[0])
    return whole(call, [objects.enumeration_set(call, server, name) for name in call.site.system.digital_sets])


ROUTES = [
    route("dataservers", data_servers, "name path"),
    route("dataservers/{}", data_server),
    route("dataservers/{}/points", points, "nameFilter sourceFilter startIndex maxCount"),
    route("dataservers/{}/enumerationsets", enumeration_sets),
]
