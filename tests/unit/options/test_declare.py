from __future__ import annotations

import pytest

from pi_datasource.options.declare import Given, Option, fold
from pi_datasource.options.settings import DECLARED


@pytest.mark.parametrize("option", DECLARED, ids=lambda option: option.name)
def test_every_declaration_is_complete(option: Option) -> None:
    assert option.name[0].islower()
    assert option.name.isalnum()
    assert option.meaning.endswith(".")
    assert "\n" not in option.meaning
    assert option.group
    assert bool(option.choices) == (option.kind == "choice")
    assert option.kind != "secret" or option.secret


def test_no_two_options_have_one_name() -> None:
    assert len({option.folded for option in DECLARED}) == len(DECLARED)
    assert len({option.variable for option in DECLARED}) == len(DECLARED)


@pytest.mark.parametrize(
    "name", ["startTime", "starttime", "STARTTIME", "start_time", "start-time", " startTime ", "tag_s"]
)
def test_names_fold(name: str) -> None:
    assert fold(name) in ("starttime", "tags")


@pytest.mark.parametrize(
    ("name", "variable"),
    [("startTime", "OSIPI_START_TIME"), ("url", "OSIPI_URL"), ("requestsPerSecond", "OSIPI_REQUESTS_PER_SECOND")],
)
def test_variables(name: str, variable: str) -> None:
    assert next(option for option in DECLARED if option.name == name).variable == variable


def test_a_secret_is_not_shown_and_a_long_value_is_cut() -> None:
    secret = Given(Option("password", "text", secret=True), "canary")
    assert "canary" not in repr(secret)
    assert "canary" not in str(secret.refusal())
    long = Given(Option("userAgent", "text"), "x" * 5000, "OSIPI_USER_AGENT")
    assert len(str(long.refusal())) < 300
    assert "from the environment variable OSIPI_USER_AGENT" in str(long.refusal())
