from __future__ import annotations

import argparse
import io

import pytest

from pi_datasource.errors import PIOptionError
from pi_datasource.options.settings import DECLARED
from pi_datasource.tools.arguments import add_options, flags, given_options, near_flag, need_url, warn_of_secrets

ON_A_COMMAND_LINE = [option for option in DECLARED if not option.planned and option.in_environment]


def parse(*words: str) -> dict[str, str]:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser)
    return given_options(parser.parse_args(words))


@pytest.mark.parametrize("option", ON_A_COMMAND_LINE, ids=lambda option: option.name)
def test_every_option_in_both_spellings(option) -> None:
    kebab = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in option.name)
    assert set(flags(option)) == {f"--{kebab}", f"--{option.name}"}
    for flag in flags(option):
        assert parse(flag, "some text") == {option.name: "some text"}


def test_there_are_many() -> None:
    assert len(ON_A_COMMAND_LINE) > 70
    assert "path" not in {option.name for option in ON_A_COMMAND_LINE}


def test_a_yes_or_no_alone_is_a_yes() -> None:
    assert parse("--verify", "--post", "false") == {"verify": "true", "post": "false"}


def test_nothing_given_is_nothing() -> None:
    assert parse() == {}


@pytest.mark.parametrize(
    ("given", "warned"),
    [
        ({"password": "canary", "token": "canary"}, ["--password", "--token"]),
        ({"password": "env:A", "token": "@/a/file"}, []),
        ({"password": "{{secrets/a/b}}"}, []),
        ({"password": "literal:canary"}, ["--password"]),
        ({"username": "me", "url": "https://x"}, []),
        ({"headers": '{"A": "env:B", "C": "canary"}'}, ["--headers"]),
        ({"headers": '{"A": "env:B"}'}, []),
        ({"headers": "canary"}, ["--headers"]),
    ],
)
def test_secrets_written_out(given: dict[str, str], warned: list[str]) -> None:
    said = io.StringIO()
    warn_of_secrets(given, said)
    assert [line.split()[1] for line in said.getvalue().splitlines()] == warned
    assert "canary" not in said.getvalue()


def test_near_flags() -> None:
    assert near_flag("--pasword") == "--password"
    assert near_flag("--user") == "--username"
    assert near_flag("--start_tme") == "--start-time"
    assert near_flag("--colour") is None


def test_the_url_is_needed() -> None:
    need_url({"url": "x"}, {})
    need_url({}, {"OSIPI_URL": "x"})
    with pytest.raises(PIOptionError, match=r"--url is missing.*OSIPI_URL"):
        need_url({}, {"OSIPI_URL": " "})
