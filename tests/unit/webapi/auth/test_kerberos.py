"""What needs no KDC. Logins themselves: tests/real."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from pi_datasource.errors import PIConnectionError, PILoginError, PIOptionError
from pi_datasource.options.login import Tickets
from pi_datasource.webapi.auth import kerberos
from pi_datasource.webapi.auth.kerberos import KerberosAuth
from pi_datasource.webapi.auth.keytab import principals_in

TICKETS = Tickets(principal="reader@EXAMPLE.COM", keytab="/keys/reader")


class TestLibrary:
    def test_a_missing_one_gives_the_install_lines(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "gssapi", None)
        with pytest.raises(PIOptionError, match="auth=kerberos needs the package gssapi and MIT Kerberos") as caught:
            KerberosAuth(TICKETS)
        for line in ("apt-get install -y libkrb5-dev gcc python3-dev", "dnf install -y krb5-devel gcc", "init script"):
            assert line in str(caught.value)
        assert str(caught.value).count("pip install 'pi-datasource[kerberos]'") == 2

    def test_one_whose_own_library_is_missing_is_quoted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(name: str) -> Any:
            raise ImportError("libgssapi_krb5.so.2: cannot open shared object file")

        monkeypatch.setattr(kerberos.importlib, "import_module", broken)
        with pytest.raises(PIOptionError, match=r"here: libgssapi_krb5.so.2: cannot open(.|\n)*apt-get install"):
            KerberosAuth(TICKETS)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("Client 'reader@EXAMPLE.COM' not found in Kerberos database", "knows no account 'reader@EXAMPLE.COM'"),
        ("Server HTTP/pi@EXAMPLE.COM not found in Kerberos database", "knows no service 'HTTP/pi'"),
        ("Clock skew too great", "wrong by more than Kerberos allows (5 minutes)"),
        ("Preauthentication failed", "the keytab '/keys/reader' is older than the password"),
        ("Client's credentials have been revoked", "is disabled or locked"),
        ("Client's entry in database has expired", "or its password expired"),
        ("Ticket expired", "run kinit again"),
        ("No Kerberos credentials available (default cache: FILE:/tmp/krb5cc_0)", "there is no ticket"),
        ('Cannot find KDC for realm "EXAMPLE.COM"', "name it in /etc/krb5.conf"),
        ("KDC has no support for encryption type", "no kind of encryption in common"),
        ("something new", "login by Kerberos: something new"),
    ],
)
def test_what_the_library_says_is_told_with_what_it_means(words: str, meaning: str) -> None:
    error = kerberos._named(words, TICKETS, "HTTP@pi")
    assert isinstance(error, PILoginError)
    assert meaning in str(error)
    assert words in str(error)


def test_no_kdc_is_a_connection_that_may_come_back() -> None:
    assert isinstance(kerberos._named("Cannot contact any KDC for realm 'X'", TICKETS, "HTTP@pi"), PIConnectionError)


class TestRenewal:
    """After a 401."""

    @pytest.fixture
    def auth(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        monkeypatch.setitem(sys.modules, "gssapi", types.ModuleType("gssapi"))
        monkeypatch.setattr(kerberos, "_refreshed", {})

        def make(tickets: Tickets = TICKETS, now: float = 1000.0) -> KerberosAuth:
            return KerberosAuth(tickets, lambda: now)

        return make

    def test_tickets_are_thrown_away_once_a_minute_for_all_sessions(self, auth: Any) -> None:
        first = kerberos._cache(TICKETS)
        assert auth().renew()
        second = kerberos._cache(TICKETS)
        assert first != second
        assert not auth(now=1059.0).renew()
        assert kerberos._cache(TICKETS) == second
        assert auth(now=1060.0).renew()

    def test_a_ticket_cache_of_others_is_left_alone(self, auth: Any) -> None:
        tickets = Tickets(ticket_cache="/tmp/cache")
        assert not auth(tickets).renew()
        assert kerberos._cache(tickets) == "/tmp/cache"

    def test_with_tls_channel_bindings_come_first(self, auth: Any) -> None:
        one = auth()
        one._certificate = b"der"
        assert one.renew()
        assert one._is_bound


class TestKeytab:
    ENTRY = bytes.fromhex("0002000b") + b"EXAMPLE.COM" + bytes.fromhex("0004") + b"HTTP" + bytes.fromhex("0002") + b"pi"

    def write(self, folder: Path, *entries: bytes) -> str:
        file = folder / "keytab"
        file.write_bytes(b"\5\2" + b"".join(len(entry).to_bytes(4, "big") + entry for entry in entries))
        return str(file)

    def test_accounts_are_listed_once_each(self, tmp_path: Path) -> None:
        entry = self.ENTRY + b"\0\0\0\1" + b"key and more"
        assert principals_in(self.write(tmp_path, entry, entry)) == ["HTTP/pi@EXAMPLE.COM"]

    def test_holes_of_deleted_entries_are_skipped(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, self.ENTRY)
        with open(path, "ab") as file:
            file.write((-8).to_bytes(4, "big", signed=True) + b"\0" * 8)
        assert principals_in(path) == ["HTTP/pi@EXAMPLE.COM"]

    @pytest.mark.parametrize("content", [b"", b"no keytab", b"\5\2\0\0\0\x10\0"])
    def test_what_is_no_keytab(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "keytab").write_bytes(content)
        assert principals_in(str(tmp_path / "keytab")) is None
