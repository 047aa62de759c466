"""The short form: a fixed number of inputs, the same at every run. OSIPI_FUZZ=100000 runs as many, others each time."""

from __future__ import annotations

import os
import random
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.errors import PIError
from tests.fuzz import targets
from tests.fuzz.targets import TARGETS, kept, mutations, seeds

COUNT = int(os.environ.get("OSIPI_FUZZ", "0")) or 1500
SEED = random.randrange(2**32) if "OSIPI_FUZZ" in os.environ else 20260101


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_made_worse(name: str) -> None:
    ran = 0
    for data in mutations(name, COUNT, SEED):
        TARGETS[name](data)
        ran += 1
    assert ran == COUNT + len(seeds(name)) + len(kept(name))


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=200, derandomize=True, deadline=None)
@given(data=st.one_of(st.binary(max_size=60), st.text(max_size=40).map(str.encode)))
def test_anything_at_all(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize("kind", range(len(targets.STREAM_KINDS)))
def test_good_bodies_are_read_and_not_refused(kind: int) -> None:
    """Or a decoder that refuses everything would pass."""
    rows = 0
    for data in seeds("recorded"):
        if data[0] == kind and b"WebException" not in data:
            rows += targets._rows_of(targets.STREAM_KINDS[kind], data[1:]).total()
    assert rows == 11


def test_bodies_made_worse_are_often_still_read() -> None:
    """Or the comparison with the reference would compare nothing."""
    read = 0
    for data in mutations("recorded", 600, 1):
        try:
            read += targets._rows_of(targets.STREAM_KINDS[data[0] % 6] if data else "float", data[1:]).total() > 0
        except PIError:
            continue
    assert read > 50


def test_bodies_made_worse_are_often_still_cut() -> None:
    """Or the comparison with the usual decoder would compare nothing."""
    with mock.patch.object(targets.cutting, "MOST_ODD", 1.0):
        found = [targets.CuttingDecoder(targets.PAGES)._cut(data) is not None for data in mutations("cut", 600, 1)]
    assert sum(found) > 50
