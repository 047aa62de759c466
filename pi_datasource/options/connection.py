"""How to reach PI Web API: address, login, TLS, patience and politeness."""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import Given, Option, grouped
from pi_datasource.options.login import (
    LOGIN_OPTIONS,
    SENDING_SECRETS,
    ClientCredentials,
    Tickets,
    TokenProvider,
    client_credentials,
    login_problems,
    natural_auth,
    tickets,
)
from pi_datasource.options.secrets import Secret

CONNECTION_OPTIONS = (
    *grouped(
        "Server and login",
        Option("url", "text", None, "Address of PI Web API such as https://pi.example.com/piwebapi; required."),
    ),
    *LOGIN_OPTIONS,
    *grouped(
        "Server and login",
        Option("headers", "json", None, "More headers, for gateways: a JSON object; values are secrets.", secret=True),
        Option("userAgent", "text", None, "The User-Agent header, to be recognised in the server's logs."),
    ),
    *grouped(
        "TLS and proxies",
        Option("caBundle", "path", None, "File (PEM) of the certificate authorities to trust, on every machine."),
        Option("verify", "boolean", "true", "Whether the server's certificate is checked."),
        Option("clientCertificate", "path", None, "File (PEM) of this client's certificate, for mutual TLS."),
        Option("clientKey", "path", None, "File (PEM) of its private key, where that is a file of its own."),
        Option("clientKeyPassword", "secret", None, "Password of the key, when it is encrypted.", secret=True),
        Option("requireHttps", "boolean", None, "Refuses plain http; by default where a secret leaves this machine."),
        Option("noProxy", "list", None, "Hosts asked without HTTPS_PROXY, as in NO_PROXY; * for all."),
    ),
    *grouped(
        "Requests",
        Option("timeout", "seconds", "60", "Seconds to wait for an answer.", minimum=0.1, maximum=86_400),
        Option(
            "maxRetries", "integer", "8", "How often a failed request is tried again; after a 429 four times as often.",
            minimum=0, maximum=100,
        ),
        Option(
            "retryTimeout", "seconds", "300", "Seconds spent on one request with all its retries.",
            minimum=0, maximum=604_800,
        ),
        Option("requestsPerSecond", "number", None, "Ceiling of requests per second of the whole job.", minimum=0.001),
        Option("maxInFlight", "integer", None, "Ceiling of requests in flight of the whole job.", minimum=1),
        Option("concurrency", "integer", "4", "Requests in flight of one task.", minimum=1, maximum=16),
        Option(
            "compression", "choice", "auto", "Compressed answers: auto (as the network is slow or fast), gzip or none.",
            choices=("auto", "gzip", "none"),
        ),
        Option(
            "maxResponseBytes", "integer", "100_000_000",
            "Bytes of one answer, inflated; of one that has more, less is asked at once.",
            minimum=1_000, maximum=2_000_000_000,
        ),
        Option("post", "boolean", "true", "Whether POST may be used; false for sites that block it."),
    ),
)  # fmt: skip

#: Where PI Web API lives on a server by default.
DEFAULT_PATH = "/piwebapi"
#: An address of tokens, for messages.
TOKEN_EXAMPLE = "https://login.example.com/oauth2/token"

