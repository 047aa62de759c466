"""WebID 2.0: how PI Web API names objects in URLs.

Layout: type character, version `1`, two-character marker, optional owner character, then the parts one after the
other, each encoded for itself in URL-safe base64 without padding. The mock needs data servers (`DS`), points (`DP`),
digital sets (`MS`) and their states (`MV`).
"""

from __future__ import annotations

import base64
import uuid
from typing import NamedTuple

#: Characters of an encoded GUID and of an encoded point id.
_GUID_LENGTH, _ID_LENGTH = 22, 6

#: The value of the parameter `webIdType` to the type character.
WEB_ID_TYPES = {"full": "F", "idonly": "I", "pathonly": "P", "localidonly": "L", "defaultidonly": "D"}

#: Marker, with the owner character of the data server where there is one, to the GUIDs behind the server's own.
_GUIDS = {"DS": 0, "DP": 0, "MSD": 1, "MVD": 2}


class WebID(NamedTuple):
    """A WebID taken apart; parts its type leaves out are None."""

    kind: str
    marker: str
    server: uuid.UUID | None
    guids: tuple[uuid.UUID, ...]
    point_id: int | None
    name: str | None


def server_guid(name: str) -> uuid.UUID:
    """The GUID of a data server, the same on every run."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, name.upper())


def set_guid(server: str, name: str) -> uuid.UUID:
    """The GUID of a digital set."""
    return uuid.uuid5(server_guid(server), name.upper())


def state_guid(server: str, name: str, code: int) -> uuid.UUID:
    """The GUID of a state of a digital set."""
    return uuid.uuid5(set_guid(server, name), str(code))


def _base64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def encode(
    kind: str,
    marker: str,
    server: uuid.UUID,
    name: str,
    guids: tuple[uuid.UUID, ...] = (),
    point_id: int | None = None,
) -> str:
    r"""Puts a WebID together. `name` is the path without its leading backslashes, in any case."""
    parts = [f"{kind}1{marker}"]
    if kind in "FI" or (marker == "DS" and kind in "LD"):
        parts.append(_base64(server.bytes_le))
    if kind != "P":
        parts += [_base64(guid.bytes_le) for guid in guids]
        if point_id is not None:
            parts.append(_base64(point_id.to_bytes(4, "little")))
    if kind in "FP":
        parts.append(_base64(name.upper().encode()))
    return "".join(parts)


def decode(text: str) -> WebID:
    """Takes a WebID apart.

    Raises:
        ValueError: it is not a WebID of a kind and version known here.
    """
    kind, version, marker = text[:1], text[1:2], text[2:4]
    marker += text[4:5] if marker in ("MS", "MV") else ""
    if kind not in "FIPLD" or not kind or version != "1" or marker not in _GUIDS:
        raise ValueError(text)
    rest = _Rest(text[2 + len(marker) :])
    server = rest.guid() if kind in "FI" or (marker == "DS" and kind in "LD") else None
    guids: tuple[uuid.UUID, ...] = ()
    point_id = None
    if kind != "P":
        guids = tuple(rest.guid() for _ in range(_GUIDS[marker]))
        point_id = int.from_bytes(_bytes(rest.take(_ID_LENGTH)), "little") if marker == "DP" else None
    if (kind in "FP") != bool(rest.text):
        raise ValueError(text)
    name = _bytes(rest.text).decode() if rest.text else None
    return WebID(kind, marker, server, guids, point_id, name)


class _Rest:
    """What is left of a WebID while it is taken apart."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, length: int) -> str:
        part, self.text = self.text[:length], self.text[length:]
        if len(part) < length:
            raise ValueError("too short")
        return part

    def guid(self) -> uuid.UUID:
        return uuid.UUID(bytes_le=_bytes(self.take(_GUID_LENGTH)))
