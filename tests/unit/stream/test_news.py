from __future__ import annotations

from typing import Any

import pytest

from mock_pi import Event, Fault, MockPI, PISystem, Point, webids
from mock_pi.system.shapes import Empty
from mock_pi.system.states import IO_TIMEOUT, NO_DATA
from pi_datasource.errors import PIForbiddenError, PINotFoundError
from pi_datasource.options import Connection
from pi_datasource.stream import news
from pi_datasource.stream.key import Key
from pi_datasource.stream.news import ask_newest, newest_before_states, newest_by
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.webids import point_ids
from tests.readers.stream_world import World

SWITCHES = [
    {"streamset_missing": missing, "streamset_end": end}
    for missing in ("fail", "errors", "drop") for end in ("value", "items")
]  # fmt: skip


def client_of(world: World) -> Client:
    return world.client(Connection(url="http://pi.example.com/piwebapi"))


def key_of(world: World, point_id: int) -> Key:
    ids = point_ids(world.app.site.point_web_id(world.point(point_id)))
    assert ids is not None
    return Key(*ids)


def by(world: World, tick: int | None, *point_ids: int) -> news.Newest:
    """The newest events, and then those of these points up to an instant."""
    found = ask_newest(client_of(world), keys_of(world, *world.ids))
    newest_by(client_of(world), [key_of(world, point_id) for point_id in point_ids], tick, found)
    return found


def add_points(world: World, count: int) -> list[int]:
    """So many points, each with an event at a sixteenth of its number."""
    ids = [world.add(f"p{number}") for number in range(count)]
    for point_id in ids:
        world.put(point_id, point_id / 16)
    return ids


def keys_of(world: World, *point_ids: int) -> list[Key]:
    return [key_of(world, point_id) for point_id in point_ids]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_the_newest_events_of_many_points(switches: dict[str, Any]) -> None:
    world = World(**switches)
    ids = [world.add(f"p{number}") for number in range(250)]
    for number, point_id in enumerate(ids):
        world.put(point_id, 1), world.put(point_id, 2 + number / 16)
    found = ask_newest(client_of(world), keys_of(world, *ids))
    assert found.ticks == {
        key: world.ticks(2 + number / 16) for number, key in enumerate(keys_of(world, *ids))
    }  # fmt: skip
    assert found.failures == {}
    assert found.states == set()


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_one_deleted_point_holds_up_no_other(switches: dict[str, Any]) -> None:
    world = World(**switches)
    ids = add_points(world, 120)
    keys = keys_of(world, *ids)
    world.remove(ids[7])
    found = ask_newest(client_of(world), keys)
    assert found.ticks == {key: world.ticks(key.point_id / 16) for key in keys if key.point_id != ids[7]}
    assert list(found.failures) == [keys[7]]
    assert isinstance(found.failures[keys[7]], PINotFoundError)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_a_point_that_may_not_be_read_holds_up_no_other(switches: dict[str, Any]) -> None:
    world = World(**switches)
    a, b = world.add("pa"), world.add("pb")
    world.put(a, 1), world.put(b, 2)
    world.fail(b, "end")
    found = ask_newest(client_of(world), keys_of(world, a, b))
    assert found.ticks == {key_of(world, a): world.ticks(1)}
    assert isinstance(found.failures[key_of(world, b)], PIForbiddenError)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_points_without_events_are_neither_news_nor_failures(switches: dict[str, Any]) -> None:
    world = World(**switches)
    a, b = world.add("pa"), world.add("pf", future=True)
    found = ask_newest(client_of(world), keys_of(world, a, b))
    assert found.ticks == {}
    assert found.failures == {}
    # Only what has a newest event is asked for an earlier one.
    world.put(a, 50), world.put(b, 9000)
    assert by(world, None, b).ticks == by(world, world.ticks(60), b).ticks == {key_of(world, a): world.ticks(50)}
    assert by(world, None, b).failures == by(world, world.ticks(60), b).failures == {}


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_every_look_asks_all_again_and_new_ones_too(switches: dict[str, Any]) -> None:
    world = World(**switches)
    ids = add_points(world, 120)
    keys = keys_of(world, *ids)
    world.fail(ids[7], "end")
    some, again, all_of_them = (ask_newest(client_of(world), asked) for asked in (keys[:110], keys[:110], keys))
    for found, asked in ((some, keys[:110]), (again, keys[:110]), (all_of_them, keys)):
        assert found.ticks == {key: world.ticks(key.point_id / 16) for key in asked if key != keys[7]}
        assert list(found.failures) == [keys[7]]


def test_no_points_are_no_request(world: World) -> None:
    world.app.site.faults.add(Fault(status=503, count=None))
    assert ask_newest(client_of(world), []).ticks == {}


def test_times_are_exact_to_the_tick(world: World) -> None:
    a = world.add("pa")
    world.put(a, ticks=world.ticks(50) + 1_234_567)
    assert ask_newest(client_of(world), keys_of(world, a)).ticks == {key_of(world, a): world.ticks(50) + 1_234_567}


def test_the_largest_point_number(world: World) -> None:
    a = world.add("pa", point_id=2**32 - 1)
    world.put(a, 5)
    assert ask_newest(client_of(world), keys_of(world, a)).ticks == {key_of(world, a): world.ticks(5)}


def test_points_that_end_in_a_system_state_are_told_apart(world: World) -> None:
    a, b = world.add("pa"), world.add("pb")
    world.put(a, 1), world.put(a, 2, state=True), world.put(b, 3)
    found = ask_newest(client_of(world), keys_of(world, a, b))
    assert found.states == {key_of(world, a)}
    assert found.ticks[key_of(world, a)] == world.ticks(2)


