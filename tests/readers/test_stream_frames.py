"""Event frames as a stream: each start and each end is handed over exactly once, whatever happens meanwhile.

An example is a random history of two databases: frames start and end (some at once, some inside of others) and are
edited, databases may not be searched for a while, and the stream runs, is killed at any step and replayed, in the call
orders of Spark 4.0/4.1 and 4.2, with both triggers, limits, and a driver whose clock is wrong. What starts or ends is
in the archive within `settleTime`. With a lookback frames also come late, are re-timed and edited behind the
watermark, and a sink that merges ends up with what the archive has.

OSIPI_STREAM_EXAMPLES=10000 runs more examples than the default, and other ones at each run.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import (
    PIBadAnswerError,
    PIListError,
    PIOffsetError,
    PIOptionError,
    PISchemaError,
)
from pi_datasource.stream.caught_up import _moved
from pi_datasource.stream.frame_offset import FrameOffset
from pi_datasource.stream.frames import FrameStreamReader
from pi_datasource.stream.offset import INITIAL, PIOffset
from tests.readers.frame_world import ENDLESS, FrameQuery, Frames, FrameWorld
from tests.readers.stream_world import SECOND

#: The last test of each property looks at what its examples were: all of them belong to one process.
pytestmark = pytest.mark.xdist_group("frame streams")

EXAMPLES = int(os.environ.get("OSIPI_STREAM_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 30,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
KINDS = (*("open",) * 4, *("close",) * 4, "instant", "wait", "refuse", "allow", *("run",) * 4)
#: What happens behind the watermark, when there is a lookback.
LATE = ("late", "late close", "move", "relabel") * 2

#: One thing that happens: its kind, and three numbers that say which, how much and when.
Op = tuple[str, int, int, int]


def histories(*kinds: str) -> st.SearchStrategy[list[Op]]:
    numbers = st.tuples(st.sampled_from(kinds), st.integers(0, 5), st.integers(0, 6), st.integers(0, 12))
    return st.lists(numbers, min_size=12, max_size=40)


configurations = st.fixed_dictionaries(
    {
        "v42": st.booleans(),
        "available": st.booleans(),
        "skew": st.sampled_from([-50, 0, 50]),
        "settleTime": st.integers(0, 3),
        "onTagError": st.sampled_from(["fail", "skip"]),
        "maxTimePerTrigger": st.sampled_from([None, None, 3]),
        "pollInterval": st.sampled_from([0, 0, 4]),
        "refreshTags": st.sampled_from([0, 600]),
        "numPartitions": st.sampled_from([1, None, 3]),
        "sort_fields": st.sampled_from(["af", "name"]),
    }
)


class History:
    """Plays a history against two databases and one query."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        options = {name: value for name, value in configuration.items() if value is not None}
        self.world = FrameWorld(options.pop("skew"), sort_fields=options.pop("sort_fields"))
        self.settle = options["settleTime"]
        self.lookback = round(float(options.get("lookback", 0)) * SECOND)
        self.query = FrameQuery(self.world, **options)
        self.world.moves = self.move
        self.pending: list[Op] = []
        self.runs = self.killed = 0
        self.done: Counter[str] = Counter()

    def move(self) -> None:
        """Somebody waits, or is between two steps: the next thing happens."""
        if self.pending:
            self.do(*self.pending.pop())

    def play(self, history: list[Op]) -> None:
        for at, op in enumerate(history):
            if op[0] == "run":
                # What follows in the history happens while the query runs.
                self.pending = [op for op in history[at + 1 : at + 1 + 3 * op[1]] if op[0] != "run"][::-1]
                self.run(1 + op[2] % 4, 2 + 3 * op[3] if op[3] < 9 else ENDLESS)
                self.pending = []
            else:
                self.do(*op)

    def run(self, triggers: int, fuel: int) -> None:
        # Every process is told another origin.
        self.query.options["startTime"] = self.world.text(90 + self.world.clock % 7)
        done = self.query.attempt(triggers, fuel)
        self.runs, self.killed = self.runs + 1, self.killed + (done is None)

    def just_now(self, m: int) -> int:
        """An instant that the watermark cannot have passed."""
        return self.world.ticks(self.world.clock) - self.settle * SECOND * m // 12

    def behind(self, name: str, m: int) -> int:
        """An instant behind the watermark, as far as the lookback reaches."""
        # The watermark of the next batch may be beyond this one: what counts is the newest logged.
        return self.mark(name) - 1 - (self.lookback - 1) * m // 12

    def mark(self, name: str) -> int:
        return self.query.marks()[name] if self.query.offsets else self.world.ticks(self.world.clock)

    def do(self, kind: str, i: int, n: int, m: int) -> None:
        world, name = self.world, "AB"[i % 2]
        held, world.moves = world.moves, lambda: None
        frames = [one for one in world.frames if one.home.name == name]
        opened = [one for one in frames if one.is_open]
        if kind == "open":
            world.sleep(n % 3)
            world.open(name, self.just_now(m), parent=opened[m % len(opened)] if opened and n % 2 else None)
        elif kind == "instant":
            world.open(name, self.just_now(m), self.just_now(m))
        elif kind == "close" and opened:
            world.sleep(n % 3)
            one = opened[m % len(opened)]
            world.edit_frame(one, end=max(one.first, self.just_now(m)))
        elif kind == "edit" and frames:
            world.edit_frame(frames[m % len(frames)], severity=("Major", "Critical", "None")[n % 3])
        elif kind == "wait":
            world.sleep(n)
        elif kind == "refuse":
            world.refuse(name)
        elif kind == "allow":
            world.allow()
        elif kind in LATE:
            self.do_late(kind, name, n, m)
        world.moves = held

    def do_late(self, kind: str, name: str, n: int, m: int) -> None:
        world, at = self.world, self.behind(name, m)
        low = self.mark(name) - self.lookback
        # What is told again: its start or its end is not further back than the lookback.
        near = [one for one in world.frames if one.home.name == name and (one.first >= low or low <= one.last < 10**18)]
        one = near[n % len(near)] if near else None
        if kind == "late":
            world.open(name, at, None if n % 2 else at + 1)
        elif kind == "late close":
            opened = [one for one in world.frames if one.home.name == name and one.is_open and one.first <= at]
            if not opened:
                return
            world.edit_frame(opened[n % len(opened)], end=at)
        elif one is None:
            return
        elif kind == "move":
            world.edit_frame(one, start=min(at, one.last))
            if one.first < low:
                world.edit_frame(one, start=min(low, one.last))
        else:
            world.edit_frame(one, severity=("Major", "Critical", "None")[n % 3])
        self.done[kind] += 1

    def settle_down(self) -> None:
        self.world.allow()
        self.query.options["startTime"] = self.world.text(10)
        self.world.sleep(5)
        self.query.catch_up()

    def expected(self) -> Frames:
        """The frames that started or ended since the origin, as they are."""
        origin = self.query.offset().t0
        return {
            str(one.guid): (one.first, None if one.is_open else one.last, one.severity)
            for one in self.world.frames
            if one.first >= origin or (not one.is_open and one.last >= origin)
        }


