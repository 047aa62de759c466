"""How rows are asked for and handed on: few requests, only the fields wanted, batches of a good size."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest
from pyspark.sql.types import StructType

from mock_pi import Dense, Event, Fault, MockPI, PISystem, Point, Quiet, ticks_of
from mock_pi.system.states import IO_TIMEOUT
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.cost import NUMBERS
from pi_datasource.errors import PITagError
from pi_datasource.read.cutting import CuttingDecoder
from pi_datasource.read.first_rows import MOMENT

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
POINTS = [
    Point("DEEP", "Float64", Dense(1.0)),
    *(Point(f"QUIET.{n}", "Float64", Quiet(0.4, first=START)) for n in range(100)),
]


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOW)) as server:
        yield server


def test_a_hundred_quiet_tags_are_counted_and_read_by_one_batch_request_each(pi, driver):
    pi.reset_stats()
    quiet = POINTS[1:]
    reading = driver.read(url=pi.url, tagFilter="QUIET.*", startTime=START, endTime=END)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, quiet, START, END))
    # The list of points comes in a page and an empty one behind it.
    stats = pi.stats()
    assert stats.by_route == {"dataservers": 1, "dataservers/points": 2, "batch": 2}
    assert stats.sub_by_route == {"streams/summary": 100, "streams/recorded": 100}


def test_a_deep_tag_alone_is_asked_by_its_own_route(pi, driver):
    pi.reset_stats()
    reading = driver.read(url=pi.url, tags="DEEP", startTime=START, endTime=END, numPartitions=1)
    assert reading.rows == 86_400
    stats = pi.stats()
    assert "batch" not in stats.by_route
    assert stats.by_route["streams/recorded"] == 2


def test_large_answers_are_cut_and_not_decoded_event_by_event(driver, monkeypatch):
    """Of all types, with bad values among them."""
    bad = Event(ticks_of("2026-01-01T00:00:10Z"), IO_TIMEOUT, good=False)
    types = ("Float64", "Float32", "Int32", "Digital", "String", "Timestamp")
    system = PISystem([Point(f"T.{kind}", kind, Dense(1.0)) for kind in types], now=NOW)
    for point in system.points:
        system.insert(point, *(bad._replace(ticks=bad.ticks + 1 + 100_000_000 * n) for n in range(300)))
    seen = []
    really = CuttingDecoder._cut

    def counted(self, body):
        answer = really(self, body)
        seen.append((answer is not None, len(body)))
        return answer

    monkeypatch.setattr(CuttingDecoder, "_cut", counted)
    with MockPI(system) as pi:
        window = {"startTime": START, "endTime": "2026-01-01T04:00:00Z"}
        reading = driver.read(url=pi.url, tagFilter="*", numPartitions=1, **window)
        expected = expected_rows(pi.system, system.points, START, window["endTime"])
        assert_same(actual_rows(reading.batches), expected)
        assert expected.total() == len(types) * (4 * 3600 + 300)
    assert [cut for cut, _ in seen] == [True] * len(seen)
    assert sum(size for _, size in seen) > 5_000_000


def test_record_batches_are_of_a_good_size_after_the_first(pi, driver):
    reading = driver.read(
        url=pi.url, tagFilter="*", startTime=START, endTime=END, numPartitions=1, rowsPerResponse=3000, concurrency=2
    )
    sizes = [batch.num_rows for batch in reading.batches]
    assert sum(sizes) == 86_400 + sum(len(pi.system.expected_recorded(p, START, END)) for p in POINTS[1:])
    # For `show()`; then each as large as all before it, until they are of a good size.
    assert sizes[0] == 100
    assert sizes[1] <= 2900
    assert all(10_000 <= size <= 100_000 for size in sizes[4:-1])
    assert len(sizes) < 15


@pytest.mark.parametrize(
    ("tags", "rows_per_response", "concurrency", "waits"),
    [("DEEP", 50_000, 4, False), ("DEEP", 30_000, 3, False), ("DEEP", 30_000, 2, True), ("QUIET.*", 50_000, 1, False)],
)
def test_a_task_waits_for_who_may_want_no_more_only_where_it_would_go_on_asking(
    pi, driver, monkeypatch, tags, rows_per_response, concurrency, waits
):
    moments = []

    def noted(batches, moment):
        moments.append(moment)
        return batches

    monkeypatch.setattr("pi_datasource.reader.first_rows_first", noted)
    options = {"rowsPerResponse": rows_per_response, "concurrency": concurrency, "numPartitions": 1}
    reading = driver.read(url=pi.url, tagFilter=tags, startTime=START, endTime=END, **options)
    points = [point for point in POINTS if (point.name == "DEEP") == (tags == "DEEP")]
    assert reading.rows == sum(pi.system.history(p).count(ticks_of(START), ticks_of(END) - 1)[0] for p in points) > 0
    assert moments == [MOMENT if waits else 0.0]


def partition_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of partitions."""
    return [record.getMessage() for record in caplog.records if ", partition " in record.getMessage()]


