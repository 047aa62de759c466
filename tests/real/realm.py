"""A Kerberos realm of one's own: MIT's KDC on loopback, with all of its files in one folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.real.processes import free_port, started, stop

NAME = "TEST.REALM"

CLIENT = """
[libdefaults]
    default_realm = {name}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
    # One kind of port to find free, and an ended ticket is not good for five minutes more.
    udp_preference_limit = 1
    clockskew = 2
[realms]
    {name} = {{
        kdc = 127.0.0.1:{port}
    }}
[domain_realm]
    localhost = {name}
    wrong.example.com = {name}
"""
KDC = """
[kdcdefaults]
    kdc_listen = ""
    kdc_tcp_listen = 127.0.0.1:{port}
[realms]
    {name} = {{
        database_name = {folder}/principal
        key_stash_file = {folder}/stash
        acl_file = {folder}/kadm5.acl
        max_life = 1h
        supported_enctypes = aes256-cts:normal
    }}
[logging]
    kdc = FILE:{folder}/kdc.log
"""


def has_programs() -> bool:
    """Whether the KDC and its tools are installed."""
    return all(shutil.which(name, path=PATH) for name in ("krb5kdc", "kadmin.local", "kdb5_util"))


PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


class Realm:
    """A realm that begins with no account but its own.

    Attributes:
        environment: what makes programs use it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.port = free_port()
        self.environment = {
            "KRB5_CONFIG": str(folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
            # Never the tickets of whoever runs the tests.
            "KRB5CCNAME": f"FILE:{folder}/nobody",
        }
        words = {"name": NAME, "port": self.port, "folder": folder}
        (folder / "krb5.conf").write_text(CLIENT.format(**words))
        (folder / "kdc.conf").write_text(KDC.format(**words))
        (folder / "kadm5.acl").touch()
        self._kdc: subprocess.Popen[bytes] | None = None
        self._run("kdb5_util", "create", "-r", NAME, "-s", "-P", "throwaway")

    def start(self) -> None:
        """Starts the KDC; again after `stop`."""
        command = ["krb5kdc", "-n", "-r", NAME]
        self._kdc = started(command, {**os.environ, **self.environment, "PATH": PATH}, self.port)

    def stop(self) -> None:
        """Stops the KDC; the accounts stay."""
        if self._kdc is not None:
            stop(self._kdc)
            self._kdc = None

    @contextlib.contextmanager
    def down(self):
        """The time without a KDC."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def add(self, principal: str, name: str, life: str = "1 hour") -> Path:
        """Makes an account, or gives an old one a new key. Its keytab is called `name`."""
        keytab = self.folder / name
        self._kadmin(f'addprinc -randkey -maxlife "{life}" {principal}')
        self._kadmin(f"ktadd -k {keytab} {principal}")
        keytab.chmod(0o644)
        return keytab

    def change_key(self, principal: str) -> None:
        """Makes all keytabs of an account worthless."""
        self._kadmin(f"cpw -randkey {principal}")

    def remove(self, principal: str) -> None:
        """Deletes an account."""
        self._kadmin(f"delprinc -force {principal}")

    def kinit(self, principal: str, keytab: Path, cache: Path) -> Path:
        """Puts a ticket into a file."""
        self._run("kinit", "-k", "-t", str(keytab), "-c", f"FILE:{cache}", principal)
        return cache

    def asked(self) -> tuple[int, int]:
        """How often the KDC gave a ticket for tickets, and one for a service."""
        lines = [line for line in (self.folder / "kdc.log").read_text().splitlines() if "ISSUE" in line]
        return sum("AS_REQ" in line for line in lines), sum("TGS_REQ" in line for line in lines)

    def _kadmin(self, command: str) -> None:
        self._run("kadmin.local", "-r", NAME, "-q", command)

    def _run(self, *command: str) -> None:
        environment = {**os.environ, **self.environment, "PATH": PATH}
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=30)
