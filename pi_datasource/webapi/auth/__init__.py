"""Who we are: one small class for each scheme, all of them `requests` auth objects with one more method.

An auth object always goes with each request: with none, `requests` would look into `.netrc` and send what it finds
there. An object belongs to one session and so to one thread at a time.
"""

from __future__ import annotations

from pi_datasource.errors import PIOptionError
from pi_datasource.options import Connection
from pi_datasource.webapi.auth.anonymous import AnonymousAuth
from pi_datasource.webapi.auth.base import Auth
from pi_datasource.webapi.auth.basic import BasicAuth
from pi_datasource.webapi.auth.bearer import BearerAuth, ProvidedAuth
from pi_datasource.webapi.auth.kerberos import KerberosAuth
from pi_datasource.webapi.auth.ntlm import NtlmAuth
from pi_datasource.webapi.auth.oauth import OAuthAuth

__all__ = [
    "AnonymousAuth",
    "Auth",
    "BasicAuth",
    "BearerAuth",
    "KerberosAuth",
    "NtlmAuth",
    "OAuthAuth",
    "ProvidedAuth",
    "auth_for",
]


def auth_for(connection: Connection) -> Auth:
    """The auth object for a connection's `auth` option.

    Raises:
        PIOptionError: options are missing, or a library that the scheme needs.
    """
    username, password = connection.username, connection.password
    if username is not None and password is not None and connection.auth in ("basic", "ntlm"):
        return (BasicAuth if connection.auth == "basic" else NtlmAuth)(username, password)
    if connection.auth == "bearer" and connection.token is not None:
        return BearerAuth(connection.token)
    if connection.auth == "bearer" and connection.token_provider is not None:
        return ProvidedAuth(connection.token_provider)
    if connection.auth == "oauth" and connection.credentials is not None:
        return OAuthAuth(connection)
    if connection.auth == "kerberos" and connection.tickets is not None:
        return KerberosAuth(connection.tickets)
    if connection.auth == "anonymous":
        return AnonymousAuth()
    raise PIOptionError(f"option auth: {connection.auth!r} cannot be used with the login options given")
