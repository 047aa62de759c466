"""Times of day: across midnight, across clock changes, touching spans."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from pi_datasource.errors import PIOptionError
from pi_datasource.run.gate import Gate
from pi_datasource.run.hours import Hours
from pi_datasource.times import zone_of

UTC = timezone.utc


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHT = Hours.parse(["22:00-05:00"], UTC)


@pytest.mark.parametrize(
    ("now", "closes", "opens"),
    [
        ("2026-01-10T21:59", None, "2026-01-10T22:00"),
        ("2026-01-10T22:00", "2026-01-11T05:00", None),
        ("2026-01-11T00:30", "2026-01-11T05:00", None),
        ("2026-01-11T05:00", None, "2026-01-11T22:00"),
        ("2026-12-31T23:00", "2027-01-01T05:00", None),
    ],
)
def test_a_night(now: str, closes: str | None, opens: str | None) -> None:
    assert NIGHT.closes(at(now)) == (at(closes) if closes else None)
    assert NIGHT.opens(at(now)) == (at(opens) if opens else None)


def test_spans_that_touch_are_one() -> None:
    hours = Hours.parse(["20:00-24:00", "00:00-04:00", "12:00–13:00"], UTC)
    assert hours.closes(at("2026-01-10T20:00")) == at("2026-01-11T04:00")
    assert hours.opens(at("2026-01-11T04:00")) == at("2026-01-11T12:00")


def test_hours_are_those_of_their_zone() -> None:
    berlin = Hours.parse(["22:00-05:00"], zone_of("Europe/Berlin"))
    assert berlin.opens(at("2026-01-10T20:00")) == at("2026-01-10T21:00")
    # The night of 2026-03-29 has an hour less, that of 2026-10-25 one more.
    spring, autumn = at("2026-03-28T21:00"), at("2026-10-24T20:00")
    assert (berlin.closes(spring) or spring) - spring == (at("2026-01-02T06:00") - at("2026-01-02T00:00"))
    assert (berlin.closes(autumn) or autumn) - autumn == (at("2026-01-02T08:00") - at("2026-01-02T00:00"))


def test_work_is_laid_into_the_hours() -> None:
    seven = 7 * 3600
    assert NIGHT.after(at("2026-01-10T12:00"), 3600) == at("2026-01-10T23:00")
    assert NIGHT.after(at("2026-01-10T12:00"), seven) == at("2026-01-11T05:00")
    assert NIGHT.after(at("2026-01-10T12:00"), 2 * seven + 60) == at("2026-01-12T22:01")
    assert NIGHT.after(at("2026-01-11T04:00"), 7200) == at("2026-01-11T23:00")


@pytest.mark.parametrize("text", ["22-5", "24:00-05:00", "22:00-24:01", "8:00-8:00", "22:60-05:00", "nights", ""])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(PIOptionError, match="hours"):
        Hours.parse([text], UTC)


class Clock:
    def __init__(self, now: str) -> None:
        self.now, self.pauses = at(now), []

    def __call__(self) -> datetime:
        return self.now

    def pause(self, seconds: float) -> None:
        from datetime import timedelta

        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)


def test_the_gate_refuses_or_waits() -> None:
    clock = Clock("2026-01-10T21:00")
    assert not Gate(NIGHT, clock=clock, pause=clock.pause).passes()
    told: list[str] = []
    assert Gate(NIGHT, wait=True, tell=told.append, clock=clock, pause=clock.pause).passes()
    assert clock.pauses == [3600]
    assert told == ["outside of hours; going on at 2026-01-10 22:00"]


def test_the_gate_lets_nothing_begin_that_would_not_end_in_time() -> None:
    clock = Clock("2026-01-11T04:30")
    gate = Gate(NIGHT, clock=clock)
    assert gate.seconds_left() == 1800
    assert gate.passes(1800)
    assert not gate.passes(1801)
    # Work longer than any night would never be done.
    assert gate.passes(8 * 3600)
    waiting = Gate(NIGHT, wait=True, clock=clock, pause=clock.pause)
    assert waiting.passes(1801)
    assert clock.now == at("2026-01-11T22:00")


def test_the_gate_without_hours_until_it_is_stopped() -> None:
    gate = Gate()
    assert gate.passes(1e9)
    assert gate.seconds_left() is None
    gate.stop()
    assert not gate.passes()
    assert gate.is_stopped
