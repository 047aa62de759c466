"""The PI Web API that is looked at, and what is known of it so far: the looks fill it in, one after the other."""

from __future__ import annotations

import contextlib
import dataclasses
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from requests.utils import select_proxy

from pi_datasource.errors import PIError
from pi_datasource.options import Connection, PIOptions, Secret
from pi_datasource.resolve.streams import Stream
from pi_datasource.webapi.client import Client, Look
from pi_datasource.webapi.retry import RetryRules
from pi_datasource.webapi.transport import proxies_for
from pi_datasource.webapi.wire import DataServer

__all__ = ["Site"]

#: Seconds for a connection or a handshake.
CONNECT_SECONDS = 5.0
#: Letters that a value of option `headers` has at least, to be taken for a secret.
SHORTEST_HEADER = 8
#: Nothing is tried again: what fails now and then is worth knowing, too.
ONCE = RetryRules(max_retries=0)


@dataclass
class Site:
    """Where we look, as whom, and what has been found.

    Attributes:
        options: all options.
        resolve: looks up addresses.
        now: seconds since 1970 by this machine's clock.
        addresses: what the name of the host, or of the proxy, stands for.
        open_look: the answer to a request without a login.
        look: the answer to the same request with the login.
        date: the server's clock and ours, in seconds since 1970, at the same moment.
        servers: data servers.
        streams: tags that were found.
    """

    options: PIOptions
    resolve: Callable[..., list[Any]] = socket.getaddrinfo
    now: Callable[[], float] = time.time
    addresses: list[str] = field(default_factory=list)
    open_look: Look | None = None
    look: Look | None = None
    date: tuple[float, float] | None = None
    servers: list[DataServer] = field(default_factory=list)
    streams: tuple[Stream, ...] = ()

    def __post_init__(self) -> None:
        self.client = Client(self.connection, rules=ONCE)
        #: The same without a login: shows what the server offers.
        self.stranger = Client(
            replace(self.connection, auth="anonymous", username=None, password=None, token=None), rules=ONCE
        )
        self.proxy = self._proxy()

    @property
    def connection(self) -> Connection:
        return self.options.connection

    @property
    def address(self) -> SplitResult:
        """The parts of the URL."""
        return urlsplit(self.connection.url)

    @property
    def is_tls(self) -> bool:
        return self.address.scheme == "https"

    @property
    def host(self) -> str:
        return self.address.hostname or ""

    @property
    def port(self) -> int:
        return self.address.port or (443 if self.is_tls else 80)

    @property
    def target(self) -> tuple[str, int]:
        """Host and port that this machine connects to: those of the proxy, if there is one."""
        if self.proxy is None:
            return self.host, self.port
        return self.proxy.hostname or "", self.proxy.port or (443 if self.proxy.scheme == "https" else 80)

    @property
    def connect_seconds(self) -> float:
        return min(CONNECT_SECONDS, self.connection.timeout)

    def secrets(self) -> list[str]:
        """All texts that the report must not hold."""
        found = [*_secrets_in(replace(self.connection, headers=())), *self.client.sent_secrets]
        # A header may say no more than "https" or "1", which are words of the report, too.
        headers = set(_secrets_in(self.connection.headers))
        found = [text for text in found if text not in headers]
        found += [text for text in headers if len(text) >= SHORTEST_HEADER]
        if self.proxy is not None and self.proxy.password:
            found.append(self.proxy.password)
        return found

    def stop_posting(self) -> None:
        """Goes on without batch requests, as they do not pass."""
        self.options = replace(self.options, connection=replace(self.connection, post=False))
        self.client = Client(self.connection, rules=ONCE)

    def _proxy(self) -> SplitResult | None:
        """The proxy that the session would use for this URL."""
        url = self.connection.url
        found = select_proxy(url, proxies_for(url, self.connection.no_proxy))
        if not found:
            return None
        return urlsplit(found if "://" in found else f"http://{found}")


def _secrets_in(value: Any) -> Iterator[str]:
    """The secrets in a value, in its fields and in the items of its tuples; those that can be read here."""
    if isinstance(value, Secret):
        with contextlib.suppress(PIError):
            yield value.reveal()
    elif isinstance(value, tuple):
        for item in value:
            yield from _secrets_in(item)
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from _secrets_in(getattr(value, one.name))
