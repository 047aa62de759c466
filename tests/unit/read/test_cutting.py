"""Bodies that are cut apart hold what the usual decoder finds in them, in everything; most of a usual body is cut."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.columns import arrow_schema
from pi_datasource.read import cutting
from pi_datasource.read.cursor import Page
from pi_datasource.read.cutting import CuttingDecoder, PagedValues
from pi_datasource.read.events import Events
from pi_datasource.read.times import parse_ticks
from pi_datasource.read.values import BatchBuilder
from pi_datasource.resolve.streams import Stream
from pi_datasource.webapi.wire import SubAnswer, batch_decoder, decoder
from tests.unit.read.test_values import ALL, Row, answers, reference, same_rows

USUAL = msgspec.json.Decoder(dict[str, SubAnswer[PagedValues]])
FLAGS = {"Good": True, "Questionable": False, "Substituted": False, "Annotated": False}


@pytest.fixture(autouse=True)
def _any_body(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small bodies, and such of which little can be cut, are cut too."""
    with monkeypatch.context() as patch:
        patch.setattr(cutting, "LEAST_BYTES", 0)
        patch.setattr(cutting, "MOST_ODD", 1.0)
        yield


def item(second: int, value: Any, **more: Any) -> Row:
    return {"Timestamp": f"2026-01-01T00:00:{second:02}Z", "Value": value, **FLAGS, **more}


def as_written(told: Any) -> str:
    """JSON as PI Web API writes it: without blanks."""
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)


def batch_of(bodies: Sequence[str]) -> bytes:
    subs = [f'"{n}":{{"Status":200,"Headers":{{"A":"b"}},"Content":{body}}}' for n, body in enumerate(bodies)]
    return ("{" + ",".join(subs) + "}").encode()


def lists_of(body: bytes) -> list[Sequence[Any]]:
    """The lists of events of a batch answer, one of which was cut."""
    answer = CuttingDecoder(USUAL)._cut(body)
    assert answer is not None
    lists = [sub.Content.Items for sub in answer.values() if isinstance(sub.Content, PagedValues)]
    assert any(isinstance(items, Events) for items in lists)
    return lists


def page(stream: Stream, items: Sequence[Any]) -> Page:
    ticks = items.ticks if isinstance(items, Events) else parse_ticks([one.Timestamp for one in items])
    return Page(stream, items, ticks)


def built(streams: Sequence[Stream], lists: Sequence[Sequence[Any]]) -> pa.Table:
    batches = list(BatchBuilder(ALL, "why").batches(list(map(page, streams, lists))))
    for batch in batches:
        batch.validate(full=True)
    return pa.Table.from_batches(batches, arrow_schema(ALL))


@settings(max_examples=150, deadline=None)
@given(answers())
def test_every_value_of_every_kind_is_what_plain_python_makes_of_it(made: list[tuple[Stream, str]]) -> None:
    written = [as_written(json.loads(body)) for _, body in made]
    answer = batch_decoder(PagedValues).decode(batch_of(written))
    lists = [sub.Content.Items for sub in answer.values() if isinstance(sub.Content, PagedValues)]
    same_rows(built([stream for stream, _ in made], lists), reference(made))


OFTEN = {
    "float": st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**60), 2**60)),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "digital": st.sampled_from([{"Name": name, "Value": n, "IsSystem": False} for n, name in enumerate("äbc")]),
    "text": st.text(max_size=12),
    "time": st.just("2026-01-01T00:00:00Z"),
    "blob": st.lists(st.integers(0, 255), max_size=4),
}
BAD = {"Name": "I/O Timeout", "Value": 246, "IsSystem": True}


@st.composite
def long_answers(draw: st.DrawFn) -> list[tuple[Stream, str]]:
    """Streams whose events look alike but for some; a third has bad ones."""
    made = []
    for number, kind in enumerate(draw(st.lists(st.sampled_from(list(OFTEN)), min_size=1, max_size=4))):
        items = []
        for second, value in enumerate(draw(st.lists(OFTEN[kind], min_size=2, max_size=30))):
            how = draw(st.integers(0, 12))
            items.append(
                item(second, BAD, Good=False)
                if how == 0
                else item(second, value, Questionable=True)
                if how == 1
                else item(second, value)
                if how > 2
                else {"Timestamp": f"2026-01-01T00:00:{second:02}.{second + 1:07}Z", "Value": value}
            )
        made.append((Stream(f"W{number}", f"T{number}", kind), as_written({"Items": items})))
    return made


@settings(max_examples=150, deadline=None)
@given(long_answers())
def test_long_answers_are_cut_and_hold_the_same(made: list[tuple[Stream, str]]) -> None:
    lists = lists_of(batch_of([body for _, body in made]))
    same_rows(built([stream for stream, _ in made], lists), reference(made))


def test_of_events_that_look_alike_all_but_the_last_are_rows() -> None:
    items = [item(second, second / 4) for second in range(60)]
    (events,) = lists_of(batch_of([as_written({"Items": items})]))
    assert isinstance(events, Events)
    assert (len(events), len(events.odd), list(events.odd_at)) == (60, 1, [59])


