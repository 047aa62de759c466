from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.errors import PIOffsetError
from pi_datasource.stream.key import Key
from pi_datasource.stream.offset import INITIAL, PIOffset
from pi_datasource.webapi.webids import point_ids

#: 2024-01-01 in ticks since 1970.
T0 = 17_040_672_000_000_000
SERVER = "2IVWn08RQ0qOV5Pm8d5k_g"
LARGEST_ID = 2**32 - 1

servers = st.text("ABCXYZabcxyz0189-_", min_size=22, max_size=22)
points = st.builds(
    lambda server, point_id: Key(server, point_id),
    servers,
    st.integers(0, LARGEST_ID) | st.sampled_from([0, 1, 2**31 - 1, 2**31, LARGEST_ID]),
)
attributes = st.builds(
    lambda server, ids: Key(server, 0, ids), servers, st.text("ABCXYZabcxyz0189-_", min_size=45, max_size=45)
)
keys = points | attributes
#: Up to the year 9999.
after_origin = st.integers(1, 2_534_000_000_000_000_00)


@st.composite
def offsets(draw: st.DrawFn) -> PIOffset:
    t0 = draw(st.integers(0, 2_534_000_000_000_000_00))
    moved = draw(st.dictionaries(keys, after_origin, max_size=30))
    marks = {key: t0 + ticks for key, ticks in moved.items()}
    lookback = draw(st.integers(0, 10**12))
    off = draw(st.frozensets(keys, max_size=5)) if lookback else frozenset()
    return PIOffset(t0, marks, lookback, draw(st.integers(0, 1000)) if lookback else 0, off)


def text_of(offset: PIOffset) -> str:
    """What Spark writes into the checkpoint."""
    return json.dumps(offset.to_dict())


def test_what_is_done_to_the_values_handed_out_is_not_kept() -> None:
    offset = PIOffset(T0, {Key(SERVER, 1): T0 + 1})
    text, told = text_of(offset), offset.to_dict()
    told["servers"].append("another")
    told["keys"] = ""
    assert text_of(offset) == text


@settings(derandomize=True, deadline=None)
@given(offsets())
def test_it_comes_back_from_its_text(offset: PIOffset) -> None:
    back = PIOffset.from_dict(json.loads(text_of(offset)))
    assert back == offset
    assert text_of(back) == text_of(offset)


@settings(derandomize=True, deadline=None)
@given(offsets(), st.randoms())
def test_equal_watermarks_give_equal_text_whatever_their_order(offset: PIOffset, random: Any) -> None:
    shuffled = list(offset.watermarks.items())
    random.shuffle(shuffled)
    other = PIOffset(offset.t0, dict(shuffled), offset.lookback, offset.round, frozenset(list(offset.off)))
    assert text_of(other) == text_of(offset)


@settings(derandomize=True, deadline=None)
@given(offsets(), keys, after_origin)
def test_another_watermark_gives_another_text(offset: PIOffset, key: Key, ticks: int) -> None:
    other = PIOffset(offset.t0, {**offset.watermarks, key: offset.t0 + ticks}, offset.lookback, offset.round)
    if other.watermarks != offset.watermarks:
        assert text_of(other) != text_of(offset)


def test_keys_of_one_point_number_on_two_servers_are_two() -> None:
    marks = {Key("A" * 22, LARGEST_ID): T0 + 1, Key("B" * 22, LARGEST_ID): T0 + 2, Key("B" * 22, 0): T0 + 3}
    assert PIOffset.from_dict(PIOffset(T0, marks).to_dict()) == PIOffset(T0, marks)


@pytest.mark.parametrize("point_id", [0, 1, 2**31 - 1, 2**31, LARGEST_ID])
def test_a_key_leads_to_its_web_id_and_back(point_id: int) -> None:
    key = Key(SERVER, point_id)
    (back,) = PIOffset.from_dict(PIOffset(T0, {key: T0 + 1}).to_dict()).watermarks
    assert point_ids(back.web_id) == (SERVER, point_id)


