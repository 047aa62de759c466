"""The ways in that a server offers: the schemes of its `WWW-Authenticate` headers, and our name for each."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence

from pi_datasource.options.connection import CONNECTION_OPTIONS

__all__ = ["expiry_of", "offered_schemes", "ways_in"]

#: What a server calls a scheme → the words of option `auth` that can answer it, the likeliest first.
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "negotiate": ("kerberos", "ntlm"),
    "kerberos": ("kerberos",),
    "ntlm": ("ntlm",),
    "basic": ("basic",),
    "bearer": ("oauth", "bearer"),
}

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:\s+[^=].*|\s*)")


def offered_schemes(header: str | None) -> list[str]:
    """The schemes of a header, several of which may have been joined by commas: Negotiate, Basic, …"""
    # Commas inside of quotation marks separate nothing; a piece such as `error="…"` is a parameter and no scheme.
    pieces = _QUOTED.sub('""', header or "").split(",")
    found = [match[1] for piece in pieces if (match := _SCHEME.fullmatch(piece.strip()))]
    return list(dict.fromkeys(found))


def ways_in(schemes: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of option `auth` that answer these schemes: those of this version, and those that are to come."""
    option = next(one for one in CONNECTION_OPTIONS if one.name == "auth")
    words = [word for scheme in schemes for word in ANSWERS.get(scheme.lower(), ())]
    words = list(dict.fromkeys(words))
    return [word for word in words if word in option.choices], [
        word for word in words if word in option.planned_choices
    ]


def expiry_of(token: str) -> float | None:
    """When a token ends by its own word (claim `exp` of a JWT), in seconds since 1970; nothing else of it is read."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
