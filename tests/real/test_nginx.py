"""What stands in front of real servers: TLS, client certificates, limits, gzip, proxies, connections that close."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pi_datasource.errors import (
    PIConnectionError,
    PIOptionError,
    PIRefusedError,
    PIRequestError,
    PIRetriableError,
    PIServerError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import Answer, SystemVersion, TimedValues
from tests.real.certificates import PASSWORD, Certificates
from tests.real.processes import free_port, started, stop
from tests.real.realm import PATH

CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log info;
{user}
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    large_client_header_buffers 2 2k;
    client_max_body_size 2k;
    limit_req_zone $binary_remote_addr zone=slow:64k rate=4r/s;
    gzip on; gzip_types application/json; gzip_min_length 1; gzip_proxied any;
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header X-Client $ssl_client_s_dn;
    {servers}
}}
"""
SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate}; ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        {more}
        location / {{ proxy_pass {up}; }}
        # Closed after each answer, and without one in the midst of a kept connection.
        location /hasty/ {{ keepalive_timeout 0; proxy_pass {up}/piwebapi/; }}
        location /silent/ {{ return 444; }}
        # A gateway that lets few requests pass, says so with either status, reaches nothing, or waits for nobody.
        location /limited/ {{ limit_req zone=slow; limit_req_status 429; proxy_pass {up}/piwebapi/; }}
        location /busy/ {{ limit_req zone=slow; proxy_pass {up}/piwebapi/; }}
        location /down/ {{ proxy_pass http://127.0.0.1:9/piwebapi/; }}
        location /late/ {{ proxy_read_timeout 50ms; proxy_pass {up}/piwebapi/; }}
        location /aside/ {{ return 302 https://localhost:{port}/piwebapi/system; }}
    }}
"""
Asking = Callable[..., Client]


@pytest.fixture(scope="module")
def nginx(certificates: Certificates, pi: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Servers by name: `server`, `wrong_name` and `expired` with these certificates, `mutual` wants one of ours."""
    program = shutil.which("nginx", path=PATH)
    if program is None:
        pytest.skip("no nginx: apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    ports = {name: free_port() for name in ("server", "wrong_name", "expired", "mutual")}
    mutual = f"ssl_client_certificate {certificates.authority}; ssl_verify_client on;"
    servers = ""
    for name, port in ports.items():
        certificate, key = certificates.pair("server" if name == "mutual" else name)
        words = {"port": port, "certificate": certificate, "key": key, "up": pi.url.removesuffix("/piwebapi")}
        servers += SERVER.format(**words, more=mutual if name == "mutual" else "keepalive_timeout 1s;")
    # Else the workers become nobody, who may not enter a folder of ours.
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, user=user, servers=servers))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    child = started(command, os.environ, ports["mutual"])
    yield {name: f"https://localhost:{port}/piwebapi" for name, port in ports.items()}
    stop(child)


def ask(client: Client) -> Answer:
    return client.get("system", SystemVersion, "the server")


class TestTrust:
    def test_a_private_authority_is_trusted_when_given(self, nginx, asking, certificates, monkeypatch) -> None:
        # What others believe in is none of our business.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.other))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.other))
        client = asking(url=nginx["server"], caBundle=certificates.authority)
        for _ in range(3):
            ask(client)
        assert client.traffic.requests == 3

    def test_nor_do_those_variables_make_anybody_trusted(self, nginx, asking, certificates, monkeypatch) -> None:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.authority))
        monkeypatch.setenv("CURL_CA_BUNDLE", str(certificates.authority))
        with pytest.raises(PIConnectionError, match=r"no trusted TLS connection(.|\n)*option caBundle"):
            ask(asking(url=nginx["server"], maxRetries=0))

    @pytest.mark.parametrize(
        ("name", "bundle", "words"),
        [
            ("server", "other", "unable to get local issuer certificate"),
            ("wrong_name", "authority", "Hostname mismatch|doesn't match"),
            ("expired", "authority", "certificate has expired"),
        ],
    )
    def test_who_is_not_trusted_is_told_why(self, nginx, asking, certificates, name, bundle, words) -> None:
        client = asking(url=nginx[name], caBundle=getattr(certificates, bundle), maxRetries=0)
        with pytest.raises(PIConnectionError, match=words):
            ask(client)

    @pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
    def test_verify_false_trusts_anybody_and_says_so_loudly(self, nginx, asking, caplog) -> None:
        for name in ("wrong_name", "expired"):
            for _ in range(2):
                ask(asking(url=nginx[name], verify="false"))
        assert caplog.text.count("NOBODY CHECKS THAT https://localhost:") == 2

    def test_nothing_older_than_tls_1_2_is_spoken(self, asking, certificates) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificates.pair("server"))
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        with socket.create_server(("127.0.0.1", 0)) as plain:
            failures: list[str] = []

            def serve() -> None:
                connection, _ = plain.accept()
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError as error:
                    failures.append(str(error))
                    connection.close()

            thread = threading.Thread(target=serve)
            thread.start()
            url = f"https://localhost:{plain.getsockname()[1]}/piwebapi"
            with pytest.raises(PIConnectionError, match=r"(?i)protocol"):
                ask(asking(url=url, caBundle=certificates.authority, maxRetries=0))
            thread.join(10)
        assert "UNSUPPORTED_PROTOCOL" in failures[0]