def test_bad_values_are_rows_as_well() -> None:
    items = [item(second, BAD if second % 3 else 1.5, Good=second % 3 == 0) for second in range(60)]
    (events,) = lists_of(batch_of([as_written({"Items": items})]))
    assert isinstance(events, Events)
    assert (len(events), len(events.odd), len(events.rows.words)) == (60, 1, 1)
    assert [one.Good for one in events] == [one["Good"] for one in items]


def test_a_part_of_events_is_the_part_of_their_list() -> None:
    items = [item(second, second, **({"Errors": []} if second % 4 == 1 else {})) for second in range(12)]
    (events,) = lists_of(batch_of([as_written({"Items": items})]))
    assert isinstance(events, Events)
    assert len(events.odd) == 4
    whole = list(events)
    told = [(one["Timestamp"], one["Value"], one.get("Errors")) for one in items]
    assert [(one.Timestamp, one.Value, one.Errors) for one in whole] == told
    for first in range(13):
        for after in range(13):
            part = events[first:after]
            assert isinstance(part, Events)
            assert list(part) == whole[first:after]
            assert [one.Value for one in part] == part.values()
            assert parse_ticks([one.Timestamp for one in part]).tolist() == part.ticks.tolist()
    assert (events[3], events[-1], events[::2]) == (whole[3], whole[-1], whole[::2])


LIKE = '{"Timestamp":"2026-01-01T00:00:0%dZ","Value":%s,"Good":true},'
LAST = '{"Timestamp":"2026-01-01T00:00:09Z","Value":9,"Good":true}'


def around(value: str) -> bytes:
    """A body with this value among usual ones."""
    items = [LIKE % (number, value if number == 4 else f"{number}.5") for number in range(9)]
    return batch_of(['{"Items":[' + "".join(items) + LAST + "]}"])


@pytest.mark.parametrize(
    "value",
    [
        "007", "-007", "00.5", "-", "+5", ".5", "-.5", "5.", "1.e5", "1e", "0x1F", "1_000", "NaN", "Infinity", "inf",
        "nan", "1e999", "-1e999", "1,2", '"a","b"', '1,"Value":2', '"a","Value":"b"', "tru", '"', '"\\x"',
        '"\\ud800"', '{"Name":5}', '{"Name":"x"', '{"Value":3000000000}', "[1", '"\x01"',
    ],
)  # fmt: skip
def test_what_is_wrong_is_left_to_the_usual_decoder(value: str) -> None:
    body = around(value)
    assert CuttingDecoder(USUAL)._cut(body) is None
    try:
        expected = repr(USUAL.decode(body))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        with pytest.raises(type(error)):
            CuttingDecoder(USUAL).decode(body)
    else:
        assert repr(CuttingDecoder(USUAL).decode(body)) == expected


@pytest.mark.parametrize(
    ("value", "kind", "number"),
    [
        ("0", "float", 0.0), ("-0", "float", 0.0), ("-0.0", "float", -0.0), ("0.1", "float", 0.1),
        ("1e-7", "float", 1e-7), ("5e-324", "float", 5e-324), ("9007199254740993", "float", 9007199254740992.0),
        ("1.7976931348623157e308", "float", 1.7976931348623157e308), ("-0", "integer", 0.0),
        ("12e2", "integer", 1200.0), ("1E5", "float", 1e5), ("19602699324986104832", "float", 19602699324986104832.0),
        ("19602699324986104832", "integer", 19602699324986104832.0),
    ],
)  # fmt: skip
def test_numbers_are_exact(value: str, kind: str, number: float) -> None:
    (events,) = lists_of(around(value))
    assert events.odd_at.tolist() == [9]  # type: ignore[attr-defined]
    found = built([Stream("W", "T", kind)], [events]).column("value").to_pylist()
    assert repr(found[4]) == repr(number)


BORDER = '\\",\\"Good\\":true},{\\"Timestamp\\":\\"2026-01-01T00:00:00Z\\",\\"Value\\":5'


def test_a_text_that_looks_like_a_border_is_a_text() -> None:
    (events,) = lists_of(around(f'"{BORDER}"'))
    assert [one.Value for one in events][4] == json.loads(f'"{BORDER}"')
    assert len(events) == 10


@pytest.mark.parametrize(
    "more",
    [
        ',"Timestamp":"2027-01-01T00:00:00Z"', ',"Value":true', ',"Good":"yes"',
        ',"Errors":"x"', ',"Questionable":"true"',
    ],
)  # fmt: skip
def test_members_that_come_twice_or_are_no_flags_are_left_to_the_usual_decoder(more: str) -> None:
    one = '{"Timestamp":"2026-01-01T00:00:00Z","Value":5,"Good":true' + more + "}"
    body = batch_of(['{"Items":[' + ",".join([one] * 20) + "]}"])
    assert CuttingDecoder(USUAL)._cut(body) is None


