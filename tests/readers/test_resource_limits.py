"""An answer larger than the reader may take is asked for in smaller pieces, or refused, and memory stays as it was."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import fault_proxy
from fault_proxy import FaultProxy, Reply, Script
from mock_pi import Dense, Event, Listed, MockPI, PISystem, Point, ticks_of
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.errors import PITagError

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
#: Long texts: a page of a hundred is a megabyte.
LONG = [
    Point(f"LONG.{n}", "String", Listed(tuple(Event(ticks_of(START) + 10_000_019 * k, f"{n}/{k} " + "x" * 10_000)
                                              for k in range(60))))
    for n in range(4)
]  # fmt: skip
HUGE = Point("HUGE", "String", Listed((Event(ticks_of(START), "y" * 300_000), Event(ticks_of(START) + 1, "z"))))
PLAIN = Point("PLAIN", "Float64", Dense(600.0))
POINTS = [*LONG, HUGE, PLAIN]

MIB = 1 << 20


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOW)) as server:
        yield server


def options(pi: Any, points: list[Point], **more: Any) -> dict[str, Any]:
    tags = json.dumps([point.name for point in points])
    return {"url": pi.url, "tags": tags, "startTime": START, "endTime": END, **more}


@pytest.mark.parametrize(("limit", "post"), [(100_000, True), (100_000, False), (400_000, True)])
def test_what_is_too_large_together_is_asked_in_smaller_pieces(driver, pi, limit, post):
    pi.reset_stats()
    reading = driver.read(**options(pi, [*LONG, PLAIN], maxResponseBytes=limit, post=post, numPartitions=1))
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, [*LONG, PLAIN], START, END))
    assert pi.stats().requests < 300


def test_an_event_that_is_too_large_by_itself_fails_its_tag_by_name(driver, pi):
    with pytest.raises(PITagError, match=r"HUGE(.|\n)*maxResponseBytes") as caught:
        driver.read(**options(pi, POINTS, maxResponseBytes=200_000))
    assert list(caught.value.failures) == ["HUGE"]
    reading = driver.read(**options(pi, POINTS, maxResponseBytes=200_000, onTagError="skip"))
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, [*LONG, PLAIN], START, END))


# Hostile bodies; the memory of the process that reads them is what counts.

#: Reads from one address after the other, and says how it failed and by how much its memory grew; the first is fine.
WORKER = """
import json, resource, sys
import pi_datasource.read.values, pyarrow, numpy, requests, pyspark.sql.types
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIError
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
def read(options):
    source = PIDataSource(options)
    reader = source.reader(schema=source.schema())
    return sum(batch.num_rows for one in reader.partitions() for batch in reader.read(one))
options, (fine, *others) = json.loads(sys.argv[1])
told = [read({**options, "url": fine})]
baseline = peak()
for url in others:
    try:
        said = str(read({**options, "url": url}))
    except PIError as error:
        said = f"{type(error).__name__}: {error}"
    told.append([said, peak() - baseline])
print(json.dumps(told))
"""


def plain(reply: Reply) -> Script:
    """300 MB, announced."""
    yield reply.head(length=300_000_000)
    yield from [b" " * MIB] * 286


def chunked(reply: Reply) -> Script:
    """300 MB, of which nothing is said before."""
    yield reply.head(("Transfer-Encoding", "chunked"), length=None)
    yield from [b"%x\r\n%s\r\n" % (MIB, b" " * MIB)] * 286
    yield b"0\r\n\r\n"


@cache
def _bomb(times: int) -> bytes:
    """Gigabytes of blanks in some hundred kilobytes: members of gzip, one behind the other."""
    return gzip.compress(b" " * (64 * MIB), 9) * times


def bomb(reply: Reply) -> Script:
    """Four gigabytes in 4 MB."""
    packed = reply.with_body(_bomb(64))
    yield packed.head(("Content-Encoding", "gzip")) + packed.body


def error_page(reply: Reply) -> Script:
    """An error with 300 MB of words."""
    yield reply.head(status="403 Forbidden", length=300_000_000)
    yield from [b"no " * 349_525] * 286


def nested(reply: Reply) -> Script:
    """Ten million lists in one another."""
    yield from fault_proxy.body_of(lambda _: b'{"Items": ' + b"[" * 10_000_000)(reply)


def nested_beside(reply: Reply) -> Script:
    """The same in a member that nobody reads."""
    yield from fault_proxy.body_of(lambda body: body[:-1] + b', "x": ' + b"[" * 5_000_000 + b"]" * 5_000_000 + b"}")(
        reply
    )


#: Body → what is said.
HOSTILE = {
    "300 MB": (plain, "maxResponseBytes"),
    "300 MB in chunks": (chunked, "maxResponseBytes"),
    "4 GB in gzip": (bomb, "maxResponseBytes"),
    "300 MB of error": (error_page, "no no no"),
    "nested lists": (nested, "cannot be decoded"),
    "nested lists beside": (nested_beside, "cannot be decoded"),
}


def test_a_hostile_body_is_refused_and_memory_stays(pi):
    options = {
        "tags": "PLAIN", "starttime": START, "endtime": END, "maxretries": "0", "maxresponsebytes": str(20 * MIB),
    }  # fmt: skip
    with contextlib.ExitStack() as stack:
        proxies = [stack.enter_context(FaultProxy(pi.url)) for _ in HOSTILE]
        for proxy, (script, _) in zip(proxies, HOSTILE.values(), strict=True):
            proxy.strike(script, route="recorded")
        given = json.dumps([options, [pi.url, *(proxy.url for proxy in proxies)]])
        done = subprocess.run([sys.executable, "-c", WORKER, given], capture_output=True, text=True, check=True)
        assert all(proxy.struck >= 1 for proxy in proxies)
    rows, *told = json.loads(done.stdout)
    assert rows == 144
    for (name, (_, words)), (said, grown) in zip(HOSTILE.items(), told, strict=True):
        assert said.startswith("PI"), name
        assert words in said, name
        # The ceiling, and what the growing array takes beyond it.
        assert grown < 40 * MIB, name
