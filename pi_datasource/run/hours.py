"""Times of day when the PI System may be asked: what an administrator allows, such as 22:00-05:00."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone, tzinfo

from pi_datasource.errors import PIOptionError

__all__ = ["Hours"]

_SPAN = re.compile(r"([0-2]?[0-9]):([0-5][0-9])\s*(?:-|–|to)\s*([0-2]?[0-9]):([0-5][0-9])")


@dataclass(frozen=True)
class Hours:
    """Spans of the day, in a zone.

    Attributes:
        spans: (start, end) in minutes of the day; an end before its start is on the next day.
        zone: whose clock it is.
    """

    spans: tuple[tuple[int, int], ...]
    zone: tzinfo = field(default=timezone.utc)

    @classmethod
    def parse(cls, texts: Sequence[str], zone: tzinfo) -> Hours:
        """Reads texts such as `22:00-05:00`; `24:00` is the end of a day.

        Raises:
            PIOptionError: another form, or a span without length.
        """
        return cls(tuple(_span(text) for text in texts), zone)

    def opens(self, now: datetime) -> datetime | None:
        """When the hours begin that are next; None when it is now."""
        if self.closes(now) is not None:
            return None
        return min(start for start, _ in self._around(now) if start > now)

    def closes(self, now: datetime) -> datetime | None:
        """When the present hours end; None outside of them. Spans that touch are one."""
        end: datetime | None = None
        for start, stop in self._around(now):
            if start <= (end or now) < stop:
                end = stop
        return end

    def after(self, now: datetime, seconds: float) -> datetime:
        """When so many seconds of hours will have passed."""
        left, at = timedelta(seconds=seconds), now
        for _ in range(100_000):
            at = self.opens(at) or at
            end = self.closes(at)
            if end is None or at + left <= end:
                break
            left, at = left - (end - at), end
        return at + left

    def _around(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans of the days around, in order, as instants."""
        today = now.astimezone(self.zone).date()
        found = []
        for day in range(-1, 9):
            date = today + timedelta(days=day)
            for start, end in self.spans:
                length = end - start if end > start else end - start + 1440
                first = datetime.combine(date, time(start // 60, start % 60), self.zone)
                last_minute = start + length
                last = datetime.combine(
                    date + timedelta(days=last_minute // 1440),
                    time(last_minute % 1440 // 60, last_minute % 60),
                    self.zone,
                )
                found.append((first.astimezone(timezone.utc), last.astimezone(timezone.utc)))
        yield from sorted(found)


def _span(text: str) -> tuple[int, int]:
    match = _SPAN.fullmatch(text.strip())
    hours = [int(part) for part in match.groups()] if match else []
    if not hours or hours[0] > 23 or hours[2] > 24 or (hours[2] == 24 and hours[3]):
        raise PIOptionError(f"hours: {text!r} is not accepted; accepted are spans such as 22:00-05:00 or 08:00-12:00")
    start, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if start == end:
        raise PIOptionError(f"hours: {text!r} has no length; leave hours out for the whole day")
    return start, end
