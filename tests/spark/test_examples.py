"""Every example runs as it stands, against the pretend server, and says what is true."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from mock_pi import MockPI
from oracle import expected_rows
from tests.spark.run_examples import EXAMPLES

ROOT = Path(__file__).parents[2]
#: It makes an environment of its own, and is run by hand.
ELSEWHERE = {"quickstart"}
HISTORY = "databricks/notebooks/history.py"
NOW, DAY, HALF_DAY, HOUR = (f"2026-01-0{at}:00:00Z" for at in ("3T00", "2T00", "2T12", "2T23"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark"),
    pytest.mark.skipif(find_spec("matplotlib") is None, reason="no matplotlib"),
]


@pytest.mark.long
def test_every_example_says_what_is_true(tmp_path: Path) -> None:
    table, merged = str(tmp_path / "table"), str(tmp_path / "merged")
    pictures = {name: str(tmp_path / f"{name}.png") for name in ("quality", "limits", "trends")}
    # Months from before the first event to after the last one, without a login.
    history = {"secret_scope": "", "tag_filter": "SINU*", "target": "history", "start": "2025-12-30",
               "end": "2026-01-02"}  # fmt: skip
    jobs = [
        ("batch_read", ["SINUSOID,CDT158", HOUR]),
        ("data_quality", ["*", HALF_DAY, pictures["quality"]]),
        ("asset_limits", ["Plant", "Value", DAY, pictures["limits"]]),
        ("batch_trends", ["SINUSOID", "Batch", "2026-01-01", pictures["trends"]]),
        ("stream_to_delta", ["SINU*", table, HOUR]),
        ("stream_to_delta", ["SINU*", table, HOUR]),
        ("late_data", ["SINU*", merged, HOUR]),
        ("late_data", ["SINU*", merged, HOUR]),
        ("sql_only", []),
        (HISTORY, history),
        (HISTORY, history),
    ]
    with MockPI(tags=20, now=NOW) as pi:
        history["pi_url"] = pi.url
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.spark.run_examples", str(tmp_path)],
            input=json.dumps(jobs),
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OSIPI_URL": pi.url, "PYTHONPATH": str(ROOT), "MPLCONFIGDIR": str(tmp_path)},
            timeout=500,
        )
        assert ran.returncode == 0, ran.stderr[-5000:]
        said = json.loads(ran.stdout)
        system = pi.system

    def rows(start: str, *names: str) -> int:
        points = [point for point in system.points if not names or point.name in names]
        # What happens right now is there already, and `*` is later on our own clock.
        return expected_rows(system, points, start, "2026-01-04T00:00:00Z").total()

    read, quality, limits, trends, *streams, sql, first, second = said
    assert read.count("SINUSOID|") + read.count("CDT158|") + read.count("CDT158  |") == 20 + 2, read
    assert f"CDT158|{rows(HOUR, 'CDT158'):>8}|" in read, read
    assert quality.startswith(f"{rows(HALF_DAY)} events of 20 tags in "), quality
    assert limits.startswith(f"{sum(point.is_numeric for point in system.points)} measurements, worst: "), limits
    # Batches of two to six hours, some from before the range; a value every ten minutes, both ends included.
    values, batches = int(trends.split()[0]), int(trends.split(" in ")[1].split()[0])
    assert batches > 3
    assert 13 * batches < values <= 37 * batches, trends
    assert all(Path(picture).stat().st_size > 10_000 for picture in pictures.values())
    expected = rows(HOUR, "SINUSOID", "SINUSOIDU")
    assert [f"{expected} rows in " in one for one in streams] == [True] * 4, streams
    assert ["1 merges so far" in one for one in streams[2:]] == [True] * 2
    through = expected_rows(system, [system.point("SINUSOID"), system.point("SINUSOIDU")], "2025-12-30", "2026-01-02")
    assert first == second == str(through.total())
    assert "|SINUSOID |Sine wave              |24   |" in sql, sql


def test_examples_are_short_and_each_is_run() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        if path.stem not in ELSEWHERE:
            assert len(path.read_text(encoding="utf-8").splitlines()) < 40, path.name
            assert f'"{path.stem}"' in here, f"{path.name} is run by no test"
