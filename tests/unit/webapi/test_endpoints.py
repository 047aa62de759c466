from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_datasource.times import MAX_TICKS, MIN_TICKS, parse_iso
from pi_datasource.webapi import endpoints
from tests.unit.webapi.fakes import Asked

START, END = parse_iso("2026-01-01T00:00:00.0000001Z"), parse_iso("2026-01-02T00:00:00Z")
NASTY = [
    "a;b",
    "a&b=c",
    "a#b",
    "50%",
    "a+b",
    "two words",
    "Größe",
    "点",
    "a|b",
    "a/b",
    r"\\srv\tag",
    '"quoted"',
    "a?b",
    "😀",
]


def test_recorded_asks_up_to_one_tick_before_the_end_with_seven_digits() -> None:
    asked = Asked(endpoints.recorded("W", START, END, 500, ("Good", "Annotated")))
    assert asked.path == ["streams", "W", "recorded"]
    assert asked.pairs == [
        ("startTime", "2026-01-01T00:00:00.0000001Z"),
        ("endTime", "2026-01-01T23:59:59.9999999Z"),
        ("boundaryType", "Inside"),
        ("maxCount", "500"),
        (
            "selectedFields",
            "Items.Timestamp;Items.Value;Items.Good;Items.Annotated;Items.Errors;Errors;Message;WebException",
        ),
    ]


def test_a_range_of_one_tick_asks_that_instant_alone() -> None:
    query = Asked(endpoints.recorded("W", START, START + 1, 5, ())).query
    assert query["startTime"] == query["endTime"] == "2026-01-01T00:00:00.0000001Z"


@given(st.integers(MIN_TICKS, MAX_TICKS - 1).flatmap(lambda s: st.tuples(st.just(s), st.integers(s + 1, MAX_TICKS))))
def test_the_range_asked_is_exactly_the_ticks_of_the_half_open_range(span: tuple[int, int]) -> None:
    query = Asked(endpoints.recorded("W", *span, 5, ())).query
    assert (parse_iso(query["startTime"]), parse_iso(query["endTime"])) == (span[0], span[1] - 1)
    assert all(len(query[name]) == len("2026-01-01T00:00:00.0000001Z") for name in ("startTime", "endTime"))


def test_backwards_asks_from_the_newest_to_the_oldest_both_included() -> None:
    query = Asked(endpoints.recorded_backwards("W", END, START, 7, ())).query
    assert (query["startTime"], query["endTime"]) == ("2026-01-02T00:00:00.0000000Z", "2026-01-01T00:00:00.0000001Z")
    assert (query["maxCount"], query["boundaryType"]) == ("7", "Inside")


def test_count_is_event_weighted_because_time_weighted_counts_seconds() -> None:
    asked = Asked(endpoints.count("W", START, END))
    assert asked.path == ["streams", "W", "summary"]
    assert asked.query["summaryType"] == "Count"
    assert asked.query["calculationBasis"] == "EventWeighted"


@pytest.mark.parametrize("name", NASTY)
def test_names_survive_the_way_through_an_address(name: str) -> None:
    routes = [
        endpoints.points_multiple(paths=[name, "plain"]),
        endpoints.data_server_points(name, name, 0, 10),
        endpoints.point_search("W", name, 0, 10),
    ]
    multiple, listed, search = (Asked(route) for route in routes)
    assert [value for key, value in multiple.pairs if key == "path"] == [name, "plain"]
    assert listed.path == ["dataservers", name, "points"]
    assert listed.query["nameFilter"] == name
    assert search.query["query"] == name
    for route in routes:
        assert route.isascii()
        assert urlsplit(route).fragment == ""
        assert not set(' "\\|<>^`{}+;') & set(route)


@pytest.mark.parametrize("web_id", ["a/b", "a b", "ü", "a?b", "a%2Fb"])
def test_a_web_id_is_one_segment_whatever_is_in_it(web_id: str) -> None:
    for route in (
        endpoints.recorded(web_id, START, END, 1, ()),
        endpoints.recorded_backwards(web_id, END, START, 1, ()),
        endpoints.count(web_id, START, END),
    ):
        assert Asked(route).path[:2] == ["streams", web_id]
        assert len(Asked(route).path) == 3


def test_several_points_repeat_the_key() -> None:
    asked = Asked(endpoints.points_multiple(paths=[r"\\s\a", r"\\s\b"], web_ids=["W1", "W2"]))
    assert asked.path == ["points", "multiple"]
    assert asked.pairs[:4] == [("path", r"\\s\a"), ("path", r"\\s\b"), ("webId", "W1"), ("webId", "W2")]
    fields = asked.query["selectedFields"].split(";")
    assert {"Items.Identifier", "Items.Exception", "Items.Object.WebId", "Items.Object.PointType"} <= set(fields)


@pytest.mark.parametrize(
    "route",
    [
        endpoints.recorded("W", START, END, 1, ()),
        endpoints.recorded_backwards("W", END, START, 1, ()),
        endpoints.count("W", START, END),
        endpoints.points_multiple(paths=["p"]),
        endpoints.data_server_points("W", "*", 0, 1),
        endpoints.point_search("W", "tag:=a", 0, 1),
        endpoints.data_servers(),
    ],
)
def test_selected_fields_never_hide_a_failure(route: str) -> None:
    fields = set(Asked(route).query["selectedFields"].split(";"))
    assert {"Errors", "Message", "WebException"} <= fields
    if "/recorded" in route:
        assert {"Items.Timestamp", "Items.Value", "Items.Errors"} <= fields


def test_a_route_without_parameters_has_no_question_mark() -> None:
    assert endpoints.with_query("system", []) == "system"


def test_paging_parameters_are_those_of_the_server() -> None:
    query = Asked(endpoints.data_server_points("W", "UNIT*", 2000, 1000)).query
    assert (query["startIndex"], query["maxCount"], query["nameFilter"]) == ("2000", "1000", "UNIT*")
    query = Asked(endpoints.point_search("W", "tag:=a", 5, 7)).query
    assert (query["dataServerWebId"], query["startIndex"], query["maxCount"]) == ("W", "5", "7")
