"""`python -m pi_datasource check` against set-ups that are broken in one way each: the remedy is the right one."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from mock_pi import Every, Fault, MockPI, PISystem, Point
from pi_datasource.cli import main
from tests.authority import Authority, Issued

ROOT = Path(__file__).parents[2]
SYSTEM = {"ProductTitle": "PI Web API 2023 SP1", "ProductVersion": "1.19.1.28"}
#: All the looks, by their titles in the text and their names in the JSON.
TITLES = {
    "name": "dns", "connection": "tcp", "certificate": "tls", "web server": "address", "clock": "clock",
    "login": "login", "PI Web API": "version", "batch": "batch", "data servers": "data_servers", "rights": "points",
    "AF servers": "asset_servers", "limits": "limits", "midnight": "midnight", "tags": "tags",
    "newest values": "values",
}  # fmt: skip


@dataclass
class Line:
    """One finding as a user sees it: the mark, all that is said, and what stands behind the arrow."""

    mark: str
    said: str
    remedy: str


@dataclass
class Report:
    """What the command wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> dict[str, Line]:
        """The findings by their titles."""
        found = {}
        for part in re.split(r"\n(?=[✓✗!–] )", self.out.partition("\n\n")[2].rpartition("\n\n")[0].join(["\n", ""])):
            if not part.strip():
                continue
            said, _, remedy = part[17:].partition("→")
            title = part[2:16].strip()
            # Several that were not reached share a line.
            titles = " ".join(said.split()).split(", ") if title == "not reached" else [title]
            said = title if title == "not reached" else " ".join(said.split())
            found |= {one: Line(part[0], said, " ".join(remedy.split())) for one in titles}
        return found

    @property
    def failed(self) -> list[str]:
        return [title for title, line in self.lines.items() if line.mark == "✗"]

    @property
    def summary(self) -> str:
        return self.out.rstrip().rpartition("\n")[2]


Check = Callable[..., Report]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        ours = name.startswith("OSIPI_") and name != "OSIPI_NO_SKIPS"
        if ours or name.lower().endswith("_proxy") or name in ("COLUMNS", "REQUESTS_CA_BUNDLE"):
            monkeypatch.delenv(name)


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Runs the command in this process."""

    def run(url: str, *words: str) -> Report:
        code = main(["check", "--url", url, *words])
        return Report(code, *capsys.readouterr())

    return run


class OneAnswer:
    """A server that says what runs there and nothing else, with or without TLS.

    Args:
        issued: its certificate, or how it does TLS; None for plain HTTP.
        headers: more lines of the head of its answer.
    """

    def __init__(self, issued: Issued | ssl.SSLContext | None = None, headers: str = "") -> None:
        self._context = issued.context() if isinstance(issued, Issued) else issued
        body = json.dumps(SYSTEM)
        head = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}"
        self._answers = {True: f"HTTP/1.1 200 OK\r\n{head}\r\n{body}", False: "HTTP/1.1 404 No\r\n\r\n"}
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            # Clients that only look, or dislike the certificate, leave in the middle.
            with client, contextlib.suppress(OSError):
                self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(5)
        if self._context is not None:
            with self._context.wrap_socket(client, server_side=True) as tls:
                self._say(tls)
        else:
            self._say(client)

    def _say(self, client: socket.socket) -> None:
        asked = client.recv(65_536)
        if asked:
            client.sendall(self._answers[asked.startswith(b"GET /piwebapi/system")].encode())

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts such servers, and gives their addresses."""
    servers: list[OneAnswer] = []

    def start(issued: Issued | ssl.SSLContext | None = None, headers: str = "") -> str:
        servers.append(OneAnswer(issued, headers))
        return f"{'https' if issued else 'http'}://localhost:{servers[-1].port}/piwebapi"

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def _mock() -> Iterator[MockPI]:
    with MockPI(tags=20) as pi:
        yield pi


@pytest.fixture
def pi(_mock: MockPI) -> Iterator[MockPI]:
    """A server of 20 tags whose clock is the real one; as it was, for each test."""
    _mock.faults.clear()
    yield _mock
    _mock.faults.clear()
    _mock.set(auth=None, users={}, tokens={}, version="2023", zone="UTC")


def expect(report: Report, title: str, said: str, remedy: str) -> None:
    """The first finding that fails is this one, says this, and has this remedy; what comes after was not reached."""
    assert list(report.lines) == list(TITLES)
    assert report.failed[:1] == [title], report.out
    line = report.lines[title]
    assert re.search(said, line.said), line.said
    assert re.search(remedy, line.remedy), line.remedy
    assert report.code == 1
    assert report.summary.startswith(f"Something is wrong, begin with: {title} (")


