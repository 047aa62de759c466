from __future__ import annotations

import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from pi_datasource.webapi.auth.bindings import channel_binding


@pytest.mark.parametrize(
    ("signed_with", "bound_with"),
    [
        (hashes.SHA256(), "sha256"),
        (hashes.SHA384(), "sha384"),
        (hashes.SHA512(), "sha512"),
        (hashes.SHA224(), "sha256"),
    ],
)
def test_a_certificate_is_hashed_as_it_was_signed(signed_with: hashes.HashAlgorithm, bound_with: str) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    der = made.sign(key, signed_with).public_bytes(Encoding.DER)
    assert channel_binding(der) == b"tls-server-end-point:" + hashlib.new(bound_with, der).digest()


def test_what_is_no_certificate_is_bound_all_the_same() -> None:
    assert channel_binding(b"") == b"tls-server-end-point:" + hashlib.sha256(b"").digest()
