"""Every fault below HTTP × every family of tables × batch and stream × once, in storms, for ever.

What must come of each cell is declared beforehand: all rows, once, wherever trying again can heal; else an error of a
named class in bounded time. The table of results stands at the end of the tests' output.

Faults of PI Web API itself, place by place: `test_p5_no_silent_loss.py`.
"""

from __future__ import annotations

import json
import os
import pickle
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fault_proxy as faults
from fault_proxy import FaultProxy
from mock_pi import Dense, Every, MockPI, PISystem, Point
from mock_pi.af import AFServer, Attribute, Database, Element, ElementTemplate
from mock_pi.af.eventframe import EventFrame
from mock_pi.ticks import as_ticks
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIError,
    PIRefusedError,
    PITimeoutError,
)

pytestmark = pytest.mark.xdist_group("fault matrix")

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
Rows = list[dict[str, Any]]

#: Seconds within which every cell has to have its rows or its error.
BOUND = 20.0
#: Seconds a reader waits here for an answer.
TIMEOUT = 0.3

ROWS = "all rows"
#: All rows, or an error that names the option; which, depends on whether less can be asked where the fault strikes.
ROWS_OR_OPTION = "all rows, or the option"
#: All rows, or an error, by whether the fault strikes anything that is read; asking again would give the same.
ROWS_OR_ERROR = "all rows, or an error"

PAGE = b"<html><head><title>Hotel Wi-Fi</title></head><body>Accept the conditions</body></html>"
HTML = ("Content-Type", "text/html")
JSON = ("Content-Type", "application/json; charset=utf-8")

