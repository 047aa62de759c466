from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pi_datasource.errors import (
    PIChangedError,
    PIConnectionError,
    PIError,
    PIForbiddenError,
    PINotFoundError,
    PIOptionError,
    PIRefusedError,
    PITagError,
    PITooLargeError,
    PIUnknownTagError,
)
from pi_datasource.options import Connection, Reading, Selection
from pi_datasource.resolve import points as module
from pi_datasource.resolve.points import resolve_points
from pi_datasource.resolve.streams import Resolved
from pi_datasource.times import TimeRange
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.throttle import JobLimits, Throttle

NASTY = [
    "a;b",
    "a&b=c",
    "a#b",
    "50%",
    "a+b",
    "two words",
    "Größe",
    "点",
    "1320/AIM,17-TT",
    '"q"',
    "a?b",
    "it's",
    "[x]",
    "😀",
]
ID = "wgwnpmLxqECAJV2Hpxdobg"


def web_id(number: int) -> str:
    return f"F1DP{ID}{number:06}UElMQUI"


class Site:
    """A pretend PI Web API with data servers and points; what it does wrong is told by its attributes."""

    def __init__(self, **servers: Sequence[str]) -> None:
        self.servers = list(servers)
        self.points: list[dict[str, Any]] = []
        for server, names in servers.items():
            for name in names:
                self.add(server, name)
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []
        self.page_limit = 1000
        self.shortest = 10**9
        self.search_says: list[str] | int = 404
        self.longest_query = 10**9
        self.multiple_says: Callable[[str], dict[str, Any] | None] = lambda identifier: None

    def add(self, server: str, name: str, **more: Any) -> dict[str, Any]:
        point = {
            "WebId": web_id(len(self.points)),
            "Id": len(self.points) + 1,
            "Name": name,
            "Path": f"\\\\{server}\\{name}",
            "Descriptor": f"about {name}",
            "PointType": "Float32",
            "EngineeringUnits": "°C",
            "Step": False,
            "Future": False,
            **more,
        }
        self.points.append(point)
        return point

    def handle(self, request: Request) -> Response:
        if request.path.endswith("/batch"):
            answers = {key: self.sub_answer(sub["Resource"]) for key, sub in request.get_json().items()}
            return Response(json.dumps(answers), 207, content_type="application/json")
        said = self.sub_answer(request.url)
        return Response(json.dumps(said["Content"]), said["Status"], content_type="application/json")

    def sub_answer(self, url: str) -> dict[str, Any]:
        parts = urlsplit(url)
        query = parse_qsl(parts.query)
        route = parts.path.removeprefix("/piwebapi/")
        self.asked.append((route, query))
        status, content = self.answer(route, query, len(parts.query))
        return {"Status": status, "Headers": {}, "Content": content}

    def answer(self, route: str, query: list[tuple[str, str]], length: int) -> tuple[int, Any]:
        if route == "dataservers":
            return 200, {
                "Items": [{"WebId": f"F1DS{name}", "Name": name, "IsConnected": True} for name in self.servers]
            }
        if route == "points/multiple":
            if length > self.longest_query:
                return 414, {"Message": "too long"}
            asked = [(name, value) for name, value in query if name in ("path", "webId")]
            # The order is not that of the question.
            return 207, {"Items": [self.looked(*one) for one in reversed(asked)]}
        values = dict(query)
        start, most = int(values["startIndex"]), int(values["maxCount"])
        if most > self.page_limit:
            words = f"Parameter 'maxCount' is greater than the maximum allowed ({self.page_limit})."
            return 400, {"Errors": [words]}
        if route == "points/search":
            if isinstance(self.search_says, int):
                return self.search_says, {"Message": "No HTTP resource was found that matches the request URI"}
            names = self.search_says[start : start + min(most, self.shortest)]
            return 200, {"Items": [point for name in names for point in self.points if point["Name"] == name]}
        server = route.split("/")[1].removeprefix("F1DS")
        prefix = values["nameFilter"].rstrip("*").lower()
        found = [p for p in self.points if p["Path"].lower().startswith(f"\\\\{server}\\{prefix}".lower())]
        page = found[start : start + min(most, self.shortest)]
        return 200, {"Items": page} if page else {}

    def looked(self, how: str, identifier: str) -> dict[str, Any]:
        special = self.multiple_says(identifier)
        if special is not None:
            return {"Identifier": identifier, **special}
        key = "Path" if how == "path" else "WebId"
        for point in self.points:
            if point[key] == identifier or (how == "path" and point[key].lower() == identifier.lower()):
                return {"Identifier": identifier, "Object": point, "Exception": None}
        return {
            "Identifier": identifier,
            "Object": None,
            "Exception": {"Errors": [f"PI Point not found '{identifier}'."]},
        }

    def routes(self) -> list[str]:
        return [route for route, _ in self.asked]


