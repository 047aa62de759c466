from __future__ import annotations

from pi_datasource.check.course import COURSE, NOT_REACHED, Step, look_around
from pi_datasource.check.finding import Finding, failed, good, warning
from pi_datasource.check.site import Site
from pi_datasource.errors import PIServerError
from pi_datasource.options import PIOptions


def site(**options: str) -> Site:
    return Site(PIOptions.parse({"url": "https://pi.example.com", **options}, now=0, environ={}))


def test_looks_come_after_what_they_need() -> None:
    known: set[str] = set()
    for step in COURSE:
        assert set(step.after) <= known, step.name
        known.add(step.name)
    assert len(known) == len(COURSE) == 15
    assert len({step.title for step in COURSE}) == 15
    assert max(len(step.title) for step in COURSE) <= 14


def test_what_hangs_on_a_failure_is_not_reached() -> None:
    course = (
        Step("a", "A", lambda _: good("fine")),
        Step("b", "B", lambda _: failed("broken", "mend it"), ("a",)),
        Step("c", "C", lambda _: good("never"), ("b",)),
        Step("d", "D", lambda _: good("never"), ("c",)),
        Step("e", "E", lambda _: warning("well", "look"), ("a",)),
        Step("f", "F", lambda _: good("fine"), ("e",)),
    )
    found = list(look_around(site(), course))
    assert [(one.name, one.title, one.outcome) for one in found] == [
        ("a", "A", "good"), ("b", "B", "failed"), ("c", "C", "unknown"), ("d", "D", "unknown"), ("e", "E", "warning"),
        ("f", "F", "good"),
    ]  # fmt: skip
    assert {found[2].said, found[3].said} == {NOT_REACHED}


def breaks(_: Site) -> Finding:
    raise ZeroDivisionError("with canary-password in it")


def fails(_: Site) -> Finding:
    raise PIServerError("words\ngave up on it after 1 try in 0.0 s (500)")


def test_a_look_that_breaks_ends_nothing() -> None:
    course = (Step("a", "A", breaks), Step("b", "B", fails), Step("c", "C", lambda _: good("fine")))
    found = list(look_around(site(username="me", password="canary-password"), course))
    assert found[0].said == "this look itself broke: ZeroDivisionError: with <secret> in it"
    assert "please report it" in found[0].remedy
    assert found[1].said == "words"
    assert [one.outcome for one in found] == ["failed", "failed", "good"]


def test_short_values_of_headers_are_words_like_others() -> None:
    one = site(headers='{"X-Proto": "https", "X-Key": "canary-of-a-key"}')
    assert one.secrets() == ["canary-of-a-key"]
