"""What the vendor leaves open: the reader brings the same rows whichever way the server goes.

Each question is a switch of the mock. Two tests of the reader belong to each: one for each way, and both have to bring
what was declared. `test_every_open_question_has_two_tests` keeps the list whole; printed with
`pytest -rA -k every_open_question` it is the list of questions by number.
"""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from fault_proxy import FaultProxy, body_of
from mock_pi import Dense, Event, Every, Listed, MockPI, PISystem, Point, State, ticks_of
from mock_pi.af import AFServer, Attribute, Database, Element, ElementTemplate
from mock_pi.af.eventframe import EventFrame
from mock_pi.switches import Switches
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PILoginError, PIServerError, PITagError

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
FIRST, HOUR = ticks_of(START), 36_000_000_000

TAGS = [Point(f"TAG.{n}", "Float64", Every(step_ticks=HOUR + n, first=START)) for n in range(5)]
ODD = Point(
    "ODD",
    "Float64",
    Listed(tuple(Event(FIRST + n * HOUR, value) for n, value in enumerate((1.5, float("nan"), float("inf"), -2.0)))),
)
BAD = Point("BAD", "Float64", Listed((Event(FIRST, 1.0), Event(FIRST + HOUR, State("I/O Timeout", 246, True), False))))
POINTS = [*TAGS, ODD, BAD, Point("LONG", "Int32", Dense(1200.0))]
NAMES = json.dumps([point.name for point in TAGS])
RANGE = {"startTime": START, "endTime": END}


def plant() -> Database:
    """A tree with attributes at two depths, and frames that refer to it."""
    pump = ElementTemplate("Pump", [Attribute("Flow", "Double", 1.5, attributes=(Attribute("Below", "Int32", 3),))])
    frames = [
        EventFrame(f"frame {n}", FIRST + n * HOUR, FIRST + n * HOUR + HOUR // 2, elements=["Unit"],
                   attributes=[Attribute("Reason", "String", "x", attributes=(Attribute("Code", "Int32", n),))])
        for n in range(6)
    ]  # fmt: skip
    frames += [
        EventFrame("open", FIRST + HOUR, None),
        EventFrame("before", FIRST - 9 * HOUR, FIRST - 8 * HOUR),
    ]
    tree = Element("Unit", elements=[Element("P-1", "Pump"), Element("P-2", "Pump")])
    return Database("Plant", [tree], templates=[pump], event_frames=frames)


def system() -> PISystem:
    return PISystem(POINTS, af=[AFServer("AF", [plant()])], now=NOW)


@pytest.fixture(scope="module")
def served() -> Iterator[MockPI]:
    with MockPI(system()) as server:
        yield server


