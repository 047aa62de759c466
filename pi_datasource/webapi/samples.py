"""Routes of values that the server computes or chooses, spelt exactly as PI Web API spells them.

Like `endpoints`, this knows that PI's ranges include both ends: samples, plots and events of a half-open range are
asked up to one tick (100 ns) before its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from pi_datasource.options import Sampling
from pi_datasource.times import TimeRange, format_ticks
from pi_datasource.webapi.endpoints import Query, selected, with_query

__all__ = ["calculation", "end", "interpolated", "plot", "recorded_at_times", "summary", "value"]


def _items(fields: Sequence[str]) -> tuple[str, str]:
    return selected("Items.", ("Timestamp", "Value", *fields, "Errors"))


def _range(window: TimeRange, zone: str, inclusive: bool = False) -> Query:
    return [
        ("startTime", format_ticks(window.start)),
        ("endTime", format_ticks(window.end if inclusive else window.end - 1)),
        # Days begin and end there.
        ("timeZone", zone),
    ]


def _filter(sampling: Sampling) -> Query:
    if sampling.filter_expression is None:
        return []
    return [("filterExpression", sampling.filter_expression)]


def _of(web_id: str, action: str, query: Query) -> str:
    return with_query(f"streams/{quote(web_id, safe='')}/{action}", query)


def interpolated(web_id: str, window: TimeRange, zone: str, sampling: Sampling, fields: Sequence[str]) -> str:
    """The value at the start of a range and at every interval from there, as long as that is in the range."""
    include = [("includeFilteredValues", "true")] if sampling.include_filtered_values else []
    query = [*_range(window, zone), ("interval", sampling.interval.text), *_filter(sampling), *include, _items(fields)]
    return _of(web_id, "interpolated", query)


def plot(web_id: str, window: TimeRange, zone: str, sampling: Sampling, fields: Sequence[str]) -> str:
    """The few values that draw the same line."""
    return _of(web_id, "plot", [*_range(window, zone), ("intervals", str(sampling.intervals)), _items(fields)])


def value(web_id: str, time: int | None, fields: Sequence[str]) -> str:
    """The value at an instant; None for the snapshot."""
    at = [] if time is None else [("time", format_ticks(time))]
    return _of(web_id, "value", [*at, selected("", ("Timestamp", "Value", *fields))])


def end(web_id: str, fields: Sequence[str]) -> str:
    """The newest value, which lies after now for some future points."""
    return _of(web_id, "end", [selected("", ("Timestamp", "Value", *fields))])


def recorded_at_times(web_id: str, times: Sequence[int], mode: str, fields: Sequence[str]) -> str:
    """For each instant, in this order, the event that `retrievalMode` means."""
    asked = [("time", format_ticks(time)) for time in times]
    return _of(web_id, "recordedattimes", [*asked, ("retrievalMode", mode), _items(fields)])


def summary(web_id: str, window: TimeRange, zone: str, sampling: Sampling) -> str:
    """Summaries of the intervals of a range.

    Weighted by event, an event at the border of two intervals belongs to the later one, and so does one at the end of
    the range; the other weightings mean the whole time, or say themselves which end belongs to an interval.
    """
    query = [
        *_range(window, zone, inclusive=sampling.calculation_basis != "EventWeighted"),
        *(("summaryType", name) for name in sampling.summary_types),
        ("calculationBasis", sampling.calculation_basis),
        *([("summaryDuration", sampling.summary_duration.text)] if sampling.summary_duration else []),
        *([("sampleType", sampling.sample_type)] if sampling.sample_interval else []),
        *([("sampleInterval", sampling.sample_interval.text)] if sampling.sample_interval else []),
        *_filter(sampling),
        selected("Items.", ("Type", "Value", "Errors")),
    ]
    return _of(web_id, "summary", query)


def calculation(expression: str, window: TimeRange, zone: str, sampling: Sampling, fields: Sequence[str]) -> str:
    """The result of an equation at the start of a range and at every interval from there."""
    query = [
        ("expression", expression),
        *_range(window, zone),
        ("sampleInterval", sampling.interval.text),
        _items(fields),
    ]
    return with_query("calculation/intervals", query)