@pytest.fixture(scope="module")
def tally() -> Counter[str]:
    return Counter()


@SETTINGS
@given(histories(*KINDS, "edit"), configurations)
def test_each_start_and_each_end_once(tally: Counter[str], history: list[Op], configuration: dict[str, Any]) -> None:
    played = History(configuration)
    played.play(history)
    played.settle_down()
    ledger, expected = played.query.ledger, played.expected()
    origin = played.query.offset().t0
    assert +ledger.starts == Counter([name for name, one in expected.items() if one[0] >= origin])
    assert +ledger.ends == Counter([name for name, one in expected.items() if one[1] is not None])
    assert {name: one[:2] for name, one in ledger.table.items()} == {name: one[:2] for name, one in expected.items()}
    assert set(played.query.empty) <= {0}, "an empty batch"
    batches = len(played.query.offsets)
    played.world.sleep(20)
    played.query.run(4)
    assert len(played.query.offsets) == batches, "a batch without news"
    tally.update(
        examples=1, frames=len(expected), ends=len(+ledger.ends), batches=batches, runs=played.runs,
        stopped=played.killed, with_rows=bool(expected),
    )  # fmt: skip


def test_that_saw_enough(tally: Counter[str]) -> None:
    """A property that holds for empty tables proves nothing."""
    print(dict(tally))  # noqa: T201
    assert tally["with_rows"] > tally["examples"] * 0.8 > 0
    assert min(tally["ends"], tally["stopped"]) > tally["examples"]


