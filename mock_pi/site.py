"""What one server serves and remembers: the PI System, the switches, and which WebID means which object."""

from __future__ import annotations

from mock_pi import webids
from mock_pi.call import Call, PIWebAPIError
from mock_pi.faults import FaultBox
from mock_pi.statistics import Counter
from mock_pi.switches import Switches
from mock_pi.system.pisystem import PISystem
from mock_pi.system.point import Point

#: WebIDs remembered; more are looked up again.
_REMEMBERED = 200_000


class Site:
    """Everything the controllers need to answer."""

    def __init__(self, system: PISystem, switches: Switches) -> None:
        self.system = system
        self.switches = switches
        self.faults = FaultBox()
        self.counter = Counter()
        self._points: dict[str, Point] = {}

    @property
    def annotated(self) -> bool:
        """Whether rows have the field `Annotated` (from 2018)."""
        return self.switches.version[:4] >= "2018"

    def kind(self, call: Call) -> str:
        """The type character of the WebIDs a call wants."""
        wanted = call.text("webIdType") or self.switches.web_id_type
        kind = webids.WEB_ID_TYPES.get(wanted.lower())
        if kind is None:
            raise call.invalid("webIdType", wanted)
        return kind

    def decode(self, text: str) -> webids.WebID:
        """A WebID taken apart, or the vendor's 400."""
        try:
            return webids.decode(text)
        except ValueError:
            raise PIWebAPIError(400, f"Unknown or invalid WebID format: '{text}'.") from None

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
        web_id = self.decode(text)
        if web_id.marker != "DP":
            raise PIWebAPIError(400, f"Unknown or invalid WebID format: '{text}'.")
        point: Point | None
        if web_id.point_id is None:
            point = self.system.find("\\\\" + (web_id.name or ""))
        else:
            server = self._server(web_id)
            point = self.system.find_id(server, web_id.point_id) if server else None
        if point is None:
            raise PIWebAPIError(self.switches.missing_point, "PI Point not found.")
        return point

    def server(self, text: str) -> str:
        """The data server a WebID means, or 400 or 404."""
        web_id = self.decode(text)
        if web_id.marker != "DS":
            raise PIWebAPIError(400, f"Unknown or invalid WebID format: '{text}'.")
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
        web_id = self.decode(text)
        if web_id.marker != "MSD":
            raise PIWebAPIError(400, f"Unknown or invalid WebID format: '{text}'.")
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