#: Fault → what it does, and what comes of it for ever. Once and in storms all rows come, unless it says otherwise.
FAULTS: dict[str, tuple[faults.Fault, Any]] = {
    "silence": (faults.silent, PITimeoutError),
    "silence in the head": (faults.silent_in_the_head, PITimeoutError),
    "silence in the body": (faults.silent_in_the_body, PITimeoutError),
    "endless drip": (faults.endless_drip, PITimeoutError),
    # The connection is dead from then on, and nobody says so; each request may meet one of these.
    "half-open": (faults.half_open, ROWS),
    "slow drip": (faults.slow_drip, ROWS),
    "reset": (faults.reset, PIConnectionError),
    "reset in the head": (faults.reset_at(20), PIConnectionError),
    "reset at byte 300": (faults.reset_at(300), (PIConnectionError, PIBadAnswerError)),
    "reset before the last byte": (faults.reset_at(-1), (PIConnectionError, PIBadAnswerError)),
    "closed": (faults.closed_at(0), PIConnectionError),
    "closed in the head": (faults.closed_at(60), (PIConnectionError, PIBadAnswerError)),
    "closed before the last byte": (faults.closed_at(-1), PIBadAnswerError),
    "length too long": (faults.said_longer, PIBadAnswerError),
    "length too short": (faults.said_shorter, (PIBadAnswerError, PIConnectionError)),
    "no length": (faults.said_nothing, ROWS),
    "no length, cut": (faults.said_nothing_and_cut, PIBadAnswerError),
    "two lengths": (faults.two_lengths, (PIBadAnswerError, PIConnectionError)),
    "one length twice": (faults.same_length_twice, ROWS),
    "headers twice": (faults.two_types, ROWS),
    "chunks without end": (faults.chunks_without_end, PIBadAnswerError),
    "chunk of no size": (faults.chunk_of_no_size, (PIBadAnswerError, PIConnectionError)),
    "chunk of wrong size": (faults.chunk_of_wrong_size, (PIBadAnswerError, PIConnectionError)),
    "300 headers": (faults.too_many_headers, PIConnectionError),
    "header of 200 kB": (faults.a_header_too_long, PIConnectionError),
    "no HTTP": (faults.no_http, PIConnectionError),
    "100 first": (faults.first_continue, ROWS),
    "204": (faults.other_status(204), PIBadAnswerError),
    "206": (faults.part_of_it, PIBadAnswerError),
    "304": (faults.other_status(304), PIBadAnswerError),
    "redirect": (faults.other_status(302, ("Location", "http://127.0.0.1:9/login")), PIRefusedError),
    "permanent redirect": (faults.other_status(308, ("Location", "file:///etc/passwd")), PIRefusedError),
    "empty 200": (faults.other_status(200, JSON), PIBadAnswerError),
    "captive portal": (faults.other_status(200, HTML, body=PAGE), PIBadAnswerError),
    "captive portal says JSON": (faults.other_status(200, JSON, body=PAGE), PIBadAnswerError),
    "gateway's own JSON": (faults.other_status(200, JSON, body=b'{"error": "quota", "code": 7}'), PIBadAnswerError),
    "JSON null": (faults.other_status(200, JSON, body=b"null"), PIBadAnswerError),
    "JSON list": (faults.other_status(200, JSON, body=b"[]"), PIBadAnswerError),
    "JSON text": (faults.other_status(200, JSON, body=b'"hello"'), PIBadAnswerError),
    "Items is no list": (faults.other_status(200, JSON, body=b'{"Items": {}}'), PIBadAnswerError),
    "gzip": (faults.packed, ROWS),
    "gzip cut": (faults.packed_and_cut, PIBadAnswerError),
    "gzip without its end": (faults.packed_without_end, PIBadAnswerError),
    "gzip damaged": (faults.packed_and_damaged, PIBadAnswerError),
    "gzip that is none": (faults.not_packed, PIBadAnswerError),
    "brotli unasked": (faults.in_foreign_packing, PIBadAnswerError),
    "UTF-16": (faults.body_of(lambda body: body.decode().encode("utf-16")), PIBadAnswerError),
    "byte order mark": (faults.body_of(lambda body: b"\xef\xbb\xbf" + body), ROWS),
    "last brace missing": (faults.body_of(lambda body: body[:-1]), PIBadAnswerError),
    "one brace more": (faults.body_of(lambda body: body + b"}"), PIBadAnswerError),
    "two bodies": (faults.body_of(lambda body: body + body), PIBadAnswerError),
    "deep JSON": (faults.other_status(200, JSON, body=b'{"Items": ' + b"[" * 200_000), PIBadAnswerError),
    "deep elsewhere": (faults.body_of(lambda body: body[:-1] + b', "x": ' + b"[" * 99_999 + b"]" * 99_999 + b"}"),
                       PIBadAnswerError),
    "more than maxResponseBytes": (faults.body_of(lambda body: body + b" " * 3_000_000), ROWS_OR_OPTION),
    "300 MB": (faults.blanks_behind, ROWS_OR_OPTION),
    "300 MB in chunks": (faults.blanks_in_chunks, ROWS_OR_OPTION),
    # In values a text is a text: it stands in `value_text`, and no number is made up. Nothing else may be one.
    "numbers as text": (faults.body_of(faults.numbers_as_text), ROWS_OR_ERROR),
    "NaN for numbers": (faults.body_of(faults.numbers_as(b"NaN")), PIError),
    "-Infinity for numbers": (faults.body_of(faults.numbers_as(b"-Infinity")), PIError),
    "1e999 for numbers": (faults.body_of(faults.numbers_as(b"1e999")), PIError),
    "members twice": (faults.body_of(faults.members_twice), ROWS),
    "Items twice, the second empty": (faults.body_of(faults.items_twice), PIBadAnswerError),
}  # fmt: skip

#: What is not healed by asking again: (fault, how often) → outcome; those that wait, and those final at once.
SPECIAL: dict[tuple[str, str], Any] = {
    **{(fault, often): PIRefusedError for fault in ("redirect", "permanent redirect") for often in ("once", "storm")},
    # Two tries are all that fit in the time, and its first two requests are struck.
    ("endless drip", "storm"): PITimeoutError,
    **{(fault, often): ROWS_OR_OPTION for fault in ("more than maxResponseBytes", "300 MB", "300 MB in chunks")
       for often in ("once", "storm")},
    **{(fault, often): ROWS_OR_ERROR for fault in FAULTS if fault.endswith(" for numbers")
       for often in ("once", "storm")},
    ("numbers as text", "once"): ROWS_OR_ERROR, ("numbers as text", "storm"): ROWS_OR_ERROR,
}  # fmt: skip
#: Faults that cost a time-out each.
SLOW = ("silence", "silence in the head", "silence in the body", "endless drip", "half-open")

