"""Attributes of event frames as typed columns: every frame once, each value as its column's type, or null.

What is expected comes from the frames as they were declared, never from an answer of the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from pyspark.sql import types

from mock_pi import Fault, MockPI, PISystem, State
from mock_pi.af import AFServer, Attribute, Database, Element, ElementTemplate, EnumerationSet
from mock_pi.af.eventframe import EventFrame
from mock_pi.af.eventframedemo import many_frames, many_template
from mock_pi.system.states import IO_TIMEOUT
from mock_pi.ticks import as_ticks
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIListError, PIOptionError, PISchemaError
from pi_datasource.read.frame_columns import MAKE, column_type
from pi_datasource.stream.offset import INITIAL

NOW = "2026-01-04T00:00:00Z"
START, END = "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"
FIRST = as_ticks(START)
COUNT = 60

TEMPLATES = [
    many_template(7),
    ElementTemplate(
        "Stop",
        [
            Attribute("Reason", "EnumerationValue", State("Unknown", 0), enumeration="Reasons"),
            Attribute("Lost", "Double", 0.0, units="kg"),
            Attribute("Limits", "Double", 5.0, attributes=(Attribute("High", "Int32", 7),)),
            Attribute("Gone", "Double", 0.0, is_excluded=True),
            Attribute("Secret", "Boolean", True, is_hidden=True),
        ],
        instance_type="EventFrame",
    ),
    ElementTemplate(
        "Alarm", [Attribute("Count", "Int32", 0), Attribute("Lost", "Int32", 1)], "Stop", instance_type="EventFrame"
    ),
]


def database(name: str = "DB", kind: str = "Double") -> Database:
    stops = [
        EventFrame("One", FIRST + 1, FIRST + 2, "Stop", {"Lost": 2.5, "Reason": State("Mechanical", 1)}),
        EventFrame("Two", FIRST + 3, None, "Stop", {"Lost": IO_TIMEOUT}),
        EventFrame("Three", FIRST + 5, FIRST + 6, "Alarm", {"Count": 3, "Lost": 4}),
    ]
    odd = ElementTemplate("Odd", [Attribute("Own", kind, 1.0 if kind == "Double" else "1")], instance_type="EventFrame")
    frames = many_frames(COUNT, attributes=7, first=START, every_seconds=1800, open_frames=2)
    return Database(
        name, [Element("E")], templates=[*TEMPLATES, odd],
        enumeration_sets=[EnumerationSet("Reasons", ("Unknown", "M"))],
        event_frames=[*stops, *frames, EventFrame("Own", FIRST + 9, FIRST + 10, "Odd")],
    )  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[MockPI]:
    system = PISystem(af=[AFServer("AF", [database(), database("Other", "String")])], now=NOW)
    with MockPI(system) as started:
        yield started


@pytest.fixture
def pi(server: MockPI) -> Iterator[MockPI]:
    server.faults.clear()
    server.reset_stats()
    yield server
    server.faults.clear()


TYPES = {
    "string": types.StringType(), "double": types.DoubleType(), "bigint": types.LongType(), "int": types.IntegerType(),
    "float": types.FloatType(),
}  # fmt: skip


def schema_of(text: str) -> types.StructType:
    """A schema as Spark makes it of DDL."""
    fields = (one.rsplit(" ", 1) for one in text.split(", "))
    return types.StructType([types.StructField(name.strip("`"), TYPES[kind]) for name, kind in fields])


def source(pi: MockPI, **options: Any) -> PIDataSource:
    given = {"url": pi.url, "table": "event_frames", "startTime": START, "endTime": END, "database": "DB", **options}
    return PIDataSource({name.lower(): str(value) for name, value in given.items() if value is not None})


def read(pi: MockPI, schema: str | None = None, **options: Any) -> tuple[list[int], list[dict[str, Any]]]:
    """Rows in each partition, and all rows."""
    made = source(pi, **options)
    reader = made.reader(schema_of(schema) if schema else made.schema())
    parts = [[row for batch in reader.read(one) for row in batch.to_pylist()] for one in reader.partitions()]
    return [len(part) for part in parts], [row for part in parts for row in part]


def as_column(value: Any, kind: str) -> Any:
    """A declared value as its column has it."""
    if kind == "timestamp":
        return (
            datetime(1970, 1, 1, tzinfo=timezone.utc)
            if value is None
            else datetime.fromisoformat(value.replace("Z", "+00:00"))
        )
    return value


@pytest.mark.parametrize("page", [None, 3])
@pytest.mark.parametrize("partitions", [None, 1, 8])
def test_a_column_for_each_attribute_of_the_template(pi: MockPI, page: int | None, partitions: int | None) -> None:
    options = {"frameTemplate": "batch", "attributes": "A*"}
    types = [(one.name, one.dataType.simpleString()) for one in source(pi, **options).schema().fields][-7:]
    assert types == [
        ("A0", "double"), ("A1", "bigint"), ("A2", "string"), ("A3", "boolean"), ("A4", "timestamp"), ("A5", "double"),
        ("A6", "bigint"),
    ]  # fmt: skip
    counts, rows = read(pi, pageSize=page, numPartitions=partitions, **options)
    frames = {str(one.guid): one for one in pi.system.event_frames("DB") if one.template == "Batch"}
    assert len(counts) == (partitions or 1)
    assert len(rows) == len(frames) == COUNT
    assert {row["id"] for row in rows} == frames.keys()
    for row in rows:
        frame = frames[row["id"]]
        assert (row["name"], row["start_ticks"], row["is_open"]) == (frame.name, frame.first, frame.is_open)
        expected = {name: as_column(frame.values[name], kind) for name, kind in types}
        if expected["A4"] == datetime(1970, 1, 1, tzinfo=timezone.utc):
            expected["A4"] = None  # PI's "unknown"
        assert {name: row[name] for name, _ in types} == expected


def test_one_request_a_hundred_frames_and_none_for_types(pi: MockPI) -> None:
    schema = "name string, A0 double, A2 string"
    made = source(pi, attributes="A*", startTime="2026-01-01T00:00:01Z", frameTemplate="Batch")
    reader = made.reader(schema_of(schema))
    assert pi.stats().requests == 0, "a schema that says all needs no server"
    rows = [row for one in reader.partitions() for batch in reader.read(one) for row in batch.to_pylist()]
    assert len(rows) == COUNT
    assert {row["name"]: (row["A0"], row["A2"]) for row in rows}["Batch 000003"] == (5.25, "value 23")
    stats = pi.stats()
    assert stats.sub_by_route["streamsets/value"] == COUNT
    assert "eventframes/attributes" not in stats.sub_by_route
    assert not any("template" in route for route in (*stats.by_route, *stats.sub_by_route))


def test_a_schema_needs_no_template(pi: MockPI) -> None:
    schema = "`Limits|High` bigint, name string, Reason string, lost double, Own double, Count int, A0 double"
    rows = read(pi, schema, attributes="*, Limits|*")[1]
    assert len(rows) == COUNT + 4
    named = {row["name"]: row for row in rows}
    columns = ("Limits|High", "Reason", "lost", "Own", "Count", "A0")
    assert [tuple(named[name][one] for one in columns) for name in ("One", "Two", "Three", "Own", "Batch 000001")] == [
        (7, "Mechanical", 2.5, None, None, None),
        (7, "Unknown", None, None, None, None),  # I/O Timeout
        (7, "Unknown", 4.0, None, 3, None),
        (None, None, None, 1.0, None, None),
        (None, None, None, None, None, 1.75),
    ]


def test_inherited_ones_and_nested_ones(pi: MockPI) -> None:
    """The derived template says that Lost is a whole number; excluded ones are no columns."""
    options = {"frameTemplate": "Alarm", "attributes": '["*", "Limits|High"]'}
    made = source(pi, **options).schema()
    assert [(one.name, one.dataType.simpleString()) for one in made.fields[-6:]] == [
        ("Count", "bigint"), ("Limits", "double"), ("Lost", "bigint"), ("Reason", "string"), ("Secret", "boolean"),
        ("Limits|High", "bigint"),
    ]  # fmt: skip
    rows = read(pi, **options)[1]
    assert [{name: row[name] for name in made.fieldNames()[-6:]} for row in rows] == [
        {"Count": 3, "Limits": 5.0, "Lost": 4, "Reason": "Unknown", "Secret": True, "Limits|High": 7}
    ]
    # Frames of derived templates come, too.
    rows = read(pi, frameTemplate="Stop", attributes="Limits|High")[1]
    assert sorted((row["name"], row["Limits|High"]) for row in rows) == [("One", 7), ("Three", 7), ("Two", 7)]
    stats = pi.stats()
    assert (stats.by_route["streamsets/value"], stats.sub_by_route["streamsets/value"]) == (1, 3)


def test_databases_that_do_not_agree(pi: MockPI) -> None:
    options = {"frameTemplate": "Odd", "attributes": "Own", "database": None}
    assert source(pi, **options).schema()["Own"].dataType.simpleString() == "string"
    rows = read(pi, **options)[1]
    assert sorted((row["database"], row["Own"]) for row in rows) == [("DB", "1.0"), ("Other", "1")]


@pytest.mark.parametrize("partitions", [1, 8])
def test_nothing_there(pi: MockPI, partitions: int) -> None:
    options = {"frameTemplate": "Batch", "attributes": "A0", "startTime": "2020-01-01", "endTime": "2020-01-02"}
    assert read(pi, numPartitions=partitions, **options) == ([0] * partitions, [])


def test_a_frame_that_may_not_be_read(pi: MockPI) -> None:
    options = {"attributes": "*", "numPartitions": 1}
    schema = "name string, A0 double, Lost double"
    refused = Fault(status=403, route="streamsets/value", scope="sub", skip=3, count=1)
    pi.faults.add(refused)
    with pytest.raises(PIListError, match="values of event frame"):
        read(pi, schema, **options)
    pi.faults.add(refused)
    rows = read(pi, schema + ", why string", onTagError="skip", errorColumn="why", **options)[1]
    told = [row for row in rows if row["why"] is not None]
    assert len(told) == 1
    assert len(rows) == COUNT + 4
    named = {row["name"] for row in rows} - {None}
    lost = {one.name for one in pi.system.event_frames("DB")} - named
    assert len(lost) == 1
    assert f"event frame {next(iter(lost))} " in told[0]["why"]


@pytest.mark.parametrize(
    ("schema", "options", "words"),
    [
        (None, {"attributes": "A0"}, "option attributes = A0: .* frameTemplate, or a schema"),
        (None, {"attributes": "Speed", "frameTemplate": "Batch"}, "template 'Batch' has no attribute 'Speed'.*A0, A1"),
        (None, {"attributes": "Gone", "frameTemplate": "Stop"}, "has no attribute 'Gone'"),
        (None, {"attributes": "A0", "frameTemplate": "Vessel"}, "there is no template 'Vessel' of event frames"),
        (
            "name string",
            {"attributes": "Severity"},
            "'Severity' is a column of table event_frames already",
        ),
    ],
)
def test_options_that_mean_nothing(pi: MockPI, schema: str | None, options: dict[str, str], words: str) -> None:
    with pytest.raises(PIOptionError, match=words):
        read(pi, schema, **options)


def test_schemas_that_do_not_fit(pi: MockPI) -> None:
    with pytest.raises(PISchemaError, match=r"A0 float.*double, bigint"):
        read(pi, "name string, A0 float", attributes="A0")
    with pytest.raises(PISchemaError, match="B0: no such column"):
        read(pi, "name string, B0 double", attributes="A0")
    with pytest.raises(PISchemaError, match="A0: no such column"):
        read(pi, "name string, A0 double")


def test_attributes_that_may_not_be_read(pi: MockPI) -> None:
    pi.faults.add(Fault(status=403, route="elementtemplates/attributetemplates", count=None))
    with pytest.raises(PIListError, match=r"attribute templates of .*Batch"):
        source(pi, frameTemplate="Batch", attributes="A0").schema()


def test_a_stream_has_them_too(pi: MockPI) -> None:
    made = source(pi, frameTemplate="Batch", attributes="A0", endTime=None, settleTime=0)
    reader = made.streamReader(made.schema())
    end = reader.latestOffset(INITIAL)
    rows = [row for one in reader.partitions(INITIAL, end) for batch in reader.read(one) for row in batch.to_pylist()]
    assert {row["name"]: row["A0"] for row in rows} == {f"Batch {n:06d}": 1.75 * n for n in range(COUNT)}
    assert len(rows) == COUNT


BIG = 2**53 + 1


@pytest.mark.parametrize(
    ("kind", "fits", "not_so"),
    [
        ("double", {1: 1.0, 2.5: 2.5, "Infinity": float("inf")}, ["1", 10**400, [1.0], "2026-01-01T00:00:00Z"]),
        ("bigint", {BIG: BIG, 4.0: 4, -(2**63): -(2**63)}, [2.5, "1", 2**63, True, float("nan"), float("inf"), [1]]),
        ("int", {7: 7}, [2**31, 2.5, "7"]),
        ("boolean", {True: True, False: False}, [2, "true", [True]]),
        ("string", {"x": "x", 1.5: "1.5", True: "true"}, []),
        ("timestamp", {"2026-01-01T00:00:00.1234567Z": (FIRST + 1_234_567) // 10},
         ["x", 5, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2026-01-01"]),
    ],
)  # fmt: skip
def test_what_fits_a_column(kind: str, fits: dict[Any, Any], not_so: list[Any]) -> None:
    for value, made in fits.items():
        assert (MAKE[kind](value), type(MAKE[kind](value))) == (made, type(made))
    assert [MAKE[kind](value) for value in not_so] == [None] * len(not_so)


def test_lists_and_names_of_states_are_text() -> None:
    assert MAKE["string"]([1, 2]) == "[1,2]"
    assert [column_type(one) for one in ("Single", "Byte", "EnumerationValue", "Guid", "Double[]", None)] == [
        "double", "bigint", "string", "string", "string", "string",
    ]  # fmt: skip
