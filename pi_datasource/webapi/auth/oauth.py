"""Access tokens by OAuth's client credentials grant (RFC 6749, 4.4): a client logs in as itself, without a user."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import quote_plus

import msgspec
import requests

from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PILoginError,
    PIRequestError,
    PIServerError,
    PITimeoutError,
)
from pi_datasource.options import Connection
from pi_datasource.options.login import ClientCredentials
from pi_datasource.webapi.answers import retry_after, words_of
from pi_datasource.webapi.auth.anonymous import AnonymousAuth
from pi_datasource.webapi.auth.base import Auth
from pi_datasource.webapi.auth.tokens import Token, Tokens, send_token, tokens_of
from pi_datasource.webapi.transport import new_session, proxies_for

__all__ = ["OAuthAuth"]

#: Seconds that a token is taken to be good when the provider does not say.
UNSAID_LIFE = 300.0
#: Seconds to wait for a token, however patient `timeout` is with PI.
LONGEST_TIMEOUT = 30.0

#: A provider's word for what is wrong (RFC 6749, 5.2; RFC 8707) → what to look at.
ADVICE = {
    "invalid_client": "clientId or clientSecret is wrong or has expired, or clientAuth must be the other of body and "
    "header",
    "unauthorized_client": "this client is not registered for the grant client_credentials",
    "unsupported_grant_type": "the provider does not have the grant client_credentials",
    "invalid_scope": "scope is not one that this client may ask for",
    "invalid_target": "resource or audience is not known to the provider",
    "invalid_request": "the provider misses something, maybe scope, resource or audience",
}


class OAuthAuth(Auth):
    """Sends an access token with each request, and gets a new one shortly before it ends.

    Args:
        connection: with `credentials`; its TLS options hold for the provider as well, but for the client certificate.
    """

    scheme = "oauth"

    def __init__(self, connection: Connection) -> None:
        assert connection.credentials is not None
        self._credentials = connection.credentials
        self._fetch = _Fetch(connection)
        key = (connection.credentials, connection.ca_bundle, connection.verify, connection.no_proxy)
        self._tokens: Tokens = tokens_of(key, self._fetch)
        self._sent: list[str] = []

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the `Authorization` header."""
        send_token(request, self._tokens, self._sent)
        return request

    def renew(self) -> bool:
        """Gets a fresh token in the place of the one that was refused."""
        return self._tokens.replace(self._sent[-1])

    def explain(self) -> str:
        """That it is not the provider who refuses."""
        return f"the token from {self._credentials.token_url} is not accepted; look at scope, resource and audience"

    def secrets(self) -> list[str]:
        """The tokens sent, and the client's secret in each form that is sent."""
        return [*self._sent, *secret_forms(self._credentials)]


def secret_forms(credentials: ClientCredentials) -> list[str]:
    """The client's secret as it is written in a body and in a header."""
    secret = credentials.client_secret.reveal()
    return [secret, quote_plus(secret), _basic(credentials)]


def _basic(credentials: ClientCredentials) -> str:
    # RFC 6749, 2.3.1: both parts are encoded before they are joined.
    both = f"{quote_plus(credentials.client_id)}:{quote_plus(credentials.client_secret.reveal())}"
    return base64.b64encode(both.encode("ascii")).decode("ascii")


class _Fetch:
    """Asks the provider for a token."""

    def __init__(self, connection: Connection) -> None:
        assert connection.credentials is not None
        self.connection = connection
        self.credentials = connection.credentials

    def __call__(self) -> Token:
        where = f"login: token from {self.credentials.token_url}"
        started = time.monotonic()
        try:
            with new_session(self.connection, with_certificate=False) as http:
                response = self._post(http)
                status, body, headers = response.status_code, response.content, response.headers
        except requests.exceptions.SSLError as error:
            raise PIConnectionError(f"{where}: no trusted TLS connection (option caBundle): {_words(error)}") from None
        except requests.Timeout as error:
            seconds = time.monotonic() - started
            raise PITimeoutError(f"{where}: no answer within {seconds:.1f} s: {_words(error)}") from None
        except (requests.RequestException, OSError) as error:
            raise PIConnectionError(f"{where}: no connection (option tokenUrl): {_words(error)}") from None
        if status != 200:
            raise _refusal(where, status, bytes(body), headers)
        return _token(where, body)

    def _post(self, http: requests.Session) -> requests.Response:
        given, form = self.credentials, {"grant_type": "client_credentials"}
        headers = {"Accept": "application/json"}
        optional = {"scope": given.scope, "resource": given.resource, "audience": given.audience}
        form.update({name: value for name, value in optional.items() if value is not None})
        if given.in_header:
            headers["Authorization"] = "Basic " + _basic(given)
        else:
            form.update(client_id=given.client_id, client_secret=given.client_secret.reveal())
        return http.post(
            given.token_url,
            data=form,
            headers=headers,
            auth=AnonymousAuth(),
            proxies=proxies_for(given.token_url, self.connection.no_proxy),
            timeout=min(self.connection.timeout, LONGEST_TIMEOUT),
            allow_redirects=False,
        )


def _refusal(where: str, status: int, body: bytes, headers: Any) -> PIRequestError:
    """What the provider's status means: its own word for it, and which option to look at."""
    if 300 <= status < 400:
        return PILoginError(f"{where}: {status}, redirected elsewhere; set option tokenUrl to where it really is")
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = {}
    code, words = said.get("error"), said.get("error_description")
    text = f"{where}: {status} " + (": ".join(str(part) for part in (code, words) if part) or words_of(body))
    wait = retry_after(headers, time.time())
    if status == 429 or status >= 500 or code == "temporarily_unavailable":
        # Never 500, which would stand for a right that is missing in PI; and no PIRateLimitError: PI may go on.
        return PIServerError(text, status=429 if status == 429 else max(status, 502), retry_after=wait)
    advice = ADVICE.get(str(code), "look at tokenUrl, clientId and clientSecret")
    return PILoginError(f"{text}\nthe provider gives no token: {advice}", status=status)


def _token(where: str, body: bytes) -> Token:
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise PIBadAnswerError(f"{where}: the answer is no JSON (is option tokenUrl right?)") from None
    text, kind = said.get("access_token"), str(said.get("token_type", "Bearer"))
    if not isinstance(text, str) or not text:
        raise PILoginError(f"{where}: the answer has no access_token; it has {', '.join(sorted(said)) or 'nothing'}")
    if kind.lower() != "bearer":
        raise PILoginError(f"{where}: the token is of type {kind!r}; PI Web API takes Bearer")
    try:
        seconds = float(said.get("expires_in") or UNSAID_LIFE)
    except (TypeError, ValueError):
        seconds = UNSAID_LIFE
    return Token(text, max(seconds, 1.0))


def _words(error: Exception) -> str:
    """The words of what happened below, without the request around it."""
    inner = error.args[0] if error.args else None
    reason = getattr(inner, "reason", None)
    return str(reason if isinstance(reason, Exception) else error)[:300]
