"""Every block of code in the documents: run here as it stands, or named with the reason why not.

A block is named by the heading that it stands under and its place there; a command of the shell by itself. Addresses,
folders and the catalog are replaced by the pretend server's, by a folder of the test and by Spark's own catalog.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mock_pi import Dense, MockPI, PISystem, Point
from mock_pi.af import AFServer, Attribute, Database, ElementTemplate
from mock_pi.af.eventframe import EventFrame
from pi_datasource.cli import main
from pi_datasource.errors import PIOptionError
from pi_datasource.notebook.costs import SETTING
from pi_datasource.register import REDACTION
from pi_datasource.run import parse_job
from pi_datasource.run.schema import job_schema
from pi_datasource.times import now_ticks
from tests.spark.around import HOUR, Around

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "examples/README.md", "examples/databricks/README.md", "examples/pipeline/README.md")
SHELL = ("sh", "bash")

EXPORTS = 'export OSIPI_URL=http://127.0.0.1:8010/piwebapi PYSPARK_PYTHON="$(which python)" SPARK_CONF_DIR="$PWD/conf"'
#: What is not run, and why; all else has to be run by a test below.
NOT_RUN = {
    "pi_datasource 1": "the three words that every other block has",
    "bash examples/quickstart.sh": "makes an environment of its own, of some 500 MB; run by hand before a release",
    "bash tests/run.sh": "is what runs this test",
    "pip install .": "tests/test_package.py builds the wheel and looks into it",
    "pip install '.[delta,run]'": "the environment of the tests was made with these extras",
    'pip install "pyspark[pipelines]==4.2.0" "delta-spark==4.4.0" "pandas<3"': "as above",
    "spark-pipelines run": "tests/spark/test_pipelines.py runs it",
    EXPORTS: "tests/spark/test_pipelines.py sets them",
    "Check your connection 2": "what check writes; tests/readers/test_check.py compares it",
    "How it works 1": "a drawing",
}

has_delta = pytest.mark.skipif(find_spec("delta") is None, reason="no Delta Lake for this version of Spark")


@dataclass(frozen=True)
class Piece:
    """A block of code, or one command of a block for the shell."""

    document: str
    line: int
    language: str
    text: str


def pieces() -> Iterator[tuple[str, Piece]]:
    """All there are, each with its name."""
    for document in DOCUMENTS:
        text = (ROOT / document).read_text(encoding="utf-8")
        heading, place = "", 0
        for found in re.finditer(r"^#+ ([^\n]+)$|^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if found[1]:
                heading, place = found[1], 0
                continue
            place += 1
            piece = Piece(document, text[: found.start()].count("\n") + 2, found[2], found[3])
            if found[2] not in SHELL:
                yield f"{heading} {place}", piece
                continue
            for command in found[3].splitlines():
                yield command.partition("  #")[0].strip(), Piece(document, piece.line, found[2], command)


PIECES = dict(pieces())
RUN: set[str] = set()


def runs(*names: str) -> Callable[[Any], Any]:
    """Says which pieces a test runs."""
    RUN.update(names)
    return lambda test: test


def test_every_block_is_run_or_named() -> None:
    assert set(PIECES) == RUN | NOT_RUN.keys()
    assert not RUN & NOT_RUN.keys()
    for name, piece in PIECES.items():
        assert name in NOT_RUN or piece.language in (*SHELL, "python", "yaml"), f"{piece.document}:{piece.line}"


#: Half an hour apart, from before all ranges in the documents; frames of the last day.
TAGS = ("SINUSOID", "CDT158", "UNIT1.FLOW", "UNIT1.LEVEL")


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    points = [Point(name, "Float64", Dense(1800.0, first="2025-12-01T00:00:00Z")) for name in TAGS]
    now = now_ticks()
    measured = [
        Attribute("Product", "String", "A7"),
        Attribute("Yield", "Double", 97.5),
        Attribute("Lab", "String", "", attributes=[Attribute("Density", "Double", 0.5)]),
    ]
    template = ElementTemplate("Batch", measured, instance_type="EventFrame")
    frames = [EventFrame(f"Batch {n}", now - (n + 2) * HOUR, now - (n + 1) * HOUR, "Batch") for n in range(5)]
    events = Database("Events", templates=[template], event_frames=frames)
    with MockPI(PISystem(points, af=[AFServer("AF", [events])])) as server:
        yield server


class Reader:
    """Somebody who copies blocks out of the documents.

    Args:
        spark: the session that a notebook would have.
        pi: stands where the documents have an address.
        folder: stands for the root of the file system.
    """

    def __init__(self, spark: Any, pi: MockPI, folder: Path) -> None:
        self.spark, self.pi, self.folder = spark, pi, folder

    def text(self, name: str) -> str:
        """A piece, with places that there are here."""
        text = PIECES[name].text
        for shown, here in (
            ("https://pi.example.com/piwebapi", self.pi.url),
            ("http://127.0.0.1:8010/piwebapi", self.pi.url),
            ("/Volumes/main/bronze/pi/checkpoints", f"{self.folder}/checkpoints"),
            ("/checkpoints/", f"{self.folder}/checkpoints/"),
            ("main.bronze.", ""),
            # A variable counts as it was when the JVM started.
            ("env:PI_PASSWORD", f"'@{self.folder}/password'"),
        ):
            text = text.replace(shown, here)
        return text

    def python(self, name: str, **names: Any) -> dict[str, Any]:
        """Runs a block; returns its names."""
        return self.execute(self.text(name), f"{PIECES[name].document}:{PIECES[name].line}", **names)

    def execute(self, text: str, place: str, **names: Any) -> dict[str, Any]:
        scope = {"spark": self.spark, **names}
        exec(compile(text, place, "exec"), scope)
        return scope

    def command(self, name: str) -> int:
        """Runs a command of ours, in this process; returns its exit code."""
        words = shlex.split(self.text(name), comments=True)
        assert words[:3] == ["python", "-m", "pi_datasource"]
        return main(words[3:])


@pytest.fixture
def reader(spark: Any, pi: MockPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password").write_text("secret")
    spark.sql("CREATE DATABASE readme")
    spark.catalog.setCurrentDatabase("readme")
    yield Reader(spark, pi, tmp_path)
    spark.catalog.setCurrentDatabase("default")
    spark.sql("DROP DATABASE readme CASCADE")


def test_the_first_read_without_delta(reader: Reader) -> None:
    around = Around(reader.pi, "SINUSOID", "CDT158", days=30)
    read, _, written = reader.text("First read 1").partition("events.write")
    assert written.count("\n") == 1
    around.assert_holds(reader.execute(read, "README.md")["events"], 2 * 30 * 48 - 2)


@pytest.mark.long
@has_delta
@runs("First read 1")
def test_the_first_read(reader: Reader) -> None:
    around = Around(reader.pi, "SINUSOID", "CDT158", days=30)
    reader.python("First read 1")
    around.assert_holds(reader.spark.table("pi_recorded"), 2 * 30 * 48 - 2)


@runs("Options 1")
def test_event_frames_with_columns(reader: Reader) -> None:
    rows = reader.python("Options 1")["batches"].collect()
    assert sorted((row["name"], row["Product"], row["Yield"], row["Lab|Density"]) for row in rows) == [
        (f"Batch {n}", "A7", 97.5, 0.5) for n in range(5)
    ]


@runs("Delta tables 1", "Authentication 1", "Troubleshooting 1", "Authentication 3")
def test_what_is_imported_and_set(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    import pi_datasource.delta

    imported = reader.python("Delta tables 1").keys()
    assert imported & set(pi_datasource.delta.__all__) == {
        "CatalogEntry", "add_columns", "create_table", "describe_in_catalog", "optimize", "upsert",
    }  # fmt: skip
    reader.python("Authentication 1")
    assert reader.spark.conf.get("spark.sql.redaction.string.regex") == REDACTION
    reader.spark.conf.unset("spark.sql.redaction.string.regex")
    reader.python("Authentication 3", my_vault=Vault())
    # The last one, so that the session has the plain format again.
    reader.python("Troubleshooting 1")
    assert "osipi" in capsys.readouterr().out


class Vault:
    """Where somebody keeps tokens."""

    def token(self, name: str) -> str:
        """The token of that name."""
        return f"token of {name}"


@runs("Authentication 2")
def test_a_line_of_options_goes_into_a_read(reader: Reader) -> None:
    before = 'spark.read.format("osipi").option("url", "https://pi.example.com").option("tags", "SINUSOID")'
    frame = reader.execute(f"frame = {before}{reader.text('Authentication 2').strip()}.load()", "README.md")["frame"]
    with pytest.raises(Exception, match=r"keytab|gssapi|Kerberos"):
        frame.count()


@runs("Tuning 1")
def test_what_reads_cost(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        if hasattr(reader.spark.tvf, "python_worker_logs"):
            reader.python("Tuning 1")
            words = capsys.readouterr().out.split("|")
            assert int(words[words.index("recorded") + 1]) >= 2 * 30 * 48 - 2
        else:
            with pytest.raises(PIOptionError, match=r"Spark 4\.1"):
                reader.python("Tuning 1")
    finally:
        reader.spark.conf.unset(SETTING)


@runs("python -m pi_datasource check --url http://127.0.0.1:8010/piwebapi --tags SINUSOID,CDT185")
def test_check(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    (name,) = (name for name in PIECES if name.startswith("python -m pi_datasource check"))
    assert reader.command(name) == 1
    assert "with: tags (" in capsys.readouterr().out


INIT = "python -m pi_datasource init --url https://pi.example.com/piwebapi"
DRY_RUN = "python -m pi_datasource run job.yaml --dry-run"
JOB = "python -m pi_datasource run job.yaml"


@runs(INIT, DRY_RUN)
def test_a_job_file_is_made_and_planned(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    assert reader.command(INIT) == 0
    assert (reader.folder / "job.yaml").exists()
    assert reader.command(DRY_RUN) == 0
    planned = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines() if line.split()[1:]}
    assert planned["recorded"][1:3] == ["stream", str(len(TAGS))]


@runs("A job without code 1", "Years of history 1")
def test_job_files(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    from jsonschema import Draft202012Validator
    from yaml import safe_load

    server = f"server: {{url: '{reader.pi.url}'}}\ncheckpoints: {reader.folder}\n"
    for name, before, modes in (
        ("A job without code 1", "", ["refresh", "merge"]),
        ("Years of history 1", server, ["backfill"]),
    ):
        text = before + reader.text(name)
        assert list(Draft202012Validator(job_schema()).iter_errors(safe_load(text))) == []
        assert [load.mode for load in parse_job(text).loads] == modes
        (reader.folder / "job.yaml").write_text(text)
        assert reader.command(DRY_RUN) == 0
        assert "cannot be read" not in capsys.readouterr().out


@pytest.mark.long
@has_delta
@runs(JOB)
def test_a_job_is_run(reader: Reader, capsys: pytest.CaptureFixture[str]) -> None:
    text = reader.text("A job without code 1")
    (reader.folder / "job.yaml").write_text(text)
    around = Around(reader.pi, "UNIT1.FLOW", "UNIT1.LEVEL", days=30)
    for runs_so_far in (1, 2):
        assert reader.command(JOB) == 0
        assert "2 loads: 2 ok" in capsys.readouterr().out
        assert reader.spark.table("pi_points").count() == 2
        if runs_so_far == 1:
            around.ran()
        around.assert_holds(reader.spark.table("pi_recorded"), 2 * 30 * 48 - 2)
        assert reader.spark.table("pi_loads").count() == 2 * runs_so_far


@pytest.mark.long
@has_delta
@runs("In a notebook 1")
def test_in_a_notebook(reader: Reader) -> None:
    reader.spark.sql("CREATE DATABASE plant")
    try:
        listed = [("UNIT1.FLOW", "UNIT1"), ("UNIT1.LEVEL", "UNIT1"), ("CDT158", "UNIT2")]
        frame = reader.spark.createDataFrame(listed, "tag string, unit string")
        frame.write.format("delta").saveAsTable("plant.tag_list")
        around = Around(reader.pi, "UNIT1.FLOW", "UNIT1.LEVEL", start="2026-01-01T00:00:00Z")
        for _ in range(2):  # the second time nothing is new
            table = reader.python("In a notebook 1")["table"]
            around.assert_holds(reader.spark.table("plant.pi"), 2 * 300 * 48)
        rows = table.collect()
        assert len(rows) == 7 * 144
        # Null behind a bad event.
        assert sum(row["UNIT1.FLOW"] is not None for row in rows) > 0.9 * len(rows)
    finally:
        reader.spark.sql("DROP DATABASE plant CASCADE")


EXPORT = "export OSIPI_URL=https://pi.example.com/piwebapi"
LAG = "python -m pi_datasource lag /checkpoints/pi_recorded --html report.html"
WATERMARKS = "python -m pi_datasource watermarks /checkpoints/pi_recorded"
REWIND = 'python -m pi_datasource rewind /checkpoints/pi_recorded_merged --tags UNIT1.FLOW,UNIT1.LEVEL --to "*-1d"'


@pytest.mark.long
@has_delta
@runs("Streaming 1", "Streaming 2", "Streaming 3", EXPORT, LAG, WATERMARKS, REWIND)
def test_streams_and_their_checkpoints(
    reader: Reader, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    around = Around(reader.pi, "UNIT1.FLOW", "UNIT1.LEVEL", days=30)
    last_day = Around(reader.pi, "UNIT1.FLOW", "UNIT1.LEVEL", days=1)

    def stream(name: str) -> None:
        reader.python(name)
        (query,) = reader.spark.streams.active
        query.processAllAvailable()
        query.stop()

    stream("Streaming 1")
    around.assert_holds(reader.spark.table("pi_recorded"), 2 * 30 * 48 - 2)
    stream("Streaming 2")
    last_day.ran()
    last_day.assert_holds(reader.spark.table("pi_recorded_merged"), 2 * 48 - 2)
    stream("Streaming 3")
    assert reader.spark.table("pi_event_frames").count() == 5
    variable, _, text = reader.text(EXPORT).removeprefix("export ").partition("=")
    monkeypatch.setenv(variable, text)
    assert reader.command(LAG) == 0
    assert "2 tags with a watermark, 0 stalled" in capsys.readouterr().out
    assert (reader.folder / "report.html").read_text().count("<td>\\\\MOCKPI\\UNIT1.") == 2
    assert reader.command(WATERMARKS) == 0
    assert capsys.readouterr().out.count("\n") == 3
    # Rewind waits until nothing was written for two minutes.
    assert reader.command(REWIND) == 1
    assert "may be running" in capsys.readouterr().err
    for path in (reader.folder / "checkpoints" / "pi_recorded_merged").rglob("*"):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 300))
    assert reader.command(REWIND) == 0
    assert "2 tags of batch" in capsys.readouterr().out
    stream("Streaming 2")
    last_day.assert_holds(reader.spark.table("pi_recorded_merged"), 2 * 48 - 2)
