"""What answers at the URL, before any login: PI Web API, or something else."""

from __future__ import annotations

import re
from dataclasses import replace
from email.utils import parsedate_to_datetime

import msgspec

from pi_datasource.check.challenges import offered_schemes
from pi_datasource.check.finding import Finding, failed, good, warning
from pi_datasource.check.site import Site
from pi_datasource.check.tls import client_certificate_wanted, speaks_tls
from pi_datasource.errors import PIError, PIRequestError, PITimeoutError
from pi_datasource.options.connection import DEFAULT_PATH
from pi_datasource.webapi.answers import error_for
from pi_datasource.webapi.client import Client, Look

__all__ = ["SYSTEM", "address", "is_pi", "stranger_or_broken", "take_date", "words"]

#: The route that says what runs there.
SYSTEM = "system"
#: Seconds for so small an answer after which something is wrong.
SLOW = 5.0


def address(site: Site) -> Finding:
    """Ask without a login: 401 with the schemes on offer, or PI Web API's own answer, are as it should be."""
    try:
        look = site.stranger.look(SYSTEM, "first request")
    except PIRequestError as error:
        return _no_answer(site, error)
    site.open_look = look
    take_date(site, look)
    milliseconds = round(1000 * look.seconds)
    details = {"status": look.status, "milliseconds": milliseconds, "offered": offers(look)}
    problem = stranger_or_broken(site, look)
    if problem is not None and _welcomes_us(site):
        return good(f"answers in {milliseconds:,} ms, turns away who has no login ({look.status})", **details)
    if problem is not None:
        return replace(problem, details={**details, **problem.details})
    said = f"answers in {milliseconds:,} ms, {_reception(site, look)}"
    if look.seconds > SLOW:
        return warning(
            said,
            "that is slow for so little: is the server overloaded, or the way to it? Give --timeout (option timeout) "
            "room, and keep requestsPerSecond and concurrency low",
            **details,
        )
    return good(said, **details)


def offers(look: Look) -> list[str]:
    return offered_schemes(look.headers.get("WWW-Authenticate"))


def _reception(site: Site, look: Look) -> str:
    if look.status == 401:
        offered = offers(look)
        return f"wants a login and offers {', '.join(offered)}" if offered else "wants a login and offers no way in"
    if look.status == 403:
        return "lets nobody in without a login (403)"
    # Headers for a gateway go along with every request: without them it might not have let us in.
    return "lets in without a login, with the headers given" if site.connection.headers else "lets anybody in"


