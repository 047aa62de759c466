"""`Events` → value columns and flags: those that look alike all at once, the others one by one, as `kinds` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from pi_datasource.read.events import Events, Positions, Rows
from pi_datasource.read.kinds import CONVERT, LARGEST_WHOLE, Odd, Values
from pi_datasource.webapi.wire import TimedValue

__all__ = ["Joined"]

T = TypeVar("T")

#: Where a word stands that is there only in some other way; nothing is taken from it.
NOWHERE = -1


class Joined:
    """Events of several streams, one stream behind the other.

    Args:
        streams: they.

    Attributes:
        rows: how many events.
        odd: those that do not look alike.
        odd_at: where they stand.
        alike: where the others do.
    """

    def __init__(self, streams: Sequence[Events]) -> None:
        self._streams = streams
        counts = [len(events) for events in streams]
        self.rows = sum(counts)
        begins = np.cumsum([0, *counts[:-1]])
        self.odd: list[TimedValue] = [value for events in streams for value in events.odd]
        self.odd_at: Positions = np.concatenate(
            [events.odd_at + begin for events, begin in zip(streams, begins, strict=True)]
        )
        self.alike: Positions | slice = slice(None)
        if self.odd:
            alike = np.ones(self.rows, np.bool_)
            alike[self.odd_at] = False
            self.alike = np.flatnonzero(alike)

    def flag(self, name: str) -> pa.Array:
        """A flag of all events; null where the server left it out."""
        usual, which = self._usual
        known, odd = [getattr(value, name) for value in usual], [getattr(value, name) for value in self.odd]
        kind = object if None in known or None in odd else np.bool_
        flags = np.empty(self.rows, kind)
        flags[self.alike], flags[self.odd_at] = np.array(known, kind)[which], odd
        return pa.array(flags.tolist() if kind is object else flags, pa.bool_())

    @cached_property
    def _usual(self) -> tuple[list[TimedValue], Positions]:
        """The flags that those that look alike have, and which each of them has."""
        usual, begins = self._of_bodies(lambda rows: rows.usual)
        which = [one.rows.flags[one.first : one.after] + begins[id(one.rows)] for one in self._streams]
        return usual, np.concatenate(which)

    def _of_bodies(self, has: Callable[[Rows], Sequence[T]]) -> tuple[list[T], dict[int, int]]:
        """What the bodies have, which their streams share, and where that of each begins, by the id of its rows."""
        found: list[T] = []
        begins: dict[int, int] = {}
        for one in self._streams:
            if id(one.rows) not in begins:
                begins[id(one.rows)] = len(found)
                found += has(one.rows)
        return found, begins

    def values(self, kind: str) -> Values:
        """The value columns, if all streams are of this kind."""
        made = _floats(self) if kind == "float" else _integers(self) if kind == "integer" else _words(self, kind)
        # Whole numbers with a point, numbers in a digital stream, and what else is rare.
        return CONVERT[kind]([value for events in self._streams for value in events.values()]) if made is None else made

    def numbers(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The values that are numbers; anything elsewhere."""
        numbers = np.zeros(self.rows)
        numbers[self.alike] = np.concatenate([one.rows.numbers[one.first : one.after] for one in self._streams])
        return numbers

    def texts(self) -> pa.StringArray:
        """The values of those that look alike, as JSON."""
        return pa.concat_arrays([one.rows.texts.slice(one.first, one.after - one.first) for one in self._streams])

    def words(self) -> tuple[list[Any], Positions]:
        """Values that are no numbers, and for each event which of them it is, or -1.

        Of the events that do not look alike, all values are words.
        """
        words, begins = self._of_bodies(lambda rows: rows.words)
        alike = np.full(self.rows - len(self.odd), NOWHERE, np.int64)
        row = 0
        for one in self._streams:
            part = one.rows.worded_between(one.first, one.after)
            if part.start < part.stop:
                alike[one.rows.worded[part] - one.first + row] = one.rows.codes[part] + begins[id(one.rows)]
            row += one.after - one.first
        codes = np.full(self.rows, NOWHERE, np.int64)
        codes[self.alike] = alike
        codes[self.odd_at] = np.arange(len(self.odd)) + len(words)
        words += [value.Value for value in self.odd]
        # Those of the streams here: others of the same body may have words of other kinds.
        used = np.flatnonzero(np.bincount(codes - NOWHERE, minlength=len(words) + 1)[1:])
        places = np.full(len(words) + 1, NOWHERE, np.int64)
        places[used + 1] = np.arange(len(used))
        return [words[number] for number in used.tolist()], places[codes - NOWHERE]

    def told(self) -> dict[int, Any]:
        """The events that are no numbers or do not look alike: position → value."""
        words, codes = self.words()
        at = np.flatnonzero(codes != NOWHERE)
        return {place: words[code] for place, code in zip(at.tolist(), codes[at].tolist(), strict=True)}


def _floats(joined: Joined) -> Values:
    numbers, told = joined.numbers(), joined.told()
    plain = {at: value for at, value in told.items() if _is_double(value)}
    odd = Odd(joined.rows, {at: value for at, value in told.items() if at not in plain}, "float")
    return odd.values(value=_spread(numbers, {**plain, **odd.numbers}, told))


def _is_double(value: Any) -> bool:
    return value.__class__ is float or (value.__class__ is int and abs(value) <= LARGEST_WHOLE)


def _integers(joined: Joined) -> Values | None:
    told = joined.told()
    plain = np.ones(joined.rows, np.bool_)
    plain[list(told)] = False
    texts = joined.texts()
    if len(told) > len(joined.odd):
        texts = texts.filter(pa.array(plain[joined.alike]))
    longs = np.zeros(joined.rows, np.int64)
    try:
        longs[plain] = np.asarray(texts.cast(pa.int64()))
    except pa.ArrowInvalid:
        return None
    odd = Odd(joined.rows, told, "integer")
    exact = _spread(longs, odd.longs, told)
    return odd.values(value=_spread(joined.numbers(), odd.numbers, told), value_long=exact)


def _spread(usual: np.ndarray[Any, Any], other: dict[int, Any], told: dict[int, Any]) -> pa.Array:
    """What is usual, with these instead where something else was told; null where none of them is."""
    if not told:
        return pa.array(usual)
    for at, value in other.items():
        usual[at] = value
    missing = np.zeros(len(usual), np.bool_)
    missing[[at for at in told if at not in other]] = True
    return pa.array(usual, mask=missing)


def _words(joined: Joined, kind: str) -> Values | None:
    words, codes = joined.words()
    if (codes == NOWHERE).any():
        return None
    # Each word is converted once.
    at, made = pa.array(codes), CONVERT[kind](words)
    return Values(joined.rows, **{name: column.take(at) for name, column in made.told().items()})
