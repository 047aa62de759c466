"""The world of `stream_world`, with event frames: two databases whose frames start, end, and are edited.

What is handed over is kept in a ledger of starts and ends, so that each of both can be counted.
"""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mock_pi import PISystem
from mock_pi.af import AFServer, Database, ElementTemplate
from mock_pi.af.eventframe import EventFrame
from mock_pi.app import App
from mock_pi.connections import Connections
from mock_pi.faults import Fault
from mock_pi.site import Site
from mock_pi.switches import Switches
from pi_datasource.datasource import PIDataSource
from pi_datasource.plan.frames import search_of
from pi_datasource.stream.frame_offset import FrameOffset
from pi_datasource.stream.frames import FrameStreamReader
from pi_datasource.tables.base import Request
from tests.readers.stream_world import BEGIN, ENDLESS, URL, KilledError, NeverEndsError, Query, World

COLUMNS = ("name", "severity", "start_ticks", "end_ticks", "is_open", "database", "id", "web_id")
#: id → start, end or None, severity
Frames = dict[str, tuple[int, int | None, str]]


class FrameWorld(World):
    """Two databases of event frames, and the clock."""

    def __init__(self, skew: int = 0, **switches: Any) -> None:
        super().__init__(skew)
        both, one = (ElementTemplate(name, instance_type="EventFrame") for name in ("Batch", "Only A"))
        self.databases = {"A": Database("A", templates=[both, one]), "B": Database("B", templates=[both])}
        self.system = PISystem(af=[AFServer("AF", list(self.databases.values()))], now=self.ticks(BEGIN))
        self.app = App(Site(self.system, Switches(**switches)), Connections())

    @property
    def frames(self) -> list[EventFrame]:
        """All there are."""
        return [frame for database in self.databases.values() for frame in database.event_frames]

    def open(self, database: str, at: int, end: int | None = None, parent: EventFrame | None = None) -> EventFrame:
        """A new frame."""
        self.uids += 1
        frame = EventFrame(f"F{self.uids}", at, end, "Batch", severity="Minor")
        return self.databases[database].event_frames.insert(frame, parent)

    def edit_frame(self, frame: EventFrame, **changes: Any) -> None:
        """Something of a frame changes, its end included."""
        frame.home.event_frames.edit(frame, **changes)

    def refuse(self, database: str) -> None:
        """A database that may not be searched from now on."""
        for scope in ("request", "sub"):
            path = self.databases[database].path
            self.app.site.faults.add(
                Fault(status=403, route="assetdatabases/eventframes", tag=path, count=None, scope=scope)
            )

    def allow(self) -> None:
        """All may be searched again."""
        self.app.site.faults._pending = []

    def reader(self, **options: Any) -> FrameStreamReader:  # type: ignore[override]
        """The product's reader, as a process of Spark makes it at this moment."""
        texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in options.items()}
        source = PIDataSource({"url": URL, "table": "event_frames", **texts})
        source._now = self.ticks(self.clock + self.skew)
        columns = tuple(one for one in source._table.known_columns(source._parsed) if one.name in COLUMNS)
        return FrameStreamReader(Request(source._parsed, columns), self.monotonic, self.sleep, self.client)


@dataclass
class Ledger:
    """What a sink has seen: each row of each batch, once.

    Attributes:
        starts, ends: id of a frame → how often it was told that it started, that it ended.
        table: what a sink has that merges by id.
        last: the newest batch that it has.
    """

    starts: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    table: Frames = field(default_factory=dict)
    rows: int = 0
    last: int = -1

    def write(self, number: int, rows: list[dict[str, Any]], ranges: dict[str, tuple[int, int]]) -> None:
        """One attempt at a micro-batch becomes part of the table, or none."""
        if number <= self.last:
            return
        assert len({row["web_id"] for row in rows}) == len(rows), "a frame twice in a batch"
        for row in rows:
            first, last = ranges[row["database"]]
            started, ended = first <= row["start_ticks"] < last, row["end_ticks"] is not None
            assert row["is_open"] is not ended
            assert started or ended, "a row without news"
            assert not ended or row["end_ticks"] < last, "an end that is still to come"
            self.starts[row["id"]] += started
            self.ends[row["id"]] += ended
            self.table[row["id"]] = (row["start_ticks"], row["end_ticks"], row["severity"])
        self.rows += len(rows)
        self.last = number