@pytest.fixture
def resolve(httpserver: HTTPServer):
    """Resolves tags at a site, by HTTP."""

    def run(
        site: Site,
        *tags: str,
        post: bool = True,
        filters: Sequence[str] = (),
        query: str | None = None,
        server: Sequence[str] = (),
        **reading: Any,
    ) -> Resolved:
        httpserver.clear()
        httpserver.expect_request(re.compile("/piwebapi/.*")).respond_with_handler(site.handle)
        connection = Connection(httpserver.url_for("/piwebapi"), post=post, max_retries=1)
        client = Client(connection, Throttle(JobLimits("none")), sleep=lambda _: None)
        try:
            return resolve_points(
                client, Selection(tags, tuple(filters), query, tuple(server)), Reading(TimeRange(0, 1), **reading)
            )
        finally:
            httpserver.check_assertions()

    return run


def names(resolved: Resolved) -> list[str]:
    return [stream.tag for stream in resolved.streams]


class TestOneByOne:
    def test_names_paths_and_web_ids_mixed_come_in_their_order(self, resolve) -> None:
        site = Site(srv=["SINUSOID", "CDT158", "BA:TEMP.1", "OTHER"])
        resolved = resolve(site, "CDT158", site.points[2]["WebId"], r"\\srv\SINUSOID")
        assert names(resolved) == ["CDT158", "BA:TEMP.1", "SINUSOID"]
        assert resolved.failures == {}

    def test_a_stream_has_what_reading_needs(self, resolve) -> None:
        site = Site(srv=[])
        site.add("srv", "T", PointType="Digital", EngineeringUnits="state", Future=True, Id=77)
        [stream] = resolve(site, "T").streams
        assert (stream.web_id, stream.tag, stream.kind, stream.uom) == (web_id(0), "T", "digital", "state")
        assert (stream.point_id, stream.future, stream.descriptor) == (77, True, "")
        [stream] = resolve(site, "T", include_descriptor=True).streams
        assert stream.descriptor == "about T"

    def test_case_does_not_matter_and_the_servers_spelling_is_shown(self, resolve) -> None:
        assert names(resolve(Site(Srv=["SinUsoid"]), "sinusoid", r"\\SRV\SINUSOID")) == ["SinUsoid"]

    @pytest.mark.parametrize("post", [True, False])
    def test_nasty_names_are_found(self, resolve, post: bool) -> None:
        site = Site(srv=NASTY)
        assert names(resolve(site, *NASTY, post=post)) == NASTY
        assert names(resolve(site, *[f"\\\\srv\\{name}" for name in NASTY], post=post)) == NASTY

    def test_the_same_tag_written_in_several_ways_is_one_stream(self, resolve) -> None:
        site = Site(srv=["A", "B"])
        resolved = resolve(site, "A", r"\\srv\A", site.points[0]["WebId"], "a", "B")
        assert names(resolved) == ["A", "B"]

    def test_thousands_take_few_requests(self, resolve) -> None:
        many = [f"UNIT.{number:05}" for number in range(3000)]
        site = Site(srv=many)
        assert names(resolve(site, *many)) == many
        assert site.routes().count("points/multiple") < 100
        looked_up = [value for route, query in site.asked for name, value in query if name == "path"]
        assert sorted(looked_up) == sorted(f"\\\\srv\\{name}" for name in many)

    def test_a_proxy_that_takes_short_addresses_only_gets_them(self, resolve) -> None:
        many = [f"UNIT.{number:03}" for number in range(60)]
        site = Site(srv=many)
        site.longest_query = 700
        assert names(resolve(site, *many)) == many

    def test_an_address_that_cannot_be_shorter_is_an_error(self, resolve) -> None:
        site = Site(srv=["A", "B"])
        site.longest_query = 10
        with pytest.raises(PITooLargeError):
            resolve(site, "A", "B")

    def test_a_long_web_id_is_shortened_for_the_address(self, resolve) -> None:
        site = Site(srv=[])
        site.add("srv", "T", WebId=web_id(0) + "U" * 300)
        [stream] = resolve(site, "T").streams
        assert stream.web_id == f"I1DP{ID}000000"

    def test_an_af_attribute_is_refused(self, resolve) -> None:
        for text in (r"\\AF\DB\Element|Attribute", "F1AbEDqD5loBNH0erqeqJodtALA"):
            with pytest.raises(PIOptionError, match=r"option tags: .* is an AF attribute; .*PI points"):
                resolve(Site(srv=["A"]), "A", text)

    def test_a_tag_with_a_bar_in_its_name_is_a_tag(self, resolve) -> None:
        assert names(resolve(Site(srv=["A|B"]), "A|B", r"\\srv\A|B")) == ["A|B"]

    def test_paths_as_tags(self, resolve) -> None:
        resolved = resolve(Site(srv=["A"]), "A", tag_format="path")
        assert names(resolved) == [r"\\srv\A"]


