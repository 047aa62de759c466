from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import Given, Option
from pi_datasource.options.values import parse_list, parse_value

TAGS = Option("tags", "list")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("text", "  a b ", "a b"),
        ("integer", "50000", 50000),
        ("integer", "50_000", 50000),
        ("integer", " +7 ", 7),
        ("number", "2.5", 2.5),
        ("number", "1e3", 1000.0),
        ("number", "1_000", 1000.0),
        *(("boolean", text, True) for text in ("true", "TRUE", "1", "yes", "on", " On ")),
        *(("boolean", text, False) for text in ("false", "False", "0", "no", "off")),
        ("seconds", "30", 30.0),
        ("seconds", "30s", 30.0),
        ("seconds", "30 Seconds", 30.0),
        ("seconds", "5 min", 300.0),
        ("seconds", "5m", 300.0),
        ("seconds", "500ms", 0.5),
        ("seconds", "1h", 3600.0),
        ("seconds", "1.5h", 5400.0),
        ("seconds", "2 days", 172800.0),
        ("json", '{"A": "b"}', {"A": "b"}),
        ("json", "{}", {}),
        ("path", "/etc/ca.pem", "/etc/ca.pem"),
        ("list", "", ()),
        ("list", "a", ("a",)),
        ("list", " a , b,,a, ", ("a", "b")),
        ("list", '["a", "b, c", " d "]', ("a", "b, c", "d")),
        ("list", '[ "a" ]', ("a",)),
        ("list", "[]", ()),
        ("list", "[x], y", ("[x]", "y")),
        ("list", "[1, 2]", ("[1", "2]")),
        ("list", r"\\srv\TAG;1, TAG#2 & co, äöü", (r"\\srv\TAG;1", "TAG#2 & co", "äöü")),
        ("list", "[" * 100_000, ("[" * 100_000,)),
    ],
    ids=lambda value: str(value)[:20],
)
def test_texts_become_values(kind: Any, text: str, expected: object) -> None:
    value = parse_value(Given(Option("option", kind), text), {})
    assert value == expected
    assert type(value) is type(expected)


def test_a_choice_is_taken_without_case() -> None:
    option = Option("auth", "choice", choices=("basic",), planned_choices=("kerberos",))
    assert parse_value(Given(option, " BASIC "), {}) == "basic"
    with pytest.raises(PIOptionError, match="'Kerberos' is not in this version yet; accepted is one of basic"):
        parse_value(Given(option, "Kerberos"), {})


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('["a", "b"', "at character 10, near "),
        ('["a" "b"]', "at character 6, near "),
        ('["a", b]', "at character 7, near "),
        ('["a", 1]', "not an array of texts only"),
        ('["a", ["b"]]', "not an array of texts only"),
        (r'["\ud800"]', "surrogate"),
    ],
)
def test_a_broken_array_says_where(text: str, hint: str) -> None:
    with pytest.raises(PIOptionError) as caught:
        parse_list(Given(TAGS, text))
    assert "option tags" in str(caught.value)
    assert repr(text) in str(caught.value)
    assert hint in str(caught.value)
    assert "JSON array" in str(caught.value)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).map(str.strip).filter(bool)


@given(st.lists(names))
@example(["a,b", 'say "x"', "[odd", "ü\u2028\U0001f600", "\\\\srv\\TAG"])
def test_any_names_travel_as_json(tags: list[str]) -> None:
    for ascii_only in (True, False):
        text = json.dumps(tags, ensure_ascii=ascii_only)
        assert parse_list(Given(TAGS, text)) == tuple(dict.fromkeys(tags))


@given(st.lists(names.filter(lambda name: "," not in name and not name.startswith("["))))
def test_plain_names_travel_between_commas(tags: list[str]) -> None:
    assert parse_list(Given(TAGS, " , ".join(tags))) == tuple(dict.fromkeys(tags))


@given(
    st.sampled_from(["text", "integer", "number", "boolean", "seconds", "list", "json", "path", "secret"]),
    st.text() | st.text(alphabet='[]{}",:0123456789.eE+-_ \\', max_size=40) | st.text(st.characters()),
)
@example("json", "[" * 100_000)
@example("json", "1" * 10_000)
@example("list", '["' + "1" * 10_000)
@example("list", '["a", ' + "1" * 10_000 + "]")
@example("integer", "1" * 10_000)
@example("number", "1e999")
@example("secret", "{{secrets/a/b}}")
def test_no_text_raises_anything_else(kind: Any, text: str) -> None:
    try:
        parse_value(Given(Option("option", kind, secret=kind in ("secret", "json")), text), {})
    except PIOptionError as error:
        assert "option option" in str(error)  # noqa: PT017
