from __future__ import annotations

from pi_datasource.check.finding import failed, good


def test_no_secret_is_left_anywhere() -> None:
    found = failed(
        "the server says abc-1 and abc-1-long",
        "try abc-1",
        "line abc-1",
        told={"a": ["abc-1", 5, {"b": "xabc-1x"}], "c": None},
    )
    clean = found.without(["abc-1", "abc-1-long", ""])
    assert clean.said == "the server says <secret> and <secret>"
    assert clean.remedy == "try <secret>"
    assert clean.lines == ("line <secret>",)
    assert clean.details == {"told": {"a": ["<secret>", 5, {"b": "x<secret>x"}], "c": None}}
    assert clean.outcome == "failed"


def test_without_secrets_it_stays() -> None:
    found = good("all (is) well", number=1)
    assert found.without([]) is found
    assert found.without(["(is"]).said == "all <secret>) well"
