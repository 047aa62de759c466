"""Wrong options, tags, times, addresses and schemas: each error is ours, comes within seconds, and says which option,
which value and what is accepted. And the other side: what must not fail.
"""

from __future__ import annotations

import json
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pyspark.sql.types import StructType

from mock_pi import Every, Fault, MockPI, PISystem, Point, ticks_of
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIOptionError,
    PIRefusedError,
    PISchemaError,
    PITagError,
    PITimeError,
    PIUnknownTagError,
    PIUnsupportedError,
)

START, END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
NOW = "2026-01-03T00:00:00Z"
POINTS = [
    Point("SINUSOID", "Float32", Every(step_ticks=36_000_000_000, first=START), server="ONE"),
    Point("CDT158", "Float32", Every(step_ticks=36_000_000_000, first=START), server="ONE"),
    Point("A,B", "Float32", Every(step_ticks=36_000_000_000, first=START), server="ONE"),
    Point("TWICE", "Float32", Every(step_ticks=36_000_000_000, first=START), server="ONE"),
    Point("TWICE", "Float32", Every(step_ticks=36_000_000_000, first=START), server="TWO"),
]
#: Longest that an error may take, on a busy machine: without an end to its patience it would be minutes.
SECONDS = 30.0


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    """Two data servers, which share one name of a tag."""
    with MockPI(PISystem(POINTS, data_servers=("ONE", "TWO"), now=NOW)) as pi:
        yield pi


def fails(driver: Any, kind: type[PIError], words: tuple[str, ...], schema: Any = None, **options: Any) -> PIError:
    """Reads, and checks the error: exactly this class, all of the words, in time, from us."""
    started = time.monotonic()
    with pytest.raises(PIError) as caught:
        driver.read(schema, **options)
    assert time.monotonic() - started < SECONDS
    message = str(caught.value)
    assert type(caught.value) is kind, message
    for word in words:
        assert word in message, f"{word!r} is not in: {message}"
    # What a user sees last is the message, not a line of code or an error of Python's own.
    shown = "".join(traceback.format_exception(caught.value)).rstrip()
    assert shown.endswith(f"pi_datasource.errors.{kind.__name__}: {message}")
    return caught.value


GOOD = {"tags": "SINUSOID", "startTime": START, "endTime": END}

