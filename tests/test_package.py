"""The wheel, its metadata, what importing costs, and that the documents are up to date."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import pi_datasource
from pi_datasource.options import options_table
from tests.wheel import ROOT, build_wheel

PACKAGES = {"pi_datasource", "mock_pi", "pyspark_osipi"}


def python(code: str, *path: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter of this environment, with the checkout (or `path`) in front."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path or (ROOT,)))}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd="/", capture_output=True, text=True, check=check
    )


@pytest.fixture(scope="module")
def wheel() -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(build_wheel()) as opened:
        yield opened


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


@pytest.mark.slow
class TestWheel:
    def test_is_small_and_pure(self, wheel: zipfile.ZipFile) -> None:
        assert Path(wheel.filename or "").name == f"pi_datasource-{pi_datasource.__version__}-py3-none-any.whl"
        # Two fifths of it are mock_pi, which comes along so that anyone can try without a PI System.
        assert Path(wheel.filename or "").stat().st_size < 700_000

    def test_holds_the_three_packages_and_no_more(self, wheel: zipfile.ZipFile) -> None:
        top = {name.split("/")[0] for name in wheel.namelist()}
        assert {name for name in top if not name.endswith(".dist-info")} == PACKAGES

    def test_holds_every_module_of_the_checkout(self, wheel: zipfile.ZipFile) -> None:
        modules = {
            str(path.relative_to(ROOT).as_posix()) for package in PACKAGES for path in (ROOT / package).rglob("*.py")
        }
        assert {name for name in wheel.namelist() if name.endswith(".py")} == modules

    def test_says_that_it_is_typed(self, wheel: zipfile.ZipFile) -> None:
        assert {"pi_datasource/py.typed", "mock_pi/py.typed"} <= set(wheel.namelist())

    def test_metadata(self, metadata: Message, wheel: zipfile.ZipFile) -> None:
        assert metadata["Name"] == "pi-datasource"
        assert metadata["Version"] == pi_datasource.__version__
        assert metadata["Requires-Python"] == ">=3.10"
        assert metadata["License-Expression"] == "Apache-2.0"
        assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())
        assert str(metadata.get_payload()).startswith("# pi_datasource")

    def test_brings_no_pyspark(self, metadata: Message) -> None:
        core = [text for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text]
        assert {re.split(r"[^\w-]", text)[0] for text in core} == {"msgspec", "numpy", "pyarrow", "requests", "urllib3"}
        extras = {"kerberos", "databricks", "delta", "mock", "test", "dev"}
        assert extras <= set(metadata.get_all("Provides-Extra", []))


class TestImport:
    def test_is_light(self) -> None:
        heavy = ["pyspark", "pyarrow", "numpy", "requests", "urllib3", "msgspec", "mock_pi", "asyncio"]
        seen = python(f"import sys, pi_datasource; print([m for m in {heavy} if m in sys.modules])").stdout
        assert seen.strip() == "[]"

    def test_gives_all_public_names(self) -> None:
        for name in pi_datasource.__all__:
            assert getattr(pi_datasource, name) is not None
            assert name in dir(pi_datasource)

    def test_register_can_be_called_after_its_module_was_imported(self) -> None:
        # Python then puts the module where the function was.
        python("import pi_datasource, pi_datasource.register; assert callable(pi_datasource.register)")
        python(
            "from pi_datasource.register import Registration; import pi_datasource as p; assert callable(p.register)"
        )

    def test_mock_knows_nothing_of_the_reader(self) -> None:
        found = [
            path.name
            for path in (ROOT / "mock_pi").rglob("*.py")
            if re.search(r"^\s*(import|from) pi_datasource", path.read_text(encoding="utf-8"), re.MULTILINE)
        ]
        assert found == []


class TestDefaultSource:
    """`pyspark_osipi` never raises: one such package that does hides all formats from Spark."""

    def test_is_the_data_source(self) -> None:
        python("import pyspark_osipi, pi_datasource; assert pyspark_osipi.DefaultSource is pi_datasource.PIDataSource")

    @pytest.mark.parametrize("breaks", ["raise ImportError('no libfoo')", "raise SystemExit(3)", "1 / 0", "x ="])
    def test_explains_itself_when_the_package_is_broken(self, tmp_path: Path, breaks: str) -> None:
        (tmp_path / "pi_datasource").mkdir()
        (tmp_path / "pi_datasource" / "__init__.py").write_text(breaks)
        (tmp_path / "pyspark_osipi").symlink_to(ROOT / "pyspark_osipi")
        code = """
from pyspark.sql.datasource import DataSource
from pyspark_osipi import DefaultSource
from pyspark import cloudpickle
DefaultSource = cloudpickle.loads(cloudpickle.dumps(DefaultSource))
assert issubclass(DefaultSource, DataSource), DefaultSource
assert DefaultSource.name() == "osipi"
try:
    DefaultSource({})
except ImportError as error:
    print(error)
"""
        said = python(code, tmp_path).stdout
        assert 'format("osipi") is installed for' in said
        assert "pip install --upgrade pi-datasource" in said

    def test_survives_a_missing_dependency(self, tmp_path: Path) -> None:
        for name in ("msgspec", "pyarrow", "numpy", "requests", "urllib3"):
            (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}')")
        code = "import pyspark_osipi; print(pyspark_osipi.DefaultSource.name())"
        assert python(code, tmp_path, ROOT).stdout.strip() == "osipi"

    def test_survives_a_missing_pyspark(self, tmp_path: Path) -> None:
        (tmp_path / "pyspark.py").write_text("raise ImportError('none here')")
        python("import pyspark_osipi", tmp_path, ROOT)


class TestDocuments:
    def test_readme_lists_the_options_of_this_version(self) -> None:
        readme = (ROOT / "README.md").read_text(encoding="utf-8")
        begin, end = "<!-- options: generated by pi_datasource.options.options_table() -->\n", "<!-- /options -->"
        table = readme.split(begin)[1].split(end)[0]
        assert table.strip() == options_table().strip(), "README.md is out of date"

    def test_links_of_the_readmes_lead_somewhere(self) -> None:
        for document in (ROOT / "README.md", *(ROOT / "examples").rglob("README.md")):
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
                assert (document.parent / target).exists(), f"{document.name} links to {target}"

    def test_changelog_begins_with_this_version(self) -> None:
        changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
        first = re.search(r"^## (?:Unreleased: )?(\S+)", changelog, re.MULTILINE)
        assert first is not None
        assert first[1] == pi_datasource.__version__
        assert ("Unreleased" in first[0]) == ("dev" in pi_datasource.__version__)

    def test_pyproject_and_setup_say_nothing_twice(self) -> None:
        setup = configparser.ConfigParser()
        setup.read(ROOT / "setup.cfg", encoding="utf-8")
        assert not [section for section in setup.sections() if section.startswith(("tool", "mypy", "pytest"))]
        assert "[project]" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
