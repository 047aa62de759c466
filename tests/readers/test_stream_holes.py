"""The smallest history behind each rule of the stream reader: what would be lost, repeated or stuck without the rule.

Every history is played in the call orders of Spark 4.0/4.1 and of 4.2. Clocks begin at second 100, `startTime` is
second 0, and `settleTime` is 2 s unless said.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from mock_pi import ticks_of
from pi_datasource.errors import PITagError, PIUnknownTagError
from tests.readers.stream_world import (
    ENDLESS,
    SECOND,
    KilledError,
    Query,
    World,
    archived,
    repeat_until_caught_up,
)

START = "2026-01-01T00:00:00Z"


@pytest.fixture(params=[False, True], ids=["4.0", "4.2"])
def v42(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def world() -> World:
    return World()


def query(world: World, v42: bool, **options: Any) -> Query:
    return Query(
        world, v42=v42, **{"startTime": START, "settleTime": 2, "pollInterval": 0, "refreshTags": 0, **options}
    )


def seconds(query: Query) -> list[float]:
    """The times of the rows in the table, in seconds of the world, in order."""
    return sorted((ticks - ticks_of(START)) / SECOND for _, ticks, _ in query.table.rows)


def assert_complete(query: Query) -> None:
    """Every event of the archive is in the table, once; and there is one."""
    expected = archived(query.world, query.origin)
    assert expected
    assert Counter(query.table.rows) == expected


def end_with_an_event(world: World, query: Query, key: int, second: float = 300) -> None:
    """An ordinary later event, and time to read it."""
    world.put(key, second)
    world.sleep(max(0, second + 1 - world.clock))
    query.run()
    world.sleep(9)
    query.run()


def while_waiting(world: World, *actions: Any) -> None:
    """Does these, one by one, at the next moments that somebody waits."""
    pending = list(actions)
    world.moves = lambda: pending.pop(0)() if pending else None


# -- what is ripe is what was seen long enough


def test_a_second_event_of_one_instant_that_arrives_while_the_first_settles(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42)
    world.put(a, 60)
    world.moves = lambda: world.clock > 100 and len(world.events(a)) < 2 and world.put(a, 60)
    stream.run()
    assert seconds(stream) == [60, 60]
    world.moves = lambda: None
    end_with_an_event(world, stream, a)
    assert_complete(stream)


def test_a_later_trigger_waits_for_the_second_event_of_an_instant_too(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, settleTime=5)
    world.put(a, 10)
    happened = []

    def two_at_one_instant() -> None:
        if stream.committed and len(happened) < 2:
            happened.append(world.put(a, 60))

    stream.on_trigger = lambda: (two_at_one_instant(), world.sleep(1))
    stream.run(3)
    assert len(happened) == 2
    assert seconds(stream) == [10]
    world.sleep(5)
    end_with_an_event(world, stream, a)
    assert_complete(stream)


def test_an_event_that_was_queued_behind_the_snapshot(world: World, v42: bool) -> None:
    """`end` shows 61 while 60 has not reached the archive yet."""
    a, stream = world.add("pa"), query(world, v42, settleTime=5)
    world.put(a, 61)
    world.moves = lambda: world.clock == 104 and len(world.events(a)) < 2 and world.put(a, 60)
    stream.run()
    assert seconds(stream) == [60, 61]
    world.moves = lambda: None
    end_with_an_event(world, stream, a)
    assert_complete(stream)


def test_no_batch_at_each_trigger_while_the_newest_event_is_young(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, settleTime=80)
    world.put(a, 90)
    stream.on_trigger = lambda: world.sleep(1)
    assert stream.run(20) == 1
    assert seconds(stream) == [90]
    assert stream.empty == []


@pytest.mark.parametrize("skew", [-50, -3, 500])
def test_a_wrong_clock_of_the_driver_neither_holds_nor_loses(v42: bool, skew: int) -> None:
    world = World(skew)
    a, stream = world.add("pa"), query(world, v42)
    world.put(a, 60)
    stream.run()
    assert seconds(stream) == [60]
    end_with_an_event(world, stream, a)
    assert_complete(stream)


def test_no_clock_value_is_in_an_offset(v42: bool) -> None:
    texts = set()
    for skew in (0, 17):
        world = World(skew)
        a, stream = world.add("pa"), query(world, v42)
        world.put(a, 60)
        world.sleep(skew)
        stream.run(3)
        texts.add(tuple(stream.offsets))
    assert len(texts) == 1


# -- no row before the origin


def test_a_quiet_tag_does_not_pull_the_stream_before_its_origin(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, startTime="2026-01-01T00:01:40Z")
    world.put(a, 20)
    stream.run()
    assert stream.watermarks() == {}
    world.put(a, 30), world.put(a, 101)
    world.sleep(9)
    stream.run(), world.sleep(9), stream.run()
    assert seconds(stream) == [101]


def test_the_origin_of_the_checkpoint_wins_over_a_later_start(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, startTime="2026-01-01T00:00:50Z")
    world.put(a, 60)
    with pytest.raises(KilledError):
        stream.run(fuel=3)  # the offset is logged, the batch is not read
    assert len(stream.offsets) == 1
    assert stream.committed == 0
    stream.options["startTime"] = "2026-01-01T00:01:20Z"
    stream.run()
    assert seconds(stream) == [60]
    assert_complete(stream)


# -- trailing system states (stateHold)


def outage(world: World, stream: Query) -> int:
    """A site goes offline, the server writes "I/O Timeout", a trigger comes, then the buffer arrives."""
    key = world.add("pa")
    world.put(key, 50)
    stream.run()
    world.buffers[key] = []
    world.put(key, 60)
    world.put(key, 70, state=True, direct=True)
    stream.run(), world.sleep(9), stream.run()
    world.flush(key)
    end_with_an_event(world, stream, key)
    return key


def test_a_buffer_that_arrives_behind_a_system_state(world: World, v42: bool) -> None:
    stream = query(world, v42, stateHold=10_000)
    outage(world, stream)
    assert seconds(stream) == [50, 60, 70, 300]
    assert_complete(stream)


def test_without_a_hold_a_system_state_comes_when_it_happens(world: World, v42: bool) -> None:
    """The other choice, and the default: the outage is seen at once; what is filled in before it is not."""
    stream = query(world, v42)
    outage(world, stream)
    assert seconds(stream) == [50, 70, 300]


def test_a_state_comes_when_its_hold_is_over(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, stateHold=20)
    world.put(a, 50), world.put(a, 70, state=True), world.put(a, 71, state=True)
    seen = []
    stream.on_trigger = lambda: (seen.append(seconds(stream)), world.sleep(4))
    stream.run(10)
    assert seen[1] == seen[4] == [50]
    assert seconds(stream) == [50, 70, 71]


def test_a_tag_of_nothing_but_states_is_held_too(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, stateHold=10_000)
    world.put(a, 50, state=True)
    stream.on_trigger = lambda: world.sleep(4)
    assert stream.run(5) == 1
    assert stream.watermarks() == {}
    end_with_an_event(world, stream, a)
    assert seconds(stream) == [50, 300]


def test_a_held_tag_whose_events_cannot_be_asked_holds_up_no_other(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, stateHold=10_000, onTagError="skip")
    world.put(a, 50), world.put(a, 70, state=True), world.put(b, 60)
    world.fail(a, "recorded")
    stream.run()
    assert seconds(stream) == [60]
    world.heal()
    end_with_an_event(world, stream, a)
    assert_complete(stream)


# -- the newest instant


def test_the_newest_instant_waits_for_a_later_one_when_that_is_wanted(world: World, v42: bool) -> None:
    """Compression takes 61 back, and a second event comes at 62 long after the first: neither is seen wrongly."""
    a, stream = world.add("pa"), query(world, v42, includeSnapshot=False)
    world.put(a, 60), world.put(a, 61)
    stream.run()
    assert seconds(stream) == [60]
    world.system.delete(world.point(a), world.ticks(61))
    world.put(a, 62)
    world.sleep(9), stream.run(), world.sleep(9)
    world.put(a, 62)
    world.sleep(9)
    end_with_an_event(world, stream, a)
    assert seconds(stream) == [60, 62, 62]


# -- the list of tags


def test_a_tag_that_one_look_up_misses_is_not_read_again(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42)
    world.put(a, 60), world.put(b, 61)
    stream.run()
    world.rename(a, "other")
    stream.run(), world.sleep(9), stream.run()
    assert stream.watermarks().keys() == {a, b}
    world.put(a, 62)
    world.rename(a, "pa")
    world.sleep(9)
    stream.run()
    assert seconds(stream) == [60, 61, 62]
    assert_complete(stream)


def test_a_tag_that_is_not_listed_is_not_asked(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42)
    world.put(a, 60), world.put(b, 61)
    stream.run()
    world.rename(a, "other")
    world.fail(a, "end", "recorded")
    end_with_an_event(world, stream, b)
    assert seconds(stream) == [60, 61, 300]


def test_a_renamed_point_goes_on(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42)
    world.put(a, 60)
    stream.run()
    world.rename(a, "p-new-name")
    end_with_an_event(world, stream, a)
    assert_complete(stream)
    assert len(stream.watermarks()) == 1


def test_a_recreated_point_is_a_new_one(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42)
    world.put(a, 60)
    stream.run()
    world.remove(a)
    again = world.add("pa")
    assert again != a
    world.put(again, 60)
    end_with_an_event(world, stream, again)
    assert stream.watermarks().keys() == {a, again}
    assert [key for key, _, _ in stream.table.rows] == [a, again, again]


def test_a_replay_covers_its_tags_whatever_the_list_says(world: World, v42: bool) -> None:
    """Killed between the log and the batch; meanwhile the pattern matches other points only."""
    a, stream = world.add("pa"), query(world, v42)
    world.put(a, 60)
    with pytest.raises(KilledError):
        stream.run(fuel=3)
    assert stream.watermarks().keys() == {a}
    assert stream.committed == 0
    world.add("pb")
    world.rename(a, "other")
    stream.run()
    assert seconds(stream) == [60]
    assert stream.committed >= 1


def test_a_replay_of_a_deleted_point_fails_by_its_web_id_until_it_is_abandoned(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42)
    world.put(a, 60), world.put(b, 61)
    with pytest.raises(KilledError):
        stream.run(fuel=3)
    world.remove(a)
    with pytest.raises(PIUnknownTagError, match="abandonTags") as caught:
        stream.run()
    assert stream.committed == 0
    (web_id,) = caught.value.failures
    stream.options["abandonTags"] = web_id
    stream.plans.clear()
    stream.run()
    assert seconds(stream) == [61]


# -- errors of tags


def test_skip_never_acts_while_reading(world: World, v42: bool) -> None:
    """Its newest event can be asked, its events cannot: nobody would ever come back for them."""
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, onTagError="skip")
    world.put(a, 60), world.put(b, 61)
    world.fail(a, "recorded")
    with pytest.raises(PITagError, match="abandonTags"):
        stream.run()
    assert stream.table.rows == []
    world.heal()
    stream.run()
    assert_complete(stream)


def test_a_tag_that_fails_for_ever_is_abandoned_by_name(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, onTagError="skip")
    world.put(a, 60), world.put(b, 61)
    world.fail(a, "recorded")
    with pytest.raises(PITagError):
        stream.run()
    stream.options["abandonTags"] = "PA"
    stream.plans.clear()
    stream.run()
    assert seconds(stream) == [61]


def test_a_skipped_tag_keeps_its_watermark_and_catches_up(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, onTagError="skip")
    world.put(a, 50), world.put(b, 51)
    stream.run()
    before = stream.watermarks()
    world.put(a, 60), world.put(b, 61)
    world.fail(a, "end")
    world.sleep(9), stream.run()
    assert seconds(stream) == [50, 51, 61]
    assert stream.watermarks()[a] == before[a]
    world.heal()
    end_with_an_event(world, stream, b)
    assert_complete(stream)


def test_a_failed_tag_stops_the_stream_when_that_is_wanted(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, onTagError="fail")
    world.put(a, 60)
    world.fail(a, "end")
    with pytest.raises(PITagError, match="pa"):
        stream.run()
    assert stream.offsets == []
    world.heal()
    stream.run()
    assert_complete(stream)


def test_a_failed_tag_is_tried_again_after_pauses_that_grow(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, onTagError="skip", settleTime=0)
    world.put(a, 60)
    world.fail(a, "end")
    asked: list[int] = []
    box = world.app.site.faults
    stream.on_trigger = lambda: world.sleep(1)
    stream.on_offset = lambda *_: asked.append(box.fired)
    stream.run(80)
    tries = [at for at in range(1, 80) if asked[at] > asked[at - 1]]
    assert [later - earlier for earlier, later in zip([0, *tries], tries, strict=False)] == [10, 20, 40]
    world.heal()
    stream.run()
    assert_complete(stream)


# -- limits


def test_an_instant_with_more_events_than_the_limit(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, maxRowsPerTrigger=2)
    for _ in range(3):
        world.put(a, 60)
    world.put(a, 61)
    stream.run()
    assert seconds(stream) == [60, 60, 60]
    stream.run(), world.sleep(9), stream.run()
    assert seconds(stream) == [60, 60, 60, 61]
    assert_complete(stream)


def test_a_limit_in_time_leaps_over_gaps(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, maxTimePerTrigger=3, settleTime=0)
    for second in (10, 11, 50, 51, 52, 95):
        world.put(a, second)
    assert stream.run(10) == 3
    assert [len(plan) for plan in stream.plans.values()] == [1, 1, 1]
    assert stream.empty == []
    assert_complete(stream)


def test_a_backlog_behind_a_limit_does_not_wait_for_the_next_look(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, maxRowsPerTrigger=1, pollInterval=1000, settleTime=5)
    for second in range(10, 20):
        world.put(a, second)
    assert stream.run(12) == 10
    assert_complete(stream)


def test_the_rest_of_a_limit_does_not_settle_again(world: World, v42: bool) -> None:
    """The tag goes on producing, so there is a new candidate at every look."""
    a, stream = world.add("pa"), query(world, v42, maxRowsPerTrigger=1, settleTime=50)
    for second in range(10, 20):
        world.put(a, second)
    stream.on_trigger = lambda: (world.sleep(1), world.put(a))
    stream.run(12)
    assert len(stream.table.rows) >= 10


def test_a_server_that_hands_out_fewer_events_than_the_limit(v42: bool) -> None:
    world = World(max_count=3)
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, maxRowsPerTrigger=50, pageSize=3)
    for second in range(10, 20):
        world.put(a, second), world.put(b, second)
    assert stream.run(20) > 1
    assert_complete(stream)
    assert stream.empty == []


# -- AvailableNow


def produce(world: World, key: int, stream: Query, *, ahead: int = 0) -> None:
    """One more event at every moment that somebody looks away."""

    def more() -> None:
        world.moves = lambda: None
        world.sleep(1)
        world.put(key, world.clock + ahead)
        world.moves = more

    world.moves = more


def test_available_now_ends_although_the_server_goes_on(world: World) -> None:
    a, stream = world.add("pa"), query(world, True, maxTimePerTrigger=3, settleTime=0)
    stream.available = True
    for second in range(50, 100):
        world.put(a, second)
    produce(world, a, stream)
    assert 1 < stream.run() < 40
    assert len(stream.table.rows) >= 50


def test_available_now_ends_although_the_future_goes_on(world: World) -> None:
    f = world.add("pf", future=True)
    stream = query(world, True, maxRowsPerTrigger=1, futureData=True)
    stream.available = True
    for second in (500, 600, 700):
        world.put(f, second)
    produce(world, f, stream, ahead=900)
    assert 3 <= stream.run() <= 10
    assert seconds(stream)[:3] == [500, 600, 700]


def test_runs_of_one_batch_get_to_the_end(world: World) -> None:
    a, stream = world.add("pa"), query(world, False, maxRowsPerTrigger=4)
    stream.available = True
    for second in range(10, 30):
        world.put(a, second)
    repeat_until_caught_up(stream)
    assert len(stream.offsets) == 5
    assert_complete(stream)


@pytest.mark.parametrize("limit", [{"maxRowsPerTrigger": 6}, {"maxTimePerTrigger": 4.5}])
def test_limited_runs_and_one_whole_run_bring_the_same(world: World, v42: bool, limit: dict[str, Any]) -> None:
    a, b = world.add("pa"), world.add("pb")
    for second in range(10, 40):
        world.put(a, second), world.put(b, second + second % 3)
    whole, limited = query(world, v42), query(world, v42, **limit)
    whole.available = limited.available = True
    assert whole.run() == 1
    for _ in range(1 if v42 else 12):
        limited.run()
    assert len(limited.offsets) >= 5
    assert Counter(whole.table.rows) == Counter(limited.table.rows)
    assert whole.table.seqs == limited.table.seqs
    assert whole.offsets[-1] == limited.offsets[-1]
    assert_complete(whole)


# -- the future


def test_forecasts_come_when_their_time_has_come(world: World, v42: bool) -> None:
    f, stream = world.add("pf", future=True), query(world, v42)
    for second in (60, 110, 9000):
        world.put(f, second)
    stream.on_trigger = lambda: world.sleep(1)
    assert stream.run(2) == 1
    assert seconds(stream) == [60]
    assert stream.run(20) == 1
    assert seconds(stream) == [60, 110]
    assert stream.empty == []


def test_forecasts_come_at_once_when_that_is_wanted(world: World, v42: bool) -> None:
    f, stream = world.add("pf", future=True), query(world, v42, futureData=True)
    for second in (60, 110, 9000):
        world.put(f, second)
    assert stream.run(5) == 1
    assert seconds(stream) == [60, 110, 9000]


def test_a_forecast_alone_makes_no_batch_at_each_trigger(world: World, v42: bool) -> None:
    f, stream = world.add("pf", future=True), query(world, v42)
    world.put(f, 9000)
    stream.on_trigger = lambda: world.sleep(1)
    # The first batch, without rows, writes the origin into the checkpoint.
    assert stream.run(20) == 1
    assert stream.watermarks() == {}


# -- steps at which the driver may die


def test_every_step_may_be_the_last(v42: bool) -> None:
    """One history, killed at each of its steps in turn: every event once."""
    survived = 0
    for fuel in range(30):
        world = World()
        a, stream = world.add("pa"), query(world, v42, maxRowsPerTrigger=2)
        for second in range(10, 16):
            world.put(a, second)
        survived += stream.attempt(3, fuel) is not None
        stream.options["startTime"] = "2026-01-01T00:00:05Z"
        stream.run(5), world.sleep(9), stream.run(5)
        assert_complete(stream)
    assert 0 < survived < 20


def test_the_first_batch_knows_its_origin_although_no_checkpoint_keeps_its_start(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42)
    world.put(a, 60)
    with pytest.raises(KilledError):
        stream.run(fuel=4)
    assert stream.committed == 0
    world.sleep(50)
    stream.options["startTime"] = "*-1s"
    assert stream.run(1, ENDLESS) == 1
    assert_complete(stream)