#: Options beside the good ones → class of the error, and what it must say: option, value, what is accepted.
BAD: dict[str, tuple[dict[str, Any], type[PIError], tuple[str, ...]]] = {
    # Values that are none
    "numPartitions zero": ({"numPartitions": 0}, PIOptionError, ("numPartitions", "'0'", "too small", "from 1")),
    "numPartitions huge": ({"numPartitions": 10**9}, PIOptionError, ("numPartitions", "too large", "to 10000")),
    "pageSize negative": ({"pageSize": -1}, PIOptionError, ("pageSize", "'-1'", "from 1")),
    "pageSize text": ({"pageSize": "many"}, PIOptionError, ("pageSize", "'many'", "whole number")),
    "pageSize fraction": ({"pageSize": "1.5"}, PIOptionError, ("pageSize", "'1.5'", "whole number")),
    "thousands": ({"rowsPerPartition": "500,000"}, PIOptionError, ("rowsPerPartition", "write 500_000")),
    "timeout unit": ({"timeout": "3 fortnights"}, PIOptionError, ("timeout", "'3 fortnights'", "5 min")),
    "timeout zero": ({"timeout": "0"}, PIOptionError, ("timeout", "'0'", "from 0.1")),
    "retries": ({"maxRetries": "-3"}, PIOptionError, ("maxRetries", "'-3'", "from 0 to 100")),
    "rate zero": ({"requestsPerSecond": "0"}, PIOptionError, ("requestsPerSecond", "'0'", "from 0.001")),
    "rate infinite": ({"requestsPerSecond": "inf"}, PIOptionError, ("requestsPerSecond", "'inf'", "a number")),
    "in flight": ({"maxInFlight": "0"}, PIOptionError, ("maxInFlight", "'0'", "from 1")),
    "concurrency": ({"concurrency": "64"}, PIOptionError, ("concurrency", "'64'", "to 16")),
    "boolean": ({"post": "perhaps"}, PIOptionError, ("post", "'perhaps'", "true or false")),
    "choice": ({"onTagError": "ignore"}, PIOptionError, ("onTagError", "'ignore'", "one of fail, skip")),
    "tagFormat": ({"tagFormat": "short"}, PIOptionError, ("tagFormat", "'short'", "one of name, path")),
    "auth": ({"auth": "windows"}, PIOptionError, ("auth", "'windows'", "anonymous, basic, bearer")),
    "headers": ({"headers": "X-Key: 1"}, PIOptionError, ("headers", "no JSON", "JSON object")),
    "header name": ({"headers": '{"X Key": "1"}'}, PIOptionError, ("headers", "'X Key'", "accepted")),
    "zone": ({"timeZone": "Mars/Olympus"}, PIOptionError, ("timeZone", "'Mars/Olympus'", "Europe/")),
    "secret variable": ({"username": "u", "password": "env:NO_SUCH_VARIABLE"}, PIOptionError,
                        ("password", "NO_SUCH_VARIABLE", "not set")),
    "secret file": ({"token": "@/no/such/file"}, PIOptionError, ("token", "/no/such/file", "cannot be read")),
    "table": ({"table": "recoded"}, PIOptionError, ("table", "'recoded'", "'recorded'", "failed_tags")),
    "table of a later version": ({"table": "joined"}, PIOptionError, ("table", "'joined'", "there are: ")),
    "broken JSON list": ({"tags": '["A", "B'}, PIOptionError, ("tags", '["A", "B', "JSON array")),
    "numbers in a JSON list": ({"tags": '["A", 1]'}, PIOptionError, ("tags", '["A", 1]', "JSON array of texts")),
    "error column that is there": ({"onTagError": "skip", "errorColumn": "Value"}, PIOptionError,
                                   ("errorColumn", "'Value'", "any other name")),
    # Misspelt, planned, contradicting
    "misspelt": ({"startTme": "*-1d"}, PIOptionError, ("starttme", "did you mean startTime?")),
    "misspelt too": ({"numPartition": "4"}, PIOptionError, ("numpartition", "did you mean numPartitions?")),
    "name from another source": ({"maxCount": "5"}, PIOptionError, ("maxcount", "did you mean pageSize?")),
    "user": ({"user": "me"}, PIOptionError, ("'user'", "did you mean username?")),
    "file that is not there": ({"tagFile": "/x.csv"}, PIOptionError, ("tagFile", "/x.csv", "driver's host")),
    "planned pushdown": ({"filterPushdown": True}, PIOptionError, ("filterPushdown", "not in this version")),
    "planned way": ({"boundaryType": "Interpolated"}, PIOptionError, ("boundaryType", "not in this version")),
    "two spellings": ({"start_time": "*-2d"}, PIOptionError, ("startTime", "given twice", "accepted is one")),
    "tags twice": ({"path": "CDT158"}, PIOptionError, ("tags = 'SINUSOID'", "path = 'CDT158'", "accepted")),
    "password alone": ({"password": "x"}, PIOptionError, ("auth=basic", "username", "missing")),
    "token and password": ({"auth": "basic", "username": "u", "password": "p", "token": "t"}, PIOptionError,
                           ("auth=basic takes no token",)),
    "bearer without token": ({"auth": "bearer"}, PIOptionError, ("auth=bearer needs token", "missing")),
    "error column without skip": ({"errorColumn": "why"}, PIOptionError, ("errorColumn = 'why'", "onTagError=fail",
                                                                         "accepted")),
    "caBundle and verify=false": ({"caBundle": "/x.pem", "verify": False}, PIOptionError, ("verify", "'/x.pem'")),
    # Times
    "reversed": ({"startTime": END, "endTime": START}, PIOptionError, ("startTime", END, "endTime", START, "accepted")),
    "slashes": ({"startTime": "01/02/2026"}, PITimeError, ("startTime", "'01/02/2026'", "2026-02-01", "2026-01-02")),
    "slashes with one reading": ({"startTime": "31/01/2026"}, PITimeError, ("startTime", "write the ISO form")),
    "no time": ({"startTime": "whenever"}, PITimeError, ("startTime", "'whenever'", "*-30d")),
    "no such day": ({"endTime": "2026-02-30"}, PITimeError, ("endTime", "'2026-02-30'", "Accepted")),
    "offset from nothing": ({"startTime": "-1d"}, PITimeError, ("startTime", "'*-1d'")),
    "unknown unit": ({"startTime": "*-3q"}, PITimeError, ("startTime", "'*-3q'", "Accepted")),
    "empty time": ({"startTime": " "}, PIOptionError, ("startTime", "is empty", "PI time or ISO 8601")),
    # Tags
    "no tags": ({"tags": None}, PIOptionError, ("tags", "tagFilter", "tagQuery")),
    "only commas": ({"tags": " , ,"}, PIOptionError, ("tags", "tagFilter", "tagQuery")),
    "unknown": ({"tags": "NO.SUCH"}, PIUnknownTagError, ("1 tag not found", "NO.SUCH", "accepted in option tags")),
    "unknown, all at once": ({"tags": "X1,SINUSOID,X2,X3"}, PIUnknownTagError, ("3 tags not found", "X1", "X2", "X3")),
    "name with a comma": ({"tags": "A,B"}, PIUnknownTagError, ("2 tags not found", "comma", "JSON array")),
    "wildcards among tags": ({"tags": "SINU*"}, PIUnknownTagError, ("SINU*", "tagFilter")),
    "unknown path": ({"tags": r"\\ONE\NO.SUCH"}, PIUnknownTagError, (r"\\ONE\NO.SUCH", "accepted in option tags")),
    "path on no server": ({"tags": r"\\NOWHERE\SINUSOID"}, PIUnknownTagError, (r"\\NOWHERE\SINUSOID",)),
    "path without a tag": ({"tags": r"\\ONE"}, PIUnknownTagError, (r"\\ONE", "accepted in option tags")),
    "WebID of no point": ({"tags": "I1DP" + "A" * 28}, PIUnknownTagError, ("I1DPAAAA", "WebIDs")),
    "broken WebID": ({"tags": "F1DPbroken"}, PIUnknownTagError, ("F1DPbroken", "WebIDs")),
    "attribute": ({"tags": r"\\AF\Plant\Unit 1|Flow"}, PIUnknownTagError, (r"\\AF\Plant\Unit 1|Flow", "accepted")),
    "pattern without match": ({"tags": None, "tagFilter": "NO.SUCH*"}, PIUnknownTagError,
                              ("tagFilter NO.SUCH*", "matches no point", "accepted")),
    "query without match": ({"tags": None, "tagQuery": "tag:NO.SUCH*"}, PIUnknownTagError,
                            ("tagQuery tag:NO.SUCH*", "matches no point", "accepted")),
    "query that is none": ({"tags": None, "tagQuery": "(("}, PIOptionError, ("tagQuery", "'(('", "accepted")),
    "data server": ({"dataServer": "ONE,THREE"}, PIOptionError, ("dataServer", "'THREE'", "'ONE', 'TWO'")),
    "on two servers": ({"tags": "TWICE"}, PITagError, ("TWICE", r"\\ONE\TWICE", r"\\TWO\TWICE", "dataServer")),
    "two of a name by pattern": ({"tags": None, "tagFilter": "TWICE"}, PITagError, (r"\\TWO\TWICE", "tagFormat=path")),
    # Addresses that are none
    "no url": ({"url": None}, PIOptionError, ("url is missing", "https://pi.example.com/piwebapi", "OSIPI_URL")),
    "url without scheme": ({"url": "pi.example.com"}, PIOptionError, ("url", "'pi.example.com'", "https://pi")),
    "ftp": ({"url": "ftp://pi.example.com"}, PIOptionError, ("url", "'ftp://pi.example.com'", "https://")),
    "login in the url": ({"url": "https://me:pw@pi.example.com"}, PIOptionError, ("url", "username and password")),
    "query in the url": ({"url": "https://pi.example.com/piwebapi?x=1"}, PIOptionError, ("url", "query", "accepted")),
    "port": ({"url": "https://pi.example.com:99999"}, PIOptionError, ("url", ":99999", "accepted")),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_wrong_options_tags_and_times(pi, driver, case):
    options, kind, words = BAD[case]
    merged = {"url": pi.url, **GOOD, **options}
    error = fails(driver, kind, words, **{name: value for name, value in merged.items() if value is not None})
    assert ":pw@" not in str(error)


#: Schemas that do not fit → what must be said.
SCHEMAS = {
    "a column that is not there": ("tag string, temperature double", ("temperature: no such column", "value double")),
    "another type": ("tag string, value float", ("value: is double, the schema says float",)),
    "time without zone": ("timestamp timestamp_ntz", ("timestamp: is timestamp, the schema says timestamp_ntz",)),
    "not null": ("tag string NOT NULL, value double", ("tag: has to be nullable",)),
    "upper case": ("TAG string", ("TAG: no such column", "tag string")),
    "twice": ("tag string, tag string", ("tag: named twice",)),
    "several things at once": ("a int, ticks string", ("a: no such column", "ticks: is bigint")),
    "nested": ("value struct<x:double>", ("value: is double, the schema says struct<x:double>",)),
}


def schema_of(text: str) -> StructType:
    """A schema from a few words of DDL, made without Spark."""
    from pyspark.sql import types

    kinds = {
        "string": types.StringType(), "double": types.DoubleType(), "float": types.FloatType(),
        "int": types.IntegerType(), "bigint": types.LongType(), "timestamp": types.TimestampType(),
        "timestamp_ntz": types.TimestampNTZType(),
        "struct<x:double>": StructType([types.StructField("x", types.DoubleType())]),
    }  # fmt: skip
    made = StructType()
    for part in text.split(", "):
        name, kind, *rest = part.split(" ")
        made.add(name, kinds[kind], rest != ["NOT", "NULL"])
    return made


@pytest.mark.parametrize("case", SCHEMAS)
def test_wrong_schemas(pi, driver, case):
    text, words = SCHEMAS[case]
    fails(driver, PISchemaError, ("table 'recorded'", "its columns are: tag string", *words), schema_of(text),
          url=pi.url, **GOOD)  # fmt: skip


def test_an_empty_schema(driver, pi):
    source = driver.source(url=pi.url, **GOOD)
    with pytest.raises(PISchemaError, match="names no column"):
        source.reader(StructType())


def test_a_server_without_point_search(driver):
    with MockPI(PISystem(POINTS[:2], data_servers=("ONE",), now=NOW), version="2018") as old:
        words = ("tagQuery", "'tag:SINU*'", "2021 SP3", "tagFilter")
        fails(driver, PIOptionError, words, url=old.url, tagQuery="tag:SINU*", startTime=START, endTime=END)
        assert driver.read(url=old.url, tagFilter="SINU*", startTime=START, endTime=END).rows == 24


@pytest.fixture(scope="module")
def guarded() -> Iterator[MockPI]:
    """A server that wants a login."""
    system = PISystem(POINTS[:1], data_servers=("ONE",), now=NOW)
    with MockPI(system, auth="basic,bearer", users={r"PLANT\me": "right"}, tokens={"good": None}) as pi:
        yield pi


LOGINS = {
    "none": ({}, ("auth = 'anonymous'", "it offers: ", "Basic")),
    "wrong password": ({"username": r"PLANT\me", "password": "S3cret-wrong"}, ("auth = 'basic'", r"PLANT\\me")),
    "wrong name": ({"username": "you", "password": "right"}, ("auth = 'basic'", "'you'")),
    "wrong token": ({"token": "S3cret-wrong"}, ("auth = 'bearer'", "401")),
}


@pytest.mark.parametrize("case", LOGINS)
def test_wrong_logins(guarded, driver, case):
    options, words = LOGINS[case]
    error = fails(driver, PILoginError, ("did not accept", "accepted is a login", *words), url=guarded.url, **GOOD,
                  **options)  # fmt: skip
    assert "S3cret" not in str(error)
    assert "right" not in str(error)


@pytest.mark.parametrize("options", [{"username": r"PLANT\me", "password": "right"}, {"token": "good"}])
def test_right_logins(guarded, driver, options):
    assert driver.read(url=guarded.url, **GOOD, **options).rows == 24


def test_a_login_that_may_not_read(driver, pi):
    pi.faults.add(Fault(status=403, route="dataservers", count=None))
    try:
        fails(driver, PIForbiddenError, ("403", "auth = 'anonymous'", "may read here"), url=pi.url, **GOOD)
    finally:
        pi.faults.clear()


def test_a_wrong_path_in_the_url(driver, pi):
    wrong = pi.url.replace("piwebapi", "webapi")
    fails(driver, PINotFoundError, ("404", f"option url = '{wrong}'", "accepted is the address"), url=wrong, **GOOD)


def test_https_where_there_is_none(driver, pi):
    wrong = pi.url.replace("http:", "https:")
    fails(driver, PIConnectionError, (f"option url = '{wrong}'", "no TLS", "http://"), url=wrong, **GOOD)


def test_a_wrong_port(driver):
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        wrong = f"http://127.0.0.1:{listener.getsockname()[1]}"
    words = (f"option url = '{wrong}/piwebapi'", "Connection refused", "accepted is the address")
    fails(driver, PIConnectionError, words, url=wrong, **GOOD)


def test_a_host_that_cannot_be_resolved(driver):
    wrong = "http://no-such-host.invalid/piwebapi"
    fails(driver, PIConnectionError, (f"option url = '{wrong}'", "resolve"), url=wrong, **GOOD)


@pytest.fixture
def other_server() -> Iterator[Any]:
    """Serves something that is no PI Web API, with a status and a body to be set."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = server.answer  # type: ignore[attr-defined]
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


HTML = {"Content-Type": "text/html"}
#: What something else may answer → class of the error, and what must be said.
OTHERS = {
    "a web page": ((200, HTML, b"<html><title>Welcome</title></html>"), PIBadAnswerError, ("web page", "'Welcome'")),
    "a page for 404": ((404, HTML, b"<html><title>Lost</title></html>"), PINotFoundError, ("404", "'Lost'")),
    "JSON of another kind": ((200, {}, b'["hello"]'), PIBadAnswerError, ("cannot be decoded", '["hello"]')),
    "an empty body": ((200, {}, b""), PIBadAnswerError, ("0 bytes",)),
}


@pytest.mark.parametrize("case", OTHERS)
def test_something_else_answers(other_server, driver, case):
    other_server.answer, kind, words = OTHERS[case]
    url = f"http://127.0.0.1:{other_server.server_port}/piwebapi"
    fails(driver, kind, (f"option url = '{url}'", "accepted is the address", *words), url=url, **GOOD)


def test_a_redirect(other_server, driver):
    other_server.answer = (302, {"Location": "https://login.example.com/?secret=1"}, b"")
    url = f"http://127.0.0.1:{other_server.server_port}/piwebapi"
    error = fails(driver, PIRefusedError, ("302", "https://login.example.com/", "option url"), url=url, **GOOD)
    assert "secret" not in str(error)


def test_a_json_object_without_data_servers(other_server, driver):
    other_server.answer = (200, {}, b"{}")
    url = f"http://127.0.0.1:{other_server.server_port}/piwebapi"
    fails(driver, PIOptionError, (url, "knows no data server"), url=url, **GOOD)


def test_writing_and_streaming(driver, pi):
    source = driver.source(url=pi.url, **GOOD)
    with pytest.raises(PIUnsupportedError, match="never writes"):
        source.writer(source.schema(), True)


# What must not fail.

#: Options beside the good ones; all of them read the same 24 events.
FINE = {
    "spelling": {"START_TIME": START, "startTime": None, "Num-Partitions": "2", "PAGESIZE": "1_000"},
    "options that platforms add": {"header": "true", "mode": "x", "__internal": "1", "databricks.connection": "c",
                                   "mergeSchema": "true", "path": ""},
    "the list of .load()": {"tags": None, "path": "SINUSOID"},
    "case of a name": {"tags": "sinusoid"},
    "a name twice": {"tags": "SINUSOID, SINUSOID,"},
    "name and path of the same": {"tags": r"SINUSOID,\\ONE\SINUSOID"},
    "JSON list": {"tags": '["SINUSOID"]'},
    "a comma in a name": {"tags": '["A,B"]'},
    "one of two servers": {"tags": "TWICE", "dataServer": "two"},
    "a tag of two servers by its path": {"tags": r"\\TWO\TWICE"},
    "zone": {"startTime": "2026-01-01 01:00", "endTime": "2026-01-02 01:00", "timeZone": "Europe/Berlin"},
    "Windows zone": {"startTime": "2026-01-01 01:00", "endTime": "2026-01-02 01:00",
                     "timeZone": "W. Europe Standard Time"},
    "PI's own date": {"startTime": "1-Jan-2026", "endTime": "2-jan-26 00:00:00"},
    "ISO with offset": {"startTime": "2026-01-01T02:00:00+02:00", "endTime": "2026-01-01T00:00:00Z+1d"},
    "slash in the address": {"url": "/"},
}  # fmt: skip


@pytest.mark.parametrize("case", FINE)
def test_what_must_not_fail(pi, driver, case):
    options = dict(FINE[case])
    url = pi.url + options.pop("url", "")
    merged = {"url": url, **GOOD, **options}
    reading = driver.read(**{name: value for name, value in merged.items() if value is not None})
    tags = {row[0] for row in actual_rows(reading.batches)}
    (point,) = (point for point in POINTS if point.name in tags and point is not POINTS[3])
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, [point], START, END))
    assert reading.rows == 24


#: Start as PI writes it → what it means on Wednesday, 2026-01-07, at noon.
PI_TIMES = {
    "*-1d": "2026-01-06T12:00:00Z",
    "*-1h30m": "2026-01-07T10:30:00Z",
    "*-1mo": "2025-12-07T12:00:00Z",
    "t": "2026-01-07T00:00:00Z",
    "y+8h": "2026-01-06T08:00:00Z",
    "Monday": "2026-01-05T00:00:00Z",
    "5": "2026-01-05T00:00:00Z",
    "jan 6": "2026-01-06T00:00:00Z",
    "2025": "2025-01-07T00:00:00Z",
}


@pytest.mark.parametrize("start", PI_TIMES)
def test_pi_times(driver, monkeypatch, start):
    noon = "2026-01-07T12:00:00Z"
    monkeypatch.setattr("pi_datasource.datasource.now_ticks", lambda: ticks_of(noon))
    point = Point("HOURLY", "Float64", Every(step_ticks=36_000_000_000 + 1, first="2024-12-01T00:00:00Z"))
    with MockPI(PISystem([point], now="2026-01-08T00:00:00Z")) as pi:
        reading = driver.read(url=pi.url, tags="HOURLY", startTime=start, endTime="*")
        assert_same(actual_rows(reading.batches), expected_rows(pi.system, [point], PI_TIMES[start], noon))


def test_an_empty_range_asks_for_no_values(pi, driver):
    pi.reset_stats()
    reading = driver.read(url=pi.url, tags="SINUSOID", startTime=START, endTime=START)
    assert reading.rows == 0
    assert len(reading.partitions) == 1
    assert set(pi.stats().by_route) == {"dataservers", "points/multiple"}
    # Tags are looked up all the same: a wrong one is an error with any range.
    fails(driver, PIUnknownTagError, ("NO.SUCH",), url=pi.url, tags="NO.SUCH", startTime=START, endTime=START)


def test_a_range_without_events(pi, driver):
    pi.reset_stats()
    reading = driver.read(url=pi.url, tags="SINUSOID", startTime="2020-01-01", endTime="2020-01-02")
    assert reading.rows == 0
    assert pi.stats().by_route["streams/recorded"] >= 1


def test_the_failed_tags_of_options_for_skipping(pi, driver):
    """errorColumn belongs to the rows of data; the table of failed tags has its own column for the cause."""
    options = {"url": pi.url, "tags": json.dumps(["SINUSOID", "NO.SUCH"]), "startTime": START, "endTime": END}
    reading = driver.read(**options, onTagError="skip", errorColumn="why", table="failed_tags")
    assert [row for batch in reading.batches for row in batch.to_pylist()] == [
        {"tag": "NO.SUCH", "stage": "resolve", "cause": "PI Point not found '\\\\ONE\\NO.SUCH'."}
    ]