@pytest.fixture
def pi(served: MockPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[MockPI]:
    """The server, set back afterwards."""
    monkeypatch.setattr("pi_datasource.webapi.retry.FIRST_WAIT", 0.01)
    yield served
    served.set(**dataclasses.asdict(Switches()))
    served.faults.clear()


def rows(url: str, **given: Any) -> Counter[str]:
    """All rows of a batch read."""
    texts = {name.lower(): str(value) for name, value in {"url": url, **given}.items()}
    source = PIDataSource(texts)
    reader = source.reader(schema=source.schema())
    return Counter(repr(row) for one in reader.partitions() for batch in reader.read(one) for row in batch.to_pylist())


def streamed(url: str, **given: Any) -> Counter[str]:
    """All rows of a stream's first batch."""
    texts = {name.lower(): str(value) for name, value in {"url": url, "settletime": "0s", **given}.items()}
    source = PIDataSource(texts)
    stream = source.streamReader(source.schema())
    start = stream.initialOffset()
    end = json.loads(json.dumps(stream.latestOffset(start, None)))
    parts = stream.partitions(start, end)
    return Counter(repr(row) for one in parts for batch in stream.read(one) for row in batch.to_pylist())


def streaming(**given: Any) -> Callable[[str], Counter[str]]:
    return lambda url: streamed(url, startTime=START, tags=NAMES, **given)


def batch(**given: Any) -> Callable[[str], Counter[str]]:
    return lambda url: rows(url, **given)


def both(url: str) -> Counter[str]:
    """A batch read and a stream."""
    return batch(tags=NAMES, **RANGE)(url) + streaming()(url)


@dataclass(frozen=True)
class Question:
    """One that is open, with the switch for it and the ways that it has.

    Attributes:
        number: of the question.
        what: in words.
        switches: way → switches of the mock.
        read: what is read in each way; all ways bring the same rows.
        least: rows that there are at least.
    """

    number: int
    what: str
    switches: dict[str, dict[str, Any]]
    read: Callable[[str], Counter[str]]
    least: int = 1


def ways(name: str, *values: Any) -> dict[str, dict[str, Any]]:
    return {f"{name}={value}": {name: value} for value in values}


SUMMARY = {"table": "summary", "tags": NAMES, **RANGE, "summaryTypes": "Average,Maximum,Count", "summaryDuration": "6h"}

QUESTIONS = [
    Question(1, "maxCount of a stream set is for each stream, or in total",
             ways("streamset_max_count", "stream", "total"), both, 200),
    Question(1, "the item limit is for the parameter, or for the sum over streams",
             {f"streamset_limit={way}": {"streamset_limit": way, "max_count": 40} for way in ("parameter", "sum")},
             both, 200),
    Question(2, "status of a POST without X-Requested-With", ways("csrf_status", 400, 403), both, 200),
    Question(3, "texts of the challenges of a 401", ways("realm", "mock_pi", 'PI Web API "x", y'), both, 200),
    Question(4, "whether 429 carries Retry-After",
             {f"rate_retry_after={way}": {"rate_retry_after": way, "rate_limit": 6, "rate_window": 0.2}
              for way in (None, "0")},
             both, 200),
    Question(7, "a WebID that is given twice is answered twice, or once",
             ways("streamset_duplicates", "answer", "collapse"), lambda url: streamed(
                 url, startTime=START, tags=json.dumps([f"TAG.{n % 5}" for n in range(9)] + [r"\\MOCKPI\TAG.1"])), 200),
    Question(8, "whether a sub-request may leave out the host", ways("relative_urls", False, True), both, 200),
    Question(9, "maxCount=0 is an error, or means the limit", ways("zero_max_count", "error", "limit"), both, 200),
    Question(11, "order of summaries: by type, or by time", ways("summary_order", "type", "time"),
             batch(**SUMMARY), 20),
    Question(12, "by what lists may be sorted", ways("sort_fields", "af", "name"),
             lambda url: batch(table="elements", database="Plant")(url)
             + batch(table="event_frames", database="Plant", **RANGE)(url), 10),
    Question(13, "AcknowledgedDate before it is acknowledged",
             ways("unacknowledged_date", "1970-01-01T00:00:00Z", None, "0001-01-01T00:00:00Z"),
             batch(table="event_frames", database="Plant", **RANGE), 7),
    Question(15, "whether answers are compressed", ways("compress", "never", "asked", "always"), both, 200),
    Question(17, "whether searchFullHierarchy goes through child elements",
             ways("streamset_full", "elements", "attributes"),
             lambda url: batch(table="event_frame_attributes", database="Plant", **RANGE)(url)
             + batch(table="attribute_values", database="Plant")(url), 12),
    Question(18, "searchMode=None", ways("frames_none", "all", "overlapped"),
             batch(table="event_frames", database="Plant", **RANGE), 7),
    Question(19, "items of streamsets/end", ways("streamset_end", "value", "items"), streaming(), 200),
    Question(20, "details of versions", ways("version", "2018", "2021", "2023"), both, 200),
]  # fmt: skip

CASES = [
    pytest.param(question, way, id=f"{question.number} {way}") for question in QUESTIONS for way in question.switches
]


@pytest.fixture(scope="module")
def wanted(served: MockPI) -> dict[str, Counter[str]]:
    """What each question's read brings from a server as it is by default."""
    read: dict[str, Counter[str]] = {}
    for question in QUESTIONS:
        served.set(**dataclasses.asdict(Switches()))
        read[question.what] = question.read(served.url)
        assert read[question.what].total() >= question.least
    return read


@pytest.mark.parametrize(("question", "way"), CASES)
def test_all_rows_either_way(pi, wanted, question, way):
    pi.set(**question.switches[way])
    got = question.read(pi.url)
    assert got == wanted[question.what]


def test_the_rows_wanted_are_the_archives(driver, pi):
    """What the ways are compared with is right."""
    reading = driver.read(url=pi.url, tags=NAMES, **RANGE)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, TAGS, START, END))
    assert reading.rows == 5 * 24


# Questions whose ways bring different things, each as it must be.


@pytest.mark.parametrize("status", [400, 403])
def test_2_the_header_is_always_sent(driver, pi, status):
    pi.set(csrf_status=status)
    assert driver.read(url=pi.url, tags=NAMES, numPartitions=1, **RANGE).rows == 5 * 24
    assert pi.stats().by_route["batch"] >= 1


@pytest.mark.parametrize("realm", ["mock_pi", 'PI "x", y'])
def test_3_what_the_server_offers_is_told(driver, realm):
    with MockPI(PISystem(POINTS, now=NOW), auth="basic", users={"me": "right"}, realm=realm) as guarded:
        with pytest.raises(PILoginError, match="it offers: Negotiate, Basic realm="):
            driver.read(url=guarded.url, tags=NAMES, **RANGE)
        assert driver.read(url=guarded.url, tags=NAMES, username="me", password="right", **RANGE).rows == 5 * 24


