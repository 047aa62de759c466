"""Edits of a PI System as plain JSON values, for the journey to a server in another process."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

from mock_pi.plain import declared
from mock_pi.plain import plain as as_plain
from mock_pi.system import shapes
from mock_pi.system.event import Event, State, Value
from mock_pi.system.pisystem import PISystem
from mock_pi.system.point import Point


def plain_edit(edit: dict[str, Any]) -> dict[str, Any]:
    """What `PISystem.on_edit` is called with, as values that JSON can hold."""
    plain = dict(edit)
    if "point" in edit:
        point: Point = edit["point"]
        plain["point"] = f"\\\\{point.server}\\{point.name}" if edit["edit"] != "add" else _plain_point(point)
    if "arguments" in edit:
        plain["arguments"] = as_plain(list(edit["arguments"]))
    if "events" in edit:
        plain["events"] = [[event[0], _plain_value(event[1]), *event[2:]] for event in edit["events"]]
    return plain


def apply_edit(system: PISystem, plain: dict[str, Any]) -> None:
    """Does to a system what was done to another one."""
    kind = plain["edit"]
    events = [Event(one[0], _value(one[1]), *one[2:]) for one in plain.get("events", ())]
    if kind == "now":
        system.set_now(plain["now"])
    elif kind == "add":
        system.add(_point(plain["point"]))
    elif kind == "remove":
        system.remove(plain["point"])
    elif kind == "insert":
        system.insert(plain["point"], *events)
    elif kind == "replace":
        system.replace(plain["point"], events[0], plain["ordinal"])
    elif kind == "delete":
        system.delete(plain["point"], plain["first"], plain["last"] + 1, plain["ordinal"])
    elif kind == "annotate":
        instant, notes, ordinal = declared(plain["arguments"])
        system.annotate(plain["point"], instant, *notes, ordinal=ordinal)
    elif kind == "element":
        system.database(plain["database"]).apply(plain["action"], declared(plain["arguments"]))
    elif kind == "frame":
        system.event_frames(plain["database"]).apply(plain["action"], declared(plain["arguments"]))
    else:
        raise ValueError(f"unknown edit {kind!r}")


def _plain_value(value: Value) -> Any:
    if isinstance(value, State):
        return {"state": list(value)}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, float):
        return {"float": repr(value)}
    return value


def _value(plain: Any) -> Value:
    if not isinstance(plain, dict):
        return plain  # type: ignore[no-any-return]
    if "state" in plain:
        return State(*plain["state"])
    return base64.b64decode(plain["bytes"]) if "bytes" in plain else float(plain["float"])


def _plain_point(point: Point) -> dict[str, Any]:
    plain = {one.name: getattr(point, one.name) for one in dataclasses.fields(point) if one.name != "shape"}
    shape = point.shape
    details = {one.name: getattr(shape, one.name) for one in dataclasses.fields(shape)}  # type: ignore[arg-type]
    if isinstance(shape, shapes.Listed):
        details["events"] = [[event[0], _plain_value(event[1]), *event[2:]] for event in shape.events]
    return {**plain, "shape": {"kind": type(shape).__name__, **details}}


def _point(plain: dict[str, Any]) -> Point:
    details = dict(plain["shape"])
    kind = getattr(shapes, details.pop("kind"))
    if kind is shapes.Listed:
        details["events"] = [Event(one[0], _value(one[1]), *one[2:]) for one in details["events"]]
    return Point(**{**plain, "shape": kind(**details)})
