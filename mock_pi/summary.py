"""Summaries of a point over a range: event-weighted and time-weighted.

`Count` is a number of events when event-weighted and seconds when time-weighted; a time-weighted `Total` is in units
per day (PI Web API Reference). Other types than Count make no sense for points that are not numeric: those items are
bad values with `Errors` inside, the status stays 200.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mock_pi.call import Call, PIWebAPIError
from mock_pi.interpolation import value_at
from mock_pi.pitime import TimeSpan
from mock_pi.system.event import Event
from mock_pi.system.point import Point
from mock_pi.ticks import TICKS_PER_SECOND
from mock_pi.wire import timed_value

SUMMARY_TYPES = ("Total", "Average", "Minimum", "Maximum", "Range", "StdDev", "PopulationStdDev", "Count",
                 "PercentGood", "TotalWithUOM", "All", "AllForNonNumeric")  # fmt: skip
BASES = ("TimeWeighted", "EventWeighted", "TimeWeightedContinuous", "TimeWeightedDiscrete",
         "EventWeightedExcludeMostRecentEvent", "EventWeightedExcludeEarliestEvent",
         "EventWeightedIncludeBothEnds")  # fmt: skip
TIME_TYPES = ("Auto", "EarliestTime", "MostRecentTime")
SAMPLE_TYPES = ("ExpressionRecordedValues", "Interval")

SUMMARY_PARAMETERS = (
    "startTime endTime timeZone summaryType calculationBasis timeType summaryDuration sampleType sampleInterval "
    "filterExpression"
)

_ALL = SUMMARY_TYPES[:9]
_ALL_FOR_NON_NUMERIC = ("Count", "PercentGood")

#: Types whose item shows the start of the interval when `timeType` is Auto; extremes show their own time.
_EXTREMES = ("Minimum", "Maximum")

_SECONDS_PER_DAY = 86_400


@dataclass
class _Sums:
    """What one pass over an interval gathers; weights are 1 an event or seconds."""

    weight: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    lowest: Event | None = None
    highest: Event | None = None

    def extreme(self, event: Event) -> None:
        value = _number(event)
        if self.lowest is None or value < _number(self.lowest):
            self.lowest = event
        if self.highest is None or value > _number(self.highest):
            self.highest = event


def _number(event: Event) -> float:
    assert isinstance(event.value, (int, float))
    return event.value


def _counts(event: Event) -> bool:
    return event.good and isinstance(event.value, (int, float)) and not isinstance(event.value, bool)


def summaries(call: Call, point: Point) -> list[dict[str, Any]]:
    """The `Items` of a summary call for one point."""
    if call.text("filterExpression"):
        raise PIWebAPIError(409, "The parameter 'filterExpression' is not supported for this stream.")
    call.choice("sampleType", SAMPLE_TYPES, "ExpressionRecordedValues")
    basis = call.choice("calculationBasis", BASES, "TimeWeighted")
    time_type = call.choice("timeType", TIME_TYPES, "Auto")
    types = _types(call, point)
    by_interval = [_interval(call, point, first, last, basis, time_type, types) for first, last in _intervals(call)]
    if call.site.switches.summary_order == "time":
        return [item for items in by_interval for item in items]
    return [items[place] for place in range(len(types)) for items in by_interval]


def _types(call: Call, point: Point) -> list[str]:
    types: list[str] = []
    for name in call.choices("summaryType", SUMMARY_TYPES, "Total"):
        several = {"All": _ALL, "AllForNonNumeric": _ALL_FOR_NON_NUMERIC}.get(name, (name,))
        types += [one for one in several if one not in types]
    return types


def _intervals(call: Call) -> list[tuple[int, int]]:
    start, end = call.instant("startTime", "*-1d"), call.instant("endTime", "*")
    first, last = min(start, end), max(start, end)
    text = call.text("summaryDuration")
    if not text:
        return [(first, last)]
    try:
        duration = TimeSpan(text)
    except ValueError:
        raise call.invalid("summaryDuration", text) from None
    limit = call.site.switches.max_count
    intervals: list[tuple[int, int]] = []
    begin = first
    while begin < last:
        if len(intervals) >= limit:
            raise PIWebAPIError(400, f"The number of intervals is greater than the maximum allowed ({limit}).")
        finish = min(duration.after(first, len(intervals) + 1, call.zone), last)
        intervals.append((begin, finish))
        begin = finish
    return intervals or [(first, last)]


def _interval(
    call: Call, point: Point, first: int, last: int, basis: str, time_type: str, types: list[str]
) -> list[dict[str, Any]]:
    by_event = basis.startswith("EventWeighted")
    sums = None
    if point.is_numeric and any(name != "Count" for name in types):
        sums = _event_sums(call, point, first, last) if by_event else _time_sums(call, point, first, last)
    items = []
    for name in types:
        event, errors = _result(call, point, first, last, by_event, sums, name)
        if time_type == "MostRecentTime" and name not in _EXTREMES:
            event = event._replace(ticks=last)
        row = timed_value(event, call.site.annotated, errors)
        if errors:
            row["Good"] = False
            row["Value"] = {"Errors": errors}
            del row["Errors"]
        items.append({"Type": name, "Value": row})
    return items


def _result(
    call: Call, point: Point, first: int, last: int, by_event: bool, sums: _Sums | None, name: str
) -> tuple[Event, list[str] | None]:
    if name == "Count":
        count = count_events(call, point, first, last) if by_event else good_seconds(call, point, first, last)
        return Event(first, count), None
    if name == "PercentGood":
        return Event(first, _percent_good(call, point, first, last, by_event)), None
    if sums is None:
        return Event(first, None, good=False), [f"The summary type '{name}' is not supported for a non-numeric stream."]
    if sums.weight == 0:
        return Event(first, None, good=False), ["No good values were found in the interval."]
    return _statistic(sums, first, by_event, name), None


def _statistic(sums: _Sums, first: int, by_event: bool, name: str) -> Event:
    assert sums.lowest is not None
    assert sums.highest is not None
    average = sums.total / sums.weight
    spread = max(0.0, sums.squares / sums.weight - average * average)
    if name in _EXTREMES:
        return (sums.lowest if name == "Minimum" else sums.highest)._replace(questionable=False, annotated=False)
    number = {
        "Average": average,
        "Total": sums.total if by_event else sums.total / _SECONDS_PER_DAY,
        "TotalWithUOM": sums.total if by_event else sums.total / _SECONDS_PER_DAY,
        "Range": _number(sums.highest) - _number(sums.lowest),
        "PopulationStdDev": math.sqrt(spread),
        "StdDev": math.sqrt(spread * sums.weight / (sums.weight - 1)) if by_event and sums.weight > 1
        else math.sqrt(spread),
    }[name]  # fmt: skip
    return Event(first, float(number))


def count_events(call: Call, point: Point, first: int, last: int) -> int:
    """Events in a range, without computing them, however long the range is."""
    site = call.site
    last = min(last if site.switches.count_includes_end else last - 1, site.system.last_ticks(point))
    total, bad = site.system.history(point).count(first, last)
    return total if site.switches.count_includes_bad else total - bad


def _percent_good(call: Call, point: Point, first: int, last: int, by_event: bool) -> float:
    if not by_event:
        length = (last - first) / TICKS_PER_SECOND
        return 100.0 * good_seconds(call, point, first, last) / length if length else 100.0
    total, bad = call.site.system.history(point).count(first, min(last, call.site.system.last_ticks(point)))
    return 100.0 * (total - bad) / total if total else 0.0


def _event_sums(call: Call, point: Point, first: int, last: int) -> _Sums:
    sums = _Sums()
    for event in call.site.system.events(point, first, last):
        if _counts(event):
            value = _number(event)
            sums.weight += 1
            sums.total += value
            sums.squares += value * value
            sums.extreme(event)
    return sums


def _stretches(call: Call, point: Point, first: int, last: int) -> list[tuple[Event, Event]]:
    """The range as pairs of neighbouring values, with the values at both ends made up where no event is."""
    system = call.site.system
    last = min(last, system.last_ticks(point))
    if last <= first:
        return []
    marks = [value_at(system, point, first), *system.events(point, first + 1, last - 1), value_at(system, point, last)]
    return list(pairwise(marks))


def good_seconds(call: Call, point: Point, first: int, last: int) -> float:
    """Time during which the value was good."""
    return sum(right.ticks - left.ticks for left, right in _stretches(call, point, first, last) if left.good) / (
        TICKS_PER_SECOND
    )


def _time_sums(call: Call, point: Point, first: int, last: int) -> _Sums:
    sums = _Sums()
    for left, right in _stretches(call, point, first, last):
        if not _counts(left):
            continue
        seconds = (right.ticks - left.ticks) / TICKS_PER_SECOND
        low = _number(left)
        high = low if point.holds or not _counts(right) else _number(right)
        sums.weight += seconds
        sums.total += seconds * (low + high) / 2
        sums.squares += seconds * (low * low + low * high + high * high) / 3
        sums.extreme(left)
        if _counts(right):
            sums.extreme(right)
    return sums
