"""What a window of a backfill asks for; the writing of windows is tested with Spark."""

from __future__ import annotations

from typing import Any

import pytest

from pi_datasource.run import parse_job
from pi_datasource.run.backfill import Backfill
from pi_datasource.run.gate import Gate
from pi_datasource.times import TimeRange, parse_iso

JOB = """\
server: {{url: 'https://pi.example.com/piwebapi'}}
checkpoints: folder
loads:
  - name: history
    mode: backfill
    target: t
    window: 1d
    options: {{tagFilter: 'A*', startTime: '2026-01-01', endTime: '2026-02-01', pageSize: 500{more}}}
"""


class Options:
    """Stands for Spark, and notes what the source is given."""

    def __init__(self) -> None:
        self.given: dict[str, Any] = {}
        self.read = self

    def format(self, name: str) -> Options:
        assert name == "osipi"
        return self

    def options(self, **given: Any) -> Options:
        self.given = given
        return self

    def load(self) -> Options:
        return self


@pytest.mark.parametrize("more", ["", ", onTagError: skip", ", on_tag_error: skip"])
def test_a_window_fails_when_a_tag_cannot_be_read(more: str) -> None:
    """Else it would count as done without that tag, for ever."""
    (load,) = parse_job(JOB.format(more=more)).loads
    spark: Any = Options()
    window = TimeRange(parse_iso("2026-01-03T00:00:00Z"), parse_iso("2026-01-04T00:00:00Z"))
    Backfill(spark, load, "folder", Gate(), print)._frame(window, ("W1", "W2"))
    assert spark.given == {
        "url": "https://pi.example.com/piwebapi",
        "tags": '["W1", "W2"]',
        "startTime": "2026-01-03T00:00:00.0000000Z",
        "endTime": "2026-01-04T00:00:00.0000000Z",
        "pageSize": "500",
        "timeZone": "UTC",
        "onTagError": "fail",
    }
