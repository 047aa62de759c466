"""A stream's value between its events."""

from __future__ import annotations

from mock_pi.stream import Stream, is_number
from mock_pi.system.event import Event
from mock_pi.system.states import NO_DATA
from mock_pi.ticks import FIRST_TICKS


def no_data(instant: int) -> Event:
    """What a stream has where it has nothing: the state "No Data"."""
    return Event(instant, NO_DATA, good=False)


def snapshot(stream: Stream, last: int) -> Event:
    """The newest event up to an instant."""
    newest = stream.before(last)
    return no_data(last) if newest is None else newest


def value_at(stream: Stream, instant: int, holds: bool | None = None) -> Event:
    """The value at an instant: that of the last event for streams that hold, else on the line to the next event.

    Next to a bad event the earlier value holds, before the first event and after now there is no data.

    Args:
        stream: Whose value.
        instant: When, in ticks.
        holds: Whether values stay until the next event; None for what the stream says.
    """
    if not FIRST_TICKS <= instant <= stream.last:
        return no_data(instant)
    before = stream.before(instant)
    if before is None:
        return no_data(instant)
    stays = stream.holds if holds is None else holds
    after = None if stays or before.ticks == instant else stream.after(instant + 1)
    if after is None or not counts(before) or not counts(after):
        return before._replace(ticks=instant)
    share = (instant - before.ticks) / (after.ticks - before.ticks)
    low, high = number_of(before), number_of(after)
    return Event(instant, stream.number(low + (high - low) * share))


def counts(event: Event) -> bool:
    """Whether an event is a good number."""
    return event.good and is_number(event.value)


def number_of(event: Event) -> float:
    """The number of an event that is one."""
    assert isinstance(event.value, (int, float))
    return event.value