@pytest.fixture(scope="module")
def changes() -> Counter[str]:
    return Counter()


looking_back = st.fixed_dictionaries(
    {"lookback": st.sampled_from(["0.0000001", "2", "30"]), "lookbackInterval": st.sampled_from([1, 3600])}
)


@SETTINGS
@given(histories(*KINDS, *LATE), configurations, looking_back)
def test_a_sink_that_merges_has_what_the_archive_has(
    changes: Counter[str], history: list[Op], configuration: dict[str, Any], lookback: dict[str, Any]
) -> None:
    played = History(configuration | lookback)
    played.play(history)
    played.settle_down()
    assert played.query.ledger.table == played.expected()
    changes.update(played.done)
    changes.update(examples=1, frames=len(played.query.ledger.table), stopped=played.killed)


def test_that_enough_was_changed(changes: Counter[str]) -> None:
    print(dict(changes))  # noqa: T201
    assert changes["frames"] > changes["examples"] > 0
    assert min(changes[kind] for kind in LATE) > changes["examples"] / 4


# -- what is not left to chance


def started(world: FrameWorld) -> FrameQuery:
    """A stream that has read a frame of A, which is open."""
    query = FrameQuery(world, startTime=world.text(90), settleTime=2, pollInterval=0)
    world.open("A", world.ticks(95))
    query.run()
    assert len(query.offsets) == 1
    return query


@pytest.mark.parametrize("skew", [-9, 3600])
def test_the_servers_clock_counts(skew: int) -> None:
    world = FrameWorld(skew)
    query = started(world)
    assert query.marks() == {"A": world.ticks(98), "B": world.ticks(90)}
    world.open("A", world.ticks(98))
    query.run()
    assert len(query.offsets) == 1, "settleTime is not over"
    world.sleep(1)
    query.run()
    assert query.marks()["A"] == world.ticks(99)


def test_an_end_comes_when_its_time_has_come() -> None:
    """A frame whose end is known beforehand is open until then, and a batch that is run again says the same."""
    world = FrameWorld()
    query = FrameQuery(world, startTime=world.text(90), settleTime=0)
    frame = world.open("A", world.ticks(95), world.ticks(110))
    query.run()
    assert list(query.ledger.table.values()) == [(world.ticks(95), None, "Minor")]
    world.sleep(11)
    # The same two offsets, after the frame has ended.
    query.batch(world.reader(**query.options))
    query.run()
    assert query.ledger.table == {str(frame.guid): (world.ticks(95), world.ticks(110), "Minor")}
    assert (query.ledger.rows, len(query.offsets)) == (2, 2)


def test_no_news_costs_one_look_for_all_databases() -> None:
    world = FrameWorld()
    query = started(world)
    counter, known = world.app.site.counter, query.offset().to_dict()
    reader = world.reader(**{**query.options, "pollInterval": 10})
    for seconds, requests in ((1, {"assetservers": 1, "assetservers/assetdatabases": 1, "batch": 1}), (5, {}),
                              (6, {"assetservers": 1, "batch": 1})):  # fmt: skip
        counter.reset()
        world.sleep(seconds)
        assert reader.latestOffset(known) == known
        assert dict(counter.by_route) == requests
        assert counter.sub_by_route["assetdatabases/eventframes"] == 4 * len(requests.keys() & {"batch"})


def test_a_database_that_may_not_be_searched_catches_up(caplog: pytest.LogCaptureFixture) -> None:
    world = FrameWorld()
    query = started(world)
    world.refuse("B")
    world.open("A", world.ticks(100)), world.open("B", world.ticks(100))
    world.sleep(5)
    with pytest.raises(PIListError, match=r"(?s)\\\\AF\\B.*403.*onTagError=skip"):
        query.run()
    query.options["onTagError"] = "skip"
    query.run()
    assert [record.getMessage()[:70] for record in caplog.records if record.levelname == "WARNING"] == [
        r"event frames of \\AF\B cannot be searched, tried again in 10 s: news o"
    ]
    assert query.marks() == {"A": world.ticks(103), "B": world.ticks(90)}
    reader = query.reader
    assert isinstance(reader, FrameStreamReader)
    assert reader.reportLatestOffset()["databasesFailing"] == 1  # type: ignore[index]
    world.allow()
    query.catch_up()
    assert sum(query.ledger.starts.values()) == 3


