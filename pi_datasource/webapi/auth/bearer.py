"""A ready access token (RFC 6750), given as it is or kept in a file that someone else renews."""

from __future__ import annotations

import requests

from pi_datasource.options import Secret
from pi_datasource.webapi.auth.base import Auth

__all__ = ["BearerAuth"]


class BearerAuth(Auth):
    """Sends the token with each request.

    Args:
        token: revealed at each request, so that a rotated token file is followed.
    """

    scheme = "bearer"

    def __init__(self, token: Secret) -> None:
        self._token = token
        self._sent = ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the `Authorization` header."""
        self._sent = self._token.reveal()
        request.headers["Authorization"] = f"Bearer {self._sent}"
        return request

    def renew(self) -> bool:
        """True when the token is kept in a file that has changed since."""
        return self._token.reveal() != self._sent

    def secrets(self) -> list[str]:
        """The token."""
        return [self._token.reveal()]
