"""P5: no silent loss. Each fault, wherever it can strike, once, for ever, and in storms of 20 %.

What must come out is declared beforehand: all rows, or an error of a named class. Fewer rows are never right.
"""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest

from mock_pi import Dense, Every, Fault, MockPI, PISystem, Point
from oracle import COLUMNS, actual_rows, assert_same, expected_rows
from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIRateLimitError,
    PIRefusedError,
    PIServerError,
    PITagError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.webapi.retry import SECONDS_AT_UNKNOWN_HOST, TRIES_AT_UNKNOWN_HOST

START, END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
NOW = "2026-01-03T00:00:00Z"

ROWS = "all rows"

#: Fault → what must come out, where it strikes
#:     a whole request (data servers, look-up, list of points, batch)   once, for ever
#:     the page of one tag, in a batch or alone                          once, for ever
#:     the count of one tag, which only moves borders of partitions      once, for ever
OUTCOMES: dict[str, tuple[Any, ...]] = {
    "401":            (PILoginError,     PILoginError,     PILoginError, PILoginError,      PILoginError, PILoginError),
    "403":            (PIForbiddenError, PIForbiddenError, PITagError,   PITagError,        ROWS, ROWS),
    "404":            (PINotFoundError,  PINotFoundError,  PITagError,   PITagError,        ROWS, ROWS),
    "408":            (ROWS,             PITimeoutError,   ROWS,         PITimeoutError,    ROWS, ROWS),
    "409":            (PIRefusedError,   PIRefusedError,   PITagError,   PITagError,        ROWS, ROWS),
    "413":            (ROWS,             PITooLargeError,  ROWS,         PITooLargeError,   ROWS, ROWS),
    "429":            (ROWS,             PIRateLimitError, ROWS,         PIRateLimitError,  ROWS, ROWS),
    "500":            (ROWS,             PIServerError,    ROWS,         PITagError,        ROWS, ROWS),
    "502":            (ROWS,             PIServerError,    ROWS,         PIServerError,     ROWS, ROWS),
    "503":            (ROWS,             PIServerError,    ROWS,         PIServerError,     ROWS, ROWS),
    "504":            (ROWS,             PITimeoutError,   ROWS,         PITimeoutError,    ROWS, ROWS),
    "slow":           (ROWS,             PITimeoutError,   ROWS,         PITimeoutError,    ROWS, ROWS),
    "cut":            (ROWS,             PIBadAnswerError, ROWS,         PIBadAnswerError,  ROWS, ROWS),
    "cut_chunked":    (ROWS,             PIBadAnswerError, ROWS,         PIBadAnswerError,  ROWS, ROWS),
    "truncated_json": (ROWS,             PIBadAnswerError, ROWS,         PIBadAnswerError,  ROWS, ROWS),
    "broken_gzip":    (ROWS,             PIBadAnswerError, ROWS,         PIBadAnswerError,  ROWS, ROWS),
    "reset":          (ROWS,             PIConnectionError, ROWS,        PIConnectionError, ROWS, ROWS),
    "reset_body":     (ROWS,             PIConnectionError, ROWS,        PIConnectionError, ROWS, ROWS),
    "login_page":     (ROWS,             PIBadAnswerError, ROWS,         PIBadAnswerError,  ROWS, ROWS),
    "missing":        (ROWS,             PIBadAnswerError, ROWS,         PIBadAnswerError,  ROWS, ROWS),
    "web_exception":  (ROWS,             PIServerError,    ROWS,         PITagError,        ROWS, ROWS),
    # A value that the server could not read is the server's last word, so it is not asked again.
    "row_errors":     (PITagError,       PITagError,       PITagError,   PITagError,        ROWS, ROWS),
}  # fmt: skip

#: What is special: (fault, place, how often) → outcome.
SPECIAL = {
    # The list of data servers cannot be asked in smaller pieces.
    ("413", "data servers", "once"): PITooLargeError,
    # Asked in ever smaller pieces, it ends in requests outside of any batch, where the fault is not.
    ("408", "page in a batch", "for ever"): ROWS,
    ("504", "page in a batch", "for ever"): ROWS,
    ("413", "look-up in a batch", "for ever"): ROWS,
    # Half an envelope is no envelope.
    ("web_exception", "batch of counts", "for ever"): PIBadAnswerError,
    ("web_exception", "batch of pages", "for ever"): PIBadAnswerError,
    # A batch made of broken pieces is a broken batch; a slow piece slows the whole.
    ("row_errors", "batch of counts", "once"): ROWS,
    ("row_errors", "batch of counts", "for ever"): PITagError,
}


