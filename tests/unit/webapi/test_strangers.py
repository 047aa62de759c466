"""JSON that is not PI's must not pass for a stream without events."""

from __future__ import annotations

import json

import pytest

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.webapi.answers import decode
from pi_datasource.webapi.wire import (
    DataServers,
    LookedUp,
    NewestOfMany,
    OneValue,
    Point,
    Points,
    Summaries,
    SystemUser,
    TableRows,
    TimedValues,
    batch_decoder,
    decoder,
)

STRANGERS = [{"message": "Quota exceeded"}, {"error": {"code": 7}}, {"items": []}, {"Items": [], "next": "x"}]
EMPTY = [{}, {"Items": []}, {"Links": {}, "Items": [], "UnitsAbbreviation": ""}]
EVENT = {"Timestamp": "2026-01-01T00:00:00Z", "Value": 1.0}


@pytest.mark.parametrize("body", STRANGERS)
def test_a_body_of_somebody_else_is_refused(body: object) -> None:
    with pytest.raises(PIBadAnswerError, match="no list of events"):
        decode(json.dumps(body).encode(), decoder(TimedValues), "application/json", "asked")


@pytest.mark.parametrize("body", STRANGERS)
def test_so_is_one_inside_of_a_batch(body: object) -> None:
    subs = {"0": {"Status": 200, "Content": {"Items": [EVENT]}}, "1": {"Status": 200, "Content": body}}
    with pytest.raises(PIBadAnswerError, match="no list of events"):
        decode(json.dumps(subs).encode(), batch_decoder(TimedValues), "application/json", "asked")


@pytest.mark.parametrize("body", EMPTY)
def test_a_stream_without_events_is_one(body: object) -> None:
    assert decode(json.dumps(body).encode(), decoder(TimedValues), "application/json", "asked").Items == []
    subs = {"0": {"Status": 200, "Content": body}, "1": {"Status": 404, "Content": "gone"}}
    answer = decode(json.dumps(subs).encode(), batch_decoder(TimedValues), "application/json", "asked")
    assert answer["0"].Content == TimedValues()


def test_new_members_beside_events_are_no_matter() -> None:
    body = {"Items": [EVENT], "SomethingNew": 1}
    assert len(decode(json.dumps(body).encode(), decoder(TimedValues), "application/json", "asked").Items) == 1


#: What else is asked of PI, and how it looks without data.
OTHERS = [DataServers, LookedUp, NewestOfMany, OneValue, Point, Points, Summaries, SystemUser, TableRows]


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("body", STRANGERS[:3])
def test_nor_for_any_other_answer_without_data(body: object, kind: type) -> None:
    with pytest.raises(PIBadAnswerError, match="no answer of PI Web API: it has "):
        decode(json.dumps(body).encode(), decoder(kind), "application/json", "asked")
    subs = {"0": {"Status": 200, "Content": {}}, "1": {"Status": 200, "Content": body}}
    with pytest.raises(PIBadAnswerError, match="no answer of PI Web API: it has "):
        decode(json.dumps(subs).encode(), batch_decoder(kind), "application/json", "asked")


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("body", [{}, {"Links": {}}, {"Links": {}, "Message": None}])
def test_an_answer_without_data_is_one(body: object, kind: type) -> None:
    assert decode(json.dumps(body).encode(), decoder(kind), "application/json", "asked") == kind()


def test_new_members_beside_an_empty_list_are_no_matter() -> None:
    body = {"Items": [], "SomethingNew": 1}
    assert decode(json.dumps(body).encode(), decoder(Points), "application/json", "asked") == Points()


@pytest.mark.parametrize("kind", [TimedValues, *(kind for kind in OTHERS if hasattr(kind, "Items"))])
def test_a_list_that_comes_twice_is_refused_when_the_last_is_empty(kind: type) -> None:
    body = '{"Items": [{"Timestamp": "2026-01-01T00:00:00Z"}], "Items": []}'
    with pytest.raises(PIBadAnswerError, match="'Items' more than once, and the last is empty"):
        decode(body.encode(), decoder(kind), "application/json", "asked")
    subs = f'{{"0": {{"Status": 200, "Content": {{"Items": []}}}}, "1": {{"Status": 200, "Content": {body}}}}}'
    with pytest.raises(PIBadAnswerError, match="'Items' more than once, and the last is empty"):
        decode(subs.encode(), batch_decoder(kind), "application/json", "asked")