def not_reached(report: Report, first: str) -> None:
    """Nothing from this finding on was looked at."""
    titles = list(TITLES)
    for title in titles[titles.index(first) :]:
        assert (report.lines[title].mark, report.lines[title].said) == ("–", "not reached")


class TestNetwork:
    def test_no_such_name(self, check: Check) -> None:
        report = check("https://no-such-host.invalid/piwebapi")
        expect(report, "name", r"(no machine is called|gave no answer for) no-such-host\.invalid", "name servers|DNS")
        not_reached(report, "connection")

    def test_nothing_listens_at_the_port(self, check: Check) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        report = check(f"https://127.0.0.1:{port}/piwebapi")
        expect(
            report, "connection", rf"127\.0\.0\.1 port {port} refused the connection",
            r"is the port in --url right.*Windows service of PI Web API does not run",
        )  # fmt: skip
        not_reached(report, "certificate")

    def test_a_proxy_that_is_not_there(self, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:canary-proxy@127.0.0.1:{port}")
        report = check("https://pi.example.com/piwebapi")
        expect(report, "connection", f"port {port} refused", "proxy comes from the environment.*NO_PROXY")
        assert "canary-proxy" not in report.out + report.err


class TestTls:
    @pytest.fixture(scope="class")
    def authority(self, tmp_path_factory: pytest.TempPathFactory) -> Authority:
        return Authority(tmp_path_factory.mktemp("tls"), "Plant Root CA")

    @pytest.fixture(scope="class")
    def issuing(self, authority: Authority) -> Authority:
        return Authority(authority.folder, "Plant Issuing CA", authority)

    def test_http_where_https_was_meant(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url.replace("http:", "https:"))
        expect(
            report, "certificate", rf"port {pi.port} does not speak TLS",
            rf"begin --url with http:// \(http://127\.0\.0\.1:{pi.port}/piwebapi\)",
        )  # fmt: skip
        not_reached(report, "web server")

    def test_https_where_http_was_meant(self, check: Check, serve: Serve, authority: Authority) -> None:
        url = serve(authority.issue())
        report = check(url.replace("https:", "http:"))
        expect(report, "web server", "speaks TLS, and --url begins with http://", re.escape(f"https:// ({url})"))

    def test_an_own_authority_that_is_not_known(self, check: Check, serve: Serve, issuing: Authority) -> None:
        report = check(serve(issuing.issue()))
        expect(
            report, "certificate",
            r"not trusted \(unable to get local issuer certificate\): for localhost, issued by Plant Issuing CA.*"
            r"chain: localhost ← Plant Issuing CA ← Plant Root CA \(not sent, as usual\)",
            "get the authority 'Plant Root CA' as a PEM file from your IT and give it: --ca-bundle FILE",
        )  # fmt: skip
        not_reached(report, "web server")

    def test_the_authority_given(self, check: Check, serve: Serve, issuing: Authority, authority: Authority) -> None:
        report = check(serve(issuing.issue()), "--ca-bundle", str(authority.certificate))
        line = report.lines["certificate"]
        assert line.mark == "✓"
        assert re.match(
            r"for localhost, issued by Plant Issuing CA, valid until 2049-12-31 \([0-9,]+ days left\), TLSv1\.[23] "
            "chain: localhost ← Plant Issuing CA ← Plant Root CA",
            line.said,
        )
        assert report.lines["PI Web API"].said.startswith("PI Web API 2023 SP1 (1.19.1.28)")

    def test_another_authority_given(self, check: Check, serve: Serve, authority: Authority, tmp_path: Path) -> None:
        other = Authority(tmp_path, "Other CA")
        report = check(serve(authority.issue()), "--ca-bundle", str(other.certificate))
        expect(
            report, "certificate", "issued by Plant Root CA",
            rf"the file {other.certificate} \(option caBundle\) does not hold the authority 'Plant Root CA'.*"
            "sends no intermediate certificates",
        )  # fmt: skip

    @pytest.mark.parametrize(("text", "why"), [(None, "No such file"), ("not PEM", "holds no certificate in PEM form")])
    def test_a_bundle_that_cannot_be_used(
        self, check: Check, pi: MockPI, tmp_path: Path, text: str | None, why: str
    ) -> None:
        bundle = tmp_path / "ca.cer"
        if text is not None:
            bundle.write_text(text)
        report = check(pi.url.replace("http:", "https:"), "--ca-bundle", str(bundle))
        expect(report, "certificate", rf"option caBundle: the file '{bundle}' cannot be used: .*{why}", "openssl x509")

    def test_expired(self, check: Check, serve: Serve, authority: Authority) -> None:
        report = check(serve(authority.issue(ends="20260131000000Z")), "--ca-bundle", str(authority.certificate))
        expect(
            report, "certificate", "the certificate of localhost ended on 2026-01-31", "administrators have to renew it"
        )

    def test_about_to_expire(self, check: Check, serve: Serve, authority: Authority) -> None:
        soon = time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 86_400 * 3.5))
        report = check(serve(authority.issue(ends=soon)), "--ca-bundle", str(authority.certificate))
        line = report.lines["certificate"]
        assert line.mark == "!"
        assert "(3 days left)" in line.said
        assert line.remedy == "the PI administrators have to renew it before it ends"

    def test_not_valid_yet(self, check: Check, serve: Serve, authority: Authority) -> None:
        report = check(serve(authority.issue(begins="20480101000000Z")), "--ca-bundle", str(authority.certificate))
        expect(report, "certificate", "begins on 2048-01-01", "is the date of this machine right")

    def test_for_another_host(self, check: Check, serve: Serve, authority: Authority) -> None:
        issued = authority.issue("pi.example.com")
        report = check(serve(issued), "--ca-bundle", str(authority.certificate))
        expect(
            report, "certificate", r"the certificate is for pi\.example\.com, not for localhost",
            r"put a name that the certificate has into --url \(pi\.example\.com\)",
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("newest", "title", "said"),
        [
            (ssl.TLSVersion.TLSv1_3, "web server", "after a good handshake the server hung up"),
            (ssl.TLSVersion.TLSv1_2, "certificate", "the server refuses the handshake"),
        ],
    )
    def test_a_client_certificate_is_wanted(
        self, check: Check, serve: Serve, authority: Authority, newest: ssl.TLSVersion, title: str, said: str
    ) -> None:
        strict = authority.issue().context()
        strict.load_verify_locations(authority.certificate)
        strict.verify_mode = ssl.CERT_REQUIRED
        strict.maximum_version = newest
        report = check(serve(strict), "--ca-bundle", str(authority.certificate))
        expect(report, title, said, "the server most likely wants a client certificate")

    def test_a_gateway_wants_a_client_certificate(self, check: Check, httpserver: HTTPServer) -> None:
        page = "<html><head><title>400 No required SSL certificate was sent</title></head></html>"
        httpserver.expect_request(re.compile(".*")).respond_with_data(page, 400, content_type="text/html")
        report = check(httpserver.url_for("/piwebapi"))
        expect(report, "web server", "No required SSL certificate was sent", "most likely wants a client certificate")

    def test_a_server_of_old_tls_only(self, check: Check, serve: Serve, authority: Authority) -> None:
        old = authority.issue().context()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        expect(check(serve(old)), "certificate", "no version of TLS in common", "ask for TLS 1.2 on it")

    def test_not_checked(self, check: Check, serve: Serve, authority: Authority) -> None:
        report = check(serve(authority.issue()), "--verify", "false")
        line = report.lines["certificate"]
        assert line.mark == "!"
        assert "not checked, as verify=false says" in line.said
        assert "give the authority's certificate with --ca-bundle FILE" in line.remedy
        assert report.lines["login"].mark == "✓"
        assert "InsecureRequestWarning" not in report.err


