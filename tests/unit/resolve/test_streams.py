from __future__ import annotations

import pickle

import pytest

from pi_datasource.resolve.streams import KINDS, Stream, kind_of


@pytest.mark.parametrize(
    ("point_type", "kind"),
    [
        ("Float16", "float"),
        ("Float32", "float"),
        ("float64", "float"),
        ("Int16", "integer"),
        ("INT32", "integer"),
        ("Int64", "integer"),
        ("Digital", "digital"),
        ("String", "text"),
        ("Timestamp", "time"),
        ("Blob", "blob"),
        ("SomethingNew", "text"),
        ("", "text"),
    ],
)
def test_the_kind_comes_from_the_declared_type(point_type: str, kind: str) -> None:
    assert kind_of(point_type) == kind


def test_there_are_six_kinds() -> None:
    assert set(KINDS.values()) == {"float", "integer", "digital", "text", "time", "blob"}


def test_a_stream_is_small_on_its_way_to_an_executor() -> None:
    some = [Stream(f"F1DP{number:060}", f"UNIT.{number:05}", "float", "°C", number) for number in range(1000)]
    assert pickle.loads(pickle.dumps(some)) == some
    assert len(pickle.dumps(some)) < 150_000
