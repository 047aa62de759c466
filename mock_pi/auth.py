"""Who may come in: anybody, users with a password, or bearers of a token."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping

from mock_pi.call import Answer
from mock_pi.switches import Switches
from mock_pi.ticks import ticks_of
from mock_pi.wire import to_json


def user_of(headers: Mapping[str, str], switches: Switches) -> str | None:
    """Who is asking: an empty name where everybody is anonymous, None for somebody who may not come in.

    With anonymous access credentials are ignored, as the user guide says.
    """
    if not switches.auth:
        return ""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    scheme = scheme.lower()
    if scheme not in _schemes(switches):
        return None
    return _basic(rest, switches) if scheme == "basic" else _bearer(rest, switches)


def _schemes(switches: Switches) -> list[str]:
    return [name.strip().lower() for name in (switches.auth or "").split(",")]


def _basic(credentials: str, switches: Switches) -> str | None:
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        return None
    return user if switches.users.get(user) == password else None


def _bearer(token: str, switches: Switches) -> str | None:
    if token not in switches.tokens:
        return None
    expiry = switches.tokens[token]
    # Tokens expire in real time, whatever the server's clock for data says.
    if expiry is not None and ticks_of(expiry) <= time.time_ns() // 100:
        return None
    return "bearer"


def challenge(switches: Switches) -> Answer:
    """The 401: one WWW-Authenticate header for every way in."""
    schemes = _schemes(switches)
    texts = ["Bearer"] if "bearer" in schemes else []
    if "basic" in schemes:
        texts += ["Negotiate", f'Basic realm="{switches.realm}"']
    headers = tuple(("WWW-Authenticate", text) for text in texts)
    return Answer(401, to_json({"Message": "Authorization has been denied for this request."}), headers=headers)
