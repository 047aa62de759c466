from __future__ import annotations

import copy
import pickle
import re

import pytest

from pi_datasource import errors
from pi_datasource.errors import (
    MAX_TAGS_NAMED,
    PIError,
    PIInstantError,
    PIRateLimitError,
    PIRequestError,
    PITagError,
    PITooLargeError,
    PIUnknownTagError,
)

CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PIError)]


def made(kind: type[PIError]) -> PIError:
    """An error of this class, with every attribute set."""
    if issubclass(kind, PITagError):
        return kind({"A": "gone", "B": "refused"}, "a hint")
    if issubclass(kind, PITooLargeError):
        return kind("the very words", status=400, item_limit=150_000)
    if issubclass(kind, PIRequestError):
        error = kind("the very words", status=503, retry_after=7.5)
        error.attempts = 4
        return error
    return kind("the very words")


def tree_of_the_documentation() -> dict[str, tuple[str, set[str]]]:
    """Class → the class above it in the drawing, and the built-in classes that its line promises."""
    found: dict[str, tuple[str, set[str]]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").split("\n"):
        match = re.match(r"    ((?:[│ ]   )*)([├└]── )?(PI\w+) ", line)
        if match is None:
            continue
        depth = len(match[1]) // 4 + bool(match[2])
        above = [*above[:depth], match[3]]
        builtin = set(re.findall(r"\(also an? (\w+)\)", line))
        found[match[3]] = (above[depth - 1] if depth else "Exception", builtin)
    return found


def test_the_drawing_shows_the_classes_as_they_are() -> None:
    drawn = tree_of_the_documentation()
    assert set(drawn) == {kind.__name__ for kind in CLASSES}
    for kind in CLASSES:
        first, *others = [base.__name__ for base in kind.__bases__]
        assert (first, set(others)) == drawn[kind.__name__], kind


def test_all_names_every_class_and_nothing_else() -> None:
    assert errors.__all__ == sorted(kind.__name__ for kind in CLASSES)
    assert len(CLASSES) >= 20


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_says_when_to_catch_it(kind: type[PIError]) -> None:
    assert kind.__doc__


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("way", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy])
def test_every_error_travels_with_all_it_knows(kind: type[PIError], way) -> None:
    error = made(kind)
    twin = way(error)
    assert type(twin) is kind
    assert str(twin) == str(error) != ""
    assert repr(twin) == repr(error)
    assert twin.args == error.args
    assert vars(twin) == vars(error)
    if issubclass(kind, PIRequestError):
        assert twin.status in (400, 503)
    if issubclass(kind, PITagError):
        assert twin.failures == {"A": "gone", "B": "refused"}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_travel_by_every_protocol(protocol: int) -> None:
    error = PIRateLimitError("slow down", status=429, retry_after=3.0)
    twin = pickle.loads(pickle.dumps(error, protocol))
    assert (str(twin), twin.status, twin.retry_after, twin.attempts) == ("slow down", 429, 3.0, 1)


def test_errors_of_request_are_caught_by_the_builtin_that_people_expect() -> None:
    assert issubclass(errors.PIOptionError, ValueError)
    assert issubclass(errors.PITimeoutError, TimeoutError)
    assert issubclass(errors.PIConnectionError, ConnectionError)
    assert issubclass(errors.PILoginError, PermissionError)
    assert str(errors.PIConnectionError("the very words")) == "the very words"
    assert str(errors.PINotFoundError("the very words")) == "the very words"


class TestTagErrors:
    def test_each_tag_is_named_with_its_cause_and_the_hint_comes_last(self) -> None:
        error = PIUnknownTagError({"A": "no such point", "B": "deleted"}, "look in the archive")
        assert str(error) == "2 tags not found:\n  A: no such point\n  B: deleted\nlook in the archive"

    def test_one_is_one(self) -> None:
        assert str(PITagError({"A": "gone"})) == "1 tag cannot be read:\n  A: gone"
        assert str(PIInstantError({"A": "x"})).startswith("1 tag with more events at one instant")

    def test_many_are_counted_after_the_first(self) -> None:
        error = PITagError({f"T{number}": "gone" for number in range(MAX_TAGS_NAMED + 5)})
        assert str(error).count(": gone") == MAX_TAGS_NAMED
        assert str(error).endswith("\n  … and 5 more")
        assert len(error.failures) == MAX_TAGS_NAMED + 5

    def test_what_the_caller_does_with_his_dictionary_does_not_matter(self) -> None:
        failures = {"A": "gone"}
        error = PITagError(failures)
        failures.clear()
        assert error.failures == {"A": "gone"}
