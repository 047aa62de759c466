"""Events of a stream as columns, for large answers of which no object was made for each event.

Most events of a body look alike: a time, a value, and flags as others have them. Those are `Rows`, shared by all
streams of the body; the few that differ are kept as they were decoded, by their position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import msgspec
import numpy as np
import pyarrow as pa

from pi_datasource.read.times import Ticks, parse_ticks
from pi_datasource.webapi.wire import PIValue, TimedValue

__all__ = ["Events", "Positions", "Rows", "odd_ones", "ticks_of"]

Positions = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Rows:
    """The events of a body that look alike.

    Attributes:
        ticks: their times.
        times: the same as they were written.
        texts: their values, as JSON.
        numbers: their values; anything where they are no numbers.
        worded: positions of those that are no numbers, ascending.
        codes: which of `words` each of these is.
        words: the distinct values that are no numbers.
        usual: the flags that they have, in events without time and value.
        flags: which of `usual` each has.
    """

    ticks: Ticks
    times: pa.StringArray
    texts: pa.StringArray
    numbers: np.ndarray[Any, np.dtype[np.float64]]
    worded: Positions
    codes: np.ndarray[Any, np.dtype[np.int64]]
    words: Sequence[Any]
    usual: Sequence[TimedValue]
    flags: Positions

    def worded_between(self, first: int, after: int) -> slice:
        """Where in `worded` and `codes` the rows of a part stand."""
        begin, end = np.searchsorted(self.worded, (first, after))
        return slice(int(begin), int(end))

    def values(self, first: int, after: int) -> list[Any]:
        """The values of a part, as a decoder would have made them."""
        # As bytes: what a decoder skips need not be a text.
        texts = self.texts.slice(first, after - first).cast(pa.binary()).to_pylist()
        return _VALUES.decode(b"[" + b",".join(texts) + b"]")


class Events(Sequence[TimedValue]):
    """Events of one stream, in order. As a sequence it makes them one by one, for the few who look at single events.

    Args:
        rows: where those are that look alike.
        first: the first of them that belongs to this stream; the others follow it.
        ticks: the times of all.
        odd_at: positions of those that do not look alike, ascending.
        odd: these.
    """

    __slots__ = ("first", "odd", "odd_at", "rows", "ticks")

    def __init__(self, rows: Rows, first: int, ticks: Ticks, odd_at: Positions, odd: Sequence[TimedValue]) -> None:
        self.rows, self.first, self.ticks, self.odd_at, self.odd = rows, first, ticks, odd_at, odd

    def __len__(self) -> int:
        return len(self.ticks)

    @property
    def after(self) -> int:
        """Behind the last of `rows` that belongs to this stream."""
        return self.first + len(self.ticks) - len(self.odd)

    @overload
    def __getitem__(self, which: int) -> TimedValue: ...

    @overload
    def __getitem__(self, which: slice) -> Sequence[TimedValue]: ...

    def __getitem__(self, which: int | slice) -> TimedValue | Sequence[TimedValue]:
        if isinstance(which, int):
            return list(self)[which]
        begin, end, step = which.indices(len(self))
        if step != 1:
            return list(self)[which]
        end = max(begin, end)
        low, high = (int(position) for position in np.searchsorted(self.odd_at, (begin, end)))
        first = self.first + begin - low
        return Events(self.rows, first, self.ticks[begin:end], self.odd_at[low:high] - begin, self.odd[low:high])

    def values(self) -> list[Any]:
        """The values, as a decoder would have made them."""
        alike, odd = iter(self.rows.values(self.first, self.after)), self._odd
        return [odd[position].Value if position in odd else next(alike) for position in range(len(self))]

    @property
    def _odd(self) -> dict[int, TimedValue]:
        return dict(zip(self.odd_at.tolist(), self.odd, strict=True))

    def __iter__(self) -> Iterator[TimedValue]:
        usual, odd = self.rows.usual, self._odd
        times = iter(self.rows.times.slice(self.first, self.after - self.first).to_pylist())
        flags = iter(self.rows.flags[self.first : self.after].tolist())
        for position, value in enumerate(self.values()):
            if position in odd:
                yield odd[position]
            else:
                yield msgspec.structs.replace(usual[next(flags)], Timestamp=next(times), Value=value)


_VALUES = msgspec.json.Decoder(list[PIValue])


def ticks_of(values: Sequence[TimedValue]) -> Ticks:
    """The times of events.

    Raises:
        PIBadAnswerError: one of them is none.
    """
    return values.ticks if isinstance(values, Events) else parse_ticks([value.Timestamp for value in values])


def odd_ones(values: Sequence[TimedValue]) -> Sequence[TimedValue]:
    """Those that may hold more than time, value and flags."""
    return values.odd if isinstance(values, Events) else values
