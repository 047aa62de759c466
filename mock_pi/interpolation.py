"""A point's value between its events."""

from __future__ import annotations

from mock_pi.system.event import Event, State, float32_text
from mock_pi.system.pisystem import PISystem
from mock_pi.system.point import Point
from mock_pi.system.states import NO_DATA
from mock_pi.ticks import FIRST_TICKS


def no_data(instant: int) -> Event:
    """What a point has where it has nothing: the state "No Data"."""
    return Event(instant, NO_DATA, good=False)


def snapshot(system: PISystem, point: Point, last: int) -> Event:
    """The newest event up to an instant."""
    newest = system.history(point).before(min(last, system.last_ticks(point)))
    return no_data(last) if newest is None else newest


def value_at(system: PISystem, point: Point, instant: int) -> Event:
    """The value at an instant: that of the last event for points that hold, else on the line to the next event.

    Next to a bad event the earlier value holds, before the first event and after now there is no data.
    """
    last = system.last_ticks(point)
    history = system.history(point)
    if not FIRST_TICKS <= instant <= last:
        return no_data(instant)
    before = history.before(instant)
    if before is None:
        return no_data(instant)
    after = None if point.holds or before.ticks == instant else history.after(instant + 1, last)
    if after is None or not _is_number(before) or not _is_number(after):
        return before._replace(ticks=instant)
    return Event(instant, _between(before, after, instant, point.point_type))


def _is_number(event: Event) -> bool:
    return event.good and isinstance(event.value, (int, float)) and not isinstance(event.value, State)


def _between(before: Event, after: Event, instant: int, point_type: str) -> float | int:
    assert isinstance(before.value, (int, float))
    assert isinstance(after.value, (int, float))
    share = (instant - before.ticks) / (after.ticks - before.ticks)
    value = before.value + (after.value - before.value) * share
    if point_type.startswith("Int"):
        return round(value)
    return value if point_type == "Float64" else float(float32_text(value))
