"""HTTP sessions that do what the options say, and nothing that lies about on the machine.

Left alone, `requests` takes certificates from REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE, logins from `.netrc`, follows
redirects and asks for TLS as old as OpenSSL permits. Here only the proxies of the environment count, since no other
way out may exist; and only option `noProxy` says who is asked without them.
"""

from __future__ import annotations

import logging
import os
import ssl
import threading
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

import requests
from requests import utils
from requests.adapters import HTTPAdapter

from pi_datasource.errors import PIOptionError
from pi_datasource.options import Connection, Secret

__all__ = ["Stamp", "load_certificate", "new_session", "proxies_for", "proxy_secrets", "trust_stamp"]

log = logging.getLogger("pi_datasource")

#: (time, size, identity) of each file that a TLS context is made of.
Stamp = tuple[tuple[int, int, int] | None, ...]

#: What tells of proxies, and that a variable named HTTP_PROXY may be somebody else's header.
PROXY_VARIABLES = (
    *(f"{name}_proxy" for name in ("http", "https", "all", "no")),
    *(f"{name}_PROXY" for name in ("HTTP", "HTTPS", "ALL", "NO")),
    "REQUEST_METHOD",
)

_contexts: dict[tuple[Any, ...], tuple[Stamp, ssl.SSLContext]] = {}
_lock = threading.Lock()
_warned: set[str] = set()


class _Adapter(HTTPAdapter):
    """One connection at a time, with the TLS of the options and no other."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Does nothing: the context knows whom to trust, and would be given more authorities here."""


def new_session(connection: Connection, *, with_certificate: bool = True) -> requests.Session:
    """A session without headers of ours, for one thread at a time.

    Args:
        with_certificate: False for hosts other than PI Web API: they get no client certificate.

    Raises:
        PIOptionError: a file of certificates or keys cannot be used.
    """
    http = requests.Session()
    http.trust_env = False
    http.verify = connection.verify
    adapter = _Adapter(_context(connection, with_certificate))
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    if not connection.verify and connection.url.startswith("https://"):
        _warn_once(connection.url)
    return http


def proxies_for(url: str, no_proxy: tuple[str, ...]) -> dict[str, str]:
    """The proxies through which an address is asked: those of the environment, less `noProxy` and NO_PROXY."""
    return dict(_proxies_for(url, no_proxy, tuple(os.environ.get(name) for name in PROXY_VARIABLES)))


@lru_cache(maxsize=8)
def _proxies_for(url: str, no_proxy: tuple[str, ...], _variables: tuple[str | None, ...]) -> dict[str, str]:
    """Kept as long as these variables are what they are: Python goes through all the environment, several times."""
    if "*" in no_proxy or utils.should_bypass_proxies(url, None):
        return {}
    if no_proxy and utils.should_bypass_proxies(url, ",".join(no_proxy)):
        return {}
    return getproxies()


def proxy_secrets(url: str, no_proxy: tuple[str, ...]) -> list[str]:
    """The passwords in the addresses of these proxies: no message may hold them."""
    found = [urlsplit(proxy).password for proxy in proxies_for(url, no_proxy).values() if "@" in proxy]
    return [form for password in found if password for form in (password, unquote(password))]


def trust_stamp(connection: Connection) -> Stamp:
    """Changes when a file of certificates or keys is renewed, so that sessions made before are not used again."""
    files = (connection.ca_bundle, connection.client_certificate, connection.client_key)
    return tuple(_stamp(file) if file else None for file in files)


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return None
    return (state.st_mtime_ns, state.st_size, state.st_ino)


def _context(connection: Connection, with_certificate: bool) -> ssl.SSLContext:
    """The TLS context for these options; made once a process, and again when a file changes."""
    certificate = connection.client_certificate if with_certificate else None
    key = (connection.ca_bundle, connection.verify, certificate, connection.client_key, connection.client_key_password)
    stamp = trust_stamp(connection)
    with _lock:
        if key in _contexts and _contexts[key][0] == stamp:
            return _contexts[key][1]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A bundle may hold no more than the authority that signs, without the one above it.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if connection.verify:
        _load_authorities(context, connection.ca_bundle)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        load_certificate(context, certificate, connection.client_key, connection.client_key_password)
    with _lock:
        _contexts[key] = (stamp, context)
    return context


def _load_authorities(context: ssl.SSLContext, bundle: str | None) -> None:
    path = bundle or utils.DEFAULT_CA_BUNDLE_PATH
    try:
        context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
    except ssl.SSLError:
        raise PIOptionError(f"option caBundle: the file {path!r} holds no certificate; accepted is PEM") from None
    except (OSError, ValueError) as error:
        raise _unreadable("caBundle", path, error) from None


def load_certificate(context: ssl.SSLContext, certificate: str, key: str | None, password: Secret | None) -> None:
    """Shows this certificate to servers that ask for one.

    Raises:
        PIOptionError: a file that cannot be read or used, or a wrong password, by option.
    """
    for name, path in (("clientCertificate", certificate), ("clientKey", key)):
        try:
            if path is not None:
                open(path, "rb").close()
        except (OSError, ValueError) as error:
            raise _unreadable(name, path or "", error) from None
    holder = f"clientKey: the file {key!r}" if key else f"clientCertificate: the file {certificate!r}"
    try:
        # Without a password OpenSSL would ask for one at the terminal. The empty one is always wrong.
        context.load_cert_chain(certificate, key, password.reveal() if password else lambda: b"")
    except ssl.SSLError as error:
        if "KEY_VALUES_MISMATCH" in str(error):
            raise PIOptionError(f"option {holder} does not hold the key of clientCertificate {certificate!r}") from None
        if "PEM" in str(error) and _is_encrypted(key or certificate):
            given = "is wrong" if password else "is missing"
            raise PIOptionError(f"option {holder} holds an encrypted key, and clientKeyPassword {given}") from None
        words = error.reason or str(error)
        raise PIOptionError(
            f"option {holder} cannot be used with clientCertificate: {words}; accepted is PEM"
        ) from None
    except ValueError as error:
        raise PIOptionError(f"option clientKeyPassword: {error}") from None


def _is_encrypted(path: str) -> bool:
    with open(path, "rb") as file:
        return b"ENCRYPTED" in file.read(1 << 20)


def _unreadable(name: str, path: str, error: Exception) -> PIOptionError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else "no such path"
    return PIOptionError(
        f"option {name}: the file {path!r} cannot be read here ({why}); it must be on every machine that Spark uses"
    )


def _warn_once(url: str) -> None:
    if url not in _warned:
        _warned.add(url)
        log.warning(
            "verify=false: NOBODY CHECKS THAT %s IS WHO IT SAYS. Whoever sits in between can read the login and change "
            "the values. Give the certificate of your authority with option caBundle instead.",
            url,
        )