def is_pi(body: bytes) -> bool:
    """Whether a body is what PI Web API says of itself."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return False
    return isinstance(said, dict) and "ProductTitle" in said


def take_date(site: Site, look: Look) -> None:
    """Notes the server's clock, if the answer tells it, and ours in the middle of the request."""
    try:
        there = parsedate_to_datetime(look.headers["Date"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return
    # The header is cut to seconds: on average the clock is half a second further.
    site.date = (there + 0.5, site.now() - look.seconds / 2)


def words(error: PIError) -> str:
    """The words of an error, without the tale of its tries: here is only one."""
    text = str(error).partition("\ngave up on")[0]
    return " ".join(text.split())


def _no_answer(site: Site, error: PIRequestError) -> Finding:
    if not site.is_tls and not isinstance(error, PITimeoutError) and speaks_tls(site):
        return _tls_wanted(site)
    if isinstance(error, PITimeoutError):
        return failed(
            f"the server took the connection and gave no answer within {site.connection.timeout:g} s",
            "it hangs or is overloaded: ask the PI administrator for the event log and a restart of PI Web API. Longer "
            "patience: --timeout 60 (option timeout)",
        )
    said = f"no answer: {words(error).removeprefix('first request: ')}"
    if site.is_tls:
        # The handshake went well; with TLS 1.3 a server says only after it what it thinks of our certificate.
        first = str(error).partition("\n")[0].rpartition(": ")[2]
        return failed(
            f"no answer: after a good handshake the server hung up: {first}",
            f"{client_certificate_wanted()}; or a firewall or proxy cuts the connection",
        )
    return failed(
        said,
        "the connection is cut before an answer: by a firewall, by a proxy, or by a server that wants a client "
        "certificate",
    )


def _tls_wanted(site: Site) -> Finding:
    return failed(
        f"port {site.port} speaks TLS, and --url begins with http://",
        f"begin --url with https:// (https://{site.address.netloc}{site.address.path})",
    )


def stranger_or_broken(site: Site, look: Look) -> Finding | None:
    """Why an answer is not one of a working PI Web API; None when it may well be."""
    said = _said(site.stranger, look)
    if 300 <= look.status < 400:
        return _redirected(site, look)
    if look.status == 400 and not site.is_tls and speaks_tls(site):
        return _tls_wanted(site)
    if look.status == 404 or look.status == 405:
        return failed(f"there is no PI Web API at {site.connection.url}: {said}", _other_address(site))
    if look.status == 400 and "SSL certificate" in said:
        return failed(f"the server wants to know who we are before any login: {said}", client_certificate_wanted())
    if look.status == 429:
        return failed(f"the server asks to slow down: {said}", "wait, and set --requests-per-second (a ceiling)")
    if look.status in (502, 504):
        return failed(
            f"a gateway answers, and PI Web API behind it does not: {said}",
            "ask who runs the gateway whether it reaches PI Web API, and the PI administrator whether that runs",
        )
    if look.status >= 500:
        return failed(
            f"the server answers that it is out of order: {said}",
            "the Windows service of PI Web API is stopped, starting or overloaded: ask the PI administrator to look at "
            "it and its event log, and try again",
        )
    if 200 <= look.status < 300 and not is_pi(look.body):
        return failed(f"{_what(look)} comes from {site.connection.url} instead of PI Web API", _other_address(site))
    if look.status not in (200, 401, 403):
        return failed(f"the server refuses the simplest of requests: {said}", _other_address(site))
    return None


def _said(client: Client, look: Look) -> str:
    """Status and words of an answer, in short."""
    error = error_for(look.status, look.body, look.headers, "")
    return words(client.without_secrets(error)).removeprefix(": ")[:200].strip()


def _welcomes_us(site: Site) -> bool:
    """Whether our login gets through where others do not: some gateways send strangers elsewhere."""
    if site.connection.auth == "anonymous":
        return False
    try:
        look = site.client.look(SYSTEM, "second try")
    except PIError:
        return False
    return look.status == 200 and is_pi(look.body)


def _what(look: Look) -> str:
    title = re.search(rb"<title[^>]*>(.*?)</title>", look.body[:20_000], re.IGNORECASE | re.DOTALL)
    if title:
        return f"a web page titled {' '.join(title[1].decode('utf-8', 'replace').split())[:80]!r}"
    is_page = look.body.lstrip()[:1] == b"<" or "html" in look.headers.get("Content-Type", "").lower()
    return "a web page" if is_page else "something else"


def _redirected(site: Site, look: Look) -> Finding:
    target = look.headers.get("Location", "").partition("?")[0] or "somewhere else"
    said = f"redirected ({look.status}) to {target}; redirects are not followed"
    base = site.connection.url
    if target.rstrip("/").lower() == f"https://{site.host}{site.address.path}/{SYSTEM}".lower():
        return failed(said, f"begin --url with https:// ({target.rstrip('/').removesuffix('/' + SYSTEM)})")
    return failed(
        said,
        f"set --url to where PI Web API really is. If that is a login page, the gateway in front of {base} wants a "
        "login of its own: ask for an address past it, or for a header with a key (--headers)",
    )


def _other_address(site: Site) -> str:
    """Where PI Web API is instead, if it is at the usual place."""
    usual = f"{site.address.scheme}://{site.address.netloc}{DEFAULT_PATH}"
    if site.address.path.lower() != DEFAULT_PATH and _answers(site, usual):
        return f"PI Web API is at {usual}: set --url to that"
    return (
        f"is the path in --url right? PI Web API is usually at {usual}; ask the PI administrator for its address, or, "
        "where a gateway or portal is in front, who runs that"
    )


def _answers(site: Site, url: str) -> bool:
    """Whether there is a PI Web API at an address of the same host."""
    other = Client(replace(site.stranger.connection, url=url), rules=site.client.rules)
    try:
        look = other.look(SYSTEM, "second address")
    except PIRequestError:
        return False
    return look.status == 401 or (look.status == 200 and is_pi(look.body))
