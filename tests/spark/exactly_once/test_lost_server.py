"""P2 with a server that goes away while the stream reads from it, and comes back at the same address."""

from __future__ import annotations

import time

import pytest

from mock_pi import Fault, MockPI
from tests.spark.exactly_once.growing import Plant
from tests.spark.exactly_once.streams import Stream
from tests.spark.exactly_once.test_killed_drivers import LONG

pytestmark = pytest.mark.long

#: Seconds without a server.
AWAY = 60 if LONG else 3


def lose_while_reading(stream: Stream, pi: MockPI) -> int:
    """Stops the server when it has been asked for events and has not answered."""
    pi.faults.add(Fault("slow", route="streams/recorded", scope="sub", delay=30.0, skip=4, count=None))
    stream.plant.grow(120)
    stream.wait_until(lambda: pi.faults.fired > 0, "request to lose")
    finished = stream.folders.finished()
    assert stream.folders.planned() > finished
    pi.stop()
    return finished


def test_p2_the_stream_goes_on_by_itself(stream: Stream, pi: MockPI, plant: Plant) -> None:
    stream.start(maxRetries=30)
    stream.wait_for_batch(-1)
    finished = lose_while_reading(stream, pi)
    time.sleep(AWAY)
    pi.start()
    stream.wait_for_batch(finished)
    # Once more while nothing but news is asked for.
    pi.stop()
    time.sleep(AWAY / 3)
    plant.grow()
    pi.start()
    stream.wait_for_batch(stream.folders.finished())
    assert stream.query.isActive
    stream.stop()
    stream.run()
    stream.assert_complete("server lost, the query goes on", times=2)


def test_p2_the_stream_fails_by_name_and_goes_on_after_a_restart(stream: Stream, pi: MockPI, plant: Plant) -> None:
    stream.start(maxRetries=1)
    stream.wait_for_batch(-1)
    lose_while_reading(stream, pi)
    with pytest.raises(Exception, match=r"PIConnectionError[\s\S]*gave up on [\s\S]*recorded[\s\S]*no connection"):
        stream.query.awaitTermination()
    plant.grow()
    pi.start()
    stream.run()
    stream.assert_complete("server lost, the query restarted", times=1)
