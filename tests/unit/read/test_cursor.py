from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.read.cursor import SLACK, Cursor, Page
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, parse_iso
from pi_datasource.webapi.wire import TimedValue
from tests.unit.webapi.fakes import Event, pi_text

STREAM = Stream("W", "SINUSOID", "integer")
START = parse_iso("2026-01-01")

#: (tick to ask from, end, page size) → events.
Serve = Callable[[int, int, int], list[Event]]


def archive(ticks: list[int]) -> list[Event]:
    """Events at these ticks after START, each with a number of its own."""
    return [Event(START + tick, number) for number, tick in enumerate(sorted(ticks))]


def served(events: list[Event]) -> Serve:
    """What PI Web API does: the first so many events from the start on, both ends included."""

    def serve(start: int, end: int, size: int) -> list[Event]:
        return [event for event in events if start <= event.tick <= end - 1][:size]

    return serve


def taken(cursor: Cursor, events: list[Event], size: int) -> Page | None:
    values = [TimedValue(pi_text(event.tick), event.number) for event in events]
    return cursor.take(values, np.array([event.tick for event in events], np.int64), size)


def read(window: TimeRange, serve: Serve, size: int, most: int = 10_000) -> tuple[list[Page], list[tuple[int, int]]]:
    """Reads to the end. Returns the pages, and (start, page size) of each request."""
    cursor, pages, asked = Cursor(STREAM, window), [], []
    while not cursor.done:
        assert len(asked) < most, f"it does not end: {asked[-5:]}"
        now = max(size, cursor.grown)
        asked.append((cursor.start, now))
        page = taken(cursor, serve(cursor.start, window.end, now), now)
        if page is not None:
            assert len(page) == len(page.ticks) > 0
            pages.append(page)
    return pages, asked


def numbers(pages: list[Page]) -> list[object]:
    return [value.Value for page in pages for value in page.values]


#: Few ticks, so that many events share one; some far apart.
TICKS = st.lists(st.one_of(st.integers(0, 12), st.sampled_from([SLACK - 1, SLACK, SLACK + 1, 10**12])), max_size=60)
BORDERS = st.tuples(st.integers(-2, 14), st.one_of(st.integers(0, 14), st.integers(SLACK - 2, 10**12 + 5)))


@settings(max_examples=250, deadline=None)
@given(TICKS, BORDERS, st.integers(1, 20))
def test_the_pages_joined_are_the_archive_in_the_range(ticks: list[int], borders: tuple[int, int], size: int) -> None:
    events = archive(ticks)
    window = TimeRange(START + borders[0], START + borders[0] + borders[1])
    pages, asked = read(window, served(events), size)
    wanted = [event.number for event in events if window.start <= event.tick < window.end]
    assert numbers(pages) == wanted
    # No page cuts an instant, and all times lie inside.
    ends = [(page.ticks[0], page.ticks[-1]) for page in pages]
    assert all(one[1] < two[0] for one, two in itertools.pairwise(ends))
    assert all(window.start <= first and last < window.end for first, last in ends)
    assert all(page.stream is STREAM for page in pages)
    # Each request but those that grow brings something new.
    assert len(asked) <= len(pages) + sum(size != asked[0][1] for _, size in asked) + 2


@given(TICKS, st.integers(1, 20))
def test_two_ranges_side_by_side_hold_what_the_whole_does(ticks: list[int], size: int) -> None:
    events = archive(ticks)
    whole = TimeRange(START, START + 10**12 + 1)
    for border in (1, 6, 12, SLACK):
        first, _ = read(TimeRange(whole.start, START + border), served(events), size)
        second, _ = read(TimeRange(START + border, whole.end), served(events), size)
        assert numbers(first) + numbers(second) == [event.number for event in events]


def test_an_empty_range_asks_nothing() -> None:
    assert read(TimeRange(START, START), served([]), 5) == ([], [])


def test_a_quiet_tag_takes_one_request() -> None:
    assert read(TimeRange(START, START + 100), served([]), 5) == ([], [(START, 5)])


def test_a_page_that_is_not_full_is_the_last() -> None:
    pages, asked = read(TimeRange(START, START + 100), served(archive([1, 2, 3, 4])), 5)
    assert (numbers(pages), len(asked)) == ([0, 1, 2, 3], 1)


def test_a_full_page_holds_its_last_instant_back_and_the_next_starts_there() -> None:
    pages, asked = read(TimeRange(START, START + 100), served(archive([1, 2, 3, 3, 3, 4])), 4)
    assert [numbers([page]) for page in pages] == [[0, 1], [2, 3, 4], [5]]
    assert asked == [(START, 4), (START + 3, 4), (START + 4, 4)]


def test_an_instant_that_fills_a_page_grows_it_and_then_it_shrinks_again() -> None:
    events = archive([1] * 9 + [2, 3, 4, 5, 6, 7, 8])
    pages, asked = read(TimeRange(START, START + 100), served(events), 2)
    assert numbers(pages) == list(range(16))
    sizes = [size for _, size in asked]
    assert sizes[:4] == [2, 4, 8, 16]
    assert sizes[4:] == [2] * len(sizes[4:])
    assert len(sizes[4:]) > 0


