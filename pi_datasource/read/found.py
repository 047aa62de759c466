"""Where the events of a body of JSON stand, of those that look alike; found by looking at all letters at once.

PI Web API writes events that look alike:

    {"Timestamp":"2026-01-01T00:00:30.5Z","Value":12.25,"Good":true,"Questionable":false,…},{"Timestamp":"…

So each `{"Timestamp":"` begins an event, the letters in front of the next one tell whether it ends as others do, and
what stands between is a time and a value, which Arrow converts all at once. An unescaped quote ends a JSON string, so
nothing of what is looked for can stand inside of one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pi_datasource.read.events import Positions, Rows
from pi_datasource.read.times import cast_ticks
from pi_datasource.webapi.wire import PIValue, TimedValue

__all__ = ["USUAL", "Found", "Mask"]

#: An event, and what follows its value, which tells how those around it look.
USUAL = re.compile(
    rb'\{"Timestamp":"[^"\\]{20,28}","Value":'
    rb'(?:[-0-9.eE+]+|true|false|null|\[[-0-9,]*\]|"(?:[^"\\]|\\.)*"|'
    rb'\{(?:"[A-Za-z]+":(?:[-0-9]+|true|false|"(?:[^"\\]|\\.)*"),?)*\})'
    rb'((?:,"[A-Za-z]+":(?:true|false|"[^"\\]*"))*)\}'
)
#: Letters of an event from which an end is learned, and of an end: each is compared at all events.
LONGEST_EVENT, LONGEST_END = 4_096, 256
#: Ends that are told apart, and the part of the events that may be left with others.
MOST_ENDS, FEW = 8, 0.005
#: An event up to its end, for the flags in that; and what no end has, of which decoders would take the last.
EMPTY = b'{"Timestamp":"","Value":null'
TWICE = re.compile(rb',"(?:Timestamp|Value)":')

BEGIN, BETWEEN = b'{"Timestamp":"', b'","Value":'
#: Fewer letters than any event has, and than are looked at behind its beginning.
SHORTEST_EVENT = 45
#: Letters for each brace, at least, in a body of events; those of others cost memory, and are soon decoded.
LETTERS_A_BRACE = 16
#: Letters of a time: whole seconds, seven digits behind them, fewer; the usual ones first.
LENGTHS_OF_TIMES = (20, 28, 24, 27, 26, 23, 25, 22)
#: No number that a server writes is longer; anything that holds another event is.
LONGEST_NUMBER = 40
ZERO, NINE, MINUS, POINT, Z, BRACE = b"09-.Z{"

#: First letter of a value that is no number → its last; 0 for others. Of `null`, `true` and `false`, too.
LAST_LETTER = np.zeros(256, np.uint8)
LAST_LETTER[list(b'"{[ntf')] = list(b'"}]lee')

Mask = np.ndarray[Any, np.dtype[np.bool_]]
WORD = msgspec.json.Decoder(PIValue)


class Found:
    """Where the events of a body stand, and the parts of those that look alike: a time, a value and a usual end.

    Args:
        body: the body.

    Attributes:
        body: its letters.
        begins: where each event begins.
        ends: what events have behind their value.
        end: which of these each has, or -1; for all events but the last, as the others.
        time, value: the first letter of each.
        after_time, after_value: the letter behind them.
        worded: values that are no numbers.
        clean: those that are rows, so far as first and last letters tell; the last one never is.

    Raises:
        pa.ArrowInvalid: far more braces than events have.
    """

    def __init__(self, body: bytes | bytearray) -> None:
        self.body = np.frombuffer(body, np.uint8)
        braces = self.body == BRACE
        if np.count_nonzero(braces) * LETTERS_A_BRACE > len(body):
            raise pa.ArrowInvalid("far more braces than events have")
        begins = np.flatnonzero(braces)
        begins = begins[begins < len(body) - SHORTEST_EVENT]
        self.begins = begins[_stands(body, begins, BEGIN)]
        self.time = self.begins[:-1] + len(BEGIN)
        self.after_time = self._times_end()
        self.value = self.after_time + len(BETWEEN)
        self.ends: list[bytes] = []
        self.end = np.full(len(self.time), -1, np.int64)
        self.after_value = np.zeros(len(self.time), np.int64)
        self.worded = np.zeros(len(self.time), np.bool_)
        self._find_ends(body, np.flatnonzero(_stands(body, self.after_time, BETWEEN) & (self.after_time > 0)))
        self.clean = np.append(self.end >= 0, False)

    def rows(self) -> Rows:
        """Those that look alike.

        Raises:
            pa.ArrowInvalid, msgspec.MsgspecError, UnicodeDecodeError: a time or a value is none.
        """
        chosen = np.flatnonzero(self.clean)
        bounds = np.empty((len(chosen), 4), np.int32)
        for number, places in enumerate((self.time, self.after_time, self.value, self.after_value)):
            bounds[:, number] = places[chosen]
        # The body as texts: time, what is between, value, what is up to the next row.
        offsets = pa.py_buffer(np.append(bounds, bounds[-1, -1]))
        texts = pa.StringArray.from_buffers(bounds.size, offsets, pa.py_buffer(self.body))
        each = np.arange(0, bounds.size, 4)
        times, values = texts.take(pa.array(each)), texts.take(pa.array(each + 2))
        usual = [msgspec.json.decode(EMPTY + end + b"}", type=TimedValue) for end in self.ends]
        if any(TWICE.search(end) for end in self.ends):
            raise pa.ArrowInvalid("a member that comes twice")
        return Rows(
            cast_ticks(times), times, values, *_numbers_and_words(values, self.worded[chosen]), usual, self.end[chosen]
        )

    def _find_ends(self, body: bytes | bytearray, left: Positions) -> None:
        """Learns ends from events that have none of those known.

        Args:
            left: events with a time and a value.
        """
        while len(left) > FEW * len(self.time) and len(self.ends) < MOST_ENDS:
            begins = (int(self.begins[left[len(left) * part // 4]]) for part in (2, 1, 3, 0))
            tried = [match[1] for at in begins if (match := USUAL.match(body, at, at + LONGEST_EVENT))]
            end = next((end for end in tried if end not in self.ends and len(end) <= LONGEST_END), None)
            if end is None:
                return
            at = self.begins[left + 1] - len(end) - len(b"},")
            numeric, worded = self._looks(self.value[left], at)
            has = (numeric | worded) & _stands(body, at, end + b"},")
            found = left[has]
            self.end[found], self.after_value[found], self.worded[found] = len(self.ends), at[has], worded[has]
            self.ends.append(end)
            left = left[~has]

    def _times_end(self) -> Positions:
        """Behind the Z that ends a time; 0 for times of any other form."""
        ends = np.zeros(len(self.time), np.int64)
        left = slice(None) if len(ends) else np.zeros(0, np.int64)
        for length in LENGTHS_OF_TIMES:
            after = self.time[left] + length
            ends[left] = np.where(self.body[after - 1] == Z, after, 0)
            left = np.flatnonzero(ends == 0)
            if not len(left):
                break
        return ends

    def _looks(self, value: Positions, after: Positions) -> tuple[Mask, Mask]:
        """Which values may be numbers, and which may be something else, by their first and last letters."""
        letters, last = self.body, len(self.body) - 1
        length = after - value
        first, end = letters[np.minimum(value, last)], letters[after - 1]
        minus = first == MINUS
        digit = letters[np.minimum(value + minus, last)]
        numeric = (length > minus) & (length <= LONGEST_NUMBER) & _digits(digit) & _digits(end)
        # JSON has no leading zeros.
        zero = np.flatnonzero((digit == ZERO) & (length > minus + 1))
        numeric[zero] &= ~_digits(letters[np.minimum(value[zero] + minus[zero] + 1, last)])
        return numeric, (length > 0) & (LAST_LETTER[first] == end)


def _stands(body: bytes | bytearray, at: Positions, text: bytes) -> Mask:
    """Where this text stands at these places of the body."""
    width = -(-len(text) // 8) * 8
    pad = width - len(text)
    # All parts of the body of that length; those asked for are copied together, and compared by eight letters each.
    parts = np.ndarray((len(body) - width + 1,), f"V{width}", body, strides=(1,))
    begin = at - pad
    eights = parts[np.clip(begin, 0, len(parts) - 1)].view("<u8").reshape(len(at), width // 8)
    wanted = np.frombuffer(bytes(pad) + text, "<u8")
    counted = np.frombuffer(bytes(pad) + b"\xff" * len(text), "<u8")
    differ = np.zeros(len(at), np.uint64)
    for number in range(len(wanted)):
        differ |= (eights[:, number] ^ wanted[number]) & counted[number]
    found: Mask = (differ == 0) & (begin >= 0) & (begin < len(parts))
    return found


def _digits(letters: np.ndarray[Any, np.dtype[np.uint8]]) -> Mask:
    digits: Mask = (letters >= ZERO) & (letters <= NINE)
    return digits


def _numbers_and_words(
    texts: pa.StringArray, worded: Mask
) -> tuple[np.ndarray[Any, np.dtype[np.float64]], Positions, Positions, Sequence[Any]]:
    """As in `Rows`: numbers, positions of those that are none, which word each of these is, words."""
    at = np.flatnonzero(worded)
    if not len(at):
        return _numbers(texts), at, at, ()
    numbers = np.zeros(len(texts))
    numbers[~worded] = _numbers(texts.take(pa.array(np.flatnonzero(~worded))))
    coded = pc.dictionary_encode(texts.take(pa.array(at)))
    # Each by itself: together, two broken ones may make one, and a third may be two.
    words = [WORD.decode(word) for word in coded.dictionary.cast(pa.binary()).to_pylist()]
    return numbers, at, np.asarray(coded.indices, np.int64), words


def _numbers(texts: pa.StringArray) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Texts that begin and end with a digit as numbers, with JSON's strictness.

    Raises:
        pa.ArrowInvalid: one of them is none, or larger than any double.
    """
    letters = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    if not _digits(letters[np.flatnonzero(letters == POINT) + 1]).all():
        raise pa.ArrowInvalid("a point without a digit behind it")
    numbers = np.array(texts.cast(pa.float64()))
    if not np.isfinite(numbers).all():
        raise pa.ArrowInvalid("a number larger than any double")
    # A whole zero has no sign.
    for zero in np.flatnonzero((numbers == 0) & np.signbit(numbers)).tolist():
        numbers[zero] = msgspec.json.decode(texts[zero].as_py())
    return numbers