_log = logging.getLogger("pi_datasource")

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Connection:
    """All that a client needs to know of the server.

    Attributes:
        url: base address without a slash at its end, such as `https://pi.example.com/piwebapi`.
        auth: the login scheme; `credentials` belongs to `oauth`, `tickets` to `kerberos`.
        token_provider: for `bearer` without a token.
        headers: name and value of each further header.
        no_proxy: hosts that are asked directly, whatever the environment says.
        timeout: seconds to wait for one answer.
        retry_timeout: seconds spent on one request with all its retries.
        requests_per_second, max_in_flight: ceilings of the whole job; None for none.
        concurrency: requests in flight of one task.
        max_response_bytes: bytes of one answer, inflated.
        post: whether POST may be used.
        compression: `auto`, `gzip` or `none`.
    """

    url: str
    auth: str = "anonymous"
    username: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    token_provider: TokenProvider | None = None
    credentials: ClientCredentials | None = None
    tickets: Tickets | None = None
    ca_bundle: str | None = None
    verify: bool = True
    client_certificate: str | None = None
    client_key: str | None = None
    client_key_password: Secret | None = None
    no_proxy: tuple[str, ...] = ()
    headers: tuple[tuple[str, Secret], ...] = ()
    user_agent: str | None = None
    timeout: float = 60.0
    max_retries: int = 8
    retry_timeout: float = 300.0
    requests_per_second: float | None = None
    max_in_flight: int | None = None
    concurrency: int = 4
    max_response_bytes: int = 100_000_000
    post: bool = True
    compression: str = "auto"

    @classmethod
    def from_values(
        cls, values: Mapping[str, Any], environ: Mapping[str, str], token_provider: TokenProvider | None = None
    ) -> Connection:
        """Build it from parsed options.

        Args:
            environ: environment in which `env:NAME` inside `headers` is looked up.
            token_provider: what `register` was given.

        Raises:
            PIOptionError: `url` is missing or no address of PI Web API, or options contradict each other.
        """
        if values["url"] is None:
            raise PIOptionError(MISSING_URL)
        has_provider = token_provider is not None
        auth = values["auth"] or natural_auth(values, has_provider)
        headers = _headers(values["headers"] or {}, environ)
        problems = [*login_problems(auth, values, has_provider), *_other_problems(auth, values, headers)]
        if problems:
            raise PIOptionError("options contradict each other: " + "; ".join(problems))
        url = normal_url(values["url"])
        if values["tokenUrl"] is not None:
            values = {**values, "tokenUrl": _address(values["tokenUrl"], "tokenUrl", TOKEN_EXAMPLE)}
        _refuse_plain_http(auth, url, values, bool(headers))
        return cls(
            url=url,
            auth=auth,
            username=values["username"],
            password=values["password"],
            token=values["token"],
            token_provider=token_provider if auth == "bearer" and values["token"] is None else None,
            credentials=client_credentials(auth, values),
            tickets=tickets(auth, values),
            ca_bundle=values["caBundle"],
            verify=values["verify"],
            client_certificate=values["clientCertificate"],
            client_key=values["clientKey"],
            client_key_password=values["clientKeyPassword"],
            no_proxy=values["noProxy"] or (),
            headers=headers,
            user_agent=values["userAgent"],
            timeout=values["timeout"],
            max_retries=values["maxRetries"],
            retry_timeout=values["retryTimeout"],
            requests_per_second=values["requestsPerSecond"],
            max_in_flight=values["maxInFlight"],
            concurrency=values["concurrency"],
            max_response_bytes=values["maxResponseBytes"],
            post=values["post"],
            compression=values["compression"],
        )

    def with_secrets(self) -> Connection:
        """The same with the secrets looked up that only the driver may be able to look up.

        Raises:
            PIOptionError: a secret cannot be had.
        """
        found = {name: value.resolved() for name, value in vars(self).items() if isinstance(value, Secret)}
        credentials = self.credentials
        if credentials is not None:
            credentials = replace(credentials, client_secret=credentials.client_secret.resolved())
        headers = tuple((name, secret.resolved()) for name, secret in self.headers)
        return replace(self, **found, credentials=credentials, headers=headers)  # type: ignore[arg-type]


MISSING_URL = (
    "option url is missing: give .option('url', 'https://pi.example.com/piwebapi') or the environment variable "
    "OSIPI_URL. The environment is the one that the JVM had when it started. A table made by CREATE TABLE … USING "
    "osipi loses its options in Spark: use CREATE TEMPORARY VIEW … USING osipi OPTIONS (…), or the environment"
)


def overruled_trust(given: Mapping[str, Given]) -> set[str]:
    """Options from the environment about trust that lose, because an option of the reader says otherwise."""
    lost = set()
    if "verify" in given and not given["verify"].variable:
        lost = {"caBundle"} if given["verify"].text.strip().lower() in ("false", "0", "no", "off") else set()
    elif "caBundle" in given and not given["caBundle"].variable:
        lost = {"verify"}
    return {name for name in lost if name in given and given[name].variable}


