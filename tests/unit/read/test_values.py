"""Record batches against a plain decoder of one value at a time, written from the description alone."""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.columns import Column, arrow_schema
from pi_datasource.plan.partitions import Piece
from pi_datasource.read import values as module
from pi_datasource.read.cursor import Page
from pi_datasource.read.times import parse_ticks
from pi_datasource.read.values import BatchBuilder, fields_for
from pi_datasource.resolve.streams import KINDS, Stream
from pi_datasource.tables.recorded import COLUMNS
from pi_datasource.times import MAX_TICKS, MIN_TICKS, TimeRange, parse_iso
from pi_datasource.webapi.wire import TimedValues, decoder
from tests.unit.webapi.fakes import pi_text

SAMPLES = Path(__file__).parent.parent / "samples"
#: Annotations are in none of these answers; tests/readers has them.
ALL = (
    *(one for one in COLUMNS if one.name != "annotations"),
    Column("why", "string", "Why the tag could not be read."),
)

Row = dict[str, Any]


def reference(streams: Sequence[tuple[Stream, str]]) -> list[Row]:
    """The rows of these streams' bodies, value by value."""
    rows = []
    for stream, body in streams:
        before, seq = None, 0
        for item in json.loads(body)["Items"]:
            tick = parse_iso(item["Timestamp"])
            seq = seq + 1 if tick == before else 0
            before = tick
            rows.append(
                {
                    "tag": stream.tag,
                    "timestamp": math.floor(Fraction(tick, 10)),
                    "ticks": tick,
                    "seq": seq,
                    **reference_value(stream.kind, item.get("Value")),
                    "good": item.get("Good"),
                    "questionable": item.get("Questionable"),
                    "substituted": item.get("Substituted"),
                    "annotated": item.get("Annotated"),
                    "uom": stream.uom,
                    "web_id": stream.web_id,
                    "point_id": stream.point_id,
                    "descriptor": stream.descriptor,
                    "element_path": stream.element_path,
                    "operation": "upsert",
                    "window_start": None,
                    "window_end": None,
                    "why": None,
                }
            )
    return rows


def reference_value(kind: str, value: Any) -> Row:
    """Which columns one value goes to, by the table in the documentation of `values`."""
    row: Row = {"value": None, "value_long": None, "value_text": None, "state": None, "is_system_state": False}
    if value is None:
        return row
    if isinstance(value, dict):
        if value.get("Errors") is not None:
            errors = value["Errors"]
            row["value_text"] = errors if isinstance(errors, str) else "; ".join(errors)
        else:
            row["value_text"] = value.get("Name")
        row["state"] = value.get("Value")
        row["is_system_state"] = value.get("IsSystem", False)
    elif isinstance(value, str):
        if kind in ("float", "integer") and value in ("NaN", "Infinity", "-Infinity"):
            row["value"] = float(value.replace("Infinity", "inf"))
        else:
            row["value_text"] = value
    elif isinstance(value, list):
        if kind == "blob" and all(0 <= byte <= 255 for byte in value):
            row["value_text"] = base64.b64encode(bytes(value)).decode()
        else:
            row["value_text"] = json.dumps(value, separators=(",", ":"))
    elif kind in ("text", "time", "blob"):
        row["value_text"] = json.dumps(value)
    elif kind == "digital" and type(value) is int and abs(value) < 2**31:
        row["state"] = value
    else:
        row["value"] = float(value)
        whole, fits = isinstance(value, int) or value.is_integer(), -(2**63) <= value < 2**63
        if kind == "integer" and whole and fits:
            row["value_long"] = int(value)
        elif kind != "float" and isinstance(value, int) and not fits:
            row["value_text"] = str(value)
    return row


def page(stream: Stream, body: str) -> Page:
    """As the reader makes it of a whole answer."""
    items = decoder(TimedValues).decode(body.encode()).Items
    return Page(stream, items, parse_ticks([item.Timestamp for item in items]))


