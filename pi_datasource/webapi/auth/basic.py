"""User name and password (RFC 7617); PI Web API logs on to Windows with them, so `DOMAIN\\user` is usual."""

from __future__ import annotations

import base64

import requests

from pi_datasource.options import Secret
from pi_datasource.webapi.auth.base import Auth

__all__ = ["BasicAuth"]


class BasicAuth(Auth):
    """Sends user name and password, as UTF-8, with each request.

    Args:
        username: as the server wants it, `DOMAIN\\user` or `user@domain` included.
        password: revealed at each request, so that one kept in a file can change.
    """

    scheme = "basic"

    def __init__(self, username: str, password: Secret) -> None:
        self._username = username
        self._password = password
        self._sent: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the `Authorization` header."""
        password = self._password.reveal()
        self._sent = [*self._sent[-1:], password] if password not in self._sent else self._sent
        request.headers["Authorization"] = "Basic " + self._encoded(password)
        return request

    def renew(self) -> bool:
        """True when the password is kept in a file that has changed since."""
        return self._password.reveal() != self._sent[-1]

    def secrets(self) -> list[str]:
        """The passwords sent, and the headers made of them."""
        return [*self._sent, *map(self._encoded, self._sent)]

    def _encoded(self, password: str) -> str:
        return base64.b64encode(f"{self._username}:{password}".encode()).decode("ascii")