STEP = 12_000_000_000
TAGS = [Point(f"TAG.{n}", "Float64", Every(step_ticks=STEP + n, first=START)) for n in range(4)]
LONGER = Point("LONGER", "Int32", Dense(2_400.0))
PUMP = ElementTemplate("Pump", [Attribute.of_point("Flow", r"\\MOCKPI\TAG.0")])
FRAMES = [
    EventFrame(f"frame {n}", as_ticks(START) + n * STEP, as_ticks(START) + n * STEP + STEP // 2, elements=[r"Unit"])
    for n in range(25)
]


def plant() -> Database:
    """One unit, its pumps, frames of a day."""
    pumps = [Element(f"P-{n:02}", "Pump") for n in range(25)]
    return Database("Plant", [Element("Unit", elements=pumps)], templates=[PUMP], event_frames=FRAMES)


SYSTEM = PISystem([*TAGS, LONGER], af=[AFServer("AF", [plant()])], now=NOW)
NAMES = json.dumps([point.name for point in (*TAGS, LONGER)])
RANGE = {"startTime": START, "endTime": END}
#: Family → options of a read that takes several requests.
FAMILIES: dict[str, dict[str, Any]] = {
    "recorded": {"tags": NAMES, **RANGE, "pageSize": 15, "numPartitions": 2},
    "interpolated": {"table": "interpolated", "tags": NAMES, **RANGE, "pageSize": 10},
    "points": {"table": "points", "tagFilter": "*"},
    "elements": {"table": "elements", "database": "Plant"},
    "event_frames": {"table": "event_frames", "database": "Plant", **RANGE},
    "frames, as a stream": {"table": "event_frames", "database": "Plant", "startTime": START, "settleTime": "0s"},
    "recorded, as a stream": {"tags": NAMES, "startTime": START, "settleTime": "0s", "pageSize": 15},
}
OFTEN = ("once", "storm", "for ever")


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(SYSTEM) as server:
        yield server


@pytest.fixture
def proxy(pi: MockPI) -> Iterator[FaultProxy]:
    """One for each cell: requests of a read that was given up may still run out."""
    with FaultProxy(pi.url) as between:
        yield between


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pi_datasource.webapi.retry.FIRST_WAIT", 0.01)


def counted(rows: Rows, fault: str = "") -> Counter[str]:
    """Rows as a multiset; numbers that came as texts are numbers again."""
    if fault == "numbers as text":
        rows = [_as_numbers(row) for row in rows]
    return Counter(map(repr, rows))


def _as_numbers(row: dict[str, Any]) -> dict[str, Any]:
    text = row.get("value_text")
    if text is None or row["is_system_state"]:
        return row
    whole = int(text) if row["tag"] == LONGER.name else None
    return {**row, "value": float(text), "value_long": whole, "value_text": None}


def read(url: str, family: str, **more: Any) -> Rows:
    """All rows of a family, read as Spark does."""
    texts = {name.lower(): str(value) for name, value in {"url": url, **FAMILIES[family], **more}.items()}
    source = PIDataSource(texts)
    if not family.endswith("stream"):
        reader = pickle.loads(pickle.dumps(source.reader(schema=source.schema())))
        return [row for one in reader.partitions() for batch in reader.read(one) for row in batch.to_pylist()]
    stream = source.streamReader(source.schema())
    start = stream.initialOffset()
    end = json.loads(json.dumps(stream.latestOffset(start, None)))
    return [row for one in stream.partitions(start, end) for batch in stream.read(one) for row in batch.to_pylist()]


@pytest.fixture(scope="module")
def clean(pi: MockPI) -> dict[str, tuple[Counter[str], int]]:
    """Family → its rows without faults, and the requests they take."""
    found = {}
    for family in FAMILIES:
        with FaultProxy(pi.url) as proxy:
            rows = counted(read(proxy.url, family))
            found[family] = (rows, proxy.requests)
        assert rows.total() >= 5, "a family without rows proves nothing"
        assert rows == counted(read(pi.url, family))
    return found


def test_the_families_read_what_is_there(clean: dict[str, tuple[Counter[str], int]]) -> None:
    counts = {family: rows.total() for family, (rows, _) in clean.items()}
    events, streamed = (
        sum(len(SYSTEM.expected_recorded(point, START, end)) for point in (*TAGS, LONGER))
        for end in (as_ticks(END), as_ticks(NOW) + 1)
    )
    assert counts == {
        "recorded": events, "interpolated": 5 * 24, "points": 5, "elements": 26, "event_frames": 25,
        "frames, as a stream": 25, "recorded, as a stream": streamed,
    }  # fmt: skip
    assert all(requests >= 2 for _, requests in clean.values())


def outcome(fault: str, often: str) -> Any:
    """What the table declares."""
    if often == "for ever":
        return FAULTS[fault][1]
    return SPECIAL.get((fault, often), ROWS)


def striking(fault: str, family: str, often: str, requests: int) -> Callable[[int], bool]:
    """Which requests the fault befalls: beginning anywhere, another place for each cell."""
    first = zlib.crc32(f"{fault} {family} {often}".encode()) % requests
    if often == "once":
        return lambda number: number == first
    if often == "for ever":
        return lambda number: number >= first
    most = 4 if fault in SLOW else 12
    # Two of three, but never for ever.
    return lambda number: number % 3 != 2 and number < most


#: Every fault meets every family; how often it strikes, changes from cell to cell. OSIPI_FAULT_MATRIX=all runs all.
CELLS = [
    (fault, often, family)
    for row, fault in enumerate(FAULTS) for column, family in enumerate(FAMILIES) for turn, often in enumerate(OFTEN)
    if os.environ.get("OSIPI_FAULT_MATRIX") == "all" or (row + column) % len(OFTEN) == turn
]  # fmt: skip


@pytest.mark.parametrize(("fault", "often", "family"), CELLS)
def test_each_fault_in_each_family(
    proxy: FaultProxy, clean: Any, record_property: Any, fault: str, often: str, family: str
) -> None:
    wanted, requests = clean[family]
    proxy.strike(FAULTS[fault][0], striking(fault, family, often, requests))
    options: dict[str, Any] = {"timeout": f"{TIMEOUT}s" if fault in SLOW else "20s", "maxResponseBytes": 1_000_000}
    if fault == "endless drip":
        # Each try has half of this.
        options["retryTimeout"] = "2s"
    if often == "for ever" and fault != "half-open":
        options["maxRetries"] = 1
    expected = outcome(fault, often)
    got: Counter[str] = Counter()
    error: PIError | None = None
    started = time.monotonic()
    try:
        got = counted(read(proxy.url, family, **options), fault)
    except PIError as failure:
        error = failure
    seconds = time.monotonic() - started
    lost, repeated = wanted - got, got - wanted
    record_property(
        "faults", {
            "family": family, "often": often, "outcome": "rows" if error is None else "error", "struck": proxy.struck,
            "rows": got.total(), "lost": 0 if error else lost.total(), "repeated": repeated.total(),
            "hang": seconds > BOUND, "seconds": seconds,
        }
    )  # fmt: skip
    assert proxy.struck >= 1
    assert seconds < BOUND
    if expected in (ROWS_OR_OPTION, ROWS_OR_ERROR) and error is not None:
        assert expected is ROWS_OR_ERROR or "maxResponseBytes" in str(error)
        assert len(str(error)) > 20
    elif expected in (ROWS, ROWS_OR_OPTION, ROWS_OR_ERROR):
        assert error is None, error
        assert (lost.total(), repeated.total()) == (0, 0)
    else:
        assert isinstance(error, expected), f"{error!r} after {got.total()} rows"
        assert len(str(error)) > 20
