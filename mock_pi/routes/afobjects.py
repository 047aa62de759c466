"""How asset servers, databases, elements and attributes look as JSON.

Links are most of an object and cost most of its making, so they are left out where nobody selected them.
"""

from __future__ import annotations

import uuid
from typing import Any

from mock_pi import webids
from mock_pi.af.database import AFServer, Database
from mock_pi.af.model import PI_POINT, BoundAttribute, Element
from mock_pi.af.placed import Placed, PlacedTemplate
from mock_pi.af.streams import tag_of
from mock_pi.call import Call
from mock_pi.routes.objects import STREAM_LINKS
from mock_pi.ticks import text_of

Json = dict[str, Any]

#: Collection in paths, in lower case, to marker and route.
MARKERS = {
    "elementtemplates": ("ET", "elementtemplates"), "enumerationsets": ("MSR", "enumerationsets"),
    "tables": ("Bl", "tables"), "elementcategories": ("EC", "elementcategories"),
    "attributecategories": ("AC", "attributecategories"), "tablecategories": ("BC", "tablecategories"),
    "analysiscategories": ("XC", "analysiscategories"), "analysistemplates": ("XT", "analysistemplates"),
    "analyses": ("Xs", "analyses"), "uomclasses": ("UC", "unitclasses"), "uoms": ("Ut", "units"),
}  # fmt: skip

_DATABASE_LINKS = (
    "Elements", "ElementTemplates", "EventFrames", "ElementCategories", "AttributeCategories", "TableCategories",
    "AnalysisCategories", "AnalysisTemplates", "EnumerationSets", "Tables", "Security", "SecurityEntries",
)  # fmt: skip

_SERVER_LINKS = ("UnitClasses", "AnalysisRulePlugIns", "TimeRulePlugIns", "Security", "SecurityEntries")


def selected(call: Call, *names: str) -> bool:
    """Whether `selectedFields` leaves anything of a field, named from the root of the answer."""
    selection = call.selection
    for name in names:
        if selection is None:
            return True
        if name.lower() not in selection:
            return False
        selection = selection[name.lower()]
    return True


def paths_wanted(call: Call) -> bool:
    """Whether the call asks for `Paths` by `associations`, which are there from 2018."""
    names = [name.strip().lower() for name in call.text("associations").split(";") if name.strip()]
    if any(name != "paths" for name in names):
        raise call.invalid("associations", call.text("associations"))
    return bool(names) and call.site.since_2018


def placed_web_id(call: Call, one: Placed[Any, Any]) -> str:
    """The WebID of a named thing: template, category, table, ..."""
    marker = MARKERS[one.collection.lower()][0]
    return webids.encode(call.site.kind(call), marker, one.server.guid, one.path[2:], (one.guid,))


def placed_link(call: Call, one: Placed[Any, Any]) -> str:
    """Where a named thing is served."""
    key = (call.base, call.site.kind(call), one.guid)
    known = call.site.links.get(key)
    if known is None:
        known = f"{call.base}/{MARKERS[one.collection.lower()][1]}/{placed_web_id(call, one)}"
        call.site.remember_link(key, known)
    return known


def link(call: Call, one: AFServer | Database | Element) -> str:
    """Where a server, database or element is served. Many objects have one and the same owner, hence the memory."""
    kind = call.site.kind(call)
    key = (call.base, kind, one.guid)
    known = call.site.links.get(key)
    if known is None:
        marker, route = "Em", "elements"
        if isinstance(one, AFServer):
            marker, route = "RS", "assetservers"
        elif isinstance(one, Database):
            marker, route = "RD", "assetdatabases"
        known = f"{call.base}/{route}/{call.site.af_web_id(marker, one, kind)}"
        call.site.remember_link(key, known)
    return known


