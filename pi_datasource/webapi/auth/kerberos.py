"""Kerberos through HTTP Negotiate (RFC 4559), on nothing but the package `gssapi`.

Of its own rather than `requests-kerberos`, which keeps its contexts by host name: shared by threads it mixes them up
and can crash the process; kept to one thread it still sends a token only when a request has been refused (two round
trips a request), strips the body and `Retry-After` of error answers, and with a keytab asks the KDC anew for every
request. Here each request has a context of its own. Its credentials are taken anew as well, which is cheap, as the
ticket cache answers, and is what makes libkrb5 renew tickets from the keytab: credentials that are kept go stale with
their ticket.

Tickets are not delegated: PI Web API acts for its users by constrained delegation, which is set up on its side.
"""

from __future__ import annotations

import base64
import importlib
import itertools
import os
import re
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests

from pi_datasource.errors import PIConnectionError, PILoginError, PIOptionError, PIRequestError
from pi_datasource.options.login import Tickets
from pi_datasource.webapi.auth.base import Auth, on_answer
from pi_datasource.webapi.auth.bindings import channel_binding, peer_certificate
from pi_datasource.webapi.auth.keytab import principals_in

__all__ = ["KerberosAuth"]

#: The mechanism that speaks of mechanisms, as Windows expects it; and Kerberos itself.
SPNEGO, KERBEROS = "1.3.6.1.5.5.2", "1.2.840.113554.1.2.2"
ANSWER = re.compile(r"\bNegotiate\s+([A-Za-z0-9+/=]+)", re.IGNORECASE)
#: Seconds by which two clocks may differ before Kerberos refuses tickets.
CLOCK_SKEW = 290.0
#: Seconds between two times that tickets are thrown away because the server refuses them.
FRESH_TICKETS = 60.0

INSTALL = """auth=kerberos needs the package gssapi and MIT Kerberos, and {missing}. On every machine that Spark uses:
  Debian, Ubuntu   apt-get install -y libkrb5-dev gcc python3-dev && pip install 'pi-datasource[kerberos]'
  RHEL, Fedora     dnf install -y krb5-devel gcc python3-devel && pip install 'pi-datasource[kerberos]'
  Databricks       the Debian line as an init script of the cluster"""

#: What libkrb5 says → what it means. The first that fits counts; {…} is filled in.
MEANINGS = (
    (r"Client '?.*'? not found in Kerberos database", "the KDC knows no account {principal!r} (option principal)"),
    (
        r"Server '?.*'? not found in Kerberos database",
        "the KDC knows no service {spn!r}: give the server's account this service principal name (setspn), or say with "
        "options serviceHost and serviceName which one it has; behind an alias or load balancer serviceHost is needed",
    ),
    (
        r"Clock skew too great|Client's entry in database.*not yet valid",
        "the clock of this machine, of the KDC or of the server is wrong by more than Kerberos allows (5 minutes)",
    ),
    (
        r"Preauthentication failed|Decrypt integrity check failed|Password incorrect|does not match",
        "the key is wrong: the keytab {keytab!r} is older than the password of {principal!r}; make it again",
    ),
    (r"credentials have been revoked", "the account {principal!r} is disabled or locked"),
    (
        r"password has expired|Client's entry in database has expired",
        "the account {principal!r} or its password expired",
    ),
    (
        r"Ticket expired|credentials? (have )?expired",
        "the ticket has ended and nothing renews it: run kinit again, or give keytab and principal",
    ),
    (
        r"No Kerberos credentials available|No credentials cache found|Can't find client principal|No credentials were "
        r"supplied|Credentials cache .*not found|Matching credential not found",
        "there is no ticket for this process{cache}: give options keytab and principal, or run kinit as the user that "
        "Spark's workers run as, on every machine",
    ),
    (
        r"Cannot find KDC|Cannot determine realm|Configuration file",
        "the KDC of the realm is not known here: name it in /etc/krb5.conf (or KRB5_CONFIG) on every machine",
    ),
    (r"encryption type|etype", "the keytab and the KDC have no kind of encryption in common; make the keytab with AES"),
)
#: A server that refuses a ticket seldom says why.
UNSAID = (
    "the server refuses the Kerberos ticket and does not say why: maybe its service principal name belongs to another "
    "account than the one it runs as (or to two), its password changed, or it does not take Negotiate"
)
UNREACHABLE = re.compile(r"Cannot contact any KDC|Cannot resolve network address for KDC|Connection refused|timed out")

