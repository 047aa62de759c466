"""Name and connection: is there a machine of that name, and does it let us in at that port."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import threading
import time
from base64 import b64encode
from urllib.parse import unquote

from pi_datasource.check.finding import Finding, failed, good, unknown
from pi_datasource.check.site import Site

__all__ = ["connected", "connection", "name"]

#: Seconds for the look-up of a name; the system's own patience can be half a minute.
LOOKUP_SECONDS = 10.0


def name(site: Site) -> Finding:
    """Look the name up."""
    host, port = site.target
    with contextlib.suppress(ValueError):
        site.addresses = [str(ipaddress.ip_address(host))]
        return good(f"{host} is an address, no name to look up", host=host, addresses=site.addresses)
    whose = f"{host} (the proxy)" if site.proxy else host
    found = _looked_up(site, host, port)
    if found is None:
        return failed(
            f"no name server answered within {LOOKUP_SECONDS:g} s when asked for {whose}",
            "this machine has no working DNS; try the address in place of the name, or ask who runs its network",
            host=host, addresses=[],
        )  # fmt: skip
    if isinstance(found, OSError):
        return _not_found(site, host, whose, found)
    site.addresses = found
    return good(f"{whose} is {', '.join(found)}", host=host, addresses=found)


def _looked_up(site: Site, host: str, port: int) -> list[str] | OSError | None:
    """The addresses of a host, what went wrong, or None when nobody answered in time."""
    result: list[list[str] | OSError] = []

    def look_up() -> None:
        try:
            rows = site.resolve(host, port, type=socket.SOCK_STREAM)
            result.append(list(dict.fromkeys(str(row[4][0]) for row in rows)))
        except UnicodeError as error:
            result.append(OSError(str(error)))
        except OSError as error:
            result.append(error)

    # A look-up cannot be given up, so it is left behind in a thread that ends with the process.
    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(LOOKUP_SECONDS)
    return result[0] if result else None


def _not_found(site: Site, host: str, whose: str, error: OSError) -> Finding:
    why = error.strerror or str(error)
    if error.errno == socket.EAI_AGAIN:
        said = f"the name servers gave no answer for {whose} ({why})"
        remedy = (
            "this machine has no working DNS, or not the one that knows your plant's names; ask who runs its network"
        )
    else:
        said = f"no machine is called {whose} ({why})"
        remedy = (
            "is the host in --url spelt right? If it is right elsewhere, this machine uses other name servers: take "
            "the full name (host.domain), or ask who runs its network. A cluster in a cloud needs a private DNS zone "
            "or a forwarder to know names of the plant"
        )
    if site.proxy:
        remedy = "the proxy comes from the environment (HTTPS_PROXY, HTTP_PROXY): mend it, or add the host to NO_PROXY"
    return failed(said, remedy, host=host, addresses=[])


def connection(site: Site) -> Finding:
    """Connect, to any of the addresses."""
    host, port = site.target
    problems: dict[str, OSError] = {}
    for address in site.addresses:
        started = time.monotonic()
        try:
            with socket.create_connection((address, port), timeout=site.connect_seconds):
                milliseconds = round(1000 * (time.monotonic() - started), 1)
        except OSError as error:
            problems[address] = error
            continue
        site.addresses = [address]
        through = f", the proxy on the way to {site.host} port {site.port}" if site.proxy else ""
        tried = f" ({', '.join(problems)} did not)" if problems else ""
        return good(
            f"{address} port {port} answers in {milliseconds:g} ms{tried}{through}",
            address=address, port=port, milliseconds=milliseconds, proxy=f"{host}:{port}" if site.proxy else None,
        )  # fmt: skip
    return _refused(site, port, problems)


def _refused(site: Site, port: int, problems: dict[str, OSError]) -> Finding:
    address, error = next(iter(problems.items()))
    where = f"{', '.join(problems)} port {port}"
    if isinstance(error, TimeoutError):
        said = f"{where} did not answer within {site.connect_seconds:g} s"
        remedy = (
            "most likely a firewall on the way: ask for TCP from this machine (and from each machine of the cluster) "
            f"to {address} port {port}"
        )
    elif isinstance(error, ConnectionRefusedError):
        said = f"{where} refused the connection: the machine is there, and nothing listens at that port"
        remedy = (
            "is the port in --url right (https means 443, http 80)? If it is, the Windows service of PI Web API does "
            "not run: ask the PI administrator to start it"
        )
    else:
        said = f"{where} cannot be reached: {error.strerror or error}"
        remedy = "there is no way through the network: is a VPN, a route or a peering missing?"
    if site.proxy:
        remedy = "the proxy comes from the environment (HTTPS_PROXY, HTTP_PROXY): mend it, or add the host to NO_PROXY"
    return failed(said, remedy, address=address, port=port)


def connected(site: Site) -> socket.socket:
    """A connection to the server, through the proxy where there is one.

    Raises:
        OSError: there is none.
    """
    host, port = site.target
    if site.proxy is None:
        return socket.create_connection((site.addresses[0] if site.addresses else host, port), site.connect_seconds)
    headers = {}
    if site.proxy.username:
        login = f"{unquote(site.proxy.username)}:{unquote(site.proxy.password or '')}"
        headers["Proxy-Authorization"] = "Basic " + b64encode(login.encode()).decode()
    tunnel = http.client.HTTPConnection(host, port, timeout=site.connect_seconds)
    tunnel.set_tunnel(site.host, site.port, headers)
    tunnel.connect()
    return tunnel.sock


def not_through(site: Site) -> Finding | None:
    """Why the way through the proxy cannot be looked at; None where it can."""
    if site.proxy is None or site.proxy.scheme == "http":
        return None
    return unknown(f"not looked at through a proxy of kind {site.proxy.scheme}")
