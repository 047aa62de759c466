"""Streams into Delta, and the table of what was counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_pi import MockPI
from tests.spark.exactly_once.counted import COUNTED, table
from tests.spark.exactly_once.growing import Plant
from tests.spark.exactly_once.streams import Stream


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was counted, also when all is well."""
    if COUNTED:
        terminalreporter.section("streams into Delta, compared with the archive row by row")
        for line in table():
            terminalreporter.write_line(line)


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def pi(plant: Plant) -> Iterator[MockPI]:
    """Serves it from a process of its own."""
    with MockPI(plant.system, process=True) as server:
        yield server


@pytest.fixture
def stream(spark: Any, pi: MockPI, plant: Plant, tmp_path: Path) -> Iterator[Stream]:
    # When a task fails, Delta's words hide the cause from everything but the stack trace.
    spark.conf.set("spark.sql.pyspark.jvmStacktrace.enabled", "true")
    with Stream(spark, pi, plant, tmp_path) as stream:
        yield stream
    spark.conf.unset("spark.sql.pyspark.jvmStacktrace.enabled")
