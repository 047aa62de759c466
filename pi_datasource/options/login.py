"""Who reads: the options of each login scheme, and which of them belong together."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pi_datasource.options.declare import Given, Option, grouped
from pi_datasource.options.secrets import Secret

#: Scheme → the options it takes; those it needs are in `NEEDED`.
TAKEN: dict[str, tuple[str, ...]] = {
    "anonymous": (),
    "basic": ("username", "password"),
    "ntlm": ("username", "password"),
    "bearer": ("token",),
    "oauth": ("tokenUrl", "clientId", "clientSecret", "clientAuth", "scope", "resource", "audience"),
    "kerberos": ("principal", "keytab", "ticketCache", "serviceName", "serviceHost"),
}
NEEDED: dict[str, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "ntlm": ("username", "password"),
    "bearer": ("token",),
    "oauth": ("tokenUrl", "clientId", "clientSecret"),
}
#: Schemes that options imply when `auth` is not given.
IMPLIED = ("basic", "bearer", "oauth", "kerberos")
#: Schemes that hand over something with which others could log in.
SENDING_SECRETS = frozenset({"basic", "bearer", "oauth", "ntlm"})

LOGIN_OPTIONS = grouped(
    "Server and login",
    Option(
        "auth", "choice", None, "Login: anonymous, basic, bearer, kerberos, ntlm or oauth; else as the options imply.",
        choices=("anonymous", "basic", "bearer", "kerberos", "ntlm", "oauth"),
    ),
    Option("username", "text", None, r"Account for auth=basic or ntlm, such as DOMAIN\name."),
    Option("password", "secret", None, "Its password.", secret=True),
    Option("token", "secret", None, "Token for auth=bearer.", secret=True),
    Option("tokenUrl", "text", None, "Address that hands out tokens (OAuth client credentials), for auth=oauth."),
    Option("clientId", "text", None, "Client (application) known to it."),
    Option("clientSecret", "secret", None, "Its secret.", secret=True),
    Option(
        "clientAuth", "choice", None, "Where the secret is sent: body (default), or header as HTTP Basic.",
        choices=("body", "header"),
    ),
    Option("scope", "text", None, "Scope to ask for, such as api://pi/.default or system."),
    Option("resource", "text", None, "Resource to ask for (RFC 8707), where the provider wants one."),
    Option("audience", "text", None, "Audience to ask for, where the provider wants one."),
    Option("principal", "text", None, "Account for auth=kerberos, such as reader@EXAMPLE.COM."),
    Option("keytab", "path", None, "Its keytab, on every machine; without one a ticket cache is used."),
    Option("ticketCache", "text", None, "Ticket cache (kinit) for auth=kerberos; by default KRB5CCNAME."),
    Option("serviceName", "text", None, "First part of the server's principal; HTTP by default."),
    Option("serviceHost", "text", None, "Its second part, where it is not the host of url."),
)  # fmt: skip

_LOGIN_NAMES = {option.name for option in LOGIN_OPTIONS} - {"auth"}


class TokenProvider:
    """A function of the user that hands out tokens; travels with the reader.

    Args:
        function: gives a token, or a token and the seconds for which it is good.
    """

    def __init__(self, function: Callable[[], str | tuple[str, float]]) -> None:
        self.function = function
        # Each task unpickles a copy; the tasks of a process share what it handed out.
        self._identity = uuid.uuid4().hex

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TokenProvider) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __repr__(self) -> str:
        return f"<token provider {getattr(self.function, '__qualname__', type(self.function).__qualname__)}>"


@dataclass(frozen=True)
class ClientCredentials:
    """What it takes to get tokens by OAuth's client credentials grant (RFC 6749, 4.4).

    Attributes:
        in_header: the secret is sent as HTTP Basic rather than in the body.
    """

    token_url: str
    client_id: str
    client_secret: Secret
    in_header: bool = False
    scope: str | None = None
    resource: str | None = None
    audience: str | None = None


@dataclass(frozen=True)
class Tickets:
    """Where Kerberos tickets come from, and whom they are for.

    Attributes:
        service, host: the two parts of the server's principal; no host means that of the url.
    """

    principal: str | None = None
    keytab: str | None = None
    ticket_cache: str | None = None
    service: str = "HTTP"
    host: str | None = None


def natural_auth(values: Mapping[str, Any], has_provider: bool) -> str:
    """The scheme that the options given imply."""
    for scheme in IMPLIED:
        if any(values[name] is not None for name in TAKEN[scheme]):
            return scheme
    return "bearer" if has_provider else "anonymous"


def login_problems(auth: str, values: Mapping[str, Any], has_provider: bool) -> list[str]:
    """What the scheme lacks, and what it has no use for."""
    problems = []
    needed = () if auth == "bearer" and has_provider else NEEDED.get(auth, ())
    missing = [name for name in needed if values[name] is None]
    if missing:
        problems.append(f"auth={auth} needs {' and '.join(needed)}, and {' and '.join(missing)} is missing")
    surplus = [name for name in values if name in _LOGIN_NAMES - set(TAKEN[auth]) and values[name] is not None]
    if surplus:
        problems.append(f"auth={auth} takes no {' and no '.join(surplus)}")
    if values["keytab"] is not None and values["principal"] is None:
        problems.append("keytab may hold several accounts: principal says which, and is missing")
    if values["keytab"] is not None and values["ticketCache"] is not None:
        problems.append("keytab gets tickets of its own, and ticketCache says where to find some")
    return problems


def client_credentials(auth: str, values: Mapping[str, Any]) -> ClientCredentials | None:
    """The client credentials, for auth=oauth."""
    if auth != "oauth":
        return None
    return ClientCredentials(
        token_url=values["tokenUrl"],
        client_id=values["clientId"],
        client_secret=values["clientSecret"],
        in_header=values["clientAuth"] == "header",
        scope=values["scope"],
        resource=values["resource"],
        audience=values["audience"],
    )


def tickets(auth: str, values: Mapping[str, Any]) -> Tickets | None:
    """Where tickets come from, for auth=kerberos."""
    if auth != "kerberos":
        return None
    return Tickets(
        principal=values["principal"],
        keytab=values["keytab"],
        ticket_cache=values["ticketCache"],
        service=values["serviceName"] or "HTTP",
        host=values["serviceHost"],
    )


def overruled_logins(given: Mapping[str, Given]) -> set[str]:
    """Options from the environment that lose, because an option of the reader says otherwise.

    An environment that holds a login for everybody must not stand in the way of a reader that brings its own.
    """
    own = {name for name, found in given.items() if not found.variable and name in _LOGIN_NAMES}
    scheme = _scheme(given, own)
    if scheme is None:
        return set()
    lost = _LOGIN_NAMES - set(TAKEN[scheme])
    if own and _word(given.get("auth")) != scheme:
        lost.add("auth")
    return {name for name in lost if name in given and given[name].variable}


def _scheme(given: Mapping[str, Given], own: set[str]) -> str | None:
    """The scheme that the reader's own options call for; None when they leave it open."""
    auth = given.get("auth")
    word = _word(auth)
    if auth is not None and not auth.variable:
        return word if word in TAKEN else None
    if word in TAKEN and own and own <= set(TAKEN[word]):
        return word
    fitting = [scheme for scheme in IMPLIED if own & set(TAKEN[scheme])]
    return fitting[0] if len(fitting) == 1 else None


def _word(given: Given | None) -> str:
    return given.text.strip().lower() if given is not None else ""
