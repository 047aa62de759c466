"""What a stream lives in, small enough to search: a PI System that changes, Spark's micro-batch engine, and two sinks.

The reader under test is the product's own, with its own HTTP decoding, batch healing and paging; only the sockets are
left out (`Wireless`). Time is a number that moves when somebody waits, and the world may change whenever it moves.
"""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from mock_pi import Event, PISystem, Point, State, ticks_of
from mock_pi.app import App, Request
from mock_pi.connections import Connections
from mock_pi.faults import Fault
from mock_pi.site import Site
from mock_pi.switches import Switches
from mock_pi.system.shapes import Empty
from pi_datasource.errors import PIError
from pi_datasource.options import PIOptions
from pi_datasource.stream.offset import PIOffset
from pi_datasource.stream.reader import PIStreamReader
from pi_datasource.tables.base import Request as Wanted
from pi_datasource.tables.registry import table_named
from pi_datasource.webapi.answers import decode, error_for
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.webids import point_ids

SECOND = 10_000_000
#: Second 0 of every world; its clock begins at second 100.
ZERO = ticks_of("2026-01-01T00:00:00Z")
BEGIN = 100
IO_TIMEOUT = State("I/O Timeout", 246, True)
NO_DATA = State("No Data", 248, True)
URL = "http://pi.example.com/piwebapi"
#: Kills come after so many steps where none is meant.
ENDLESS = 10**9


class KilledError(Exception):
    """The driver is gone."""


class NeverEndsError(Exception):
    """More batches than any finite history needs."""


#: The mock's application lives in one thread; a reader asks from several.
_ONE_AT_A_TIME = Lock()


