"""Kerberos against MIT's KDC, a server that checks tickets with GSSAPI, and Apache's mod_auth_gssapi."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIConnectionError, PILoginError, PIOptionError, PIServerError
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Answer, SystemVersion
from tests.real.certificates import Certificates
from tests.real.processes import free_port, started, stop
from tests.real.realm import PATH, Realm

ROOT = Path(__file__).parents[2]
READER = "reader@TEST.REALM"
Asking = Callable[..., Client]


class UserInfo(Answer):
    """Who the server takes us for."""

    Name: str | None = None


def who(client: Client, route: str = "system/userinfo") -> str | None:
    """Whom the server takes us for."""
    return client.get(route, UserInfo, "who we are").Name


@pytest.fixture(scope="module")
def server(negotiate: Callable[..., str]) -> str:
    return negotiate()


@pytest.fixture
def keytab(realm: Realm) -> Path:
    return realm.folder / "reader.keytab"


class TestLogin:
    def test_a_keytab_is_enough_and_the_kdc_is_asked_once(self, realm, server, asking, keytab) -> None:
        before = realm.asked()
        # An account of its own, so that no other test has its tickets already.
        own = realm.add("counted", "counted.keytab")
        for _ in range(3):
            client = asking(url=server, principal="counted", keytab=own)
            assert [who(client) for _ in range(5)] == ["counted@TEST.REALM"] * 5
            # No second round trip: each request brings its token.
            assert client.traffic.requests == 5
        after = realm.asked()
        assert (after[0] - before[0], after[1] - before[1]) == (1, 1)

    def test_a_ticket_cache_is_enough(self, realm, server, asking, keytab, tmp_path, monkeypatch) -> None:
        cache = realm.kinit("reader", keytab, tmp_path / "cache")
        assert who(asking(url=server, auth="kerberos", ticketCache=cache)) == READER
        monkeypatch.setenv("KRB5CCNAME", f"FILE:{cache}")
        assert who(asking(url=server, auth="kerberos")) == READER
        assert who(asking(url=server, principal=READER)) == READER

    def test_threads_do_not_get_in_each_others_way(self, server, asking, keytab) -> None:
        client, found = asking(url=server, principal=READER, keytab=keytab), []
        threads = [threading.Thread(target=lambda: found.extend(who(client) for _ in range(25))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [READER] * 200
        assert client.traffic.requests == 200

    def test_tickets_are_renewed_from_the_keytab(self, realm, server, asking) -> None:
        client = asking(url=server, principal="short", keytab=realm.folder / "short.keytab")
        before, ends = realm.asked()[0], time.monotonic() + 6.5
        count = 0
        while time.monotonic() < ends:
            assert who(client) == "short@TEST.REALM"
            count += 1
            time.sleep(0.25)
        assert client.traffic.requests == count > 10
        assert realm.asked()[0] - before >= 2

    def test_a_kdc_that_is_away_for_a_while_is_waited_for(self, realm, server, keytab) -> None:
        from pi_datasource.options import PIOptions

        away = realm.add("patient", "patient.keytab")
        options = {"url": server, "principal": "patient", "keytab": str(away)}
        realm.stop()
        waits: list[float] = []

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) == 2:
                realm.start()

        connection = PIOptions.parse(options, now=0, environ={}).connection
        assert who(Client(connection, host_known=True, sleep=sleep)) == "patient@TEST.REALM"
        assert len(waits) == 2

    def test_an_error_answer_keeps_its_words_and_its_retry_after(self, server, asking, keytab) -> None:
        client = asking(url=server, principal=READER, keytab=keytab, maxRetries=0)
        with pytest.raises(PIServerError, match="503 made to fail") as caught:
            who(client, "status/503")
        assert caught.value.retry_after == 3.0

    def test_over_plain_http_a_server_has_to_prove_itself(self, server, asking, keytab) -> None:
        client = asking(url=server, principal=READER, keytab=keytab)
        with pytest.raises(PILoginError, match="its answer has no Kerberos token, and over plain http nothing else"):
            who(client, "unproved")

    def test_channel_bindings_are_sent_where_they_are_demanded(
        self, negotiate, asking, keytab, certificates: Certificates
    ) -> None:
        url = negotiate(*certificates.pair("server"))
        client = asking(url=url, principal=READER, keytab=keytab, caBundle=certificates.authority)
        assert [who(client) for _ in range(3)] == [READER] * 3
        # The first was refused without them.
        assert client.traffic.requests == 4


class TestWhatIsWrongIsNamed:
    def refusal(self, client: Client) -> str:
        with pytest.raises(PILoginError) as caught:
            who(client)
        assert client.traffic.retries == 0
        return str(caught.value)

    def test_a_keytab_of_somebody_else(self, server, asking, keytab) -> None:
        said = self.refusal(asking(url=server, principal="short", keytab=keytab))
        assert f"the keytab '{keytab}' has no key of 'short' (option principal); it has those of {READER}" in said

    def test_a_keytab_that_is_older_than_the_password(self, realm, server, asking) -> None:
        old = realm.add("changed", "changed.keytab")
        realm.change_key("changed")
        said = self.refusal(asking(url=server, principal="changed", keytab=old))
        assert f"the keytab '{old}' is older than the password of 'changed'; make it again" in said

    def test_an_account_that_is_gone(self, realm, server, asking) -> None:
        gone = realm.add("gone", "gone.keytab")
        realm.remove("gone")
        said = self.refusal(asking(url=server, principal="gone", keytab=gone))
        assert "the KDC knows no account 'gone' (option principal)" in said

    def test_a_file_that_is_no_keytab(self, server, asking, tmp_path) -> None:
        (tmp_path / "note").write_text("this is no keytab")
        said = self.refusal(asking(url=server, principal="else", keytab=tmp_path / "note"))
        assert f"option keytab: the file '{tmp_path}/note' is no keytab" in said

    def test_a_keytab_that_is_not_here(self, server, asking, tmp_path) -> None:
        with pytest.raises(PIOptionError, match=r"option keytab: the file '.*/none' is not here; it must be on every"):
            who(asking(url=server, principal="reader", keytab=tmp_path / "none"))

    def test_a_service_that_nobody_knows(self, server, asking, keytab) -> None:
        client = asking(url=server, principal=READER, keytab=keytab, serviceHost="wrong.example.com")
        assert "the KDC knows no service 'HTTP/wrong.example.com': give the server's account" in self.refusal(client)
        by_number = server.replace("localhost", "127.0.0.1")
        client = asking(url=by_number, principal=READER, keytab=keytab)
        assert "the KDC knows no service 'HTTP/127.0.0.1'" in self.refusal(client)
        assert who(asking(url=by_number, principal=READER, keytab=keytab, serviceHost="localhost")) == READER

    def test_clocks_that_differ(self, negotiate, asking, keytab) -> None:
        said = self.refusal(asking(url=negotiate(clock="+1h"), principal=READER, keytab=keytab))
        # A date in HTTP has no fractions.
        said = said.replace("3,599 s", "3,600 s")
        assert "the server's clock is 3,600 s ahead of that of this machine, and Kerberos allows 300 s" in said

    def test_no_kdc(self, realm, server, asking) -> None:
        lonely = realm.add("lonely", "lonely.keytab")
        with realm.down(), pytest.raises(PIConnectionError, match=r"no KDC answers \(Cannot contact any KDC"):
            who(asking(url=server, principal="lonely", keytab=lonely, maxRetries=0))

    def test_no_ticket(self, server, asking, tmp_path) -> None:
        assert "there is no ticket for this process: give options" in self.refusal(asking(url=server, auth="kerberos"))
        client = asking(url=server, auth="kerberos", ticketCache=tmp_path / "none")
        assert f"there is no ticket for this process in '{tmp_path}/none'" in self.refusal(client)

    def test_a_ticket_that_has_ended(self, realm, server, asking, tmp_path) -> None:
        cache = realm.kinit("short", realm.folder / "short.keytab", tmp_path / "cache")
        client = asking(url=server, auth="kerberos", ticketCache=cache)
        assert who(client) == "short@TEST.REALM"
        time.sleep(5.5)
        said = self.refusal(client)
        assert "the ticket has ended and nothing renews it: run kinit again, or give keytab and principal" in said


APACHE = """
ServerRoot {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
DefaultRuntimeDir {folder}
Listen 127.0.0.1:{port}
ServerName localhost
User nobody
Group nogroup
KeepAlive On
MaxKeepAliveRequests 0
{modules}
<Location /each/>
    AuthType GSSAPI
    AuthName PI
    GssapiCredStore keytab:{keytab}
    GssapiAllowedMech krb5
    Require valid-user
    ProxyPass {up}/
</Location>
<Location /bound/>
    # One login holds for the connection, as it can with IIS.
    AuthType GSSAPI
    AuthName PI
    GssapiCredStore keytab:{keytab}
    GssapiConnectionBound On
    Require valid-user
    ProxyPass {up}/
</Location>
"""
MODULES = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_gssapi", "proxy", "proxy_http")


@pytest.fixture(scope="module")
def apache(realm: Realm, pi: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Apache in front of PI Web API; gives its address."""
    program, home = shutil.which("apache2", path=PATH), Path("/usr/lib/apache2/modules")
    if program is None or not (home / "mod_auth_gssapi.so").exists():
        pytest.skip("no Apache with mod_auth_gssapi: apt-get install apache2-bin libapache2-mod-auth-gssapi")
    folder, port = tmp_path_factory.mktemp("apache"), free_port()
    modules = "\n".join(f"LoadModule {name}_module {home}/mod_{name}.so" for name in MODULES)
    words = {"folder": folder, "port": port, "modules": modules, "keytab": realm.folder / "http.keytab", "up": pi.url}
    (folder / "httpd.conf").write_text(APACHE.format(**words))
    command = [program, "-f", str(folder / "httpd.conf"), "-DFOREGROUND"]
    child = started(command, {**os.environ, **realm.environment}, port)
    yield f"http://localhost:{port}"
    stop(child)


@pytest.mark.parametrize("kind", ["each", "bound"])
def test_apache_takes_the_same_tickets(apache: str, asking: Asking, keytab: Path, kind: str) -> None:
    client = asking(url=f"{apache}/{kind}", principal=READER, keytab=keytab)
    for _ in range(3):
        assert client.get("system", SystemVersion, "the server")
    assert client.traffic.requests == 3
    with pytest.raises(PILoginError, match="it offers: Negotiate"):
        asking(url=f"{apache}/{kind}", auth="anonymous").get("system", SystemVersion, "the server")


#: Run in a Spark of its own, whose JVM has the realm's environment.
PROGRAM = """
import json, sys
from tests.spark.sessions import FAST
from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local-cluster[1,2,1024]")
for name, text in FAST.items():
    builder = builder.config(name, text)
spark = builder.getOrCreate()
frame = spark.read.format("osipi").options(**json.load(sys.stdin)).load()
row = frame.selectExpr("count(*)", "sum(ticks % 1000003)", "count(distinct tag)").collect()[0]
print("told", json.dumps([int(value) for value in row]))
spark.stop()
"""


@pytest.mark.long
def test_executors_renew_tickets_that_end_within_a_job(apache, realm, pi, tmp_path) -> None:
    account, life, seconds = "fleeting", 10, 40
    common = {"tagFilter": "*", "startTime": "2026-01-05T00:00:00Z", "endTime": "2026-01-05T02:00:00Z"}
    # Eighty requests, two in a second.
    slow = {"requestsPerSecond": "2", "tagsPerRequest": "1", "numPartitions": "4", "pageSize": "200"}
    login = {"auth": "kerberos", "principal": account, "keytab": str(realm.folder / f"{account}.keytab")}
    before = realm.asked()[0]
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps({"url": f"{apache}/each", **common, **slow, **login}),
        env={**os.environ, **realm.environment, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT),
             "PYSPARK_DRIVER_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_TESTING": "1"},
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.rpartition("told ")[2])
    assert told == rows_of({"url": pi.url, **common})
    assert time.monotonic() - began > seconds
    # The driver got one, and executors got them again and again, as one ended after the other.
    assert realm.asked()[0] - before >= 1 + seconds // (life + 2)


def rows_of(options: dict[str, str]) -> list[int]:
    """The same read, here and at once."""
    source = PIDataSource(options)
    reader = source.reader(source.schema())
    ticks: list[int] = []
    tags: set[str] = set()
    for partition in reader.partitions():
        for batch in reader.read(partition):
            ticks += batch.column("ticks").to_pylist()
            tags |= set(batch.column("tag").to_pylist())
    return [len(ticks), sum(tick % 1000003 for tick in ticks), len(tags)]