class TestClientCertificate:
    def options(self, nginx: dict[str, str], certificates: Certificates, **more: Any) -> dict[str, Any]:
        return {"url": nginx["mutual"], "caBundle": certificates.authority, "maxRetries": 0, **more}

    def test_one_with_an_encrypted_key_is_accepted(self, nginx, asking, certificates) -> None:
        certificate, key = certificates.pair("client")
        locked = {"clientKey": certificates.encrypted_key, "clientKeyPassword": f"literal:{PASSWORD}"}
        for keys in ({"clientKey": key}, locked):
            ask(asking(**self.options(nginx, certificates, clientCertificate=certificate, **keys)))

    def test_a_certificate_and_its_key_may_be_one_file(self, nginx, asking, certificates, tmp_path) -> None:
        both = tmp_path / "both.pem"
        both.write_bytes(b"".join(file.read_bytes() for file in certificates.pair("client")))
        ask(asking(**self.options(nginx, certificates, clientCertificate=both)))

    def test_a_renewed_one_is_used_from_then_on(self, nginx, asking, certificates, tmp_path) -> None:
        certificate, key = tmp_path / "one.pem", tmp_path / "one.key"
        for target, source in zip((certificate, key), certificates.pair("stranger"), strict=True):
            shutil.copy(source, target)
        client = asking(**self.options(nginx, certificates, clientCertificate=certificate, clientKey=key))
        with pytest.raises(PIRefusedError, match="400"):
            ask(client)
        for target, source in zip((certificate, key), certificates.pair("client"), strict=True):
            shutil.copy(source, target)
        ask(client)

    def test_without_one_the_server_says_what_is_missing(self, nginx, asking, certificates) -> None:
        with pytest.raises(PIRefusedError, match=r"400 .*No required SSL certificate was sent"):
            ask(asking(**self.options(nginx, certificates)))

    @pytest.mark.parametrize(
        ("certificate", "key", "password", "words"),
        [
            ("client.pem", "encrypted.key", "", "holds an encrypted key, and clientKeyPassword is missing"),
            ("client.pem", "encrypted.key", "canary", "holds an encrypted key, and clientKeyPassword is wrong"),
            ("client.pem", "stranger.key", "", "does not hold the key of clientCertificate"),
            ("none.pem", "client.key", "", r"option clientCertificate: the file '.*none.pem' cannot be read here"),
            ("client.pem", "none.key", "", r"option clientKey: the file '.*none.key' cannot be read here"),
            ("client.key", "", "", "cannot be used with clientCertificate"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, nginx, asking, certificates, certificate, key, password, words) -> None:
        files = {"clientCertificate": certificates.folder / certificate}
        if key:
            files["clientKey"] = certificates.folder / key
        secret = {"clientKeyPassword": password} if password else {}
        with pytest.raises(PIOptionError, match=words) as caught:
            ask(asking(**self.options(nginx, certificates, **files, **secret)))
        assert "canary" not in str(caught.value)

    def test_an_authority_that_is_no_certificate_is_named(self, nginx, asking, certificates, tmp_path) -> None:
        (tmp_path / "note").write_text("no certificate")
        with pytest.raises(PIOptionError, match=r"option caBundle: the file '.*/note' holds no certificate"):
            ask(asking(url=nginx["server"], caBundle=tmp_path / "note"))
        with pytest.raises(PIOptionError, match=r"option caBundle: the file '.*/none' cannot be read here"):
            ask(asking(url=nginx["server"], caBundle=tmp_path / "none"))


class TestLimits:
    def client(self, nginx: dict[str, str], asking: Asking, certificates: Certificates, path: str = "") -> Client:
        url = nginx["server"].replace("/piwebapi", path) if path else nginx["server"]
        return asking(url=url, caBundle=certificates.authority, maxRetries=1)

    def test_413_and_414_ask_for_less(self, nginx, asking, certificates) -> None:
        client = self.client(nginx, asking, certificates)
        with pytest.raises(PITooLargeError) as caught:
            client.get(f"points?path={'x' * 3000}", Answer, "a long route")
        assert caught.value.status == 414
        with pytest.raises(PITooLargeError) as caught:
            client.post_batch({str(n): "streams/W/recorded" for n in range(100)}, TimedValues, "a long body")
        assert caught.value.status == 413

    def test_gzip_is_spoken(self, nginx, asking, certificates, tmp_path) -> None:
        client = self.client(nginx, asking, certificates)
        answer = client.look("dataservers", "servers")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.body.startswith(b"{")

    def test_a_server_that_closes_each_connection_is_asked_anew(self, nginx, asking, certificates) -> None:
        client = self.client(nginx, asking, certificates, "/hasty")
        for _ in range(4):
            ask(client)
        assert (client.traffic.requests, client.traffic.retries) == (4, 0)

    def test_a_kept_connection_that_was_closed_meanwhile_is_no_failure(self, nginx, asking, certificates) -> None:
        client = self.client(nginx, asking, certificates)
        ask(client)
        time.sleep(1.6)
        ask(client)
        assert client.traffic.retries <= 1

    def test_no_answer_at_all_is_tried_again_and_told(self, nginx, asking, certificates) -> None:
        with pytest.raises(PIRequestError, match=r"after 2 tries"):
            ask(self.client(nginx, asking, certificates, "/silent"))

    @pytest.mark.parametrize(("path", "status"), [("/limited", 429), ("/busy", 503)])
    def test_a_gateway_that_limits_requests_is_waited_for(self, nginx, asking, certificates, path, status) -> None:
        url = nginx["server"].replace("/piwebapi", path)
        client = asking(url=url, caBundle=certificates.authority)
        client._sleep = lambda seconds: time.sleep(min(seconds, 0.3))
        for _ in range(4):
            ask(client)
        assert client.traffic.retries >= 3
        assert client.traffic.requests == 4 + client.traffic.retries
        hasty = asking(url=url, caBundle=certificates.authority, maxRetries=0)
        with pytest.raises(PIRetriableError, match=str(status)):
            ask(hasty)

    def test_a_gateway_that_reaches_nothing_is_told(self, nginx, asking, certificates) -> None:
        client = self.client(nginx, asking, certificates, "/down")
        with pytest.raises(PIServerError, match=r"502 web page titled '502 Bad Gateway'(.|\n)*after 2 tries"):
            ask(client)

    def test_a_gateway_that_waits_for_nobody_is_told(self, nginx, asking, certificates, pi) -> None:
        client = self.client(nginx, asking, certificates, "/late")
        ask(client)
        pi.set(delay=0.4)
        try:
            with pytest.raises(PITimeoutError, match=r"504 web page titled '504 Gateway Time-out'(.|\n)*after 2 tries"):
                ask(client)
        finally:
            pi.set(delay=0.0)

    def test_a_redirect_is_told_and_not_followed(self, nginx, asking, certificates, caplog) -> None:
        client = self.client(nginx, asking, certificates, "/aside")
        with pytest.raises(PIRefusedError, match="redirects are not followed, set option url"):
            ask(client)
        assert client.traffic.requests == 1


class TestOldHttp:
    """HTTP/1.0: no kept connection, no chunks, the body ends where the connection does."""

    def serve(self, body: bytes, length: int | None) -> tuple[str, threading.Thread]:
        server = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    head = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n"
                    head += f"Content-Length: {length}\r\n" if length is not None else ""
                    connection.sendall(head.encode() + b"\r\n" + body)
            server.close()

        thread = threading.Thread(target=run)
        thread.start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/piwebapi", thread

    @pytest.mark.parametrize("says_length", [True, False])
    def test_it_is_understood(self, asking: Asking, says_length: bool) -> None:
        body = b'{"Items": []}'
        url, thread = self.serve(body, len(body) if says_length else None)
        client = asking(url=url)
        for _ in range(2):
            client.get("dataservers", TimedValues, "servers")
        thread.join(10)
        assert client.traffic.retries == 0


def test_the_environments_proxies_are_used_and_no_proxy_leaves_them_out(
    asking, certificates, nginx, monkeypatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:canary@127.0.0.1:9")
    options = {"url": nginx["server"], "caBundle": certificates.authority, "maxRetries": 0}
    with pytest.raises(PIConnectionError, match=r"the proxy that the environment names(.|\n)*option noProxy") as caught:
        ask(asking(**options))
    assert "canary" not in str(caught.value)
    for hosts in ("localhost", "elsewhere, localhost", "*"):
        ask(asking(**options, noProxy=hosts))
    monkeypatch.setenv("NO_PROXY", "localhost")
    ask(asking(**options, noProxy="elsewhere"))
    assert Path(certificates.authority).exists()
