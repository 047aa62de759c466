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
from pi_datasource.webapi.auth.bearer import BearerAuth

__all__ = ["AnonymousAuth", "Auth", "BasicAuth", "BearerAuth", "auth_for"]


def auth_for(connection: Connection) -> Auth:
    """The auth object for a connection's `auth` option.

    Raises:
        PIOptionError: the scheme is not one of this version.
    """
    if connection.auth == "basic" and connection.username is not None and connection.password is not None:
        return BasicAuth(connection.username, connection.password)
    if connection.auth == "bearer" and connection.token is not None:
        return BearerAuth(connection.token)
    if connection.auth == "anonymous":
        return AnonymousAuth()
    raise PIOptionError(f"option auth: {connection.auth!r} cannot be used with the login options given")
