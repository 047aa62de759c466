"""WebID 2.0: how PI Web API names objects in URLs.

Layout: type character, version `1`, two-character marker, optional owner character, then the parts one after the
other, each encoded for itself in URL-safe base64 without padding.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from functools import lru_cache
from typing import NamedTuple

#: Characters of an encoded GUID and of an encoded point id.
_GUID_LENGTH, _ID_LENGTH = 22, 6

#: The value of the parameter `webIdType` to the type character.
WEB_ID_TYPES = {"full": "F", "idonly": "I", "pathonly": "P", "localidonly": "L", "defaultidonly": "D"}

#: Markers that an owner character follows: of whom the object is.
_OWNERS = ("Ab", "AT", "MS", "MV", "XR", "TR")

#: Markers of servers, whose WebIDs hold their own GUID and nothing else.
_SERVERS = ("DS", "RS")

#: Marker, with its owner character where there is one, to the GUIDs behind the server's own.
_GUIDS = {
    **dict.fromkeys((*_SERVERS, "DP"), 0),
    # Databases, elements, event frames, analyses, tables, units, with their templates, categories and classes.
    **dict.fromkeys(("RD", "Em", "ET", "EC", "AC", "Fm", "Xs", "XT", "XC", "XP", "TP", "Bl", "BC", "Ut", "UC"), 1),
    **dict.fromkeys(("MSR", "MSD"), 1),
    # An attribute, an attribute template, an enumeration value, a rule: owner and own.
    **dict.fromkeys(("AbE", "AbF", "ATE", "MVR", "MVD", "XRX", "XRT", "TRX", "TRT"), 2),
}


class WebID(NamedTuple):
    """A WebID taken apart; parts its type leaves out are None."""

    kind: str
    marker: str
    server: uuid.UUID | None
    guids: tuple[uuid.UUID, ...]
    point_id: int | None
    name: str | None


@lru_cache(maxsize=256)
def server_guid(name: str) -> uuid.UUID:
    """The GUID of a data server, the same on every run."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, name.upper())


def set_guid(server: str, name: str) -> uuid.UUID:
    """The GUID of a digital set."""
    return uuid.uuid5(server_guid(server), name.upper())


def state_guid(server: str, name: str, code: int) -> uuid.UUID:
    """The GUID of a state of a digital set."""
    return uuid.uuid5(set_guid(server, name), str(code))


#: From the usual alphabet to the URL-safe one.
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _base64(part: bytes) -> str:
    return binascii.b2a_base64(part, newline=False).translate(_URL_SAFE, b"=").decode()


@lru_cache(maxsize=4096)  # servers and owners come again with each of what they own
def _guid_text(guid: uuid.UUID) -> str:
    return _base64(guid.bytes_le)


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
    if kind in "FI" or (marker in _SERVERS and kind in "LD"):
        parts.append(_guid_text(server))
    if kind != "P":
        parts += [_guid_text(guid) for guid in guids]
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
    marker += text[4:5] if marker in _OWNERS else ""
    if kind not in "FIPLD" or not kind or version != "1" or marker not in _GUIDS:
        raise ValueError(text)
    rest = _Rest(text[2 + len(marker) :])
    server = rest.guid() if kind in "FI" or (marker in _SERVERS and kind in "LD") else None
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
