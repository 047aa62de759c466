"""What `init` and `run --dry-run` say: they ask the server and start no Spark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, MockPI, PISystem, Point
from pi_datasource.cli import main
from pi_datasource.run import parse_job

START, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
POINTS = [Point(f"UNIT1.{n}", "Float64", Dense(60.0, first=START)) for n in range(3)]


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOW)) as server:
        yield server


def test_init_writes_a_job_that_can_be_run(pi: MockPI, demo: MockPI, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "job.yaml"
    for server, loads in ((pi, 2), (demo, 4)):
        words = [str(file), "--url", server.url, "--tag-pattern", "UNIT1.*", "--lake", str(tmp_path), "--force"]
        assert main(["init", *words]) == 0
        job = parse_job(file.read_text())
        assert len(job.loads) == loads
        assert job.loads[1].options["tagFilter"] == "UNIT1.*"
    assert "1 data server, 3 AF databases, " in capsys.readouterr().out
    assert json.loads((tmp_path / "osipi.schema.json").read_text())["title"] == "pi_datasource job"
    assert main(["run", str(file), "--dry-run"]) == 0
    assert "elements" in capsys.readouterr().out
    assert main(["init", str(file), "--url", pi.url]) == 2
    assert "--force overwrites it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lake", "checkpoints", "target"),
    [
        ("main.bronze", "/Volumes/main/bronze/pi/checkpoints", "main.bronze.pi_points"),
        ("bronze", "{here}/checkpoints", "bronze.pi_points"),
        ("/data/lake/", "/data/lake/checkpoints", "/data/lake/pi_points"),
    ],
)
def test_init_knows_places(
    pi: MockPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lake: str, checkpoints: str, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--url", pi.url, "--lake", lake]) == 0
    job = parse_job((tmp_path / "job.yaml").read_text())
    assert (job.checkpoints, job.loads[0].target) == (checkpoints.format(here=tmp_path), target)


def test_init_writes_no_secret(pi: MockPI, tmp_path: Path) -> None:
    words = ["--url", pi.url, "--username", "reader", "--password", "hunter2-canary"]
    assert main(["init", str(tmp_path / "job.yaml"), *words]) == 0
    text = (tmp_path / "job.yaml").read_text()
    assert "canary" not in text
    assert "password: env:PI_PASSWORD" in text or "password: 'env:PI_PASSWORD'" in text


def test_a_dry_run_tells_tags_partitions_and_rows(pi: MockPI, tmp_path: Path, capsys: Any) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(f"""\
server: {{url: '{pi.url}'}}
checkpoints: /nowhere
options: {{tagFilter: '*', startTime: '{START}'}}
loads:
- {{name: events, target: t, options: {{endTime: '{NOW}', numPartitions: 2}}}}
- {{name: hours, table: interpolated, mode: merge, target: t, options: {{endTime: '{NOW}', interval: 1h}}}}
- {{name: old, mode: backfill, target: t, window: 6h, options: {{endTime: '{NOW}'}}}}
- {{name: points, table: points, mode: refresh, target: t}}
- {{name: broken, target: t, options: {{tags: 'UNIT1.0,NO.SUCH', endTime: '{NOW}'}}}}
""")
    pi.reset_stats()
    assert main(["run", str(file), "--dry-run"]) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    by_name = {line[0]: line for line in lines if line}
    assert by_name["events"][1:5] == ["batch", "3", "2", "≈"]
    # The server's count leaves out some bad events.
    assert 4300 < int(by_name["events"][5].replace(",", "")) <= 3 * 1440
    assert by_name["hours"][1:5] == ["merge", "3", "1", "72"]
    assert by_name["points"][1:3] == ["refresh", "1"]
    assert "4 windows of 6h" in " ".join(word for line in lines for word in line)
    assert "NO.SUCH" in " ".join(word for line in lines for word in line)
    # It asked for no values.
    routes = {*pi.stats().by_route, *pi.stats().sub_by_route}
    assert routes
    assert not any("recorded" in route or "interpolated" in route for route in routes)


def test_the_schema_is_printed(capsys: Any) -> None:
    assert main(["run", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out)["required"] == ["loads"]


def test_a_job_that_is_not_there(tmp_path: Path, capsys: Any) -> None:
    assert main(["run", str(tmp_path / "none.yaml")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["run"]) == 2
    file = tmp_path / "job.yaml"
    file.write_text("server: {url: 'https://pi'}\nloads: [{name: a, target: t, options: {tags: A}}]")
    assert main(["run", str(file), "--only", "x"]) == 2
    assert "there is no load x; there are: a" in capsys.readouterr().err
    file.write_text("loads: [{name: a}]")
    assert main(["run", str(file)]) == 2
    assert "line 1: a load needs target" in capsys.readouterr().err
