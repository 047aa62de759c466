"""The AssetServer controller."""

from __future__ import annotations

from mock_pi import webids
from mock_pi.af.database import AFServer
from mock_pi.af.directory import unit_classes_of
from mock_pi.af.model import guid_of
from mock_pi.call import Answer, Call
from mock_pi.routes import units
from mock_pi.routes.afobjects import Json, asset_server, database, link
from mock_pi.routes.lists import whole
from mock_pi.routes.table import Controller, route

#: Collection to marker and names: what can compute analyses, and what can say when one runs.
_PLUG_INS = {
    "AnalysisRulePlugIns": ("XP", ("EventFrame", "PerformanceEquation", "Rollup", "SQC")),
    "TimeRulePlugIns": ("TP", ("Natural", "Periodic")),
}


def asset_servers(call: Call) -> Answer:
    r"""All asset servers; with `name` or `path` (`\\AF`) a single object instead."""
    if call.has("name"):
        found = call.site.directory.server_named(call.text("name"))
    elif call.has("path"):
        found = call.site.directory.server_named(call.site.af_path(call.text("path")).server)
    else:
        return whole(call, [asset_server(call, one) for one in call.site.directory.servers])
    return call.json(asset_server(call, call.site.found(found, "asset server")))


def by_web_id(call: Call) -> Answer:
    """One asset server."""
    return call.json(asset_server(call, call.site.asset_server(call.captured[0])))


def databases(call: Call) -> Answer:
    """Its databases."""
    return whole(call, [database(call, one) for one in call.site.asset_server(call.captured[0]).databases])


def unit_classes(call: Call) -> Answer:
    """Its classes of units."""
    server = call.site.asset_server(call.captured[0])
    return whole(call, [units.unit_class_object(call, one) for one in unit_classes_of(server)])


def _plug_ins(collection: str) -> Controller:
    def plug_ins(call: Call) -> Answer:
        server = call.site.asset_server(call.captured[0])
        return whole(call, [_plug_in(call, server, collection, name) for name in _PLUG_INS[collection][1]])

    return plug_ins


def _plug_in_by_web_id(collection: str) -> Controller:
    def plug_in(call: Call) -> Answer:
        marker, names = _PLUG_INS[collection]
        call.site.decode(call.captured[0], marker)
        servers = call.site.directory.servers
        shown = [_plug_in(call, server, collection, name) for server in servers for name in names]
        found = next((one for one in shown if one["WebId"] == call.captured[0]), None)
        return call.json(call.site.found(found, "plug-in"))

    return plug_in


def _plug_in(call: Call, server: AFServer, collection: str, name: str) -> Json:
    marker = _PLUG_INS[collection][0]
    path = f"{server.path}\\{collection}[{name}]"
    guid = guid_of(server.guid, f"{collection}[{name}]")
    web_id = webids.encode(call.site.kind(call), marker, server.guid, path[2:], (guid,))
    return {
        "WebId": web_id, "Id": str(guid), "Name": name, "Description": "", "Path": path,
        "Links": {"Self": f"{call.base}/{collection.lower()}/{web_id}", "AssetServer": link(call, server)},
    }  # fmt: skip


ROUTES = [
    route("assetservers", asset_servers, "name path"),
    route("assetservers/{}", by_web_id),
    route("assetservers/{}/assetdatabases", databases),
    route("assetservers/{}/unitclasses", unit_classes),
    route("assetservers/{}/analysisruleplugins", _plug_ins("AnalysisRulePlugIns")),
    route("assetservers/{}/timeruleplugins", _plug_ins("TimeRulePlugIns")),
    route("analysisruleplugins/{}", _plug_in_by_web_id("AnalysisRulePlugIns")),
    route("timeruleplugins/{}", _plug_in_by_web_id("TimeRulePlugIns")),
]
