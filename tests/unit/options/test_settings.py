from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pi_datasource.errors import PIOptionError
from pi_datasource.options import Option, PIOptions, options_table
from pi_datasource.options.settings import DECLARED

Parse = Callable[..., PIOptions]

CANARIES = {"username": "u", "password": "canary1", "headers": '{"X-Key": "canary2"}'}

INTEGERS = [
    "maxRetries",
    "maxInFlight",
    "concurrency",
    "pageSize",
    "tagsPerRequest",
    "rowsPerResponse",
    "rowsPerPartition",
]
WRONG = [
    *((name, text) for name in INTEGERS for text in ("", "many", "1.5", "-1", "50,000", "0x10", "1e3")),
    ("numPartitions", "10001"),
    ("numPartitions", "0"),
    ("concurrency", "17"),
    ("concurrency", "0"),
    ("tagsPerRequest", "0"),
    ("pageSize", "0"),
    ("requestsPerSecond", "0"),
    ("requestsPerSecond", "fast"),
    ("requestsPerSecond", "nan"),
    ("requestsPerSecond", "inf"),
    ("requestsPerSecond", "-1"),
    ("timeout", "0"),
    ("timeout", "soon"),
    ("timeout", "-5"),
    ("timeout", "5 fortnights"),
    ("timeout", "*"),
    ("timeout", "1,000"),
    ("retryTimeout", "1y"),
    ("retryTimeout", "nan"),
    ("verify", "maybe"),
    ("verify", "2"),
    ("post", ""),
    ("includeWebId", "ja"),
    ("includePointId", "tru"),
    ("includeDescriptor", "t"),
    ("auth", "digest"),
    ("onTagError", "ignore"),
    ("tagFormat", "webid"),
    ("username", " "),
    ("userAgent", "a\r\nX: y"),
    ("caBundle", ""),
    ("table", ""),
    ("startTime", ""),
    ("timeZone", " "),
    ("url", " "),
    ("tags", '["a"'),
    ("tagFilter", '["a", 1]'),
    ("dataServer", '["a",]'),
    ("tagQuery", ""),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_wrong_values_name_option_value_and_what_is_accepted(parse: Parse, name: str, text: str) -> None:
    with pytest.raises(PIOptionError) as caught:
        parse({name: text})
    message = str(caught.value)
    option = next(option for option in DECLARED if option.name == name)
    assert f"option {name}: {text!r} " in message
    assert f"; accepted is {option.accepted}" in message


def test_thousands_are_written_with_underscores(parse: Parse) -> None:
    with pytest.raises(PIOptionError, match="has commas in a number, write 50_000;"):
        parse(rowsPerResponse="50,000")
    assert parse(rowsPerResponse="50_000").reading.rows_per_response == 50_000


def test_the_whole_travels_and_shows_no_secret(parse: Parse) -> None:
    options = parse(CANARIES, tags="A", table="Recorded", environ={"OSIPI_PAGE_SIZE": "7"})
    assert options.table == "recorded"
    assert options.given == {"url", "username", "password", "headers", "tags", "table"}
    for shown in (repr(options), str(options), f"{options}", repr(vars(options))):
        assert "canary" not in shown
        assert "password=<secret>" in shown
    again = pickle.loads(pickle.dumps(options))
    assert again == options
    assert again.connection.password.reveal() == "canary1"
    assert dict(again.connection.headers)["X-Key"].reveal() == "canary2"


def test_everything_can_come_from_the_environment() -> None:
    environ = {"OSIPI_URL": "https://pi", "OSIPI_TOKEN": "canary", "OSIPI_TAGS": "A", "OSIPI_TABLE": "Recorded"}
    options = PIOptions.parse({}, now=0, environ=environ)
    assert options.connection.url == "https://pi/piwebapi"
    assert options.connection.auth == "bearer"
    assert options.selection.tags == ("A",)
    assert options.given == frozenset()


def test_the_table_of_options_has_each_option_of_this_version_once() -> None:
    table = options_table()
    for option in DECLARED:
        assert table.count(f"| `{option.name}` |") == (0 if option.planned else 1)
    assert "| `timeout` | `60` | Seconds to wait for an answer. |" in table
    assert "| `tagFilter` |  | Tags by wildcards such as UNIT1.\\*; several as in tags. |" in table
    assert table.count("**Server and login**") == 1
    assert options_table([name for option in DECLARED for name in option.tables or ()]) == table
    assert "| `interval` |" not in options_table(["recorded"])


@given(
    st.dictionaries(
        st.sampled_from([option.name for option in DECLARED if not option.planned]) | st.text(max_size=12),
        st.text() | st.sampled_from(["true", "10", "basic", "skip", "u", "https://pi", "*", "t", "-1d", "@x", "env:X"]),
        max_size=4,
    )
)
@example({"url": "https://\u2100"})
@example({"url": "https://[", "tags": "["})
def test_no_text_raises_anything_but_our_errors(raw: dict[str, str]) -> None:
    with contextlib.suppress(PIOptionError):
        assert "canary" not in repr(PIOptions.parse({"url": "https://pi", **raw}, now=0, environ={}))


@given(st.text(min_size=1), st.sampled_from(["password", "token"]))
@example("canary", "password")
def test_no_secret_is_ever_shown(text: str, name: str) -> None:
    marked = f"canary{text}"
    for raw in (
        {name: marked},
        {name: marked, "username": "u"},
        {"headers": f'{{"X": "{marked}"}}'},
        {"headers": marked},
    ):
        try:
            assert "canary" not in repr(PIOptions.parse({"url": "https://pi", **raw}, now=0, environ={}))
        except PIOptionError as error:
            assert "canary" not in str(error) + repr(error)  # noqa: PT017


@pytest.mark.parametrize("option", [option for option in DECLARED if option.default], ids=lambda option: option.name)
def test_defaults_are_accepted_values(parse: Parse, option: Option) -> None:
    assert option.default is not None
    table = {"table": option.tables[0]} if option.tables and option.name != "table" else {}
    assert parse({option.name: option.default, **table}) == PIOptions(
        **{**vars(parse(table)), "given": frozenset({"url", option.name, *table})}
    )
