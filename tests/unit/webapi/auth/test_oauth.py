from __future__ import annotations

import base64
import itertools
import json
import threading
from typing import Any
from urllib.parse import parse_qs

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PILoginError,
    PIRequestError,
    PIServerError,
)
from pi_datasource.options import Secret
from pi_datasource.options.login import ClientCredentials, TokenProvider
from pi_datasource.webapi.retry import RetryRules
from pi_datasource.webapi.wire import TimedValues

GOOD = {"Items": [{"Timestamp": "2026-01-01T00:00:00Z", "Value": 1.5, "Good": True}]}
PATH = "/piwebapi/streams/W/recorded"
SECRET = "can+ary/with=odd&chärs %"
ONCE = RetryRules(max_retries=0)
_ids = itertools.count()


def ask(client: Any) -> Any:
    return client.get("streams/W/recorded", TimedValues, "recorded of SINUSOID")


class Site:
    """PI Web API and a token provider in one server. Tokens that are not in `refused` are good."""

    def __init__(self, httpserver: HTTPServer, make_client: Any) -> None:
        self.server = httpserver
        self.make_client = make_client
        self.forms: list[dict[str, list[str]]] = []
        self.logins: list[str | None] = []
        self.sent: list[str] = []
        self.refused: set[str] = set()
        self.answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": 3600}
        self.says: Response | None = None
        # Tokens are kept for a client's name as long as the process lives.
        self.client_id = f"spark-{next(_ids)}"
        httpserver.expect_request("/token", method="POST").respond_with_handler(self.token)
        httpserver.expect_request(PATH).respond_with_handler(self.recorded)

    def token(self, request: Request) -> Response:
        self.forms.append(parse_qs(request.get_data(as_text=True)))
        self.logins.append(request.headers.get("Authorization"))
        if self.says is not None:
            return self.says
        body = {"access_token": f"token-{self.client_id}-{len(self.forms)}", **self.answer}
        return Response(json.dumps(body), content_type="application/json")

    def recorded(self, request: Request) -> Response:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.sent.append(token)
        if token in self.refused or "all" in self.refused:
            return Response('{"Message": "denied"}', 401, headers={"WWW-Authenticate": "Bearer"})
        return Response(json.dumps(GOOD), content_type="application/json")

    def name(self, number: int) -> str:
        return f"token-{self.client_id}-{number}"

    def client(self, rules: RetryRules | None = None, token_url: str = "", **more: Any) -> Any:
        credentials = ClientCredentials(
            token_url or self.server.url_for("/token"), self.client_id, Secret(SECRET), **more
        )
        return self.make_client(auth="oauth", credentials=credentials, rules=rules)


@pytest.fixture
def site(httpserver: HTTPServer, make_client: Any) -> Site:
    return Site(httpserver, make_client)


class TestTheGrant:
    def test_a_token_serves_many_requests_and_clients(self, site: Site) -> None:
        for _ in range(3):
            asking = site.client()
            assert ask(asking.client).Items[0].Value == 1.5
        assert site.sent == [site.name(1)] * 3
        assert site.forms == [
            {"grant_type": ["client_credentials"], "client_id": [site.client_id], "client_secret": [SECRET]}
        ]
        assert site.logins == [None]

    def test_scope_resource_and_audience_are_sent_when_given(self, site: Site) -> None:
        ask(site.client(scope="a b", resource="urn:pi", audience="api://pi").client)
        [form] = site.forms
        assert (form["scope"], form["resource"], form["audience"]) == (["a b"], ["urn:pi"], ["api://pi"])

    def test_the_secret_in_a_header_is_encoded_before_it_is_joined(self, site: Site) -> None:
        ask(site.client(in_header=True).client)
        assert site.forms == [{"grant_type": ["client_credentials"]}]
        decoded = base64.b64decode((site.logins[0] or "").removeprefix("Basic ")).decode()
        assert decoded == f"{site.client_id}:can%2Bary%2Fwith%3Dodd%26ch%C3%A4rs+%25"

    def test_netrc_and_redirects_are_left_alone(self, site: Site, tmp_path, monkeypatch) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("default login thief password canary\n")
        netrc.chmod(0o600)
        monkeypatch.setenv("NETRC", str(netrc))
        ask(site.client().client)
        assert site.logins == [None]
        site.says = Response("", 307, headers={"Location": site.server.url_for("/elsewhere")})
        site.client_id += "-redirected"
        with pytest.raises(PILoginError, match="307, redirected elsewhere; set option tokenUrl"):
            ask(site.client().client)
        assert [request.path for request, _ in site.server.log].count("/elsewhere") == 0

    @pytest.mark.parametrize("life", ["7200", None, "soon"])
    def test_a_life_that_is_a_text_or_not_said_is_no_trouble(self, site: Site, life: str | None) -> None:
        site.answer["expires_in"] = life
        ask(site.client().client)
        ask(site.client().client)
        assert len(site.forms) == 1