@dataclass(frozen=True)
class Place:
    """Where a fault strikes: the mock's words for it, and the options of a read that goes there."""

    kind: str
    route: str
    scope: str = "request"
    skip: int = 0
    tag: str | None = None
    options: dict[str, Any] = field(default_factory=dict)


#: Six tags are read: five end on the fourth page, the sixth then goes on alone.
TAGS = [Point(f"TAG.{n}", "Float64", Every(step_ticks=27_000_000_000 + n, first=START)) for n in range(5)]
LONGER = Point("LONGER", "Int32", Dense(1_200.0))
POINTS = [*TAGS, LONGER]
NAMES = json.dumps([point.name for point in POINTS])
#: "mixed" stands for names and WebIDs, which need two look-ups and so a batch of them.
MIXED: dict[str, Any] = {"tags": "mixed"}
ONE: dict[str, Any] = {"tags": "LONGER", "numPartitions": None, "rowsPerPartition": 20_000}

PLACES = {
    "data servers": Place("whole", "dataservers"),
    "look-up": Place("whole", "points/multiple"),
    "look-up in a batch": Place("whole", "points/multiple", "sub", options=MIXED),
    "list of points": Place("whole", "dataservers/points", options={"tags": None, "tagFilter": "TAG.*,LONGER"}),
    "batch of counts": Place("whole", "batch"),
    "count in a batch": Place("count", "streams/summary", "sub", tag="TAG.2"),
    "count alone": Place("count", "streams/summary", options=ONE),
    "batch of pages": Place("whole", "batch", skip=2),
    "page in a batch": Place("page", "streams/recorded", "sub", skip=1, tag="TAG.2"),
    "page alone": Place("page", "streams/recorded", skip=1, tag="LONGER"),
}

#: Faults that can strike a whole request, and a request inside a batch.
SUB_FAULTS = ("slow", "truncated_json", "login_page", "missing", "web_exception", "row_errors")
#: Whole requests whose answers have rows.
WITH_ROWS = ("batch of counts", "batch of pages")


def can_strike(fault: str, place_name: str) -> bool:
    """Whether the mock can do this there, and it means anything."""
    place = PLACES[place_name]
    if fault == "row_errors" and place.kind == "whole":
        return place_name in WITH_ROWS
    if place.scope == "sub":
        return fault.isdigit() or fault in SUB_FAULTS
    return fault != "missing"


CASES = [(fault, place, often) for fault in OUTCOMES for place in PLACES for often in ("once", "for ever")
         if can_strike(fault, place)]  # fmt: skip


def outcome(fault: str, place: str, often: str) -> Any:
    """What the table declares."""
    if (fault, place, often) in SPECIAL:
        return SPECIAL[fault, place, often]
    column = 2 * ("whole", "page", "count").index(PLACES[place].kind) + (often == "for ever")
    return OUTCOMES[fault][column]


def fault_of(name: str, **more: Any) -> Fault:
    """The mock's fault for a name of the table."""
    if name.isdigit():
        return Fault(status=int(name), **more)
    return Fault(kind=name, status=500, **({"delay": 1.0} if name == "slow" else {}), **more)


