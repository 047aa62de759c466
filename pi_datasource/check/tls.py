"""TLS: whose certificate it is, who vouches for it, until when, and whether we trust it as the reader would."""

from __future__ import annotations

import contextlib
import os
import ssl
import time
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from pi_datasource.check.certificate import Certificate, sent_by
from pi_datasource.check.finding import Finding, failed, good, warning
from pi_datasource.check.network import connected, not_through
from pi_datasource.check.site import Site
from pi_datasource.errors import PIOptionError
from pi_datasource.options.connection import CONNECTION_OPTIONS
from pi_datasource.webapi.transport import load_certificate

__all__ = ["certificate", "client_certificate_wanted", "speaks_tls"]

#: Days before the end of a certificate at which it is worth a word.
SOON = 30

# OpenSSL's reasons why a certificate is not accepted (x509_vfy.h).
NOT_YET_VALID, EXPIRED = 9, 10
SELF_SIGNED, SELF_SIGNED_IN_CHAIN = 18, 19
OTHER_HOST, OTHER_ADDRESS = 62, 64


def certificate(site: Site) -> Finding:
    """Shake hands twice: once to see what the server sends, once to judge it as the reader does."""
    if not site.is_tls:
        return _plain(site)
    found = not_through(site)
    if found is not None:
        return found
    context, problem = _context(site)
    if problem is not None:
        return problem
    try:
        sent, version = _handshake(site, _blind(site))
    except OSError as error:
        return _no_handshake(site, error)
    details = _details(sent, version, site.now())
    if not site.connection.verify:
        return warning(
            f"{_described(sent, site.now())}; not checked, as verify=false says",
            "anybody on the way can read and change everything: give the authority's certificate with --ca-bundle FILE "
            "(option caBundle) instead of verify=false",
            *_chain(sent), **details, verified=False,
        )  # fmt: skip
    try:
        _handshake(site, context)
    except ssl.SSLCertVerificationError as error:
        return _untrusted(site, sent, error, {**details, "verified": False})
    except OSError as error:
        return _no_handshake(site, error)
    details["verified"] = True
    said = f"{_described(sent, site.now())}, {version}"
    if sent and sent[0].days_left(site.now()) < SOON:
        return warning(said, "the PI administrators have to renew it before it ends", *_chain(sent), **details)
    return good(said, *_chain(sent), **details)


def _plain(site: Site) -> Finding:
    details = {"version": None, "verified": None}
    if site.host in ("localhost", "::1") or site.host.startswith("127."):
        return good("none: http on this machine itself", **details)
    return warning(
        "none: everything travels in clear over http, the login as well",
        "reach PI Web API by https:// if it is there at all (it is by default)",
        **details,
    )


def _blind(site: Site) -> ssl.SSLContext:
    """Accepts any certificate; nothing but the handshake is ever sent through it."""
    context: ssl.SSLContext = create_urllib3_context(cert_reqs=ssl.CERT_NONE)
    context.check_hostname = False
    return _with_own(site, context)


def _with_own(site: Site, context: ssl.SSLContext) -> ssl.SSLContext:
    """Shows the client certificate of the options. Files that cannot be used are named where the login is tried."""
    own = site.connection
    if own.client_certificate is not None:
        with contextlib.suppress(PIOptionError):
            load_certificate(context, own.client_certificate, own.client_key, own.client_key_password)
    return context


def _context(site: Site) -> tuple[ssl.SSLContext, Finding | None]:
    """A context that judges as `requests` does, or why there is none."""
    context: ssl.SSLContext = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED)
    context.check_hostname = True
    bundle = site.connection.ca_bundle
    path = bundle or DEFAULT_CA_BUNDLE_PATH
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else None
        why = why or "it holds no certificate in PEM form"
        return context, failed(
            f"option caBundle: the file {path!r} cannot be used: {why}",
            "give the path of a PEM file (-----BEGIN CERTIFICATE-----) that is on this machine and on every machine "
            "of the cluster. A Windows .cer file in DER form becomes one by: openssl x509 -inform der -in ca.cer "
            "-out ca.pem",
            ca_bundle=path, verified=False,
        )  # fmt: skip
    return _with_own(site, context), None


def _handshake(site: Site, context: ssl.SSLContext) -> tuple[list[Certificate], str]:
    """The certificates that the server sends, and the version of TLS."""
    with connected(site) as plain, context.wrap_socket(plain, server_hostname=site.host) as tls:
        return sent_by(tls), tls.version() or ""


def speaks_tls(site: Site) -> bool:
    """Whether a server that was asked by http speaks TLS at this port."""
    try:
        _handshake(site, _blind(site))
    except OSError:
        return False
    return True


def client_certificate_wanted() -> str:
    """What to do where a server asks for a certificate of ours, as far as this version can."""
    named = "clientCertificate" in {option.name for option in CONNECTION_OPTIONS if not option.planned}
    how = "give --client-certificate FILE and --client-key FILE" if named else "which this version cannot show yet"
    return f"the server most likely wants a client certificate: {how}"