class TestAddress:
    def test_wrong_path(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url.replace("piwebapi", "webapi"))
        expect(
            report, "web server", r"there is no PI Web API at http://127\.0\.0\.1:\d+/webapi: 404",
            rf"PI Web API is at {re.escape(pi.url)}: set --url to that",
        )  # fmt: skip
        not_reached(report, "clock")

    def test_wrong_path_that_shows_after_the_login(self, check: Check, pi: MockPI) -> None:
        pi.set(auth="basic", users={"reader": "secret-of-reader"})
        login = ("--username", "reader", "--password", "literal:secret-of-reader")
        report = check(pi.url.replace("piwebapi", "webapi"), *login)
        expect(report, "login", "after the login there is no PI Web API at", "PI Web API is at http.*/piwebapi")

    def test_a_portal(self, check: Check, httpserver: HTTPServer) -> None:
        httpserver.expect_request(re.compile(".*")).respond_with_data(
            "<html><head><title>Plant\nPortal</title></head></html>", content_type="text/html"
        )
        report = check(httpserver.url_for("/"))
        expect(report, "web server", "a web page titled 'Plant Portal' comes from", "gateway or portal is in front")

    def test_a_redirect_to_a_login_page(self, check: Check, httpserver: HTTPServer) -> None:
        target = {"Location": "https://sso.example.com/login?token=canary"}
        httpserver.expect_request(re.compile(".*")).respond_with_data("", 302, target)
        report = check(httpserver.url_for("/piwebapi"))
        expect(
            report, "web server", r"redirected \(302\) to https://sso\.example\.com/login;", "a login page.*--headers"
        )
        assert "canary" not in report.out

    def test_a_redirect_to_https(self, check: Check, httpserver: HTTPServer) -> None:
        target = {"Location": "https://localhost/piwebapi/system"}
        httpserver.expect_request(re.compile(".*")).respond_with_data("", 301, target)
        report = check(httpserver.url_for("/piwebapi"))
        expect(report, "web server", "redirected", r"begin --url with https:// \(https://localhost/piwebapi\)")

    def test_a_gateway_that_redirects_strangers_only(self, check: Check, httpserver: HTTPServer) -> None:
        login = {"Authorization": "Basic " + base64.b64encode(b"reader:right").decode()}
        httpserver.expect_request("/piwebapi/system", headers=login).respond_with_json(SYSTEM)
        httpserver.expect_request(re.compile(".*")).respond_with_data("", 302, {"Location": "https://sso.example.com/"})
        report = check(httpserver.url_for("/piwebapi"), "--username", "reader", "--password", "literal:right")
        said = report.lines["web server"].said
        assert re.fullmatch(r"answers in [\d,]+ ms, turns away who has no login \(302\)", said)
        assert [report.lines[title].mark for title in ("web server", "login", "PI Web API")] == ["✓"] * 3

    @pytest.mark.parametrize(
        ("status", "said", "remedy"),
        [
            (503, "out of order: 503", "Windows service of PI Web API is stopped, starting or overloaded"),
            (502, "a gateway answers.*502", "who runs the gateway"),
            (429, "asks to slow down: 429", "--requests-per-second"),
        ],
    )
    def test_the_server_is_not_well(self, check: Check, pi: MockPI, status: int, said: str, remedy: str) -> None:
        pi.faults.add(Fault(status=status, count=None))
        expect(check(pi.url), "web server", said, remedy)

    def test_it_hangs(self, check: Check) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/piwebapi"
            report = check(url, "--timeout", "0.3")
        expect(
            report, "web server", r"gave no answer within 0\.3 s",
            "hangs or is overloaded.*Longer patience: --timeout 60",
        )  # fmt: skip

    def test_it_is_slow(self, check: Check, pi: MockPI, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pi_datasource.check.address.SLOW", 0.2)
        pi.faults.add(Fault(kind="slow", delay=0.3))
        line = check(pi.url).lines["web server"]
        assert line.mark == "!"
        assert re.match(r"answers in ([3-9]\d\d|\d,\d{3}) ms", line.said)
        assert "is the server overloaded" in line.remedy

    def test_the_connection_breaks(self, check: Check, pi: MockPI) -> None:
        pi.faults.add(Fault(kind="reset", count=None))
        expect(check(pi.url), "web server", "no answer: .*[Rr]eset", "cut before an answer: by a firewall")


class TestClock:
    @pytest.mark.parametrize(
        ("ahead", "mark", "said", "effect"),
        [
            (90, "✗", "ahead of", "leave out the newest events"),
            (-90, "✗", "behind", "reach into the server's future"),
            (20, "!", "ahead of", "leave out the newest events"),
        ],
    )
    def test_clocks_differ(self, check: Check, serve: Serve, ahead: int, mark: str, said: str, effect: str) -> None:
        date = formatdate(time.time() + ahead, usegmt=True)
        report = check(serve(headers=f"Date: {date}\r\n"))
        line = report.lines["clock"]
        assert line.mark == mark
        assert re.match(rf"the server's clock is ([89]\d|[12]\d) s {said} this machine's", line.said), line.said
        assert "set both by the same time server" in line.remedy
        assert effect in line.remedy
        assert report.lines["login"].mark == "✓"

    def test_the_clock_of_the_archive(self, check: Check) -> None:
        with MockPI(tags=3, now="2026-01-08T00:00:00Z", date="host") as pi:
            report = check(pi.url)
        line = report.lines["data servers"]
        assert (line.mark, line.said) == ("!", "MOCKPI (connected, its clock shows 2026-01-08T00:00:00Z)")
        assert "set the clocks by the same time server" in line.remedy
        # Its own calculation goes by that clock, too.
        expect(report, "midnight", "and 2026-01-08T00:00:00Z to the server in the same zone", "give times with a zone")


class TestLogin:
    def test_wrong_password(self, check: Check, pi: MockPI, monkeypatch: pytest.MonkeyPatch) -> None:
        pi.set(auth="basic", users={"PLANT\\reader": "right"})
        monkeypatch.setenv("PI_PASSWORD", "canary-wrong-password")
        report = check(pi.url, "--auth", "basic", "--username", "PLANT\\reader", "--password", "env:PI_PASSWORD")
        assert report.lines["web server"].said.endswith("wants a login and offers Negotiate, Basic")
        expect(
            report, "login",
            r"auth=basic as PLANT\\reader is not accepted \(401: Authorization has been denied for this request\.\); "
            "it offers Negotiate, Basic",
            r"wrong user name or password.*DOMAIN\\name",
        )  # fmt: skip
        not_reached(report, "PI Web API")
        assert "canary" not in report.out + report.err

    def test_right_password(self, check: Check, pi: MockPI, monkeypatch: pytest.MonkeyPatch) -> None:
        pi.set(auth="basic", users={"PLANT\\reader": "right-password"})
        monkeypatch.setenv("PI_PASSWORD", "right-password")
        report = check(pi.url, "--username", "PLANT\\reader", "--password", "env:PI_PASSWORD", "--tags", "SINUSOID")
        assert report.code == 0
        assert report.lines["login"].said == (
            "auth=basic as PLANT\\reader is accepted; the server takes us for PLANT\\reader (WindowsIdentity)"
        )
        assert report.err == ""

    def test_no_login_where_one_is_wanted(self, check: Check, pi: MockPI) -> None:
        pi.set(auth="bearer", tokens={"abc": None})
        expect(
            check(pi.url), "login", "auth=anonymous is not accepted .401.*offers Bearer",
            "log in with .*--auth bearer --token env:NAME",
        )  # fmt: skip

    def test_a_scheme_that_is_not_offered(self, check: Check, pi: MockPI) -> None:
        pi.set(auth="bearer", tokens={"abc": None})
        report = check(pi.url, "--username", "reader", "--password", "literal:x-y-z")
        expect(report, "login", "offers Bearer", "log in with .*--auth bearer")

    def test_a_token_that_has_ended(self, check: Check, pi: MockPI, tmp_path: Path) -> None:
        claims = base64.urlsafe_b64encode(json.dumps({"exp": 1767225600, "sub": "canary-sub"}).encode()).decode()
        (tmp_path / "token").write_text(f"eyJhbGciOiJub25lIn0.{claims}.c2ln")
        pi.set(auth="bearer", tokens={"abc": None})
        report = check(pi.url, "--token", f"@{tmp_path / 'token'}")
        expect(report, "login", "auth=bearer is not accepted", "the token ended at 2026-01-01T00:00:00Z")
        assert "canary-sub" not in report.out

    def test_a_wrong_token(self, check: Check, pi: MockPI) -> None:
        pi.set(auth="bearer", tokens={"abc": None})
        report = check(pi.url, "--token", "canary-token")
        expect(report, "login", "auth=bearer is not accepted", "made for another audience.*BearerIssuer")
        assert "canary" not in report.out
        assert report.err.startswith("warning: --token is written out on the command line")
        assert "canary" not in report.err

    def test_known_and_not_allowed(self, check: Check, pi: MockPI) -> None:
        pi.set(auth="basic", users={"reader": "right"})
        pi.faults.add(Fault(status=403, count=None))
        report = check(pi.url, "--username", "reader", "--password", "literal:right")
        expect(report, "login", r"known, but not allowed \(403", "ask the PI administrator to let this account in")

    def test_a_login_that_is_not_looked_at(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url, "--username", "reader", "--password", "literal:anything")
        line = report.lines["login"]
        assert line.mark == "!"
        assert "was not looked at: the server lets in without it" in line.said
        assert "Anonymous is among the AuthenticationMethods" in line.remedy
        assert report.code == 0
        assert report.summary.startswith("It works (")

    def test_a_header_is_a_login_of_its_own(self, check: Check, httpserver: HTTPServer) -> None:
        key = {"X-Api-Key": "canary-of-the-gateway"}
        httpserver.expect_request("/piwebapi/system", headers=key).respond_with_json(SYSTEM)
        httpserver.expect_request(re.compile(".*")).respond_with_data("", 401)
        report = check(httpserver.url_for("/piwebapi"), "--headers", json.dumps(key))
        assert report.lines["web server"].said.endswith("ms, lets in without a login, with the headers given")
        assert report.lines["login"].mark == "✓"
        assert "canary" not in report.out + report.err
        report = check(httpserver.url_for("/piwebapi"))
        expect(report, "login", "offers no way in", "give a login")

    def test_a_login_that_cannot_be_sent(self, check: Check, pi: MockPI, tmp_path: Path) -> None:
        report = check(pi.url, "--token", f"@{tmp_path / 'none'}")
        expect(report, "login", "the file .*none' cannot be read here", "mend the login options")


class TestRights:
    def test_post_is_blocked(self, check: Check, pi: MockPI) -> None:
        pi.faults.add(Fault(status=403, route="batch", count=None))
        report = check(pi.url, "--tags", "SINUSOID")
        expect(report, "batch", r"batch requests \(POST\) do not pass: .*403", r"add --post false")
        # The rest is looked at without.
        assert report.failed == ["batch"]
        assert report.lines["newest values"].mark == "✓"
        pi.faults.clear()
        pi.faults.add(Fault(status=403, route="batch", count=None))
        report = check(pi.url, "--post", "false", "--tags", "SINUSOID")
        assert report.code == 0
        assert report.lines["batch"].said.startswith("not used, as post=false says")
        assert report.lines["newest values"].mark == "✓"

    def test_no_point_is_seen(self, check: Check) -> None:
        with MockPI(PISystem([], data_servers=("EMPTY",))) as pi:
            report = check(pi.url)
        expect(report, "rights", "this login sees no point on EMPTY", "mapping or trust of this account")

    def test_no_data_server_is_seen(self, check: Check, pi: MockPI) -> None:
        pi.faults.add(Fault(status=500, route="dataservers", count=None))
        expect(check(pi.url), "data servers", "cannot be listed: .*500", "mapping or trust of this account")

    def test_a_gateway_that_hides_routes(self, check: Check, pi: MockPI) -> None:
        pi.faults.add(Fault(status=404, route="dataservers", count=None))
        expect(check(pi.url), "data servers", "cannot be listed: .*404", "a gateway in front lets only some routes")

    def test_another_data_server_was_asked_for(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url, "--data-server", "PISRV1")
        expect(report, "data servers", "no data server pisrv1 here; there is MOCKPI", "set --data-server")

    def test_af_is_closed(self, check: Check, pi: MockPI) -> None:
        pi.faults.add(Fault(status=403, route="assetservers", count=None))
        report = check(pi.url)
        assert report.lines["AF servers"].mark == "!"
        assert "this matters for tables of the Asset Framework" in report.lines["AF servers"].remedy
        assert report.code == 0

    def test_an_old_server(self, check: Check, pi: MockPI) -> None:
        pi.set(version="2018")
        said = check(pi.url).lines["PI Web API"].said
        assert said == "PI Web API 2018 SP1 (1.11.1.5383); no tagQuery before 2021 SP3, use tagFilter"


class TestTags:
    def test_some_are_not_there(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url, "--tags", "SINUSOID,NOPE,SINUSOIDU,Ünknown")
        expect(
            report,
            "tags",
            r"2 of 4 not found NOPE: .*not found.* Ünknown: .*not found",
            r"pi_datasource tags 'NOP\*'.* comma in its name",
        )
        line = report.lines["newest values"]
        assert line.mark == "✓"
        assert re.fullmatch(r"2 read SINUSOID +\S+ at \S+Z, \d+ s old SINUSOIDU +\S+ at \S+Z, \d+ s old", line.said)

    def test_a_pattern_among_the_tags(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url, "--tags", "SIN*")
        expect(report, "tags", r"1 of 1 not found SIN\*", "wildcards go into --tag-filter")

    def test_many(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url, "--tag-filter", "*", "--json")
        findings = {one["name"]: one for one in json.loads(report.out)["checks"]}
        assert findings["tags"]["details"]["found_count"] == 20
        assert len(findings["values"]["details"]["newest"]) == 20

    def test_what_values_can_be(self, check: Check) -> None:
        system = PISystem(
            [Point("QUIET", "Float32", Every(86_400 * 3)), Point("NEVER", "Float32"), Point("ALIVE", "Int32")],
            now="2026-01-08T00:00:00Z",
        )
        with MockPI(system) as pi:
            report = check(pi.url, "--tags", "QUIET,NEVER,ALIVE")
        assert report.lines["tags"].mark == "✓"
        assert set(re.findall(r"QUIET|NEVER|ALIVE", report.lines["newest values"].said)) == {"QUIET", "NEVER", "ALIVE"}

    def test_a_value_that_cannot_be_read(self, check: Check, pi: MockPI) -> None:
        pi.faults.add(Fault(status=403, route="streams/end", tag="SINUSOID", count=None, scope="sub"))
        report = check(pi.url, "--tags", "SINUSOID,SINUSOIDU")
        expect(
            report, "newest values", "1 of 2 cannot be read SINUSOID cannot be read: .*403.* SINUSOIDU +[-0-9.]+ at ",
            "read access to the data",
        )  # fmt: skip


class TestReport:
    def test_is_a_stable_schema(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url, "--tags", "SINUSOID", "--json")
        said = json.loads(report.out)
        assert report.code == said["exit_code"] == 0
        assert list(said) == [
            "schema", "complete", "at", "software", "url", "auth", "username", "exit_code", "counts", "checks",
        ]  # fmt: skip
        assert (said["schema"], said["complete"], said["url"]) == (1, True, pi.url)
        assert said["counts"] == {"good": 15, "warning": 0, "failed": 0, "unknown": 0}
        assert [one["name"] for one in said["checks"]] == list(TITLES.values())
        for one in said["checks"]:
            assert list(one) == ["name", "outcome", "said", "remedy", "lines", "seconds", "details"]
        details = {one["name"]: sorted(one["details"]) for one in said["checks"]}
        assert details == {
            "dns": ["addresses", "host"],
            "tcp": ["address", "milliseconds", "port", "proxy"],
            "tls": ["verified", "version"],
            "address": ["milliseconds", "offered", "status"],
            "clock": ["seconds_ahead"],
            "login": ["auth", "identity", "identity_type", "offered", "status", "username"],
            "version": ["point_search", "product", "version"],
            "batch": ["allowed"],
            "data_servers": ["connected", "names"],
            "points": ["seen"],
            "asset_servers": ["databases", "names"],
            "limits": ["item_limit"],
            "midnight": ["here", "server", "server_own_zone", "time_zone"],
            "tags": ["found", "found_count", "missing"],
            "values": ["newest"],
        }

    def test_failures_are_in_the_json(self, check: Check, pi: MockPI) -> None:
        pi.faults.add(Fault(status=503, count=None))
        report = check(pi.url, "--json")
        said = json.loads(report.out)
        assert report.code == said["exit_code"] == 1
        assert said["counts"] == {"good": 3, "warning": 0, "failed": 1, "unknown": 11}
        failed = next(one for one in said["checks"] if one["outcome"] == "failed")
        assert failed["name"] == "address"
        assert failed["details"]["status"] == 503
        assert "Windows service" in failed["remedy"]

    def test_both_midnights(self, check: Check, pi: MockPI) -> None:
        pi.set(zone="America/New_York")
        said = check(pi.url, "--timeZone", "Europe/Berlin").lines["midnight"].said
        assert re.fullmatch(
            r"t \(today\) is \S+T2[23]:00:00Z here, by timeZone=Europe/Berlin, to the server as well; in the server's "
            r"own zone it is \S+T0[45]:00:00Z",
            said,
        )

    @pytest.mark.parametrize("words", [(), ("--json",)])
    def test_no_secret_is_in_it(
        self, check: Check, httpserver: HTTPServer, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not even when the server repeats all that it was sent, in its body and in headers."""

        def echo(request: Request) -> Response:
            names = ("Authorization", "X-Other", "X-Key")
            sent = " ".join(f"{name}: {request.headers.get(name)}" for name in names)
            way = f'Basic realm="{request.headers.get("Authorization", "")}"'
            return Response(json.dumps({"Message": sent}), 401, {"WWW-Authenticate": way})

        httpserver.expect_request(re.compile(".*")).respond_with_handler(echo)
        monkeypatch.setenv("KEY", "canary-header-from-env")
        headers = json.dumps({"X-Key": "env:KEY", "X-Other": "canary-header-literal"})
        login = ("--username", "reader", "--password", "canary-password-with-a-long-tail", "--headers", headers)
        report = check(httpserver.url_for("/piwebapi"), *login, *words)
        assert report.code == 1
        assert "X-Other" in report.out
        encoded = base64.b64encode(b"reader:canary-password-with-a-long-tail").decode()
        assert "canary" not in report.out + report.err
        assert encoded not in report.out
        assert report.err.count("warning: ") == 2

    def test_a_login_in_the_url_is_refused_and_not_shown(self, check: Check) -> None:
        report = check("https://reader:canary@pi.example.com/piwebapi?key=canary")
        assert report.code == 2
        assert report.out == ""
        assert report.err.startswith("error: option url")
        assert "canary" not in report.err


def normal(text: str) -> list[str]:
    """Lines of a report without what differs from run to run."""
    lines = text.strip().splitlines()
    head = ["pi-datasource VERSION at TIME", "LIBRARIES"]
    assert re.fullmatch(r"pi-datasource \S+ at \S+Z", lines[0])
    assert re.fullmatch(r"Python \S+ on \w+, requests \S+, urllib3 \S+, OpenSSL \S+", lines[1])
    rules = {
        r"127\.0\.0\.1:\d+": "HOST", r"port \d+": "port N", r"[\d.]+ ms": "N ms", r"T00:00:00Z": "MIDNIGHT",
        r"\d{4}-\d\d-\d\d": "DAY", r"T\d\d:\d\d:[\d.]+Z": "TIME", r"\d+ s old": "N s old",
        r"(SINUSOID  )-?[\d.]+": r"\1VALUE",
    }  # fmt: skip
    for number, line in enumerate(lines[2:]):
        for pattern, plain in rules.items():
            line = re.sub(pattern, plain, line)
        lines[number + 2] = line
    return head + lines[2:]


class TestReadme:
    def test_shows_what_the_command_writes(self, check: Check, pi: MockPI) -> None:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        shown = re.search(r"<!-- check: .*? -->\n```text\n(.*?)```\n<!-- /check -->", readme, re.DOTALL)
        assert shown is not None
        report = check(pi.url, "--tags", "SINUSOID,CDT185")
        assert normal(shown[1]) == normal(report.out), report.out

    def test_all_is_well(self, check: Check, pi: MockPI) -> None:
        report = check(pi.url, "--tags", "SINUSOID")
        assert normal(report.out)[3:] == HEALTHY.splitlines()
        assert (report.code, report.err) == (0, "")

    def test_names_errors_by_texts_that_there_are(self) -> None:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        table = readme.split("| the error says |")[1].split("\n\n")[0]
        texts = [re.sub(r"^[…\s]+", "", part) for part in re.findall(r"^\| `(.*?)`", table, re.MULTILINE)]
        code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "pi_datasource").rglob("*.py"))
        for text in texts[:-3]:
            for part in text.removesuffix("tags not found").split("…"):
                assert part.strip() in code, part
        assert len(texts) == 12


HEALTHY = """\

✓ name           127.0.0.1 is an address, no name to look up
✓ connection     127.0.0.1 port N answers in N ms
✓ certificate    none: http on this machine itself
✓ web server     answers in N ms, lets anybody in
✓ clock          this machine's clock and the server's agree
✓ login          auth=anonymous is accepted
✓ PI Web API     PI Web API 2023 SP1 (1.19.1.28)
✓ batch          batch requests (POST) pass
✓ data servers   MOCKPI (connected)
✓ rights         this login sees points on MOCKPI
✓ AF servers     MOCKAF (databases Plant, Curiosities, Events)
✓ limits         150,000 objects in an answer (MaxReturnedItemsPerCall); pages are cut to fit
✓ midnight       t (today) is DAYMIDNIGHT here, by timeZone=UTC; the server says the same,
                 in its own zone, too
✓ tags           1 found
✓ newest values  1 read
                 SINUSOID  VALUE at DAYTIME, N s old

All is well (15 good)."""


class TestProcess:
    """The command as a process of its own."""

    def start(self, *words: str, **environment: str) -> subprocess.Popen[bytes]:
        # Who was started with `nohup … &` ignores Ctrl-C, and so would its children.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(
                [sys.executable, "-m", "pi_datasource", "check", *words],
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, cwd="/",
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        finally:
            signal.signal(signal.SIGINT, before)

    def test_ascii_and_narrow(self, pi: MockPI) -> None:
        words = ("--url", pi.url, "--tags", "SINUSOID,Ünknown")
        with self.start(*words, PYTHONIOENCODING="ascii", COLUMNS="60") as process:
            out, err = process.communicate(timeout=60)
        text = out.decode("ascii")
        assert process.returncode == 1
        assert err == b""
        assert text.count("\nok   ") == 14
        assert "\nFAIL tags " in text
        assert "\\xdcnknown: PI Point" in text
        assert "-> is it spelt as in PI" in text
        assert max(map(len, text.splitlines()[4:])) <= 60
        assert text.rstrip().endswith("Something is wrong, begin with: tags (14 good, 1 failed).")

    def test_ctrl_c(self) -> None:
        silent = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/piwebapi"
        with (
            silent,
            self.start("--url", url, "--timeout", "50", PYTHONIOENCODING="utf-8") as process,
            # The look at the connection connects, too; the second connection is the request that gets no answer.
            silent.accept()[0],
            silent.accept()[0] as asking,
        ):
            assert asking.recv(1000).startswith(b"GET /piwebapi/system ")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert err == b""
        assert out.decode().count("\n✓ ") == 3
        assert out.decode().rstrip().endswith("Interrupted: 3 good.")


class TestProxy:
    """Through a proxy that opens tunnels."""

    @pytest.fixture
    def proxy(self) -> Iterator[tuple[str, list[bytes]]]:
        asked: list[bytes] = []
        open_ends: list[socket.socket] = []
        listener = socket.create_server(("127.0.0.1", 0))

        def pump(one: socket.socket, other: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := _received(one):
                    other.sendall(data)
            for end in (one, other):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                request = _received(client)
                if not request:  # the look at the connection
                    client.close()
                    continue
                asked.append(request)
                port = int(asked[-1].split()[1].rpartition(b":")[2])
                server = socket.create_connection(("127.0.0.1", port))
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                open_ends.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        for end in open_ends:
            end.close()

    def test_everything_goes_through_it(
        self, check: Check, serve: Serve, proxy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        address, asked = proxy
        authority = Authority(tmp_path, "Plant CA")
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:canary@{address}")
        url = serve(authority.issue("pi.plant.test")).replace("localhost", "pi.plant.test")
        report = check(url, "--ca-bundle", str(authority.certificate))
        assert ", the proxy on the way to pi.plant.test port " in report.lines["connection"].said
        assert [report.lines[title].mark for title in ("certificate", "web server", "login", "PI Web API")] == ["✓"] * 4
        assert len(asked) >= 3
        assert all(b"Proxy-Authorization: Basic " in one for one in asked)
        assert "canary" not in report.out


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65_536)
    except OSError:
        return b""
