from __future__ import annotations

import json

import pytest

from pi_datasource.errors import (
    PIBadAnswerError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIRateLimitError,
    PIRefusedError,
    PIRequestError,
    PIServerError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.webapi.answers import check_answer, decode, error_for, error_words, retry_after, words_of
from pi_datasource.webapi.wire import Answer, TimedValues, decoder

ASKED = "recorded of SINUSOID"
HTTP_SYS = (
    b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">\r\n'
    b"<HTML><HEAD><TITLE>Service Unavailable</TITLE>\r\n"
    b'<META HTTP-EQUIV="Content-Type" Content="text/html; charset=us-ascii"></HEAD>\r\n'
    b"<BODY><h2>Service Unavailable</h2>\r\n<hr><p>HTTP Error 503. The service is unavailable.</p>\r\n</BODY></HTML>"
)
JSON = "application/json; charset=utf-8"


class TestStatus:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (301, PIRefusedError),
            (302, PIRefusedError),
            (307, PIRefusedError),
            (400, PIRefusedError),
            (401, PILoginError),
            (402, PIRefusedError),
            (403, PIForbiddenError),
            (404, PINotFoundError),
            (405, PIRefusedError),
            (408, PITimeoutError),
            (409, PIRefusedError),
            (410, PIRefusedError),
            (413, PITooLargeError),
            (414, PITooLargeError),
            (418, PIRefusedError),
            (429, PIRateLimitError),
            (499, PIRefusedError),
            (500, PIServerError),
            (501, PIRefusedError),
            (502, PIServerError),
            (503, PIServerError),
            (504, PITimeoutError),
            (507, PIServerError),
            (599, PIServerError),
        ],
    )
    def test_each_status_has_its_class_and_keeps_question_and_words(
        self, status: int, kind: type[PIRequestError]
    ) -> None:
        error = error_for(status, b'{"Errors": ["the very words"]}', {}, ASKED)
        assert type(error) is kind
        assert error.status == status
        assert str(error).startswith(f"{ASKED}: {status} the very words")

    def test_a_body_without_words_leaves_the_status(self) -> None:
        assert str(error_for(503, b"", {}, ASKED)) == f"{ASKED}: 503"

    def test_401_names_the_schemes_that_are_offered(self) -> None:
        headers = {"WWW-Authenticate": 'Negotiate, Basic realm="pi"'}
        error = error_for(401, b'{"Message": "Authorization has been denied for this request."}', headers, ASKED)
        assert "Authorization has been denied" in str(error)
        assert str(error).endswith('it offers: Negotiate, Basic realm="pi"')

    def test_a_redirect_says_where_to_without_its_query(self) -> None:
        error = error_for(302, b"", {"Location": "https://login.example.com/sso?ticket=canary"}, ASKED)
        assert "redirected to https://login.example.com/sso;" in str(error)
        assert "option url" in str(error)
        assert "canary" not in str(error)

    def test_retry_after_comes_along(self) -> None:
        error = error_for(429, b'{"Message": "Rate limit was reached"}', {"Retry-After": "7"}, ASKED)
        assert error.retry_after == 7.0