def asset_server(call: Call, one: AFServer) -> Json:
    """An asset server. Its databases stand under `assetdatabases`, but their link is called `Databases`."""
    own = link(call, one)
    content = {
        "WebId": own.rpartition("/")[2], "Id": str(one.guid), "Name": one.name, "Description": one.description,
        "Path": one.path, "IsConnected": True, "ServerVersion": "2.10.9.593",
    }  # fmt: skip
    if call.site.since_2018:
        content["ServerTime"] = text_of(call.now)
    links = {name: f"{own}/{name.lower()}" for name in _SERVER_LINKS}
    return {
        **content,
        "ExtendedProperties": {},
        "Links": {"Self": own, "Databases": f"{own}/assetdatabases", **links},
    }


def database(call: Call, one: Database) -> Json:
    """An asset database."""
    own = link(call, one)
    links = {name: f"{own}/{name.lower()}" for name in _DATABASE_LINKS}
    return {
        "WebId": own.rpartition("/")[2], "Id": str(one.guid), "Name": one.name, "Description": one.description,
        "Path": one.path, "ExtendedProperties": extended(one.extended),
        "Links": {"Self": own, **links, "AssetServer": link(call, one.server)},
    }  # fmt: skip


def extended(properties: Any) -> Json:
    """ExtendedProperties: each value in an object of its own."""
    return {name: {"Value": value} for name, value in (properties or {}).items()}


def element(call: Call, one: Element, links: bool = True, paths: bool = False) -> Json:
    """An element."""
    web_id = call.site.af_web_id("Em", one, call.site.kind(call))
    content: Json = {
        "WebId": web_id, "Id": str(one.id), "Name": one.name, "Description": one.description, "Path": one.path,
    }  # fmt: skip
    if call.site.since_2018:
        content["Paths"] = one.paths if paths else None
    content.update({
        "TemplateName": one.template, "HasChildren": bool(one.elements), "CategoryNames": list(one.categories),
        "ExtendedProperties": extended(one.extended), "Errors": None,
    })  # fmt: skip
    if links:
        content["Links"] = _element_links(call, one, web_id)
    return content


def _element_links(call: Call, one: Element, web_id: str) -> dict[str, str]:
    own = f"{call.base}/elements/{web_id}"
    links = {
        "Self": own, "Analyses": f"{own}/analyses", "Attributes": f"{own}/attributes", "Elements": f"{own}/elements",
        "Database": link(call, one.home),
    }  # fmt: skip
    if one.parent is not None:
        links["Parent"] = link(call, one.parent)
    template = template_named(call, one.home, one.template)
    if template is not None:
        links["Template"] = placed_link(call, template)
    links["Categories"] = f"{own}/categories"
    if one.default_attribute:
        found = next((each for each in one.bound() if each.name.upper() == one.default_attribute.upper()), None)
        if found is not None:
            links["DefaultAttribute"] = (
                f"{call.base}/attributes/{call.site.attribute_web_id(found, call.site.kind(call))}"
            )
    links["EventFrames"] = f"{own}/eventframes"
    links.update(stream_links(call, "streamsets", web_id))
    links.update({
        "Security": f"{own}/security", "SecurityEntries": f"{own}/securityentries",
        "NotificationRules": f"{own}/notificationrules",
    })  # fmt: skip
    return links


def stream_links(call: Call, controller: str, web_id: str) -> dict[str, str]:
    """Links to the data of a stream or stream set."""
    begin = f"{call.base}/{controller}/{web_id}/"
    return {name: begin + part for name, part in STREAM_LINKS.items()}


def template_named(call: Call, home: Database, name: str) -> PlacedTemplate | None:
    """The template of this name in its place."""
    return call.site.directory.shelf(home).template(name) if name else None


