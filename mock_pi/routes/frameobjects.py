"""How event frames look as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from mock_pi import webids
from mock_pi.af.eventframe import EventFrame
from mock_pi.call import Call
from mock_pi.routes.afobjects import Json, extended, link, placed_link, selected, stream_links, template_named
from mock_pi.ticks import as_ticks, text_of

#: Link name to the part behind the frame's own address.
_LINKS = {"Attributes": "attributes", "EventFrames": "eventframes"}
_MORE_LINKS = {"Categories": "categories", "Annotations": "annotations"}

_RIGHTS = (
    "CanAnnotate", "CanDelete", "CanExecute", "CanRead", "CanReadData", "CanSubscribe", "CanSubscribeOthers",
    "CanWrite", "CanWriteData",
)  # fmt: skip


def frame_web_id(call: Call, one: EventFrame) -> str:
    """The WebID of a frame."""
    return webids.encode(call.site.kind(call), "Fm", one.home.server.guid, one.path[2:], (one.guid,))


def event_frame(call: Call, one: EventFrame, above: Sequence[str]) -> Json:
    """An event frame.

    Args:
        call: Says which kind of WebID, and which fields are wanted.
        one: The frame.
        above: The names under which it stands in the answer, for `selectedFields`.
    """
    switches = call.site.switches
    web_id = frame_web_id(call, one)
    content: Json = {
        "WebId": web_id, "Id": str(one.guid), "Name": one.name, "Description": one.description, "Path": one.path,
        "TemplateName": one.template, "HasChildren": bool(one.frames), "StartTime": text_of(one.first),
        "EndTime": switches.open_end if one.is_open else text_of(one.last), "Severity": one.severity,
        "AcknowledgedBy": one.acknowledged_by,
        "AcknowledgedDate": switches.unacknowledged_date if one.acknowledged is None
        else text_of(as_ticks(one.acknowledged)),
        "CanBeAcknowledged": one.can_be_acknowledged, "IsAcknowledged": one.is_acknowledged,
        "IsAnnotated": bool(one.annotations), "IsLocked": one.is_locked,
        "AreValuesCaptured": one.are_values_captured,
    }  # fmt: skip
    if selected(call, *above, "RefElementWebIds"):
        kind = call.site.kind(call)
        content["RefElementWebIds"] = [call.site.af_web_id("Em", each, kind) for each in one.referenced()]
    content["CategoryNames"] = list(one.categories)
    if selected(call, *above, "Security"):
        content["Security"] = {**dict.fromkeys(_RIGHTS, True), "HasAdmin": False, "Rights": ["Read", "Write"]}
    content["ExtendedProperties"] = extended(one.extended)
    if selected(call, *above, "Links"):
        content["Links"] = _links(call, one, web_id)
    return content


def _links(call: Call, one: EventFrame, web_id: str) -> dict[str, str]:
    base = f"{call.base}/eventframes"
    own = f"{base}/{web_id}"
    links = {"Self": own, **{name: f"{own}/{part}" for name, part in _LINKS.items()}, "Database": link(call, one.home)}
    if one.parent is not None:
        links["Parent"] = f"{base}/{frame_web_id(call, one.parent)}"
    links["ReferencedElements"] = f"{own}/referencedelements"
    elements = one.referenced()
    if elements:
        links["PrimaryReferencedElement"] = link(call, elements[0])
    template = template_named(call, one.home, one.template)
    if template is not None:
        links["Template"] = placed_link(call, template)
    links.update({name: f"{own}/{part}" for name, part in _MORE_LINKS.items()})
    found = None
    if one.default_attribute:
        found = next((each for each in one.bound() if each.name == one.default_attribute), None)
    if found is not None:
        links["DefaultAttribute"] = f"{call.base}/attributes/{call.site.attribute_web_id(found, call.site.kind(call))}"
    links.update(stream_links(call, "streamsets", web_id))
    links.update({"Security": f"{own}/security", "SecurityEntries": f"{own}/securityentries"})
    return links
