"""The soak in short: each kind of event happens, and the table is the archive. Half an hour of it: `tests/soak.sh`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.spark.soak import Soak

#: Beside the others: it has drivers of its own, and waits most of the time.
pytestmark = [
    pytest.mark.xdist_group("soak"),
    pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark"),
]


def test_a_stream_that_everything_happens_to(tmp_path: Path, record_property: Any) -> None:
    outcome = Soak(40.0, 1, tmp_path, restarts=1, refresh=3.0, batches=12).run()
    told = "\n".join(outcome.lines())
    record_property("soak", told)
    assert (outcome.lost, outcome.repeated) == (0, 0), told
    assert outcome.rows > 5_000, told
    assert outcome.batches >= 10, told
    assert outcome.faults.total() >= 5, told
    assert len(outcome.faults) >= 3, told
    assert (outcome.restarts, outcome.lists) == (1, 1), told
    assert outcome.new_points >= 1, told
    assert outcome.is_right, told
