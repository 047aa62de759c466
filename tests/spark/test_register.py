"""`format("osipi")` is there when the wheel is installed; where it is not, `register` helps and says why.

Spark looks for formats once in the life of a JVM, so each of these has a process of its own.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import sysconfig
import textwrap
import venv
from pathlib import Path
from typing import Any

import pytest
from pyspark import cloudpickle

from mock_pi import MockPI, PISystem
from pi_datasource import register
from pi_datasource.errors import PIUnsupportedError
from pi_datasource.register import REDACTION
from tests.wheel import build_wheel, copy_checkout

pytestmark = pytest.mark.slow

#: How each script begins: a session, and whether Spark has the format by itself.
CLASSIC = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
"""
CONNECT = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote("local[1]").getOrCreate()
"""
FOUND = """
def found():
    try:
        return spark.read.format("osipi").option("tags", "A").option("url", "http://localhost/piwebapi").load().columns[0]
    except Exception as error:
        return "NOT FOUND" if "DATA_SOURCE_NOT_FOUND" in str(error) else error
print("by itself:", found())
"""
REGISTER = """
from pi_datasource import register
print(register(spark))
print("registered:", found())
"""


class Place:
    """A virtual environment that has everything of the tests' own environment except this package."""

    def __init__(self, folder: Path) -> None:
        venv.create(folder, symlinks=True)
        self.folder = folder
        self.python = folder / "bin" / "python"

    def install(self, *arguments: str | Path) -> Place:
        # From here pip sees the tests' own editable install of the same version, hence the force.
        command = [self.python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--force-reinstall"]
        done = subprocess.run(
            [*command, "--no-build-isolation", *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def run(self, script: str, **environment: str | Path) -> str:
        """Run a script with Spark's workers in this place too; gives what it printed."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYSPARK_", "SPARK_", "PYTHON"))}
        given = {"PYSPARK_PYTHON": self.python, **environment}
        done = subprocess.run(
            [self.python, "-c", script],
            env={**kept, **{key: str(value) for key, value in given.items()}},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Any:
    def make(name: str) -> Place:
        made = Place(tmp_path_factory.mktemp(name) / "venv")
        others = Path(sysconfig.get_path("purelib", vars={"base": str(made.folder)}))
        # The folder itself, without the path files in it: they would bring in the checkout.
        folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (others / "others.pth").write_text("\n".join(folders))
        return made

    return make


@pytest.fixture(scope="module")
def installed(place: Any) -> Place:
    """The wheel, installed as users do."""
    made: Place = place("wheel").install(build_wheel())
    return made


@pytest.fixture(scope="module")
def empty(place: Any) -> Place:
    """All libraries, and not this package."""
    made: Place = place("empty")
    return made


@pytest.mark.spark_versions
class TestInstalled:
    def test_classic_session_finds_it_without_a_call(self, installed: Place) -> None:
        said = installed.run(CLASSIC + FOUND + REGISTER)
        assert "by itself: tag" in said
        assert "registered: tag" in said
        assert "classic session" in said
        assert "automatic:  works; this call was not needed" in said
        assert str(installed.folder) in said

    @pytest.mark.long
    def test_connect_session_finds_it_without_a_call(self, installed: Place) -> None:
        said = installed.run(CONNECT + FOUND + REGISTER, SPARK_TESTING="1")
        assert "by itself: tag" in said
        assert "registered: tag" in said
        assert "connect session" in said
        assert "automatic:  works; this call was not needed" in said

    @pytest.mark.long
    def test_a_broken_neighbour_is_named(self, installed: Place, tmp_path: Path) -> None:
        (tmp_path / "pyspark_x.py").write_text("raise ImportError('no libfoo')")
        said = installed.run(CLASSIC + FOUND + REGISTER, PYTHONPATH=tmp_path)
        assert "by itself: NOT FOUND" in said
        assert "registered: tag" in said
        assert "automatic:  does not work" in said
        assert "The package pyspark_x fails when imported (ImportError: no libfoo)" in said
        assert "will fail" not in said


class TestElsewhere:
    @pytest.mark.long
    def test_editable_install_is_found(self, place: Any, tmp_path: Path) -> None:
        made = place("editable").install("--editable", copy_checkout(tmp_path / "checkout"))
        said = made.run(CLASSIC + FOUND)
        assert "by itself: tag" in said

    @pytest.mark.long
    def test_by_value_reads_where_the_workers_have_no_package(self, empty: Place, tmp_path: Path) -> None:
        copy_checkout(tmp_path / "checkout")
        driver = f"import sys; sys.path.insert(0, {str(tmp_path / 'checkout')!r})\n" + CLASSIC + FOUND
        read = """
from pi_datasource import register
print(register(spark))
print("----")
print(register(spark, by_value=True))
events = spark.read.format("osipi").option("url", URL).option("tags", "SINUSOID,CDM158")
print("rows:", events.option("startTime", "2026-01-01").option("endTime", "2026-01-01T01:00:00Z").load().count())
"""
        system = PISystem.demo(20, now="2026-01-02T00:00:00Z")
        with MockPI(system) as pi:
            said = empty.run(driver + read.replace("URL", repr(pi.url)))
        by_reference, by_value = said.split("----")
        assert "by itself: NOT FOUND" in by_reference
        assert "It cannot import pi_datasource (ModuleNotFoundError" in by_reference
        assert f"set PYSPARK_PYTHON={empty.python} before Spark starts" in by_reference
        assert "reading:    will fail, for the same reason" in by_reference
        assert "by value: sent with each read" in by_value
        assert "will fail" not in by_value
        assert "rows: 720" in by_value


class Session:
    """As much of a classic session as `register` uses, on which Spark found nothing."""

    version = "4.2.0"

    def __init__(self) -> None:
        self.registered: list[str] = []
        self.dataSource = self

    def register(self, source: Any) -> None:
        self.registered.append(source.name())

    def newSession(self) -> Session:
        raise RuntimeError("[DATA_SOURCE_NOT_FOUND] Failed to find the data source: osipi.")


class TestReport:
    """Why Spark found nothing, asked from the interpreter that Spark would have used."""

    @pytest.fixture(autouse=True)
    def _this_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PYSPARK_DRIVER_PYTHON", raising=False)
        monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)

    def test_registers_at_once_and_asks_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subprocess, "run", None)
        session: Any = Session()
        report = register(session)
        assert session.registered == ["osipi"]
        assert report.spark_version == "4.2.0"

    def test_spark_without_data_sources(self) -> None:
        old: Any = type("Session", (), {"version": "3.5.4"})()
        with pytest.raises(PIUnsupportedError, match=r"Spark 3\.5\.4 has no Python data sources.*Spark 4\.0 or newer"):
            register(old)

    def test_driver_python_that_is_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYSPARK_DRIVER_PYTHON", "/bin/echo")
        said = str(register(session()))
        assert "/bin/echo (PYSPARK_DRIVER_PYTHON) is not a Python interpreter" in said
        assert "Spark prefers it over PYSPARK_PYTHON here" in said
        assert "will fail" not in said

    def test_python_that_is_not_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PYSPARK_PYTHON", "/nowhere/python")
        said = str(register(session()))
        assert "There is no program /nowhere/python on this host (PYSPARK_PYTHON)" in said
        assert "reading:    will fail, for the same reason" in said

    def test_nothing_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PYSPARK_PYTHON")
        assert "the first python3 on PATH, as none is set" in str(register(session()))

    def test_no_class(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "pyspark_y.py").write_text("DefaultSource = 'no class'")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        assert "The package pyspark_y fails when imported (its DefaultSource is not a class)" in str(
            register(session())
        )

    @pytest.mark.long
    def test_import_hook(self, empty: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        checkout = copy_checkout(tmp_path / "checkout")
        hook = textwrap.dedent(f"""
            import sys
            from importlib.machinery import PathFinder
            class Finder:
                @staticmethod
                def find_spec(name, path=None, target=None):
                    return PathFinder.find_spec(name, [{str(checkout)!r}]) if path is None else None
            sys.meta_path.append(Finder)
            """)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "sitecustomize.py").write_text(hook)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
        monkeypatch.setenv("PYSPARK_PYTHON", str(empty.python))
        said = str(register(session()))
        assert "an editable install by import hook" in said
        assert "editable_mode=compat" in said

    def test_installed_after_the_lookup(self) -> None:
        said = str(register(session()))
        assert "Spark looks only once in the life of its JVM" in said


def session() -> Any:
    return Session()


class TestTokenProvider:
    """Tokens from a function, which travels with the data source."""

    @pytest.mark.long
    def test_it_reads_where_only_a_token_opens(self, installed: Place) -> None:
        script = """
from pi_datasource import register
register(spark, token_provider=lambda: ("can" + "ary", 3600))
events = spark.read.format("osipi").option("url", URL).option("tags", "SINUSOID,CDM158")
events = events.option("startTime", "2026-01-01").option("endTime", "2026-01-01T01:00:00Z")
print("rows:", events.load().count())
try:
    events.option("auth", "anonymous").load().count()
except Exception as error:
    print("without:", "401" in str(error))
"""
        with MockPI(PISystem.demo(20, now="2026-01-02T00:00:00Z"), auth="bearer", tokens={"canary": None}) as pi:
            said = installed.run(CLASSIC + script.replace("URL", repr(pi.url)))
        assert "rows: 720" in said
        assert "without: True" in said

    def test_it_does_not_go_with_by_value(self) -> None:
        with pytest.raises(PIUnsupportedError, match="by_value and token_provider do not go together"):
            register(session(), by_value=True, token_provider=lambda: "x")

    def test_it_travels_by_value(self) -> None:
        sources: list[Any] = []
        one: Any = Session()
        one.register = sources.append
        register(one, token_provider=lambda: "canary")
        source = cloudpickle.loads(cloudpickle.dumps(sources[0]))({"url": "https://pi", "tags": "A"})
        assert source.name() == "osipi"
        reader = pickle.loads(cloudpickle.dumps(source.reader(source.schema())))
        provider = reader.request.options.connection.token_provider
        assert provider.function() == "canary"
        assert provider == source.token_provider


class TestConnectWarning:
    def connect(self, **conf: str) -> Any:
        kind = type("Session", (Session,), {"__module__": "pyspark.sql.connect.session", "conf": conf})
        return kind()

    def test_options_are_logged_in_clear_and_that_is_said(self, caplog: pytest.LogCaptureFixture) -> None:
        report = register(self.connect())
        assert report.logs_options
        assert "Spark Connect writes options in clear" in caplog.text
        assert "env:NAME" in str(report)

    def test_not_where_they_are_blanked_nor_in_classic_sessions(self, caplog: pytest.LogCaptureFixture) -> None:
        assert not register(self.connect(**{"spark.sql.redaction.string.regex": REDACTION})).logs_options
        assert not register(session()).logs_options
        assert "in clear" not in caplog.text
