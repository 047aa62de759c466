"""What the names in an expression mean: tags for a data server or a point, attributes for everything of AF."""

from __future__ import annotations

from typing import TypeAlias

from mock_pi.af.database import AFServer, Database
from mock_pi.af.directory import attribute_at
from mock_pi.af.eventframelookup import frame_at, is_frame_path
from mock_pi.af.model import BoundAttribute, Owner
from mock_pi.af.paths import parse
from mock_pi.filters import Finder
from mock_pi.site import Site
from mock_pi.stream import Stream
from mock_pi.system.point import Point

#: What an expression can be about: a point, an attribute, something with attributes, a database, or a data server.
Target: TypeAlias = Point | BoundAttribute | Owner | Database | AFServer | str | None


def finder(site: Site, target: Target) -> Finder:
    """Gives the streams of names as they are meant for a target; None stands for the default data server."""

    def find(name: str) -> Stream | None:
        if name == ".":
            return site.stream_of(target) if isinstance(target, (Point, BoundAttribute)) else None
        source = _attribute(site, target, name) or _point(site, target, name)
        return None if source is None else site.stream_of(source)

    return find


def _point(site: Site, target: Target, name: str) -> Point | None:
    if name.startswith("\\\\"):
        return site.system.find(name)
    if isinstance(target, (Point, str)) or target is None:
        server = target.server if isinstance(target, Point) else target or site.system.data_servers[0]
        return site.system.find(f"\\\\{server}\\{name}")
    return None


def _attribute(site: Site, target: Target, name: str) -> BoundAttribute | None:
    if name.startswith("\\\\"):
        return _at_path(site, name)
    if isinstance(target, BoundAttribute):
        if name.startswith(".|"):
            return next((one for one in target.children if one.name.upper() == name[2:].upper()), None)
        target = target.owner
    if target is None or isinstance(target, (Point, str, Database, AFServer)):
        return None
    return attribute_at(target, name.removeprefix("|").split("|"))


def _at_path(site: Site, text: str) -> BoundAttribute | None:
    try:
        path = parse(text)
    except ValueError:
        return None
    owner: Owner | None = None
    if path.attributes:
        frames = is_frame_path(path)
        owner = frame_at(site.directory, path) if frames else site.directory.element_at(path)
    return attribute_at(owner, path.attributes) if owner is not None else None
