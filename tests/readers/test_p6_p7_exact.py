"""P6: two events 100 ns apart stay two. P7: nothing becomes null or another thing because of its type."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Event, Listed, MockPI, PISystem, Point, State, ticks_of
from oracle import actual_rows, assert_same, expected_rows

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
NOON = ticks_of("2026-01-01T12:00:00Z")

TIMEOUT = State("I/O Timeout", 246, True)
OPEN, BAD_BY_NAME = State("Open", 1, False), State("Bad", 3, False)


def events(*values: Any, good: bool = True) -> Listed:
    return Listed([Event(NOON + n, value, good and not _is_system(value)) for n, value in enumerate(values)])


def _is_system(value: Any) -> bool:
    return isinstance(value, State) and value.is_system


#: Point type → values that it may hold; each also gets a system state in between.
VALUES: dict[str, tuple[Any, ...]] = {
    "Int16": (0, -32768, 32767),
    "Int32": (0, -(2**31), 2**31 - 1),
    "Float16": (0.0, 50.5, 100.0),
    "Float32": (81.83204, 23.658178, 80.0, -1e-38, 3.4028235e38),
    "Float64": (66.06138119394916, 100.0, 0.1, 5e-324, 1.7976931348623157e308, 9007199254740993.0, -0.0),
    "Digital": (State("Closed", 0, False), OPEN, BAD_BY_NAME),
    "String": ("", "plain", "2026-01-01T00:00:00Z", "42", 'quotes " and \\ and é and 日本 and 🏭', "line\nbreak\ttab"),
    "Timestamp": ("2026-01-01T00:00:00Z", "1969-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59Z"),
    "Blob": (b"", b"\x00\x01\xff", bytes(range(256))),
}


@pytest.fixture(scope="module")
def typed() -> Iterator[tuple[MockPI, list[Point]]]:
    points = [
        Point(
            f"TYPE.{name}", name, events(*values, TIMEOUT, *values), digital_set="Valve" if name == "Digital" else None
        )
        for name, values in VALUES.items()
    ]
    system = PISystem(points, digital_sets={"Valve": ("Closed", "Open", "Moving", "Bad")}, now=NOW)
    with MockPI(system) as pi:
        yield pi, points


def read_one(driver: Any, pi: MockPI, tag: str) -> list[dict[str, Any]]:
    reading = driver.read(url=pi.url, tags=json.dumps([tag]), startTime=START, endTime=END)
    return [row for batch in reading.batches for row in batch.to_pylist()]


def test_p7_all_types_come_out_exactly(typed, driver):
    pi, points = typed
    reading = driver.read(url=pi.url, tagFilter="TYPE.*", startTime=START, endTime=END)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, points, START, END))


@pytest.mark.parametrize("point_type", VALUES)
def test_p7_nothing_is_null_because_of_its_type(typed, driver, point_type):
    pi, _ = typed
    rows = sorted(read_one(driver, pi, f"TYPE.{point_type}"), key=lambda row: row["ticks"])
    values = [*VALUES[point_type], TIMEOUT, *VALUES[point_type]]
    assert len(rows) == len(values)
    for row, value in zip(rows, values, strict=True):
        if isinstance(value, State):
            assert (row["value_text"], row["state"], row["is_system_state"]) == (
                value.name,
                value.code,
                value.is_system,
            )
            assert row["value"] is row["value_long"] is None
        elif isinstance(value, bytes):
            assert base64.b64decode(row["value_text"]) == value
        elif isinstance(value, str):
            assert row["value_text"] == value
        elif isinstance(value, int):
            assert (row["value"], row["value_long"]) == (float(value), value)
        else:
            assert row["value"] == value
        assert row["good"] is not _is_system(value)


def test_p6_two_events_100_ns_apart_stay_two(driver):
    point = Point("FINE", "Float64", Listed([Event(NOON + n, float(n)) for n in range(30)]))
    with MockPI(PISystem([point], now=NOW)) as pi:
        rows = read_one(driver, pi, "FINE")
    assert [(row["ticks"], row["value"]) for row in rows] == [(NOON + n, float(n)) for n in range(30)]
    assert len({row["timestamp"] for row in rows}) == 3, "microseconds alone cannot tell them apart"
    assert {row["seq"] for row in rows} == {0}


def test_p6_events_at_one_instant_are_told_apart_by_seq(driver):
    point = Point("SAME", "String", Listed([Event(NOON, text) for text in "abcabc"]))
    with MockPI(PISystem([point], now=NOW)) as pi:
        rows = read_one(driver, pi, "SAME")
    assert [(row["seq"], row["value_text"]) for row in rows] == list(enumerate("abcabc"))


@pytest.mark.parametrize("switch", ["text", "bad"])
def test_p7_not_a_number_comes_out(driver, switch):
    values = (float("nan"), float("inf"), float("-inf"), 1.0)
    point = Point("NAN", "Float64", events(*values))
    with MockPI(PISystem([point], now=NOW), non_finite=switch) as pi:
        rows = read_one(driver, pi, "NAN")
    assert len(rows) == 4
    if switch == "text":
        assert [repr(row["value"]) for row in rows] == ["nan", "inf", "-inf", "1.0"]
    else:
        assert [row["good"] for row in rows] == [False, False, False, True]


def test_p7_a_flag_that_the_server_does_not_know_is_null(driver):
    point = Point("OLD", "Float64", events(1.0))
    with MockPI(PISystem([point], now=NOW), version="2017") as pi:
        (row,) = read_one(driver, pi, "OLD")
    assert row["annotated"] is None
    assert row["good"] is True


def test_p7_flags_come_as_they_are(driver):
    combinations = [
        (g, q, s, a) for g in (True, False) for q in (True, False) for s in (True, False) for a in (True, False)
    ]
    point = Point("FLAGS", "Int32", Listed([Event(NOON + n, n, *flags) for n, flags in enumerate(combinations)]))
    with MockPI(PISystem([point], now=NOW)) as pi:
        rows = read_one(driver, pi, "FLAGS")
    assert [(row["good"], row["questionable"], row["substituted"], row["annotated"]) for row in rows] == combinations


#: Names that break URLs, batch requests, lists or patterns somewhere.
NASTY = [
    "with blank", "quo\"te", "apo'strophe", "hash#tag", "per%cent", "per%25cent", "amper&sand", "question?", "star*",
    "semi;colon", "com,ma", "sla/sh", "pi|pe", "pl+us", "bra[ck]et", "co:lon", "a=b", "{0}", "$.1.Content", "Füllstand",
    "温度計", "датчик", "🏭", "…", "nbsp\u00a0nbsp", "x" * 200,
]  # fmt: skip


def test_names_of_every_kind_arrive_as_meant(driver):
    points = [Point(name, "String", Listed([Event(NOON, name)])) for name in NASTY]
    with MockPI(PISystem(points, now=NOW)) as pi:
        tags = json.dumps([*NASTY[::2], *(f"\\\\MOCKPI\\{name}" for name in NASTY[1::2])])
        reading = driver.read(url=pi.url, tags=tags, startTime=START, endTime=END)
        assert_same(actual_rows(reading.batches), expected_rows(pi.system, points, START, END))
        assert pi.stats().writes == []
