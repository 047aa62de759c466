"""What reads took, as Spark collects it from its workers; compared with what the server counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Dense, MockPI, PISystem, Point
from pi_datasource.errors import PIOptionError
from pi_datasource.notebook import costs
from pi_datasource.notebook.costs import SETTING

START, END = "2026-01-01T00:00:00Z", "2026-01-01T02:00:00Z"
POINTS = [Point(f"A.{n}", "Float64", Dense(1.0, first=START)) for n in range(4)]


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now="2026-01-02T00:00:00Z")) as server:
        yield server


@pytest.fixture
def collecting(spark: Any) -> Iterator[None]:
    """The session collects what its workers log."""
    spark.conf.set(SETTING, "true")
    yield
    spark.conf.unset(SETTING)


def collects(spark: Any) -> bool:
    return hasattr(spark.tvf, "python_worker_logs")


@pytest.mark.spark_versions
@pytest.mark.usefixtures("collecting")
def test_costs_add_up_to_what_the_server_counted(spark: Any, pi: MockPI) -> None:
    if not collects(spark):
        with pytest.raises(PIOptionError, match=r"costs needs Spark 4\.1 or later"):
            costs(spark)
        return
    before = set(map(tuple, costs(spark).collect()))
    pi.reset_stats()
    frame = spark.read.format("osipi").options(url=pi.url, tagFilter="A.*", startTime=START, endTime=END)
    frame.option("numPartitions", 3).load().write.format("noop").mode("overwrite").save()
    told = [row for row in costs(spark).collect() if tuple(row) not in before]
    assert [row["table"] for row in told] == ["recorded"] * 4
    assert sorted(row["partition"] for row in told if row["partition"] is not None) == [0, 1, 2]
    assert sum(row["rows"] or 0 for row in told) == 4 * 7_200
    assert sum(row["requests"] for row in told) == pi.stats().requests > 3
    assert all(row["at"] is not None and row["bytes"] > 0 and row["seconds"] > 0 for row in told)
    assert {(row["retries"], row["failed"]) for row in told} == {(0, 0)}
    # The example of its docstring.
    (sums,) = costs(spark).groupBy("table").sum("rows", "requests", "bytes", "retries", "waiting_seconds").collect()
    assert sums["sum(rows)"] >= 4 * 7_200


def test_costs_say_what_has_to_be_switched_on(spark: Any) -> None:
    with pytest.raises(PIOptionError, match=SETTING if collects(spark) else "4.1"):
        costs(spark)
