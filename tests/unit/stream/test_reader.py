from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from mock_pi import Event, Fault, MockPI, PISystem, Point
from mock_pi.system.shapes import Empty
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.compat import ReadAllAvailable, ReadMaxRows
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import (
    PIConnectionError,
    PIOffsetError,
    PIOptionError,
    PIRefusedError,
    PISchemaError,
    PIUnsupportedError,
)
from pi_datasource.stream.offset import INITIAL, PIOffset
from pi_datasource.webapi.retry import TRIES_AT_UNKNOWN_HOST
from pi_datasource.webapi.webids import id_only
from tests.readers.stream_world import Query, World

NOW = "2026-01-02T00:00:00Z"
PASSWORD = "kept-to-ourselves-4711"


def stream(**options: Any) -> Any:
    """A stream reader as Spark makes it."""
    source = PIDataSource({name.lower(): str(value) for name, value in options.items()})
    return source.streamReader(source.schema())


@pytest.fixture
def a(world: World) -> int:
    return world.add("pa")


def query(world: World, **options: Any) -> Query:
    return Query(world, **{"startTime": "2026-01-01T00:00:00Z", "settleTime": 0, "refreshTags": 0, **options})


def test_everything_that_spark_sends_around_pickles() -> None:
    points = [Point("SINUSOID", "Float64", Empty())]
    system = PISystem(points, now=NOW)
    system.insert("SINUSOID", *(Event(system.now - n * 7, float(n)) for n in range(9)))
    with MockPI(system, auth="basic", users={"reader": PASSWORD}) as pi:
        options = {"url": pi.url, "tags": "SINUSOID", "startTime": "2026-01-01", "settleTime": 0, "auth": "basic",
                   "username": "reader", "password": PASSWORD}  # fmt: skip
        reader = pickle.loads(pickle.dumps(stream(**options)))
        end = json.loads(json.dumps(reader.latestOffset(reader.initialOffset(), reader.getDefaultReadLimit())))
        # After its first look, too: some versions of Spark send the driver's reader on.
        again = pickle.loads(pickle.dumps(reader))
        (partition,) = again.partitions(reader.initialOffset(), end)
        assert_same(
            actual_rows(pickle.loads(pickle.dumps(again)).read(pickle.loads(pickle.dumps(partition)))),
            expected_rows(system, system.points, "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"),
        )
    for shown in (reader, partition, end, reader.request, reader.reportLatestOffset()):
        assert PASSWORD not in repr(shown)
    assert PASSWORD.encode() not in pickle.dumps(partition)


def test_the_initial_offset_is_a_constant_of_its_own() -> None:
    reader = stream(url="http://pi.example.com/piwebapi", tags="x")
    told = reader.initialOffset()
    assert told == INITIAL
    told["v"] = 7
    assert reader.initialOffset() == INITIAL


def test_the_limit_follows_the_options() -> None:
    where = {"url": "http://pi.example.com/piwebapi", "tags": "x"}
    assert isinstance(stream(**where).getDefaultReadLimit(), ReadAllAvailable)
    assert isinstance(stream(**where, maxTimePerTrigger=5).getDefaultReadLimit(), ReadMaxRows)
    assert stream(**where, maxRowsPerTrigger=7).getDefaultReadLimit().max_rows == 7


@pytest.mark.parametrize(
    "option", [{"endTime": "*"}, {"onTagError": "skip", "errorColumn": "why"}], ids=["endTime", "errorColumn"]
)
def test_options_of_batch_reads_are_refused(option: dict[str, str]) -> None:
    with pytest.raises(PIOptionError, match="no place in a stream"):
        stream(url="http://pi.example.com/piwebapi", tags="x", **option)


def test_a_table_that_cannot_be_streamed_is_refused() -> None:
    source = PIDataSource({"url": "http://pi.example.com/piwebapi", "tags": "x", "table": "failed_tags"})
    with pytest.raises(PIUnsupportedError, match="recorded"):
        source.streamReader(source.schema())


