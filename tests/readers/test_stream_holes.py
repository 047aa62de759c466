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
    NO_DATA,
    SECOND,
    KilledError,
    MergedTable,
    Query,
    Table,
    World,
    archived,
    merged,
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


def test_no_data_comes_when_its_hold_is_over(world: World, v42: bool) -> None:
    """It is looked for now and then only, as an empty tag answers the same."""
    a, stream = world.add("pa"), query(world, v42, stateHold=20, refreshTags=15)
    world.put(a, 50), world.put(a, 60, state=NO_DATA)
    stream.on_trigger = lambda: world.sleep(1)
    stream.run(10)
    assert seconds(stream) == [50]
    stream.run(60)
    assert seconds(stream) == [50, 60]
    assert_complete(stream)


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
    # Five batches, and a run that finds nothing.
    assert repeat_until_caught_up(stream) == 6
    assert len(stream.offsets) == 5
    assert_complete(stream)


def test_repeated_runs_end_although_the_server_goes_on(world: World) -> None:
    """Each run alone would end at its own now; all of them together end at the now of the first."""
    a, stream = world.add("pa"), query(world, False, maxRowsPerTrigger=10, settleTime=0)
    stream.available = True
    for second in range(50, 100):
        world.put(a, second)
    produce(world, a, stream)
    assert repeat_until_caught_up(stream) == 6
    assert seconds(stream) == [*range(50, 100)]
    # The same without an end: there is always more.
    assert world.clock > 110
    for _ in range(30):
        assert stream.run() == 1


def test_repeated_runs_end_although_the_future_goes_on(world: World) -> None:
    """What is known of the future ends at the same instant as everything else, and comes later."""
    f, stream = world.add("pf", future=True), query(world, False, maxRowsPerTrigger=1, futureData=True)
    stream.available = True
    for second in (60, 70, 500, 600):
        world.put(f, second)
    produce(world, f, stream, ahead=900)
    assert repeat_until_caught_up(stream) == 3
    assert seconds(stream) == [60, 70]
    stream.run(), stream.run()
    assert seconds(stream) == [60, 70, 500, 600]


def test_a_run_that_only_replays_is_not_caught_up(world: World) -> None:
    a, stream = world.add("pa"), query(world, False, maxRowsPerTrigger=4)
    stream.available = True
    for second in range(10, 30):
        world.put(a, second)
    with pytest.raises(KilledError):
        stream.run(fuel=3)
    assert (len(stream.offsets), stream.committed) == (1, 0)
    # The replay, four more batches, and a run that finds nothing.
    assert repeat_until_caught_up(stream) == 6
    assert len(stream.offsets) == 5
    assert_complete(stream)


@pytest.mark.parametrize("lookback", ["0.0000001", "30"])
def test_repeated_runs_end_although_each_makes_a_round(world: World, lookback: str) -> None:
    a, b = world.add("pa"), world.add("pb")
    stream = query(world, False, maxRowsPerTrigger=8, lookback=lookback)
    stream.available = True
    for second in range(10, 30):
        world.put(a, second)
    world.put(b, 10)
    # Caps of four for each of the two, then of eight; and a run that is nothing but a round.
    assert repeat_until_caught_up(stream) == 4
    assert len(stream.offsets) == 4
    assert_merged(stream, 21)


@pytest.mark.parametrize("snapshot", [True, False])
def test_a_stream_takes_nothing_from_its_end_on(world: World, v42: bool, snapshot: bool) -> None:
    a, b, c = world.add("pa"), world.add("pb"), world.add("pc")
    stream = query(world, v42, until="2026-01-01T00:01:10Z", includeSnapshot=snapshot)
    world.put(a, 60), world.put(a, 69), world.put(a, ticks=world.ticks(70) - 1)
    world.put(a, 70), world.put(a, 80), world.put(b, 70), world.put(c, 5), world.put(c, 6)
    assert stream.run() == 1
    last = (70 * SECOND - 1) / SECOND
    assert seconds(stream) == ([5, 6, 60, 69, last] if snapshot else [5, 60, 69])
    assert stream.watermarks().keys() == {a, c}
    assert stream.run(3) == 0
    del stream.options["until"]
    stream.run()
    if snapshot:
        assert_complete(stream)
    assert seconds(stream) == ([5, 6, 60, 69, last, 70, 70, 80] if snapshot else [5, 60, 69, last, 70])


