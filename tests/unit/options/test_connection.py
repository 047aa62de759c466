from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from pi_datasource.errors import PIOptionError
from pi_datasource.options import Connection, PIOptions
from pi_datasource.options.connection import normal_url

Parse = Callable[..., PIOptions]

LOGIN = {"username": r"DOM\reader", "password": "canary"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://pi.example.com", "https://pi.example.com/piwebapi"),
        ("https://pi.example.com/", "https://pi.example.com/piwebapi"),
        ("https://pi.example.com/piwebapi", "https://pi.example.com/piwebapi"),
        ("https://pi.example.com/piwebapi/", "https://pi.example.com/piwebapi"),
        ("https://pi.example.com/piwebapi//", "https://pi.example.com/piwebapi"),
        ("HTTPS://PI.example.com:8443/PIWebAPI", "https://pi.example.com:8443/PIWebAPI"),
        ("https://gateway/ot/pi/v1/", "https://gateway/ot/pi/v1"),
        ("http://127.0.0.1:8010", "http://127.0.0.1:8010/piwebapi"),
        ("http://[::1]:8010/x", "http://[::1]:8010/x"),
    ],
)
def test_addresses(text: str, expected: str) -> None:
    assert normal_url(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("pi.example.com", "https://"),
        ("ftp://pi.example.com", "https://"),
        ("https://", "no host"),
        ("https:///piwebapi", "no host"),
        ("https://pi example.com", "blanks"),
        ("https://pi.example.com:port", "no address"),
        ("https://pi.example.com:99999", "no address"),
        ("https://[::1", "no address"),
        ("https://u:canary@pi.example.com", "username and password"),
        ("ftp://u:canary@pi.example.com", "username and password"),
        ("u:canary@pi.example.com", "username and password"),
        ("https://pi.example.com/piwebapi?token=canary", "query or fragment"),
        ("https://pi.example.com/piwebapi#canary", "query or fragment"),
    ],
)
def test_what_is_no_address(parse: Parse, text: str, hint: str) -> None:
    with pytest.raises(PIOptionError, match=hint) as caught:
        parse(url=text)
    assert "option url" in str(caught.value)
    assert "accepted is an address such as https://pi.example.com/piwebapi" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "canary" in text or repr(text) in str(caught.value)


def test_a_missing_address_says_where_options_get_lost() -> None:
    with pytest.raises(PIOptionError) as caught:
        PIOptions.parse({}, now=0, environ={})
    for words in ("option url", "OSIPI_URL", "JVM", "CREATE TABLE", "CREATE TEMPORARY VIEW"):
        assert words in str(caught.value)


def test_all_of_it(parse: Parse) -> None:
    connection = parse(
        LOGIN,
        caBundle="/etc/ca.pem",
        headers='{"X-Api-Key": "env:KEY", "X-Site": "north"}',
        user_agent="me",
        timeout="1 min",
        maxRetries="0",
        retryTimeout="1h",
        requestsPerSecond="2.5",
        maxInFlight="20",
        concurrency="16",
        post="off",
        environ={"KEY": "canary"},
    ).connection
    assert (connection.auth, connection.username, connection.ca_bundle) == ("basic", r"DOM\reader", "/etc/ca.pem")
    assert connection.password is not None
    assert connection.password.reveal() == "canary"
    assert [(name, value.reveal()) for name, value in connection.headers] == [
        ("X-Api-Key", "canary"),
        ("X-Site", "north"),
    ]
    assert (connection.timeout, connection.max_retries, connection.retry_timeout) == (60.0, 0, 3600.0)
    assert (connection.requests_per_second, connection.max_in_flight, connection.concurrency) == (2.5, 20, 16)
    assert (connection.user_agent, connection.post, connection.verify) == ("me", False, True)
    assert isinstance(hash(connection), int)
    assert "canary" not in repr(connection)


def test_defaults_are_declared_and_coded_alike(parse: Parse) -> None:
    assert parse().connection == Connection("https://pi.example.com/piwebapi")


@pytest.mark.parametrize(
    ("raw", "auth"),
    [
        ({}, "anonymous"),
        (LOGIN, "basic"),
        ({"token": "canary"}, "bearer"),
        ({"token": "canary", "auth": "Bearer"}, "bearer"),
        ({"auth": "anonymous", "headers": '{"Authorization": "canary"}'}, "anonymous"),
    ],
)
def test_the_login_follows_what_is_given(parse: Parse, raw: Mapping[str, str], auth: str) -> None:
    assert parse(raw).connection.auth == auth