def bytes_read(caplog: pytest.LogCaptureFixture) -> int:
    """What the log says of the last partition read."""
    said = partition_lines(caplog)
    found = re.search(r"(\d+) bytes", said[-1])
    assert found is not None
    return int(found[1])


def test_fewer_columns_ask_for_fewer_fields(pi, driver, caplog):
    caplog.set_level(logging.INFO, "pi_datasource")
    options = {"url": pi.url, "tags": "DEEP", "startTime": START, "endTime": "2026-01-01T01:00:00Z"}
    whole = driver.read(**options)
    all_bytes = bytes_read(caplog)
    schema = StructType().add("tag", "string").add("value", "double")
    narrow = driver.read(schema, **options)
    assert bytes_read(caplog) < 0.65 * all_bytes
    assert [batch.schema.names for batch in narrow.batches] == [["tag", "value"]] * len(narrow.batches)
    assert narrow.rows == whole.rows == 3600


def test_each_partition_says_what_it_did(pi, driver, caplog):
    caplog.set_level(logging.INFO, "pi_datasource")
    tags = json.dumps(["DEEP", "QUIET.1"])
    driver.read(url=pi.url, tags=tags, startTime=START, endTime=END, numPartitions=2)
    said = partition_lines(caplog)
    assert len(said) == 2
    assert all(
        re.search(
            r"^table recorded, partition [01]: \d+ tags, \d+ rows, 0 failed, \d+ requests, \d+ bytes, 0 retries, "
            r"\d+\.\d\d s in requests, \d+\.\d\d s waiting, \d+\.\d\d s decoding, \d+\.\d\d s in all$",
            line,
        )
        for line in said
    )


def test_the_driver_says_what_planning_took(pi, driver, caplog):
    caplog.set_level(logging.INFO, "pi_datasource")
    driver.read(url=pi.url, tagFilter="QUIET.*", startTime=START, endTime=END)
    (said,) = [record.getMessage() for record in caplog.records if " planned: " in record.getMessage()]
    # The list of servers, two pages of points, a batch of counts.
    assert re.match(r"table recorded planned: 1 partitions, 0 failed, 4 requests, \d+ bytes, 0 retries, ", said)


@pytest.mark.parametrize(
    ("table", "rows"),
    [("recorded", 3_601), ("interpolated", 120), ("points", 2), ("failed_tags", 0), ("data_servers", 1)],
)
def test_the_numbers_of_all_lines_add_up_to_what_the_server_counted(pi, driver, caplog, table, rows):
    caplog.set_level(logging.INFO, "pi_datasource")
    pi.reset_stats()
    chosen = {"tags": json.dumps(["DEEP", "QUIET.1"]), "startTime": START, "endTime": "2026-01-01T01:00:00Z"}
    options = {} if table == "data_servers" else chosen
    sampled = {"interval": "1m"} if table == "interpolated" else {}
    assert driver.read(url=pi.url, table=table, **options, **sampled).rows == rows
    told = [record.context for record in caplog.records if hasattr(record, "context")]
    assert {one["table"] for one in told} == {table}
    assert sum(int(one["requests"]) for one in told) == pi.stats().requests
    assert sum(int(one.get("rows", 0)) for one in told) == rows
    assert [one.get("partition") for one in told] == [None, *(str(n) for n in range(len(told) - 1))]
    assert {"failed": "0", "retries": "0"}.items() <= told[-1].items()
    assert all(float(one[name]) >= 0 for one in told for name in NUMBERS if name in one)


def test_a_read_that_fails_tells_what_it_took(pi, driver, caplog):
    caplog.set_level(logging.INFO, "pi_datasource")
    pi.reset_stats()
    pi.faults.add(Fault(status=403, route="streams/recorded", count=None))
    try:
        with pytest.raises(PITagError):
            driver.read(url=pi.url, tags="DEEP", startTime=START, endTime=END, numPartitions=1)
    finally:
        pi.faults.clear()
    told = [record.context for record in caplog.records if hasattr(record, "context")]
    assert [one.get("rows") for one in told] == [None, "0"]
    assert sum(int(one["requests"]) for one in told) == pi.stats().requests


def test_tags_that_are_skipped_are_counted(pi, driver, caplog):
    caplog.set_level(logging.INFO, "pi_datasource")
    options = {"tags": "DEEP,NOWHERE", "onTagError": "skip", "startTime": START, "endTime": "2026-01-01T01:00:00Z"}
    assert driver.read(url=pi.url, **options).rows == 3_600
    assert [record.context["failed"] for record in caplog.records if hasattr(record, "context")] == ["0", "1"]