def _described(sent: list[Certificate], now: float) -> str:
    if not sent:
        return "TLS works"
    mine = sent[0]
    issuer = "by itself" if mine.is_its_own_issuer else f"by {mine.issuer}"
    return f"for {mine.subject}, issued {issuer}, valid until {_day(mine.ends)} ({_days(mine.days_left(now))})"


def _days(number: int) -> str:
    if number < 0:
        return f"over since {-number} {'day' if number == -1 else 'days'}"
    return f"{number:,} {'day' if number == 1 else 'days'} left"


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _chain(sent: list[Certificate]) -> tuple[str, ...]:
    """The chain in a line, where there is more than one."""
    if len(sent) < 2:
        return ()
    return ("chain: " + " ← ".join([*(one.subject for one in sent), *_root(sent)]),)


def _root(sent: list[Certificate]) -> list[str]:
    return [] if sent[-1].is_its_own_issuer else [f"{sent[-1].issuer} (not sent, as usual)"]


def _details(sent: list[Certificate], version: str, now: float) -> dict[str, Any]:
    details: dict[str, Any] = {"version": version}
    if sent:
        mine = sent[0]
        details |= {
            "subject": mine.subject,
            "issuer": mine.issuer,
            "names": list(mine.names),
            "valid_until": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(mine.ends)),
            "days_left": mine.days_left(now),
            "chain": [one.subject for one in sent],
        }
    return details


def _no_handshake(site: Site, error: OSError) -> Finding:
    text = str(error)
    if "WRONG_VERSION_NUMBER" in text or "record layer failure" in text or "HTTP_REQUEST" in text:
        return failed(
            f"port {site.port} does not speak TLS: it answers in clear",
            f"if PI Web API is reached without TLS there, begin --url with http:// (http://{site.address.netloc}"
            f"{site.address.path}); if not, the port in --url is wrong",
            verified=False,
        )
    if "Tunnel connection failed" in text:
        return failed(
            f"the proxy lets nobody through to {site.host} port {site.port}: {text}",
            "let it through in the proxy, or go past it: add the host to the environment variable NO_PROXY",
            verified=False,
        )
    if isinstance(error, TimeoutError):
        said = f"the server took the connection and said nothing within {site.connect_seconds:g} s"
        return failed(said, "is the port in --url that of a web server? If so, it hangs: ask for its restart")
    if any(word in text for word in ("PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS")):
        return failed(
            f"no version of TLS in common: {text}",
            "the server is too old, or set to TLS 1.0 or 1.1: ask for TLS 1.2 on it",
            verified=False,
        )
    if "HANDSHAKE_FAILURE" in text or "CERTIFICATE_REQUIRED" in text:
        return failed(
            f"the server refuses the handshake: {text}",
            f"{client_certificate_wanted()}, or it has no cipher in common with this machine; its own log tells",
            verified=False,
        )
    return failed(
        f"the handshake broke: {text}",
        "a firewall or TLS inspection on the way cuts it, or the server wants a client certificate",
        verified=False,
    )


def _untrusted(site: Site, sent: list[Certificate], error: ssl.SSLCertVerificationError, details: Any) -> Finding:
    code, why = error.verify_code, error.verify_message.rstrip(".")
    described = _described(sent, site.now())
    if code == EXPIRED:
        ended = next((one for one in sent if one.ends < site.now()), None)
        said = f"the certificate of {ended.subject} ended on {_day(ended.ends)}" if ended else f"not trusted: {why}"
        remedy = "the PI administrators have to renew it"
        if ended is None:
            remedy += "; is the date of this machine right?"
        return failed(f"{said} ({described})" if ended and ended is not sent[0] else said, remedy, **details)
    if code == NOT_YET_VALID:
        begins = f" begins on {_day(sent[0].begins)}" if sent else " is not valid yet"
        return failed(f"the certificate{begins}", "is the date of this machine right?", **details)
    if code in (OTHER_HOST, OTHER_ADDRESS):
        names = ", ".join(sent[0].names or [sent[0].subject]) if sent else "another name"
        return failed(
            f"the certificate is for {names}, not for {site.host}",
            f"put a name that the certificate has into --url ({names}), or ask for a certificate that names "
            f"{site.host}, too",
            **details,
        )
    return _unknown_authority(site, sent, why, described, details)


def _unknown_authority(site: Site, sent: list[Certificate], why: str, described: str, details: Any) -> Finding:
    last = sent[-1] if sent else None
    authority = f"the authority {last.issuer!r}" if last else "its authority"
    if last is not None and last.is_its_own_issuer and len(sent) == 1:
        authority = "the certificate itself (it is self-signed)"
    if site.connection.ca_bundle:
        remedy = f"the file {site.connection.ca_bundle} (option caBundle) does not hold {authority}: add it there"
    else:
        remedy = (
            f"get {authority} as a PEM file from your IT and give it: --ca-bundle FILE (option caBundle); the file "
            "must be on every machine of the cluster"
        )
    if last is not None and len(sent) == 1 and not last.is_its_own_issuer:
        remedy += (
            ". The server sends no intermediate certificates: if that is an intermediate authority, the server should"
        )
    return failed(f"not trusted ({why}): {described}", remedy, *_chain(sent), **details)