class TestItemLimit:
    @pytest.mark.parametrize(
        ("words", "limit"),
        [
            ("Parameter 'maxCount' is greater than the maximum allowed (150000).", 150_000),
            ("Parameter 'maxCount' is greater than the maximum allowed (150,000).", 150_000),
            ("Parameter 'maxCount' is greater than the maximum allowed (150.000).", 150_000),
            ("Parameter 'maxCount' is greater than the maximum allowed (150 000).", 150_000),
            ("The value is Greater Than The Maximum Allowed ( 5 )", 5),
            ("Parameter 'maxCount' is greater than the maximum allowed.", None),
            ("Parameter 'maxCount' is greater than the maximum allowed (see settings).", None),
        ],
    )
    @pytest.mark.parametrize("status", [400, 413])
    def test_the_limit_is_read_from_the_servers_words(self, status: int, words: str, limit: int | None) -> None:
        error = error_for(status, json.dumps({"Errors": [words]}).encode(), {}, ASKED)
        assert isinstance(error, PITooLargeError)
        assert error.item_limit == limit
        assert words in str(error)

    def test_the_same_words_with_another_status_are_no_limit(self) -> None:
        body = b'{"Errors": ["greater than the maximum allowed (150000)"]}'
        assert type(error_for(409, body, {}, ASKED)) is PIRefusedError

    def test_a_400_for_another_reason_is_no_limit(self) -> None:
        body = b'{"Errors": ["Unknown or invalid WebID format: \'F1RDbogus\'."]}'
        assert type(error_for(400, body, {}, ASKED)) is PIRefusedError

    @pytest.mark.parametrize("words", ["Bad Request - Request Too Long", "Request Header Too Long", "URL Too Long"])
    def test_a_request_line_that_is_too_long_for_windows_is_too_large(self, words: str) -> None:
        body = f"<HTML><HEAD><TITLE>{words}</TITLE></HEAD><BODY><h2>{words}</h2></BODY></HTML>"
        assert isinstance(error_for(400, body.encode(), {}, ASKED), PITooLargeError)


class TestWords:
    @pytest.mark.parametrize(
        ("body", "words"),
        [
            (b'{"Errors": ["one", "two"]}', "one; two"),
            (b'{"Errors": "one alone"}', "one alone"),
            (b'{"Message": "No HTTP resource was found"}', "No HTTP resource was found"),
            (
                b'{"Message": "An error has occurred.", "MessageDetail": "No action"}',
                "An error has occurred.; No action",
            ),
            (b'{"Errors": ["one"], "Message": "two"}', "one; two"),
            (b'{"Errors": null, "Message": "two"}', "two"),
            (b'"The following ParentIds did not complete"', "The following ParentIds did not complete"),
            (b'["one", "two"]', "one; two"),
            (b'\xef\xbb\xbf{"Errors": ["one"]}', "one"),
            (b'  \r\n{"Errors": ["one"]}\r\n', "one"),
            ('{"Errors": ["Größe überschritten"]}'.encode(), "Größe überschritten"),
            (b"null", ""),
            (b"", ""),
            (b"plain text", "plain text"),
            (b'{"Errors": ["cut of', '{"Errors": ["cut of'),
            (b'{"statusCode": 429, "message": "of a gateway"}', '{"statusCode": 429, "message": "of a gateway"}'),
        ],
    )
    def test_every_shape_of_body_gives_its_words(self, body: bytes, words: str) -> None:
        assert words_of(body) == words

    def test_a_page_is_told_by_its_title_and_its_text(self) -> None:
        words = words_of(HTTP_SYS)
        assert words.startswith("web page titled 'Service Unavailable': ")
        assert "HTTP Error 503. The service is unavailable." in words
        assert "<" not in words

    def test_a_page_without_title_is_told_by_its_text(self) -> None:
        assert words_of(b"<html><body><h1>502 Bad Gateway</h1></body></html>") == "502 Bad Gateway"

    def test_bytes_that_are_no_text_do_not_hurt(self) -> None:
        assert "�" in words_of(b"\xff\xfe\x00bad")

    def test_long_words_are_cut(self) -> None:
        assert len(words_of(json.dumps({"Errors": ["x" * 5000]}).encode())) == 600
        assert 0 < len(words_of(b"<p>" + b"y" * 1_000_000)) <= 600


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, None),
            ({"Retry-After": ""}, None),
            ({"Retry-After": "120"}, 120.0),
            ({"retry-after": "1.5"}, 1.5),
            ({"Retry-After": "-3"}, 0.0),
            ({"Retry-After": "soon"}, None),
            ({"Retry-After": "Thu, 01 Jan 2026 00:01:00 GMT"}, 60.0),
            ({"Retry-After": "Wed, 31 Dec 2025 23:00:00 GMT"}, 0.0),
        ],
    )
    def test_seconds_or_date(self, headers: dict[str, str], seconds: float | None) -> None:
        assert retry_after(headers, 1_767_225_600.0) == seconds


