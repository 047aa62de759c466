"""Certificates of a private authority, and the wrong ones."""

from __future__ import annotations

import datetime
from pathlib import Path

PASSWORD = "open sesame+=&"


class Certificates:
    """Files in PEM, each with its key: `server`, `wrong_name`, `expired`, `client`, `stranger`.

    Attributes:
        authority: the file of whom to trust.
        other: another authority.
        encrypted_key: the client's key, with a password.
    """

    def __init__(self, folder: Path) -> None:
        import trustme
        from cryptography.hazmat.primitives import serialization as pem

        self.folder = folder
        authority, other = trustme.CA(), trustme.CA()
        self.authority, self.other = folder / "authority.pem", folder / "other.pem"
        authority.cert_pem.write_to_path(self.authority)
        other.cert_pem.write_to_path(self.other)
        yesterday = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=1)
        before = yesterday - datetime.timedelta(days=30)
        self._write("server", authority.issue_cert("localhost", "127.0.0.1"))
        self._write("wrong_name", authority.issue_cert("pi.example.com"))
        self._write("expired", authority.issue_cert("localhost", not_before=before, not_after=yesterday))
        self._write("client", authority.issue_cert("reader@example.com", common_name="reader"))
        self._write("stranger", other.issue_cert("reader@example.com", common_name="reader"))
        key = pem.load_pem_private_key((folder / "client.key").read_bytes(), None)
        locked = pem.BestAvailableEncryption(PASSWORD.encode())
        self.encrypted_key = folder / "encrypted.key"
        self.encrypted_key.write_bytes(key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, locked))

    def _write(self, name: str, made: object) -> None:
        certificate, key = self.pair(name)
        certificate.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        key.write_bytes(made.private_key_pem.bytes())

    def pair(self, name: str) -> tuple[Path, Path]:
        """The files of a certificate and of its key."""
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"