class TestUnknown:
    def test_tags_are_named_all_together_with_the_servers_words(self, resolve) -> None:
        many = [f"GONE.{number}" for number in range(150)]
        with pytest.raises(PIUnknownTagError) as caught:
            resolve(Site(srv=["A"]), "A", *many)
        assert list(caught.value.failures) == many
        assert caught.value.failures["GONE.7"] == r"PI Point not found '\\srv\GONE.7'."
        assert "150 tags not found" in str(caught.value)

    def test_a_web_id_or_path_is_named_as_it_was_written(self, resolve) -> None:
        unknown = [web_id(99), r"\\srv\GONE", "GONE TOO"]
        with pytest.raises(PIUnknownTagError) as caught:
            resolve(Site(srv=["A"]), *unknown)
        assert list(caught.value.failures) == unknown

    def test_skip_reads_the_others_and_keeps_the_causes(self, resolve, caplog: pytest.LogCaptureFixture) -> None:
        resolved = resolve(Site(srv=["A", "B"]), "A", "GONE", "B", filters=["X*"], on_tag_error="skip")
        assert names(resolved) == ["A", "B"]
        assert set(resolved.failures) == {"GONE", "tagFilter X*"}
        assert "GONE" in caplog.text
        assert "onTagError=skip" in caplog.text

    @pytest.mark.parametrize(
        "said",
        [{"Object": None}, {"Object": {}}, {"Exception": {"Message": "no right"}}, {"Exception": {"Errors": "x"}}],
    )
    def test_whatever_form_it_is_told_in(self, resolve, said: dict[str, Any]) -> None:
        site = Site(srv=["A", "B"])
        site.multiple_says = lambda identifier: said if identifier.endswith("B") else None
        with pytest.raises(PIUnknownTagError) as caught:
            resolve(site, "A", "B")
        assert list(caught.value.failures) == ["B"]
        assert caught.value.failures["B"]

    def test_an_item_that_the_answer_leaves_out_is_not_found(self, resolve) -> None:
        site = Site(srv=["A", "B"])
        whole = site.answer

        def short(route: str, query: list[tuple[str, str]], length: int) -> tuple[int, Any]:
            status, content = whole(route, query, length)
            if route == "points/multiple":
                content["Items"] = [item for item in content["Items"] if not item["Identifier"].endswith("B")]
            return status, content

        site.answer = short
        with pytest.raises(PIUnknownTagError) as caught:
            resolve(site, "A", "B")
        assert list(caught.value.failures) == ["B"]

    def test_a_comma_in_a_list_of_tags_is_hinted_at(self, resolve) -> None:
        with pytest.raises(PIUnknownTagError, match="JSON array"):
            resolve(Site(srv=["1320/AIM,17-TT"]), "1320/AIM", "17-TT")

    def test_a_wildcard_among_tags_is_hinted_at(self, resolve) -> None:
        with pytest.raises(PIUnknownTagError, match="for wildcards use option tagFilter"):
            resolve(Site(srv=["A1"]), "A*")

    @pytest.mark.parametrize(
        ("status", "kind"), [(403, PIForbiddenError), (404, PINotFoundError), (400, PIRefusedError)]
    )
    def test_a_look_up_that_is_refused_is_an_error_and_no_unknown_tag(self, resolve, status: int, kind: type) -> None:
        site = Site(srv=["A"])
        whole = site.answer
        site.answer = lambda *asked: (status, {"Message": "no"}) if asked[0] == "points/multiple" else whole(*asked)
        with pytest.raises(kind):
            resolve(site, "A", on_tag_error="skip")


