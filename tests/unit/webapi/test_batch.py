from __future__ import annotations

import time
from collections import defaultdict
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pi_datasource.errors import (
    PIBadAnswerError,
    PIConnectionError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIRateLimitError,
    PIRefusedError,
    PIRequestError,
    PIServerError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.webapi.batch import Ask, ask_all, chunks, is_about_the_question
from pi_datasource.webapi.retry import RetryRules
from pi_datasource.webapi.wire import Point
from tests.unit.webapi.fakes import Asked, FakeClient, Said


def asks(*names: str) -> dict[str, Ask]:
    return {f"id-{name}": Ask(f"points/{name}", f"tag {name}") for name in names}


def point(asked: Asked) -> Said:
    return Said(200, {"WebId": f"web-{asked.path[1]}", "Name": asked.path[1]})


def name_of(answer: object) -> str:
    assert isinstance(answer, Point), answer
    assert answer.WebId == f"web-{answer.Name}"
    return answer.Name


class Server:
    """Answers each question with the next of its script, and then with its point."""

    def __init__(self, **scripts: list[Said]) -> None:
        self.scripts = defaultdict(list, {name: list(script) for name, script in scripts.items()})

    def __call__(self, asked: Asked) -> Said:
        script = self.scripts[asked.path[1]]
        return script.pop(0) if script else point(asked)


def always(**answers: Said):
    return lambda asked: answers.get(asked.path[1]) or point(asked)


def sent(client: FakeClient) -> list[set[str]]:
    return [{key.removeprefix("id-") for key in batch} for batch in client.batches]


class TestAnswers:
    def test_each_id_gets_its_own_answer_in_whatever_order_they_come(self) -> None:
        client = FakeClient(point)
        answers = ask_all(client, asks("a", "b", "c"), Point, "points")
        assert {key: name_of(answer) for key, answer in answers.items()} == {"id-a": "a", "id-b": "b", "id-c": "c"}
        assert sent(client) == [{"a", "b", "c"}]

    def test_nothing_asked_is_nothing_sent(self) -> None:
        client = FakeClient(point)
        assert ask_all(client, {}, Point, "points") == {}
        assert (client.batches, client.gets) == ([], [])

    def test_one_question_alone_is_a_get(self) -> None:
        client = FakeClient(point)
        assert name_of(ask_all(client, asks("a"), Point, "points")["id-a"]) == "a"
        assert (len(client.gets), client.batches) == (1, [])

    def test_ids_that_nobody_asked_for_are_left_aside(self) -> None:
        client = FakeClient(point)
        original = client.post_batch

        def more(gets, kind, asked):
            return original({**gets, "other": "points/other"}, kind, asked)

        client.post_batch = more
        assert set(ask_all(client, asks("a", "b"), Point, "points")) == {"id-a", "id-b"}


class TestHealing:
    @pytest.mark.parametrize(
        "failure",
        [
            Said(429, {"Message": "Rate limit was reached"}),
            Said(503, "Service Unavailable"),
            Said(502, {}),
            Said(504, None),
            Said(408, ""),
            Said(500, {"Errors": ["passing"]}),
            Said(200, None),
            Said(200, "text"),
            Said(200, {"WebException": {"StatusCode": 500, "Errors": ["late"]}}),
            Said(207, {"Errors": ["late"]}),
        ],
        ids=repr,
    )
    def test_what_may_pass_is_asked_again_and_only_that(self, failure: Said) -> None:
        client = FakeClient(Server(b=[failure]))
        answers = ask_all(client, asks("a", "b", "c"), Point, "points")
        assert {name_of(answer) for answer in answers.values()} == {"a", "b", "c"}
        assert sent(client) == [{"a", "b", "c"}, {"b"}]
        assert len(client.clock.waits) == 1

    def test_an_id_that_the_answer_leaves_out_is_asked_again(self) -> None:
        left_out = iter([{"id-a", "id-c"}, {"id-c"}, set()])
        client = FakeClient(point, lambda _: next(left_out))
        answers = ask_all(client, asks("a", "b", "c"), Point, "points")
        assert {name_of(answer) for answer in answers.values()} == {"a", "b", "c"}
        assert sent(client) == [{"a", "b", "c"}, {"a", "c"}, {"c"}]

    def test_an_id_that_is_left_out_for_ever_fails_the_whole_by_name(self) -> None:
        client = FakeClient(point, lambda _: {"id-b"})
        with pytest.raises(PIBadAnswerError, match="points: tag b: the batch answer leaves this question out"):
            ask_all(client, asks("a", "b"), Point, "points")

    @pytest.mark.parametrize(
        ("failure", "kind", "tries"),
        [
            (Said(404, {"Errors": ["the very words"]}), PINotFoundError, 1),
            (Said(404, {"Message": "the very words"}), PINotFoundError, 1),
            (Said(403, {"Errors": "the very words"}), PIForbiddenError, 1),
            (Said(409, "the very words"), PIRefusedError, 1),
            (Said(400, {"Errors": ["the very words"]}), PIRefusedError, 1),
            (Said(501, {"Errors": ["the very words"]}), PIRefusedError, 1),
            (Said(400, {"Errors": ["the very words are greater than the maximum allowed (5)"]}), PITooLargeError, 1),
            (Said(500, {"Errors": ["the very words"]}), PIServerError, 3),
        ],
        ids=repr,
    )
    @pytest.mark.parametrize("post", [True, False])
    def test_what_stays_is_an_error_of_that_question_alone(
        self, failure: Said, kind: type[PIRequestError], tries: int, post: bool
    ) -> None:
        client = FakeClient(always(b=failure), post=post)
        answers = ask_all(client, asks("a", "b", "c"), Point, "points")
        assert (name_of(answers["id-a"]), name_of(answers["id-c"])) == ("a", "c")
        assert type(answers["id-b"]) is kind
        assert "points: tag b: " in str(answers["id-b"])
        assert "the very words" in str(answers["id-b"])
        asked = sent(client) if post else [{asked.path[1]} for asked in client.gets]
        assert sum("b" in names for names in asked) == tries
        assert sum("a" in names for names in asked) == 1

    def test_500s_of_one_question_do_not_use_up_the_tries_of_another(self) -> None:
        failed, busy = Said(500, {"Errors": ["no right"]}), Said(503, {})
        client = FakeClient(Server(a=[failed] * 9, b=[busy, busy, failed], c=[busy, busy, busy, failed, failed]))
        answers = ask_all(client, asks("a", "b", "c", "d"), Point, "points")
        assert isinstance(answers["id-a"], PIServerError)
        assert [name_of(answers[f"id-{name}"]) for name in "bcd"] == ["b", "c", "d"]

    @pytest.mark.parametrize("post", [True, False])
    def test_a_login_refused_inside_fails_the_whole(self, post: bool) -> None:
        client = FakeClient(always(b=Said(401, {"Message": "denied"})), post=post)
        with pytest.raises(PILoginError, match="points: tag b: 401 denied"):
            ask_all(client, asks("a", "b"), Point, "points")

    def test_503_for_ever_fails_the_whole(self) -> None:
        client = FakeClient(always(b=Said(503, {"Errors": ["asleep"]})), rules=RetryRules(max_retries=4))
        with pytest.raises(PIServerError, match=r"asleep(.|\n)*after 5 tries") as caught:
            ask_all(client, asks("a", "b"), Point, "points")
        assert caught.value.attempts == 5

    @pytest.mark.parametrize(
        ("failure", "kind"),
        [
            (PIConnectionError("reset"), PIConnectionError),
            (PITimeoutError("slow"), PITimeoutError),
            (PIRateLimitError("429", status=429), PIRateLimitError),
            (PIServerError("503", status=503), PIServerError),
            (PIBadAnswerError("cut"), PIBadAnswerError),
        ],
        ids=repr,
    )
    def test_a_batch_that_fails_as_a_whole_is_sent_again_as_a_whole(
        self, failure: PIRequestError, kind: type[PIRequestError]
    ) -> None:
        failures = [failure, failure]

        def befalls(_: list[str]) -> None:
            if failures:
                raise failures.pop()

        client = FakeClient(point, befalls)
        answers = ask_all(client, asks("a", "b"), Point, "points")
        assert {name_of(answer) for answer in answers.values()} == {"a", "b"}
        assert sent(client) == [{"a", "b"}] * 3

        def always_befalls(_: list[str]) -> None:
            raise failure

        # A refusal for being too fast is tried four times as often.
        with pytest.raises(kind, match="after 33 tries" if kind is PIRateLimitError else "after 9 tries"):
            ask_all(FakeClient(point, always_befalls), asks("a", "b"), Point, "points")

    @pytest.mark.parametrize("failure", [PILoginError("401"), PIForbiddenError("403"), PIRefusedError("405")], ids=repr)
    def test_a_batch_that_is_refused_as_a_whole_is_not_sent_again(self, failure: PIRequestError) -> None:
        def befalls(_: list[str]) -> None:
            raise failure

        client = FakeClient(point, befalls)
        with pytest.raises(type(failure)):
            ask_all(client, asks("a", "b"), Point, "points")
        assert len(client.batches) == 1


class TestRateLimit:
    def test_a_429_inside_pauses_everybody_for_as_long_as_it_asks(self) -> None:
        script = {"a": [Said(429, {}, {"Retry-After": "7"})], "b": [Said(429, {})], "c": [Said(503, {})]}
        client = FakeClient(Server(**script))
        ask_all(client, asks("a", "b", "c"), Point, "points")
        assert sorted(client.throttle.pauses) == [0.5, 7.0]
        assert client.clock.waits == [7.0]

    def test_a_429_is_heard_beside_a_503_that_asks_for_longer(self) -> None:
        script = {"a": [Said(429, {}, {"Retry-After": "2"})], "b": [Said(503, {}, {"Retry-After": "9"})]}
        client = FakeClient(Server(**script))
        ask_all(client, asks("a", "b"), Point, "points")
        assert client.throttle.pauses == [2.0]
        assert client.clock.waits == [9.0]

    def test_a_retry_after_that_is_a_date_is_the_time_until_then(self) -> None:
        until = formatdate(time.time() + 20, usegmt=True)
        client = FakeClient(Server(a=[Said(429, {}, {"Retry-After": until})]))
        answers = ask_all(client, asks("a", "b"), Point, "points")
        assert name_of(answers["id-a"]) == "a"
        assert client.clock.waits == [pytest.approx(20, abs=3)]


class TestTooLarge:
    @staticmethod
    def at_most(count: int):
        def befalls(keys: list[str]) -> None:
            if len(keys) > count:
                raise PITooLargeError("413", status=413)

        return befalls

    @pytest.mark.parametrize("count", [1, 2, 3, 6])
    def test_413_splits_until_it_fits_and_loses_none(self, count: int) -> None:
        names = [f"n{number}" for number in range(7)]
        client = FakeClient(Server(n3=[Said(503, {})]), self.at_most(count))
        answers = ask_all(client, asks(*names), Point, "points")
        assert sorted(name_of(answer) for answer in answers.values()) == names
        fitting = [batch for batch in sent(client) if len(batch) <= count]
        assert sorted(name for batch in fitting for name in batch) == sorted([*names, "n3"])

    def test_413_for_a_single_question_is_an_error(self) -> None:
        client = FakeClient(point, self.at_most(0))
        with pytest.raises(PITooLargeError):
            ask_all(client, asks("a", "b", "c", "d"), Point, "points")
        assert len(client.batches) < 8


class TestTimeouts:
    @pytest.mark.parametrize("post", [True, False])
    def test_a_504_is_healed_unless_told_otherwise(self, post: bool) -> None:
        client = FakeClient(Server(b=[Said(504, {}), Said(504, {})]), post=post)
        answers = ask_all(client, asks("a", "b"), Point, "points")
        assert name_of(answers["id-b"]) == "b"

    @pytest.mark.parametrize("post", [True, False])
    def test_a_504_of_one_question_is_handed_back_as_its_error(self, post: bool) -> None:
        client = FakeClient(Server(b=[Said(504, {})]), post=post)
        answers = ask_all(client, asks("a", "b"), Point, "points", heal_timeouts=False)
        assert name_of(answers["id-a"]) == "a"
        assert isinstance(answers["id-b"], PITimeoutError)
        assert client.clock.waits == []

    def test_a_time_out_of_the_whole_is_raised_at_once(self) -> None:
        def befalls(_: list[str]) -> None:
            raise PITimeoutError("slow")

        client = FakeClient(point, befalls)
        with pytest.raises(PITimeoutError):
            ask_all(client, asks("a", "b"), Point, "points", heal_timeouts=False)
        assert (len(client.batches), client.clock.waits) == (1, [])

    def test_other_failures_are_healed_all_the_same(self) -> None:
        client = FakeClient(Server(a=[Said(503, {})], b=[Said(504, {})]))
        answers = ask_all(client, asks("a", "b"), Point, "points", heal_timeouts=False)
        assert name_of(answers["id-a"]) == "a"
        assert isinstance(answers["id-b"], PITimeoutError)


def test_without_post_questions_are_asked_one_by_one_by_get() -> None:
    client = FakeClient(Server(b=[Said(503, {})]), post=False)
    answers = ask_all(client, asks("a", "b", "c"), Point, "points")
    assert {name_of(answer) for answer in answers.values()} == {"a", "b", "c"}
    assert [asked.path[1] for asked in client.gets] == ["a", "b", "b", "c"]
    assert client.batches == []


def test_what_is_about_the_question() -> None:
    about = [PIForbiddenError("x"), PINotFoundError("x"), PIRefusedError("x"), PITooLargeError("x")]
    about += [PIServerError("x", status=500)]
    others = [PIServerError("x", status=503), PIRateLimitError("x"), PIConnectionError("x"), PIBadAnswerError("x")]
    others += [PILoginError("x"), PITimeoutError("x")]
    assert all(is_about_the_question(error) for error in about)
    assert not any(is_about_the_question(error) for error in others)
    assert is_about_the_question(PITimeoutError("x"), heal_timeouts=False)


def test_chunks_hold_all_in_order() -> None:
    assert list(chunks(range(7), 3)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(chunks([], 3)) == []
    assert list(chunks("ab", 3)) == [["a", "b"]]


PASSING = (429, 502, 503, 504, 408, "empty", "missing")
FINAL = (400, 403, 404, 409, 501)
SCRIPT = st.lists(st.sampled_from([*PASSING, 500, *FINAL]), max_size=6)
WHOLE = st.lists(st.sampled_from(["fine", "reset", "slow", "cut", 429, 503, 413]), max_size=4)


@settings(max_examples=150, deadline=None)
@given(st.lists(SCRIPT, min_size=1, max_size=6), WHOLE, st.booleans())
def test_whatever_fails_every_question_gets_its_answer_or_its_error(
    scripts: list[list[int | str]], whole: list[int | str], post: bool
) -> None:
    """Each question follows its script of failures; the whole batch fails now and then as well."""
    names = [f"n{number}" for number in range(len(scripts))]
    left = dict(zip(names, map(list, scripts), strict=True))
    told: defaultdict[str, list[int | str]] = defaultdict(list)
    befalls = list(whole)

    def serve(asked: Asked) -> Said:
        name = asked.path[1]
        step = left[name].pop(0) if left[name] else "fine"
        if step == "missing" and not client.batches:
            step = "empty"
        told[name].append(step)
        if step == "fine":
            return point(asked)
        return Said(200, "") if step in ("empty", "missing") else Said(int(step), {"Errors": [f"{name} {step}"]})

    def on_batch(keys: list[str]) -> set[str]:
        step = befalls.pop(0) if befalls else "fine"
        if step == 413 and len(keys) > 1:
            raise PITooLargeError("413", status=413)
        errors = {"reset": PIConnectionError("x"), "slow": PITimeoutError("x"), "cut": PIBadAnswerError("x")}
        errors |= {429: PIRateLimitError("x", status=429), 503: PIServerError("x", status=503)}
        if step in errors:
            raise errors[step]
        missing = {key for key in keys if (left[key.removeprefix("id-")] or [""])[0] == "missing"}
        for key in missing:
            told[key.removeprefix("id-")].append(left[key.removeprefix("id-")].pop(0))
        return missing

    # More patience than the longest story needs, so that only what is permanent may remain.
    client = FakeClient(serve, on_batch, post=post, rules=RetryRules(max_retries=60, budget=1e9))
    answers = ask_all(client, asks(*names), Point, "points")

    assert set(answers) == {f"id-{name}" for name in names}
    for name in names:
        answer, story = answers[f"id-{name}"], told[name]
        if isinstance(answer, PIRequestError):
            # The last word was final, or a third 500; and it is about this question.
            assert story[-1] in FINAL or (story[-1] == 500 and story.count(500) == 3)
            assert f"tag {name}: " in str(answer)
            assert f"{name} {story[-1]}" in str(answer)
        else:
            assert name_of(answer) == name
            assert story[-1] == "fine"
            assert story.count(500) <= 2
        assert not set(story[:-1]) & set(FINAL), "asked again after a final word"