def test_an_end_before_a_watermark_takes_nothing_back(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42)
    world.put(a, 60), world.put(a, 80)
    stream.run()
    before = stream.watermarks()
    world.put(a, 90)
    stream.options["until"] = world.text(70)
    assert stream.run() == 0
    assert stream.watermarks() == before
    del stream.options["until"]
    stream.run()
    assert_complete(stream)


def test_a_forecast_counts_neither_from_the_end_on_nor_from_now_on(world: World, v42: bool) -> None:
    f, g, stream = world.add("pf", future=True), world.add("pg", future=True), query(world, v42, settleTime=0)
    for second in (60, 80, 95, 110, 9000):
        world.put(f, second)
    world.put(g, 9000)
    # An end before now, and one after it.
    for until, expected in ((90, [60, 80]), (9500, [60, 80, 95])):
        stream.options["until"] = world.text(until)
        stream.run()
        assert seconds(stream) == expected
    assert stream.watermarks().keys() == {f}
    stream.options["futureData"] = True
    stream.options["until"] = world.text(200)
    stream.run()
    assert seconds(stream) == [60, 80, 95, 110]


@pytest.mark.parametrize("later", [None, 500])
def test_no_data_before_the_end_is_an_event_as_well(world: World, v42: bool, later: int | None) -> None:
    """A server answers the same where there is nothing, and then what lies before it would never come."""
    a, f, stream = world.add("pa"), world.add("pf", future=True), query(world, v42, until=world.text(70))
    for key in (a, f):
        world.put(key, 40), world.put(key, 50), world.put(key, 60, state=NO_DATA)
    world.put(a, 80)
    if later is not None:
        world.put(f, later)
    stream.run(3)
    assert seconds(stream) == [40, 40, 50, 50, 60, 60]
    assert stream.watermarks().keys() == {a, f}


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


# -- looking back, for a sink that merges


def values(query: Query) -> dict[tuple[int, int, int], float]:
    """(point id, ticks, seq) → value, as the table has it."""
    assert isinstance(query.table, MergedTable)
    return query.table.values


def assert_merged(query: Query, rows: int) -> None:
    """The table equals the archive, numbers within an instant too, and holds so many rows."""
    assert values(query) == merged(query.world, query.origin)
    assert len(values(query)) == rows > 0


def behind(world: World, second: float) -> int:
    """The tick behind an event of this second: a watermark."""
    return world.ticks(second) + 1


def test_a_window_hangs_on_its_tags_watermark_and_not_on_now(world: World, v42: bool) -> None:
    """The newest event is 130 s old when it is edited and the next one comes: now - lookback lies behind it."""
    a, stream = world.add("pa"), query(world, v42, lookback=10)
    world.put(a, 49), world.put(a, 60)
    stream.run()
    world.sleep(90)
    world.edit(a, 1), world.put(a, 55), world.put(a, 200)
    world.sleep(9)
    stream.run()
    assert stream.plans[1] == [(a, behind(world, 50), behind(world, 200))]
    assert_merged(stream, 4)


def test_a_window_of_a_tag_that_was_offline_hangs_on_its_watermark(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, lookback=10)
    world.put(a, 60), world.put(b, 99)
    stream.run()
    world.buffers[a] = []
    world.put(a, 61)
    world.sleep(200)
    world.edit(a, 0), world.flush(a), world.put(b, 250)
    stream.run()
    assert stream.plans[1] == [
        (a, behind(world, 50), behind(world, 61)),
        (b, behind(world, 89), behind(world, 250)),
    ]
    assert_merged(stream, 4)


@pytest.mark.parametrize("lookback", ["2", "40"])
def test_a_replay_reads_the_same_window_although_the_option_changed(world: World, v42: bool, lookback: str) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, lookback=10)
    world.put(a, 30), world.put(a, 60), world.put(b, 20)
    stream.run()
    world.edit(a, 1), world.put(a, 70)
    with pytest.raises(KilledError):
        stream.run(fuel=3)
    assert (len(stream.offsets), stream.committed) == (2, 1)
    planned = [
        (a, behind(world, 50), behind(world, 70)),
        (b, behind(world, 10), behind(world, 20)),
    ]
    assert stream.plans[1] == planned
    world.sleep(500)
    stream.options["lookback"] = lookback
    stream.run()
    assert stream.plans[1] == planned
    assert stream.committed > 1
    assert_merged(stream, 4)


def test_an_edit_of_a_quiet_tag_is_seen_by_the_next_process(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=10)
    world.put(a, 60)
    stream.run()
    world.edit(a, 0)
    world.sleep(9)
    assert stream.run() == 1
    assert stream.plans[1] == [(a, behind(world, 50), behind(world, 60))]
    assert_merged(stream, 1)
    assert seconds(stream) == [60]


