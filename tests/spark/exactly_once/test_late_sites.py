"""P3: a site is offline, and its buffer arrives hours later, in order, while other sites go on."""

from __future__ import annotations

import pytest

from tests.spark.exactly_once.growing import SENT, TICKS_PER_MINUTE, Plant
from tests.spark.exactly_once.streams import Stream

pytestmark = pytest.mark.long

HOUR = 60 * TICKS_PER_MINUTE


def test_p3_late_sites_into_delta(stream: Stream, plant: Plant) -> None:
    site, now = SENT[:3], plant.system.now
    # 1. The site is heard of until now; then only the others are, for eight hours.
    for point in site:
        plant.send(point, now - HOUR, now, 50)
    stream.start(pageSize=1000)
    stream.wait_for_batch(-1)
    for _ in range(4):
        before = stream.folders.finished()
        plant.grow(120, sent=SENT[3:])
        stream.wait_for_batch(before)
    # 2. Its buffer comes in pieces, oldest first, each of some hours ago, while the others still bring news.
    for piece in range(4):
        before = stream.folders.finished()
        for point in site:
            plant.send(point, now + 2 * piece * HOUR, now + 2 * (piece + 1) * HOUR - 1, 200)
        plant.grow(5, sent=SENT[3:])
        stream.wait_for_batch(before)
    stream.stop()
    # 3. A last piece comes while no stream runs, and one of the points is on time again.
    then = plant.system.now
    plant.send(site[0], now + 8 * HOUR, then, 100)
    plant.grow(10)
    stream.run()
    late = [row for row in stream.rows() if row[0] == site[0].name]
    assert len(late) > 500
    stream.assert_complete("a site's buffer arrives late", times=1)
