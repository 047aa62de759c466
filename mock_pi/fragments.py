"""Rows of recorded data from ready-made pieces of JSON, so that the mock serves faster than anyone reads.

A row of a dense point is three pieces that already exist: the day (`,{"Timestamp":"2026-01-01`), the time of day
(`T00:00:10Z"`, shared by all points with that step), and value with flags (from the point's cycle). They are laid into
a list by slice assignment and joined. All other rows are put together one by one from the same parts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from mock_pi.system.event import Event
from mock_pi.system.history import History, Span
from mock_pi.system.shapes import Stepped
from mock_pi.system.values import CycleValues
from mock_pi.ticks import TICKS_PER_DAY, text_of
from mock_pi.wire import to_json, value_json

#: Cycles of fragments kept: a point's cycle is 30 to 70 kB.
_CYCLES_KEPT = 2048

#: Most times of day kept for one step: those of two events a second, some 15 MB.
_MOST_TIMES = 172_800

_FLAGS = ("Good", "Questionable", "Substituted", "Annotated")


@lru_cache(maxsize=16)
def times_of_day(step: int, phase: int) -> list[bytes]:
    """The second half of a timestamp, with its closing quote, for every step of a day."""
    return [text_of(phase + number * step)[10:].encode() + b'"' for number in range(TICKS_PER_DAY // step)]


@lru_cache(maxsize=4096)
def _day(day: int) -> bytes:
    return b',{"Timestamp":"' + text_of(day * TICKS_PER_DAY)[:10].encode()


def whole_row(event: Event, fields: Sequence[str], unit: str = "") -> bytes:
    """One row with a comma before it."""
    if "Timestamp" in fields:
        return b',{"Timestamp":"' + text_of(event.ticks).encode() + b'"' + rest_of_row(event, fields, unit)
    return rest_of_row(event, fields, unit)


def rest_of_row(event: Event, fields: Sequence[str], unit: str = "") -> bytes:
    """A row from behind its timestamp on; the whole row with a comma before it where the timestamp is left out."""
    parts = []
    if "Value" in fields:
        parts.append(b'"Value":' + value_json(event.value))
    if "UnitsAbbreviation" in fields:
        parts.append(b'"UnitsAbbreviation":' + (to_json(unit) if event.good else b'""'))
    for name, flag in zip(_FLAGS, event[2:], strict=True):
        if name in fields:
            parts.append(b'"%s":%s' % (name.encode(), b"true" if flag else b"false"))
    if "Timestamp" in fields:
        return b"".join(b"," + part for part in parts) + b"}"
    return b",{" + b",".join(parts) + b"}"


class Rows:
    """Writes rows of one choice of fields, whose values are in one unit."""

    def __init__(self, fields: tuple[str, ...], unit: str) -> None:
        self.fields = fields
        self.unit = unit
        self.timed = "Timestamp" in fields
        self._cycles: OrderedDict[int, tuple[CycleValues, list[bytes]]] = OrderedDict()

    def write(self, history: History, spans: Iterable[Span], backwards: bool = False) -> list[bytes]:
        """The pieces of the rows; joined, they are what goes between `[` and `]`."""
        pieces: list[bytes] = []
        for span in spans:
            pieces += self._span(history, span, backwards)
        if pieces:
            pieces[0] = pieces[0][1:]
        return pieces

    def _span(self, history: History, span: Span, backwards: bool) -> list[bytes]:
        if isinstance(span, range) and isinstance(history.values, CycleValues) and isinstance(history.shape, Stepped):
            pieces = self._cycled(history.shape, history.values, span)
            if pieces is not None:
                return _reversed_rows(pieces, 3 if self.timed else 1) if backwards else pieces
        events = history.computed(span) if isinstance(span, range) else span
        return [whole_row(event, self.fields, self.unit) for event in (reversed(events) if backwards else events)]

    def _cycled(self, shape: Stepped, values: CycleValues, numbers: range) -> list[bytes] | None:
        step, origin = shape.step, shape.origin
        if TICKS_PER_DAY % step or TICKS_PER_DAY // step > _MOST_TIMES:
            return None
        count = len(numbers)
        flags = _around(self._cycle(values), numbers.start % values.period, count)
        if not self.timed:
            return flags
        pieces = [b""] * (3 * count)
        pieces[2::3] = flags
        clock = times_of_day(step, origin % step)
        per_day = len(clock)
        # Number of the first row counted in steps since 1970, so that day and place within it fall out of it.
        place = numbers.start + origin // step
        done = 0
        while done < count:
            day, within = divmod(place + done, per_day)
            take = min(count - done, per_day - within)
            pieces[3 * done : 3 * (done + take) : 3] = [_day(day)] * take
            pieces[3 * done + 1 : 3 * (done + take) : 3] = clock[within : within + take]
            done += take
        return pieces

    def _cycle(self, values: CycleValues) -> list[bytes]:
        kept = self._cycles.get(id(values))
        # The id of a cycle that is gone can come again, hence the second look.
        if kept is None or kept[0] is not values:
            kept = (values, [rest_of_row(event, self.fields, self.unit) for event in values.cycle])
            self._cycles[id(values)] = kept
            if len(self._cycles) > _CYCLES_KEPT:
                self._cycles.popitem(last=False)
        return kept[1]


def _around(cycle: list[bytes], offset: int, count: int) -> list[bytes]:
    """`count` pieces of a cycle that goes round and round, without touching more of them than that."""
    first = cycle[offset : offset + count]
    rounds, rest = divmod(count - len(first), len(cycle))
    return first + cycle * rounds + cycle[:rest]


def _reversed_rows(pieces: list[bytes], width: int) -> list[bytes]:
    turned = pieces[:]
    for place in range(width):
        turned[place::width] = pieces[place::width][::-1]
    return turned


@lru_cache(maxsize=256)
def rows(fields: tuple[str, ...], unit: str = "") -> Rows:
    """The writer for a choice of fields, with what it has prepared so far."""
    return Rows(fields, unit)


def first_spans(spans: Iterable[Span], count: int) -> list[Span]:
    """The runs cut after `count` events."""
    taken: list[Span] = []
    for span in spans:
        if len(span) >= count:
            return [*taken, span[:count]] if count else taken
        taken.append(span)
        count -= len(span)
    return taken


def last_spans(spans: Sequence[Span], count: int) -> list[Span]:
    """The runs backwards (each still forwards in itself), cut after `count` events from the end."""
    taken: list[Span] = []
    for span in reversed(spans):
        if len(span) >= count:
            return [*taken, span[len(span) - count :]] if count else taken
        taken.append(span)
        count -= len(span)
    return taken
