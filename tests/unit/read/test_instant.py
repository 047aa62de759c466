from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.errors import PIInstantError, PITagError
from pi_datasource.read.cursor import Cursor
from pi_datasource.read.instant import read_instant
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, parse_iso
from tests.unit.webapi.fakes import Archive, Event, FakeClient

STREAM = Stream("W", "CROWDED", "integer")
TICK = parse_iso("2026-01-01T12:00:00.0000007Z")
RANGE = TimeRange(TICK, TICK + 10**9)
SIZE = 10


def crowd(count: int, bad: set[int] = frozenset(), value: object = None) -> list[Event]:
    """So many events at one instant; those whose number is in `bad` are bad."""
    return [Event(TICK, number, value, number not in bad) for number in range(count)]


def later(count: int, after: int = 1) -> list[Event]:
    return [Event(TICK + after, 1000 + number) for number in range(count)]


EARLIER = [Event(TICK - 1, 900 + number) for number in range(3)]


def read(events: list[Event], **how: bool) -> list[Event]:
    """The events that were read, as their numbers and flags; checks that all stand at the instant."""
    client = FakeClient(Archive({"W": EARLIER + events}, limit=SIZE, **how))
    page = read_instant(client, Cursor(STREAM, RANGE), SIZE, ("Good",))
    assert set(page.ticks.tolist()) <= {TICK}
    assert len(page.ticks) == len(page.values)
    assert page.stream is STREAM
    return [(value.Value, value.Good) for value in page.values]


def wanted(events: list[Event]) -> list[tuple[object, bool]]:
    found = [(event.json["Value"], event.good) for event in events if event.tick == TICK]
    assert found
    return found


@pytest.mark.parametrize("count", [1, SIZE - 1, SIZE, SIZE + 1, SIZE + 5, 2 * SIZE - 1, 2 * SIZE])
@pytest.mark.parametrize("counts_bad", [True, False])
def test_up_to_two_pages_are_read_whole_and_in_order(count: int, counts_bad: bool) -> None:
    events = crowd(count)
    assert read(events, counts_bad=counts_bad) == wanted(events)


@pytest.mark.parametrize("count", [2 * SIZE + 1, 3 * SIZE, 10 * SIZE])
@pytest.mark.parametrize("counts_bad", [True, False])
def test_more_than_two_pages_fail_by_name(count: int, counts_bad: bool) -> None:
    with pytest.raises(
        PIInstantError, match=r"CROWDED: at 2026-01-01T12:00:00.0000007Z there are more than the 10 "
    ) as e:
        read(crowd(count), counts_bad=counts_bad)
    assert f"(counted: {count}.0)" in str(e.value)
    assert "MaxReturnedItemsPerCall has to be raised" in str(e.value)
    assert isinstance(e.value, PITagError)
    assert set(e.value.failures) == {"CROWDED"}


@pytest.mark.parametrize("count", [SIZE, SIZE + 1, SIZE + 5, 2 * SIZE - 1, 2 * SIZE])
@pytest.mark.parametrize("value", [7, "same"])
def test_identical_values_are_neither_lost_nor_doubled(count: int, value: object) -> None:
    events = crowd(count, value=value)
    assert read(events) == wanted(events)
    assert len(read(events)) == count


@pytest.mark.parametrize("count", [2 * SIZE + 1, 3 * SIZE])
def test_more_identical_values_than_two_pages_fail(count: int) -> None:
    with pytest.raises(PIInstantError):
        read(crowd(count, value=7))


@pytest.mark.parametrize("counts_bad", [True, False])
@pytest.mark.parametrize("count", [SIZE, SIZE + 1, SIZE + 5, 2 * SIZE - 1, 2 * SIZE])
@pytest.mark.parametrize("bad", [{0}, {SIZE - 1}, {1, 3, SIZE - 2}, set(range(0, 20, 4))], ids=str)
def test_bad_values_are_read_whichever_way_the_server_counts(count: int, bad: set[int], counts_bad: bool) -> None:
    events = crowd(count, bad)
    assert read(events, counts_bad=counts_bad) == wanted(events)


@pytest.mark.parametrize("counts_bad", [True, False])
@pytest.mark.parametrize("count", [SIZE, SIZE + 1, SIZE + 5, 2 * SIZE - 1])
@pytest.mark.parametrize("bad", [{0}, {SIZE - 1}, {1, 3, SIZE - 2}, set(range(0, 20, 2))])
def test_where_the_count_is_all_that_is_told_it_has_to_leave_no_room(
    count: int, bad: set[int], counts_bad: bool
) -> None:
    events = crowd(count, bad)
    ahead, here = events[:SIZE], events[-SIZE:]
    shared = [event for event in ahead if event in here]
    bad_ones = sum(not event.good for event in [*ahead, *here])
    room = len(shared) <= bad_ones if counts_bad else all(not event.good for event in shared)
    if room:
        with pytest.raises(PIInstantError):
            read(events, counts_bad=counts_bad, tells_good=False)
    else:
        assert read(events, counts_bad=counts_bad, tells_good=False) == wanted(events)


