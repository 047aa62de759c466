"""The instants at which a call wants values: a list of them, or even steps through a range."""

from __future__ import annotations

from mock_pi.call import Call, PIWebAPIError
from mock_pi.pitime import TimeSpan
from mock_pi.stream import Stream

SORT_ORDERS = ("Ascending", "Descending")
SYNC_BOUNDARIES = ("Inside", "Outside")


def range_of(call: Call, stream: Stream | None = None) -> tuple[int, int]:
    """Start and end in the order given: the last day by default, an event frame's own time for its attributes."""
    own = stream.own_range if stream is not None else None
    start = call.instant("startTime", "*-1d") if own is None or call.text("startTime") else own[0]
    end = call.instant("endTime", "*") if own is None or call.text("endTime") else own[1]
    return start, end


def times_of(call: Call) -> list[int]:
    """The instants of the list parameter `time`, in the order of `sortOrder`.

    Raises:
        PIWebAPIError: there is none, or more than a call may return.
    """
    texts = call.many("time")
    if not texts:
        raise PIWebAPIError(400, "The parameter 'time' is required.")
    if len(texts) > call.site.switches.max_count:
        raise too_many("times", call.site.switches.max_count)
    descending = call.choice("sortOrder", SORT_ORDERS, "Ascending") == "Descending"
    return sorted((call.instant_of("time", text) for text in texts), reverse=descending)


def span_of(call: Call, name: str, default: str = "") -> TimeSpan | None:
    """A parameter that is a time span; None when it is not given and has no default."""
    text = call.text(name) or default
    if not text:
        return None
    try:
        return TimeSpan(text)
    except ValueError:
        raise call.invalid(name, text) from None


def steps_of(call: Call, stream: Stream) -> list[int]:
    """Every `interval` from startTime to endTime, both included, or in step with `syncTime`."""
    start, end = range_of(call, stream)
    first, last = min(start, end), max(start, end)
    interval = span_of(call, "interval", "1h")
    assert interval is not None
    outside = call.choice("syncTimeBoundaryType", SYNC_BOUNDARIES, "Inside") == "Outside"
    if call.text("syncTime"):
        instants = _in_step(call, interval, call.instant("syncTime", "*"), first, last, outside)
    else:
        instants = _from(call, interval, first, 0, last)
    return instants[::-1] if start > end else instants


def _from(call: Call, interval: TimeSpan, origin: int, number: int, last: int) -> list[int]:
    limit, zone = call.site.switches.max_count, call.zone
    instants: list[int] = []
    while (instant := interval.after(origin, number, zone)) <= last:
        if len(instants) >= limit:
            raise too_many("intervals", limit)
        instants.append(instant)
        number += 1
    return instants


def _in_step(call: Call, interval: TimeSpan, origin: int, first: int, last: int, outside: bool) -> list[int]:
    """The instants any number of intervals away from an origin, with the next ones outside of the range if asked."""
    zone = call.zone
    length = max(1, interval.after(origin, 1, zone) - origin)
    number = (first - origin) // length
    while interval.after(origin, number, zone) < first:
        number += 1
    while interval.after(origin, number - 1, zone) >= first:
        number -= 1
    inside = _from(call, interval, origin, number, last)
    before, behind = number - 1, number + len(inside)
    if outside and (not inside or inside[-1] < last):
        inside.append(interval.after(origin, behind, zone))
    if outside and inside[0] > first:
        inside.insert(0, interval.after(origin, before, zone))
    return inside


def too_many(what: str, limit: int) -> PIWebAPIError:
    """The refusal of a call that would give more than a call may."""
    return PIWebAPIError(400, f"The number of {what} is greater than the maximum allowed ({limit}).")
