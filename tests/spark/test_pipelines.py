"""Declarative pipelines, run by Spark's own command: the example, twice, and the one for Databricks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, Event, MockPI, PISystem, Point
from mock_pi.af import AFServer, Database, Element
from mock_pi.af.eventframe import EventFrame
from pi_datasource.times import now_ticks
from tests.spark.around import HOUR, Around
from tests.spark.sessions import delta_jars

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        any(find_spec(name) is None for name in ("delta", "grpc", "yaml", "pyspark.pipelines")),
        reason="Delta Lake, Spark Connect and Spark's pipelines are not all here",
    ),
]

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "pipeline"
ON_DATABRICKS = ROOT / "examples" / "databricks" / "pipelines"
#: Every five minutes, so that a run of a minute rarely meets an event of its own time.
TAGS = ("SINUSOID", "SINUSOIDU")


def server() -> MockPI:
    """Two tags of the pattern and another one, a tree of three elements in one of two databases, two event frames."""
    points = [Point(name, "Float64", Dense(300.0)) for name in (*TAGS, "CDT158")]
    plant = Database("Plant", [Element("Unit", elements=[Element("Tank"), Element("Pump")])])
    now = now_ticks()
    frames = [
        EventFrame("Batch", now - 3 * HOUR, now - HOUR),
        EventFrame("Long ago", now - 999 * HOUR, now - 998 * HOUR),
    ]
    other = Database("Events", [Element("Elsewhere")], event_frames=frames)
    return MockPI(PISystem(points, af=[AFServer("AF", [plant, other])]))


def settings(folder: Path) -> None:
    """The example's settings of Spark, with its places in the folder of the test."""
    told = (EXAMPLE / "conf" / "spark-defaults.conf").read_text().replace("/tmp/pi-pipeline", str(folder))
    jars = ",".join(map(str, delta_jars()))
    if jars:  # nothing has to be fetched
        told = told.replace("spark.jars.packages ", "spark.jars ").replace("io.delta:delta-spark_4.2_2.13:4.4.0", jars)
    (folder / "conf").mkdir(parents=True)
    (folder / "conf" / "spark-defaults.conf").write_text(
        told + "spark.sql.shuffle.partitions 1\nspark.databricks.delta.snapshotPartitions 1\n"
    )


def run(folder: Path, spec: Path, *, registers: bool = False, **environment: str) -> None:
    """Runs a pipeline.

    Args:
        registers: it registers the format by hand: the command of Spark 4.2 does not know what the server then tells
            of Python's workers, and fails when the run is over and done.
    """
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("spark-pipelines")), "run", "--spec", str(spec)],
        cwd=folder,
        env={
            **os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT), "SPARK_TESTING": "1",
            "SPARK_CONF_DIR": str(folder / "conf"), **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert "Run is COMPLETED" in said, said[-5000:]
    if not (registers and "[UNKNOWN_RESPONSE] Unknown response: Plan observed(__python_accumulator__=" in said):
        assert ran.returncode == 0, said[-5000:]


def table(spark: Any, folder: Path, name: str) -> Any:
    return spark.read.format("delta").load(str(folder / "warehouse" / name))


def test_the_example_is_run_twice(spark: Any, tmp_path: Path) -> None:
    settings(tmp_path)
    spec = tmp_path / "spark-pipeline.yml"
    text = (EXAMPLE / "spark-pipeline.yml").read_text().replace("/tmp/pi-pipeline", str(tmp_path))
    spec.write_text(text)
    shutil.copytree(EXAMPLE / "transformations", tmp_path / "transformations")
    with server() as pi:
        around = Around(pi, *TAGS, days=1)
        for more in (0, 1):
            if more:  # events between the newest ones and now, in order
                pi.system.insert("SINUSOID", *(Event(now_ticks() - n, float(n)) for n in (30, 20, 20)))
            run(tmp_path, spec, OSIPI_URL=pi.url)
            if not more:
                around.ran()
            values = table(spark, tmp_path, "pi_recorded")
            around.assert_holds(values, 2 * 288 - 2)
            assert values.where("ticks % 600000000 <> 0").count() == 3 * more
            hourly = values.selectExpr("tag", "date_trunc('hour', timestamp) AS hour").distinct().count()
            assert table(spark, tmp_path, "pi_hourly").count() == hourly >= 48
            elements = table(spark, tmp_path, "pi_elements").collect()
            assert sorted(row["name"] for row in elements) == ["Pump", "Tank", "Unit"]
            frames = table(spark, tmp_path, "pi_event_frames").collect()
            assert [row["name"] for row in frames] == ["Batch"]


def test_the_one_for_databricks(spark: Any, tmp_path: Path) -> None:
    """Its settings come from the configuration; without a secret scope it needs nothing of Databricks."""
    settings(tmp_path)
    shutil.copytree(ON_DATABRICKS / "transformations", tmp_path / "transformations")
    spec = tmp_path / "spark-pipeline.yml"
    with server() as pi:
        spec.write_text(
            f"name: osipi\nstorage: file://{tmp_path}/storage\ndatabase: default\n"
            "libraries: [{glob: {include: transformations/**}}]\n"
            f"configuration: {{osipi.url: '{pi.url}', osipi.tag_filter: 'SIN*', osipi.secret_scope: ''}}\n"
        )
        around = Around(pi, *TAGS, days=1)
        run(tmp_path, spec, registers=True)
        around.assert_holds(table(spark, tmp_path, "pi_recorded"), 2 * 288 - 2)
        assert table(spark, tmp_path, "pi_elements").count() == 4
        assert table(spark, tmp_path, "pi_event_frames").count() == 1
