"""Channel bindings (RFC 5929, tls-server-end-point): what ties a login to the TLS connection it travels on.

Windows calls this Extended Protection. A server that demands them refuses a login without, with a plain 401; behind a
proxy that ends TLS they would always be wrong. So a login goes without first, and with them when it is refused.
"""

from __future__ import annotations

import hashlib
from typing import Any

import requests

__all__ = ["channel_binding", "peer_certificate"]

#: Signature algorithm of a certificate (the DER of its identifier) → hash. Others, MD5 and SHA-1 among them: SHA-256.
HASHES = {
    bytes.fromhex("2a864886f70d01010c"): "sha384",  # RSA
    bytes.fromhex("2a864886f70d01010d"): "sha512",
    bytes.fromhex("2a8648ce3d040303"): "sha384",  # ECDSA
    bytes.fromhex("2a8648ce3d040304"): "sha512",
}


def channel_binding(certificate: bytes) -> bytes:
    """The application data of the binding to a server's certificate (DER)."""
    name = HASHES.get(_signature_algorithm(certificate), "sha256")
    return b"tls-server-end-point:" + hashlib.new(name, certificate).digest()


def peer_certificate(response: requests.Response) -> bytes | None:
    """The certificate (DER) of the server at the other end; None without TLS, or when the connection is gone."""
    connection: Any = getattr(response.raw, "_connection", None)
    ask = getattr(getattr(connection, "sock", None), "getpeercert", None)
    found = ask(True) if ask is not None else None
    return found if isinstance(found, bytes) else None


def _signature_algorithm(certificate: bytes) -> bytes:
    """The second part of a certificate says how it is signed: SEQUENCE { tbs, SEQUENCE { identifier, … }, … }."""
    try:
        start, _ = _content(certificate, 0)
        _, behind_tbs = _content(certificate, start)
        inner, _ = _content(certificate, behind_tbs)
        start, end = _content(certificate, inner)
    except IndexError:
        return b""
    return certificate[start:end]


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at a place begins and ends."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[start : start + size], "big"), start + size
    return start, start + length
