"""Streams table `event_frames`: a frame comes when it starts, and again when it ends, with the same key `web_id`.

A watermark is an instant of the server's clock (the Date of its answers; whole seconds), less `settleTime`, never of
ours. It stands for "what started or ended before this has been handed over". It moves only where a frame started or
ended since, so no news makes no batch: until there is some, the stretch that is looked at grows.

A micro-batch covers [watermark before, watermark after) of each database of the end offset: the frames that started
in it, and those that ended in it and started before. So a frame comes once in a batch at most. Rows are as of the end
of the batch: an end at or after it is not told yet. It lies in the stretch of a later batch, and a batch that is run
again brings the same rows.

Call orders and copies of a reader are as in `stream/reader.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pi_datasource.compat import ReadAllAvailable
from pi_datasource.cost import counted
from pi_datasource.errors import (
    PIBadAnswerError,
    PIError,
    PIListError,
    PINotFoundError,
    PIOptionError,
    PIRefusedError,
    PISchemaError,
)
from pi_datasource.plan.frames import Window
from pi_datasource.resolve.places import ID_ONLY, Place, asset_servers, databases
from pi_datasource.stream.advance import batch_ranges
from pi_datasource.stream.base import Pauses, StreamReader
from pi_datasource.stream.frame_news import ask_news, first_news
from pi_datasource.stream.frame_offset import FrameOffset
from pi_datasource.tables.base import Request
from pi_datasource.tables.event_frames import EVENT_FRAMES, plan_stream
from pi_datasource.tables.frame_search import search_in
from pi_datasource.times import TICKS_PER_SECOND, TimeRange, short_text
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.client import Client
from pi_datasource.webapi.wire import PlaceAnswer

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["FrameStreamReader"]

log = logging.getLogger("pi_datasource")

#: Options of other streams, and why they mean nothing to this one.
MEANINGLESS = {
    "searchMode": "frames come when they start and when they end",
    "maxRowsPerTrigger": "batches are cut by time: maxTimePerTrigger",
    "stateHold": "it is about states of tags",
    "futureData": "what starts or ends after the server's now comes when its time has come",
    "includeSnapshot": "it is about values of tags; how long ends may be late, settleTime says",
    "abandonTags": "it is about tags",
    "forgetTags": "it is about tags",
}
SKIP = "with option onTagError=skip the other databases go on, and these catch up when they recover"
STOP = "a stream reads what its checkpoint says it has read, or stops; run it again when the cause has been removed"


class FrameStreamReader(StreamReader[FrameOffset]):
    """Streams event frames; see the module's docstring.

    Raises:
        PIOptionError: an option that means nothing here.
        PISchemaError: with a lookback, a schema without the column that rows are told apart by.
    """

    def __init__(self, request: Request, *more: Any, **others: Any) -> None:
        super().__init__(request, *more, **others)
        for name, why in MEANINGLESS.items():
            if name in request.options.given:
                raise PIOptionError(f"option {name} has no place in a stream of event frames: {why}")
        if request.options.streaming.lookback and not request.wants("web_id"):
            raise PISchemaError(
                "option lookback reads event frames again, and a sink that merges needs the column web_id, which the "
                "schema given leaves out; name it, or leave lookback out"
            )
        self._places: dict[str, Place] = {}
        self._listed: tuple[str, ...] = ()
        self._listed_at: float | None = None
        self._pauses: Pauses[str] = Pauses(self._clock)
        self._knowing: set[str] = set()
        self._left: dict[str, int] = {}
        self._frozen: dict[str, int] | None = None
        self._server_time = 0

    # -- how far

    def latestOffset(self, start: Mapping[str, Any] | None = None, limit: Any = None) -> dict[str, Any]:
        """How far this micro-batch goes: the one place that looks at the server, its clock and its databases.

        Raises:
            PIListError: a database that cannot be searched, when `onTagError=fail`.
            PIError: what is wrong with the options, the login, the server or the checkpoint.
        """
        waits = self._waits(start)
        if waits and not self._left and self._told is not None:
            return dict(self._told)
        before = self._before(start)
        client = self._client(self._goes_on(start))
        # What a limit left over is known to be there: a backlog is not held up by the interval between two looks.
        reach = self._left if waits else self._reach(client)
        capped = limit is None or not isinstance(limit, ReadAllAvailable)
        ends, failures = self._ends(client, before, reach, capped)
        self._treat(reach, failures)
        self._left = {web_id: reach[web_id] for web_id, end in ends.items() if end < reach[web_id]}
        new_round = not waits and self._round_is_due()
        after = before.advanced(
            ends,
            lookback=round(self.request.options.streaming.lookback * TICKS_PER_SECOND),
            new_round=new_round,
            off=before.watermarks.keys() - (reach.keys() - failures.keys()),
        )
        if new_round:
            self._round_at = self._clock()
        return dict(self._stands_at(after, after.to_dict()))

    def _before(self, start: Mapping[str, Any] | None) -> FrameOffset:
        """The offset to go on from; a new stream begins at `startTime`."""
        before = self._base if start is None else FrameOffset.from_dict(start)
        origin = self.request.options.reading.time_range.start
        if before is None:
            return FrameOffset(origin)
        if self._asked is None and before.t0 != origin:
            log.info("the checkpoint's origin %s is in force, not startTime", short_text(before.t0))
        return before

    def _reach(self, client: Client) -> dict[str, int]:
        """Database → how far it may go now. AvailableNow looks once and keeps to it."""
        if self._frozen is not None:
            return self._frozen
        now = self._look(client)
        settings = self.request.options.streaming
        end = now - round(settings.settle_time * TICKS_PER_SECOND)
        if settings.until is not None:
            end = min(end, settings.until)
        reach = dict.fromkeys(self._pauses.over(self._listed), end)
        self._asked, self._server_time = self._clock(), now
        if self._available_now:
            self._frozen = reach
        return reach

    def _look(self, client: Client) -> int:
        """The server's now, in ticks. Databases are listed again after `refreshTags`.

        Raises:
            PIBadAnswerError: the server does not tell.
        """
        now = self._clock()
        refresh = self.request.options.streaming.refresh_tags
        if self._listed_at is None or now - self._listed_at >= refresh:
            found = {one.web_id: one for one in databases(client, self.request.options)}
            self._listed, self._listed_at = tuple(found), now
            self._places |= found
        else:
            asset_servers(client, self.request.options)
        if client.server_time is None:
            raise PIBadAnswerError(
                f"{self.request.options.connection.url}: answers come without the header Date (a gateway takes it "
                "away?), and a stream of event frames goes by the server's clock"
            )
        return client.server_time

    def _ends(
        self, client: Client, before: FrameOffset, reach: Mapping[str, int], capped: bool
    ) -> tuple[dict[str, int], dict[str, PIError]]:
        """Database with news → where this batch takes it; and database → why it could not be searched."""
        stands = {web_id: before.stands(web_id) for web_id in reach}
        ranges = {web_id: TimeRange(stands[web_id], end) for web_id, end in reach.items() if end > stands[web_id]}
        whole = Window("Overlapped", 0, 0)
        searches = {web_id: search_in(self.request, self._places[web_id], whole) for web_id in ranges}
        news = ask_news(client, searches, ranges)
        self._knowing |= news.answered
        known = self._knowing | before.watermarks.keys()
        if known:
            # As in a batch read: it has no template or category of that name, and others have (or had).
            # One that knew the name and no longer does is a failure: it would fall silent.
            strangers = {
                web_id
                for web_id, error in news.failures.items()
                if isinstance(error, PIRefusedError) and web_id not in known
            }
            news.failures = {web_id: news.failures[web_id] for web_id in news.failures.keys() - strangers}
        ranges = {web_id: one for web_id, one in ranges.items() if web_id in news.there}
        seconds = self.request.options.streaming.max_time_per_trigger
        if seconds is None or not capped:
            return {web_id: one.end for web_id, one in ranges.items()}, news.failures
        width = max(1, round(seconds * TICKS_PER_SECOND))
        firsts, failures = first_news(client, searches, ranges, width)
        ends = {web_id: min(ranges[web_id].end, first + width) for web_id, first in firsts.items()}
        return ends, news.failures | failures

    def _treat(self, asked: Mapping[str, int], failures: Mapping[str, PIError]) -> None:
        """Databases that could not be searched: an error, or a pause that grows, while their watermarks stay.

        Raises:
            PIListError: when `onTagError=fail`.
        """
        if failures and self.request.options.reading.on_tag_error == "fail":
            raise PIListError({self._what(web_id): str(error) for web_id, error in failures.items()}, SKIP)
        for web_id, error in failures.items():
            pause = self._pauses.failed(web_id)
            log.warning("%s cannot be searched, tried again in %.0f s: %s", self._what(web_id), pause, error)
        self._pauses.ended(asked.keys() - failures.keys())
        if self._frozen is not None:
            # Not again in this run of AvailableNow.
            self._frozen = {web_id: end for web_id, end in self._frozen.items() if web_id not in failures}

    def _what(self, web_id: str) -> str:
        return f"event frames of {self._places[web_id].path}"

    def reportLatestOffset(self) -> dict[str, Any] | None:
        """Spark 4.2+, for the progress report: databases, those behind and failing, and how far the last one is behind.

        A database without news is not behind, however old its watermark is.
        """
        if self._base is None or not self._server_time:
            return None
        behind = [self._base.stands(web_id) for web_id in self._left]
        oldest = min(behind, default=None)
        return {
            "databases": len(self._listed),
            "databasesBehind": len(behind),
            "databasesFailing": len(self._pauses),
            "oldestWatermark": "" if oldest is None else short_text(oldest),
            "lagSeconds": 0 if oldest is None else (self._server_time - oldest) // TICKS_PER_SECOND,
        }

    # -- planning and reading: functions of the two offsets

    def partitions(self, start: dict[str, Any], end: dict[str, Any]) -> list[Any]:
        """Plans one micro-batch: for each database of the end offset, from its watermark there to its watermark here.

        Raises:
            PIListError: a database of the offset is no longer there.
        """
        after, before = FrameOffset.from_dict(end), FrameOffset.from_dict(start)
        self._stands_at(after, dict(end))
        if after is None or start == end:
            return []
        ranges = batch_ranges(before, after, look_back=True)
        if not ranges:
            return []
        client = self._client(goes_on=True)
        searches = [
            search_in(self.request, self._place(client, web_id), window)
            for web_id, stretch in ranges.items()
            for window in _windows(stretch, after.t0)
        ]
        return plan_stream(self._task_request, client, searches)

    def _place(self, client: Client, web_id: str) -> Place:
        """A database of the offset, whatever the options choose today."""
        if web_id not in self._places:
            query = [ID_ONLY, endpoints.selected("", ("WebId", "Path"))]
            route = endpoints.with_query(f"assetdatabases/{web_id}", query)
            try:
                path = client.get(route, PlaceAnswer, f"asset database {web_id} of the checkpoint").Path
            except PINotFoundError as error:
                raise PIListError({f"asset database {web_id} of the checkpoint": str(error)}, STOP) from error
            _, _, server, name = path.split("\\", 3)
            self._places[web_id] = Place(web_id, name, path, server)
        return self._places[web_id]

    def read(self, partition: Any) -> Iterator[pa.RecordBatch]:
        """Fetches one partition. A list that cannot be read fails the batch, whatever `onTagError` says."""
        # An empty plan makes Spark read one partition that nobody planned.
        if getattr(partition, "limits", None) is None:
            return
        client = self._task_client(partition)
        batches = EVENT_FRAMES.read(self._task_request, partition, client)
        try:
            yield from counted(batches, EVENT_FRAMES.name, partition, client)
        except PIListError as error:
            raise type(error)(error.failures, STOP) from error


def _windows(stretch: TimeRange, t0: int) -> list[Window]:
    """The searches that bring what started or ended in a stretch of time, each frame once.

    From the origin on a stretch may hold years: all that started in it, and besides only what was open at its start.
    Later ones are short, and much may be open all the time: then what ended in it is looked for by its end.
    """
    start, end = stretch.start, stretch.end
    if start <= t0:
        return [Window("Overlapped", start, end, as_of=end)]
    return [
        Window("StartInclusive", start, end, as_of=end),
        Window("EndInclusive", start, end, as_of=end, started_before=start),
    ]