def test_an_edit_of_a_quiet_tag_is_seen_within_the_interval(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=10, lookbackInterval=20)
    world.put(a, 60)
    rounds: list[int] = []

    def look() -> None:
        world.sleep(1)
        if len(stream.offsets) == 1 and not rounds:
            world.edit(a, 0)
        if stream.offsets:
            rounds.append(stream.round())

    stream.on_trigger = look
    # The first batch is a round, and then one each twenty seconds; none between.
    assert stream.run(50) == 3
    assert rounds == [1] * 20 + [2] * 20 + [3] * 9
    assert_merged(stream, 1)


@pytest.mark.parametrize("lookback", ["0.0000001", "10"])
def test_a_second_event_of_the_newest_instant_long_after_the_first(world: World, v42: bool, lookback: str) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=lookback)
    world.put(a, 60)
    stream.run()
    assert_merged(stream, 1)
    world.sleep(50)
    world.put(a, 60)
    stream.run()
    assert_merged(stream, 2)
    assert {seq for _, _, seq in values(stream)} == {0, 1}


def test_a_snapshot_that_compression_takes_back_goes_from_the_table(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback="0.0000001")
    world.put(a, 60), world.put(a, 61)
    stream.run()
    assert seconds(stream) == [60, 61]
    world.delete(a, 1), world.put(a, 62)
    world.sleep(9)
    stream.run()
    assert seconds(stream) == [60, 62]
    assert_merged(stream, 2)


def test_numbers_within_an_instant_move_up_when_one_goes(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=10)
    for _ in range(3):
        world.put(a, 60)
    stream.run()
    assert_merged(stream, 3)
    world.delete(a, 0)
    stream.run()
    assert_merged(stream, 2)
    assert seconds(stream) == [60, 60]


def test_a_round_leaves_out_removed_and_failed_tags(world: World, v42: bool) -> None:
    """One quiet tag that cannot be read would hold up all others."""
    a, b, c, d = (world.add(name) for name in ("pa", "pb", "pc", "pd"))
    stream = query(world, v42, lookback=10, onTagError="skip")
    for number, key in enumerate((a, b, c, d)):
        world.put(key, 60 + number)
    stream.run()
    world.rename(a, "other")
    world.fail(a, "end", "recorded"), world.fail(b, "end", "recorded")
    back = world.remove(d)
    world.edit(c, 0)
    world.sleep(9)
    with pytest.raises(KilledError):
        stream.run(fuel=3)
    planned = [(c, behind(world, 52), behind(world, 62))]
    assert stream.plans[1] == planned
    assert stream.off() == {a, b, d}
    # All is well again before the replay, which reads no more than before: the offset says so.
    world.rename(a, "pa"), world.heal(), back()
    for key in (a, b, d):
        world.edit(key, 0)
    stream.available = True
    if not v42:
        assert stream.run() == 1
        assert stream.plans[1] == planned
        assert values(stream) != merged(world, stream.origin)
    # The next round sees them again, and what changed meanwhile.
    stream.run()
    assert stream.plans[1] == planned
    assert stream.off() == set()
    assert_merged(stream, 4)


def test_a_tag_whose_limit_cannot_be_asked_is_left_out_of_the_round(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, lookback=10, onTagError="skip")
    world.put(a, 60), world.put(b, 61)
    stream.run()
    stream.options["maxRowsPerTrigger"] = 10
    world.put(a, 70), world.edit(b, 0)
    world.fail(a, "recorded")
    assert stream.run() == 1
    assert stream.off() == {a}
    assert stream.plans[1] == [(b, behind(world, 51), behind(world, 61))]
    world.heal()
    stream.run()
    assert stream.off() == set()
    assert_merged(stream, 3)


def test_a_tag_that_recovers_within_a_process_is_in_the_next_round(world: World, v42: bool) -> None:
    a, b = world.add("pa"), world.add("pb")
    stream = query(world, v42, lookback=10, lookbackInterval=5, onTagError="skip", settleTime=0)
    world.put(a, 60), world.put(b, 61)
    stream.run()
    world.edit(a, 0), world.fail(a, "end", "recorded")
    left_out = []

    def look() -> None:
        world.sleep(1)
        if world.clock == 120:
            world.heal()
        left_out.append(stream.off())

    stream.on_trigger = look
    stream.run(60)
    assert left_out.count({a}) > 3
    assert left_out[-1] == set()
    assert_merged(stream, 2)