@pytest.fixture(scope="module")
def served() -> Iterator[MockPI]:
    """One server for all cases."""
    with MockPI(PISystem(POINTS, now=NOW)) as pi:
        yield pi


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each case has short pauses."""
    monkeypatch.setattr("pi_datasource.webapi.retry.FIRST_WAIT", 0.02)
    monkeypatch.setattr("pi_datasource.webapi.retry.LONGEST_WAIT_AFTER_429", 0.05)
    monkeypatch.setattr("pi_datasource.webapi.client.PAUSE_AFTER_429", 0.05)
    monkeypatch.setattr("pi_datasource.webapi.batch.PAUSE_AFTER_429", 0.05)


@pytest.fixture
def pi(served: MockPI) -> Iterator[MockPI]:
    """The server, in order again."""
    served.faults.clear()
    yield served
    served.faults.clear()


@pytest.fixture(scope="module")
def web_ids(served: MockPI, driver: Any) -> dict[str, str]:
    """WebIDs of the tags."""
    reading = driver.read(url=served.url, tags=NAMES, startTime=START, endTime=END, includeWebId=True)
    found = {row["tag"]: row["web_id"] for batch in reading.batches for row in batch.to_pylist()}
    return {point.name: found[point.name] for point in POINTS}


def read_options(pi: MockPI, web_ids: dict[str, str], **more: Any) -> dict[str, Any]:
    """A read in one partition that asks for counts, a batch of pages after another, and pages of one tag alone."""
    options = {
        "url": pi.url, "tags": NAMES, "startTime": START, "endTime": END, "numPartitions": 1, "pageSize": 10,
        "rowsPerPartition": 500, **more,
    }  # fmt: skip
    if options["tags"] == "mixed":
        options["tags"] = json.dumps([name if name.endswith(("1", "3")) else web_ids[name] for name in web_ids])
    return {name: value for name, value in options.items() if value is not None}


def points_read(options: dict[str, Any]) -> list[Point]:
    return [LONGER] if options.get("tags") == "LONGER" else POINTS


def test_p5_the_read_of_these_tests_goes_everywhere(pi, driver, web_ids):
    """Without faults: all rows, and requests of every kind; or the cases below would prove nothing."""
    pi.reset_stats()
    options = read_options(pi, web_ids, tags="mixed")
    assert_same(actual_rows(driver.read(**options).batches), expected_rows(pi.system, POINTS, START, END))
    stats = pi.stats()
    assert stats.by_route["batch"] >= 6
    assert stats.by_route["streams/recorded"] >= 3
    assert stats.sub_by_route == {"points/multiple": 2, "streams/summary": 6, "streams/recorded": 24}


@pytest.mark.parametrize(("fault", "place", "often"), CASES)
def test_p5_each_fault_wherever_it_can_strike(pi, driver, web_ids, fault, place, often):
    where = PLACES[place]
    pi.faults.add(
        fault_of(
            fault, route=where.route, scope=where.scope, tag=where.tag, skip=where.skip,
            count=1 if often == "once" else None,
        )
    )  # fmt: skip
    options = read_options(pi, web_ids, **where.options, timeout="0.4s" if fault == "slow" else "20s")
    if often == "for ever":
        options["maxRetries"] = 2
    expected = outcome(fault, place, often)
    if expected is ROWS:
        reading = driver.read(**options)
        assert_same(actual_rows(reading.batches), expected_rows(pi.system, points_read(options), START, END))
    else:
        with pytest.raises(expected) as caught:
            driver.read(**options)
        assert type(caught.value) is expected
        says_what_was_asked(str(caught.value), place)
    assert pi.faults.fired >= 1


def says_what_was_asked(message: str, place: str) -> None:
    """On an executor the message is all that a user gets."""
    where = PLACES[place]
    asked = {
        "dataservers": ("list of data servers",),
        "points/multiple": ("look-up of tags",),
        "dataservers/points": ("points of tagFilter 'TAG.*'",),
        "streams/summary": ("count of events",),
        "batch": ("TAG.", "LONGER", "count of events"),
        "streams/recorded": (where.tag or "",),
    }[where.route]
    assert any(words in message for words in asked), message


#: Everything that a retry can heal, and what it strikes: one in five of all requests, of all requests inside batches,
#: or both.
STORMS = {
    **dict.fromkeys(("408", "429", "502", "503", "504", "login_page"), ("request", "sub")),
    **dict.fromkeys(("slow", "cut", "cut_chunked", "truncated_json"), ("request",)),
    **dict.fromkeys(("broken_gzip", "reset", "reset_body"), ("request",)),
    "missing": ("sub",),
}
#: A start of the mock's random numbers that strikes early and often.
SEED = 45


@pytest.mark.parametrize(
    ("fault", "post"), [(fault, post) for fault in STORMS for post in (True, False) if post or fault != "missing"]
)
def test_p5_storms(pi, driver, web_ids, fault, post):
    for scope in STORMS[fault]:
        pi.faults.add(fault_of(fault, scope=scope, count=None, probability=0.2, seed=SEED))
    options = read_options(
        pi, web_ids, pageSize=6 if post else 20, post=post, timeout="0.4s" if fault == "slow" else "20s"
    )
    pi.reset_stats()
    reading = driver.read(**options)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, POINTS, START, END))
    assert pi.faults.fired >= 3
    assert pi.stats().requests >= 15


@pytest.mark.parametrize("fault", ["500", "web_exception"])
@pytest.mark.parametrize("scope", ["request", "sub"])
def test_p5_storms_of_500(pi, driver, web_ids, fault, scope):
    """500 is tried twice more and not for ever, so here exactly every fifth request fails, never one three times."""
    for number in range(40):
        pi.faults.add(fault_of(fault, scope=scope, skip=4 * number + 4 if scope == "request" else 4 * number))
    reading = driver.read(**read_options(pi, web_ids, pageSize=6))
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, POINTS, START, END))
    assert pi.faults.fired >= 3


def test_p5_500_is_tried_three_times_and_then_is_the_tags_own(pi, driver, web_ids):
    pi.faults.add(fault_of("500", route="streams/recorded", scope="sub", tag="TAG.2", count=2))
    assert driver.read(**read_options(pi, web_ids)).rows == expected_rows(pi.system, POINTS, START, END).total()
    assert pi.faults.fired == 2
    pi.faults.clear()
    pi.faults.add(fault_of("500", route="streams/recorded", scope="sub", tag="TAG.2", count=None))
    with pytest.raises(PITagError) as caught:
        driver.read(**read_options(pi, web_ids))
    assert list(caught.value.failures) == ["TAG.2"]
    assert pi.faults.fired == 3


#: What makes one tag unreadable, and the server's words that must reach the user.
UNREADABLE = {
    "403": "Authorization has been denied",
    "404": "PI Point not found",
    "409": "data reference does not support",
    "500": "error occurred in the PI Data Archive",
    "web_exception": "writing of the output stream",
    "row_errors": "PI Point not found",
}


def lone_and_others(batches: list[Any], column: str, tag: str) -> tuple[list[dict[str, Any]], list[Any]]:
    """The rows of the error column, and the batches of data without it."""
    rows = [row for batch in batches for row in batch.to_pylist() if row[column] is not None]
    data = []
    for batch in batches:
        if batch.num_rows and batch.column(column)[0].as_py() is None:
            assert batch.column(column).null_count == batch.num_rows
            data.append(batch)
    assert all(row["tag"] == tag for row in rows)
    return rows, data


@pytest.mark.parametrize("tag", ["TAG.2", "LONGER"])
@pytest.mark.parametrize("fault", UNREADABLE)
def test_p5_skip_leaves_out_the_failing_tag_and_says_so(pi, driver, web_ids, fault, tag):
    for scope in ("request", "sub"):
        if scope == "sub" or fault != "row_errors":
            route = "streams/recorded"
            pi.faults.add(fault_of(fault, route=route, scope=scope, tag=tag, count=None))
    options = read_options(pi, web_ids, onTagError="skip", errorColumn="why")
    others = [point for point in POINTS if point.name != tag]

    rows, data = lone_and_others(driver.read(**options).batches, "why", tag)
    assert pi.faults.fired >= 1
    assert_same(actual_rows(data), expected_rows(pi.system, others, START, END))
    assert len(rows) == 1
    assert UNREADABLE[fault] in rows[0]["why"]
    assert all(rows[0][name] is None for name in COLUMNS if name != "tag")

    fired = pi.faults.fired
    failed = [row for batch in driver.read(**options, table="failed_tags").batches for row in batch.to_pylist()]
    assert pi.faults.fired > fired
    assert [(row["tag"], row["stage"]) for row in failed] == [(tag, "read")]
    assert UNREADABLE[fault] in failed[0]["cause"]

    # Without the column the rows are the same, less that one; a log line is all that tells.
    del options["errorColumn"]
    assert_same(actual_rows(driver.read(**options).batches), expected_rows(pi.system, others, START, END))


@pytest.mark.parametrize("fault", UNREADABLE)
def test_p5_skip_in_the_middle_of_a_tag(pi, driver, web_ids, fault):
    """Pages that came before the tag failed stay; the error row tells that there is more."""
    pi.faults.add(fault_of(fault, route="streams/recorded", scope="sub", tag="TAG.2", skip=2, count=None))
    rows, data = lone_and_others(
        driver.read(**read_options(pi, web_ids, onTagError="skip", errorColumn="why")).batches, "why", "TAG.2"
    )
    assert pi.faults.fired >= 1
    assert len(rows) == 1
    got, tag = actual_rows(data), POINTS[2]
    whole = expected_rows(pi.system, [tag], START, END)
    begun = type(got)({row: count for row, count in got.items() if row[0] == tag.name})
    assert 0 < begun.total() < whole.total()
    assert begun <= whole
    assert_same(got - begun, expected_rows(pi.system, [point for point in POINTS if point is not tag], START, END))


def test_p5_skip_tells_of_unknown_tags_too(pi, driver):
    options = {"url": pi.url, "tags": "TAG.0,NO.SUCH,TAG.1", "startTime": START, "endTime": END, "onTagError": "skip"}
    rows, data = lone_and_others(driver.read(**options, errorColumn="why", numPartitions=2).batches, "why", "NO.SUCH")
    assert_same(actual_rows(data), expected_rows(pi.system, TAGS[:2], START, END))
    assert [row["why"] for row in rows] == ["PI Point not found '\\\\MOCKPI\\NO.SUCH'."]
    failed = [row for batch in driver.read(**options, table="failed_tags").batches for row in batch.to_pylist()]
    assert [(row["tag"], row["stage"]) for row in failed] == [("NO.SUCH", "resolve")]


@pytest.mark.parametrize("fault", ["401", "503", "reset"])
def test_p5_skip_is_for_tags_and_not_for_the_server(pi, driver, web_ids, fault):
    """A server that does not answer, or does not know us, has no failing tags: nothing may be skipped for it."""
    for scope in ("request", "sub"):
        if scope == "request" or fault.isdigit():
            pi.faults.add(fault_of(fault, route="streams/recorded", scope=scope, count=None))
    with pytest.raises({"401": PILoginError, "503": PIServerError, "reset": PIConnectionError}[fault]):
        driver.read(**read_options(pi, web_ids, onTagError="skip", maxRetries=1))
    assert pi.faults.fired >= 1


def http_date(seconds: float) -> str:
    """The time some seconds from now, as Retry-After may say it."""
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("form", ["seconds", "date"])
@pytest.mark.parametrize("place", ["data servers", "batch of pages", "page in a batch", "page alone"])
def test_p5_retry_after_is_obeyed(pi, driver, web_ids, place, form):
    where = PLACES[place]
    after = "1" if form == "seconds" else http_date(2.0)
    pi.faults.add(
        Fault(status=429, retry_after=after, route=where.route, scope=where.scope, tag=where.tag, skip=where.skip)
    )
    started = time.monotonic()
    reading = driver.read(**read_options(pi, web_ids))
    # A date has whole seconds, so the second of two may be nearly over.
    assert time.monotonic() - started >= (1.0 if form == "seconds" else 0.9)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, POINTS, START, END))
    assert pi.faults.fired == 1


def test_p5_retry_after_beyond_patience_is_a_clear_error_at_once(pi, driver, web_ids):
    pi.faults.add(Fault(status=429, retry_after=3600, route="batch", skip=1, count=None))
    started = time.monotonic()
    with pytest.raises(PIRateLimitError, match=r"Rate limit was reached(.|\n)*asks to wait 3600 s more"):
        driver.read(**read_options(pi, web_ids, retryTimeout="5s"))
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("process", [False, True], ids=["closed politely", "killed"])
def test_p5_a_server_that_dies_for_seconds_and_comes_back(driver, process):
    system = PISystem(POINTS, now=NOW)
    with MockPI(system, process=process, delay=0.05) as pi:
        expected = expected_rows(system, POINTS, START, END)

        def restart() -> None:
            pi.stop()
            time.sleep(1.0)
            pi.start()

        dying = threading.Timer(0.5, restart)
        dying.start()
        options = {"url": pi.url, "tags": NAMES, "startTime": START, "endTime": END, "numPartitions": 2, "pageSize": 4}
        reading = driver.read(**options)
        came_back = not dying.is_alive()
        dying.join()
        assert came_back
        # Counted by the second server only: it was needed.
        assert pi.stats().requests > 3
    assert_same(actual_rows(reading.batches), expected)


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def clear_error(driver: Any, url: str, **options: Any) -> Exception:
    """Its error, which comes after the few tries that a host gets which never answered."""
    with pytest.raises((PIConnectionError, PITimeoutError)) as caught:
        driver.read(url=url, tags="A", **options)
    message = str(caught.value)
    assert url in message
    told = re.search(r"after (\d) tr(y|ies) in ([\d.]+) s", message)
    assert told, message
    assert 1 <= int(told[1]) <= 1 + TRIES_AT_UNKNOWN_HOST
    # Its seconds, once for the last wait and once for the last try; and as much again for a machine that is busy.
    assert float(told[3]) < 4 * SECONDS_AT_UNKNOWN_HOST
    return caught.value


def test_p5_a_host_that_was_never_there(driver):
    error = clear_error(driver, f"http://127.0.0.1:{free_port()}/piwebapi")
    assert "Connection refused" in str(error)


def test_p5_a_host_name_that_does_not_exist(driver):
    clear_error(driver, "http://no-such-host.invalid/piwebapi")


def test_p5_a_host_behind_a_firewall_that_swallows_everything(driver):
    """Connections to a listener whose queue is full get no answer at all."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        try:
            for _ in range(4):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(listener.getsockname())
                waiting.append(client)
            time.sleep(0.1)
            clear_error(driver, f"http://127.0.0.1:{listener.getsockname()[1]}/piwebapi")
        finally:
            for client in waiting:
                client.close()


def test_p5_a_host_that_accepts_and_never_answers(driver):
    with closing(socket.create_server(("127.0.0.1", 0), backlog=16)) as listener:
        error = clear_error(driver, f"http://127.0.0.1:{listener.getsockname()[1]}/piwebapi", timeout="1s")
    assert isinstance(error, PITimeoutError)