def attribute(call: Call, one: BoundAttribute, links: bool = True, paths: bool = False) -> Json:
    """An attribute of an element or event frame."""
    declared, site = one.declared, call.site
    web_id = site.attribute_web_id(one, site.kind(call))
    content: Json = {
        "WebId": web_id, "Id": str(one.guid), "Name": declared.name, "Description": declared.description,
        "Path": one.path,
    }  # fmt: skip
    if site.since_2018:
        content["Paths"] = [f"{path}|{_names(one)}" for path in _owner_paths(one)] if paths else None
    unit = one.owner.home.server.unit(declared.units) if declared.units else None
    content.update({
        "Type": declared.type, "TypeQualifier": declared.enumeration,
        "DefaultUnitsName": unit.name if unit else declared.units,
        "DefaultUnitsNameAbbreviation": unit.abbreviation if unit else declared.units,
    })  # fmt: skip
    if site.since_2018:
        content.update(DisplayDigits=declared.display_digits, Span=declared.span, Zero=declared.zero)
    content.update({
        "DataReferencePlugIn": declared.plug_in, "ConfigString": one.config,
        "IsConfigurationItem": declared.is_configuration_item, "IsExcluded": declared.is_excluded,
        "IsHidden": declared.is_hidden, "IsManualDataEntry": declared.is_manual_data_entry,
        "HasChildren": bool(declared.attributes), "CategoryNames": list(declared.categories),
        "Step": _step(call, one),
    })  # fmt: skip
    if site.since_2018:
        content["TraitName"] = declared.trait
    if links:
        content["Links"] = _attribute_links(call, one, web_id)
    return content


def _names(one: BoundAttribute) -> str:
    return one.name if one.parent is None else f"{_names(one.parent)}|{one.name}"


def _owner_paths(one: BoundAttribute) -> list[str]:
    return one.owner.paths if isinstance(one.owner, Element) else [one.owner.path]


def _step(call: Call, one: BoundAttribute) -> bool:
    if one.declared.step is not None:
        return one.declared.step
    point = call.site.system.find(tag_of(one)) if one.declared.plug_in == PI_POINT else None
    return point is not None and point.step


def _attribute_links(call: Call, one: BoundAttribute, web_id: str) -> dict[str, str]:
    site, base = call.site, call.base
    kind = site.kind(call)
    own = f"{base}/attributes/{web_id}"
    links = {"Self": own, "Attributes": f"{own}/attributes"}
    if isinstance(one.owner, Element):
        links["Element"] = link(call, one.owner)
    else:
        guids: tuple[uuid.UUID, ...] = (one.owner.guid,)
        frame = webids.encode(kind, "Fm", one.owner.home.server.guid, one.owner.path[2:], guids)
        links["EventFrame"] = f"{base}/eventframes/{frame}"
    if one.parent is not None:
        links["Parent"] = f"{base}/attributes/{site.attribute_web_id(one.parent, kind)}"
    template = site.directory.shelf(one.owner.home).template_of(one)
    if template is not None:
        links["Template"] = attribute_template_link(call, template)
    if one.declared.plug_in == PI_POINT:
        point = site.system.find(tag_of(one))
        if point is not None:
            links["Point"] = f"{base}/points/{site.point_web_id(point, kind)}"
    links["Categories"] = f"{own}/categories"
    if one.declared.enumeration:
        found = site.directory.shelf(one.owner.home).set_named(one.declared.enumeration)
        if found is not None:
            links["EnumerationSet"] = placed_link(call, found)
            links["EnumerationValues"] = f"{placed_link(call, found)}/enumerationvalues"
    links.update(stream_links(call, "streams", web_id))
    if one.declared.trait and site.since_2018:
        links["Trait"] = f"{base}/attributetraits/{one.declared.trait}"
    return links


def attribute_template_link(call: Call, one: BoundAttribute) -> str:
    """Where an attribute template is served."""
    key = (call.base, call.site.kind(call), one.guid)
    known = call.site.links.get(key)
    if known is None:
        known = f"{call.base}/attributetemplates/{attribute_template_web_id(call, one)}"
        call.site.remember_link(key, known)
    return known


def attribute_template_web_id(call: Call, one: BoundAttribute) -> str:
    """The WebID of an attribute template."""
    server = one.owner.home.server
    return webids.encode(call.site.kind(call), "ATE", server.guid, one.path[2:], (one.owner.guid, one.guid))