class TestDecode:
    @staticmethod
    def values(body: bytes, content_type: str = JSON) -> TimedValues:
        return decode(body, decoder(TimedValues), content_type, ASKED)

    GOOD = b'{"Links": {}, "Items": [{"Timestamp": "2026-01-01T00:00:00Z", "Value": 1.5, "New": [1]}], "New": {}}'

    @pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\r\n "])
    def test_a_good_body_is_decoded_with_or_without_a_byte_order_mark(self, before: bytes) -> None:
        answer = self.values(before + self.GOOD)
        assert [(item.Timestamp, item.Value) for item in answer.Items] == [("2026-01-01T00:00:00Z", 1.5)]

    def test_no_items_at_all_are_no_items(self) -> None:
        assert self.values(b"{}").Items == []

    @pytest.mark.parametrize(
        "body",
        [
            GOOD[:-1],
            GOOD[: len(GOOD) // 2],
            b"",
            GOOD + b"}",
            b'{"Items": "many"}',
            b"[]",
            b'"text"',
            b"null",
            b'{"Items": ' + b"[" * 100_000,
            b"not json",
        ],
        ids=[
            "one byte short", "half", "empty", "one byte more", "items no list", "a list", "a text", "null", "deep",
            "plain text",
        ],
    )  # fmt: skip
    def test_what_cannot_be_decoded_is_a_bad_answer(self, body: bytes) -> None:
        with pytest.raises(PIBadAnswerError, match="recorded of SINUSOID"):
            self.values(body)

    def test_the_message_shows_the_beginning_and_the_size(self) -> None:
        with pytest.raises(
            PIBadAnswerError, match=r"the answer of 2,010 bytes .* it begins with '\{\"Items\": x"
        ) as caught:
            self.values(b'{"Items": ' + b"x" * 2000)
        assert len(str(caught.value)) < 400

    @pytest.mark.parametrize("content_type", ["text/html", JSON, ""])
    def test_a_page_where_json_belongs_is_a_bad_answer_that_says_so(self, content_type: str) -> None:
        page = b"\xef\xbb\xbf \r\n<!DOCTYPE html><html><head><title>Sign in</title></head></html>"
        with pytest.raises(PIBadAnswerError, match=r"a web page came where JSON belongs.*titled 'Sign in'"):
            self.values(page, content_type)

    def test_a_body_that_says_it_is_html_is_a_page(self) -> None:
        with pytest.raises(PIBadAnswerError, match="a web page"):
            self.values(b"Welcome", "Text/HTML; charset=utf-8")


class TestFailuresInside200:
    @staticmethod
    def check(body: bytes) -> None:
        check_answer(decode(body, decoder(TimedValues), JSON, ASKED), ASKED)

    def test_a_good_answer_passes(self) -> None:
        self.check(b'{"Items": [], "Errors": null, "WebException": null}')
        self.check(b'{"Items": [], "Errors": []}')

    @pytest.mark.parametrize(
        ("errors", "words"), [(b'["of the output stream."]', "of the output stream."), (b'"one text"', "one text")]
    )
    def test_a_web_exception_is_a_server_error(self, errors: bytes, words: str) -> None:
        with pytest.raises(PIServerError, match="200, and then a WebException: " + words) as caught:
            self.check(b'{"Items": [], "WebException": {"StatusCode": 500, "Errors": ' + errors + b"}}")
        assert caught.value.status == 500

    def test_a_web_exception_without_words_is_one_as_well(self) -> None:
        with pytest.raises(PIServerError, match="WebException"):
            self.check(b'{"Items": [], "WebException": {}}')

    @pytest.mark.parametrize(
        "body", [b'{"Errors": ["no archive"]}', b'{"Errors": "no archive"}', b'{"Message": "no archive"}']
    )
    def test_errors_at_the_top_are_a_server_error(self, body: bytes) -> None:
        with pytest.raises(PIServerError, match="200 with errors inside: no archive"):
            self.check(body)

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (None, ""),
            (Answer(), ""),
            (Answer(Errors=["one", "two"]), "one; two"),
            (Answer(Errors="one"), "one"),
            (Answer(Message="one"), "one"),
        ],
    )
    def test_words_of_an_answer(self, answer: Answer | None, words: str) -> None:
        assert error_words(answer) == words
