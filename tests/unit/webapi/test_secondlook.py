from __future__ import annotations

import json

import pytest

from pi_datasource.errors import PIBadAnswerError, PINotFoundError, PIRefusedError
from pi_datasource.webapi.answers import check_answer, decode
from pi_datasource.webapi.batch import _result
from pi_datasource.webapi.wire import TimedValues, batch_decoder, decoder

TIME = '"Timestamp": "2026-01-01T00:00:00Z"'
FINE = f'{{{TIME}, "Value": 1.5}}'

#: What spoils a body → the words for it.
SPOILT = {
    "half a pair": (b'{%s, "Value": "a\\ud800"}', "Items[1].Value: a text with half of a surrogate pair"),
    "other half": (b'{%s, "Value": "\\udc00z"}', "Items[1].Value: a text with half of a surrogate pair"),
    "no utf-8": (b'{%s, "Value": "a\xffb"}', "Items[1].Value: a text with half of a surrogate pair"),
    "in a state": (b'{%s, "Value": {"Name": "\\ud800", "Value": 1}}', "Items[1].Value.Name"),
    "in a name": (b'{%s, "Value": 1, "\\ud800": 2}', "a name that is no text"),
    "too large": (b'{%s, "Value": 1e999}', "Items[1].Value: the number 1e999 is larger than any double"),
    "too long": (b'{%s, "Value": ' + b"1" * 5000 + b"}", "a whole number of 5000 digits"),
    "state code": (b'{%s, "Value": {"Name": "x", "Value": 99999999999}}', "an answer that cannot be read"),
    "state of text": (b'{%s, "Value": {"Name": 5}}', "an answer that cannot be read"),
    "flag of text": (b'{%s, "Value": 1, "Good": "yes"}', "an answer that cannot be read"),
}  # fmt: skip


def item(spoilt: bytes) -> bytes:
    return spoilt.replace(b"%s", TIME.encode())


def body_of(spoilt: bytes) -> bytes:
    return b'{"Items": [%s, %s]}' % (FINE.encode(), item(spoilt))


@pytest.mark.parametrize("case", SPOILT)
def test_a_value_that_cannot_be_read_is_refused_with_its_place(case: str) -> None:
    spoilt, words = SPOILT[case]
    with pytest.raises(PIRefusedError, match="recorded of A: ") as caught:
        decode(body_of(spoilt), decoder(TimedValues), "application/json", "recorded of A")
    assert words in str(caught.value)
    str(caught.value).encode()


@pytest.mark.parametrize("case", SPOILT)
def test_in_a_batch_it_is_the_fault_of_its_question_alone(case: str) -> None:
    spoilt, words = SPOILT[case]
    whole = b'{"0": {"Status": 200, "Content": {"Items": [%s]}}, "1": {"Status": 200, "Content": %s}, "2": %s}' % (
        FINE.encode(), body_of(spoilt), b'{"Status": 404, "Content": {"Errors": ["PI Point not found."]}}'
    )  # fmt: skip
    answers = decode(whole, batch_decoder(TimedValues), "application/json", "a batch")
    assert list(answers) == ["0", "1", "2"]
    good = _result(answers["0"], "recorded of A")
    assert isinstance(good, TimedValues)
    assert [value.Value for value in good.Items] == [1.5]
    bad = _result(answers["1"], "recorded of B")
    assert type(bad) is PIRefusedError
    assert str(bad).startswith("recorded of B: ")
    assert words in str(bad)
    assert type(_result(answers["2"], "recorded of C")) is PINotFoundError


def test_bare_tokens_for_numbers_that_are_none() -> None:
    """Written as Json.NET does with FloatFormatHandling.Symbol; read as the texts of its other way."""
    values = ", ".join(f'{{{TIME}, "Value": {token}}}' for token in ("NaN", "Infinity", "-Infinity", '"NaN"'))
    answer = decode(f'{{"Items": [{values}]}}'.encode(), decoder(TimedValues), "", "recorded of A")
    assert [value.Value for value in answer.Items] == ["NaN", "Infinity", "-Infinity", "NaN"]


def test_a_status_is_kept() -> None:
    whole = b'{"1": {"Status": 404, "Content": {"Errors": ["no \\ud800 here"]}}}'
    answers = decode(whole, batch_decoder(TimedValues), "", "a batch")
    assert type(_result(answers["1"], "recorded of B")) is PINotFoundError


@pytest.mark.parametrize(
    "body",
    [
        b'{"Items": [' + FINE.encode() + b', {"Value": NaN',
        b'{"error": "\\ud800"}',
        b'{"Items": {"a": 1e999}}',
        b"[1e999]",
        b'{"Items": [1e999]} {}',
        b'{"Items": [NaN],}',
        b'{"Items": [NaM]}',
        b'{"Items": ' + b"[" * 100_000 + b"1e999" + b"]" * 100_000 + b"}",
        b'{"Items": [], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=["cut", "no list", "list no list", "no object", "more", "comma", "no token", "deep", "deep elsewhere"],
)
def test_what_is_no_answer_of_pi_is_a_bad_one_that_is_asked_again(body: bytes) -> None:
    with pytest.raises(PIBadAnswerError):
        check_answer(decode(body, decoder(TimedValues), "", "recorded of A"), "recorded of A")


@pytest.mark.parametrize(
    "body", [b'{"1": {"Content": NaN}}', b'{"1": NaN}', b'{"1": {"Status": "200", "Content": 1e999}}']
)
def test_what_is_no_envelope_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(PIBadAnswerError):
        decode(body, batch_decoder(TimedValues), "", "a batch")


def test_what_it_reads_is_what_the_first_look_would() -> None:
    """The same structures for the same values, the spoilt one aside."""
    values = [1, 1.5, True, None, "text", [1, 2], {"Name": "On", "Value": 1, "IsSystem": False}, 2**70, -0.0, 1e-320]
    items = [{"Timestamp": "2026-01-01T00:00:00Z", "Value": value, "Good": True} for value in values]
    plain = json.dumps({"Items": items}).encode()
    spoilt = plain[:-2] + b', {"Timestamp": "2026-01-01T00:00:00Z", "Value": NaN}]}'
    first = decode(plain, decoder(TimedValues), "", "A").Items
    second = decode(spoilt, decoder(TimedValues), "", "A").Items
    assert second[:-1] == first
    assert [type(one.Value) for one in second[:-1]] == [type(one.Value) for one in first]
