from __future__ import annotations

import gc
import pickle

import pytest

from pi_datasource.plan.partitions import Piece
from pi_datasource.resolve.streams import Stream
from pi_datasource.stream.key import Key
from pi_datasource.times import TimeRange
from pi_datasource.webapi.webids import attribute_id_only, id_only

SERVER = "S" * 22
POINT = Key(SERVER, 2**32 - 1)
ATTRIBUTE = Key(SERVER, 0, "E" + "A" * 44)


@pytest.mark.parametrize("key", [POINT, ATTRIBUTE], ids=["point", "attribute"])
def test_a_key_leads_to_a_web_id_and_back(key: Key) -> None:
    assert Key.of(key.web_id) == key
    assert hash(Key.of(key.web_id)) == hash(key)
    assert pickle.loads(pickle.dumps(key)) == key


def test_web_ids_are_made_of_ids_alone() -> None:
    assert POINT.web_id == id_only(SERVER, 2**32 - 1)
    assert ATTRIBUTE.web_id == attribute_id_only(SERVER, "E" + "A" * 44)


def test_keys_are_in_order_of_server_and_number() -> None:
    keys = [Key("T" * 22, 1), Key(SERVER, 10), Key(SERVER, 9)]
    assert sorted(keys) == [Key(SERVER, 9), Key(SERVER, 10), Key("T" * 22, 1)]


@pytest.mark.parametrize(
    "made",
    [
        POINT,
        ATTRIBUTE,
        TimeRange(1, 2),
        Stream("F1DP", "SINUSOID", "float"),
        Piece(Stream("F1DP", "SINUSOID", "float"), TimeRange(1, 2), neighbours=TimeRange(0, 3)),
    ],
    ids=["point", "attribute", "range", "stream", "piece"],
)
def test_what_there_is_of_every_tag_is_nothing_to_the_garbage_collector(made: object) -> None:
    # 100,000 of each would be walked at every full collection, and there are several in a trigger.
    assert not gc.is_tracked(made)