@pytest.mark.parametrize("counts_bad", [True, False])
@pytest.mark.parametrize("tells_good", [True, False])
@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.lists(st.tuples(st.integers(0, 1), st.booleans()), max_size=13),
        st.tuples(st.integers(0, 14), st.integers(1, 4)).map(lambda t: [(0, n % t[1] > 0) for n in range(t[0])]),
        st.tuples(st.integers(0, 14), st.integers(1, 4)).map(lambda t: [(n, n % t[1] == 0) for n in range(t[0])]),
    ),
    st.lists(st.booleans(), max_size=5),
)
def test_what_comes_is_all_there_is_or_an_error_but_never_less(
    counts_bad: bool, tells_good: bool, what: list[tuple[int, bool]], after: list[bool]
) -> None:
    size = 4
    events = [Event(TICK, number, *how) for number, how in enumerate(what)]
    events += [Event(TICK + 1, number, 0, good) for number, good in enumerate(after)]
    archive = Archive({"W": events}, limit=size, counts_bad=counts_bad, tells_good=tells_good)
    try:
        page = read_instant(FakeClient(archive), Cursor(STREAM, RANGE), size, ("Good",))
    except PIInstantError:
        assert len(what) >= size
    else:
        assert [(value.Value, value.Good) for value in page.values] == what


@pytest.mark.parametrize("count", [SIZE, SIZE + 3])
@pytest.mark.parametrize("more", [1, 3])
def test_events_one_tick_later_make_a_crowd_undecidable(count: int, more: int) -> None:
    """Whether the server counts them is not known, and two wrong numbers may agree."""
    with pytest.raises(PIInstantError):
        read(crowd(count) + later(more))


def test_a_crowd_at_the_next_tick_as_well_is_read_or_fails_but_is_never_mixed_up() -> None:
    for count in range(1, 2 * SIZE):
        for more in range(2 * SIZE):
            events = crowd(count) + later(more)
            try:
                found = read(events)
            except PIInstantError:
                assert count >= SIZE
                assert count + more > SIZE
            else:
                assert found == wanted(events)


def test_bad_values_alone_that_the_server_does_not_count_fail() -> None:
    for total in (SIZE, SIZE + 1, 2 * SIZE, 3 * SIZE):
        with pytest.raises(PIInstantError):
            read(crowd(total, set(range(40))), counts_bad=False)


def test_two_full_pages_need_the_share_of_good_ones_as_well() -> None:
    with pytest.raises(PIInstantError):
        read(crowd(2 * SIZE), tells_good=False)


@pytest.mark.parametrize("count", [SIZE, SIZE + 1, 2 * SIZE, 3 * SIZE])
def test_without_a_count_a_crowd_of_a_page_or_more_fails(count: int) -> None:
    with pytest.raises(PIInstantError, match="counted: None"):
        read(crowd(count), can_count=False)


def test_without_a_count_less_than_a_page_is_read() -> None:
    events = crowd(SIZE - 1)
    assert read(events, can_count=False) == wanted(events)


def test_whether_values_are_good_is_asked_although_no_column_needs_it() -> None:
    client = FakeClient(Archive({"W": crowd(SIZE + 5, {1, 2})}, limit=SIZE, counts_bad=False))
    page = read_instant(client, Cursor(STREAM, RANGE), SIZE, ())
    assert [value.Value for value in page.values] == list(range(SIZE + 5))
    recorded = [asked for asked in client.gets if asked.path[2] == "recorded"]
    # From both sides, and whether the next tick has any; that one needs no flags.
    assert len(recorded) == 3
    assert all("Items.Good" in asked.query["selectedFields"].split(";") for asked in recorded[:2])


def test_the_largest_pages_are_compared_in_no_time() -> None:
    many = 6_000
    for value in (None, 7):
        events = crowd(many + 1_000, value=value)
        client = FakeClient(Archive({"W": events}, limit=many))
        page = read_instant(client, Cursor(STREAM, RANGE), many, ("Good",))
        assert len(page) == many + 1_000


def test_nothing_left_at_the_instant_is_an_empty_page() -> None:
    assert read(later(3)) == []
