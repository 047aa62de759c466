"""The body of an answer: read whole, inflated, and never further than the limit.

It is inflated here rather than by urllib3, for two reasons: a few bytes of gzip can stand for a gigabyte, and a gzip
stream that ends early passes there for one that is whole.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable

import requests

from pi_datasource.errors import PIBadAnswerError, PITimeoutError, PITooLargeError

__all__ = ["ACCEPTED_ENCODINGS", "read_body"]

#: What the header Accept-Encoding asks for: what can be inflated piece by piece with Python alone.
ACCEPTED_ENCODINGS = "gzip, deflate"
#: Bytes of a body read at once, so that its deadline is looked at now and then.
READ_SIZE = 1 << 18
#: Bytes inflated at once, so that the limit is looked at before there is more.
INFLATED_AT_ONCE = 1 << 20
#: Bytes read of an answer that is an error: its first words are all that is used.
LONGEST_ERROR = 1 << 16


def read_body(response: requests.Response, limit: int, deadline: float, asked: str) -> bytearray:
    """The whole body, inflated; of an error its beginning is enough.

    One growing array: pieces that are joined in the end take the body's memory twice.

    Args:
        response: an answer whose body is not read yet.
        limit: the most bytes to take (option maxResponseBytes).
        deadline: when to give up, on the monotonic clock.
        asked: the request in words.

    Raises:
        PITooLargeError: there is more than the limit.
        PIBadAnswerError: it broke off, or is damaged.
        PITimeoutError: it kept coming for too long.
    """
    raw = response.raw
    good = 200 <= response.status_code < 300
    limit = limit if good else min(limit, LONGEST_ERROR)
    announced = _announced(response)
    if good and announced is not None and announced > limit:
        raise _too_large(limit, asked)
    # What is there, rather than all that was asked for: a server that drips would never let us look at the clock.
    read: Callable[..., bytes] = getattr(raw, "read1", raw.read)
    body = bytearray()
    inflater = _inflater(response, asked) if good else _Lenient(response)
    while True:
        piece = read(READ_SIZE, decode_content=False)
        if not piece:
            break
        inflater.take(piece)
        while inflater.has_more:
            body += inflater.inflate()
            if len(body) > limit:
                if good:
                    body.clear()  # the error keeps this frame, and with it the body
                    raise _too_large(limit, asked)
                return body[:limit]
        if time.monotonic() > deadline:
            raise PITimeoutError(f"{asked}: the answer kept coming for too long, {len(body):,} bytes so far")
    # urllib3 2 checks this by itself, urllib3 1 does not.
    if announced is not None and raw.tell() < announced:
        raise PIBadAnswerError(f"{asked}: the answer broke off after {raw.tell():,} of {announced:,} bytes")
    inflater.finish()
    return body


def _announced(response: requests.Response) -> int | None:
    """The length in the head, when there is one that counts."""
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _too_large(limit: int, asked: str) -> PITooLargeError:
    return PITooLargeError(
        f"{asked}: the answer has more than {limit:,} bytes, the ceiling that option maxResponseBytes sets; "
        "ask for less at once (options pageSize, tagsPerRequest) or raise it",
        is_answer=True,
    )


class _Plain:
    """A body as it is."""

    def __init__(self) -> None:
        self.waiting = b""

    @property
    def has_more(self) -> bool:
        """Whether `inflate` would give more of what was taken."""
        return bool(self.waiting)

    def take(self, piece: bytes) -> None:
        """The next bytes from the network."""
        self.waiting = piece

    def inflate(self) -> bytes:
        """Some of what they stand for."""
        piece, self.waiting = self.waiting, b""
        return piece

    def finish(self) -> None:
        """No bytes come any more."""


class _Deflated(_Plain):
    """A body in gzip, or in either form of deflate.

    Args:
        window: zlib's number for the format.
        asked: the request in words.
    """

    def __init__(self, window: int, asked: str) -> None:
        super().__init__()
        self._window = window
        self._asked = asked
        self._head = b""
        self._begun = False
        self._held_back = False
        self._stream = zlib.decompressobj(window)

    @property
    def has_more(self) -> bool:
        """Also when all bytes are taken in, and the last piece was as large as a piece may be."""
        return bool(self.waiting) or self._held_back

    def take(self, piece: bytes) -> None:
        """The next bytes; of deflate none before there are two, which tell whether it has zlib's head."""
        if self._begun or self._window != DEFLATE:
            self.waiting = piece
            return
        self._head += piece
        if len(self._head) < 2:
            return
        if self._head[0] & 0x0F != zlib.DEFLATED or int.from_bytes(self._head[:2], "big") % 31:
            # Some servers leave it out.
            self._window = BARE_DEFLATE
            self._stream = zlib.decompressobj(BARE_DEFLATE)
        self.waiting, self._head = self._head, b""

    def inflate(self) -> bytes:
        if self._stream.eof:
            if self._window != GZIP or not self.waiting.strip(b"\0"):
                self.waiting, self._held_back = b"", False  # padding, which some servers write
                return b""
            self._stream = zlib.decompressobj(self._window)  # gzip may come in several members
        try:
            made = self._stream.decompress(self.waiting, INFLATED_AT_ONCE)
        except zlib.error as error:
            raise PIBadAnswerError(f"{self._asked}: the answer is damaged: {error}") from error
        self._begun, self._held_back = True, len(made) == INFLATED_AT_ONCE
        self.waiting = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
        return made

    def finish(self) -> None:
        """Raises PIBadAnswerError when the compressed stream has no end."""
        if self._head or (self._begun and not self._stream.eof):
            raise PIBadAnswerError(f"{self._asked}: the compressed answer broke off")


class _Lenient(_Plain):
    """The body of an error: inflated as far as it can be, for its words are all that is wanted."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        try:
            self._inner: _Plain = _inflater(response, "")
        except PIBadAnswerError:
            self._inner = _Plain()

    @property
    def has_more(self) -> bool:
        return self._inner.has_more

    def take(self, piece: bytes) -> None:
        self._inner.take(piece)

    def inflate(self) -> bytes:
        try:
            return self._inner.inflate()
        except PIBadAnswerError:
            self._inner = _Plain()
            return b""


#: zlib's numbers for formats.
GZIP, DEFLATE, BARE_DEFLATE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
WINDOWS = {"gzip": GZIP, "x-gzip": GZIP, "deflate": DEFLATE}


def _inflater(response: requests.Response, asked: str) -> _Plain:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return _Plain()
    if encoding not in WINDOWS:
        raise PIBadAnswerError(f"{asked}: the answer is compressed by {encoding!r}, which was not asked for")
    return _Deflated(WINDOWS[encoding], asked)