def test_changes_are_seen_when_the_watermark_moves_further_than_the_lookback_between_rounds(
    world: World, v42: bool
) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=10, lookbackInterval=3600, settleTime=0)
    world.put(a, 60)
    news = [100, 150, 200, 250]

    def change() -> None:
        world.sleep(50)
        if stream.committed and news:
            # The newest is edited, one comes late just behind it, and a new one far away.
            world.edit(a, -1)
            world.put(a, ticks=world.events(a)[-1].ticks - 9 * SECOND)
            world.put(a, news.pop(0))

    stream.on_trigger = change
    assert stream.run(6) == 5
    assert stream.round() == 1
    assert_merged(stream, 9)


@pytest.mark.parametrize("parts", [1, 3])
def test_all_events_of_a_window_deleted(world: World, v42: bool, parts: int) -> None:
    """No row tells of it, so the window itself has to."""
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, lookback=10, numPartitions=parts)
    for second in (40, 51, 55, 60):
        world.put(a, second)
    world.put(b, 60)
    stream.run()
    assert_merged(stream, 5)
    for _ in range(3):
        world.delete(a, 1)
    world.delete(b, 0)
    world.sleep(9)
    assert stream.run() == 1
    assert stream.empty == [1]
    assert seconds(stream) == [40]
    assert_merged(stream, 1)


def test_changes_before_the_window_are_not_promised(world: World, v42: bool) -> None:
    """The first tick of the window is in it, the one before is not."""
    a, stream = world.add("pa"), query(world, v42, lookback=10)
    lowest = behind(world, 60) - 10 * SECOND
    world.put(a, ticks=lowest - 1), world.put(a, ticks=lowest), world.put(a, 60)
    stream.run()
    assert_merged(stream, 3)
    world.edit(a, 0), world.edit(a, 1)
    stream.run()
    table = values(stream)
    wrong = {row for row, value in merged(world, stream.origin).items() if table[row] != value}
    assert wrong == {(a, lowest - 1, 0)}


def test_looking_back_ends_at_the_origin(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=1000, startTime="2026-01-01T00:00:50Z")
    world.put(a, 49), world.put(a, 50), world.put(a, 60)
    stream.run()
    assert_merged(stream, 2)
    world.put(a, 48), world.edit(a, 0), world.edit(a, 2), world.put(a, 50)
    stream.run()
    assert stream.plans[1] == stream.plans[0] == [(a, world.ticks(50), behind(world, 60))]
    assert_merged(stream, 3)
    assert seconds(stream) == [50, 50, 60]
    world.put(a, 70), world.edit(a, 3)
    stream.run()
    assert stream.plans[2] == [(a, world.ticks(50), behind(world, 70))]
    assert_merged(stream, 4)


def test_available_now_makes_one_round_a_run(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=10, lookbackInterval=1, maxRowsPerTrigger=2)
    stream.available = True
    world.put(a, 60)
    for number in range(1, 5):
        assert stream.run() == 1
        assert stream.round() == number
        world.edit(a, 0)
        world.sleep(5)
    # A backlog of five in batches of two: one round of 4.2, and one a run of 4.0.
    for second in range(61, 66):
        world.put(a, second)
    runs = 1 if v42 else 3
    assert [stream.run() for _ in range(runs)] == ([3] if v42 else [1, 1, 1])
    assert stream.round() == 4 + runs
    assert_merged(stream, 6)


def test_available_now_ends_although_the_server_goes_on_and_it_looks_back(world: World) -> None:
    a, stream = world.add("pa"), query(world, True, maxTimePerTrigger=3, settleTime=0, lookback=5, lookbackInterval=1)
    stream.available = True
    for second in range(50, 100):
        world.put(a, second)
    produce(world, a, stream)
    assert 1 < stream.run() < 40
    assert stream.round() == 1
    assert len(stream.table.rows) >= 50


def test_without_the_lookback_a_replay_brings_only_its_news(world: World, v42: bool) -> None:
    """The sink appends from now on, and no column can tell that a row was there before."""
    a, b = world.add("pa"), world.add("pb")
    stream = query(world, v42, lookback=10, table=Table())
    world.put(a, 60), world.put(b, 62), world.put(a, 61)
    stream.run()
    world.put(a, 70)
    with pytest.raises(KilledError):
        stream.run(fuel=3)
    assert stream.plans[1] == [(a, behind(world, 51), behind(world, 70)), (b, behind(world, 52), behind(world, 62))]
    assert stream.committed == 1
    del stream.options["lookback"]
    stream.plans.clear()
    stream.run(2)
    assert stream.plans[1] == [(a, behind(world, 61), behind(world, 70))]
    assert seconds(stream) == [60, 61, 62, 70]
    assert_complete(stream)
    # The offset that forgets the lookback makes one batch of nothing, and none follows.
    assert len(stream.offsets) == 3
    assert stream.plans.get(2, []) == []
    end_with_an_event(world, stream, a)
    assert_complete(stream)
    assert len(stream.offsets) == 4


