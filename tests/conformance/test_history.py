"""Late, edited and deleted events; points that come and go."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_pi import Dense, Event, Listed, PISystem, Point, State, ticks_of

from .client import Client, events

_START = "2026-01-01T00:00:00Z"
_AT = ticks_of(_START)


@pytest.fixture(params=[False, True], ids=["thread", "process"])
def edited(request: pytest.FixtureRequest, start: Callable[..., Client]) -> Client:
    """A dense point, served from a thread or a process, the same either way."""
    return start(PISystem([Point("P", "Float32", Dense(10.0))]), now="2026-01-02T00:00:00Z", process=request.param)


def _agree(client: Client, tag: str = "P") -> list[Event]:
    """The wire's events of the first minute, which must be what is expected."""
    system = client.pi.system
    query = f"startTime={_START}&endTime=2026-01-01T00:00:59.9999999Z"
    wire = events(client.get(f"/streams/{client.web_id(tag)}/recorded?{query}").text, system.point(tag))
    assert wire == system.expected_recorded(tag, _START, "2026-01-01T00:01:00Z")
    return wire


def test_edits(edited: Client) -> None:
    """Insert, replace, delete: recorded, counts and the newest value see them."""
    system = edited.pi.system
    before = _agree(edited)
    system.insert("P", Event(_AT + 5, 1.1), Event(_AT, State("Shutdown", 254, True)), Event(_AT, 2.0))
    system.replace("P", Event(_AT + 100_000_000, 7.7, substituted=True))
    system.delete("P", "2026-01-01T00:00:20Z", "2026-01-01T00:00:41Z")
    after = _agree(edited)
    shutdown = Event(_AT, State("Shutdown", 254, True), good=False)
    assert after == [
        before[0], shutdown, Event(_AT, 2.0), Event(_AT + 5, 1.1), Event(_AT + 100_000_000, 7.7, substituted=True),
        before[5],
    ]  # fmt: skip
    path = f"/streams/{edited.web_id('P')}"
    query = f"startTime={_START}&endTime=2026-01-01T00:00:59Z&summaryType=Count&calculationBasis=EventWeighted"
    count = edited.items(f"{path}/summary?{query}")[0]["Value"]["Value"]
    assert count == sum(event.good for event in after)
    assert edited.object(path + "/end")["Timestamp"] == "2026-01-02T00:00:00Z"
    system.delete("P", "2026-01-01T23:59:50Z", "2026-01-02T00:00:01Z")
    assert edited.object(path + "/end")["Timestamp"] == "2026-01-01T23:59:40Z"
    system.insert("P", Event(ticks_of("2026-01-01T23:59:59.5Z"), 5.0))
    assert edited.object(path + "/end")["Value"] == 5.0


def test_one_of_several_at_an_instant(edited: Client) -> None:
    """An event is told by its place within its instant."""
    system = edited.pi.system
    system.insert("P", Event(_AT + 1, 1.0), Event(_AT + 1, 2.0), Event(_AT + 1, 3.0))
    system.replace("P", Event(_AT + 1, 2.5), ordinal=1)
    system.delete("P", _AT + 1, ordinal=0)
    assert [event.value for event in _agree(edited)][1:3] == [2.5, 3.0]


def test_clock(edited: Client) -> None:
    """The newest events appear as the clock moves."""
    edited.pi.set_now("2026-01-01T00:00:25Z")
    assert len(_agree(edited)) == 3
    edited.pi.set_now("2026-01-01T00:00:30Z")
    assert len(_agree(edited)) == 4


def test_points_come_and_go(edited: Client) -> None:
    """A deleted point is a 404; made again it has a new id [general]."""
    old = edited.web_id("P")
    edited.pi.system.remove("P")
    assert edited.get(f"/streams/{old}/recorded").status_code == 404
    edited.pi.system.add(Point("P", "String", Listed([Event(_AT, "again")])))
    assert edited.web_id("P") != old
    assert edited.get(f"/streams/{old}/recorded").status_code == 404
    assert [event.value for event in _agree(edited)] == ["again"]


def test_namesake_on_another_server() -> None:
    """A bare name means the first server's point, as long as there is one."""
    system = PISystem([Point("P"), Point("P", server="B")], data_servers=("A", "B"), now=_START)
    system.remove("P")
    assert system.point("p").server == "B"


def test_nothing_to_replace() -> None:
    """An edit of an event that is not there is an error."""
    system = PISystem([Point("P")], now=_START)
    with pytest.raises(KeyError):
        system.replace("P", Event(_AT + 3, 1.0))
    with pytest.raises(KeyError):
        system.insert("Q", Event(_AT, 1.0))


_PLACES = st.integers(0, 12)
_KINDS = st.sampled_from(["insert", "replace", "delete", "delete one"])
_EDITS = st.lists(st.tuples(_KINDS, _PLACES, st.integers(0, 3)), max_size=12)


@settings(max_examples=150, deadline=None)
@given(edits=_EDITS, listed=st.lists(_PLACES, max_size=15), first=_PLACES, last=_PLACES)
def test_against_a_plain_list(edits: list[tuple[str, int, int]], listed: list[int], first: int, last: int) -> None:
    """Any row of edits does what it would to a list of events."""
    model = sorted((Event(10 + at, float(number)) for number, at in enumerate(listed)), key=lambda event: event.ticks)
    system = PISystem([Point("P", "Float64", Listed(model))], now=_START)
    for number, (kind, at, place) in enumerate(edits):
        event = Event(10 + at, 1000.0 + number)
        there = [where for where, one in enumerate(model) if one.ticks == event.ticks]
        if kind == "insert":
            system.insert("P", event)
            model.append(event)
            model.sort(key=lambda one: one.ticks)
        elif kind == "delete":
            system.delete("P", event.ticks, event.ticks + place)
            model = [one for one in model if not event.ticks <= one.ticks < event.ticks + place]
        elif place < len(there):
            if kind == "replace":
                system.replace("P", event, place)
                model[there[place]] = event
            else:
                system.delete("P", event.ticks, ordinal=place)
                del model[there[place]]
    begin, end = 10 + first, 10 + last
    inside = [event for event in model if begin <= event.ticks <= end]
    assert system.events("P", begin, end) == inside
    assert system.history("P").count(begin, end) == (len(inside), 0)
    before = [event for event in model if event.ticks <= end]
    assert system.history("P").before(end) == (before[-1] if before else None)
    after = [event for event in model if event.ticks >= begin]
    assert system.history("P").after(begin, 100) == (after[0] if after else None)