@pytest.mark.parametrize("time", ["2026-13-01T00:00:00Z", "2026-01-01 00:00:00+00:00", "0001-01-01T00:00:00Z"])
def test_other_times_are_left_to_the_usual_decoder(time: str) -> None:
    items = [item(second, second) for second in range(20)]
    items[7]["Timestamp"] = time
    cut = CuttingDecoder(USUAL)._cut(batch_of([as_written({"Items": items})]))
    assert cut is None or 7 in cut["0"].Content.Items.odd_at  # type: ignore[union-attr]


@pytest.mark.parametrize("more", [',"Timestamp":""', ',"Value":""'])
def test_a_member_that_comes_twice_and_is_empty_is_left_to_the_usual_decoder(more: str) -> None:
    items = [LIKE % (number, number) for number in range(9)]
    body = batch_of(['{"Items":[' + "".join(one[:-2] + more + one[-2:] for one in items) + LAST + "]}"])
    assert CuttingDecoder(USUAL)._cut(body) is None


@pytest.mark.parametrize(
    "values",
    [("[1,[2]", "[3]]", '"a","b"'), ('[1,"]', '[",2]', '"a","b"'), ('{"Name":"}', '{","Value":1}', "[1],[2]")],
)
def test_values_that_are_whole_only_together_are_left_to_the_usual_decoder(values: Sequence[str]) -> None:
    items = [LIKE % (number, value) for number, value in enumerate(("1", *values, "2"))]
    body = batch_of(['{"Items":[' + "".join(items) + LAST + "]}"])
    assert CuttingDecoder(USUAL)._cut(body) is None
    with pytest.raises(msgspec.DecodeError):
        CuttingDecoder(USUAL).decode(body)


@pytest.mark.parametrize(
    "one",
    [LIKE[:-2] % (5, 5) + ',"UnitsAbbreviation":"' + "m" * 100_000 + '"},', LIKE % (5, f'"{"m" * 100_000}"')],
    ids=["unit", "text"],
)
def test_one_long_event_costs_no_memory_at_all_others(one: str) -> None:
    items = [LIKE % (number % 9, number) for number in range(2_001)]
    items[1_000] = one
    body = batch_of(['{"Items":[' + "".join(items) + LAST + "]}"])
    tracemalloc.start()
    try:
        (events,) = lists_of(body)
        assert tracemalloc.get_traced_memory()[1] < 10 * len(body)
    finally:
        tracemalloc.stop()
    assert repr(list(events)) == repr(USUAL.decode(body)["0"].Content.Items)  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["{" * 400_000, "[{},{},{}]" * 40_000], ids=["alone", "in lists"])
def test_a_text_of_braces_costs_no_more_than_its_length(text: str) -> None:
    items = [LIKE % (number % 9, f'"{text}"' if number == 5 else number) for number in range(20)]
    body = batch_of(['{"Items":[' + "".join(items) + LAST + "]}"])
    tracemalloc.start()
    try:
        assert CuttingDecoder(USUAL)._cut(body) is None
        assert tracemalloc.get_traced_memory()[1] < 3 * len(body)
    finally:
        tracemalloc.stop()
    assert [one.Value for one in USUAL.decode(body)["0"].Content.Items][5] == text  # type: ignore[union-attr]


def test_names_that_come_twice_mean_the_last_as_ever() -> None:
    items = as_written([item(second, second) for second in range(20)])
    others = as_written([item(second, -second) for second in range(20)])
    for body in (batch_of([f'{{"Items":{items},"Items":{others}}}']), batch_of([f'{{"Items":{items},"Items":[]}}'])):
        assert CuttingDecoder(USUAL)._cut(body) is None
        assert repr(CuttingDecoder(USUAL).decode(body)) == repr(USUAL.decode(body))


def test_a_body_with_blanks_or_cut_off_is_left_to_the_usual_decoder() -> None:
    told = {"0": {"Status": 200, "Content": {"Items": [item(second, second) for second in range(20)]}}}
    assert CuttingDecoder(USUAL)._cut(json.dumps(told, indent=2).encode()) is None
    assert CuttingDecoder(USUAL)._cut(as_written(told).encode()[:-40]) is None
    assert CuttingDecoder(USUAL)._cut(as_written(told).encode().replace(b":7,", b':"\xff",')) is None


def test_a_stream_asked_alone_is_cut_as_well_and_a_list_may_be_empty() -> None:
    items = [item(second, second) for second in range(20)]
    alone = decoder(PagedValues).decode(as_written({"Items": items, "UnitsAbbreviation": ""}).encode())
    assert isinstance(alone.Items, Events)
    assert [one.Value for one in alone.Items] == list(range(20))
    empty, some, error = (
        sub.Content
        for sub in batch_decoder(PagedValues)
        .decode(batch_of(['{"Items":[]}', as_written({"Items": items}), '{"Errors":["no"]}']))
        .values()
    )
    assert isinstance(empty, PagedValues)
    assert isinstance(some, PagedValues)
    assert isinstance(error, PagedValues)
    assert (empty.Items, len(some.Items), error.Errors) == ([], 20, ["no"])