def built(streams: Sequence[tuple[Stream, str]], columns: Sequence[Column] = ALL, error: str = "why") -> pa.Table:
    builder = BatchBuilder(columns, error)
    batches = list(builder.batches([page(stream, body) for stream, body in streams]))
    for batch in batches:
        assert batch.schema.equals(arrow_schema(columns))
        assert batch.num_rows > 0
        batch.validate(full=True)
    return pa.Table.from_batches(batches, arrow_schema(columns))


def exact(row: Row) -> list[tuple[str, str, Any]]:
    """A row in which 1 and 1.0 and True differ, 0.0 and -0.0 too, and NaN equals itself."""
    return [
        (name, type(value).__name__, struct.pack("<d", value) if isinstance(value, float) else value)
        for name, value in row.items()
    ]


def same_rows(table: pa.Table, rows: list[Row]) -> None:
    names = table.column_names
    if "timestamp" in names:  # as microseconds: their type has been looked at before
        table = table.set_column(names.index("timestamp"), "timestamp", table.column("timestamp").cast(pa.int64()))
    found = [exact(row) for row in table.to_pylist()]
    wanted = [exact({name: row[name] for name in names}) for row in rows]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))


def body_of(items: Sequence[Row]) -> str:
    return json.dumps({"Links": {}, "Items": items, "UnitsAbbreviation": ""})


# What a server may say of each kind: mostly its own type, and now and then anything at all.
INT64 = st.one_of(
    st.integers(-1000, 1000),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63 - 512]),
)
BEYOND = st.sampled_from([2**63, 2**64, -(2**63) - 1, 10**30, -(10**25)])
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ERRORS = st.one_of(
    st.lists(st.text(max_size=5), max_size=2), st.just("Calculation failed.")
).map(lambda errors: {"Errors": errors})  # fmt: skip
STATES = st.fixed_dictionaries(
    {"Name": st.one_of(st.none(), st.text(max_size=8)), "Value": st.integers(-(2**31), 2**31 - 1)},
    optional={"IsSystem": st.booleans()},
)
SYSTEM = st.sampled_from([(246, "I/O Timeout"), (253, "Pt Created"), (248, "No Data"), (307, "Größe")]).map(
    lambda state: {"Name": state[1], "Value": state[0], "IsSystem": True}
)
BYTES = st.lists(st.integers(0, 255), max_size=6)
NUMBER_TEXTS = st.sampled_from(["NaN", "Infinity", "-Infinity"])
TIMES = st.integers(MIN_TICKS, MAX_TICKS).map(pi_text)
ANYTHING = st.one_of(
    st.none(), st.booleans(), INT64, BEYOND, st.sampled_from([0.5, -2.25, 3.0, 1e15]), st.text(max_size=8), STATES,
    SYSTEM, ERRORS, BYTES, NUMBER_TEXTS, TIMES, st.lists(st.integers(-300, 300), max_size=3), st.just({}),
)  # fmt: skip
USUAL: dict[str, st.SearchStrategy[Any]] = {
    "float": st.one_of(FLOATS, INT64, NUMBER_TEXTS, SYSTEM),
    "integer": st.one_of(INT64, INT64, FLOATS, SYSTEM),
    "digital": st.one_of(STATES, SYSTEM),
    "text": st.one_of(st.text(max_size=8), NUMBER_TEXTS, SYSTEM),
    "time": st.one_of(TIMES, SYSTEM),
    "blob": st.one_of(BYTES, SYSTEM),
}
FLAGS = st.one_of(
    st.fixed_dictionaries({name: st.booleans() for name in ("Good", "Questionable", "Substituted", "Annotated")}),
    st.fixed_dictionaries({}, optional={name: st.booleans() for name in ("Good", "Questionable", "Annotated")}),
)
#: Few instants, so that events share them, and odd ones.
INSTANTS = st.one_of(
    st.integers(0, 3),
    st.integers(-25, -1),
    st.sampled_from(
        [parse_iso(text) for text in ("0001-01-01", "1601-01-01", "9999-12-31T23:59:59.9999999Z", "1969-12-31")]
    ),
    st.integers(parse_iso("2026-01-01"), parse_iso("2026-01-02")),
)


