"""P2 over runs between which something changes: the checkpoint's folder, the options, the list of tags."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.spark.exactly_once.growing import COMPUTED, SENT, Plant
from tests.spark.exactly_once.streams import Stream

pytestmark = pytest.mark.long

NAMES = [point.name for point in (*COMPUTED, *SENT)]


def test_p2_a_checkpoint_that_moves(stream: Stream, plant: Plant) -> None:
    plant.grow(60)
    stream.run()
    plant.grow()
    moved = stream.folders.checkpoint.with_name("moved")
    shutil.move(stream.folders.checkpoint, moved)
    stream.folders.checkpoint = moved
    stream.run()
    stream.assert_complete("checkpoint moved", times=1)


def test_p2_options_that_change(stream: Stream, plant: Plant) -> None:
    changes: list[dict[str, Any]] = [
        {"pageSize": 7, "numPartitions": 1, "concurrency": 1},
        # The checkpoint's origin is in force.
        {"startTime": "2025-06-01T00:00:00Z", "tagsPerRequest": 1, "numPartitions": 5},
        {"maxTimePerTrigger": "15m", "concurrency": 16, "startTime": "2026-01-01T01:00:00Z"},
        {"maxRowsPerTrigger": 900, "pageSize": 1000, "rowsPerPartition": 200},
        {"post": "false", "includeSnapshot": "false"},
        {"rowsPerResponse": 50},
    ]
    for options in changes:
        plant.grow(35)
        stream.run(**options)
    stream.run()
    stream.assert_complete("options changed", times=len(changes))


def test_p2_a_list_of_tags_that_changes(stream: Stream, plant: Plant) -> None:
    without = [name for name in NAMES if name not in ("UNIT.1", "SENT.0", "VALVE.1")]
    lists = [
        [name for name in NAMES if name not in ("UNIT.2", "BURST")],
        # Two come late, three go for a while; one of these is sent events meanwhile.
        without,
        [*without, "UNIT.1"],
    ]
    for names in lists:
        plant.grow(30)
        stream.run(tagFilter="", tags=json.dumps(names))
        assert stream.folders.finished() >= 0
    plant.grow(30)
    stream.run()
    stream.assert_complete("list of tags changed", times=len(lists))


def test_p2_tags_that_stay_away_keep_what_they_brought(stream: Stream, plant: Plant) -> None:
    remove = ("UNIT.3", "SENT.2")
    stream.run()
    before = stream.rows()
    plant.grow()
    stream.run(tagFilter="", tags=json.dumps([name for name in NAMES if name not in remove]))
    expected = plant.expected()
    for row in [row for row in expected if row[0] in remove]:
        del expected[row]
    expected.update({row: number for row, number in before.items() if row[0] in remove})
    stream.assert_complete("tags taken off the list", times=1, expected=expected)