def test_with_a_lookback_a_replay_brings_its_news_and_says_so(world: World, v42: bool) -> None:
    """The other way round: the batch was logged without one."""
    a, stream = world.add("pa"), query(world, v42, table=MergedTable())
    world.put(a, 50)
    world.put(a, 60)
    with pytest.raises(KilledError):
        stream.run(fuel=3)
    world.edit(a, 0)
    stream.options["lookback"] = 5
    stream.run()
    assert stream.plans[0] == [(a, world.ticks(0), behind(world, 60))]
    assert_merged(stream, 2)
    world.edit(a, 1), world.put(a, 70)
    stream.run()
    assert_merged(stream, 3)


def test_a_lookback_taken_away_and_given_again_begins_with_a_round(world: World, v42: bool) -> None:
    a, stream = world.add("pa"), query(world, v42, lookback=10)
    world.put(a, 60)
    stream.run()
    for _ in range(2):
        del stream.options["lookback"]
        stream.run()
        world.edit(a, 0)
        stream.options["lookback"] = 10
        stream.run()
        assert_merged(stream, 1)
    assert len(stream.offsets) == 5


def test_a_forgotten_tag_is_not_read_again(world: World, v42: bool) -> None:
    a, b = world.add("pa"), world.add("pb")
    stream = query(world, v42, lookback=10, lookbackInterval=1)
    world.put(a, 60), world.put(b, 61)
    stream.run()
    web_id = world.app.site.point_web_id(world.point(a))
    world.rename(a, "other")
    world.edit(a, 0), world.edit(b, 0)
    stream.run()
    assert stream.off() == {a}
    before = merged(world, stream.origin)
    stream.options["forgetTags"] = web_id
    # Unreadable, too: nobody may ask for it.
    world.fail(a, "end", "recorded")
    told: list[tuple[set[int], set[int]]] = []
    stream.on_offset = lambda _reader, _before, after: told.append(
        ({key.point_id for key in after.watermarks}, {key.point_id for key in after.off})
    )
    stream.on_trigger = lambda: world.sleep(2)
    assert stream.run(3) == 3
    # Neither a watermark nor a mention, from the first offset on.
    assert told == [({b}, set())] * 3
    for number in (2, 3, 4):
        assert stream.plans[number] == [(b, behind(world, 51), behind(world, 61))]
    # What it has brought stays as it was; the other one is repaired.
    table = values(stream)
    assert table.keys() == before.keys()
    assert {row for row in table if table[row] != before[row]} == {(a, world.ticks(60), 0)}
    # Back in the list it begins anew.
    world.heal()
    del stream.options["forgetTags"]
    world.rename(a, "pa")
    stream.run()
    assert_merged(stream, 2)


def test_a_tag_that_is_abandoned_is_left_out_of_a_round(world: World, v42: bool) -> None:
    a, b, stream = world.add("pa"), world.add("pb"), query(world, v42, lookback=10)
    world.put(a, 60), world.put(b, 61)
    stream.run()
    world.edit(b, 0), world.fail(a, "recorded")
    with pytest.raises(PITagError, match="abandonTags"):
        stream.run()
    stream.options["abandonTags"] = "pa"
    stream.plans.pop(1)
    stream.run()
    assert stream.plans[1] == [(b, behind(world, 51), behind(world, 61))]
    assert_merged(stream, 2)


def test_every_step_may_be_the_last_while_the_archive_changes(v42: bool) -> None:
    """One history with each kind of change, killed at each of its steps in turn: the table equals the archive."""
    survived = 0
    for fuel in range(0, 45, 2):
        world = World()
        a, stream = world.add("pa"), query(world, v42, maxRowsPerTrigger=3, lookback=4, numPartitions=2)
        for second in range(10, 16):
            world.put(a, second)
        stream.run()
        world.edit(a, 2), world.delete(a, 1), world.put(a, 11.5)
        survived += stream.attempt(2, fuel) is not None
        stream.run(5), world.sleep(9), stream.run(5)
        assert_merged(stream, 6)
    assert 0 < survived < 20