class FrameQuery(Query):
    """A checkpoint, and the runs that use it; see `Query`."""

    world: FrameWorld

    def __init__(self, world: FrameWorld, **more: Any) -> None:
        super().__init__(world, **more)
        self.ledger = Ledger()
        self.read: dict[int, Counter[tuple[Any, ...]]] = {}
        self.names: dict[str, str] = {}

    def offset(self, at: int = -1) -> FrameOffset:
        """An offset of the log."""
        offset = FrameOffset.from_dict(json.loads(self.offsets[at]))
        assert offset is not None
        return offset

    def marks(self, at: int = -1) -> dict[str, int]:
        """Name of a database → where it stands."""
        if not self.names:
            reader = self.world.reader(**self.options)
            reader._look(reader._client(goes_on=True))
            self.names = {place.name: web_id for web_id, place in reader._places.items()}
        offset = self.offset(at)
        return {name: offset.stands(web_id) for name, web_id in self.names.items()}

    def look(self, reader: Any, known: str | None, end: str) -> None:
        """Watermarks never fall, nor go; the origin never changes; no clock but the server's is in it."""
        after = FrameOffset.from_dict(json.loads(end))
        before = FrameOffset.from_dict(json.loads(known)) if known else None
        assert after is not None
        if before is not None:
            assert after.t0 == before.t0
            assert all(after.watermarks[web_id] >= tick for web_id, tick in before.watermarks.items())
        assert all(after.t0 < tick <= self.world.ticks(self.world.clock) for tick in after.watermarks.values())
        if self.v42:
            json.dumps(reader.reportLatestOffset())

    def batch(self, reader: Any) -> None:
        """The newest batch of the log, new or replayed: planned in the driver, read in tasks."""
        number = len(self.offsets) - 1
        start = json.loads(self.offsets[-2]) if number else self.initial(reader)
        plan = reader.partitions(start, json.loads(self.offsets[-1]))
        ranges: dict[str, tuple[int, int]] = {}
        for one in (listing for partition in plan for group in partition.groups for listing in group):
            window, name = search_of(one), dict(one.place)["database"]
            low, high = ranges.get(name, (window.start, window.end))
            ranges[name] = (min(low, window.start), max(high, window.end))
        asked = sorted((list(ranges).index(name), low, high) for name, (low, high) in ranges.items())
        assert asked == self.plans.setdefault(number, asked), "a replay plans other ranges"
        rows: list[dict[str, Any]] = []
        for partition in plan:
            self.step()
            task = self.world.reader(**self.options)
            for batch in task.read(pickle.loads(pickle.dumps(partition))):
                rows += batch.to_pylist()
        told = Counter((row["id"], row["start_ticks"], row["end_ticks"], row["is_open"]) for row in rows)
        if not self.options.get("lookback"):
            assert told == self.read.setdefault(number, told), "a replay brings other rows"
        if not rows and number not in self.empty:
            self.empty.append(number)
        self.step()
        self.ledger.write(number, rows, ranges)
        self.step()
        self.committed = len(self.offsets)

    def catch_up(self) -> None:
        """Runs until nothing is left."""
        for _ in range(200):
            self.world.sleep(5)
            before, replays = self.offset().watermarks if self.offsets else None, self.committed < len(self.offsets)
            self.run(6)
            # A run of Spark 4.0 and 4.1 that has a batch to repeat does nothing else.
            if not replays and before == self.offset().watermarks:
                return
        raise NeverEndsError


__all__ = ["BEGIN", "ENDLESS", "FrameQuery", "FrameWorld", "Frames", "KilledError", "Ledger"]
