"""Values for a plot: of each interval the first, the last, the lowest, the highest and one that is no number.

At most five an interval, each as it was recorded (PI Web API Reference, stream "GetPlot"): a view that loses values.
"""

from __future__ import annotations

from bisect import bisect_left

from mock_pi.interpolation import counts, number_of, value_at
from mock_pi.stream import Stream
from mock_pi.system.event import Event


def plot_values(stream: Stream, first: int, last: int, intervals: int, ends: bool) -> list[Event]:
    """The values of a range that a plot with so many columns needs.

    Args:
        stream: What is plotted.
        first: Begin of the range.
        last: Its end.
        intervals: Number of columns.
        ends: Whether the values at both ends are made up where no event is.
    """
    events = stream.events(first, last)
    if ends:
        if not events or events[0].ticks != first:
            events.insert(0, value_at(stream, first))
        if last <= stream.last and events[-1].ticks != last:
            events.append(value_at(stream, last))
    instants = [event.ticks for event in events]
    shown: list[Event] = []
    begin = 0
    for number in range(1, intervals + 1):
        border = first + (last - first) * number // intervals
        stop = len(events) if number == intervals else bisect_left(instants, border)
        shown += _of_interval(events[begin:stop])
        begin = stop
    return shown


def _of_interval(events: list[Event]) -> list[Event]:
    if len(events) <= 2:
        return events
    numbers = [place for place, event in enumerate(events) if counts(event)]
    others = [place for place, event in enumerate(events) if not counts(event)]
    places = {0, len(events) - 1, *others[:1]}
    if numbers:
        places.add(min(numbers, key=lambda place: number_of(events[place])))
        places.add(max(numbers, key=lambda place: number_of(events[place])))
    return [events[place] for place in sorted(places)]