@pytest.mark.parametrize("way", ["text", "bad", "bare token"])
def test_5_numbers_that_are_none(driver, pi, way):
    """A text and a token are the number; a bad value is what the server says of it."""
    if way != "bare token":
        pi.set(non_finite=way)
        batches = driver.read(url=pi.url, tags='["ODD", "BAD"]', **RANGE).batches
    else:
        with FaultProxy(pi.url) as proxy:
            proxy.strike(body_of(lambda body: body.replace(b'"NaN"', b"NaN").replace(b'"Infinity"', b"Infinity")))
            batches = driver.read(url=proxy.url, tags='["ODD", "BAD"]', **RANGE).batches
            assert proxy.struck >= 1
    got = [row for some in batches for row in some.to_pylist() if row["tag"] == "ODD"]
    got.sort(key=lambda row: row["ticks"])
    assert len(got) == 4
    assert [row["value"] for row in (got[0], got[3])] == [1.5, -2.0]
    if way == "bad":
        assert all(row["value"] is None and row["good"] is False and row["value_text"] for row in got[1:3])
    else:
        assert [repr(row["value"]) for row in got[1:3]] == ["nan", "inf"]
        assert all(row["good"] for row in got)


@pytest.mark.parametrize("way", ["fail", "errors", "drop"])
def test_6_a_stream_that_is_gone_from_a_stream_set(way):
    """The others go on; the one that is gone is named where tags may be skipped, and fails the batch where not."""
    with MockPI(system(), streamset_missing=way) as pi:
        expected = streamed(pi.url, startTime=START, tags=json.dumps(["TAG.0", "TAG.1"]))
        assert expected.total() > 90

        def after(kind: str) -> Counter[str]:
            texts = {"url": pi.url, "settletime": "0s", "starttime": START, "tagfilter": "TAG.*", "ontagerror": kind,
                     "refreshtags": "1h"}  # fmt: skip
            source = PIDataSource(texts)
            stream = source.streamReader(source.schema())
            start = stream.initialOffset()
            for point in TAGS[2:]:
                pi.system.remove(point)
            # Looked up before, gone now.
            end = json.loads(json.dumps(stream.latestOffset(start, None)))
            parts = stream.partitions(start, end)
            return Counter(repr(row) for one in parts for some in stream.read(one) for row in some.to_pylist())

        assert after("skip") == expected


@pytest.mark.parametrize("limit", [None, 2, 5])
def test_8_how_many_sub_requests_a_batch_may_have(driver, pi, limit):
    """A server with such a limit is served by `tagsPerRequest`."""
    pi.set(batch_max=limit)
    reading = driver.read(url=pi.url, tags=NAMES, tagsPerRequest=limit or 100, numPartitions=1, **RANGE)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, TAGS, START, END))


@pytest.mark.parametrize("status", [404, 409])
def test_14_no_event_at_exactly_that_instant(driver, pi, status):
    """It is no failure of the tag: the row of that instant has no value."""
    pi.set(exact_missing=status)
    options = {"table": "recorded_at_times", "tags": NAMES, "retrievalMode": "Exact"}
    times = json.dumps([START, "2026-01-01T00:30:00Z", "2026-01-01T01:00:00Z"])
    reading = driver.read(url=pi.url, times=times, **options)
    got = Counter(row["tag"] for some in reading.batches for row in some.to_pylist() if row["value"] is not None)
    assert reading.rows == 3 * 5
    assert got == {"TAG.0": 2, "TAG.1": 1, "TAG.2": 1, "TAG.3": 1, "TAG.4": 1}


@pytest.mark.parametrize("status", [404, 500, 502])
def test_16_a_point_that_is_gone_when_it_is_read(driver, status):
    """Its own failure, by name; with 502 the server's, since that is what a gateway says."""
    with MockPI(PISystem(POINTS, now=NOW), missing_point=status) as pi:
        planner = driver.reader(url=pi.url, tags='["TAG.1", "TAG.2"]', numPartitions=1, maxRetries=1, **RANGE)
        (partition,) = planner.partitions()
        pi.system.remove("TAG.1")
        with pytest.raises(PIServerError if status == 502 else PITagError) as caught:
            list(planner.read(partition))
        assert "TAG.1" in str(caught.value)


#: Questions that the mock does not ask, because the reader never comes near: number → why.
NOT_MET = {10: "lifetime of update caches: the reader registers no updates, and the mock has none"}


def test_every_open_question_has_two_tests(request):
    """Twenty questions: each has a switch and at least two tests of the reader, or a reason."""
    asked: dict[int, list[str]] = {}
    for question in QUESTIONS:
        asked.setdefault(question.number, []).extend(question.switches)
    for item in request.session.items:
        name = item.originalname if item.path == request.path else ""
        if name.startswith("test_") and name.split("_")[1].isdigit():
            asked.setdefault(int(name.split("_")[1]), []).append(item.name)
    for number in range(1, 21):
        print(number, NOT_MET.get(number) or "; ".join(asked.get(number, ["-"])))  # noqa: T201
    if len(request.session.items) > len(QUESTIONS):  # not where a part of the tests was chosen
        assert all(number in NOT_MET or len(asked[number]) >= 2 for number in range(1, 21))
