"""What one server serves and remembers: the PI System, the switches, and which WebID means which object."""

from __future__ import annotations

import uuid
from typing import TypeAlias, TypeVar

from mock_pi import webids
from mock_pi.af.database import AFServer, Database
from mock_pi.af.directory import Directory
from mock_pi.af.eventframe import EventFrame
from mock_pi.af.eventframelookup import frame_at, frame_of, is_frame_path
from mock_pi.af.eventframestreams import frame_stream
from mock_pi.af.model import BoundAttribute, Element, Owner
from mock_pi.af.paths import AFPath, parse
from mock_pi.af.streams import stream_of
from mock_pi.call import Call, PIWebAPIError
from mock_pi.faults import FaultBox
from mock_pi.statistics import Counter
from mock_pi.stream import PointStream, Stream
from mock_pi.switches import Switches
from mock_pi.system.pisystem import PISystem
from mock_pi.system.point import Point

#: WebIDs remembered; more are looked up again.
_REMEMBERED = 200_000

#: Links to AF objects remembered: owners and parents of what is listed.
_LINKS_REMEMBERED = 10_000

#: What has a stream.
Source: TypeAlias = Point | BoundAttribute

Found = TypeVar("Found")


class Site:
    """Everything the controllers need to answer."""

    def __init__(self, system: PISystem, switches: Switches) -> None:
        self.system = system
        self.switches = switches
        self.faults = FaultBox()
        self.counter = Counter()
        self.directory = Directory(system.asset_servers)
        #: Base URL, kind of WebID and GUID to the link of an AF object.
        self.links: dict[tuple[str, str, uuid.UUID], str] = {}
        self._points: dict[str, Point] = {}
        self._streams: dict[tuple[str | None, int | None], PointStream] = {}

    @property
    def annotated(self) -> bool:
        """Whether rows have the field `Annotated` (from 2018)."""
        return self.switches.version[:4] >= "2018"

    @property
    def since_2018(self) -> bool:
        """Whether what came with 2018 is there: paths, traits, display digits, `ServerTime`."""
        return self.switches.version[:4] >= "2018"

    def kind(self, call: Call) -> str:
        """The type character of the WebIDs a call wants."""
        wanted = call.text("webIdType") or self.switches.web_id_type
        kind = webids.WEB_ID_TYPES.get(wanted.lower())
        if kind is None:
            raise call.invalid("webIdType", wanted)
        return kind

    def decode(self, text: str, *markers: str) -> webids.WebID:
        """A WebID of one of these markers taken apart, or the vendor's 400."""
        try:
            web_id = webids.decode(text)
        except ValueError:
            web_id = None
        if web_id is None or (markers and web_id.marker not in markers):
            raise PIWebAPIError(400, f"Unknown or invalid WebID format: '{text}'.") from None
        return web_id

    def point(self, text: str) -> Point:
        """The point a WebID means.

        Raises:
            PIWebAPIError: the WebID is malformed (400) or its point is not there (404).
        """
        point = self._points.get(text)
        if point is None or self.system.find_id(point.server or "", point.point_id or 0) is not point:
            point = self._look_up(text)
            if len(self._points) >= _REMEMBERED:
                self._points.clear()
            self._points[text] = point
        return point

    def _look_up(self, text: str) -> Point:
        web_id = self.decode(text, "DP")
        point: Point | None
        if web_id.point_id is None:
            point = self.system.find("\\\\" + (web_id.name or ""))
        else:
            server = self._server(web_id)
            point = self.system.find_id(server, web_id.point_id) if server else None
        if point is None:
            raise PIWebAPIError(self.switches.missing_point, "PI Point not found.")
        return point

    def remember_link(self, key: tuple[str, str, uuid.UUID], link: str) -> None:
        """Keeps the link of an AF object for the next objects that refer to it."""
        if len(self.links) >= _LINKS_REMEMBERED:
            self.links.clear()
        self.links[key] = link

    def source(self, text: str) -> Source:
        """The point or attribute a WebID means, or 400 or 404."""
        return self.attribute(text) if text[2:4] == "Ab" else self.point(text)

    def stream(self, text: str) -> Stream:
        """The stream a WebID means, or 400 or 404."""
        return self.stream_of(self.source(text))

    def stream_of(self, source: Source) -> Stream:
        """The stream of a point or attribute."""
        if isinstance(source, Point):
            return self._point_stream(source)
        if isinstance(source.owner, EventFrame):
            return frame_stream(self.system, source.owner, source, self.system.now)
        return stream_of(self.system, source, self.system.now)

    def _point_stream(self, point: Point) -> PointStream:
        key = (point.server, point.point_id)
        stream = self._streams.get(key)
        # A point that was removed and added again has its id, but is another one.
        if stream is None or stream.point is not point:
            stream = self._streams[key] = PointStream(self.system, point)
        return stream

    def source_web_id(self, source: Source, kind: str = "F") -> str:
        """The WebID of a point or attribute."""
        return self.point_web_id(source, kind) if isinstance(source, Point) else self.attribute_web_id(source, kind)

    def source_path(self, source: Source) -> str:
        """The path of a point or attribute."""
        return f"\\\\{source.server}\\{source.name}" if isinstance(source, Point) else source.path

    def asset_server(self, text: str) -> AFServer:
        """The asset server a WebID means, or 400 or 404."""
        return self.found(self.directory.server(self.decode(text, "RS")), "asset server")

    def database(self, text: str) -> Database:
        """The asset database a WebID means, or 400 or 404."""
        return self.found(self.directory.database(self.decode(text, "RD")), "asset database")

    def element(self, text: str) -> Element:
        """The element a WebID means, or 400, 403 or 404."""
        return self.allowed(self.directory.element(self.decode(text, "Em")))

    def allowed(self, element: Element | None) -> Element:
        """The element, when it is there and may be seen, or 403 or 404."""
        if element is not None and element.home.guarded and element.hidden_from_all:
            raise PIWebAPIError(self.switches.denied_status, "Access to the specified element is denied.")
        return self.found(None if element is None or element.is_gone else element, "element")

    def event_frame(self, text: str) -> EventFrame:
        """The event frame a WebID means, or 400 or 404."""
        return self.found(frame_of(self.directory, self.decode(text, "Fm")), "event frame")

    def event_frame_at(self, text: str) -> EventFrame:
        r"""The event frame of a path `\\AF\DB\EventFrames[NAME]`, or 400 or 404."""
        return self.found(frame_at(self.directory, self.af_path(text)), "event frame")

    def attribute(self, text: str) -> BoundAttribute:
        """The attribute of an element or event frame that a WebID means, or 400, 403 or 404."""
        web_id = self.decode(text, "AbE", "AbF")
        owner: Owner
        if web_id.marker == "AbF":
            owner = self.found(frame_of(self.directory, web_id), "attribute")
        else:
            owner = self.allowed(self.directory.element(web_id))
        return self.there(self.directory.attribute(owner, web_id))

    def attribute_at(self, text: str) -> BoundAttribute:
        r"""The attribute of a path `\\AF\DB\E|A|Child`, or 400, 403 or 404."""
        path = self.af_path(text)
        if not path.attributes:
            raise PIWebAPIError(400, f"The specified path '{text}' is not valid.")
        return self.there(self.directory.attribute_at(self.owner_at(path), path.attributes))

    def owner_at(self, path: AFPath) -> Owner:
        """The element or event frame of a path, whatever attributes the path names behind it, or 403 or 404."""
        if is_frame_path(path):
            return self.found(frame_at(self.directory, path), "event frame")
        return self.allowed(self.directory.element_at(path))

    def there(self, attribute: BoundAttribute | None) -> BoundAttribute:
        """The attribute, when it is there, or 404."""
        return self.found(None if attribute is None or attribute.declared.is_gone else attribute, "attribute")

    def found(self, one: Found | None, what: str) -> Found:
        """What was looked for, or 404."""
        if one is None:
            raise PIWebAPIError(404, f"The specified {what} was not found.")
        return one

    def af_path(self, text: str) -> AFPath:
        """A path of the Asset Framework taken apart, or 400."""
        try:
            return parse(text)
        except ValueError:
            raise PIWebAPIError(400, f"The specified path '{text}' is not valid.") from None

    def attribute_web_id(self, one: BoundAttribute, kind: str = "F") -> str:
        """The WebID of an attribute of an element or event frame."""
        owner = one.owner
        # The path takes time to put together, and stands in two kinds alone.
        name = one.path[2:] if kind in "FP" else ""
        return webids.encode(kind, f"Ab{owner.character}", owner.home.server.guid, name, (owner.guid, one.guid))

    def af_web_id(self, marker: str, one: AFServer | Database | Element, kind: str = "F") -> str:
        """The WebID of something that has one GUID."""
        return webids.encode(
            kind, marker, one.server.guid, one.path[2:], () if isinstance(one, AFServer) else (one.guid,)
        )

    def server(self, text: str) -> str:
        """The data server a WebID means, or 400 or 404."""
        web_id = self.decode(text, "DS")
        server = self._server(web_id)
        if server is None:
            raise PIWebAPIError(404, "The specified PI Data Archive was not found.")
        return server

    def _server(self, web_id: webids.WebID) -> str | None:
        for name in self.system.data_servers:
            if web_id.server is not None:
                found = webids.server_guid(name) == web_id.server
            elif web_id.name is not None:
                found = name.upper() == web_id.name.upper()
            else:
                # LocalIDOnly and DefaultIDOnly leave the server out: it is the default one.
                found = True
            if found:
                return name
        return None

    def digital_set(self, text: str) -> tuple[str, str]:
        """The data server and name of the digital set a WebID means, or 400 or 404."""
        web_id = self.decode(text, "MSD")
        for server in self.system.data_servers:
            for name in self.system.digital_sets:
                path = f"{server}\\DigitalSets[{name}]".upper()
                if (web_id.guids and web_id.guids[0] == webids.set_guid(server, name)) or web_id.name == path:
                    return server, name
        raise PIWebAPIError(404, "The specified enumeration set was not found.")

    def point_web_id(self, point: Point, kind: str = "F") -> str:
        """A point's WebID."""
        server = point.server or ""
        return webids.encode(kind, "DP", webids.server_guid(server), f"{server}\\{point.name}", point_id=point.point_id)

    def server_web_id(self, server: str, kind: str = "F") -> str:
        """A data server's WebID."""
        return webids.encode(kind, "DS", webids.server_guid(server), server)