class TestAfterA401:
    def test_a_fresh_token_is_got_once_and_the_request_sent_again(self, site: Site) -> None:
        ask(site.client().client)
        site.refused.add(site.name(1))
        asking = site.client()
        ask(asking.client)
        assert site.sent == [site.name(1), site.name(1), site.name(2)]
        assert asking.waits == []

    def test_threads_refused_together_share_the_fresh_one(self, site: Site) -> None:
        ask(site.client().client)
        site.refused.add(site.name(1))
        errors: list[Exception] = []

        def run() -> None:
            try:
                for _ in range(4):
                    ask(site.client().client)
            except Exception as error:
                errors.append(error)

        threads = [threading.Thread(target=run) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert errors == []
        assert len(site.forms) == 2
        assert site.sent.count(site.name(2)) == 24

    def test_a_storm_makes_two_token_requests(self, site: Site) -> None:
        site.refused.add("all")
        for _ in range(20):
            with pytest.raises(PILoginError, match=r"denied(.|\n)*look at scope, resource and audience"):
                ask(site.client().client)
        assert len(site.forms) == 2
        # Twice for the first question, when there was something fresh to try.
        assert len(site.sent) == 21


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "code", "advice"),
        [
            (401, "invalid_client", "clientId or clientSecret is wrong or has expired, or clientAuth"),
            (400, "unauthorized_client", "not registered for the grant client_credentials"),
            (400, "unsupported_grant_type", "does not have the grant"),
            (400, "invalid_scope", "scope is not one that this client may ask for"),
            (400, "invalid_target", "resource or audience is not known"),
            (403, "no_idea", "look at tokenUrl, clientId and clientSecret"),
        ],
    )
    def test_the_providers_word_is_told_with_what_to_look_at(self, site, status: int, code: str, advice: str) -> None:
        said = json.dumps({"error": code, "error_description": f"no, {SECRET}"})
        site.says = Response(said, status, content_type="application/json")
        asking = site.client()
        with pytest.raises(PILoginError, match=f"token from http.*/token: {status} {code}: no, <secret>") as caught:
            ask(asking.client)
        assert advice in str(caught.value)
        assert (asking.waits, site.sent) == ([], [])

    @pytest.mark.parametrize(
        ("says", "kind", "words"),
        [
            (Response("<html><title>Oops</title></html>", 503), PIServerError, "503 web page titled 'Oops'"),
            (Response("{}", 429, headers={"Retry-After": "7"}), PIServerError, "429"),
            (Response('{"error": "temporarily_unavailable"}', 400), PIServerError, "temporarily_unavailable"),
            (Response("<html>Sign in</html>", 200), PIBadAnswerError, "no JSON .is option tokenUrl right"),
        ],
    )
    def test_what_may_pass_is_tried_again(self, site, says: Response, kind: type[PIRequestError], words: str) -> None:
        site.says = says
        asking = site.client(rules=RetryRules(max_retries=2))
        with pytest.raises(kind, match=words):
            ask(asking.client)
        # A server that is asked to wait for is asked more often.
        assert len(asking.waits) == (8 if words == "429" else 2)
        # The waits were not real ones, so all three tries share one question to the provider.
        assert len(site.forms) == 1

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ({"access_token": None}, "no access_token; it has access_token, expires_in, token_type"),
            ({"token_type": "mac"}, "of type 'mac'"),
        ],
    )
    def test_an_answer_without_a_usable_token_is_final(self, site: Site, answer: dict, words: str) -> None:
        site.answer.update(answer)
        with pytest.raises(PILoginError, match=words):
            ask(site.client().client)
        assert site.sent == []

    def test_a_provider_that_is_not_there_is_named(self, site: Site) -> None:
        with pytest.raises(PIConnectionError, match=r"login: token from http://127.0.0.1:9/token: no connection"):
            ask(site.client(rules=ONCE, token_url="http://127.0.0.1:9/token").client)

    @pytest.mark.parametrize("in_header", [True, False])
    def test_the_secret_is_in_no_form_in_a_message(self, site: Site, in_header: bool) -> None:
        def echo(request: Request) -> Response:
            return Response(f"{request.get_data(as_text=True)} {request.headers}", 400)

        site.server.clear()
        site.server.expect_request("/token").respond_with_handler(echo)
        with pytest.raises(PILoginError) as caught:
            ask(site.client(in_header=in_header).client)
        assert "<secret>" in str(caught.value)
        encoded = base64.b64encode(f"{site.client_id}:can%2Bary".encode()).decode()[:-4]
        for text in ("can+ary", "can%2Bary", encoded):
            assert text not in str(caught.value)


class TestProvider:
    """A function of the user, `register(spark, token_provider=…)`."""

    def client(self, site: Site, function: Any) -> Any:
        return site.make_client(auth="bearer", token_provider=TokenProvider(function)).client

    def test_it_is_asked_once_and_again_after_a_401(self, site: Site) -> None:
        numbers = itertools.count(1)
        client = self.client(site, lambda: f"mine-{next(numbers)}")
        ask(client)
        ask(client)
        site.refused.add("mine-1")
        ask(client)
        assert site.sent == ["mine-1", "mine-1", "mine-1", "mine-2"]

    def test_it_may_say_how_long_its_token_is_good(self, site: Site) -> None:
        client = self.client(site, lambda: ("mine", 3600))
        ask(client)
        assert site.sent == ["mine"]

    def test_its_failure_is_told_without_its_words(self, site: Site) -> None:
        def broken() -> str:
            raise ValueError("canary")

        with pytest.raises(PILoginError, match=r"<token provider .*broken> of register.* failed: ValueError") as caught:
            ask(self.client(site, broken))
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize("given", [None, "", ("x", "y"), 5])
    def test_what_is_no_token_is_refused(self, site: Site, given: Any) -> None:
        with pytest.raises(PILoginError, match="gave no token; accepted is a text, or a text and the seconds"):
            ask(self.client(site, lambda: given))
