"""The windows of a backfill, and how long the rest of them may take."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from pi_datasource.run.hours import Hours
from pi_datasource.times import Span, TimeRange

__all__ = ["Progress", "span_text", "windows"]

#: Windows whose pace is taken for the pace of the rest: the archive's density changes over the years.
RECENT = 30


def windows(whole: TimeRange, length: Span, zone: tzinfo, *, newest_first: bool = False) -> list[TimeRange]:
    """Adjoining windows that make up a range; days, months and years are those of the zone."""
    made: list[TimeRange] = []
    while (start := made[-1].end if made else whole.start) < whole.end:
        end = min(length.after(whole.start, len(made) + 1, zone), whole.end)
        made.append(TimeRange(start, max(end, start + 1)))
    return made[::-1] if newest_first else made


@dataclass
class Progress:
    """How far a backfill is.

    Attributes:
        windows: in all.
        done: of them, earlier runs included.
        rows: written, earlier runs included.
        seconds: spent on windows, earlier runs included.
    """

    windows: int
    done: int = 0
    rows: int = 0
    seconds: float = 0.0
    _recent: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=RECENT), repr=False)

    def add(self, rows: int, seconds: float) -> None:
        """One more window is written."""
        self.done += 1
        self.rows += rows
        self.seconds += seconds
        self._recent.append((rows, seconds))

    @property
    def window_seconds(self) -> float:
        """What a window takes, by the last ones; 0 when nothing is known."""
        if self._recent:
            return sum(seconds for _, seconds in self._recent) / len(self._recent)
        return self.seconds / self.done if self.done else 0.0

    @property
    def seconds_left(self) -> float:
        """Of work."""
        return (self.windows - self.done) * self.window_seconds

    def told(self, now: datetime, hours: Hours | None) -> str:
        """One line for people."""
        share = 100 * self.done / self.windows if self.windows else 100.0
        parts = [f"{self.done:,} of {self.windows:,} windows ({share:.1f} %), {self.rows:,} rows"]
        rows, seconds = (sum(column) for column in zip(*self._recent, strict=True)) if self._recent else (0, 0.0)
        if seconds:
            parts.append(f"{rows / seconds:,.0f} rows/s")
        if 0 < self.done < self.windows and self.seconds_left:
            left = f"about {span_text(self.seconds_left)} left"
            if hours is not None:
                left += f" in hours, until {hours.after(now, self.seconds_left).astimezone(hours.zone):%Y-%m-%d %H:%M}"
            parts.append(left)
        return "; ".join(parts)


def span_text(seconds: float) -> str:
    """A length of time in its two largest units, such as `2 d 3 h`."""
    left = timedelta(seconds=round(seconds))
    minutes, second = divmod(left.seconds, 60)
    hour, minute = divmod(minutes, 60)
    return " ".join(_largest([(left.days, "d"), (hour, "h"), (minute, "min"), (second, "s")]))


def _largest(units: list[tuple[int, str]]) -> Iterator[str]:
    first = next((place for place, (count, _) in enumerate(units) if count), len(units) - 1)
    for count, unit in units[first : first + 2]:
        if count or unit == units[first][1]:
            yield f"{count} {unit}"