def test_a_trigger_that_takes_all_ignores_the_limits(world: World, a: int) -> None:
    for second in range(10, 20):
        world.put(a, second)
    reader = query(world).world.reader(startTime="2026-01-01", settleTime=0, maxRowsPerTrigger=2)
    for limit, expected in ((ReadMaxRows(1), 12), (ReadAllAvailable(), 19)):
        after = PIOffset.from_dict(reader.latestOffset(INITIAL, limit))
        assert after is not None
        assert [tick // 10**7 for tick in after.watermarks.values()] == [world.ticks(expected) // 10**7]


def test_the_server_is_asked_once_in_an_interval(world: World, a: int) -> None:
    asked = []
    site = world.app.site
    stream = query(world, pollInterval=10)
    stream.on_trigger = lambda: (world.sleep(1), world.put(a))
    stream.on_offset = lambda *_: asked.append(site.counter.plain()["by_route"].get("streamsets/end", 0))
    stream.run(35)
    assert asked[-1] == 4
    assert len(stream.offsets) == 4


def test_available_now_asks_whatever_the_interval_is(world: World, a: int) -> None:
    world.put(a, 50)
    stream = query(world, pollInterval=1000)
    stream.available = True
    for _ in range(3):
        assert stream.run() == 1
        world.put(a)
        world.sleep(1)
    assert len(stream.table.rows) == 3


def test_the_first_look_of_a_process_waits_for_things_to_settle_and_no_other(world: World, a: int) -> None:
    world.put(a, 50)
    stream = query(world, settleTime=7, pollInterval=0)
    stream.run(5)
    assert world.clock == 107
    stream.run(5)
    assert world.clock == 114


def test_the_report_tells_how_far_behind_it_is(world: World, a: int) -> None:
    b = world.add("pb")
    world.put(a, 50), world.put(b, 60)
    reader = world.reader(startTime="2026-01-01", settleTime=0, pollInterval=0, maxTimePerTrigger=5, onTagError="skip")
    assert reader.reportLatestOffset() is None
    offset = reader.latestOffset(INITIAL)
    assert reader.reportLatestOffset() == {"tags": 2, "tagsBehind": 0, "tagsFailing": 0, "oldestWatermark": ""}
    world.put(a, 70), world.put(a, 90)
    world.fail(b, "end")
    # The first look sees the candidates, the next takes them.
    reader.latestOffset(offset)
    told = reader.reportLatestOffset()
    assert (told["tags"], told["tagsBehind"], told["tagsFailing"]) == (1, 1, 1)
    assert told["oldestWatermark"].startswith("2026-01-01T00:01:1")
    world.heal()
    world.sleep(10)
    reader.latestOffset(reader.latestOffset(offset))
    assert reader.reportLatestOffset()["tagsFailing"] == 0
    json.dumps(reader.reportLatestOffset())


def test_a_failing_tag_that_recovers_without_events_is_failing_no_more(world: World, a: int) -> None:
    world.fail(a, "end")
    reader = world.reader(startTime="2026-01-01", settleTime=0, pollInterval=0, onTagError="skip")
    offset = reader.latestOffset(INITIAL)
    assert reader.reportLatestOffset()["tagsFailing"] == 1
    world.heal()
    world.sleep(10)
    reader.latestOffset(offset)
    assert reader.reportLatestOffset()["tagsFailing"] == 0


def test_the_same_offset_plans_nothing(world: World, a: int) -> None:
    world.put(a, 50)
    reader = world.reader(startTime="2026-01-01", settleTime=0)
    end = reader.latestOffset(INITIAL)
    assert reader.partitions(end, end) == []
    assert reader.partitions(INITIAL, INITIAL) == []
    assert len(reader.partitions(INITIAL, end)) == 1


def test_what_is_handed_out_is_not_what_is_kept(world: World, a: int) -> None:
    world.put(a, 50)
    reader = world.reader(startTime="2026-01-01", settleTime=0, pollInterval=1000)
    first = reader.latestOffset(INITIAL)
    text = json.dumps(first)
    first["t0"] = 0
    assert json.dumps(reader.latestOffset()) == text


def test_a_damaged_checkpoint_is_refused_by_name(world: World, a: int) -> None:
    reader = world.reader(startTime="2026-01-01", settleTime=0)
    with pytest.raises(PIOffsetError, match="version 2"):
        reader.latestOffset({"v": 2})
    with pytest.raises(PIOffsetError, match="version 2"):
        reader.partitions(INITIAL, {"v": 2})


# -- looking back


def test_a_stream_that_looks_back_has_the_columns_that_say_so() -> None:
    where = {"url": "http://pi.example.com/piwebapi", "tags": "x"}
    names = {"operation", "window_start", "window_end"}
    assert {column.name for column in stream(**where, lookback=5).request.columns} >= names
    assert not {column.name for column in stream(**where).request.columns} & names


@pytest.mark.parametrize("without", ["tag", "ticks", "seq", "operation", "window_start", "window_end"])
def test_a_schema_that_leaves_out_what_a_merge_needs_is_refused(without: str) -> None:
    source = PIDataSource({"url": "http://pi.example.com/piwebapi", "tags": "x", "lookback": "5"})
    schema = source.schema()
    assert source.streamReader(schema)
    left = type(schema)([field for field in schema if field.name != without])
    assert len(left) == len(schema) - 1
    with pytest.raises(PISchemaError, match=f"needs the columns {without},"):
        source.streamReader(left)


def test_a_round_waits_for_the_next_look(world: World, a: int) -> None:
    world.put(a, 50)
    site, rounds = world.app.site, []
    stream = query(world, pollInterval=10, lookback=5, lookbackInterval=4)
    stream.on_trigger = lambda: world.sleep(1)
    stream.on_offset = lambda _reader, _before, after: rounds.append(after.round)
    stream.run(31)
    assert rounds == [1] * 10 + [2] * 10 + [3] * 10 + [4]
    assert site.counter.plain()["by_route"]["streamsets/end"] == 4
    assert stream.watermarks() == stream.watermarks(0)


def test_what_a_limit_left_over_makes_no_round(world: World, a: int) -> None:
    for second in range(10, 20):
        world.put(a, second)
    stream = query(world, pollInterval=1000, lookback=5, lookbackInterval=1, maxRowsPerTrigger=2)
    stream.on_trigger = lambda: world.sleep(3)
    assert stream.run(9) == 5
    assert stream.round() == 1
    assert len(stream.table.rows) == 10


def test_an_offset_without_a_lookback_says_nothing_of_it(world: World, a: int) -> None:
    world.put(a, 50)
    stream = query(world)
    stream.run()
    assert not json.loads(stream.offsets[0]).keys() & {"lookback", "round", "off"}
    stream.options["lookback"] = 5
    stream.run()
    told = json.loads(stream.offsets[1])
    assert (told["lookback"], told["round"], told["off"]) == (50_000_000, 1, "")


# -- letting go


def test_a_forgotten_tag_loses_its_watermark_and_no_other_does(world: World, a: int) -> None:
    b = world.add("pb")
    world.put(a, 50), world.put(b, 60)
    stream = query(world)
    stream.run()
    web_id = world.app.site.point_web_id(world.point(a))
    world.rename(a, "other")
    stream.options["forgetTags"] = web_id
    world.put(b, 70)
    stream.run(), stream.run(3)
    assert stream.watermarks().keys() == {b}
    assert len(stream.offsets) == 2
    # Back in the list it begins anew.
    del stream.options["forgetTags"]
    world.rename(a, "pa")
    stream.run()
    assert [key for key, _, _ in stream.table.rows].count(a) == 2


def test_a_tag_in_the_list_cannot_be_forgotten(world: World, a: int) -> None:
    world.put(a, 50)
    stream = query(world)
    stream.run()
    stream.options["forgetTags"] = world.app.site.point_web_id(world.point(a))
    with pytest.raises(PIRefusedError, match="pa"):
        stream.run()


@pytest.mark.parametrize("how", ["name", "Full", "IDOnly"])
def test_an_abandoned_tag_is_left_out_and_said_so(
    world: World, a: int, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    b = world.add("pb")
    world.put(a, 50), world.put(b, 60)
    web_id = world.app.site.point_web_id(world.point(a))
    key = {"name": "Pa", "Full": web_id, "IDOnly": "I" + web_id[1:32]}[how]
    stream = query(world, abandonTags=key)
    stream.run()
    assert [row[0] for row in stream.table.rows] == [b]
    assert stream.watermarks().keys() == {a, b}
    assert "abandonTags: pa is not read" in caplog.text or how != "name"
    assert "is not read for [2026-01-01T00:00:00Z" in caplog.text


def test_keys_lead_to_web_ids() -> None:
    assert id_only("A" * 22, 2**32 - 1).startswith("I1DP" + "A" * 22)


@pytest.mark.parametrize("method", ["latestOffset", "partitions"])
def test_a_stream_that_goes_on_waits_for_a_server_that_is_away(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    points = [Point("SINUSOID", "Float64", Empty())]
    system = PISystem(points, now=NOW)
    system.insert("SINUSOID", Event(system.now - 7, 1.0))
    with MockPI(system) as pi:
        options = {"url": pi.url, "tags": "SINUSOID", "startTime": "2026-01-01", "settleTime": 0}
        end = stream(**options).latestOffset(INITIAL)
        asks = {"latestOffset": lambda start: stream(**options).latestOffset(start),
                "partitions": lambda start: stream(**options).partitions(INITIAL, start)}  # fmt: skip
        # As in a process that has just been started: it has heard of no server.
        tries = TRIES_AT_UNKNOWN_HOST + 1
        monkeypatch.setattr("pi_datasource.webapi.sessions._known_hosts", set())
        pi.faults.add(Fault("reset", count=tries))
        assert asks[method](end)
        assert pi.faults.fired == tries
        # A new stream does not wait long: its url may be wrong.
        monkeypatch.setattr("pi_datasource.webapi.sessions._known_hosts", set())
        pi.faults.add(Fault("reset", count=None))
        with pytest.raises(PIConnectionError, match=f"gave up on .* after {tries} tries"):
            stream(**options).latestOffset(INITIAL)