class Changing:
    """An archive that changes after some requests."""

    def __init__(self, *states: list[Event]) -> None:
        self.states = list(states)
        self.asked: list[int] = []

    def __call__(self, start: int, end: int, size: int) -> list[Event]:
        self.asked.append(start)
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return served(state)(start, end, size)


WINDOW = TimeRange(START, START + 10**9)
BEFORE = archive([10, 20 * SLACK, 30 * SLACK, 40 * SLACK, 50 * SLACK])


def test_an_event_deleted_between_two_pages_is_looked_for_a_millisecond_earlier_once() -> None:
    after = [event for event in BEFORE if event.tick != START + 30 * SLACK]
    changing = Changing(BEFORE, after)
    pages, _ = read(WINDOW, changing, 3)
    assert numbers(pages) == [0, 1, 3, 4]
    held = START + 30 * SLACK
    assert changing.asked[:3] == [START, held, held - SLACK]
    assert changing.asked.count(held - SLACK) == 1


def test_a_place_that_is_only_found_a_little_earlier_is_found() -> None:
    """The server's idea of a time may lie just before the text that it writes."""

    def serve(start: int, end: int, size: int) -> list[Event]:
        held = START + 30 * SLACK
        return [event for event in served(BEFORE)(start, end, 100) if event.tick != held or start < held][:size]

    pages, asked = read(WINDOW, serve, 3)
    assert numbers(pages) == [0, 1, 2, 3, 4]
    assert (START + 29 * SLACK, 3) in asked


def test_events_handed_on_before_do_not_come_twice_when_asked_earlier() -> None:
    close = archive([1, 5, 100, 200, 300, 400])
    after = [event for event in close if event.tick != START + 200]
    pages, _ = read(WINDOW, Changing(close, after), 4)
    assert numbers(pages) == [0, 1, 2, 4, 5]


def test_a_page_full_of_earlier_events_grows_when_we_asked_earlier_ourselves() -> None:
    close = archive([*range(1, 9), 500, 600])
    after = [event for event in close if event.tick != START + 8]
    changing = Changing(close[:8] + close[8:], after)
    pages, asked = read(WINDOW, changing, 8)
    assert numbers(pages) == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    sizes = [size for _, size in asked]
    assert max(sizes) >= 8


def test_many_earlier_events_within_the_millisecond_do_not_make_it_run_for_ever() -> None:
    close = archive([*range(1, 400), 9_000, 9_500])
    held = START + 4
    changing = Changing(close, close, [event for event in close if event.tick != held])
    pages, _ = read(WINDOW, changing, 3)
    wanted = [event.number for event in close if event.tick != held]
    assert numbers(pages)[2:] in (wanted[2:], [event.number for event in close][2:])
    assert len(set(numbers(pages))) == len(numbers(pages))


def test_when_all_that_was_left_is_deleted_it_ends() -> None:
    pages, asked = read(WINDOW, Changing(BEFORE, []), 3)
    assert numbers(pages) == [0, 1]
    assert len(asked) == 3


def test_a_page_out_of_order_is_an_error() -> None:
    with pytest.raises(PIBadAnswerError, match=r"recorded of SINUSOID .*not in the order of time"):
        read(WINDOW, lambda *_: [BEFORE[1], BEFORE[0], BEFORE[2]], 5)


def test_a_full_page_of_events_before_the_range_is_an_error() -> None:
    window = TimeRange(START + 60 * SLACK, START + 10**9)
    with pytest.raises(PIBadAnswerError, match="a full page of 3 events, all from before what was asked"):
        read(window, lambda *_: BEFORE[:3], 3)


def test_a_server_that_reads_from_the_beginning_whatever_is_asked_loses_none() -> None:
    events = archive([*range(1, 30)])
    pages, _ = read(WINDOW, lambda _, end, size: served(events)(START, end, size), 4)
    assert numbers(pages) == list(range(29))


def test_more_events_than_asked_for_lose_none() -> None:
    events = archive([1, 2, 3, 3, 4, 5, 6])
    pages, _ = read(TimeRange(START, START + 100), lambda start, end, _: served(events)(start, end, 5), 3)
    assert numbers(pages) == [0, 1, 2, 3, 4, 5, 6]


def test_events_outside_of_the_range_are_left_aside() -> None:
    window = TimeRange(START + 2, START + 5)
    pages, asked = read(window, lambda *_: archive([1, 2, 3, 4, 5, 6]), 100)
    assert (numbers(pages), len(asked)) == ([1, 2, 3], 1)


def test_an_instant_read_otherwise_is_skipped_once() -> None:
    cursor = Cursor(STREAM, TimeRange(START, START + 2), stuck=True, held=True, grown=8)
    cursor.skip_instant()
    assert (cursor.position, cursor.held, cursor.stuck, cursor.grown, cursor.done) == (
        START + 1,
        False,
        False,
        0,
        False,
    )
    cursor.skip_instant()
    assert cursor.done


def test_a_cursor_prints_what_is_left() -> None:
    assert str(Cursor(STREAM, TimeRange(START, START + 1))) == (
        "recorded of SINUSOID from 2026-01-01T00:00:00Z to 2026-01-01T00:00:00.0000001Z"
    )