class Wireless(Client):
    """The product's client, which hands its requests straight to the mock's application."""

    def __init__(self, app: App, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.app = app

    def _send(self, method: str, route: str, body: bytes, kind: Any, asked: str) -> Any:
        path, _, query = f"/piwebapi/{route}".partition("?")
        headers = {"x-requested-with": "test", "content-type": "application/json"}
        now = self.app.site.system.now
        with _ONE_AT_A_TIME:
            answering = self.app._answer(Request(method, path, query, URL, "here", headers, body, now))
            answer = _run(answering)[0].whole()
        self._date = dict(answer.headers).get("Date", "")
        if 200 <= answer.status < 300:
            return decode(answer.body, kind, answer.content_type, asked)
        raise error_for(answer.status, answer.body, dict(answer.headers), asked)


def _run(coroutine: Any) -> Any:
    """What a coroutine returns that waits for nothing but its turn."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as stop:
            return stop.value


class World:
    """A PI System, the clock, and what happens while somebody waits.

    Attributes:
        clock: seconds; the server's now is `clock` seconds after `ZERO`.
        skew: seconds that the clock of the Spark driver is ahead.
        moves: called whenever time moves or the engine makes a step.
        buffers: point id → events that an offline site keeps.
        arrivals: (point id, ticks) → second at which the first event there became visible.
    """

    def __init__(self, skew: int = 0, **switches: Any) -> None:
        self.clock = BEGIN
        self.skew = skew
        self.moves: Callable[[], None] = lambda: None
        self.system = PISystem(now=self.ticks(BEGIN))
        self.app = App(Site(self.system, Switches(**switches)), Connections())
        self.buffers: dict[int, list[Event]] = {}
        self.arrivals: dict[tuple[int, int], int] = {}
        self.uids = 0

    @staticmethod
    def ticks(second: float) -> int:
        """An instant of this world."""
        return ZERO + round(second * SECOND)

    @staticmethod
    def text(second: int) -> str:
        """An instant of this world, as an option says it."""
        return f"2026-01-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"

    def sleep(self, seconds: float) -> None:
        """Time goes by, and things happen in it."""
        for _ in range(round(seconds)):
            self.clock += 1
            self.system.set_now(self.ticks(self.clock))
            self.moves()

    def monotonic(self) -> float:
        """The driver's clock that only goes forwards; where it begins means nothing."""
        return 5_000.0 + self.clock

    # -- points

    def add(self, name: str, *, future: bool = False, point_id: int | None = None) -> int:
        """A new point, without events."""
        point = self.system.add(Point(name, "Float64", Empty(), future=future, point_id=point_id))
        assert point.point_id is not None
        return point.point_id

    @property
    def ids(self) -> list[int]:
        """All points there are."""
        return [point.point_id or 0 for point in self.system.points]

    def point(self, key: int) -> Point:
        """A point by its id."""
        found = self.system.find_id(self.system.data_servers[0], key)
        assert found is not None
        return found

    def events(self, key: int) -> list[Event]:
        """All events that a point's archive holds, the future's included."""
        return self.system.history(self.point(key)).events(0, 10**18)

    def rename(self, key: int, name: str) -> None:
        """The same point under another name; its faults follow it."""
        point, events = self.point(key), self.events(key)
        faults = self.faults_of(key)
        self.heal(key)
        self.system.remove(point)
        self.system.add(replace(point, name=name))
        self.system.insert(name, *events)
        self.fail(key, *faults)

    def remove(self, key: int) -> Callable[[], None]:
        """Deletes a point; calling what comes back brings it and its events again."""
        point, events = self.point(key), self.events(key)
        self.system.remove(point)

        def back() -> None:
            self.system.add(point)
            self.system.insert(point, *events)

        return back

    # -- events

    def put(self, key: int, second: float | None = None, *, ticks: int | None = None,
            state: bool | State = False, direct: bool = False) -> int:  # fmt: skip
        """A new event, at a time of its own unless `ticks` say which; a site that is offline keeps it.

        Args:
            second: when it happened; by default just now.
            state: it is this state; the server's own "I/O Timeout" if none is named.
            direct: not through the site's buffer.
        """
        self.uids += 1
        if ticks is None:
            # A hundred nanoseconds apart, and not later than now.
            ticks = self.ticks(second) if second is not None else self.ticks(self.clock - 1) + self.uids
        value = state if isinstance(state, State) else IO_TIMEOUT if state else float(self.uids)
        event = Event(ticks, value, good=not state)
        if key in self.buffers and not direct:
            self.buffers[key].append(event)
        else:
            self._arrive(key, event)
        return ticks

    def edit(self, key: int, index: int) -> int:
        """An event gets another value; returns its tick."""
        ticks, ordinal = self._place(key, index)
        self.uids += 1
        self.system.replace(self.point(key), Event(ticks, float(self.uids)), ordinal)
        return ticks

    def delete(self, key: int, index: int) -> int:
        """An event vanishes; returns its tick."""
        ticks, ordinal = self._place(key, index)
        self.system.delete(self.point(key), ticks, ordinal=ordinal)
        return ticks

    def _place(self, key: int, index: int) -> tuple[int, int]:
        """Tick of an event, and its number among those there."""
        ticks = [event.ticks for event in self.events(key)]
        index %= len(ticks)
        return ticks[index], ticks[:index].count(ticks[index])

    def flush(self, key: int, count: int | None = None) -> None:
        """The site is back: its buffer arrives, oldest first, `count` events of it now."""
        buffer = self.buffers.pop(key, [])
        for event in buffer[:count]:
            self._arrive(key, event)
        if count is not None and buffer[count:]:
            self.buffers[key] = buffer[count:]

    def _arrive(self, key: int, event: Event) -> None:
        self.system.insert(self.point(key), event)
        self.arrivals.setdefault((key, event.ticks), self.clock)

    # -- faults

    def fail(self, key: int, *routes: str) -> None:
        """A tag that these routes (`end`, `recorded`) refuse from now on."""
        for route in routes:
            for scope in ("request", "sub"):
                fault = Fault(status=403, route=route, tag=self.point(key).name, count=None, scope=scope)
                self.app.site.faults.add(fault)

    def faults_of(self, key: int) -> set[str]:
        """The routes that refuse a tag."""
        name = self.point(key).name
        return {one.fault.route or "" for one in self.app.site.faults._pending if one.fault.tag == name}

    def heal(self, key: int | None = None) -> None:
        """No faults of a tag any more, or of none."""
        box = self.app.site.faults
        box._pending = [one for one in box._pending if key is not None and one.fault.tag != self.point(key).name]

    def reader(self, **options: Any) -> PIStreamReader:
        """The product's reader, as a process of Spark makes it at this moment."""
        texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in options.items()}
        texts = {"url": URL, "tagFilter": "p*", **texts}
        parsed = PIOptions.parse(texts, now=self.ticks(self.clock + self.skew), environ={})
        names = (*EVENT_COLUMNS, "tag", *(WINDOW_COLUMNS if parsed.streaming.lookback else ()))
        columns = tuple(column for column in table_named("recorded").columns if column.name in names)
        return PIStreamReader(Wanted(parsed, columns), self.monotonic, self.sleep, self.client)

    def client(self, *args: Any, **more: Any) -> Client:
        return Wireless(self.app, *args, **more)


