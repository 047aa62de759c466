r"""Finds the event frame that a WebID or a path `\\AF\DB\EventFrames[NAME]\CHILD` means. What is not there is None."""

from __future__ import annotations

from mock_pi.af.directory import Directory
from mock_pi.af.eventframe import EventFrame
from mock_pi.af.paths import AFPath, collection, parse
from mock_pi.webids import WebID


def is_frame_path(path: AFPath) -> bool:
    """Whether a path leads to an event frame or to something inside of one."""
    found = collection(path.parts[1]) if len(path.parts) > 1 else None
    return found is not None and found[0] == "eventframes"


def frame_of(directory: Directory, web_id: WebID) -> EventFrame | None:
    """The frame of a WebID, or the one that owns the attribute of a WebID."""
    if web_id.kind == "P":
        return frame_at(directory, parse("\\\\" + (web_id.name or "")))
    server = directory.server(web_id)
    found = (one.event_frames.with_guid(web_id.guids[0]) for one in (server.databases if server else ()))
    return next(filter(None, found), None)


def frame_at(directory: Directory, path: AFPath) -> EventFrame | None:
    """The frame of a path; of several with the same name the one that began first."""
    database = directory.database_at(path)
    if database is None or not is_frame_path(path):
        return None
    names = [(collection(part) or ("", part))[1] for part in path.parts[1:]]
    return database.event_frames.at([f"[{name}]" if name.startswith("{") else name for name in names])