class TestServers:
    def test_a_name_that_two_servers_have_is_an_error_that_names_both(self, resolve) -> None:
        with pytest.raises(PITagError) as caught:
            resolve(Site(one=["A", "B"], two=["A"]), "A", "B")
        assert caught.value.failures == {"A": r"is on several data servers: \\one\A, \\two\A"}
        assert "dataServer" in str(caught.value)

    def test_it_is_not_skipped_because_which_is_meant_is_not_known(self, resolve) -> None:
        with pytest.raises(PITagError):
            resolve(Site(one=["A"], two=["A"]), "A", on_tag_error="skip")

    def test_a_name_that_one_server_has_is_found_wherever_it_is(self, resolve) -> None:
        assert names(resolve(Site(one=["A"], two=["B"]), "B", "A")) == ["B", "A"]

    def test_the_option_chooses_a_server_whatever_its_case(self, resolve) -> None:
        site = Site(One=["A"], Two=["A", "B"])
        [stream] = resolve(site, "A", server=["two"]).streams
        assert stream.web_id == site.points[1]["WebId"]
        with pytest.raises(PIUnknownTagError):
            resolve(site, "B", server=["One"])

    def test_an_unknown_server_is_an_error_that_names_the_known(self, resolve) -> None:
        with pytest.raises(PIOptionError, match=r"option dataServer: no data server .three. here; .*: .one., .two."):
            resolve(Site(one=["A"], two=[]), "A", server=["one", "three"])

    def test_no_server_at_all_is_an_error(self, resolve) -> None:
        with pytest.raises(PIOptionError, match="knows no data server"):
            resolve(Site(), "A")

    def test_both_by_their_paths_need_tag_format_path(self, resolve) -> None:
        site = Site(one=["A"], two=["a"])
        with pytest.raises(PITagError, match="set option tagFormat=path") as caught:
            resolve(site, r"\\one\A", r"\\two\a")
        assert list(caught.value.failures) == [r"\\one\A, \\two\a"]
        assert names(resolve(site, r"\\one\A", r"\\two\a", tag_format="path")) == [r"\\one\A", r"\\two\a"]


