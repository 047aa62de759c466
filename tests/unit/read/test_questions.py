from __future__ import annotations

from collections import Counter
from datetime import timezone
from typing import Any

import pytest

from pi_datasource.errors import PIForbiddenError, PIRefusedError, PITimeoutError
from pi_datasource.options import Sampling
from pi_datasource.plan.grid import Grid
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.chain import Paging, learned_limit
from pi_datasource.read.questions import Question, Round, rounds, with_words
from pi_datasource.read.samples import AtTimes, One, Steps
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import Span, TimeRange, parse_iso
from pi_datasource.webapi import samples
from pi_datasource.webapi.wire import FieldError, OneValue, State, TimedValue, TimedValues
from tests.unit.webapi.fakes import URL, Asked, FakeClient, Said, pi_text

SECOND = 10_000_000
START = parse_iso("2026-01-01T00:00:00Z")
WINDOW = TimeRange(START, START + 100 * SECOND)
SAMPLING = Sampling(Span.parse("1s"))
GRID = Grid(WINDOW, SAMPLING.interval, timezone.utc)
FORM = Steps(
    "interpolated", GRID, lambda stream, window: samples.interpolated(stream.web_id, window, "UTC", SAMPLING, ())
)


class Server:
    """Answers `interpolated` with the number of each second; refuses, or is silent, as told."""

    def __init__(
        self, limit: int = 10**9, slow_over: int = 10**9, words: str = "({limit})", forbidden: str = ""
    ) -> None:
        self.limit, self.slow_over, self.forbidden = limit, slow_over, forbidden
        self.words = words.format(limit=limit)
        self.sizes: list[int] = []

    def __call__(self, asked: Asked) -> Said:
        start, end = parse_iso(asked.query["startTime"]), parse_iso(asked.query["endTime"])
        ticks = range(start, end + 1, SECOND)
        self.sizes.append(len(ticks))
        if asked.path[1] == self.forbidden:
            return Said(403, {"Errors": ["no access"]})
        if len(ticks) > self.limit:
            return Said(400, {"Errors": [f"The number of intervals is greater than the maximum allowed {self.words}."]})
        if len(ticks) > self.slow_over:
            return Said(504, {"Message": "too slow"})
        return Said(200, {"Items": [{"Timestamp": pi_text(tick), "Value": (tick - START) // SECOND} for tick in ticks]})


def pieces(count: int, window: TimeRange = WINDOW) -> list[Piece]:
    return [Piece(Stream(f"W{number}", f"tag {number}", "integer"), window) for number in range(count)]


def made(
    client: FakeClient, count: int, rows: int = 1000, page_size: int | None = None, tags: int = 100
) -> list[Round]:
    return rounds(client, FORM, pieces(count), Paging(rows, page_size, ()), tags)  # type: ignore[arg-type]


def run(some: list[Round]) -> tuple[Counter[tuple[str, Any]], dict[str, Exception]]:
    """Reads all: how often each value of each tag came, and what failed."""
    found: Counter[tuple[str, Any]] = Counter()
    failures: dict[str, Exception] = {}
    for one in some:
        for _ in range(500):
            if one.done:
                break
            for page in one.take(one.fetch()):
                found.update((page.stream.tag, value.Value) for value in page.values)
            failures |= one.failures
        assert one.done
    return found, failures


def every(count: int) -> Counter[tuple[str, Any]]:
    return Counter((f"tag {tag}", number) for tag in range(count) for number in range(100))


@pytest.mark.parametrize(("rows", "page_size", "tags", "requests"), [
    (1000, None, 100, 1), (200, None, 100, 3), (1000, None, 2, 3), (10, None, 100, 50), (1000, 50, 100, 1),
])  # fmt: skip
def test_questions_share_a_response(rows: int, page_size: int | None, tags: int, requests: int) -> None:
    server = Server()
    client = FakeClient(server)
    found, failures = run(made(client, 5, rows, page_size, tags))
    assert found == every(5)
    assert failures == {}
    assert len(client.batches) + len(client.gets) == requests
    assert max(server.sizes) <= min(rows, page_size or rows)


@pytest.mark.parametrize("limit", [1, 3, 30, 99])
@pytest.mark.parametrize("words", ["({limit})", "", "(150000)"])
def test_more_than_the_server_allows_is_asked_in_smaller_pieces(limit: int, words: str) -> None:
    server = Server(limit, words=words)
    found, failures = run(made(FakeClient(server), 3))
    assert found == every(3)
    assert failures == {}
    if "limit" in words:
        assert learned_limit(URL) == limit
        assert max(server.sizes[3:]) <= limit


def test_what_one_server_told_holds_for_later_rounds() -> None:
    server = Server(30)
    client = FakeClient(server)
    run(made(client, 1))
    server.sizes.clear()
    run(made(client, 1))
    assert sorted(server.sizes) == [10, 30, 30, 30]


def test_slow_answers_are_asked_of_fewer_and_then_in_halves() -> None:
    server = Server(slow_over=10)
    found, failures = run(made(FakeClient(server), 3))
    assert found == every(3)
    assert failures == {}


def test_a_server_that_never_answers_is_given_up() -> None:
    with pytest.raises(PITimeoutError, match="gave up on interpolated of tag 0"):
        run(made(FakeClient(Server(slow_over=0)), 2))


def test_a_sample_too_large_for_the_server_fails_its_tag() -> None:
    found, failures = run(made(FakeClient(Server(limit=0, words="")), 2))
    assert not found
    assert set(failures) == {"tag 0", "tag 1"}


def test_a_forbidden_stream_leaves_the_others() -> None:
    found, failures = run(made(FakeClient(Server(forbidden="W1")), 3))
    assert {tag for tag, _ in found} == {"tag 0", "tag 2"}
    assert found.total() == 200
    assert isinstance(failures.pop("tag 1"), PIForbiddenError)
    assert failures == {}


QUESTION = Question(Stream("W", "tag", "float"), 0, 3)


def values(count: int) -> TimedValues:
    return TimedValues(Items=[TimedValue(pi_text(START + number * SECOND), 1.5) for number in range(count)])


@pytest.mark.parametrize("count", [0, 2, 4])
def test_an_answer_of_another_length_is_refused(count: int) -> None:
    with pytest.raises(PIRefusedError, match=f"interpolated of tag: 3 were asked for, and {count} came"):
        FORM.pages(QUESTION, values(count))
    at_times = AtTimes("recorded_at_times", [START, START + 1, START + 2], "Auto", ())
    with pytest.raises(PIRefusedError, match=f"3 were asked for, and {count} came"):
        at_times.pages(QUESTION, values(count))


def test_where_a_filter_may_take_some_any_length_is_right() -> None:
    (page,) = Steps("plot", GRID, FORM.ask, counted=False).pages(QUESTION, values(2))
    assert list(page.ticks) == [START, START + SECOND]


def test_a_value_that_cannot_be_read_fails_the_stream() -> None:
    answer = values(3)
    answer.Items[1].Errors = [FieldError("Value", ["PI Point not found."])]
    with pytest.raises(PIRefusedError, match=r"interpolated of tag: .* Value: PI Point not found\."):
        FORM.pages(QUESTION, answer)


def test_one_value_keeps_its_flags() -> None:
    form = One("value", lambda stream: samples.value(stream.web_id, None, ()))
    answer = OneValue(Timestamp=pi_text(START), Value=State("Shutdown", 254, True), Good=False, Annotated=True)
    (page,) = form.pages(QUESTION, answer)
    (value,) = page.values
    assert (value.Good, value.Questionable, value.Substituted, value.Annotated) == (False, None, None, True)
    assert (value.Value, list(page.ticks)) == (answer.Value, [START])
    with pytest.raises(PIRefusedError, match="value of tag: the answer has no value and no time"):
        form.pages(QUESTION, OneValue())


def test_what_could_not_be_made_becomes_a_bad_value_in_the_servers_words() -> None:
    row = with_words(TimedValue("t", None, Good=True, Errors=[FieldError("Value", ["No event.", "None at all."])]))
    assert (row.Value, row.Good, row.Errors) == (State(Errors="Value: No event.; None at all."), False, None)
    value = with_words(TimedValue("t", State(Errors=["Calculation failed."]), Good=None))
    assert (value.Value, value.Good) == (State(Errors=["Calculation failed."]), False)
    usual = with_words(TimedValue("t", 1.5, Good=None))
    assert (usual.Value, usual.Good) == (1.5, None)
