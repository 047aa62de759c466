"""WebIDs (version 2.0, PI Web API 2017 R2 and later): how to know one, and how to shorten one.

Layout: type (`F`ull, `I`DOnly, `P`athOnly, `L`ocalIDOnly, `D`efaultIDOnly), version `1`, two letters for the kind of
object, then the parts in URL-safe base64: server id (22 characters), object ids, name. Source: PI Web API reference,
topic "WebID type".
"""

from __future__ import annotations

import base64
import re

__all__ = [
    "LONGEST_SEGMENT",
    "attribute_id_only",
    "attribute_ids",
    "id_only",
    "is_attribute_web_id",
    "is_point_web_id",
    "point_ids",
    "short",
]

#: Windows (HTTP.sys) refuses URL segments of more than 260 characters; a Full WebID holds the name and can be longer.
LONGEST_SEGMENT = 260

_POINT = re.compile(r"(?:F1DP[A-Za-z0-9_-]{28,}|I1DP[A-Za-z0-9_-]{28}|P1DP[A-Za-z0-9_-]{4,}|[LD]1DP[A-Za-z0-9_-]{6})")
_ATTRIBUTE = re.compile(r"[FIPLD]1Ab[EF][A-Za-z0-9_-]{8,}")


def is_point_web_id(text: str) -> bool:
    """Whether a text is the WebID of a PI point. (A tag may be called so, too; then it has to be given as a path.)"""
    return _POINT.fullmatch(text) is not None


def is_attribute_web_id(text: str) -> bool:
    """Whether a text is the WebID of an AF attribute."""
    return _ATTRIBUTE.fullmatch(text) is not None


def short(web_id: str) -> str:
    """The same point by ids alone, where the Full form would be too long for a URL segment."""
    if len(web_id) > LONGEST_SEGMENT - 20 and web_id.startswith("F1DP"):
        return "I" + web_id[1:32]
    return web_id


def point_ids(web_id: str) -> tuple[str, int] | None:
    """The data server's id (22 characters, as it stands in WebIDs) and the point's number; None where it has none."""
    if web_id[:4] not in ("F1DP", "I1DP") or len(web_id) < 32:
        return None
    number = base64.urlsafe_b64decode(web_id[26:32] + "==")
    return web_id[4:26], int.from_bytes(number, "little")


def id_only(server: str, point_id: int) -> str:
    """The WebID made of ids alone: it needs no look-up, and survives a rename."""
    number = base64.urlsafe_b64encode(point_id.to_bytes(4, "little")).decode("ascii").rstrip("=")
    return f"I1DP{server}{number}"


def attribute_ids(web_id: str) -> tuple[str, str] | None:
    """The AF server's id, and a letter (`E`lement or event `F`rame) with the ids of its object and of the attribute.

    Full and IDOnly alone hold them: 22 characters for each of the three.
    """
    if web_id[:4] not in ("F1Ab", "I1Ab") or len(web_id) < 71:
        return None
    return web_id[5:27], web_id[4] + web_id[27:71]


def attribute_id_only(server: str, ids: str) -> str:
    """The WebID made of what `attribute_ids` gave."""
    return f"I1Ab{ids[:1]}{server}{ids[1:]}"