@st.composite
def answers(draw: st.DrawFn, kinds: Sequence[str] = tuple(USUAL)) -> list[tuple[Stream, str]]:
    """Streams with the body of an answer each."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(kinds))
        stream = Stream(f"W{number}", f"tag ä {number}", kind, draw(st.sampled_from(["", "°C"])), number * 2**33, "why")
        ticks = sorted(draw(st.lists(INSTANTS, max_size=8)))
        values = st.one_of(USUAL[kind], USUAL[kind], USUAL[kind], ANYTHING)
        items = [{"Timestamp": pi_text(tick), "Value": draw(values), **draw(FLAGS)} for tick in ticks]
        made.append((stream, body_of(items)))
    return made


@settings(max_examples=100, deadline=None)
@given(answers())
def test_every_value_of_every_kind_is_what_plain_python_makes_of_it(made: list[tuple[Stream, str]]) -> None:
    same_rows(built(made), reference(made))


@settings(max_examples=60, deadline=None)
@given(answers(), st.permutations(ALL), st.integers(1, len(ALL)))
def test_any_columns_in_any_order_hold_the_same(
    made: list[tuple[Stream, str]], columns: list[Column], count: int
) -> None:
    some = columns[:count]
    table = built(made, some)
    assert table.column_names == [column.name for column in some]
    same_rows(table, reference(made))


def one(kind: str, *values: Any, **fields: Any) -> list[Row]:
    """The rows of some values of one stream."""
    items = [{"Timestamp": f"2026-01-01T00:00:{n:02}Z", "Value": value, **fields} for n, value in enumerate(values)]
    made = [(Stream("W", "T", kind), body_of(items))]
    same_rows(built(made), reference(made))
    rows = built(made).to_pylist()
    assert len(rows) == len(values)
    return rows


VALUE_COLUMNS = ("value", "value_long", "value_text", "state", "is_system_state")


@pytest.mark.parametrize(
    ("kind", "value", "row"),
    [
        ("float", 1.5, (1.5, None, None, None, False)),
        ("float", 100, (100.0, None, None, None, False)),
        ("float", 2**53 + 1, (float(2**53), None, None, None, False)),
        ("float", 10**30, (1e30, None, None, None, False)),
        ("float", "NaN", (math.nan, None, None, None, False)),
        ("float", "-Infinity", (-math.inf, None, None, None, False)),
        ("float", True, (1.0, None, None, None, False)),
        ("float", None, (None, None, None, None, False)),
        ("float", "n/a", (None, None, "n/a", None, False)),
        ("float", {"Name": "I/O Timeout", "Value": 246, "IsSystem": True}, (None, None, "I/O Timeout", 246, True)),
        ("float", {"Errors": ["one", "two"]}, (None, None, "one; two", None, False)),
        ("integer", 2**53 + 1, (float(2**53), 2**53 + 1, None, None, False)),
        ("integer", 2**63 - 1, (float(2**63), 2**63 - 1, None, None, False)),
        ("integer", -(2**63), (-float(2**63), -(2**63), None, None, False)),
        ("integer", 2**63, (float(2**63), None, str(2**63), None, False)),
        ("integer", 5.0, (5.0, 5, None, None, False)),
        ("integer", 5.5, (5.5, None, None, None, False)),
        ("integer", False, (0.0, 0, None, None, False)),
        ("integer", "NaN", (math.nan, None, None, None, False)),
        ("integer", {"Name": "Bad", "Value": 307, "IsSystem": True}, (None, None, "Bad", 307, True)),
        ("digital", {"Name": "On", "Value": 1, "IsSystem": False}, (None, None, "On", 1, False)),
        ("digital", {"Name": "Bad", "Value": 3}, (None, None, "Bad", 3, False)),
        ("digital", {"Name": "Shutdown", "Value": 254, "IsSystem": True}, (None, None, "Shutdown", 254, True)),
        ("digital", 1, (None, None, None, 1, False)),
        ("digital", "On", (None, None, "On", None, False)),
        ("digital", 2.5, (2.5, None, None, None, False)),
        ("digital", True, (1.0, None, None, None, False)),
        ("digital", {"Errors": ["no"]}, (None, None, "no", None, False)),
        ("digital", None, (None, None, None, None, False)),
        ("text", "123", (None, None, "123", None, False)),
        ("text", "NaN", (None, None, "NaN", None, False)),
        ("text", "", (None, None, "", None, False)),
        ("text", 5, (None, None, "5", None, False)),
        ("text", True, (None, None, "true", None, False)),
        ("time", "2026-01-01T00:00:00.1234567Z", (None, None, "2026-01-01T00:00:00.1234567Z", None, False)),
        ("blob", [1, 2, 255], (None, None, "AQL/", None, False)),
        ("blob", [], (None, None, "", None, False)),
        ("blob", [1, 256], (None, None, "[1,256]", None, False)),
        ("blob", "AQL/", (None, None, "AQL/", None, False)),
        ("float", [1, 2], (None, None, "[1,2]", None, False)),
    ],
)  # fmt: skip
def test_a_value_goes_where_its_streams_kind_says(kind: str, value: Any, row: tuple[Any, ...]) -> None:
    [alone] = one(kind, value)
    assert exact({name: alone[name] for name in VALUE_COLUMNS}) == exact(dict(zip(VALUE_COLUMNS, row, strict=True)))
    usual = {"float": 1.25, "integer": 7, "digital": {"Name": "Off", "Value": 0}, "text": "x", "blob": [9]}
    between = one(kind, usual.get(kind, "2026-01-01T00:00:00Z"), value, value)
    assert [exact({name: other[name] for name in VALUE_COLUMNS}) for other in between[1:]] == [
        exact({name: alone[name] for name in VALUE_COLUMNS})
    ] * 2


def test_kinds_are_those_that_streams_have() -> None:
    assert set(KINDS.values()) == set(USUAL)


def test_a_flag_that_the_server_leaves_out_is_null_and_never_made_up() -> None:
    [row] = one("float", 1.5)
    assert [row[name] for name in ("good", "questionable", "substituted", "annotated")] == [None] * 4
    [row] = one("float", 1.5, Good=False, Questionable=True)
    assert [row[name] for name in ("good", "questionable", "substituted", "annotated")] == [False, True, None, None]


def test_seq_counts_events_of_one_stream_at_one_tick() -> None:
    times = ["00:00:00Z", "00:00:00Z", "00:00:00.0000001Z", "00:00:01Z", "00:00:01Z", "00:00:01Z"]
    items = [{"Timestamp": f"2026-01-01T{text}", "Value": n} for n, text in enumerate(times)]
    made = [(Stream(f"W{n}", f"T{n}", "integer"), body_of(items)) for n in range(3)]
    assert built(made).column("seq").to_pylist() == [0, 1, 0, 0, 1, 2] * 3
    # The last instant of one stream and the first of the next are not one.
    made = [(stream, body_of(items[:1])) for stream, _ in made]
    assert built(made).column("seq").to_pylist() == [0, 0, 0]


def test_timestamps_are_rounded_down_also_before_1970() -> None:
    texts = ["1969-12-31T23:59:59.9999999Z", "1970-01-01T00:00:00.0000009Z", "9999-12-31T23:59:59.9999999Z"]
    made = [(Stream("W", "T", "float"), body_of([{"Timestamp": text, "Value": 1.5} for text in texts]))]
    assert built(made).column("timestamp").cast(pa.int64()).to_pylist() == [-1, 0, 253_402_300_799_999_999]


def test_no_rows_make_no_batch() -> None:
    assert list(BatchBuilder(COLUMNS).batches([])) == []
    assert list(BatchBuilder(COLUMNS).batches([page(Stream("W", "T", "float"), '{"Items": []}')])) == []


def test_large_batches_are_cut_and_lose_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_BATCH", 7)
    items = [{"Timestamp": pi_text(number), "Value": number} for number in range(20)]
    pages = [page(Stream("W", "T", "integer"), body_of(items))]
    batches = list(BatchBuilder(COLUMNS).batches(pages))
    assert [batch.num_rows for batch in batches] == [7, 7, 6]
    assert pa.Table.from_batches(batches).column("value_long").to_pylist() == list(range(20))


def test_pages_are_left_as_they_were() -> None:
    kept = page(Stream("W", "T", "float"), body_of([{"Timestamp": "2026-01-01T00:00:00Z", "Value": "NaN"}]))
    builder = BatchBuilder(COLUMNS)
    first, again = next(builder.batches([kept])), next(builder.batches([kept]))
    assert repr(first.to_pylist()) == repr(again.to_pylist())
    assert kept.values[0].Value == "NaN"


def test_failed_tags_make_rows_of_nothing_but_name_and_cause() -> None:
    batch = BatchBuilder(ALL, "why").failure_batch({"A": "gone", "B": "refused"})
    assert batch.schema.equals(arrow_schema(ALL))
    assert [row["tag"] for row in batch.to_pylist()] == ["A", "B"]
    assert [row["why"] for row in batch.to_pylist()] == ["gone", "refused"]
    rest = {name: value for row in batch.to_pylist() for name, value in row.items() if name not in ("tag", "why")}
    assert set(rest.values()) == {None}
    assert len(rest) == len(ALL) - 2


def windows() -> list[Piece]:
    streams = [
        Stream("W1", "A", "float", "bar", 2**32 - 1, "of a"),
        Stream("W2", "B", "digital"),
        Stream("W2", "B", "digital"),
    ]
    ranges = [TimeRange(MIN_TICKS, MAX_TICKS), TimeRange(-5, 0), TimeRange(0, 7)]
    return [Piece(stream, window) for stream, window in zip(streams, ranges, strict=True)]


def test_windows_make_rows_of_their_stream_and_their_range() -> None:
    batch = BatchBuilder(ALL, "why").window_batch(windows())
    assert batch.schema.equals(arrow_schema(ALL))
    batch.validate(full=True)
    told = [{name: value for name, value in row.items() if value is not None} for row in batch.to_pylist()]
    assert told == [
        {"tag": "A", "uom": "bar", "web_id": "W1", "point_id": 2**32 - 1, "descriptor": "of a",
         "operation": "window", "window_start": MIN_TICKS, "window_end": MAX_TICKS},
        {"tag": "B", "uom": "", "web_id": "W2", "point_id": 0, "descriptor": "",
         "operation": "window", "window_start": -5, "window_end": 0},
        {"tag": "B", "uom": "", "web_id": "W2", "point_id": 0, "descriptor": "",
         "operation": "window", "window_start": 0, "window_end": 7},
    ]  # fmt: skip


@pytest.mark.parametrize("names", [("window_end", "tag", "operation"), ("operation",), ("value", "window_start")])
def test_windows_have_the_columns_asked_for_in_that_order(names: tuple[str, ...]) -> None:
    by_name = {column.name: column for column in ALL}
    batch = BatchBuilder([by_name[name] for name in names]).window_batch(windows())
    assert batch.schema.names == list(names)
    whole = BatchBuilder(ALL).window_batch(windows()).to_pylist()
    assert batch.to_pylist() == [{name: row[name] for name in names} for row in whole]


def test_no_windows_are_a_batch_without_rows() -> None:
    batch = BatchBuilder(ALL).window_batch([])
    assert batch.num_rows == 0
    assert batch.schema.equals(arrow_schema(ALL))


def test_only_the_fields_that_the_columns_need_are_asked_for() -> None:
    by_name = {column.name: column for column in COLUMNS}
    assert fields_for([by_name["value"], by_name["annotated"], by_name["good"]]) == ("Annotated", "Good")
    assert fields_for([by_name["tag"], by_name["ticks"]]) == ()
    assert set(fields_for(COLUMNS)) == {"Good", "Questionable", "Substituted", "Annotated", "Annotations"}


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("recorded_*.json")))
def test_whole_answers_as_servers_send_them(name: str) -> None:
    kind = name.removesuffix(".json").split("_")[1]
    made = [(Stream("W", "T", kind), (SAMPLES / name).read_text(encoding="utf-8"))]
    rows = reference(made)
    assert len(rows) >= 3
    same_rows(built(made), rows)


def test_there_is_a_sample_of_each_kind() -> None:
    assert {path.stem.split("_")[1] for path in SAMPLES.glob("recorded_*.json")} == set(USUAL)