@pytest.mark.parametrize("available", [True, False])
def test_a_template_that_one_database_has(available: bool) -> None:
    """The other one refuses the name, also when the first one has nothing more to be asked."""
    world = FrameWorld()
    query = FrameQuery(
        world, available=available, startTime=world.text(90), settleTime=0, frameTemplate="Only A", pollInterval=0
    )
    frame = world.open("A", world.ticks(95))
    world.edit_frame(frame, template="Only A")
    query.run(3)
    assert query.ledger.rows == 1
    assert query.marks() == {"A": world.ticks(100), "B": world.ticks(90)}
    with pytest.raises(PIListError, match="template"):
        FrameQuery(world, startTime=world.text(90), frameTemplate="None has it").run()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_template_that_is_gone_is_a_failure_where_it_was_known(restarted: bool) -> None:
    """The stream would fall silent for ever. The database that never had it is left alone all the same."""
    world = FrameWorld()
    options = {"startTime": world.text(90), "settleTime": 0, "frameTemplate": "Only A", "pollInterval": 0}
    for at in (95, 96):
        world.edit_frame(world.open("A", world.ticks(at)), template="Only A")
    query = FrameQuery(world, **options)
    query.run(3)
    assert query.ledger.rows == 2
    marks = query.marks()
    start = json.loads(query.offsets[-1])
    reader = world.reader(**options) if restarted else query.reader
    kept = world.databases["A"]._templates.pop("ONLY A")
    world.sleep(5)
    with pytest.raises(
        PIListError, match=r"event frames of \\\\AF\\A: (.|\n)*template(.|\n)*onTagError=skip"
    ) as caught:
        reader.latestOffset(start)  # type: ignore[union-attr]
    assert [name.rpartition("\\")[2] for name in caught.value.failures] == ["A"]
    # With skip nothing moves, and what came meanwhile is handed over when the template is back.
    query.options["onTagError"] = "skip"
    query.run(2)
    assert query.marks() == marks
    assert query.ledger.rows == 2
    world.databases["A"]._templates["ONLY A"] = kept
    world.edit_frame(world.open("A", world.ticks(world.clock)), template="Only A")
    query.catch_up()
    assert query.ledger.rows == 3
    assert set(query.ledger.starts.values()) == {1}


def test_an_unreadable_batch_fails_whatever_on_tag_error_says() -> None:
    world = FrameWorld()
    query = FrameQuery(world, startTime=world.text(90), onTagError="skip", settleTime=0)
    world.open("A", world.ticks(95))
    reader = world.reader(**query.options)
    end = reader.latestOffset(INITIAL)
    world.refuse("A")
    partitions = world.reader(**query.options).partitions(INITIAL, end)
    assert len(partitions) == 1
    with pytest.raises(PIListError, match="a stream reads what its checkpoint says"):
        list(world.reader(**query.options).read(partitions[0]))


