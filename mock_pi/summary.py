"""Summaries of a stream over a range: event-weighted and time-weighted.

`Count` is a number of events when event-weighted and seconds when time-weighted; a time-weighted `Total` is in units
per day (PI Web API Reference). Other types than Count make no sense for streams that are not numeric: those items are
bad values with `Errors` inside, the status stays 200.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mock_pi.call import Call
from mock_pi.filters import Filter
from mock_pi.interpolation import counts, number_of, value_at
from mock_pi.pitime import TimeSpan
from mock_pi.sampling import range_of, span_of, too_many
from mock_pi.stream import Stream
from mock_pi.switches import Switches
from mock_pi.system.event import Event
from mock_pi.ticks import TICKS_PER_SECOND
from mock_pi.wire import timed_value

SUMMARY_TYPES = ("Total", "Average", "Minimum", "Maximum", "Range", "StdDev", "PopulationStdDev", "Count",
                 "PercentGood", "TotalWithUOM", "All", "AllForNonNumeric")  # fmt: skip
BASES = ("TimeWeighted", "EventWeighted", "TimeWeightedContinuous", "TimeWeightedDiscrete",
         "EventWeightedExcludeMostRecentEvent", "EventWeightedExcludeEarliestEvent",
         "EventWeightedIncludeBothEnds")  # fmt: skip
TIME_TYPES = ("Auto", "EarliestTime", "MostRecentTime")
SAMPLE_TYPES = ("ExpressionRecordedValues", "Interval")

#: Parameters of every summary, and those of a stream's.
COMMON_PARAMETERS = "startTime endTime summaryType calculationBasis timeType summaryDuration sampleType sampleInterval"
SUMMARY_PARAMETERS = COMMON_PARAMETERS + " timeZone filterExpression"

_ALL = SUMMARY_TYPES[:9]
_ALL_FOR_NON_NUMERIC = ("Count", "PercentGood")

#: Types whose item shows its own time when `timeType` is Auto; the others show the start of the interval.
_EXTREMES = ("Minimum", "Maximum")

#: Types that are no value in the stream's unit.
_UNITLESS = ("Count", "PercentGood")

_SECONDS_PER_DAY = 86_400


@dataclass(frozen=True)
class SummaryRequest:
    """What a call asks of every stream.

    Attributes:
        types: The summaries, in order.
        basis: How values are weighted.
        time_type: Which time an item shows.
        intervals: First and last instant of each.
        sample: How often a filter is evaluated, besides at the events.
    """

    types: tuple[str, ...]
    basis: str
    time_type: str
    intervals: tuple[tuple[int, int], ...]
    sample: TimeSpan | None

    @property
    def by_event(self) -> bool:
        """Whether every event weighs the same."""
        return self.basis.startswith("EventWeighted")

    def holds(self, stream: Stream) -> bool:
        """Whether values stay until the next one."""
        return stream.holds if self.basis == "TimeWeighted" else self.basis == "TimeWeightedDiscrete"


def summary_request(call: Call, stream: Stream | None) -> SummaryRequest:
    """Reads the parameters of a summary; the stream says what the range is when the call does not."""
    basis = call.choice("calculationBasis", BASES, "TimeWeighted")
    time_type = call.choice("timeType", TIME_TYPES, "Auto")
    sample = sample_of(call)
    return SummaryRequest(_types(call), basis, time_type, _intervals(call, stream), sample)


def sample_of(call: Call) -> TimeSpan | None:
    """The span of `sampleType=Interval`, None for samples at the events."""
    span = span_of(call, "sampleInterval")
    if call.choice("sampleType", SAMPLE_TYPES, "ExpressionRecordedValues") != "Interval":
        return None
    if span is None:
        raise call.invalid("sampleInterval", "")
    return span


def _types(call: Call) -> tuple[str, ...]:
    types: list[str] = []
    for name in call.choices("summaryType", SUMMARY_TYPES, "Total"):
        several = {"All": _ALL, "AllForNonNumeric": _ALL_FOR_NON_NUMERIC}.get(name, (name,))
        types += [one for one in several if one not in types]
    return tuple(types)


def _intervals(call: Call, stream: Stream | None) -> tuple[tuple[int, int], ...]:
    start, end = range_of(call, stream)
    first, last = min(start, end), max(start, end)
    duration = span_of(call, "summaryDuration")
    if duration is None:
        return ((first, last),)
    limit = call.site.switches.max_count
    intervals: list[tuple[int, int]] = []
    begin = first
    while begin < last:
        if len(intervals) >= limit:
            raise too_many("intervals", limit)
        finish = min(duration.after(first, len(intervals) + 1, call.zone), last)
        intervals.append((begin, finish))
        begin = finish
    return tuple(reversed(intervals) if start > end else intervals) or ((first, last),)


def summaries(call: Call, stream: Stream, request: SummaryRequest, keep: Filter | None = None) -> list[dict[str, Any]]:
    """The `Items` of a summary call for one stream.

    Args:
        call: For the switches and the time zone.
        stream: Whose values.
        request: What is asked.
        keep: Which of the values are taken.
    """
    latest = max(last for _, last in request.intervals)
    by_interval = [
        _Interval(call, stream, request, keep, first, last, last == latest).items() for first, last in request.intervals
    ]
    if call.site.switches.summary_order == "time":
        return [item for items in by_interval for item in items]
    return [items[place] for place in range(len(request.types)) for items in by_interval]


class _Sums:
    """What one pass over an interval gathers; weights are 1 an event or seconds."""

    def __init__(self) -> None:
        self.weight = 0.0
        self.total = 0.0
        self.squares = 0.0
        self.lowest: Event | None = None
        self.highest: Event | None = None

    def extreme(self, event: Event) -> None:
        value = number_of(event)
        if self.lowest is None or value < number_of(self.lowest):
            self.lowest = event
        if self.highest is None or value > number_of(self.highest):
            self.highest = event


@dataclass
class _Interval:
    """One interval of one stream."""

    call: Call
    stream: Stream
    request: SummaryRequest
    keep: Filter | None
    first: int
    last: int
    is_latest: bool

    @property
    def switches(self) -> Switches:
        return self.call.site.switches

    def items(self) -> list[dict[str, Any]]:
        """One item a type."""
        sums = None
        if self.stream.is_numeric and any(name not in _UNITLESS for name in self.request.types):
            sums = self._event_sums() if self.request.by_event else self._time_sums()
        return [self._item(sums, name) for name in self.request.types]

    def _item(self, sums: _Sums | None, name: str) -> dict[str, Any]:
        event, errors = self._result(sums, name)
        if self.request.time_type != "Auto" or name not in _EXTREMES:
            event = event._replace(ticks=self.last if self.request.time_type == "MostRecentTime" else self.first)
        unit = "" if name in _UNITLESS else self.stream.unit
        row = timed_value(event, self.call.site.annotated, unit=unit)
        if errors:
            row["Value"] = {"Errors": errors}
        return {"Type": name, "Value": row}

    def _result(self, sums: _Sums | None, name: str) -> tuple[Event, list[str]]:
        if name == "Count":
            return Event(self.first, self._count() if self.request.by_event else self._good_seconds()), []
        if name == "PercentGood":
            return Event(self.first, self._percent_good()), []
        error = ""
        if sums is None:
            error = f"The summary type '{name}' is not supported for a non-numeric stream."
        elif sums.weight == 0:
            error = "No good values were found in the interval."
        elif name == "StdDev" and self.request.by_event and sums.weight < 2:
            error = "At least two good values are required for a standard deviation."
        if sums is None or error:
            return Event(self.first, None, good=False), [error]
        return self._statistic(sums, name), []

    def _statistic(self, sums: _Sums, name: str) -> Event:
        assert sums.lowest is not None
        assert sums.highest is not None
        if name in _EXTREMES:
            found = sums.lowest if name == "Minimum" else sums.highest
            return found._replace(questionable=False, annotated=False)
        average = sums.total / sums.weight
        spread = max(0.0, sums.squares / sums.weight - average * average)
        total = sums.total if self.request.by_event else sums.total / _SECONDS_PER_DAY
        sample = sums.weight / (sums.weight - 1) if self.request.by_event and sums.weight > 1 else 1.0
        number = {
            "Average": average,
            "Total": total,
            "TotalWithUOM": total,
            "Range": number_of(sums.highest) - number_of(sums.lowest),
            "PopulationStdDev": math.sqrt(spread),
            "StdDev": math.sqrt(spread * sample),
        }[name]
        return Event(self.first, float(number))

    def _ends(self) -> tuple[int, int]:
        """The first and last instant whose events are counted: a border of two intervals belongs to the later one."""
        basis = self.request.basis
        first, last = self.first, self.last
        if basis == "EventWeightedExcludeEarliestEvent":
            return first + 1, last
        if basis == "EventWeightedExcludeMostRecentEvent":
            return first, last - 1
        whole = basis == "EventWeightedIncludeBothEnds" or (self.is_latest and self.switches.count_includes_end)
        return first, last if whole else last - 1

    def _events(self) -> list[Event]:
        events = self.stream.events(*self._ends())
        return events if self.keep is None else [event for event in events if self.keep.passes(event)]

    def _numbers(self) -> tuple[int, int]:
        """How many events there are, and how many of them are bad; without computing them where that is possible."""
        if self.keep is None:
            return self.stream.count(*self._ends())
        events = self._events()
        return len(events), sum(not event.good for event in events)

    def _count(self) -> int:
        total, bad = self._numbers()
        return total if self.switches.count_includes_bad else total - bad

    def _percent_good(self) -> float:
        if self.request.by_event:
            total, bad = self._numbers()
            return 100.0 * (total - bad) / total if total else 0.0
        length = (self.last - self.first) / TICKS_PER_SECOND
        return 100.0 * self._good_seconds() / length if length else 100.0

    def _event_sums(self) -> _Sums:
        sums = _Sums()
        for event in self._events():
            if counts(event):
                value = number_of(event)
                sums.weight += 1
                sums.total += value
                sums.squares += value * value
                sums.extreme(event)
        return sums

    def _stretches(self) -> list[tuple[Event, Event]]:
        """The range as pairs of neighbouring values, with the values at both ends made up where no event is."""
        stream, first, last = self.stream, self.first, min(self.last, self.stream.last)
        if last <= first:
            return []
        holds = self.request.holds(stream)
        marks = [value_at(stream, first, holds), *stream.events(first + 1, last - 1), value_at(stream, last, holds)]
        if self.keep is None:
            return list(pairwise(marks))
        marks = sorted([*marks, *self._samples(last, holds)], key=lambda event: event.ticks)
        return [(left, right) for left, right in pairwise(marks) if self.keep.passes(left)]

    def _samples(self, last: int, holds: bool) -> list[Event]:
        """More values for the filter to look at."""
        samples: list[Event] = []
        if self.request.sample is None:
            return samples
        limit, zone = self.switches.max_count, self.call.zone
        while (instant := self.request.sample.after(self.first, len(samples) + 1, zone)) < last:
            if len(samples) >= limit:
                raise too_many("samples", limit)
            samples.append(value_at(self.stream, instant, holds))
        return samples

    def _good_seconds(self) -> float:
        good = sum(right.ticks - left.ticks for left, right in self._stretches() if left.good)
        return good / TICKS_PER_SECOND

    def _time_sums(self) -> _Sums:
        sums = _Sums()
        holds = self.request.holds(self.stream)
        for left, right in self._stretches():
            if not counts(left):
                continue
            seconds = (right.ticks - left.ticks) / TICKS_PER_SECOND
            low = number_of(left)
            high = low if holds or not counts(right) else number_of(right)
            sums.weight += seconds
            sums.total += seconds * (low + high) / 2
            sums.squares += seconds * (low * low + low * high + high * high) / 3
            sums.extreme(left)
            if counts(right):
                sums.extreme(right)
        return sums
