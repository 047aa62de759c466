"""Whatever happens to the archive, the list, the network and the driver: every event in order comes exactly once.

An example is a random history: events in order, some at one instant, sites that are offline and deliver later, the
server's own states, forecasts, compression, points renamed, added, taken out of the pattern or deleted and back, tags
that fail, and runs of the stream that are killed at any step and replayed, in the call orders of Spark 4.0/4.1 and
4.2, with both triggers, all limits, and a driver whose clock is wrong. In the end everything heals, the stream catches
up, and its table is compared with the archive. "In order": an event is not earlier than any other of its tag that the
archive has already; further events at the newest instant come within `settleTime`.

The same with a lookback and a sink that merges, where the archive also changes behind the stream: late events, edits
and deletions, no earlier than the lookback before the tag's watermark in the newest offset of the log at that moment.
Then the table equals the archive, row by row.

OSIPI_STREAM_EXAMPLES=10000 runs more examples than the default, and other ones at each run.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_pi import Event
from pi_datasource.errors import PIError
from pi_datasource.stream.offset import PIOffset
from pi_datasource.stream.reader import PIStreamReader
from tests.readers.stream_world import (
    ENDLESS,
    SECOND,
    MergedTable,
    NeverEndsError,
    Query,
    World,
    archived,
    merged,
    repeat_until_caught_up,
)

#: The last test of each property looks at what its examples were: all of them belong to one process.
pytestmark = pytest.mark.xdist_group("stream properties")

EXAMPLES = int(os.environ.get("OSIPI_STREAM_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 60,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)

KINDS = (
    "put", "put", "put", "put", "same", "same", "offline", "flush", "wait", "drop", "state", "unlist", "list", "add",
    "rename", "remove", "restore", "fault", "fault", "heal", "run", "run", "run",
)  # fmt: skip
#: Those in which Spark runs; what follows goes on meanwhile.
RUNS = ("run", "repeat")

#: One thing that happens: its kind, and three numbers that say which, how much and when.
Op = tuple[str, int, int, int]

histories = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 6), st.integers(0, 12)),
    min_size=12,
    max_size=40,
)
configurations = st.fixed_dictionaries(
    {
        "v42": st.booleans(),
        "available": st.booleans(),
        "skew": st.sampled_from([-50, 0, 50]),
        "settleTime": st.integers(0, 3),
        "includeSnapshot": st.booleans(),
        "futureData": st.booleans(),
        "stateHold": st.sampled_from([0, 0, 100_000]),
        "onTagError": st.sampled_from(["fail", "skip"]),
        "maxTimePerTrigger": st.sampled_from([None, None, 3]),
        "maxRowsPerTrigger": st.sampled_from([None, None, 1, 4]),
        "pollInterval": st.sampled_from([0, 0, 4]),
        "refreshTags": st.sampled_from([0, 5]),
        "numPartitions": st.sampled_from([1, 3]),
    }
)


class History:
    """Plays a history against one archive and one query, and looks at every offset on the way."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        options = {name: value for name, value in configuration.items() if value is not None}
        self.world = World(options.pop("skew"))
        self.world.add("pa"), self.world.add("pb"), self.world.add("pf", future=True)
        self.settle, self.snapshot = options["settleTime"], options["includeSnapshot"]
        self.skips, self.holds = options["onTagError"] == "skip", options["stateHold"] > 0
        self.query = Query(self.world, **options)
        self.query.on_offset = self.look
        self.query.on_trigger = self.trigger
        self.world.moves = self.move
        self.pending: list[Op] = []
        self.deleted: list[Callable[[], None]] = []
        self.added = self.dropped = 0
        self.failing: set[int] = set()
        self.runs = self.killed = 0

    # -- what happens

    def move(self) -> None:
        """Somebody waits, or is between two steps: the next thing happens."""
        if self.pending:
            self.do(*self.pending.pop())

    def play(self, history: list[Op]) -> None:
        for at, op in enumerate(history):
            if op[0] in RUNS:
                # What follows in the history happens while the query runs.
                self.pending = [op for op in history[at + 1 : at + 1 + 3 * op[1]] if op[0] not in RUNS][::-1]
                self.start(*op)
                self.pending = []
            else:
                self.do(*op)

    def start(self, kind: str, i: int, n: int, m: int) -> None:
        """A run, with what is pending going on meanwhile."""
        self.run(1 + n % 4, 2 + 3 * m if m < 9 else ENDLESS)

    def run(self, triggers: int, fuel: int) -> int | None:
        # Every trigger but the first comes some seconds after the one before it.
        self.set_start()
        done = self.query.attempt(triggers, fuel)
        self.runs, self.killed = self.runs + 1, self.killed + (done is None)
        return done

    def set_start(self) -> None:
        """Every process is told another origin."""
        start = self.world.clock % 7 + (97 if self.world.skew >= 0 else 40)
        self.query.options["startTime"] = self.world.text(start)

    def may_repeat(self, key: int, newest: int) -> bool:
        """Whether a further event may come at a tag's newest instant."""
        return not self.snapshot or self.world.clock - self.world.arrivals[key, newest] < self.settle

    def may_drop(self, key: int, newest: int) -> bool:
        """Whether compression may take a tag's newest event back."""
        return True

    def do(self, kind: str, i: int, n: int, m: int) -> None:
        world = self.world
        key = world.ids[i % len(world.ids)] if world.ids else world.add("pz")
        point, events, offline = world.point(key), world.events(key), key in world.buffers
        newest = events[-1].ticks if events else 0
        if kind == "put":
            self.advance(1 + n)
            if point.future:
                ahead = max(newest, world.ticks(world.clock)) + world.ticks(m) - world.ticks(0)
                world.put(key, ticks=ahead + 1 + world.uids)
            else:
                world.put(key)
        elif kind == "same" and offline and world.buffers[key]:
            world.put(key, ticks=world.buffers[key][-1].ticks)
        elif kind == "same" and events and not offline:
            if self.may_repeat(key, newest):
                world.put(key, ticks=newest)
        elif kind == "offline" and not point.future:
            world.buffers.setdefault(key, [])
        elif kind == "flush" and offline:
            buffer = world.buffers[key]
            # Events of one instant arrive together.
            while 0 < n < len(buffer) and buffer[n].ticks == buffer[n - 1].ticks:
                n += 1
            world.flush(key, n or None)
        elif kind == "wait":
            self.advance(n)
        elif kind == "drop" and len(events) > 1 and not point.future and not offline:
            # Compression: the newest value is taken back when the next one comes.
            alone = [event.ticks for event in events].count(newest) == 1
            self.advance(1)
            if alone and world.ticks(world.clock - 1) > newest and self.may_drop(key, newest):
                world.system.delete(point, newest)
                world.put(key)
                self.dropped += 1
        elif kind == "state" and not point.future and (self.holds or not offline):
            # The server says so itself, beside the buffer of a site that is offline.
            self.advance(1)
            world.put(key, state=True, direct=True)
        elif kind in ("unlist", "list", "rename"):
            letter = "o" if kind == "unlist" else "p"
            world.rename(key, f"{letter}{key}.{m if kind == 'rename' else 0}")
        elif kind == "add" and len(world.ids) < 5:
            self.added += 1
            world.add(f"pn{self.added}")
        elif kind == "remove" and len(world.ids) > 1 and not offline and n < 2:
            world.heal(key)
            self.deleted.append(world.remove(key))
        elif kind == "restore" and self.deleted:
            self.deleted.pop()()
        elif kind == "fault":
            world.fail(key, *[("recorded",), ("end",), ("recorded",), ("end", "recorded")][n % 4])
        elif kind == "heal":
            world.heal(key)

    def advance(self, seconds: int) -> None:
        """Time goes by with nothing else in it."""
        self.world.clock += seconds
        self.world.system.set_now(self.world.ticks(self.world.clock))

    # -- what is looked at on the way

    def trigger(self) -> None:
        self.advance(1)
        self.failing = {key for key in self.world.ids if "end" in self.world.faults_of(key)}

    def look(self, reader: PIStreamReader, before: PIOffset | None, after: PIOffset) -> None:
        marks = before.watermarks if before else {}
        assert after.watermarks.keys() >= marks.keys(), "a watermark is gone"
        for key, tick in after.watermarks.items():
            assert tick >= marks.get(key, after.t0 + 1), "a watermark fell, or stands at the origin"
        assert before is None or before.t0 == after.t0
        if self.skips and reader._frozen is None and reader._ripening._taken == {}:
            still = {key for key in self.failing & {*self.world.ids} if "end" in self.world.faults_of(key)}
            moved = {key.point_id for key, tick in after.watermarks.items() if tick != marks.get(key)}
            assert not moved & still, "the watermark of a failed tag moved"

    # -- the end

    def settle_down(self) -> None:
        """Everything heals, every site delivers, no tag ends in a system state, nothing is in the future."""
        world = self.world
        world.heal()
        while self.deleted:
            self.deleted.pop()()
        newest = [event.ticks for key in world.ids for event in (*world.events(key), *world.buffers.get(key, ()))]
        self.advance(max(0, (max(newest, default=0) - world.ticks(world.clock)) // 10_000_000 + 2))
        for key in world.ids:
            world.rename(key, f"p{key}")
            world.flush(key)
            events = world.events(key)
            if self.needs_an_end(events):
                self.advance(2)
                world.put(key)
        for _ in range(200):
            self.advance(5)
            before, committed = len(self.query.offsets), self.query.committed
            done = self.run(6, ENDLESS)
            assert done is not None, "a run fails although all is well"
            if 0 < before == committed and self.query.watermarks() == self.query.watermarks(before - 1):
                break
        else:
            raise NeverEndsError
        self.check_quiet()

    def needs_an_end(self, events: list[Event]) -> bool:
        """Whether an ordinary event has to follow before all can be seen."""
        return bool(events) and not isinstance(events[-1].value, float)

    def check_quiet(self) -> None:
        """All is read, and nothing happens."""
        assert self.run(8, ENDLESS) == 0, "a batch without news"

    def check(self) -> int:
        """Compares the table with the archive; returns how many rows were expected."""
        rows = Counter(self.query.table.rows)
        expected = archived(self.world, self.query.origin, newest_too=self.snapshot)
        assert max(rows.values(), default=1) == 1, "a row came twice"
        assert not expected - rows, f"lost: {expected - rows}"
        if not self.snapshot or not self.dropped:
            assert not rows - expected, f"not in the archive: {rows - expected}"
        if self.snapshot and not self.dropped:
            assert set(self.query.empty) <= {0}, "an empty batch"
        if not self.dropped:
            self.check_numbers()
        self.check_watermarks()
        return expected.total()

    def check_watermarks(self) -> None:
        """None ever falls or goes."""
        marks = [self.query.watermarks(at) for at in range(len(self.query.offsets))]
        for earlier, later in pairwise(marks):
            assert all(tick <= later.get(key, 0) for key, tick in earlier.items())

    def check_numbers(self) -> None:
        """`seq` numbers the events of one instant in the archive's order, whatever batches they came in."""
        for key in self.world.ids:
            before, number = None, 0
            for event in self.world.events(key):
                number = number + 1 if event.ticks == before else 0
                before = event.ticks
                seq = self.query.table.seqs.get((key, event.ticks, event.value))  # type: ignore[arg-type]
                assert seq in (None, number) or not isinstance(event.value, float)


#: What happens besides when the sink merges; "repeat" is what `run_until_caught_up` does.
CHANGES = (*("late", "edit", "delete") * 4, "repeat", "repeat")

changing_histories = st.lists(
    st.tuples(st.sampled_from(KINDS + CHANGES), st.integers(0, 3), st.integers(0, 6), st.integers(0, 12)),
    min_size=12,
    max_size=40,
)
looking_back = st.fixed_dictionaries(
    {
        # A single tick, and longer.
        "lookback": st.sampled_from(["0.0000001", "1", "4", "30"]),
        "lookbackInterval": st.sampled_from([1, 3, 3600]),
    }
)


class ChangingHistory(History):
    """A history in which the archive changes below the watermarks, too, as far down as the lookback reaches."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        super().__init__(configuration)
        self.lookback = round(float(configuration["lookback"]) * SECOND)
        self.interval = configuration["lookbackInterval"]
        self.changed: Counter[str] = Counter()
        self.looking: PIStreamReader | None = None
        self.round_times: list[float] = []

    # -- what happens

    def start(self, kind: str, i: int, n: int, m: int) -> None:
        if kind == "repeat" and self.query.available and not self.query.v42:
            self.repeat()
        else:
            super().start("run", i, n, m)

    def repeat(self) -> None:
        """Runs until caught up; with nothing else going on meanwhile, everything up to its beginning has come."""
        world, busy = self.world, bool(self.pending)
        until = world.ticks(world.clock)
        self.set_start()
        try:
            repeat_until_caught_up(self.query)
        except PIError:
            return
        self.changed["repeat"] += 1
        if busy or self.holds or any(world.faults_of(key) for key in world.ids):
            return
        for key in world.ids:
            times = [event.ticks for event in world.events(key) if self.query.origin <= event.ticks < until]
            if times and world.point(key).name.startswith("p"):
                assert self.query.watermarks()[key] >= times[-1] + self.snapshot

    def may_change(self, key: int, ticks: int) -> bool:
        """Whether the promise covers a change at this instant, now."""
        return ticks >= self.query.watermarks().get(key, 0) - self.lookback

    def may_repeat(self, key: int, newest: int) -> bool:
        return self.may_change(key, newest)

    def may_drop(self, key: int, newest: int) -> bool:
        return self.may_change(key, newest)

    def do(self, kind: str, i: int, n: int, m: int) -> None:
        world = self.world
        if kind not in CHANGES:
            super().do(kind, i, n, m)
            return
        marks = self.query.watermarks()
        if kind == "late":
            key = world.ids[i % len(world.ids)]
            if key in world.buffers:
                return
            # At an instant that has events, or at one of its own, down to the lowest that is promised.
            ticks = marks.get(key, world.ticks(world.clock)) - 1 - (self.lookback - 1) * m // 12
            there = [at for at, _ in self.inside(key, marks)]
            if there and n % 2:
                ticks = there[m % len(there)]
            world.put(key, ticks=ticks)
        else:
            # In any tag; where there is a choice, of what has been handed over.
            choices = [(key, *event) for key in world.ids for event in self.inside(key, marks)]
            old = [choice for choice in choices if choice[1] < marks.get(choice[0], 0)]
            choices = old if old and n else choices
            if not choices:
                return
            key, ticks, at = choices[(i + m) % len(choices)]
            (world.edit if kind == "edit" else world.delete)(key, at)
        # What is not handed over yet needs no repair.
        self.changed[kind] += ticks < marks.get(key, 0)

    def inside(self, key: int, marks: dict[int, int]) -> list[tuple[int, int]]:
        """The events of a tag that may change: tick and place in the archive."""
        lowest = marks.get(key, 0) - self.lookback
        return [(event.ticks, at) for at, event in enumerate(self.world.events(key)) if event.ticks >= lowest]

    # -- what is looked at on the way

    def look(self, reader: PIStreamReader, before: PIOffset | None, after: PIOffset) -> None:
        super().look(reader, before, after)
        number = before.round if before else 0
        if reader is not self.looking:
            self.looking, self.round_times = reader, []
            assert after.round == number + 1, "a process begins with a round"
        if after.round != number:
            assert after.round == number + 1
            now = self.world.monotonic()
            assert not self.round_times or now - self.round_times[-1] >= self.interval, "a round too early"
            self.round_times.append(now)
            assert len(self.round_times) == 1 or not self.query.available, "AvailableNow makes one round"
        elif before is not None:
            assert after.off == before.off
            assert after == before or after.watermarks != before.watermarks, "a batch without news or a round"
        assert after.lookback == self.lookback

    # -- the end

    def needs_an_end(self, events: list[Event]) -> bool:
        # The newest instant is not read: what happened there is seen behind it.
        return not self.snapshot or super().needs_an_end(events)

    def check_quiet(self) -> None:
        marks = self.query.watermarks()
        assert self.run(8, ENDLESS) == len(self.round_times) > 0, "a batch without news or a round"
        assert self.query.watermarks() == marks

    def check(self) -> int:
        """Compares the table with the archive, numbers within an instant too; returns how many rows were expected."""
        assert isinstance(self.query.table, MergedTable)
        expected = merged(self.world, self.query.origin, newest_too=self.snapshot)
        assert self.query.table.values == expected
        self.check_watermarks()
        return len(expected)


@pytest.fixture(scope="module")
def tally() -> Counter[str]:
    return Counter()


@SETTINGS
@given(histories, configurations)
def test_in_order_exactly_once(tally: Counter[str], history: list[Op], configuration: dict[str, Any]) -> None:
    played = History(configuration)
    played.play(history)
    played.settle_down()
    expected = played.check()
    tally.update(
        examples=1, rows=expected, with_rows=expected > 0, batches=len(played.query.offsets), runs=played.runs,
        stopped=played.killed, dropped=played.dropped,
    )  # fmt: skip


def test_that_saw_enough(tally: Counter[str]) -> None:
    """A property that holds for empty tables proves nothing."""
    print(dict(tally))  # noqa: T201
    assert tally["with_rows"] > tally["examples"] / 2 > 0


@pytest.fixture(scope="module")
def changes() -> Counter[str]:
    return Counter()


@SETTINGS
@given(changing_histories, configurations, looking_back)
def test_a_sink_that_merges_equals_the_archive(
    changes: Counter[str], history: list[Op], configuration: dict[str, Any], lookback: dict[str, Any]
) -> None:
    played = ChangingHistory(configuration | lookback)
    played.play(history)
    played.settle_down()
    expected = played.check()
    changes.update(played.changed)
    changes.update(
        examples=1, rows=expected, with_rows=expected > 0, batches=len(played.query.offsets), runs=played.runs,
        stopped=played.killed, dropped=played.dropped,
    )  # fmt: skip


def test_that_enough_was_changed(changes: Counter[str]) -> None:
    """Changes below a watermark, each kind of them; what is not handed over yet needs no repair."""
    print(dict(changes))  # noqa: T201
    assert changes["with_rows"] > changes["examples"] / 2 > 0
    for kind in ("late", "edit", "delete"):
        assert changes[kind] > changes["examples"] / 4
    assert changes["repeat"] > changes["examples"] / 20
