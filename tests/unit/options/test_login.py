from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import pytest

from pi_datasource.errors import PIOptionError
from pi_datasource.options import PIOptions, Secret
from pi_datasource.options.connection import is_loopback
from pi_datasource.options.login import ClientCredentials, Tickets, TokenProvider

Parse = Callable[..., PIOptions]

OAUTH = {"tokenUrl": "https://login.example.com/token", "clientId": "spark", "clientSecret": "canary"}
KERBEROS = {"principal": "reader@EXAMPLE.COM", "keytab": "/keys/reader"}
LOGIN = {"username": "u", "password": "canary"}


@pytest.mark.parametrize(
    ("raw", "auth"),
    [
        (OAUTH, "oauth"),
        ({**OAUTH, "auth": "OAuth"}, "oauth"),
        (KERBEROS, "kerberos"),
        ({"auth": "kerberos"}, "kerberos"),
        ({"ticketCache": "/tmp/krb5cc_0"}, "kerberos"),
        ({"auth": "ntlm", **LOGIN}, "ntlm"),
    ],
)
def test_the_login_follows_what_is_given(parse: Parse, raw: Mapping[str, str], auth: str) -> None:
    assert parse(raw).connection.auth == auth


def test_all_of_oauth(parse: Parse) -> None:
    more = {"clientAuth": "header", "scope": "a b", "resource": "urn:pi", "audience": "api"}
    connection = parse(OAUTH, None, **more).connection
    assert connection.credentials == ClientCredentials(
        "https://login.example.com/token", "spark", Secret("canary"), True, "a b", "urn:pi", "api"
    )
    assert "canary" not in repr(connection)
    assert isinstance(hash(connection), int)


def test_all_of_kerberos(parse: Parse) -> None:
    assert parse(KERBEROS).connection.tickets == Tickets("reader@EXAMPLE.COM", "/keys/reader")
    more = {"auth": "kerberos", "ticketCache": "/cache", "serviceName": "HOST", "serviceHost": "pi.example.com"}
    assert parse(more).connection.tickets == Tickets(None, None, "/cache", "HOST", "pi.example.com")


@pytest.mark.parametrize(
    ("raw", "hints"),
    [
        ({"auth": "oauth"}, ["auth=oauth needs tokenUrl and clientId and clientSecret"]),
        ({"tokenUrl": "https://x/token", "clientId": "c"}, ["auth=oauth needs", "and clientSecret is missing"]),
        ({"auth": "ntlm", "username": "u"}, ["auth=ntlm needs username and password, and password is missing"]),
        ({**OAUTH, "token": "canary", "auth": "oauth"}, ["auth=oauth takes no token"]),
        ({**KERBEROS, "auth": "kerberos", "password": "canary"}, ["auth=kerberos takes no password"]),
        ({"keytab": "/keys/reader"}, ["principal says which, and is missing"]),
        ({**KERBEROS, "ticketCache": "/c"}, ["keytab gets tickets of its own, and ticketCache"]),
        ({"auth": "anonymous", "principal": "x"}, ["auth=anonymous takes no principal"]),
        ({"clientKey": "/k"}, ["clientKey belongs to a clientCertificate, which is missing"]),
        ({"clientKeyPassword": "canary"}, ["clientKeyPassword belongs to a clientCertificate"]),
    ],
)
def test_contradictions_are_refused(parse: Parse, raw: Mapping[str, str], hints: list[str]) -> None:
    with pytest.raises(PIOptionError, match="options contradict each other") as caught:
        parse(raw)
    for hint in hints:
        assert hint in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "environ", "auth"),
    [
        (OAUTH, {"OSIPI_USERNAME": "u", "OSIPI_PASSWORD": "p"}, "oauth"),
        (KERBEROS, {"OSIPI_AUTH": "basic", "OSIPI_USERNAME": "u", "OSIPI_PASSWORD": "p"}, "kerberos"),
        (LOGIN, {"OSIPI_AUTH": "ntlm"}, "ntlm"),
        (LOGIN, {"OSIPI_AUTH": "kerberos", "OSIPI_PRINCIPAL": "x", "OSIPI_KEYTAB": "/k"}, "basic"),
        ({"auth": "kerberos"}, {"OSIPI_TOKEN": "t", "OSIPI_PRINCIPAL": "x", "OSIPI_KEYTAB": "/k"}, "kerberos"),
        ({"clientSecret": "c"}, {"OSIPI_TOKEN_URL": "https://x/t", "OSIPI_CLIENT_ID": "c"}, "oauth"),
        ({"token": "t"}, {f"OSIPI_{name}": "x" for name in ("CLIENT_ID", "CLIENT_SECRET", "PRINCIPAL")}, "bearer"),
    ],
)
def test_a_login_given_to_the_reader_wins_whole(
    parse: Parse, raw: Mapping[str, str], environ: Mapping[str, str], auth: str
) -> None:
    assert parse(raw, environ=environ).connection.auth == auth


