"""Large bodies of events → columns, without an object for each event.

Events that look alike (`found`) are rows. All else — an event with more in it, the last one of a stream, headers,
errors — stays what it was: in the body each run of rows is replaced by one event that names them, and what is left is
decoded and checked as any answer. A body that is not written as usual (indented, say), or that has anything wrong in
it, is left to the usual decoder, which finds the words for it.

Measured with whole reads of a million events of 200 streams, processor time an event: 1.4 µs decoded, 0.9 µs cut. On
another machine, on which objects are cheap, 0.65 µs either way; and inside Spark, where all cores are busy and memory
is what is scarce, cutting took a twelfth to a sixth more there, since it goes through a body several times. In blocks
of 1 MB, which stay in the cache, finding events took a sixth less.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from pi_datasource.errors import PIBadAnswerError
from pi_datasource.read.events import Events, Rows
from pi_datasource.read.found import USUAL, Found
from pi_datasource.read.times import Ticks, parse_ticks
from pi_datasource.webapi.wire import TimedValue, TimedValues, decoded_by

__all__ = ["CuttingDecoder", "PagedValues"]

T = TypeVar("T")

#: Bodies of fewer bytes are decoded faster than they are cut.
LEAST_BYTES = 1 << 20
#: Arrow counts the bytes of a text with 32 bits.
MOST_BYTES = (1 << 31) - 1

#: How much of a body is looked at for a first one.
SAMPLE = 4_096
#: The part of its events that may look otherwise: one of those costs as much as is gained by twenty others.
MOST_ODD = 0.04


class PagedValues(TimedValues, gc=False):
    """Events of one stream, asked for by pages: `Items` may be `Events`."""


class CuttingDecoder(Generic[T]):
    """Decodes `PagedValues`, alone or in batches, as the usual decoder does.

    Args:
        whole: the usual decoder.
    """

    def __init__(self, whole: msgspec.json.Decoder[T]) -> None:
        self._whole = whole
        self.type = whole.type

    def decode(self, body: bytes | bytearray) -> T:
        """The body as data.

        Raises:
            msgspec.MsgspecError: it is none.
        """
        answer = self._cut(body) if LEAST_BYTES <= len(body) <= MOST_BYTES else None
        return self._whole.decode(body) if answer is None else answer

    def _cut(self, body: bytes | bytearray) -> T | None:
        try:
            cut = _Cut.of(body)
            if cut is None:
                return None
            answer = self._whole.decode(cut.rest)
            cut.join(_lists(answer))
        except (msgspec.MsgspecError, pa.ArrowInvalid, UnicodeDecodeError, RecursionError, PIBadAnswerError):
            # Whatever it is, the usual decoder finds the words for it.
            return None
        return answer


decoded_by(PagedValues, CuttingDecoder)


def _lists(answer: Any) -> list[TimedValues]:
    """The lists of events in an answer."""
    contents = [sub.Content for sub in answer.values()] if isinstance(answer, dict) else [answer]
    return [content for content in contents if isinstance(content, TimedValues)]


class _Cut:
    """A body, cut apart.

    Args:
        rows: the events that look alike.
        rest: the body with an event in the place of each run of rows.
        mark: how the time of such an event begins; it goes on with the numbers of the first row and of that behind
            the last.
    """

    def __init__(self, rows: Rows, rest: bytes, mark: str) -> None:
        self.rows, self.rest, self.mark = rows, rest, mark

    @classmethod
    def of(cls, body: bytes | bytearray) -> _Cut | None:
        """Cuts a body; None where it is not written as expected, or too little of it is.

        Raises:
            pa.ArrowInvalid, msgspec.MsgspecError, UnicodeDecodeError: something in it is not what it looks like.
        """
        found = Found(body) if USUAL.search(body, 0, SAMPLE) else None
        if found is None or not found.clean.any() or found.clean.sum() < (1 - MOST_ODD) * len(found.clean):
            return None
        rows = found.rows()
        mark = f"#{os.urandom(8).hex()} "
        return cls(rows, b"".join(_rest(body, found, mark)), mark)

    def join(self, lists: Sequence[TimedValues]) -> None:
        """Puts the rows back into the lists of events of the rest.

        Raises:
            PIBadAnswerError: a time is none, or rows are in no list or in several.
        """
        parts, row, event = [], 0, 0
        for content in lists:
            part = self._part(content, row, event)
            row, event = row + part.rows, event + len(part.odd) + part.rows
            parts.append(part)
        if row != len(self.rows.ticks):
            raise PIBadAnswerError("a name that comes twice")
        odd_at = np.array([at for part in parts for at in part.odd_at], np.int64)
        odd = parse_ticks([value.Timestamp for part in parts for value in part.odd])
        # Positions among all events, as numpy wants them: among those that are there already.
        ticks = np.insert(self.rows.ticks, odd_at - np.arange(len(odd_at)), odd)
        for part in parts:
            part.put_back(self.rows, ticks)

    def _part(self, content: TimedValues, row: int, event: int) -> _Part:
        """The events of one stream.

        Args:
            row: where its rows begin among all.
            event: where its events begin among those of all streams.
        """
        part = _Part(content, row, event)
        mark, position = self.mark, event
        for item in content.Items:
            if item.Timestamp.startswith(mark):
                begin, after = map(int, item.Timestamp[len(mark) :].split("-"))
                if begin != row + part.rows:
                    raise PIBadAnswerError("a name that comes twice")
                part.rows += after - begin
                position += after - begin
            else:
                part.odd_at.append(position)
                part.odd.append(item)
                position += 1
        return part


@dataclass
class _Part:
    """The events of one stream in a body.

    Attributes:
        content: the stream's answer.
        row: where its rows begin among all.
        event: where its events begin among those of all streams.
        rows: how many rows.
        odd_at: where its other events stand among those of all streams.
        odd: these.
    """

    content: TimedValues
    row: int
    event: int
    rows: int = 0
    odd_at: list[int] = field(default_factory=list)
    odd: list[TimedValue] = field(default_factory=list)

    def put_back(self, rows: Rows, ticks: Ticks) -> None:
        """Gives the stream its rows again, if it has any."""
        if self.rows:
            own = ticks[self.event : self.event + self.rows + len(self.odd)]
            odd_at = np.array(self.odd_at, np.int64) - self.event
            self.content.Items = Events(rows, self.row, own, odd_at, self.odd)  # type: ignore[assignment]


def _rest(body: bytes | bytearray, found: Found, mark: str) -> Iterator[bytes]:
    """The body with one event for each run of rows."""
    row, done = 0, 0
    clean = found.clean
    bounds = [0, *(np.flatnonzero(clean[1:] != clean[:-1]) + 1).tolist(), len(clean)]
    for first, after in pairwise(bounds):
        if clean[first]:
            yield bytes(body[done : found.begins[first]])
            yield f'{{"Timestamp":"{mark}{row}-{row + after - first}"}}'.encode()
            row += after - first
            # On with the comma in front of the next event.
            done = found.begins[after] - 1
    yield bytes(body[done:])
