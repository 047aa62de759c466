"""Names and filters arrive at the server as they are meant, whatever characters they have, and reach no other route.

Each name is a tag, an element, an attribute of it, and asked by name, by path, by pattern, in batches and alone.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

import fault_proxy
from fault_proxy import FaultProxy
from mock_pi import Every, MockPI, PISystem, Point
from mock_pi.af import AFServer, Attribute, Database, Element
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.errors import PIError, PIOptionError, PIRefusedError, PIUnknownTagError

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"

#: Names that mean something to URLs, JSON, JSONPath, PI's and AF's query languages, shells, logs and SQL.
NAMES = [
    "a&webId=F1DP", "a;selectedFields=Items", "a#fragment", "a?maxCount=1", "a=b", "a+b", "a b", "inner  blanks x",
    "%41", "%2e%2e%2f", "%2F..%2F..%2Fsystem", "a%00b", "../../system/userinfo", "./x", "/piwebapi/system", "//host/x",
    "a:b", "a@b", "a,b", "'quoted'", '"quoted"', 'x" OR Name:"', "name:=x AND tag:y", "$.0.Content.Items[0].WebId", "$",
    "{0}", "{{secrets/a/b}}", "${HOME}", "$(id)", "`id`", "env:HOME", "@/etc/passwd", "a<b>c", "<script>", "a[b", "a]b",
    "[x]", "a{b}c", "a^b", "a~b", "a!b", "a(b)c", "--", "1;DROP TABLE x", "tag\tname", "äöü ß", "日本語", "😀", "ﬁ",
    "İi",
    "null", "NaN", "0x41", "now-1d", "F1DPabc", "file:///etc/passwd", "http://host/x", "100%", "x" * 120,
]  # fmt: skip
#: In paths of AF these separate.
SEPARATORS = ("\\", "|", "/")
ELEMENTS = [name for name in NAMES if not any(mark in name for mark in SEPARATORS) and "[" not in name]

POINTS = [Point(name, "Float64", Every(step_ticks=432_000_000_000, first=START)) for name in NAMES]


def plant() -> Database:
    """An element for each name, with an attribute of that name."""
    elements = [
        Element(name, elements=[Element("below", attributes=[Attribute(name, "Double", 1.5, units="m")])])
        for name in ELEMENTS
    ]
    return Database("Plant", [Element("Root", elements=elements)])


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, data_servers=("ONE",), af=[AFServer("AF", [plant()])], now=NOW)) as server:
        yield server


def read(driver: Any, pi: Any, **options: Any) -> Any:
    pi.reset_stats()
    return driver.read(url=pi.url, **options)


def routes(pi: MockPI) -> set[str]:
    """All routes that were asked, inside of batches too."""
    stats = pi.stats()
    return {*stats.by_route, *stats.sub_by_route}


DATA_ROUTES = {"dataservers", "points/multiple", "batch", "streams/recorded", "streams/summary"}
RANGE = {"startTime": START, "endTime": END}


@pytest.mark.parametrize("post", [True, False])
@pytest.mark.parametrize("form", ["name", "path"])
def test_tags_by_name_and_path(driver, pi, form, post):
    tags = [name if form == "name" else rf"\\ONE\{name}" for name in NAMES]
    reading = read(driver, pi, tags=json.dumps(tags), post=post, **RANGE)
    expected = expected_rows(pi.system, POINTS, START, END)
    assert_same(actual_rows(reading.batches), expected)
    assert expected.total() == 2 * len(NAMES)
    assert routes(pi) <= DATA_ROUTES


@pytest.mark.parametrize("name", [name for name in NAMES if "[" not in name])
def test_a_pattern_that_is_a_name(driver, pi, name):
    reading = read(driver, pi, tagFilter=json.dumps([name]), **RANGE)
    (point,) = (point for point in POINTS if point.name == name)
    assert_same(actual_rows(reading.batches), expected_rows(pi.system, [point], START, END))
    assert routes(pi) <= DATA_ROUTES | {"dataservers/points"}


@pytest.mark.parametrize("name", ['"quoted" x', "a b", "1;DROP TABLE x", "äöü ß", "a&webId=F1DP", "a+b", "100%"])
def test_a_query_goes_as_it_is(driver, pi, name):
    """`tagQuery` is the user's own text in PI's language: handed on, and never put together by us."""
    text = f'tag:="{name}"'
    with FaultProxy(pi.url) as proxy:
        if name.startswith('"'):  # in that language a quote cannot be written between quotes
            with pytest.raises(PIError) as caught:
                driver.read(url=proxy.url, tagQuery=text, **RANGE)
            assert text in str(caught.value)
        else:
            reading = driver.read(url=proxy.url, tagQuery=text, **RANGE)
            assert {row[0] for row in actual_rows(reading.batches)} == {name}
        asked = [line for line in proxy.lines if "points/search" in line]
    assert len(asked) >= 1
    assert all(line.count("&query=") == 1 and line.count(" ") == 2 for line in asked)


@pytest.mark.parametrize("name", ELEMENTS)
def test_elements_as_roots(driver, pi, name):
    reading = read(driver, pi, table="attribute_values", database="Plant", elementRoot=f"Root\\{name}")
    rows = [row for batch in reading.batches for row in batch.to_pylist()]
    assert [(row["value"], row["uom"]) for row in rows] == [(1.5, "m")]
    assert not any("system" in route for route in routes(pi))


@pytest.mark.parametrize(
    "text",
    ["../system", "F1DP/../../system/userinfo", "F1DPxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx/recorded?", "x\r\nX-Injected: 1",
     "\\\\ONE\\..\\..\\system", "\\\\ONE\\x&path=\\\\ONE\\a b", "x HTTP/1.1\r\n\r\nGET /piwebapi/system HTTP/1.1"],
)  # fmt: skip
def test_what_is_no_tag_reaches_nothing(driver, pi, text):
    with pytest.raises((PIUnknownTagError, PIOptionError)):
        read(driver, pi, tags=json.dumps([text]), **RANGE)
    assert routes(pi) <= DATA_ROUTES
    assert not pi.stats().by_route.get("system", 0)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "/etc/passwd", "ftp://127.0.0.1/x", "jar:file:///x", "FILE:/etc/passwd", "data:text/plain,x",
     "unix:///tmp/x", "gopher://127.0.0.1:1/", "@/etc/passwd"],
)  # fmt: skip
def test_an_address_that_is_no_web_address_is_refused(driver, url):
    with pytest.raises(PIOptionError, match="option url"):
        driver.read(url=url, tags="A")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("route", ["dataservers", "points", "batch", "recorded"])
def test_redirects_are_not_followed_and_carry_no_login(driver, pi, code, route):
    with closing(socket.create_server(("127.0.0.1", 0))) as elsewhere, FaultProxy(pi.url) as proxy:
        elsewhere.settimeout(0.05)
        address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}/piwebapi/x"
        proxy.strike(fault_proxy.other_status(code, ("Location", address)), route=route)
        tags = json.dumps(NAMES if route == "batch" else ["a b"])
        with pytest.raises(PIRefusedError, match=r"redirects are not followed, set option url"):
            driver.read(url=proxy.url, tags=tags, username="me", password="canary", numPartitions=1, **RANGE)
        assert proxy.struck == 1
        with pytest.raises(TimeoutError):
            elsewhere.accept()


def test_a_path_of_a_secret_is_read_here_and_never_sent(driver, pi, tmp_path):
    """`@/path` is for secrets alone: elsewhere it is a text like any other."""
    file = tmp_path / "file"
    file.write_text("canary-content")
    with FaultProxy(pi.url) as proxy:
        for options in ({"tags": f"@{file}"}, {"tagFilter": f"@{file}"}, {"tags": f"env:HOME,file://{file}"}):
            with pytest.raises(PIError):
                driver.read(url=proxy.url, **options, **RANGE)
        assert proxy.requests >= 6
        assert not any(b"canary" in head for head in proxy.heads)