EVENT_COLUMNS = ("point_id", "ticks", "seq", "value", "state")
WINDOW_COLUMNS = ("operation", "window_start", "window_end")

#: (point id, ticks, value or code of the state)
Row = tuple[int, int, float]
#: (point id, first tick, tick behind the last): a range that was read.
Window = tuple[int, int, int]


class Table:
    """A sink that appends, and skips a batch that it has."""

    def __init__(self) -> None:
        self.last = -1
        self.rows: list[Row] = []
        self.seqs: dict[Row, int] = {}

    def write(self, number: int, rows: list[tuple[Row, int]], windows: list[Window]) -> None:
        """One attempt at a micro-batch becomes part of the table, or none."""
        if number <= self.last:
            return
        self.rows += [row for row, _ in rows]
        self.seqs.update(rows)
        self.last = number


class MergedTable(Table):
    """A sink that merges, and skips a batch that it has: what a window no longer holds goes, the rest is put in.

    Attributes:
        values: (point id, ticks, seq) → value or code of the state.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[tuple[int, int, int], float] = {}

    def write(self, number: int, rows: list[tuple[Row, int]], windows: list[Window]) -> None:
        """One attempt at a micro-batch becomes part of the table, or none."""
        if number <= self.last:
            return
        batch = {(key, ticks, seq): value for (key, ticks, value), seq in rows}
        assert len(batch) == len(rows), "two rows of a batch for one row of the table"
        for key, ticks, _ in batch:
            around = [window for window in windows if window[0] == key and window[1] <= ticks < window[2]]
            assert len(around) == 1, "a row lies in one window of its batch"
        gone = [
            row for row in self.values.keys() - batch.keys()
            if any(key == row[0] and start <= row[1] < end for key, start, end in windows)
        ]  # fmt: skip
        for row in gone:
            del self.values[row]
        self.values |= batch
        self.rows = [(key, ticks, value) for (key, ticks, _), value in self.values.items()]
        self.last = number


class Query:
    """A checkpoint, and the runs that use it.

    What Spark does was measured: 4.0 and 4.1 ask `latestOffset()` before `initialOffset()`, never say where they
    stand, call `partitions(x, x)` first after a restart, and know one batch a run of AvailableNow; 4.2 says all.

    Args:
        world: where the reader reads.
        v42: in the order of Spark 4.2 and later.
        available: trigger AvailableNow.
        table: the sink; by default one that merges when the reader looks back, else one that appends.
        options: of the reader; may be changed between two runs.
    """

    def __init__(
        self, world: World, *, v42: bool = True, available: bool = False, table: Table | None = None, **options: Any
    ) -> None:
        self.world = world
        self.v42 = v42
        self.available = available
        self.options = options
        self.table = table if table is not None else MergedTable() if options.get("lookback") else Table()
        self.offsets: list[str] = []
        self.committed = 0
        self.fuel = ENDLESS
        self.plans: dict[int, list[tuple[int, int, int]]] = {}
        self.empty: list[int] = []
        self.reader: PIStreamReader | None = None
        #: Looks at every offset that the reader hands over: (reader, before, after).
        self.on_offset: Callable[[PIStreamReader, PIOffset | None, PIOffset], None] = lambda *_: None
        self.on_trigger: Callable[[], None] = lambda: None

    def step(self) -> None:
        """Between two of Spark's calls: the world goes on, and the driver may be killed."""
        self.world.moves()
        self.fuel -= 1
        if self.fuel < 0:
            raise KilledError

    def run(self, triggers: int = 1, fuel: int = ENDLESS) -> int:
        """One run: a process that lives until it is killed, fails, or has no more triggers. Returns its batches."""
        self.fuel, before = fuel, self.committed
        reader = self.reader = self.world.reader(**self.options)
        if self.v42 and self.available:
            reader.prepareForTriggerAvailableNow()
        limit = reader.getDefaultReadLimit() if self.v42 else None
        if self.offsets:
            newest = json.loads(self.offsets[-1])
            if not self.v42:
                assert reader.partitions(newest, newest) == []
            if self.committed < len(self.offsets):
                self.step()
                self.batch(reader)
                if self.available and not self.v42:
                    return self.committed - before
        first, done = True, 0
        while self.available or done < triggers:
            self.on_trigger()
            self.step()
            known = self.offsets[-1] if self.offsets else None
            start = json.loads(known) if known else self.initial(reader) if self.v42 else None
            end = json.dumps(reader.latestOffset(start, limit) if self.v42 else reader.latestOffset())
            self.look(reader, known, end)
            self.step()
            if known and first:
                reader.commit(json.loads(known))
            if end != known:
                self.offsets.append(end)
                self.step()
                if known and not first:
                    reader.commit(json.loads(known))
                self.batch(reader)
            first, done = False, done + 1
            if self.available and (end == known or not self.v42):
                break
            if self.available and done > 300:
                raise NeverEndsError
        return self.committed - before

    def look(self, reader: PIStreamReader, known: str | None, end: str) -> None:
        """What can be seen of every offset."""
        after = PIOffset.from_dict(json.loads(end))
        assert after is not None, "the end of a batch without an origin"
        self.on_offset(reader, PIOffset.from_dict(json.loads(known)) if known else None, after)
        if self.v42:
            json.dumps(reader.reportLatestOffset())

    @staticmethod
    def initial(reader: PIStreamReader) -> dict[str, Any]:
        """The start of the first batch, which no checkpoint keeps."""
        start: dict[str, Any] = json.loads(json.dumps(reader.initialOffset()))
        return start

    def batch(self, reader: PIStreamReader) -> None:
        """The newest batch of the log, new or replayed: planned in the driver, read in tasks."""
        number = len(self.offsets) - 1
        start = json.loads(self.offsets[-2]) if number else self.initial(reader)
        end = json.loads(self.offsets[-1])
        plan = reader.partitions(start, end)
        ranges = sorted(
            ((point_ids(piece.stream.web_id) or ("", 0))[1], piece.range.start, piece.range.end)
            for partition in plan for chunk in partition.chunks for piece in chunk.pieces
        )  # fmt: skip
        assert ranges == self.plans.setdefault(number, ranges), "a replay plans other ranges"
        assert len({key for key, _, _ in ranges}) == len(ranges) or len(plan) > 1
        rows: list[tuple[Row, int]] = []
        windows: list[Window] = []
        for partition in plan:
            self.step()
            # A task knows nothing of what the driver's reader has learned.
            task = self.world.reader(**self.options)
            for batch in task.read(pickle.loads(pickle.dumps(partition))):
                _tell(batch.to_pylist(), rows, windows)
        self.step()
        if self.options.get("lookback"):
            assert sorted(windows) == ranges, "a range that is read names itself"
        if not rows and number not in self.empty:
            self.empty.append(number)
        self.table.write(number, rows, windows)
        self.step()
        self.committed = len(self.offsets)

    def watermarks(self, at: int = -1) -> dict[int, int]:
        """Point id → watermark, as an offset of the log says."""
        if not self.offsets:
            return {}
        offset = PIOffset.from_dict(json.loads(self.offsets[at]))
        assert offset is not None
        return {key.point_id: tick for key, tick in offset.watermarks.items()}

    def off(self) -> set[int]:
        """Point ids that the newest offset leaves out of its round."""
        offset = PIOffset.from_dict(json.loads(self.offsets[-1]))
        return {key.point_id for key in offset.off} if offset else set()

    def round(self) -> int:
        """The number of the newest offset's round."""
        offset = PIOffset.from_dict(json.loads(self.offsets[-1]))
        return offset.round if offset else 0

    @property
    def origin(self) -> int:
        """Where the stream began, in ticks."""
        origin: int = json.loads(self.offsets[0])["t0"]
        return origin

    def attempt(self, triggers: int = 1, fuel: int = ENDLESS) -> int | None:
        """A run that may be killed or fail; None when it did."""
        try:
            return self.run(triggers, fuel)
        except (KilledError, PIError):
            return None


