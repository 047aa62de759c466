"""What Spark calls while a stream runs.

Two copies of this object live: one in a long process on the driver's host, which asks for offsets and plans; and one
in each executor task, which reads. What happens in the one is not seen by the other; all that a task needs travels in
its partition, and all that a replay needs is in the two offsets.

Call orders (measured): Spark 4.0 and 4.1 ask `latestOffset()` before `initialOffset()` and without a start, and after
a restart call `partitions(x, x)` first; 4.2 and later hand the start over. The first batch's start is in no checkpoint,
so `initialOffset` is a constant and the origin travels in every end offset.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pi_datasource.compat import ReadAllAvailable
from pi_datasource.cost import counted
from pi_datasource.errors import PIError, PIRefusedError, PITagError
from pi_datasource.plan.partitions import Piece
from pi_datasource.read.values import BatchBuilder
from pi_datasource.stream.advance import Ripening, advanced, batch_ranges
from pi_datasource.stream.base import Pauses, StreamReader
from pi_datasource.stream.caps import capped
from pi_datasource.stream.key import Key
from pi_datasource.stream.news import Newest, ask_newest, newest_before_states, newest_by, newest_of_quiet
from pi_datasource.stream.offset import PIOffset
from pi_datasource.stream.taglist import TagList
from pi_datasource.tables.base import Request
from pi_datasource.tables.recorded import plan_pieces, read
from pi_datasource.times import LAST_SECOND, TICKS_PER_SECOND, TimeRange, short_text
from pi_datasource.webapi.client import Client

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["PIStreamReader"]

log = logging.getLogger("pi_datasource")

#: What is said of a tag that the checkpoint holds and that cannot be read.
ABANDON = (
    "a stream reads what its checkpoint says it has read, or stops; option abandonTags lets the rows go of a tag that "
    "will never be readable again"
)


class PIStreamReader(StreamReader[PIOffset]):
    """Streams table `recorded`."""

    def __init__(self, request: Request, *more: Any, **others: Any) -> None:
        super().__init__(request, *more, **others)
        self._tags = TagList(self.request.options, self._clock)
        self._ripening = Ripening(request.options.streaming.settle_time)
        self._left: dict[Key, int] = {}
        self._frozen: dict[Key, int] | None = None
        self._newest = Newest()
        self._pauses: Pauses[Key] = Pauses(self._clock)
        self._recovering: set[Key] = set()
        self._held: dict[Key, tuple[int, float]] = {}
        self._readable: set[Key] = set()
        self._quiet_at: float | None = None

    # -- where the stream stands

    def latestOffset(self, start: Mapping[str, Any] | None = None, limit: Any = None) -> dict[str, Any]:
        """How far this micro-batch goes: the one place that looks at the server, the clock and the list of tags.

        Raises:
            PITagError: a tag that cannot be asked, when `onTagError=fail`.
            PIError: what is wrong with the options, the login, the server or the checkpoint.
        """
        waits = self._waits(start)
        if waits and not self._left and self._told is not None:
            return dict(self._told)
        before = self._before(start)
        client = self._client(self._goes_on(start))
        # What a limit left over is known to be ripe: a backlog is not held up by the interval between two looks.
        ripe = self._left if waits else self._ripe(client, before)
        marks, t0 = before.watermarks, before.t0
        moves = {key: (low, high) for key, high in ripe.items() if high > (low := marks.get(key, t0))}
        if limit is None or not isinstance(limit, ReadAllAvailable):
            ends, failures = capped(client, moves, self.request.options.streaming)
        else:
            ends, failures = {key: high for key, (_, high) in moves.items()}, {}
        self._treat(failures)
        for key in failures:
            # Not again in this run of AvailableNow, and not before its pause is over.
            ripe.pop(key)
        self._pauses.ended(self._recovering - failures.keys())
        self._recovering = set()
        self._left = {key: ripe[key] for key, end in ends.items() if end < ripe[key]}
        new_round = not waits and self._round_is_due()
        after = advanced(
            before,
            ends,
            lookback=round(self.request.options.streaming.lookback * TICKS_PER_SECOND),
            new_round=new_round,
            off=marks.keys() - (self._readable - set(self._pauses)) if new_round else (),
        )
        after = self._forgotten(after)
        if new_round:
            self._round_at = self._clock()
        return dict(self._stands_at(after, after.to_dict()))

    def _before(self, start: Mapping[str, Any] | None) -> PIOffset:
        """The offset to go on from; a new stream begins at `startTime`."""
        told = None if start is None else PIOffset.from_dict(start)
        before = told if start is not None else self._base
        origin = self.request.options.reading.time_range.start
        if before is None:
            return PIOffset(origin)
        if self._asked is None and before.t0 != origin:
            log.info("the checkpoint's origin %s is in force, not startTime", short_text(before.t0))
        return before

    def _ripe(self, client: Client, before: PIOffset) -> dict[Key, int]:
        """Key → watermark that may be taken. AvailableNow asks once and keeps to it."""
        if self._frozen is not None:
            return self._frozen
        first = self._asked is None
        newest = self._look(client, before)
        ripe = self._ripening.ripe(newest, self._clock())
        self._asked = self._clock()
        if first:
            # What is newest now may still get company at its instant: a process waits once, and then takes all.
            self._sleep(self.request.options.streaming.settle_time)
        if self._available_now:
            self._frozen = ripe
        return ripe

    def _look(self, client: Client, before: PIOffset) -> dict[Key, int]:
        """The newest instants, as exclusive ticks."""
        settings = self.request.options.streaming
        listed = self._tags.listed(client)
        keys = self._pauses.over(listed)
        newest = ask_newest(client, keys)
        now = self._clock()
        if self._quiet_at is None or now - self._quiet_at >= settings.refresh_tags:
            # Most have no event at all, so they are not looked at each time.
            answered = newest.ticks.keys() | newest.failures.keys()
            newest_of_quiet(client, {key: LAST_SECOND for key in keys if key not in answered}, newest)
            self._quiet_at = now
        if not settings.future_data:
            newest_by(client, [key for key in self._tags.future if key in newest.ticks], None, newest)
        if settings.until is not None:
            late = [key for key, tick in newest.ticks.items() if tick >= settings.until]
            newest_by(client, late, settings.until - 1, newest)
        held = self._hold(client, before, newest) if settings.state_hold > 0 else {}
        self._treat(newest.failures)
        self._readable = set(keys) - newest.failures.keys()
        self._recovering = self._readable.intersection(self._pauses)
        self._newest = newest
        ticks = newest.ticks | held if held else newest.ticks
        return {key: tick + 1 for key, tick in ticks.items()} if settings.include_snapshot else ticks

    def _hold(self, client: Client, before: PIOffset, newest: Newest) -> dict[Key, int]:
        """Points that end in a system state, held back behind their last value for `stateHold`."""
        now = self._clock()
        # One that ends in "No Data" is not heard of at each look, and its hold goes on.
        heard = (newest.ticks.keys() | newest.failures.keys()) - newest.states
        self._held = {key: held for key, held in self._held.items() if key not in heard}
        waiting = {}
        for key in newest.states & newest.ticks.keys():
            low = before.watermarks.get(key, before.t0)
            since = self._held.setdefault(key, (low, now))[1]
            if now - since < self.request.options.streaming.state_hold:
                waiting[key] = low
        found = newest_before_states(client, waiting, newest)
        # Nothing but states since the watermark: it stays.
        return {
            key: found.get(key, low - self.request.options.streaming.include_snapshot)
            for key, low in waiting.items()
            if key in newest.ticks
        }

    def _treat(self, failures: Mapping[Key, PIError]) -> None:
        """Tags that could not be asked: an error, or a pause that grows, while their watermarks stay.

        Raises:
            PITagError: when `onTagError=fail`.
        """
        if not failures:
            return
        names = {key: self._name(key) for key in failures}
        if self.request.options.reading.on_tag_error == "fail":
            raise PITagError(
                {names[key]: str(error) for key, error in failures.items()},
                "with option onTagError=skip the others go on, and these catch up when they recover",
            )
        for key, error in failures.items():
            pause = self._pauses.failed(key)
            log.warning("tag %s cannot be asked, tried again in %.0f s: %s", names[key], pause, error)

    def _name(self, key: Key) -> str:
        stream = self._tags.known(key)
        return stream.tag if stream else key.web_id

    def _forgotten(self, offset: PIOffset) -> PIOffset:
        """Without the watermarks that `forgetTags` drops.

        Raises:
            PIRefusedError: one of them is in the list of tags: it would be read again and again.
        """
        wanted = {Key.of(web_id) for web_id in self.request.options.streaming.forget_tags}
        if not wanted:
            return offset
        gone = [key for key in offset.watermarks if key in wanted]
        listed = self._tags.listed(self._client(goes_on=True))
        for key in gone:
            if key in listed:
                raise PIRefusedError(f"option forgetTags: {self._name(key)} is in the list of tags; take it out first")
        kept = {key: tick for key, tick in offset.watermarks.items() if key not in gone}
        return replace(offset, watermarks=kept, off=offset.off.difference(gone))

    def reportLatestOffset(self) -> dict[str, Any] | None:
        """Spark 4.2+, for the progress report: how many tags there are and are behind, and the oldest watermark."""
        if self._base is None:
            return None
        marks = self._base.watermarks
        behind = [key for key, tick in self._newest.ticks.items() if marks.get(key, self._base.t0) <= tick]
        oldest = min((marks.get(key, self._base.t0) for key in behind), default=None)
        return {
            "tags": len(self._newest.ticks),
            "tagsBehind": len(behind),
            "tagsFailing": len(self._pauses),
            "oldestWatermark": short_text(oldest) if oldest is not None else "",
        }

    # -- planning and reading: functions of the two offsets

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> list[Any]:
        """Plans one micro-batch: for each tag of the end offset, from its watermark there to its watermark here.

        Raises:
            PIUnknownTagError: a point of the offset is no longer there.
        """
        after, before = PIOffset.from_dict(end), PIOffset.from_dict(start)
        self._stands_at(after, dict(end))
        if after is None or start == end:
            return []
        ranges = batch_ranges(before, after, look_back=self._looks_back)
        if not ranges:
            return []
        client = self._client(goes_on=True)
        abandoned = self.request.options.streaming.abandon_tags
        # By WebID first: a deleted tag cannot be looked up any more.
        ids = {Key.of(tag) for tag in abandoned}
        ranges = self._without(ranges, {key for key in ranges if key in ids} if ids else set())
        streams = self._tags.streams(client, ranges)
        names = {tag.lower() for tag in abandoned}
        named = {key for key in ranges if streams[key].tag.lower() in names} if names else set()
        ranges = self._without(ranges, named)
        pieces = [Piece(streams[key], window) for key, window in ranges.items()]
        return plan_pieces(self._task_request, client, pieces, {}) if pieces else []

    def _without(self, ranges: dict[Key, TimeRange], abandoned: set[Key]) -> dict[Key, TimeRange]:
        """Leaves out tags that `abandonTags` names: the one way to let rows go, said in the log each time."""
        if not abandoned:
            return ranges
        for key in abandoned:
            log.warning("abandonTags: %s is not read for %s", self._name(key), ranges[key])
        return {key: window for key, window in ranges.items() if key not in abandoned}

    def read(self, partition: Any) -> Iterator[pa.RecordBatch]:
        """Fetches one partition. A tag that cannot be read fails the batch, whatever `onTagError` says."""
        client = self._task_client(partition)
        if self._looks_back:
            yield BatchBuilder(self.request.columns).window_batch(partition.pieces)
        try:
            yield from counted(read(self._task_request, partition, client), "recorded", partition, client)
        except PITagError as error:
            raise type(error)(error.failures, ABANDON) from error

    @property
    def _looks_back(self) -> bool:
        """Rows tell what they are, so what was read before can be read again."""
        return self.request.wants("operation")
