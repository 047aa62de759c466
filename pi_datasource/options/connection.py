"""How to reach PI Web API: address, login, TLS, patience and politeness."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import Given, Option, grouped
from pi_datasource.options.secrets import Secret

CONNECTION_OPTIONS = (
    *grouped(
        "Server and login",
        Option("url", "text", None, "Address of PI Web API such as https://pi.example.com/piwebapi; required."),
        Option(
            "auth", "choice", None, "Login: anonymous, basic or bearer; by default as username or token are given.",
            choices=("anonymous", "basic", "bearer"), planned_choices=("kerberos", "ntlm", "oauth"),
        ),
        Option("username", "text", None, r"Account for auth=basic, such as DOMAIN\name."),
        Option("password", "secret", None, "Its password.", secret=True),
        Option("token", "secret", None, "Token for auth=bearer.", secret=True),
        Option("caBundle", "path", None, "File (PEM) of the certificate authorities to trust, on every machine."),
        Option("verify", "boolean", "true", "Whether the server's certificate is checked."),
        Option("headers", "json", None, "More headers, for gateways: a JSON object; values are secrets.", secret=True),
        Option("userAgent", "text", None, "The User-Agent header, to be recognised in the server's logs."),
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

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BLANK_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Connection:
    """All that a client needs to know of the server.

    Attributes:
        url: base address without a slash at its end, such as `https://pi.example.com/piwebapi`.
        auth: `anonymous`, `basic` or `bearer`.
        headers: name and value of each further header.
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
    ca_bundle: str | None = None
    verify: bool = True
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
    def from_values(cls, values: Mapping[str, Any], environ: Mapping[str, str]) -> Connection:
        """Build it from parsed options.

        Args:
            environ: environment in which `env:NAME` inside `headers` is looked up.

        Raises:
            PIOptionError: `url` is missing or no address of PI Web API, or options contradict each other.
        """
        if values["url"] is None:
            raise PIOptionError(MISSING_URL)
        auth = values["auth"] or _natural_auth(values)
        headers = _headers(values["headers"] or {}, environ)
        problems = [*_login_problems(auth, values), *_other_problems(auth, values, headers)]
        if problems:
            raise PIOptionError("options contradict each other: " + "; ".join(problems))
        return cls(
            url=normal_url(values["url"]),
            auth=auth,
            username=values["username"],
            password=values["password"],
            token=values["token"],
            ca_bundle=values["caBundle"],
            verify=values["verify"],
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


MISSING_URL = (
    "option url is missing: give .option('url', 'https://pi.example.com/piwebapi') or the environment variable "
    "OSIPI_URL. The environment is the one that the JVM had when it started. A table made by CREATE TABLE … USING "
    "osipi loses its options in Spark: use CREATE TEMPORARY VIEW … USING osipi OPTIONS (…), or the environment"
)


def overruled_logins(given: Mapping[str, Given]) -> set[str]:
    """Options from the environment that lose, because an option of the reader says otherwise.

    An environment that holds a login for everybody must not stand in the way of a reader that brings its own.
    """
    own = {name: found.text.strip().lower() for name, found in given.items() if not found.variable}
    scheme = own.get("auth")
    if scheme is None and ("token" in own) != ("username" in own or "password" in own):
        scheme = "bearer" if "token" in own else "basic"
    lost = {
        "basic": {"auth", "token"},
        "bearer": {"auth", "username", "password"},
        "anonymous": {"username", "password", "token"},
    }.get(scheme or "", set())
    if "verify" in own:
        lost = lost | {"caBundle"} if own["verify"] in ("false", "0", "no", "off") else lost
    elif "caBundle" in own:
        lost = lost | {"verify"}
    return {name for name in lost if name in given and given[name].variable}


def _natural_auth(values: Mapping[str, Any]) -> str:
    if values["username"] is not None or values["password"] is not None:
        return "basic"
    return "bearer" if values["token"] is not None else "anonymous"


def _login_problems(auth: str, values: Mapping[str, Any]) -> list[str]:
    problems = []
    needed = {"basic": ("username", "password"), "bearer": ("token",)}.get(auth, ())
    missing = [name for name in needed if values[name] is None]
    if missing:
        problems.append(f"auth={auth} needs {' and '.join(needed)}, and {' and '.join(missing)} is missing")
    surplus = [name for name in ("username", "password", "token") if name not in needed and values[name] is not None]
    if surplus:
        problems.append(f"auth={auth} takes no {' and no '.join(surplus)}")
    return problems


def _other_problems(auth: str, values: Mapping[str, Any], headers: tuple[tuple[str, Secret], ...]) -> list[str]:
    problems = []
    if not values["verify"] and values["caBundle"] is not None:
        problems.append(
            f"verify=false checks no certificate, and caBundle={values['caBundle']!r} says by what to check it"
        )
    if auth != "anonymous" and any(name.lower() == "authorization" for name, _ in headers):
        problems.append(f"auth={auth} sets the header Authorization, and headers sets it too")
    return problems


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
    expected = "accepted is an address such as https://pi.example.com/piwebapi"
    if "@" in text:
        raise PIOptionError(f"option url: the value given holds a login; give it as username and password; {expected}")
    if "?" in text or "#" in text:
        raise PIOptionError(f"option url: the value given holds a query or fragment; {expected}")
    if _BLANK_OR_CONTROL.search(text):
        raise PIOptionError(f"option url: {text!r} holds blanks; {expected}")
    parts = _split(text)
    if parts is None:
        raise PIOptionError(f"option url: {text!r} is no address; {expected}")
    if parts.scheme not in ("http", "https"):
        raise PIOptionError(f"option url: {text!r} does not begin with https:// or http://; {expected}")
    if not parts.hostname:
        raise PIOptionError(f"option url: {text!r} names no host; {expected}")
    path = parts.path.rstrip("/") or DEFAULT_PATH
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def _split(text: str) -> SplitResult | None:
    """The parts of an address, or None when it has none: an odd bracket, a port that is no number."""
    try:
        parts = urlsplit(text)
        return parts if parts.port is None or parts.port > 0 else None
    except ValueError:
        return None