def _tell(batch: list[dict[str, Any]], rows: list[tuple[Row, int]], windows: list[Window]) -> None:
    """Sorts the rows of a record batch into events and windows."""
    for row in batch:
        operation, start, end = (row.get(name) for name in WINDOW_COLUMNS)
        if operation == "window":
            assert {row[name] for name in ("ticks", "seq", "value", "state")} == {None}
            windows.append((row["point_id"], start, end))
        else:
            assert (operation, start, end) == ("upsert" if "operation" in row else None, None, None)
            value = row["state"] if row["value"] is None else row["value"]
            rows.append(((row["point_id"], row["ticks"], float(value)), row["seq"]))


def repeat_until_caught_up(query: Query, limit: int = 100) -> int:
    """Runs of one batch each (4.0 and 4.1) towards the server's now at the beginning, the same for all of them.

    It is there when a run that asked for an offset left the watermarks as they were. Returns how many runs that took.
    """
    options = query.options
    query.options = {**options, "until": query.world.text(query.world.clock)}
    try:
        for number in range(limit):
            before, replays = query.watermarks(), query.committed < len(query.offsets)
            query.run()
            if not replays and query.watermarks() == before:
                return number + 1
        raise NeverEndsError
    finally:
        query.options = options


def archived(world: World, origin: int, *, newest_too: bool = True) -> Counter[Row]:
    """The rows of the archive that a stream from `origin` on must have brought."""
    rows: Counter[Row] = Counter()
    for key in world.ids:
        events = world.events(key)
        for event in events:
            if event.ticks >= origin and (newest_too or event.ticks < events[-1].ticks):
                value = event.value.code if isinstance(event.value, State) else event.value
                rows[key, event.ticks, float(value)] += 1  # type: ignore[arg-type]
    return rows


def merged(world: World, origin: int, *, newest_too: bool = True) -> dict[tuple[int, int, int], float]:
    """The table of a sink that merges: (point id, ticks, seq) → value, as the archive has it from `origin` on."""
    rows: dict[tuple[int, int, int], float] = {}
    for key in world.ids:
        events = world.events(key)
        numbers: Counter[int] = Counter()
        for event in events:
            if event.ticks >= origin and (newest_too or event.ticks < events[-1].ticks):
                value = event.value.code if isinstance(event.value, State) else event.value
                rows[key, event.ticks, numbers[event.ticks]] = float(value)  # type: ignore[arg-type]
                numbers[event.ticks] += 1
    return rows