def test_the_state_no_data_is_no_event(world: World) -> None:
    a = world.add("pa")
    world.system.insert("pa", Event(world.ticks(5), NO_DATA))
    assert ask_newest(client_of(world), keys_of(world, a)).ticks == {}


def test_the_newest_event_of_a_future_point_and_the_newest_by_now(world: World) -> None:
    f = world.add("pf", future=True)
    for second in (60, 100, 9000):
        world.put(f, second)
    key = key_of(world, f)
    assert ask_newest(client_of(world), [key]).ticks == {key: world.ticks(9000)}
    assert by(world, None, f).ticks == {key: world.ticks(100)}


def test_a_future_point_with_forecasts_only(world: World) -> None:
    f = world.add("pf", future=True)
    world.put(f, 9000)
    found = by(world, None, f)
    assert (found.ticks, found.states, found.failures) == ({}, set(), {})


# -- up to an instant


@pytest.mark.parametrize("future", [False, True])
def test_the_newest_event_up_to_an_instant_and_at_it(world: World, future: bool) -> None:
    a = world.add("pa", future=future)
    for second in (10, 20, 30):
        world.put(a, second)
    key = key_of(world, a)
    told = {tick: by(world, tick, a).ticks for tick in (world.ticks(20) - 1, world.ticks(20), world.ticks(30) - 1)}
    assert told == {
        world.ticks(20) - 1: {key: world.ticks(10)},
        world.ticks(20): {key: world.ticks(20)},
        world.ticks(30) - 1: {key: world.ticks(20)},
    }
    before = by(world, world.ticks(10) - 1, a)
    assert (before.ticks, before.failures) == ({}, {})


def test_an_instant_is_exact_to_the_tick(world: World) -> None:
    a = world.add("pa")
    at = world.ticks(50) + 1_234_567
    world.put(a, ticks=at), world.put(a, ticks=at + 1)
    assert by(world, at, a).ticks == {key_of(world, a): at}


def test_points_that_are_not_asked_again_stay_as_they_are(world: World) -> None:
    a, b = world.add("pa"), world.add("pb")
    for key in (a, b):
        world.put(key, 10), world.put(key, 20, state=True), world.put(key, 30, state=True)
    found = by(world, world.ticks(15), a)
    assert found.ticks == {key_of(world, a): world.ticks(10), key_of(world, b): world.ticks(30)}
    assert found.states == {key_of(world, b)}
    found = by(world, world.ticks(25), a, b)
    assert found.ticks == dict.fromkeys(keys_of(world, a, b), world.ticks(20))
    assert found.states == set(keys_of(world, a, b))


def test_a_point_that_cannot_be_asked_up_to_an_instant_is_a_failure(world: World) -> None:
    a, b = world.add("pa"), world.add("pb")
    world.put(a, 10), world.put(b, 20)
    for scope in ("request", "sub"):
        world.app.site.faults.add(Fault(status=403, route="recordedattime", tag="pa", count=None, scope=scope))
    found = by(world, world.ticks(60), a, b)
    assert found.ticks == {key_of(world, b): world.ticks(20)}
    assert list(found.failures) == keys_of(world, a)
    assert isinstance(found.failures[key_of(world, a)], PIForbiddenError)


def test_no_points_up_to_an_instant_are_no_request(world: World) -> None:
    world.app.site.faults.add(Fault(status=503, count=None))
    found = news.Newest()
    newest_by(client_of(world), [], world.ticks(60), found)
    assert found == news.Newest()


# -- behind system states


def behind(world: World, point_id: int, low: float) -> Any:
    key = key_of(world, point_id)
    newest = ask_newest(client_of(world), [key])
    found = newest_before_states(client_of(world), {key: world.ticks(low)}, newest)
    return found.get(key), newest


def test_the_last_event_before_the_states(world: World) -> None:
    a = world.add("pa")
    world.put(a, 1), world.put(a, 2)
    for second in range(3, 9):
        world.put(a, second, state=True)
    assert behind(world, a, 0)[0] == world.ticks(2)
    assert behind(world, a, 2)[0] == world.ticks(2)
    assert behind(world, a, 3)[0] is None


def test_more_states_than_one_page_holds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "STATES_PER_PAGE", 3)
    a = world.add("pa")
    world.put(a, 1)
    world.system.insert("pa", *(Event(world.ticks(2 + n // 2), IO_TIMEOUT) for n in range(20)))
    assert behind(world, a, 0)[0] == world.ticks(1)
    assert behind(world, a, 1.5)[0] is None


def test_a_point_that_cannot_be_asked_for_them_is_a_failure(world: World) -> None:
    a = world.add("pa")
    world.put(a, 1), world.put(a, 2, state=True)
    world.fail(a, "recorded")
    found, newest = behind(world, a, 0)
    assert found is None
    assert newest.ticks == {}
    assert isinstance(newest.failures[key_of(world, a)], PIForbiddenError)


# -- over HTTP


def test_over_http_in_few_requests() -> None:
    points = [Point(f"P{number}", "Float64", Empty()) for number in range(1_000)]
    system = PISystem(points, now="2026-01-02T00:00:00Z")
    at = system.now - 1_234_567
    for point in points:
        system.insert(point, Event(at, 1.0))
    with MockPI(system) as pi:
        server = point_ids(_first_web_id())
        assert server is not None
        keys = [Key(server[0], point.point_id or 0) for point in system.points]
        pi.reset_stats()
        for post in (True, False):
            found = ask_newest(Client(Connection(url=pi.url, post=post)), keys)
            assert found.ticks == dict.fromkeys(keys, at)
        assert pi.stats().requests == 1 + 10


def _first_web_id() -> str:
    return webids.encode("F", "DP", webids.server_guid("MOCKPI"), "MOCKPI\\P0", point_id=1)
