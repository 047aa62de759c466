"""NTLM, for sites where Kerberos cannot reach: user and password prove themselves without being sent.

Three messages make a login, and it holds for the connection, not for the client: each session logs in by itself, and
again when its connection was lost. The messages are pyspnego's.
"""

from __future__ import annotations

import base64
import importlib
import re
from typing import Any

import requests

from pi_datasource.errors import PILoginError, PIOptionError
from pi_datasource.options import Secret
from pi_datasource.webapi.auth.base import Auth, on_answer
from pi_datasource.webapi.auth.bindings import channel_binding, peer_certificate

__all__ = ["NtlmAuth"]

#: NTLM goes under its own name, or, where a server offers nothing else, under that of Negotiate.
OFFERS = re.compile(r"(?:^|,\s*)(NTLM|Negotiate)(?:\s+([A-Za-z0-9+/=]+))?\s*(?=,|$)", re.IGNORECASE)


class NtlmAuth(Auth):
    """Logs a connection in, and leaves its later requests as they are.

    Args:
        username: `DOMAIN\\user` or `user@domain`.
        password: revealed at each login, so that one kept in a file can change.

    Raises:
        PIOptionError: the package pyspnego is missing.
    """

    scheme = "ntlm"
    #: Plainly (a new connection), first and last message; the last two once more with channel bindings.
    tries = 5

    def __init__(self, username: str, password: Secret) -> None:
        self._username = username
        self._password = password
        self._spnego = _library()
        self._context: Any = None
        self._next: str | None = None
        self._challenge = ""
        self._certificate: bytes | None = None
        self._is_bound = False
        self._sent: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the next message of a login, if one is under way."""
        if self._next is not None:
            request.headers["Authorization"], self._next = self._next, None
        on_answer(request, self._look_at)
        return request

    def renew(self) -> bool:
        """After a 401: begins a login, or goes on with it. False when the last message was refused."""
        offers = {name.lower(): (name, token) for name, token in OFFERS.findall(self._challenge)}
        scheme, token = offers.get("ntlm") or offers.get("negotiate") or ("", "")
        if not scheme:
            return False
        if self._context is not None and token:
            return self._say(scheme, base64.b64decode(token))
        if self._context is not None and self._context.complete:
            # Refused. A server may demand channel bindings, and does not say so.
            self._context = None
            if self._is_bound or self._certificate is None:
                return False
            self._is_bound = True
        self._context = self._begun()
        return self._say(scheme, None)

    def explain(self) -> str:
        """What may be wrong, as servers do not say."""
        offered = {name.lower() for name, _ in OFFERS.findall(self._challenge)}
        if not offered:
            return "auth=ntlm was asked for, and the server offers neither NTLM nor Negotiate"
        return "username (DOMAIN\\user) or password is wrong, or NTLM is switched off for this account or server"

    def secrets(self) -> list[str]:
        """The password, and the messages sent."""
        return [self._password.reveal(), *self._sent]

    def _begun(self) -> Any:
        bindings = None
        if self._is_bound and self._certificate is not None:
            kind = importlib.import_module("spnego.channel_bindings").GssChannelBindings
            bindings = kind(application_data=channel_binding(self._certificate))
        return self._spnego.client(self._username, self._password.reveal(), protocol="ntlm", channel_bindings=bindings)

    def _say(self, scheme: str, challenge: bytes | None) -> bool:
        try:
            message = self._context.step(challenge)
        except Exception as error:
            self._context = None
            raise PILoginError(f"login by NTLM: the server's message cannot be used: {type(error).__name__}") from None
        if message is None:
            return False
        text = base64.b64encode(message).decode("ascii")
        self._sent = [*self._sent[-1:], text]
        self._next = f"{scheme} {text}"
        return True

    def _look_at(self, response: requests.Response, **_: Any) -> None:
        self._challenge = response.headers.get("WWW-Authenticate", "") if response.status_code == 401 else ""
        self._certificate = peer_certificate(response) or self._certificate
        if response.status_code != 401:
            self._context, self._is_bound = None, self._is_bound and self._certificate is not None


def _library() -> Any:
    try:
        return importlib.import_module("spnego")
    except ImportError as error:
        raise PIOptionError(
            f"auth=ntlm needs the package pyspnego, and here: {error}. On every machine that Spark uses: "
            "pip install 'pi-datasource[ntlm]'"
        ) from None
