from __future__ import annotations

from dataclasses import replace
from datetime import timezone
from typing import Any

import pytest

from pi_datasource.errors import PIRefusedError
from pi_datasource.options import Sampling
from pi_datasource.plan.grid import Grid
from pi_datasource.read.questions import Question
from pi_datasource.read.summaries import LongSummaries, WideSummaries
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import Span, TimeRange, parse_iso
from pi_datasource.webapi.wire import FieldError, State, Summaries, Summary, TimedValue
from tests.unit.webapi.fakes import pi_text

HOUR = 36_000_000_000
START = parse_iso("2026-01-01T00:00:00Z")
SPAN = Span.parse("1h")
GRID = Grid(TimeRange(START, START + 3 * HOUR), SPAN, timezone.utc)
SAMPLING = Sampling(SPAN, summary_types=("Maximum", "Count"), summary_duration=SPAN)
QUESTION = Question(Stream("W", "tag", "integer", uom="bar"), 0, 3)


def item(name: str, hour: float, value: Any, good: bool | None = True) -> Summary:
    return Summary(name, TimedValue(pi_text(START + int(hour * HOUR)), value, Good=good))


#: The second maximum is on the border of two hours, the third cannot be computed.
ITEMS = [
    item("Maximum", 0.5, 7), item("Maximum", 2, 9), item("Maximum", 2, State(Errors=["No good values."]), None),
    item("Count", 0, 3.0), item("Count", 1, 4.0), item("Count", 2, 0.0),
]  # fmt: skip


@pytest.mark.parametrize("order", ["by type", "by time", "other case"])
def test_long(order: str) -> None:
    items = [ITEMS[place] for place in ((0, 1, 2, 3, 4, 5) if order == "by type" else (0, 3, 1, 4, 2, 5))]
    if order == "other case":
        items = [Summary(one.Type.lower(), one.Value) for one in items]
    maxima, counts = LongSummaries(GRID, SAMPLING, "UTC").pages(QUESTION, Summaries(Items=items))
    assert [one.Value for one in maxima.values] == [7, 9, State(Errors=["No good values."])]
    assert [one.Good for one in maxima.values] == [True, True, False]
    assert list(maxima.ticks) == [START, START + HOUR, START + 2 * HOUR]
    assert maxima.more["end_ticks"] == [START + HOUR, START + 2 * HOUR, START + 3 * HOUR]
    assert maxima.more["extreme_ticks"] == [START + HOUR // 2, START + 2 * HOUR, None]
    assert maxima.more["summary_type"] == ["Maximum"] * 3
    assert (maxima.stream.kind, maxima.stream.uom) == ("integer", "bar")
    assert [one.Value for one in counts.values] == [3.0, 4.0, 0.0]
    assert (counts.stream.kind, counts.stream.uom) == ("float", "")
    assert counts.more["extreme_ticks"] == [None] * 3


def test_wide() -> None:
    (page,) = WideSummaries(GRID, SAMPLING, "UTC").pages(QUESTION, Summaries(Items=ITEMS))
    assert page.more == {
        "end_ticks": [START + HOUR, START + 2 * HOUR, START + 3 * HOUR],
        "maximum": [7.0, 9.0, None],
        "maximum_ticks": [START + HOUR // 2, START + 2 * HOUR, None],
        "count": [3.0, 4.0, 0.0],
    }
    assert [(one.Value, one.Good) for one in page.values] == [
        (None, True), (None, True), ("Maximum: No good values.", False),
    ]  # fmt: skip


def test_good_is_unknown_where_the_server_does_not_say() -> None:
    items = [item("Maximum", 0, 1, None), *ITEMS[1:]]
    (page,) = WideSummaries(GRID, SAMPLING, "UTC").pages(QUESTION, Summaries(Items=items))
    assert [one.Good for one in page.values] == [None, True, False]


def test_numbers_that_json_does_not_have_and_states() -> None:
    items = [item("Maximum", 0, "NaN"), item("Maximum", 1, State("No Data", 248, True), False), *ITEMS[2:]]
    (page,) = WideSummaries(GRID, SAMPLING, "UTC").pages(QUESTION, Summaries(Items=items))
    first, second, third = page.more["maximum"]
    assert first != first
    assert (second, third) == (None, None)
    assert [one.Value for one in page.values] == [None, "Maximum: No Data", "Maximum: No good values."]


@pytest.mark.parametrize("left_out", range(6))
def test_an_interval_that_is_missing_is_refused(left_out: int) -> None:
    items = ITEMS[:left_out] + ITEMS[left_out + 1 :]
    name = ITEMS[left_out].Type
    for form in (LongSummaries(GRID, SAMPLING, "UTC"), WideSummaries(GRID, SAMPLING, "UTC")):
        with pytest.raises(PIRefusedError, match=f"summary {name} of tag: 3 were asked for, and 2 came"):
            form.pages(QUESTION, Summaries(Items=items))


def test_words_of_an_item_without_a_value() -> None:
    one_hour = replace(SAMPLING, summary_types=("Count",))
    failed = Summary("Count", TimedValue(pi_text(START), None), [FieldError(None, "Archive gone.")])
    question = Question(QUESTION.stream, 0, 1)
    (page,) = LongSummaries(GRID, one_hour, "UTC").pages(question, Summaries(Items=[failed]))
    (value,) = page.values
    assert (value.Value, value.Good) == (State(Errors="Archive gone."), False)
