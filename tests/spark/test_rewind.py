"""A stream set back by hand: tags are read again, and the table equals the archive."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, Event, MockPI, PISystem, Point, ticks_of
from oracle import assert_same, expected_rows
from pi_datasource.checkpoint import Checkpoint, rewind
from pi_datasource.cli import main
from pi_datasource.delta import merge_changes
from pi_datasource.errors import PICheckpointError
from tests.spark.test_recorded import rows_of

pytestmark = pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark")

START, NOW = "2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z"
POINTS = [Point(f"T{n:02}", "Float64", Dense(1800.0, first=START)) for n in range(12)]
#: What is changed afterwards lies here, far behind the window of an hour that is read again by itself.
LATE = ticks_of("2026-01-03T06:00:00Z")


@pytest.mark.long
def test_rewound_tags_are_merged_until_the_table_equals_the_archive(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, checkpoint = str(tmp_path / "table"), str(tmp_path / "checkpoint")
    with MockPI(PISystem(POINTS, now=NOW)) as pi:

        def run() -> None:
            frame = (
                spark.readStream.format("osipi")
                .options(url=pi.url, tagFilter="*", startTime=START, settleTime=0.1, lookback="1h")
                .load()
            )
            writer = frame.writeStream.foreachBatch(merge_changes(table)).option("checkpointLocation", checkpoint)
            writer.trigger(availableNow=True).start().awaitTermination()

        def rows() -> Any:
            return rows_of(spark.read.format("delta").load(table))

        run()
        assert_same(rows(), expected_rows(pi.system, POINTS, START, "2026-01-05T00:00:00Z"))
        for point in POINTS[:10]:
            pi.system.insert(point, Event(LATE + 7, 0.5))
            pi.system.delete(point, ticks_of("2026-01-03T12:00:00Z"))
        run()
        expected = expected_rows(pi.system, POINTS, START, "2026-01-05T00:00:00Z")
        assert (expected - rows()).total() == 10, "an hour's lookback does not reach that far"
        names = ",".join(point.name for point in POINTS[:10])
        words = ["rewind", checkpoint, "--url", pi.url, "--tags", names, "--to", "2026-01-03"]
        # Something was written a moment ago: a running stream would look the same.
        assert main(words) == 1
        assert "the query may be running" in capsys.readouterr().err
        assert main([*words, "--stopped"]) == 0
        told = capsys.readouterr().out
        assert told.count(" → 2026-01-03T00:00:00Z") == 10
        assert "10 tags of batch" in told
        run()
        assert_same(rows(), expected)
        # And it goes on as if nothing had been.
        pi.system.insert("T11", Event(ticks_of(NOW) - 5, 9.5))
        run()
        assert_same(rows(), expected_rows(pi.system, POINTS, START, "2026-01-05T00:00:00Z"))


def test_a_running_stream_is_not_rewound(spark: Any, tmp_path: Path) -> None:
    table, checkpoint = str(tmp_path / "table"), str(tmp_path / "checkpoint")
    with MockPI(PISystem(POINTS[:2], now=NOW)) as pi:
        frame = spark.readStream.format("osipi").options(url=pi.url, tagFilter="*", startTime=START, settleTime=0.1)
        query = (
            frame.load().writeStream.format("delta").option("checkpointLocation", checkpoint)
            .trigger(processingTime="1 second").start(table)
        )  # fmt: skip
        try:
            query.processAllAvailable()
            log = Checkpoint(checkpoint)
            assert log.query_id == str(query.id)
            keys = list(log.newest.offset.watermarks)
            assert len(keys) == 2
            with pytest.raises(PICheckpointError, match="may be running"):
                rewind(log, keys, ticks_of(START))
            with pytest.raises(PICheckpointError, match="running in this session"):
                rewind(log, keys, ticks_of(START), quiet_for=0, spark=spark)
        finally:
            query.stop()
        assert rewind(log, keys, ticks_of(START), quiet_for=0, spark=spark).batch == log.numbers[-1]
