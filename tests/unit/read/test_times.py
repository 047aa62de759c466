from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.read.times import parse_ticks
from pi_datasource.times import MAX_TICKS, MIN_TICKS, parse_iso
from tests.unit.webapi.fakes import pi_text

#: Years that Arrow's nanoseconds reach, years around their ends, and all others.
TICKS = st.one_of(
    st.integers(parse_iso("1970-01-01"), parse_iso("2100-01-01")),
    st.integers(parse_iso("1677-09-20"), parse_iso("1677-09-23")),
    st.integers(parse_iso("2262-04-10"), parse_iso("2262-04-13")),
    st.integers(MIN_TICKS, MAX_TICKS),
    st.integers(-1000, 1000),
    st.integers(0, 4 * 10**9).map(lambda second: second * 10_000_000),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(TICKS, max_size=20))
def test_times_as_the_server_writes_them_are_read_exactly(ticks: list[int]) -> None:
    assert parse_ticks([pi_text(tick) for tick in ticks]).tolist() == ticks


@pytest.mark.parametrize(
    ("text", "tick"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.0000001Z", 1),
        ("1970-01-01T00:00:00.1Z", 1_000_000),
        ("1970-01-01T00:00:00.12Z", 1_200_000),
        ("1970-01-01T00:00:00.123Z", 1_230_000),
        ("1970-01-01T00:00:00.1234Z", 1_234_000),
        ("1970-01-01T00:00:00.12345Z", 1_234_500),
        ("1970-01-01T00:00:00.123456Z", 1_234_560),
        ("1970-01-01T00:00:00.1234567Z", 1_234_567),
        ("1969-12-31T23:59:59.9999999Z", -1),
        ("1969-12-31T23:59:59Z", -10_000_000),
        ("1601-01-01T00:00:00Z", -116_444_736_000_000_000),
        ("0001-01-01T00:00:00Z", -621_355_968_000_000_000),
        ("9999-12-31T23:59:59Z", 2_534_023_007_990_000_000),
        ("9999-12-31T23:59:59.9999999Z", 2_534_023_007_999_999_999),
    ],
)
def test_each_form_alone_and_beside_a_time_of_another_form(text: str, tick: int) -> None:
    assert parse_ticks([text]).tolist() == [tick]
    assert parse_ticks(["2026-01-01T00:00:00Z", text, "9999-12-31T23:59:59Z"]).tolist()[1] == tick


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "*-1d", "\0"],
)
@pytest.mark.parametrize("beside", [[], ["2026-01-01T00:00:00Z"], ["9999-12-31T23:59:59Z"]])
def test_what_is_no_time_is_an_error_that_shows_it(text: str, beside: list[str]) -> None:
    with pytest.raises(PIBadAnswerError, match="the server sent a time that is none") as caught:
        parse_ticks([*beside, text])
    assert repr(text) in str(caught.value)


def test_no_times_are_no_ticks() -> None:
    ticks = parse_ticks([])
    assert (ticks.tolist(), ticks.dtype) == ([], "int64")
