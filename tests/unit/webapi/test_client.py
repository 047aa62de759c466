from __future__ import annotations

import base64
import contextlib
import gzip
import json
import logging
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIRateLimitError,
    PIRefusedError,
    PIRequestError,
    PIServerError,
    PITimeoutError,
)
from pi_datasource.options import Connection, Secret
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.retry import RetryRules
from pi_datasource.webapi.throttle import JobLimits, Throttle
from pi_datasource.webapi.wire import Point, TimedValues

GOOD = {"Items": [{"Timestamp": "2026-01-01T00:00:00Z", "Value": 1.5, "Good": True}]}
BODY = json.dumps(GOOD).encode()
ONCE = RetryRules(max_retries=0)
ROUTE = "streams/W/recorded"
PATH = f"/piwebapi/{ROUTE}"


def head(length: int, *more: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {length}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def ask(client: Client) -> TimedValues:
    return client.get(ROUTE, TimedValues, "recorded of SINUSOID")


def is_good(answer: TimedValues) -> bool:
    return [(item.Timestamp, item.Value, item.Good) for item in answer.Items] == [("2026-01-01T00:00:00Z", 1.5, True)]


class TestWhatIsSent:
    def test_a_get_says_who_we_are_and_that_json_is_wanted(self, httpserver: HTTPServer, make_client) -> None:
        httpserver.expect_oneshot_request(PATH).respond_with_json(GOOD)
        assert is_good(ask(make_client().client))
        [(request, _)] = httpserver.log
        assert request.method == "GET"
        assert request.headers["Accept"] == "application/json"
        assert request.headers["User-Agent"].startswith("pi-datasource/")
        assert request.headers["X-Requested-With"]
        assert "gzip" in request.headers["Accept-Encoding"]
        assert "Authorization" not in request.headers
        assert "Cache-Control" not in request.headers
        assert request.get_data() == b""

    def test_a_batch_request_is_a_post_of_gets_with_absolute_addresses(self, httpserver, make_client) -> None:
        answer = {"b": {"Status": 404, "Content": {"Errors": ["no"]}}, "a": {"Status": 200, "Content": GOOD}}
        httpserver.expect_oneshot_request("/piwebapi/batch", method="POST").respond_with_json(answer, 207)
        client = make_client().client
        got = client.post_batch({"a": "streams/A/recorded?x=%3B", "b": "streams/B/end"}, TimedValues, "two tags")
        assert is_good(got["a"].Content)
        assert (got["b"].Status, got["b"].Content.Errors) == (404, ["no"])
        [(request, _)] = httpserver.log
        assert request.headers["X-Requested-With"]
        assert request.headers["Content-Type"] == "application/json"
        base = client.connection.url
        assert request.get_json() == {
            "a": {"Method": "GET", "Resource": f"{base}/streams/A/recorded?x=%3B"},
            "b": {"Method": "GET", "Resource": f"{base}/streams/B/end"},
        }

    def test_headers_for_gateways_and_our_name_are_sent_as_given(self, httpserver: HTTPServer, make_client) -> None:
        httpserver.expect_oneshot_request(PATH).respond_with_json(GOOD)
        asking = make_client(headers=(("Ocp-Apim-Key", Secret("canary")), ("X-Site", Secret("7"))), user_agent="mine/2")
        ask(asking.client)
        [(request, _)] = httpserver.log
        assert (request.headers["Ocp-Apim-Key"], request.headers["X-Site"]) == ("canary", "7")
        assert request.headers["User-Agent"] == "mine/2"

    def test_a_login_goes_with_each_request(self, httpserver: HTTPServer, make_client) -> None:
        httpserver.expect_request(PATH).respond_with_json(GOOD)
        ask(make_client(auth="basic", username="DOM\\us", password=Secret("pä:ss")).client)
        ask(make_client(auth="bearer", token=Secret("canary")).client)
        basic, bearer = (request.headers["Authorization"] for request, _ in httpserver.log)
        assert base64.b64decode(basic.removeprefix("Basic ")) == "DOM\\us:pä:ss".encode()
        assert bearer == "Bearer canary"

    def test_a_percent_encoded_route_arrives_as_it_was_built(self, httpserver: HTTPServer, make_client) -> None:
        httpserver.expect_request("/piwebapi/points").respond_with_json({"WebId": "F1DP"})
        route = "points?path=%5C%5Csrv%5Ca%3Bb%26c%23d%2Be%20%C3%A4%25%7C%2F"
        make_client().client.get(route, Point, "point")
        [(request, _)] = httpserver.log
        assert request.args.to_dict(flat=False) == {"path": ["\\\\srv\\a;b&c#d+e ä%|/"]}

    @pytest.mark.parametrize(
        ("method", "route"),
        [
            ("PUT", "streams/W/value"),
            ("POST", "streams/W/recorded"),
            ("POST", "batch/"),
            ("POST", "batch?x=1"),
            ("DELETE", "batch"),
            ("PATCH", "points/W"),
            ("HEAD", "system"),
        ],
    )
    def test_nothing_but_get_and_batch_can_be_sent(self, httpserver, make_client, method: str, route: str) -> None:
        with pytest.raises(AssertionError, match="neither a GET nor a batch request"):
            make_client().client._send(method, route, b"{}", None, "a write")
        assert httpserver.log == []

    def test_what_netrc_says_is_never_sent(self, httpserver, make_client, tmp_path: Path, monkeypatch) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text(
            f"machine {httpserver.host} login thief password canary\ndefault login thief password canary\n"
        )
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        httpserver.expect_request(PATH).respond_with_json(GOOD)
        ask(make_client().client)
        ask(make_client(auth="bearer", token=Secret("mine")).client)
        assert [request.headers.get("Authorization") for request, _ in httpserver.log] == [None, "Bearer mine"]


class TestDamagedAnswers:
    """A body that breaks is a reason to try again, and an error that names the question when it keeps breaking."""

    @pytest.mark.parametrize(
        ("script", "kind"),
        [
            ([head(len(BODY) + 10), BODY], PIBadAnswerError),
            ([head(len(BODY) + 10), BODY[:20], None], PIRequestError),
            ([head(len(BODY) - 5), BODY], PIBadAnswerError),
            ([head(0)], PIBadAnswerError),
            ([head(40, "Content-Encoding: gzip"), b"this is not gzip at all................."], PIBadAnswerError),
            ([head(30, "Content-Encoding: gzip"), gzip.compress(BODY, mtime=0)[:30]], PIBadAnswerError),
            ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n" + BODY[:20]], PIRequestError),
            ([None], PIConnectionError),
            ([b""], PIConnectionError),
            ([b"SSH-2.0-OpenSSH_9.6\r\n"], PIConnectionError),
            ([b"HTTP/1.1 200 OK\r\nContent-Ty", None], PIConnectionError),
        ],
        ids=[
            "cut", "reset in the body", "length too small", "empty", "no gzip", "gzip cut", "chunk cut",
            "reset", "closed", "no http", "reset in the headers",
        ],
    )  # fmt: skip
    def test_is_told_and_then_healed(self, raw_server, make_client, script: list, kind: type[PIRequestError]) -> None:
        server = raw_server(script, script, [head(len(BODY)), BODY])
        asking = make_client(url=server.url, rules=ONCE)
        with pytest.raises(kind, match="recorded of SINUSOID") as caught:
            ask(asking.client)
        assert caught.value.attempts == 1
        healed = make_client(url=server.url)
        assert is_good(ask(healed.client))
        # Bytes beyond the announced length may spoil the next request on the same connection as well.
        assert 1 <= len(healed.waits) <= 2
        assert len(server.requests) == 3

    def test_gzip_is_inflated(self, raw_server, make_client) -> None:
        packed = gzip.compress(BODY)
        server = raw_server([head(len(packed), "Content-Encoding: gzip"), packed])
        client = make_client(url=server.url).client
        assert is_good(ask(client))
        assert client.traffic.bytes == len(BODY)

    def test_a_byte_order_mark_is_no_damage(self, raw_server, make_client) -> None:
        server = raw_server([head(len(BODY) + 3), b"\xef\xbb\xbf" + BODY])
        assert is_good(ask(make_client(url=server.url).client))

    def test_no_answer_in_time_is_a_time_out(self, raw_server, make_client) -> None:
        server = raw_server([5.0, head(len(BODY)), BODY])
        with pytest.raises(PITimeoutError, match=r"no answer from http://127.* within 0\.[23] s \(option timeout\)"):
            ask(make_client(url=server.url, timeout=0.2, rules=ONCE).client)

    def test_a_body_that_stops_coming_is_a_time_out(self, raw_server, make_client) -> None:
        server = raw_server([head(len(BODY)), BODY[:30], 5.0])
        with pytest.raises(PITimeoutError):
            ask(make_client(url=server.url, timeout=0.2, rules=ONCE).client)

    def test_a_body_that_never_ends_is_a_time_out(self, raw_server, make_client) -> None:
        piece = b" " * 300_000
        server = raw_server([head(10**8), *[piece, 0.1] * 50])
        with pytest.raises(PITimeoutError, match="kept coming for too long"):
            ask(make_client(url=server.url, timeout=0.3, rules=RetryRules(0, budget=0.3)).client)

    def test_a_retry_timeout_of_nothing_still_lets_an_answer_come(self, raw_server, make_client) -> None:
        server = raw_server([head(len(BODY)), BODY])
        assert is_good(ask(make_client(url=server.url, retry_timeout=0.0).client))

    def test_a_time_out_is_handed_back_at_once_when_asked_for(self, raw_server, make_client) -> None:
        server = raw_server([5.0])
        asking = make_client(url=server.url, timeout=0.2)
        with pytest.raises(PITimeoutError):
            asking.client.get(ROUTE, TimedValues, "recorded", (PITimeoutError,))
        assert asking.waits == []

    def test_a_page_with_200_is_tried_again_and_then_told(self, httpserver: HTTPServer, make_client) -> None:
        page = "<html><head><title>Sign in</title></head></html>"
        httpserver.expect_request(PATH).respond_with_data(page, content_type="text/html")
        asking = make_client(rules=RetryRules(max_retries=2))
        with pytest.raises(
            PIBadAnswerError, match=r"web page titled 'Sign in'(.|\n)*after 3 tries .*\(bad answer 3×\)"
        ):
            ask(asking.client)
        assert (len(httpserver.log), len(asking.waits)) == (3, 2)

    def test_a_failure_inside_a_200_is_tried_again(self, httpserver: HTTPServer, make_client) -> None:
        broken = {"Items": [], "WebException": {"StatusCode": 500, "Errors": ["Error occurred during writing"]}}
        httpserver.expect_ordered_request(PATH).respond_with_json(broken)
        httpserver.expect_ordered_request(PATH).respond_with_json(GOOD)
        asking = make_client()
        assert is_good(ask(asking.client))
        assert len(asking.waits) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "kind", "tries"),
        [
            (400, PIRefusedError, 1),
            (403, PIForbiddenError, 1),
            (404, PINotFoundError, 1),
            (409, PIRefusedError, 1),
            (500, PIServerError, 3),
            (503, PIServerError, 5),
            (504, PITimeoutError, 5),
            (429, PIRateLimitError, 17),
        ],
    )
    def test_a_status_is_tried_as_often_as_can_help(
        self, httpserver: HTTPServer, make_client, status: int, kind: type[PIRequestError], tries: int
    ) -> None:
        httpserver.expect_request(PATH).respond_with_json({"Errors": ["the very words"]}, status)
        asking = make_client(rules=RetryRules(max_retries=4), throttle=NoThrottle())
        with pytest.raises(kind, match=f"recorded of SINUSOID: {status} the very words"):
            ask(asking.client)
        assert len(httpserver.log) == tries
        assert asking.client.traffic.requests == tries
        assert asking.client.traffic.retries == tries - 1

    def test_all_requests_pause_after_a_429_for_as_long_as_the_server_asks(self, httpserver, make_client) -> None:
        httpserver.expect_ordered_request(PATH).respond_with_json({}, 429, headers={"Retry-After": "7"})
        httpserver.expect_ordered_request(PATH).respond_with_json({}, 429)
        httpserver.expect_ordered_request(PATH).respond_with_json(GOOD)
        throttle = NoThrottle()
        asking = make_client(throttle=throttle)
        assert is_good(ask(asking.client))
        assert throttle.pauses == [7.0, 0.5]
        assert asking.waits[0] == 7.0

    def test_a_redirect_is_not_followed_and_the_login_goes_nowhere(self, httpserver: HTTPServer, make_client) -> None:
        other = HTTPServer(host="localhost")
        other.expect_request("/elsewhere").respond_with_json(GOOD)
        with other:
            target = other.url_for("/elsewhere") + "?ticket=hidden"
            httpserver.expect_request(PATH).respond_with_data("", 302, headers={"Location": target})
            with pytest.raises(PIRefusedError, match="redirects are not followed") as caught:
                ask(make_client(auth="bearer", token=Secret("canary")).client)
            assert other.url_for("/elsewhere") in str(caught.value)
            assert "hidden" not in str(caught.value)
            assert other.log == []
        assert len(httpserver.log) == 1

    def test_nobody_there_is_said_after_seconds(self, make_client, raw_server) -> None:
        server = raw_server([b""])
        server.stop()
        asking = make_client(url=server.url)
        with pytest.raises(PIConnectionError, match=r"no connection to http://127(.|\n)*after 3 tries"):
            ask(asking.client)
        assert sum(asking.waits) < 5

    def test_a_host_that_answered_once_is_waited_for(self, raw_server, make_client) -> None:
        server = raw_server([head(len(BODY)), BODY])
        assert is_good(ask(make_client(url=server.url).client))
        server.stop()
        asking = make_client(url=server.url)
        with pytest.raises(PIConnectionError, match="after 9 tries"):
            ask(asking.client)

    def test_a_host_that_the_driver_knows_is_waited_for(self, raw_server) -> None:
        server = raw_server([b""])
        server.stop()
        waits: list[float] = []
        client = Client(Connection(server.url), host_known=True, sleep=waits.append)
        with pytest.raises(PIConnectionError):
            ask(client)
        assert len(waits) == 8