def _other_problems(auth: str, values: Mapping[str, Any], headers: tuple[tuple[str, Secret], ...]) -> list[str]:
    problems = []
    if not values["verify"] and values["caBundle"] is not None:
        problems.append(
            f"verify=false checks no certificate, and caBundle={values['caBundle']!r} says by what to check it"
        )
    if auth != "anonymous" and any(name.lower() == "authorization" for name, _ in headers):
        problems.append(f"auth={auth} sets the header Authorization, and headers sets it too")
    if values["clientCertificate"] is None:
        lonely = [name for name in ("clientKey", "clientKeyPassword") if values[name] is not None]
        problems += [f"{name} belongs to a clientCertificate, which is missing" for name in lonely]
    return problems


def _refuse_plain_http(auth: str, url: str, values: Mapping[str, Any], has_headers: bool) -> None:
    """Refuses what option `requireHttps` forbids.

    Raises:
        PIOptionError: an address begins with http:// and must not.
    """
    sent = [f"auth={auth}"] if auth in SENDING_SECRETS else []
    sent += ["headers"] if has_headers else []
    where = {"url": (url, " and ".join(sent)), "tokenUrl": (values["tokenUrl"] or "", "clientSecret")}
    for name, (address, what) in where.items():
        if not address.startswith("http://"):
            continue
        if values["requireHttps"]:
            raise PIOptionError(f"options contradict each other: requireHttps=true, and {name} is {address!r}")
        if not what or is_loopback(address):
            continue
        if values["requireHttps"] is None:
            raise PIOptionError(
                f"option {name}: {address!r} is plain http, and {what} would send a secret over it for all to read; "
                "accepted is https://, or requireHttps=false if that is really meant"
            )
        _log.warning("%s sends a secret over plain http to %s, because requireHttps=false", what, address)


def is_loopback(address: str) -> bool:
    """Whether an address is on this very machine, so that what is sent there travels over no network."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _headers(raw: Mapping[str, str], environ: Mapping[str, str]) -> tuple[tuple[str, Secret], ...]:
    found = []
    for name, text in raw.items():
        if not _HEADER_NAME.fullmatch(name):
            raise PIOptionError(f"option headers: {name!r} is no name of a header; accepted are letters, digits and -")
        found.append((name, Secret.parse(text, f"option headers: {name}", environ)))
    return tuple(found)


def normal_url(text: str) -> str:
    """The base address without a slash at its end; a bare host gets `/piwebapi`, any other path is kept.

    Raises:
        PIOptionError: not http or https, no host, or with a login, query or fragment in it. A login or query is never
            repeated in the message.
    """
    scheme, netloc, path = _parts(text, "url", "https://pi.example.com/piwebapi")
    return f"{scheme}://{netloc}{path.rstrip('/') or DEFAULT_PATH}"


def _address(text: str, name: str, example: str) -> str:
    scheme, netloc, path = _parts(text, name, example)
    return f"{scheme}://{netloc}{path}"


def _parts(text: str, name: str, example: str) -> tuple[str, str, str]:
    """Scheme, host with port, and path of an address."""
    expected = f"accepted is an address such as {example}"
    if "@" in text:
        raise PIOptionError(
            f"option {name}: the value given holds a login; give it as username and password; {expected}"
        )
    if "?" in text or "#" in text:
        raise PIOptionError(f"option {name}: the value given holds a query or fragment; {expected}")
    if _BLANK_OR_CONTROL.search(text):
        raise PIOptionError(f"option {name}: {text!r} holds blanks; {expected}")
    parts = _split(text)
    if parts is None:
        raise PIOptionError(f"option {name}: {text!r} is no address; {expected}")
    if parts.scheme not in ("http", "https"):
        raise PIOptionError(f"option {name}: {text!r} does not begin with https:// or http://; {expected}")
    if not parts.hostname:
        raise PIOptionError(f"option {name}: {text!r} names no host; {expected}")
    return parts.scheme, parts.netloc.lower(), parts.path


def _split(text: str) -> SplitResult | None:
    """The parts of an address, or None when it has none: an odd bracket, a port that is no number."""
    try:
        parts = urlsplit(text)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None
