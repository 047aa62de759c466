"""P2 with batches that fail: the first, whose start is in no checkpoint, and later ones."""

from __future__ import annotations

import pytest

from mock_pi import Fault, MockPI
from tests.spark.exactly_once.growing import Plant
from tests.spark.exactly_once.streams import Stream


def test_p2_failed_batches(stream: Stream, pi: MockPI, plant: Plant) -> None:
    def fails_at(tag: str) -> None:
        pi.faults.add(Fault(status=403, route="streams/recorded", scope="sub", tag=tag, count=None))
        with pytest.raises(Exception, match="403"):
            stream.run()
        assert pi.faults.fired > 0
        pi.faults.clear()
        plant.grow()

    fails_at("COUNT.1")
    assert (stream.folders.planned(), stream.folders.finished(), stream.folders.versions()) == (0, -1, 0)
    # The first batch is read again from its own origin, whatever startTime says by now.
    stream.run(startTime="2026-01-01T00:30:00Z")
    finished = stream.folders.finished()
    plant.grow(120)
    # One tag of many: the others of its batch have been read by then, and are not in the table.
    fails_at("COUNT.3")
    assert (stream.folders.planned(), stream.folders.finished()) == (finished + 1, finished)
    stream.run()
    stream.assert_complete("first and later batch failed", times=2)