class NoThrottle:
    """Lets everything pass, and notes the pauses."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def turn(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


class TestLogin:
    def refusal(self) -> Response:
        denied = {"Message": "Authorization has been denied for this request."}
        response = Response(json.dumps(denied), 401, content_type="application/json")
        response.headers.add("WWW-Authenticate", "Negotiate")
        response.headers.add("WWW-Authenticate", 'Basic realm="pi"')
        return response

    def test_401_is_final_and_names_what_the_server_offers(self, httpserver: HTTPServer, make_client) -> None:
        httpserver.expect_request(PATH).respond_with_handler(lambda _: self.refusal())
        asking = make_client(auth="bearer", token=Secret("canary"))
        with pytest.raises(
            PILoginError, match=r'has been denied(.|\n)*it offers: Negotiate, Basic realm="pi"'
        ) as caught:
            ask(asking.client)
        assert len(httpserver.log) == 1
        assert asking.waits == []
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("scheme", ["bearer", "basic"])
    def test_a_secret_whose_file_changed_is_tried_once_more(
        self, httpserver: HTTPServer, make_client, tmp_path: Path, scheme: str
    ) -> None:
        file = tmp_path / "secret"
        file.write_text("old")
        secret = Secret.parse(f"@{file}", "option token", {})
        options = {"auth": "bearer", "token": secret}
        if scheme == "basic":
            options = {"auth": "basic", "username": "me", "password": secret}

        def refuse(_: Request) -> Response:
            file.write_text("renewed")
            return self.refusal()

        httpserver.expect_ordered_request(PATH).respond_with_handler(refuse)
        httpserver.expect_ordered_request(PATH).respond_with_json(GOOD)
        asking = make_client(**options)
        assert is_good(ask(asking.client))
        sent = [request.headers["Authorization"] for request, _ in httpserver.log]
        if scheme == "bearer":
            assert sent == ["Bearer old", "Bearer renewed"]
        else:
            assert [base64.b64decode(text[6:]) for text in sent] == [b"me:old", b"me:renewed"]
        assert asking.waits == []

    def test_a_renewed_secret_that_is_refused_as_well_is_not_tried_a_third_time(
        self, httpserver: HTTPServer, make_client, tmp_path: Path
    ) -> None:
        file = tmp_path / "token"
        file.write_text("one")
        numbers = iter(["two", "three", "four"])

        def refuse(_: Request) -> Response:
            file.write_text(next(numbers) * 3)
            return self.refusal()

        httpserver.expect_request(PATH).respond_with_handler(refuse)
        with pytest.raises(PILoginError, match="it offers"):
            ask(make_client(auth="bearer", token=Secret.parse(f"@{file}", "option token", {})).client)
        assert len(httpserver.log) == 2

    def test_403_is_no_question_of_login(self, httpserver: HTTPServer, make_client) -> None:
        httpserver.expect_request(PATH).respond_with_json({"Message": "no"}, 403)
        with pytest.raises(PIForbiddenError):
            ask(make_client(auth="bearer", token=Secret("canary")).client)
        assert len(httpserver.log) == 1


class TestSecretsStayOut:
    """A server that echoes what it was sent cannot make us say it."""

    LONG = "eyJhbGciOiJSUzI1NiJ9." + "canary-" * 200 + "end"

    @pytest.mark.parametrize(
        "options",
        [
            {"auth": "basic", "username": "me", "password": Secret("can ary")},
            {"auth": "bearer", "token": Secret("canary")},
            {"auth": "bearer", "token": Secret(LONG)},
            {"auth": "bearer", "token": Secret("a phrase of several words: canary")},
            {"headers": (("X-Api-Key", Secret("canary")),)},
            {"headers": (("X-Api-Key", Secret(LONG)),)},
        ],
        ids=["password", "token", "long token", "token with blanks", "header", "long header"],
    )
    @pytest.mark.parametrize(
        ("status", "template"),
        [
            (400, '{{"Errors": ["you sent {0}"]}}'),
            (401, '{{"Message": "{0} is nobody"}}'),
            (403, "<html><title>{0}</title><p>{0}</p></html>"),
            (500, "{0}"),
            (200, "{0} is no JSON"),
            (200, "<html>{0}</html>"),
            (200, '{{"Errors": "{0}"}}'),
        ],
    )
    def test_in_the_message(self, httpserver, make_client, caplog, options: dict, status: int, template: str) -> None:
        caplog.set_level(logging.DEBUG, "pi_datasource")
        connection = make_client(**options).client.connection
        secret = connection.password or connection.token or connection.headers[0][1]
        encoded = base64.b64encode(f"me:{secret.reveal()}".encode()).decode()

        def echo(request: Request) -> Response:
            sent = request.headers.get("Authorization") or request.headers["X-Api-Key"]
            assert secret.reveal() in sent or encoded in sent
            return Response(template.format(f"{secret.reveal()} in {sent}"), status)

        httpserver.expect_request(PATH).respond_with_handler(echo)
        with pytest.raises(PIRequestError) as caught:
            ask(make_client(rules=ONCE, **options).client)
        httpserver.check_assertions()
        said = str(caught.value) + repr(caught.value) + caplog.text
        assert "<secret>" in said
        for text in ("canary", "can ary", encoded[:20]):
            assert text not in said

    def test_nor_in_that_of_another_thread_when_the_token_changes(self, httpserver, make_client, tmp_path) -> None:
        """Each thread cleans its message of what it sent itself, although others have sent newer tokens meanwhile."""
        file = tmp_path / "token"
        file.write_text("canary-0")
        newer: list[str] = []

        class Meanwhile(Throttle):
            """Pauses after the first thread's 429: then another one asks, each time with a newer token."""

            def pause(self, seconds: float) -> None:
                thread = threading.Thread(target=self.ask)
                thread.start()
                thread.join(10)

            def ask(self) -> None:
                for number in range(1, 5):
                    file.write_text(f"canary-{number}" + "." * number)
                    with pytest.raises(PIRequestError) as caught:
                        ask(client)
                    newer.append(str(caught.value))

        def echo(request: Request) -> Response:
            sent = request.headers["Authorization"]
            seen.append(sent)
            return Response(f'{{"Message": "you sent {sent}"}}', 429 if len(seen) == 1 else 403)

        seen: list[str] = []
        httpserver.expect_request(PATH).respond_with_handler(echo)
        token = Secret.parse(f"@{file}", "option token", {})
        options = {"auth": "bearer", "token": token, "rules": ONCE}
        client = make_client(throttle=Meanwhile(JobLimits("none")), **options).client
        with pytest.raises(PIRequestError, match="429 you sent Bearer <secret>") as caught:
            ask(client)
        assert len(set(seen)) == 5
        assert len(newer) == 4
        for said in (str(caught.value), *newer):
            assert "you sent Bearer <secret>" in said
            assert "canary" not in said


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of localhost with its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[HTTPServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with HTTPServer(host="localhost", ssl_context=context) as server:
        server.expect_request(PATH).respond_with_json(GOOD)
        yield server


class TestTls:
    def test_an_own_authority_is_trusted_when_given(self, tls_server, make_client, certificate: Path) -> None:
        url = tls_server.url_for("/piwebapi")
        assert is_good(ask(make_client(url=url, ca_bundle=str(certificate / "cert.pem")).client))

    def test_an_unknown_authority_is_refused_and_the_option_named(self, tls_server, make_client) -> None:
        with pytest.raises(PIConnectionError, match=r"no trusted TLS connection(.|\n)*option caBundle"):
            ask(make_client(url=tls_server.url_for("/piwebapi"), rules=ONCE).client)
        assert tls_server.log == []

    @pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
    def test_verify_false_holds_although_the_environment_names_a_bundle(
        self, tls_server, make_client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
        monkeypatch.setenv("CURL_CA_BUNDLE", "/no/such/file")
        assert is_good(ask(make_client(url=tls_server.url_for("/piwebapi"), verify=False, rules=ONCE).client))

    def test_ca_bundle_holds_although_the_environment_names_another(
        self, tls_server, make_client, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file")
        url = tls_server.url_for("/piwebapi")
        assert is_good(ask(make_client(url=url, ca_bundle=str(certificate / "cert.pem"), rules=ONCE).client))


class KeptAlive(ThreadingHTTPServer):
    """Keeps connections open, and numbers them."""

    daemon_threads = True

    def __init__(self, meet: threading.Barrier | None = None) -> None:
        self.connections: list[int] = []
        self.seen: list[int] = []
        self.meet = meet
        super().__init__(("127.0.0.1", 0), KeptAliveHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/piwebapi"


class KeptAliveHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: KeptAlive

    def setup(self) -> None:
        super().setup()
        self.number = len(self.server.connections)
        self.server.connections.append(self.number)

    def do_GET(self) -> None:
        self.server.seen.append(self.number)
        if self.server.meet is not None:
            self.server.meet.wait(5)
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def kept_alive() -> Iterator[Callable[..., KeptAlive]]:
    servers = []

    def start(meet: threading.Barrier | None = None) -> KeptAlive:
        servers.append(KeptAlive(meet))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return servers[-1]

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


class TestSessions:
    def test_many_requests_take_one_connection(self, kept_alive, make_client) -> None:
        server = kept_alive()
        client = make_client(url=server.url).client
        for _ in range(5):
            assert is_good(ask(client))
        assert server.seen == [0, 0, 0, 0, 0]

    def test_another_client_of_the_same_connection_goes_on_with_it(self, kept_alive, make_client) -> None:
        server = kept_alive()
        for _ in range(3):
            assert is_good(ask(make_client(url=server.url).client))
        assert server.seen == [0, 0, 0]

    def test_another_login_gets_another_connection(self, kept_alive, make_client) -> None:
        server = kept_alive()
        ask(make_client(url=server.url).client)
        ask(make_client(url=server.url, auth="bearer", token=Secret("canary")).client)
        ask(make_client(url=server.url, auth="bearer", token=Secret("another")).client)
        assert server.seen == [0, 1, 2]

    def test_threads_never_share_one_at_the_same_time(self, kept_alive, make_client) -> None:
        server = kept_alive(threading.Barrier(3))
        client = make_client(url=server.url).client
        for _ in range(2):
            answers: list[TimedValues] = []
            threads = [threading.Thread(target=lambda to=answers: to.append(ask(client))) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(10)
            assert [is_good(answer) for answer in answers] == [True] * 3
        # The second three find the connections of the first.
        assert sorted(server.seen) == [0, 0, 1, 1, 2, 2]

    def test_a_session_that_failed_is_not_used_again(self, raw_server, make_client) -> None:
        server = raw_server([head(100), b"{"], [head(len(BODY)), BODY])
        assert is_good(ask(make_client(url=server.url).client))
        assert len(server.requests) == 2

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    @pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
    def test_a_fork_gets_its_own_and_leaves_the_parents_alone(self, kept_alive, make_client) -> None:
        server = kept_alive()
        client = make_client(url=server.url).client
        assert is_good(ask(client))
        child = os.fork()
        if child == 0:
            try:
                fine = is_good(ask(client)) and is_good(ask(client))
            except BaseException:
                fine = False
            os._exit(0 if fine else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert is_good(ask(client))
        assert server.seen == [0, 1, 1, 0]