def test_limits_leave_no_gap_and_make_no_empty_batch() -> None:
    """A year without frames between two of them is no batch; progress tells how far behind the stream is."""
    world = FrameWorld()
    query = FrameQuery(world, startTime="2024-01-01T00:00:00Z", maxTimePerTrigger="1h", settleTime=0, pollInterval=10)
    hour = 3600 * SECOND
    for hours in (24 * 300, 30, 29.5, 29, 0):
        world.open("A", world.ticks(-3600 * hours), world.ticks(-3600 * hours) + hour // 10)
    assert query.run(triggers=1) == 1
    report = query.reader.reportLatestOffset()  # type: ignore[union-attr]
    assert report is not None
    assert (report["databases"], report["databasesBehind"]) == (2, 1)
    assert report["lagSeconds"] > 299 * 86_400
    query.run(triggers=10)
    assert (query.ledger.rows, query.empty) == (5, [])
    assert 3 <= len(query.offsets) <= 5


def test_until_ends_a_run_of_available_now() -> None:
    world = FrameWorld()
    query = FrameQuery(world, available=True, startTime=world.text(10), until=world.text(50), settleTime=0)
    for second in range(20, 80, 10):
        world.open("A", world.ticks(second), world.ticks(second) + 1)
    query.run()
    assert query.ledger.rows == 3  # at 20, 30 and 40
    assert query.marks()["A"] == world.ticks(50)


def test_a_run_that_moves_no_watermark_is_known() -> None:
    """`run_until_caught_up` goes by watermarks; a round of reading again changes the offset, and moves none."""
    one = FrameOffset(5, {"I1RD": 9}, lookback=3, round=1)
    again, further = FrameOffset(5, {"I1RD": 9}, 3, 2), FrameOffset(5, {"I1RD": 10}, 3, 2)
    for after, moved in ((again, False), (further, True)):
        source = {"startOffset": one.to_dict(), "endOffset": after.to_dict()}
        assert _moved({"sources": [source]}) is moved
    assert _moved({"sources": [{"startOffset": None, "endOffset": INITIAL}]}) is True


def test_offsets_survive_json_and_are_told_apart() -> None:
    offset = FrameOffset(7, {"I1RDb": 9, "I1RDa": 8}, 3, 2, frozenset(["I1RDa"]))
    assert FrameOffset.from_dict(offset.to_dict()) == offset
    assert list(offset.to_dict()["w"]) == ["I1RDa", "I1RDb"]
    assert FrameOffset.from_dict(INITIAL) is None
    for strange in (PIOffset(7).to_dict(), {**offset.to_dict(), "v": 2}, {**offset.to_dict(), "w": 3}, "x", None):
        with pytest.raises(PIOffsetError, match="checkpoint holds"):
            FrameOffset.from_dict(strange)  # type: ignore[arg-type]
    with pytest.raises(PIOffsetError):
        PIOffset.from_dict(offset.to_dict())


def test_a_replay_needs_no_list_of_databases() -> None:
    """The database has been taken out of the options, and then it is deleted."""
    world = FrameWorld()
    query = FrameQuery(world, startTime=world.text(90), settleTime=0, database="A")
    world.open("A", world.ticks(95))
    end = world.reader(**query.options).latestOffset(INITIAL)
    other = world.reader(startTime=world.text(90), database="B")
    assert [row["name"] for part in other.partitions(INITIAL, end) for batch in other.read(part)
            for row in batch.to_pylist()] == ["F1"]  # fmt: skip
    gone = {**end, "w": {web_id[:-4] + "AAAA": tick for web_id, tick in end["w"].items()}}
    with pytest.raises(PIListError, match=r"of the checkpoint.*404"):
        world.reader(**query.options).partitions(INITIAL, gone)


def test_a_server_that_does_not_tell_the_time() -> None:
    world = FrameWorld(date=None)
    with pytest.raises(PIBadAnswerError, match="without the header Date"):
        FrameQuery(world, startTime=world.text(90)).run()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"searchMode": "StartInclusive"}, "option searchMode has no place in a stream of event frames"),
        ({"maxRowsPerTrigger": 5}, "option maxRowsPerTrigger .* maxTimePerTrigger"),
        ({"stateHold": 5}, "option stateHold"),
        ({"futureData": True}, "option futureData"),
        ({"includeSnapshot": True}, "option includeSnapshot"),
        ({"abandonTags": "x"}, "option abandonTags"),
        ({"forgetTags": "x"}, "option forgetTags"),
        ({"endTime": "*"}, "option endTime has no place in a stream"),
        ({"errorColumn": "why", "onTagError": "skip"}, "option errorColumn has no place in a stream"),
    ],
)
def test_options_that_mean_nothing(options: dict[str, Any], words: str) -> None:
    texts = {name.lower(): str(value).lower() for name, value in options.items()}
    source = PIDataSource({"url": "http://pi.example.com/piwebapi", "table": "event_frames", **texts})
    with pytest.raises(PIOptionError, match=words):
        source.streamReader(source.schema())


def test_a_lookback_needs_the_key() -> None:
    source = PIDataSource({"url": "http://pi.example.com/piwebapi", "table": "event_frames", "lookback": "1h"})
    schema = source.schema()
    assert isinstance(source.streamReader(schema), FrameStreamReader)
    schema.fields = [one for one in schema.fields if one.name != "web_id"]
    with pytest.raises(PISchemaError, match="web_id"):
        source.streamReader(type(schema)(schema.fields))
