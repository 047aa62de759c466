"""The login: what was tried, what the server said to it, and whom it takes us for."""

from __future__ import annotations

import time
from dataclasses import replace

from pi_datasource.check.address import SYSTEM, is_pi, offers, stranger_or_broken, take_date
from pi_datasource.check.challenges import ANSWERS, expiry_of, ways_in
from pi_datasource.check.finding import Finding, failed, good, warning
from pi_datasource.check.site import Site
from pi_datasource.errors import PIError, PIRequestError, PITimeoutError
from pi_datasource.resolve import system
from pi_datasource.webapi.answers import words_of
from pi_datasource.webapi.client import Look

__all__ = ["login", "tried"]


def login(site: Site) -> Finding:
    """Ask the same with the login, and then who we are."""
    if site.connection.auth == "anonymous":
        site.look = site.open_look
    else:
        try:
            site.look = site.client.look(SYSTEM, "login")
        except PIError as error:
            return _not_sent(site, error)
        take_date(site, site.look)
    assert site.look is not None
    # After a failed handshake the server may not repeat what it offers.
    offered = offers(site.look) or (offers(site.open_look) if site.open_look is not None else [])
    details = {"auth": site.connection.auth, "username": site.connection.username, "status": site.look.status}
    finding = _judged(site, site.look, offered)
    return replace(finding, details={**details, "offered": offered, **finding.details})


def tried(site: Site) -> str:
    """What was tried, in words; never with a secret."""
    name = f" as {site.connection.username}" if site.connection.username else ""
    return f"auth={site.connection.auth}{name}"


def _not_sent(site: Site, error: PIError) -> Finding:
    """The login could not even be prepared or sent: the scheme itself says why."""
    first, _, rest = str(error).partition("\ngave up on")[0].partition("\n")
    if isinstance(error, PITimeoutError):
        rest = "the login hangs: is the server that PI Web API asks (domain controller, identity provider) reachable?"
    return failed(
        f"{tried(site)}: {' '.join(first.split())}",
        " ".join(rest.split()) or "mend the login options of --auth, or what they need on this machine",
        auth=site.connection.auth, username=site.connection.username,
    )  # fmt: skip


def _judged(site: Site, look: Look, offered: list[str]) -> Finding:
    if look.status == 401:
        return _denied(site, look, offered)
    if look.status == 403:
        said = words_of(look.body)[:200]
        return failed(
            f"{tried(site)}: known, but not allowed (403{': ' + said if said else ''})",
            "the login is right and lacks the right to use PI Web API: ask the PI administrator to let this account in "
            "(or who runs the gateway in front)",
        )
    problem = stranger_or_broken(site, look)
    if problem is not None:
        return replace(problem, said=f"after the login {problem.said}")
    return _let_in(site)


def _let_in(site: Site) -> Finding:
    name, kind = _identity(site)
    as_whom = f"; the server takes us for {name}" + (f" ({kind})" if kind else "") if name else ""
    details = {"identity": name, "identity_type": kind}
    if site.connection.auth != "anonymous" and site.open_look is not None and is_pi(site.open_look.body):
        return warning(
            f"{tried(site)} was not looked at: the server lets in without it{as_whom}",
            "Anonymous is among the AuthenticationMethods of PI Web API, which makes it ignore every login and read as "
            "its service account: ask the PI administrator whether that is meant; else use --auth anonymous",
            **details,
        )
    return good(f"{tried(site)} is accepted{as_whom}", **details)


def _identity(site: Site) -> tuple[str | None, str | None]:
    try:
        user = system.user(site.client)
    except PIRequestError:
        return None, None
    return user.Name, user.IdentityType


def _denied(site: Site, look: Look, offered: list[str]) -> Finding:
    said = words_of(look.body)[:200]
    offer = f"it offers {', '.join(offered)}" if offered else "it offers no way in"
    return failed(
        f"{tried(site)} is not accepted (401{': ' + said if said else ''}); {offer}", _way_in(site, look, offered)
    )


def _way_in(site: Site, look: Look, offered: list[str]) -> str:
    """What to do after a 401: another scheme where ours is not on offer, else a better login."""
    auth = site.connection.auth
    fits = any(auth in ANSWERS.get(scheme.lower(), ()) for scheme in offered)
    if not fits and offered:
        known, coming = ways_in(offered)
        if known:
            needs = {"basic": " --username 'DOMAIN\\name' --password env:NAME", "bearer": " --token env:NAME"}
            ways = " or ".join(f"--auth {word}{needs.get(word, '')}" for word in known)
            return f"log in with {ways}"
        if coming:
            return (
                f"this version cannot log in that way yet ({', '.join(coming)}); ask the PI administrator to add "
                "Basic or Bearer to the AuthenticationMethods of PI Web API"
            )
        return "this package knows none of these ways in; ask the PI administrator for Basic, Kerberos or Bearer"
    if auth == "basic":
        return (
            r"wrong user name or password, or an account that is locked or expired: PI Web API wants DOMAIN\name or "
            "name@domain; try the same in a browser"
        )
    if auth == "bearer":
        return _about_token(site)
    if auth == "anonymous":
        return "give a login: --auth, and what it needs"
    return f"the server knows this way in and refused this login: check the options of --auth {auth}"


def _about_token(site: Site) -> str:
    token = site.connection.token
    ends = expiry_of(token.reveal()) if token is not None else None
    if ends is not None and ends <= site.now():
        ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
        return f"the token ended at {ended}: get a fresh one, or keep it in a file that is renewed (--token @/path)"
    return (
        "the token is wrong, over, or made for another audience than PI Web API: get a fresh one from the identity "
        "provider that PI Web API is set to (its BearerIssuer)"
    )