def test_an_offset_without_watermarks() -> None:
    assert PIOffset.from_dict(PIOffset(T0).to_dict()) == PIOffset(T0)


def test_the_initial_offset_is_none() -> None:
    assert PIOffset.from_dict(INITIAL) is None
    assert PIOffset.from_dict(json.loads(json.dumps(INITIAL))) is None


def test_it_is_made_of_plain_values() -> None:
    told = PIOffset(T0, {Key(SERVER, 7): T0 + 5}).to_dict()
    assert json.loads(json.dumps(told)) == told
    assert told["v"] == 1
    assert told["n"] == 1


def test_a_hundred_thousand_points_are_small_and_fast() -> None:
    second = 10_000_000
    # Every point stands at a time of its own, to the tick.
    marks = {Key(SERVER, 1 + 3 * n): T0 + (n * 7_919 % 100_003) * second + n * 104_729 % second for n in range(100_000)}
    started = time.process_time()
    text = text_of(PIOffset(T0, marks))
    back = PIOffset.from_dict(json.loads(text))
    seconds = time.process_time() - started
    assert len(text) < 1_000_000
    assert back.watermarks == marks
    assert seconds < 2.0


GOOD = PIOffset(T0, {Key(SERVER, 7): T0 + 5, Key(SERVER, 8): T0 + 6}).to_dict()


def test_what_is_damaged_below_is_good_otherwise() -> None:
    assert PIOffset.from_dict(GOOD) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"w": ""},
        {"w": GOOD["w"][:-5]},
        {"w": GOOD["w"][4:]},
        {"w": "not base64!"},
        {"w": base64.b64encode(b"not deflated").decode()},
        {"w": base64.b64encode(zlib.compress(b"123")).decode()},
        {"w": None},
        {"w": 5},
        {"keys": ""},
        {"keys": None},
        {"n": 3},
        {"n": "2"},
        {"servers": []},
        {"servers": None},
        {"t0": None},
        {"t0": "2024-01-01"},
        {"t0": 1.5},
        {"off": "###"},
    ],
)
def test_a_damaged_offset_is_refused(change: Mapping[str, Any]) -> None:
    with pytest.raises(PIOffsetError, match="cannot be read"):
        PIOffset.from_dict({**GOOD, **change})


@pytest.mark.parametrize("name", ["t0", "n", "servers", "keys", "w"])
def test_an_offset_with_a_part_missing_is_refused(name: str) -> None:
    with pytest.raises(PIOffsetError, match="cannot be read"):
        PIOffset.from_dict({other: value for other, value in GOOD.items() if other != name})


def test_an_offset_without_watermarks_can_be_damaged_too() -> None:
    with pytest.raises(PIOffsetError, match="cannot be read"):
        PIOffset.from_dict({**PIOffset(T0).to_dict(), "t0": "yesterday"})


@pytest.mark.parametrize(
    "told", [{}, {"offset": 5}, {"v": 2, "t0": T0}, {**GOOD, "v": 99}, {**INITIAL, "v": 2}, {**GOOD, "v": "1"}]
)
def test_a_foreign_or_later_offset_is_refused_by_its_version(told: dict[str, Any]) -> None:
    with pytest.raises(PIOffsetError, match="version"):
        PIOffset.from_dict(told)


@pytest.mark.parametrize("told", [5, "5", [1, 2], None])
def test_an_offset_that_is_no_object_is_refused(told: Any) -> None:
    with pytest.raises(PIOffsetError):
        PIOffset.from_dict(told)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.sampled_from(["w", "keys"]), st.integers(0, 60), st.integers(1, 255))
def test_no_flipped_byte_gives_another_error_than_ours(name: str, at: int, flip: int) -> None:
    packed = bytearray(base64.b64decode(GOOD[name]))
    packed[at % len(packed)] ^= flip
    try:
        back = PIOffset.from_dict({**GOOD, name: base64.b64encode(packed).decode()})
    except PIOffsetError:
        return
    assert back == PIOffset.from_dict(GOOD)
