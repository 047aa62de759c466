from __future__ import annotations

import gzip
import io
import time
import zlib
from typing import Any

import pytest
import requests
from urllib3 import HTTPResponse

from pi_datasource.errors import PIBadAnswerError, PITimeoutError, PITooLargeError
from pi_datasource.webapi.bodies import INFLATED_AT_ONCE, LONGEST_ERROR, READ_SIZE, read_body

WORDS = (
    b'{"Items": [' + b",".join(b'{"Timestamp": "2026-01-01T00:00:00Z", "Value": %d}' % n for n in range(3000)) + b"]}"
)
BARE = zlib.compressobj(wbits=-15)
#: Content-Encoding → the same words.
FORMS = {
    None: WORDS,
    "identity": WORDS,
    "gzip": gzip.compress(WORDS),
    "X-Gzip": gzip.compress(WORDS),
    "deflate": zlib.compress(WORDS),
    "Deflate": BARE.compress(WORDS) + BARE.flush(),
}


def response(body: bytes, encoding: str | None = None, status: int = 200, length: int | None = None) -> Any:
    """An answer of `requests` over these bytes."""
    made = requests.Response()
    made.status_code = status
    made.headers["Content-Length"] = str(len(body) if length is None else length)
    if encoding:
        made.headers["Content-Encoding"] = encoding
    made.raw = HTTPResponse(io.BytesIO(body), headers=made.headers, status=status, preload_content=False)
    return made


def read(made: Any, limit: int = 10**9) -> bytes:
    return bytes(read_body(made, limit, time.monotonic() + 60, "recorded of A"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_words(form: str | None) -> None:
    assert read(response(FORMS[form], form)) == WORDS


class Drops(io.BytesIO):
    """Comes byte by byte."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(1 if size else size)

    def read1(self, size: int | None = -1, /) -> bytes:
        return self.read(size)


@pytest.mark.parametrize("form", FORMS)
def test_also_byte_by_byte(form: str | None) -> None:
    """The first byte alone does not tell whether deflate has zlib's head."""
    made = response(FORMS[form], form)
    made.raw._fp = Drops(FORMS[form])
    assert read(made) == WORDS
    if form in ("deflate", "Deflate"):
        for size in (1, 2, 3):
            with pytest.raises(PIBadAnswerError, match="broke off"):
                read(response(FORMS[form][:size], form))


@pytest.mark.parametrize("size", [INFLATED_AT_ONCE - 1, INFLATED_AT_ONCE, INFLATED_AT_ONCE + 1, 3 * INFLATED_AT_ONCE])
@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
def test_sizes_around_what_is_inflated_at_once(pack: Any, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    form = "gzip" if pack is gzip.compress else "deflate"
    assert read(response(pack(body[:size]), form)) == body[:size]
    assert read(response(pack(b" " * size), form)) == b" " * size


def test_several_gzip_members_and_padding_behind_them() -> None:
    half = len(WORDS) // 2
    assert read(response(gzip.compress(WORDS[:half]) + gzip.compress(WORDS[half:]) + b"\0" * 9, "gzip")) == WORDS


@pytest.mark.parametrize("form", ["gzip", "deflate", "Deflate"])
@pytest.mark.parametrize("cut", [1, 4, 9, 200])
def test_a_compressed_body_without_its_end_is_not_taken_for_whole(form: str, cut: int) -> None:
    """Also where the length in the head is that of what came: then only the stream itself tells."""
    if form == "deflate" and cut == 1:
        assert zlib.decompressobj().decompress(FORMS[form][:-cut]) == WORDS  # all is there but the checksum
    with pytest.raises(PIBadAnswerError, match="recorded of A: the compressed answer broke off"):
        read(response(FORMS[form][:-cut], form))


def test_damage_and_foreign_encodings_are_told() -> None:
    packed = bytearray(FORMS["gzip"])
    packed[len(packed) // 2] ^= 0x55
    with pytest.raises(PIBadAnswerError, match="the answer is damaged"):
        read(response(bytes(packed), "gzip"))
    with pytest.raises(PIBadAnswerError, match="the answer is damaged"):
        read(response(FORMS["gzip"] + b"more", "gzip"))
    with pytest.raises(PIBadAnswerError, match="'br', which was not asked for"):
        read(response(WORDS, "br"))


def test_a_body_shorter_than_its_head_says() -> None:
    with pytest.raises(Exception, match=r"broke off|IncompleteRead"):
        read(response(WORDS[:-5], length=len(WORDS)))


@pytest.mark.parametrize("length", [None, 10], ids=["announced", "not announced"])
@pytest.mark.parametrize("form", FORMS)
def test_more_than_the_limit_is_refused_with_the_option(form: str | None, length: int | None) -> None:
    body = FORMS[form]
    made = response(body, form, length=length)
    del made.headers["Content-Length"]
    with pytest.raises(PITooLargeError, match=r"more than 100,000 bytes.*maxResponseBytes") as caught:
        read(made, 100_000)
    assert caught.value.is_answer
    assert read(response(body, form), len(WORDS)) == WORDS


def test_a_length_over_the_limit_is_refused_before_anything_is_read() -> None:
    made = response(b"", length=300_000_000)
    with pytest.raises(PITooLargeError, match="maxResponseBytes"):
        read(made, 100_000_000)
    assert made.raw.tell() == 0


def test_of_an_error_only_the_beginning_is_read() -> None:
    made = response(b"x" * 10_000_000, status=503)
    assert read(made) == b"x" * LONGEST_ERROR
    assert made.raw.tell() <= LONGEST_ERROR + READ_SIZE
    assert read(response(gzip.compress(b"words"), "gzip", 500)) == b"words"
    assert read(response(b"no gzip", "gzip", 500)) == b""
    assert read(response(b"words", "br", 500)) == b"words"


def test_a_body_that_never_ends_ends_with_the_deadline() -> None:
    with pytest.raises(PITimeoutError, match="kept coming for too long"):
        read_body(response(WORDS), 10**9, time.monotonic() - 1, "recorded of A")