_refreshed: dict[tuple[int, Tickets], tuple[int, float]] = {}
_lock = threading.Lock()
_numbers = itertools.count()


class KerberosAuth(Auth):
    """Sends a fresh Kerberos token with each request, and checks that the server proves itself in its answer.

    Args:
        tickets: where they come from.
        clock: seconds on a clock that only goes forwards.

    Raises:
        PIOptionError: the keytab cannot be read, or the libraries are missing.
    """

    scheme = "kerberos"
    #: Plainly, with channel bindings, with fresh tickets.
    tries = 3

    def __init__(self, tickets: Tickets, clock: Callable[[], float] = time.monotonic) -> None:
        self._tickets = tickets
        self._clock = clock
        self._gssapi = _library()
        self._certificate: bytes | None = None
        self._is_bound = False
        self._why = ""
        self._sent = ""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Adds the `Authorization` header."""
        host = self._tickets.host or urlsplit(request.url or "").hostname or ""
        context, token = self._first_step(host)
        self._why = ""
        self._sent = base64.b64encode(token).decode("ascii")
        request.headers["Authorization"] = f"Negotiate {self._sent}"
        on_answer(request, partial(self._look_at, context))
        return request

    def renew(self) -> bool:
        """Tries once with channel bindings, and once with fresh tickets."""
        if self._certificate is not None and not self._is_bound:
            self._is_bound = True
            return True
        return self._tickets.keytab is not None and _throw_away(self._tickets, self._clock())

    def explain(self) -> str:
        """Why the server did not take the ticket, if it said so."""
        return self._why or UNSAID

    def secrets(self) -> list[str]:
        """The last token."""
        return [self._sent]

    def _first_step(self, host: str) -> tuple[Any, bytes]:
        spn = f"{self._tickets.service}@{host}"
        gssapi = self._gssapi
        _check_keytab(self._tickets.keytab)
        try:
            context = self._context(spn, SPNEGO, _cache(self._tickets))
            return context, context.step()
        except gssapi.exceptions.GSSError as error:
            raise self._meaning(error, spn) from None

    def _context(self, spn: str, mechanism: str, cache: str | None) -> Any:
        gssapi, tickets = self._gssapi, self._tickets
        store = {"ccache": cache} if cache else {}
        if tickets.keytab:
            store["client_keytab"] = tickets.keytab
        name = gssapi.Name(tickets.principal, gssapi.NameType.kerberos_principal) if tickets.principal else None
        bindings = None
        if self._is_bound and self._certificate is not None:
            bindings = gssapi.raw.ChannelBindings(application_data=channel_binding(self._certificate))
        return gssapi.SecurityContext(
            usage="initiate",
            name=gssapi.Name(spn, gssapi.NameType.hostbased_service),
            creds=gssapi.Credentials(usage="initiate", name=name, store=store or None),
            flags=[gssapi.RequirementFlag.mutual_authentication],
            mech=gssapi.OID.from_int_seq(mechanism),
            channel_bindings=bindings,
        )

    def _meaning(self, error: Exception, spn: str) -> PIRequestError:
        """What a failure means. Through a cache libkrb5 tells half of it, so the question is put again without one."""
        words = _words(error)
        if self._tickets.keytab:
            try:
                self._context(spn, KERBEROS, f"MEMORY:osipi-why-{os.getpid()}-{next(_numbers)}").step()
            except self._gssapi.exceptions.GSSError as plain:
                words = _words(plain)
            if stranger := _stranger(self._tickets, words):
                return PILoginError(f"login by Kerberos: {stranger} ({words})")
        return _named(words, self._tickets, spn)

    def _look_at(self, context: Any, response: requests.Response, **_: Any) -> None:
        """Keeps what a refusal says, and refuses an answer of a server that cannot prove who it is."""
        self._certificate = peer_certificate(response) or self._certificate
        if response.status_code == 401:
            self._why = _clocks(response.headers.get("Date", ""))
        found = ANSWER.search(response.headers.get("WWW-Authenticate", ""))
        try:
            if found and not context.complete:
                context.step(base64.b64decode(found.group(1)))
        except self._gssapi.exceptions.GSSError as error:
            self._why = _words(error)
            if response.status_code < 400:
                raise PILoginError(f"the server does not prove that it is the one asked for: {self._why}") from None
            self._why = _reason(self._why, self._tickets, "") or f"the server refuses the ticket: {self._why}"
            return
        # Behind TLS its certificate has proved it; some servers and gateways leave the token out.
        if response.status_code < 300 and not context.complete and not (response.url or "").startswith("https:"):
            raise PILoginError(
                "the server does not prove that it is the one asked for: its answer has no Kerberos token, and over "
                "plain http nothing else does; accepted is https"
            )


def _clocks(date: str) -> str:
    """What the time in a refusal tells, when clocks differ by more than Kerberos allows."""
    try:
        ahead = parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        return ""
    if abs(ahead) < CLOCK_SKEW:
        return ""
    return (
        f"the server's clock is {abs(ahead):,.0f} s {'ahead of' if ahead > 0 else 'behind'} that of this machine, and "
        "Kerberos allows 300 s: set the one that is wrong"
    )


def _library() -> Any:
    try:
        return importlib.import_module("gssapi")
    except Exception as error:
        raise PIOptionError(INSTALL.format(missing=f"here: {error}")) from None


def _check_keytab(keytab: str | None) -> None:
    # libkrb5 would say "No credentials cache found".
    if keytab and not os.access(keytab, os.R_OK):
        why = "may not be read by this user" if os.path.exists(keytab) else "is not here"
        raise PIOptionError(f"option keytab: the file {keytab!r} {why}; it must be on every machine that Spark uses")


def _stranger(tickets: Tickets, words: str) -> str:
    """Whether the keytab is no keytab, or one of others."""
    if not tickets.keytab or not re.search(
        r"No credentials cache found|No .*available|No suitable keys|not found", words
    ):
        return ""
    held = principals_in(tickets.keytab)
    if held is None:
        return f"option keytab: the file {tickets.keytab!r} is no keytab"
    names = {name for one in held for name in (one, one.partition("@")[0])}
    if tickets.principal in names:
        return ""
    return (
        f"the keytab {tickets.keytab!r} has no key of {tickets.principal!r} (option principal); it has those of "
        f"{', '.join(held) or 'nobody'}"
    )


def _cache(tickets: Tickets) -> str | None:
    """Tickets of a keytab stay in the memory of this process, one cache for each account."""
    if not tickets.keytab:
        return tickets.ticket_cache
    with _lock:
        generation, _ = _refreshed.get((os.getpid(), tickets), (0, 0.0))
    return f"MEMORY:osipi-{os.getpid()}-{generation}-{tickets.principal}-{tickets.keytab}"


def _throw_away(tickets: Tickets, now: float) -> bool:
    """A new, empty cache: the server may have got another key since the tickets were made. Once a minute at most."""
    key = (os.getpid(), tickets)
    with _lock:
        generation, when = _refreshed.get(key, (0, float("-inf")))
        if now - when < FRESH_TICKETS:
            return False
        _refreshed[key] = (generation + 1, now)
        return True


def _words(error: Any) -> str:
    """What libkrb5 says, without GSSAPI's words around it."""
    minor = list(error.get_all_statuses(error.min_code, False)) if error.min_code else []
    text = "; ".join(minor) or str(error)
    return text if not text.startswith("Unknown error") else str(error)


def _reason(words: str, tickets: Tickets, spn: str) -> str:
    filled = {
        "principal": tickets.principal or "of the ticket cache",
        "keytab": tickets.keytab or "",
        "spn": spn.replace("@", "/"),
        "cache": f" in {tickets.ticket_cache!r}" if tickets.ticket_cache else "",
    }
    return next((text.format_map(filled) for pattern, text in MEANINGS if re.search(pattern, words)), "")


def _named(words: str, tickets: Tickets, spn: str) -> PIRequestError:
    if UNREACHABLE.search(words):
        return PIConnectionError(
            f"login by Kerberos: no KDC answers ({words}); it must be reachable from every machine that Spark uses "
            "(port 88), and named in /etc/krb5.conf or KRB5_CONFIG"
        )
    reason = _reason(words, tickets, spn)
    return PILoginError(f"login by Kerberos: {reason} ({words})" if reason else f"login by Kerberos: {words}")
