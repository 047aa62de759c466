"""A certificate authority of a test, by openssl: makes servers' certificates, good ones and bad ones."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

CONFIG = """
[ca]
default_ca = it
[it]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = policy
unique_subject = no
copy_extensions = copy
[policy]
commonName = supplied
"""
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Issued:
    """A certificate with its key, and the certificates that are sent along."""

    chain: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """For a server that shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """Signs certificates.

    Args:
        folder: where its files are.
        name: its common name.
        parent: the authority that signed its own certificate; None for a root.
    """

    def __init__(self, folder: Path, name: str, parent: Authority | None = None) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl to make certificates with")
        self.folder = folder / name.replace(" ", "_")
        self.folder.mkdir()
        (self.folder / "index.txt").touch()
        (self.folder / "ca.cnf").write_text(CONFIG.format(folder=self.folder))
        self.name, self.parent = name, parent
        self.certificate, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        constraint = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        request = ("-subj", f"/CN={name}", "-keyout", str(self.key), *constraint)
        if parent is None:
            _openssl("req", "-x509", *KEY, *request, "-days", "3650", "-out", str(self.certificate))
        else:
            _openssl("req", *KEY, *request, "-out", str(self.folder / "ca.csr"))
            parent.sign(self.folder / "ca.csr", self.certificate, "20200101000000Z", "20491231000000Z")

    def issue(
        self, name: str = "localhost", *, begins: str = "20200101000000Z", ends: str = "20491231000000Z"
    ) -> Issued:
        """A server's certificate; that of an authority that is no root is sent along."""
        place = self.folder / f"{name}-{begins}-{ends}"
        key, asked, made = place.with_suffix(".key"), place.with_suffix(".csr"), place.with_suffix(".pem")
        names = ("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}")
        _openssl("req", *KEY, *names, "-keyout", str(key), "-out", str(asked))
        self.sign(asked, made, begins, ends)
        if self.parent is not None:
            made.write_text(made.read_text() + self.certificate.read_text())
        return Issued(made, key)

    def sign(self, asked: Path, made: Path, begins: str, ends: str) -> None:
        _openssl(
            "ca", "-batch", "-notext", "-config", str(self.folder / "ca.cnf"), "-cert", str(self.certificate),
            "-keyfile", str(self.key), "-in", str(asked), "-out", str(made), "-startdate", begins, "-enddate", ends,
        )  # fmt: skip


def _openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)