class TestPatterns:
    MANY = [f"UNIT1.{number:04}" for number in range(250)]  # noqa: RUF012

    @pytest.mark.parametrize(("limit", "shortest"), [(1000, 10**9), (100, 10**9), (1000, 40), (7, 10**9), (250, 250)])
    def test_all_pages_are_read_whatever_their_size(self, resolve, limit: int, shortest: int) -> None:
        site = Site(srv=[*self.MANY, "OTHER"])
        site.page_limit, site.shortest = limit, shortest
        assert names(resolve(site, filters=["UNIT1.*"])) == self.MANY

    def test_the_end_is_an_empty_page_because_a_short_one_may_be_the_servers_limit(self, resolve) -> None:
        site = Site(srv=self.MANY[:5])
        assert names(resolve(site, filters=["UNIT1.*"])) == self.MANY[:5]
        assert site.routes().count("dataservers/F1DSsrv/points") == 2

    @pytest.mark.parametrize(
        ("shortest", "post", "requests"), [(10**9, True, 9), (7, True, 12), (10**9, False, 30), (3, True, 128)]
    )
    def test_pages_of_a_long_list_are_asked_ahead(
        self, resolve, monkeypatch: pytest.MonkeyPatch, shortest: int, post: bool, requests: int
    ) -> None:
        monkeypatch.setattr("pi_datasource.resolve.points.LIST_PAGE", 10)
        monkeypatch.setattr("pi_datasource.resolve.points.SMALLEST_PAGE", 5)
        site = Site(srv=[*self.MANY, "OTHER"])
        site.shortest = shortest
        counted: list[str] = []
        whole = site.handle
        site.handle = lambda request: counted.append(request.path) or whole(request)  # type: ignore[func-returns-value]
        assert names(resolve(site, filters=["UNIT1.*"], post=post)) == self.MANY
        assert len(counted) <= requests
        starts = [int(dict(query)["startIndex"]) for route, query in site.asked if route.endswith("/points")]
        # Never more than the pages of one request behind the end.
        assert max(starts) <= len(self.MANY) + 8 * 10

    def test_patterns_and_tags_that_overlap_make_each_stream_once(self, resolve) -> None:
        site = Site(srv=self.MANY[:9])
        assert names(resolve(site, "UNIT1.0003", filters=["UNIT1.*", "UNIT1.000*"])) == [
            "UNIT1.0003", *(name for name in self.MANY[:9] if name != "UNIT1.0003")
        ]  # fmt: skip

    def test_all_servers_are_looked_on_unless_one_is_chosen(self, resolve) -> None:
        site = Site(one=["A1", "A2"], two=["A3"])
        assert names(resolve(site, filters=["A*"])) == ["A1", "A2", "A3"]
        assert names(resolve(site, filters=["A*"], server=["two"])) == ["A3"]

    def test_a_pattern_without_a_point_is_an_error_by_name(self, resolve) -> None:
        with pytest.raises(PIUnknownTagError) as caught:
            resolve(Site(srv=["A"]), filters=["A*", "B*"])
        assert caught.value.failures == {"tagFilter B*": "matches no point"}

    def test_a_name_on_two_servers_under_a_pattern_is_an_error_that_names_both(self, resolve) -> None:
        with pytest.raises(PITagError, match="tagFormat=path") as caught:
            resolve(Site(one=["A1"], two=["A1"]), filters=["A*"])
        assert list(caught.value.failures) == [r"\\one\A1, \\two\A1"]

    def test_a_list_that_never_ends_is_refused(self, resolve) -> None:
        site = Site(srv=self.MANY[:5])
        whole = site.answer
        site.answer = lambda route, query, length: whole(
            route, [(n, "0" if n == "startIndex" else v) for n, v in query], length
        )
        with pytest.raises(PIRefusedError, match="the same points come again and again"):
            resolve(site, filters=["UNIT1.*"])
        assert len(site.asked) == 3

    @pytest.mark.parametrize("change", ["removed", "added"])
    @pytest.mark.parametrize("post", [True, False])
    def test_a_list_that_changes_while_it_is_read_is_read_again(
        self, resolve, monkeypatch: pytest.MonkeyPatch, change: str, post: bool
    ) -> None:
        """Points that move over the border of two pages would be missed."""
        monkeypatch.setattr("pi_datasource.resolve.points.LIST_PAGE", 10)
        site = Site(srv=self.MANY[:40])
        whole, done = site.answer, []

        def answer(route: str, query: list[tuple[str, str]], length: int) -> tuple[int, Any]:
            said = whole(route, query, length)
            if route.endswith("/points") and not done:
                done.append(site.points.pop(0) if change == "removed" else site.add("srv", "UNIT1.-"))
                site.points.sort(key=lambda point: point["Name"])
            return said

        site.answer = answer
        found = names(resolve(site, filters=["UNIT1.*"], post=post))
        assert found == (self.MANY[1:40] if change == "removed" else ["UNIT1.-", *self.MANY[:40]])

    def test_a_list_that_changes_all_the_time_is_an_error(self, resolve, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("pi_datasource.resolve.points.LIST_PAGE", 10)
        site = Site(srv=self.MANY[:40])
        whole = site.answer

        def answer(route: str, query: list[tuple[str, str]], length: int) -> tuple[int, Any]:
            said = whole(route, query, length)
            if route.endswith("/points"):
                del site.points[0]
            return said

        site.answer = answer
        with pytest.raises(PIChangedError, match=r"tagFilter 'UNIT1.\*' on srv: the list changed while it was read"):
            resolve(site, filters=["UNIT1.*"])

    @pytest.mark.parametrize("limit", [0, 1])
    def test_a_page_limit_that_lets_no_two_points_through_is_an_error(self, resolve, limit: int) -> None:
        """Between pages of one point another could be missed, and nobody would know."""
        site = Site(srv=self.MANY[:5])
        site.page_limit = limit
        words = rf"tagFilter 'UNIT1.\*' on srv.*MaxReturnedItemsPerCall.*greater than the maximum allowed \({limit}\)"
        with pytest.raises(PITooLargeError, match=words):
            resolve(site, filters=["UNIT1.*"])

    @pytest.mark.parametrize("post", [True, False])
    def test_a_page_limit_of_two_points_is_enough(self, resolve, post: bool) -> None:
        site = Site(srv=self.MANY[:25])
        site.page_limit = 2
        assert names(resolve(site, filters=["UNIT1.*"], post=post)) == self.MANY[:25]


class TestQueries:
    def test_points_that_come_twice_are_one(self, resolve) -> None:
        site = Site(srv=["A", "B", "C"])
        site.search_says = ["A", "B", "A", "B", "C"]
        assert names(resolve(site, query="PointType:=Float32")) == ["A", "B", "C"]
        [asked, *_] = [dict(query) for route, query in site.asked if route == "points/search"]
        assert asked["query"] == "PointType:=Float32"
        assert asked["dataServerWebId"] == "F1DSsrv"

    def test_a_page_that_repeats_points_of_the_one_before_goes_on(self, resolve) -> None:
        site = Site(srv=["A", "B", "C"])
        site.search_says, site.shortest = ["A", "B", "B", "C"], 3
        assert names(resolve(site, query="tag:=*")) == ["A", "B", "C"]

    def test_a_server_before_2021_is_told_by_name(self, resolve) -> None:
        with pytest.raises(PIOptionError, match=r"option tagQuery: .* 2021 SP3.*tagFilter") as caught:
            resolve(Site(srv=["A"]), query="tag:=A")
        assert "No HTTP resource was found" in str(caught.value)

    def test_a_query_without_a_point_is_an_error_by_name(self, resolve) -> None:
        site = Site(srv=["A"])
        site.search_says = [[]]
        with pytest.raises(PIUnknownTagError) as caught:
            resolve(site, query="tag:=B")
        assert list(caught.value.failures) == ["tagQuery tag:=B"]


def test_a_server_that_cannot_be_reached_is_said_and_not_skipped() -> None:
    client = Client(Connection("http://127.0.0.1:9/piwebapi", max_retries=0), sleep=lambda _: None)
    with pytest.raises(PIConnectionError, match="list of data servers"):
        resolve_points(client, Selection(("A",)), Reading(TimeRange(0, 1), on_tag_error="skip"))


def test_every_error_is_one_of_ours() -> None:
    assert issubclass(PIUnknownTagError, PITagError)
    assert issubclass(PITagError, PIError)
    assert module.LIST_PAGE == 1000
