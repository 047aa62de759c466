"""When answers are asked for compressed."""

from __future__ import annotations

import pytest

from pi_datasource.webapi.compression import FAST, GZIP, LOOK_AGAIN, PLAIN, TELLING, Encoding, encoding_for

#: Bytes of an answer, and how long it takes on a network of the given speed.
SIZE = 10 * TELLING
FAST_LINK, SLOW_LINK = SIZE / (2 * FAST), SIZE / (FAST / 20)


@pytest.mark.parametrize(("option", "accepted"), [("gzip", GZIP), ("none", PLAIN)])
def test_a_choice_is_kept_whatever_comes(option: str, accepted: str) -> None:
    encoding = Encoding(option)
    for came_as in ("", "gzip", "gzip", ""):
        assert encoding.accept() == accepted
        encoding.note(came_as, SIZE, FAST_LINK)
    assert encoding.accept() == accepted


def test_on_a_fast_network_answers_come_plain_after_one_look() -> None:
    encoding = Encoding("auto")
    assert encoding.accept() == GZIP
    encoding.note("gzip", SIZE, 1.0)
    assert encoding.accept() == PLAIN
    encoding.note("", SIZE, FAST_LINK)
    assert [encoding.accept() for _ in range(3)] == [PLAIN] * 3


def test_on_a_slow_network_they_stay_compressed_and_a_look_is_rare() -> None:
    encoding = Encoding("auto")
    asked = []
    for _ in range(2 * LOOK_AGAIN):
        asked.append(encoding.accept())
        plain = asked[-1] == PLAIN
        encoding.note("" if plain else "gzip", SIZE, SLOW_LINK if plain else SLOW_LINK / 10)
    assert asked.count(PLAIN) == 2


def test_a_network_that_becomes_slow_is_noticed() -> None:
    encoding = Encoding("auto", plain=True)
    encoding.note("", SIZE, SLOW_LINK)
    assert encoding.accept() == GZIP


def test_a_server_that_does_not_compress_is_never_looked_at() -> None:
    encoding = Encoding("auto")
    for _ in range(2 * LOOK_AGAIN):
        assert encoding.accept() == GZIP
        encoding.note("", SIZE, FAST_LINK)


def test_small_answers_say_nothing() -> None:
    encoding = Encoding("auto")
    encoding.note("gzip", TELLING - 1, 1.0)
    assert encoding.accept() == GZIP


def test_a_process_has_one_for_each_server_and_choice() -> None:
    first = encoding_for("https://one/piwebapi", "auto")
    assert encoding_for("https://one/piwebapi", "auto") is first
    assert encoding_for("https://two/piwebapi", "auto") is not first
    assert encoding_for("https://one/piwebapi", "none").accept() == PLAIN
