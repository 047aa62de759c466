"""A ready access token (RFC 6750): given as it is, kept in a file that others renew, or handed out by a function."""

from __future__ import annotations

import requests

from pi_datasource.errors import PILoginError
from pi_datasource.options import Secret
from pi_datasource.options.login import TokenProvider
from pi_datasource.webapi.auth.base import Auth
from pi_datasource.webapi.auth.tokens import Token, send_token, tokens_of

__all__ = ["BearerAuth", "ProvidedAuth"]

#: Seconds after which a function is asked again, when it does not say how long its token is good.
ASKED_AGAIN = 60.0


class BearerAuth(Auth):
    """Sends the token with each request.

    Args:
        token: revealed at each request, so that a rotated token file is followed.
    """

    scheme = "bearer"

    def __init__(self, token: Secret) -> None:
        self._token = token
        self._sent: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the `Authorization` header."""
        token = self._token.reveal()
        self._sent = [*self._sent[-1:], token] if token not in self._sent else self._sent
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    def renew(self) -> bool:
        """True when the token is kept in a file that has changed since."""
        return self._token.reveal() != self._sent[-1]

    def secrets(self) -> list[str]:
        """The tokens sent."""
        return self._sent


class ProvidedAuth(Auth):
    """Sends what a function of the user hands out: `register(spark, token_provider=…)`.

    Args:
        provider: asked once for all threads of a process, again before its token ends, and after a 401.
    """

    scheme = "bearer"

    def __init__(self, provider: TokenProvider) -> None:
        self._tokens = tokens_of(provider, lambda: _asked(provider))
        self._sent: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the `Authorization` header."""
        send_token(request, self._tokens, self._sent)
        return request

    def renew(self) -> bool:
        """Asks the function again."""
        return self._tokens.replace(self._sent[-1])

    def secrets(self) -> list[str]:
        """The tokens sent."""
        return self._sent


def _asked(provider: TokenProvider) -> Token:
    try:
        given = provider.function()
    except Exception as error:
        # Its words may hold what it logs in with.
        raise PILoginError(
            f"login: {provider!r} of register(spark, token_provider=…) failed: {type(error).__name__}"
        ) from None
    text, seconds = given if isinstance(given, tuple) and len(given) == 2 else (given, ASKED_AGAIN)
    if not isinstance(text, str) or not text.strip() or not isinstance(seconds, int | float):
        raise PILoginError(
            f"login: {provider!r} gave no token; accepted is a text, or a text and the seconds for which it is good"
        )
    return Token(text.strip(), max(float(seconds), 1.0))
