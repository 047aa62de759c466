"""The front door: commands, unknown words, exit codes; and the command `tags`, which has few other tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pi_datasource import __version__
from pi_datasource.cli import COMMANDS, main
from tests.wheel import ROOT


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OSIPI_") or name == "COLUMNS"]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", ["pi-datasource"])


class TestFrontDoor:
    def test_help_lists_the_commands(self, capsys) -> None:
        assert main(["--help"]) == 0
        out = capsys.readouterr().out
        assert out.startswith("usage: pi-datasource ")
        for name, command in COMMANDS.items():
            assert f"  {name}" in out
            assert command.meaning in " ".join(out.split())

    @pytest.mark.parametrize("name", COMMANDS)
    def test_every_command_has_help(self, name: str, capsys) -> None:
        assert main([name, "--help"]) == 0
        out = " ".join(capsys.readouterr().out.split())
        if name != "run":  # whose options stand in a file
            assert "--url TEXT" in out
            assert "A secret is given as env:NAME or @/path/of/a/file" in out

    def test_version(self, capsys) -> None:
        assert main(["--version"]) == 0
        assert capsys.readouterr().out == f"pi-datasource {__version__}\n"

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ([], "the following arguments are required: COMMAND"),
            (["chekc"], "invalid choice: 'chekc'"),
            (["--password", "canary"], "the command comes first: check, tags"),
            (["check", "--pasword", "canary"], "check knows no --pasword; did you mean --password?"),
            (["check", "--pasword=canary"], "check knows no --pasword; did you mean --password?"),
            (["check", "--colour", "canary"], "check knows no --colour; see check --help"),
            (["check", "canary"], "check takes no such argument"),
            (["check"], "--url is missing"),
            (["tags", "SIN*"], "--url is missing"),
            (["tags"], "the following arguments are required: PATTERN"),
            (["check", "--url", "https://pi.example.com", "--timeout", "soon"], "option timeout: 'soon'"),
            (["check", "--url", "https://pi.example.com", "--auth", "basic"], "auth=basic needs username and password"),
            (["check", "--url", "https://pi.example.com", "--table", "recorde"], "recorde"),
            (["tags", "A", "--url", "https://pi.example.com", "--limit", "-1"], "--limit -1 is too small"),
        ],
    )
    def test_wrong_words(self, words: list[str], said: str, capsys) -> None:
        assert main(words) == 2
        out, err = capsys.readouterr()
        assert said in err
        assert out == ""
        assert "canary" not in err

    def test_a_command_loads_its_own_module_only(self) -> None:
        code = "import sys; from pi_datasource.cli import main; main(['tags', '--help']); "
        code += "print([m for m in ('pi_datasource.tools.check', 'pyspark', 'pyarrow') if m in sys.modules])"
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        assert done.stdout.splitlines()[-1] == "[]"

    def test_both_names_lead_here(self) -> None:
        setup = (ROOT / "setup.cfg").read_text(encoding="utf-8")
        assert "pi-datasource = pi_datasource.cli:main" in setup
        done = subprocess.run(
            [sys.executable, "-m", "pi_datasource", "--help"],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, cwd="/", capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.startswith("usage: python -m pi_datasource ")


class TestTags:
    def test_a_table(self, demo, capsys) -> None:
        assert main(["tags", "SIN*", "CDT1?8", "sinusoid", "--url", demo.url]) == 0
        out, err = capsys.readouterr()
        assert out.splitlines() == [
            "tag        type     unit    descriptor",
            "SINUSOID   Float32          Sine wave",
            "SINUSOIDU  Float32          Sine wave, uncompressed",
            "CDT158     Float32  DEG. C  Atmospheric Tower OH Vapor",
        ]
        assert err == ""

    def test_json(self, demo, capsys) -> None:
        assert main(["tags", "CDT158", "--url", demo.url, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert list(found) == ["tag", "type", "unit", "descriptor", "path", "web_id"]
        assert found["path"] == r"\\MOCKPI\CDT158"

    def test_a_limit(self, demo, capsys) -> None:
        assert main(["tags", "*", "--url", demo.url, "--limit", "3"]) == 0
        out, err = capsys.readouterr()
        assert len(out.splitlines()) == 4
        assert err == "… and more; --limit 6 shows them, --limit 0 all\n"
        assert main(["tags", "*", "--url", demo.url, "--limit", "0"]) == 0
        assert len(capsys.readouterr().out.splitlines()) == 201

    def test_nothing_found(self, demo, capsys) -> None:
        assert main(["tags", "NOPE*", "--url", demo.url]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("no tag matches NOPE*, of those that this login may see")

    def test_no_answer(self, demo, capsys) -> None:
        assert main(["tags", "SIN*", "--url", demo.url.replace("piwebapi", "nothing")]) == 1
        assert "python -m pi_datasource check --url … says what is wrong" in capsys.readouterr().err

    def test_tags_of_the_environment_do_not_matter(self, demo, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OSIPI_URL", demo.url)
        monkeypatch.setenv("OSIPI_TAGS", "CDT158")
        monkeypatch.setenv("OSIPI_TAG_FILE", str(Path("/no/such/file")))
        assert main(["tags", "SINUSOID"]) == 0
        assert "CDT158" not in capsys.readouterr().out

    def test_the_reader_of_our_output_may_leave(self, demo) -> None:
        words = [sys.executable, "-m", "pi_datasource", "tags", "*", "--limit", "0", "--url", demo.url]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