class TestPlainHttp:
    SENDING = (LOGIN, {**LOGIN, "auth": "ntlm"}, {"token": "canary"}, {"headers": '{"X": "canary"}'}, OAUTH)

    @pytest.mark.parametrize("raw", SENDING)
    def test_no_secret_goes_over_it(self, parse: Parse, raw: Mapping[str, str]) -> None:
        with pytest.raises(
            PIOptionError, match=r"option url: 'http://pi/piwebapi' is plain http.*requireHttps"
        ) as caught:
            parse({**raw, "url": "http://pi"})
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("raw", [{}, KERBEROS])
    def test_what_is_no_secret_may(self, parse: Parse, raw: Mapping[str, str]) -> None:
        assert parse({**raw, "url": "http://pi"}).connection.url == "http://pi/piwebapi"

    @pytest.mark.parametrize("raw", SENDING)
    def test_it_may_when_it_is_asked_for_and_the_log_says_so(self, parse: Parse, raw, caplog) -> None:
        caplog.set_level(logging.WARNING, "pi_datasource")
        parse({**raw, "url": "http://pi", "requireHttps": "false"})
        assert "sends a secret over plain http to http://pi/piwebapi, because requireHttps=false" in caplog.text
        assert "canary" not in caplog.text

    @pytest.mark.parametrize("raw", SENDING)
    def test_this_machine_is_no_network(self, parse: Parse, raw: Mapping[str, str], caplog) -> None:
        for host in ("localhost:8010", "127.0.0.1", "[::1]:8010", "pi.localhost"):
            parse({**raw, "url": f"http://{host}"})
        assert caplog.text == ""

    def test_it_can_be_forbidden_altogether(self, parse: Parse) -> None:
        with pytest.raises(PIOptionError, match=r"requireHttps=true, and url is 'http://127.0.0.1/piwebapi'"):
            parse(url="http://127.0.0.1", requireHttps="true")

    def test_nor_does_a_clients_secret(self, parse: Parse) -> None:
        with pytest.raises(
            PIOptionError, match=r"option tokenUrl: 'http://login/token' is plain http, and clientSecret"
        ):
            parse({**OAUTH, "tokenUrl": "http://login/token"})

    @pytest.mark.parametrize("address", ["http://localhost.example.com", "http://127.example.com", "http://128.0.0.1"])
    def test_what_only_looks_like_this_machine(self, address: str) -> None:
        assert not is_loopback(address)


@pytest.mark.parametrize("text", ["login.example.com/token", "https://u:canary@login/token", "ftp://login/token"])
def test_a_token_url_is_an_address(parse: Parse, text: str) -> None:
    with pytest.raises(
        PIOptionError, match=r"option tokenUrl: .*accepted is an address such as https://login"
    ) as caught:
        parse({**OAUTH, "tokenUrl": text})
    assert "canary" not in str(caught.value)


class TestTokenProvider:
    def parse(self, **raw: str) -> PIOptions:
        provider = TokenProvider(lambda: "canary")
        return PIOptions.parse({"url": "https://pi", **raw}, now=0, environ={}, token_provider=provider)

    def test_it_serves_reads_without_a_login_and_no_others(self) -> None:
        assert self.parse().connection.auth == "bearer"
        assert self.parse(auth="bearer").connection.token_provider is not None
        for raw in ({"token": "t"}, {"auth": "anonymous"}, LOGIN):
            assert self.parse(**raw).connection.token_provider is None

    def test_it_needs_https_as_others_do(self) -> None:
        with pytest.raises(PIOptionError, match="plain http"):
            self.parse(url="http://pi")

    def test_its_name_is_shown_and_nothing_else(self) -> None:
        assert repr(TokenProvider(len)) == "<token provider len>"


def test_no_proxy_is_a_list(parse: Parse) -> None:
    assert parse(noProxy="pi, .example.com").connection.no_proxy == ("pi", ".example.com")