@pytest.mark.parametrize(
    ("raw", "hints"),
    [
        ({"auth": "basic"}, ["auth=basic needs username and password, and username and password is missing"]),
        ({"username": "u"}, ["auth=basic", "password is missing"]),
        ({"password": "canary"}, ["auth=basic", "username is missing"]),
        ({"auth": "bearer"}, ["auth=bearer needs token"]),
        ({**LOGIN, "token": "canary"}, ["auth=basic takes no token"]),
        ({"auth": "basic", "token": "canary"}, ["username and password is missing", "auth=basic takes no token"]),
        ({"auth": "bearer", "token": "canary", "username": "u"}, ["auth=bearer takes no username"]),
        ({"auth": "anonymous", **LOGIN}, ["auth=anonymous takes no username and no password"]),
        ({"auth": "anonymous", "token": "canary"}, ["auth=anonymous takes no token"]),
        ({"verify": "false", "caBundle": "/ca.pem"}, ["verify=false", "caBundle='/ca.pem'"]),
        ({**LOGIN, "headers": '{"authorization": "canary"}'}, ["auth=basic", "headers"]),
        (
            {"username": "u", "token": "canary", "verify": "no", "caBundle": "/ca.pem"},
            ["password is missing", "takes no token", "verify=false"],
        ),
    ],
)
def test_contradictions_are_refused_together(parse: Parse, raw: Mapping[str, str], hints: list[str]) -> None:
    with pytest.raises(PIOptionError, match="options contradict each other") as caught:
        parse(raw)
    for hint in hints:
        assert hint in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("raw", "environ", "auth"),
    [
        ({"token": "t"}, {"OSIPI_USERNAME": "u", "OSIPI_PASSWORD": "p"}, "bearer"),
        ({"token": "t"}, {"OSIPI_AUTH": "basic"}, "bearer"),
        (LOGIN, {"OSIPI_TOKEN": "t"}, "basic"),
        (LOGIN, {"OSIPI_TOKEN": "env:NOT_SET", "OSIPI_AUTH": "bearer"}, "basic"),
        ({"username": "u"}, {"OSIPI_PASSWORD": "p", "OSIPI_TOKEN": "t"}, "basic"),
        ({"auth": "anonymous"}, {"OSIPI_USERNAME": "u", "OSIPI_PASSWORD": "p", "OSIPI_TOKEN": "t"}, "anonymous"),
        ({"auth": "bearer"}, {"OSIPI_USERNAME": "u", "OSIPI_PASSWORD": "p", "OSIPI_TOKEN": "t"}, "bearer"),
        ({}, {"OSIPI_USERNAME": "u", "OSIPI_PASSWORD": "p"}, "basic"),
    ],
)
def test_a_login_given_to_the_reader_wins_whole(
    parse: Parse, raw: Mapping[str, str], environ: Mapping[str, str], auth: str
) -> None:
    assert parse(raw, environ=environ).connection.auth == auth


def test_tls_given_to_the_reader_wins_whole(parse: Parse) -> None:
    assert parse(verify="false", environ={"OSIPI_CA_BUNDLE": "/ca.pem"}).connection.ca_bundle is None
    connection = parse(caBundle="/ca.pem", environ={"OSIPI_VERIFY": "false"}).connection
    assert (connection.verify, connection.ca_bundle) == (True, "/ca.pem")


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        ("X-Api-Key: canary", "is no JSON"),
        ('["canary"]', "JSON object"),
        ('"canary"', "JSON object"),
        ('{"X": 1}', "JSON object"),
        ('{"X": {"Y": "canary"}}', "JSON object"),
        ('{"X": "canary", "x": "canary"}', "'x' twice"),
        ('{"X Y": "canary"}', "no name of a header"),
        ('{"": "canary"}', "no name of a header"),
        ('{"X": "canary\\nY: 1"}', "more than one line"),
        ('{"X": ""}', "empty"),
        ('{"X": "env:NOT_SET"}', "'NOT_SET' is not set"),
        ('{"X": "canary"', "at character 15"),
    ],
)
def test_wrong_headers(parse: Parse, headers: str, hint: str) -> None:
    with pytest.raises(PIOptionError, match="option headers") as caught:
        parse(headers=headers)
    assert hint in str(caught.value)
    assert "canary" not in str(caught.value)
