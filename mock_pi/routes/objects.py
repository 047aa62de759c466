"""How data servers, points, digital sets and their states look as JSON."""

from __future__ import annotations

from typing import Any

from mock_pi import webids
from mock_pi.call import Call
from mock_pi.system.event import State
from mock_pi.system.point import Point
from mock_pi.ticks import text_of

#: Link name to the stream's route.
STREAM_LINKS = {
    "InterpolatedData": "interpolated", "RecordedData": "recorded", "PlotData": "plot", "SummaryData": "summary",
    "Value": "value", "EndValue": "end",
}  # fmt: skip


def data_server(call: Call, name: str) -> dict[str, Any]:
    """A PI Data Archive. Its path has the form `\\\\PIServers[name]`, unlike the paths of its points."""
    web_id = call.site.server_web_id(name, call.site.kind(call))
    own = f"{call.base}/dataservers/{web_id}"
    return {
        "WebId": web_id,
        "Id": str(webids.server_guid(name)),
        "Name": name,
        "Path": f"\\\\PIServers[{name}]",
        "IsConnected": True,
        "ServerVersion": "3.4.440.477",
        "ServerTime": text_of(call.now),
        "Links": {"Self": own, "Points": f"{own}/points", "EnumerationSets": f"{own}/enumerationsets"},
    }


def point(call: Call, one: Point) -> dict[str, Any]:
    """A PI point."""
    kind = call.site.kind(call)
    web_id = call.site.point_web_id(one, kind)
    server = one.server or ""
    own = f"{call.base}/points/{web_id}"
    stream = f"{call.base}/streams/{web_id}/"
    links = {
        "Self": own,
        "DataServer": f"{call.base}/dataservers/{call.site.server_web_id(server, kind)}",
        "Attributes": f"{own}/attributes",
        **{name: stream + part for name, part in STREAM_LINKS.items()},
    }
    return {
        "WebId": web_id,
        "Id": one.point_id,
        "Name": one.name,
        "Path": f"\\\\{server}\\{one.name}",
        "Descriptor": one.descriptor,
        "PointClass": one.point_class,
        "PointType": one.point_type,
        "DigitalSetName": one.digital_set or "",
        "EngineeringUnits": one.engineering_units,
        "Span": float(one.span),
        "Zero": float(one.zero),
        "Step": one.step,
        "Future": one.future,
        "DisplayDigits": one.display_digits,
        "Links": links,
    }


def enumeration_set(call: Call, server: str, name: str) -> dict[str, Any]:
    """A digital set, as an enumeration set of the data server."""
    kind, guid = call.site.kind(call), webids.set_guid(server, name)
    path = f"{server}\\DigitalSets[{name}]"
    web_id = webids.encode(kind, "MSD", webids.server_guid(server), path, (guid,))
    own = f"{call.base}/enumerationsets/{web_id}"
    owner = f"{call.base}/dataservers/{call.site.server_web_id(server, kind)}"
    return {
        "WebId": web_id, "Id": str(guid), "Name": name, "Description": "", "Path": f"\\\\{path}",
        "SerializeDescription": False,
        "Links": {"Self": own, "DataServer": owner, "Values": f"{own}/enumerationvalues"},
    }  # fmt: skip


def enumeration_value(call: Call, server: str, name: str, state: State) -> dict[str, Any]:
    """A state of a digital set."""
    kind, guid = call.site.kind(call), webids.state_guid(server, name, state.code)
    owner_path = f"{server}\\DigitalSets[{name}]"
    path = f"{owner_path}\\{state.name}"
    root = webids.server_guid(server)
    web_id = webids.encode(kind, "MVD", root, path, (webids.set_guid(server, name), guid))
    set_id = webids.encode(kind, "MSD", root, owner_path, (webids.set_guid(server, name),))
    return {
        "WebId": web_id, "Id": str(guid), "Name": state.name, "Description": "", "Value": state.code,
        "Path": f"\\\\{path}", "Parent": "", "SerializeWebId": True, "SerializeId": True, "SerializeDescription": False,
        "Links": {"Self": f"{call.base}/enumerationvalues/{web_id}",
                  "EnumerationSet": f"{call.base}/enumerationsets/{set_id}"},
    }  # fmt: skip
