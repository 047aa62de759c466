"""How a stream goes on: how often it looks for news, when an event is ripe, how much a micro-batch may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from pi_datasource.options.declare import Option, grouped
from pi_datasource.options.reading import instant

STREAMING_OPTIONS = grouped(
    "Streaming",
    Option("pollInterval", "seconds", "10", "Seconds between two looks for news.", minimum=0, maximum=86_400),
    Option(
        "settleTime", "seconds", "5",
        "Seconds that the newest instant of a tag must have been seen before it is read; event frames are read up to "
        "so long before the server's now.",
        minimum=0, maximum=86_400,
    ),
    Option("includeSnapshot", "boolean", "true", "false: the newest instant of a tag waits for a later one."),
    Option("stateHold", "seconds", "0", "Seconds to wait behind a system state that ends a tag.", minimum=0),
    Option("futureData", "boolean", "false", "true: events later than the server's now come at once."),
    Option("lookback", "seconds", "0", "Time read again behind each watermark, for a sink that merges.", minimum=0),
    Option("lookbackInterval", "seconds", "3600", "Seconds between two looks back at tags without news.", minimum=1),
    Option("until", "time", None, "A stream takes nothing later; run_until_caught_up sets it."),
    Option("maxTimePerTrigger", "seconds", None, "Most time of a tag or of event frames in one micro-batch.",
           minimum=0.001),
    Option("maxRowsPerTrigger", "integer", None, "Rows aimed at in one micro-batch, whole instants.", minimum=1),
    Option("refreshTags", "seconds", "600", "Seconds between two looks at patterns and queries of tags, at databases.",
           minimum=0),
    Option("abandonTags", "list", None, "Tags (names or WebIds) to let go although their events cannot be read."),
    Option("forgetTags", "list", None, "Tags (WebIds) no longer listed whose watermark is dropped."),
)  # fmt: skip


@dataclass(frozen=True)
class Streaming:
    """The settings of a stream.

    Attributes:
        poll_interval, settle_time, state_hold, refresh_tags: seconds.
        include_snapshot: whether the newest instant of a tag is read once it has settled.
        future_data: whether events later than the server's now are read.
        lookback: seconds before a watermark that are read again.
        lookback_interval: seconds between two rounds in which tags without news are read again, too.
        until: tick at which the stream ends for now, exclusive; None for no end.
        max_time_per_trigger: seconds of a tag in one micro-batch; None for no limit.
        max_rows_per_trigger: rows aimed at in one micro-batch; None for no limit.
        abandon_tags: tags left out of reading although the offset holds them.
        forget_tags: tags whose watermark is dropped.
    """

    poll_interval: float = 10.0
    settle_time: float = 5.0
    include_snapshot: bool = True
    state_hold: float = 0.0
    future_data: bool = False
    lookback: float = 0.0
    lookback_interval: float = 3600.0
    until: int | None = None
    max_time_per_trigger: float | None = None
    max_rows_per_trigger: int | None = None
    refresh_tags: float = 600.0
    abandon_tags: tuple[str, ...] = ()
    forget_tags: tuple[str, ...] = ()

    @classmethod
    def from_values(cls, values: Mapping[str, Any], now: int, zone: tzinfo) -> Streaming:
        """Build it from parsed options.

        Args:
            now: what `*` means, in ticks.
            zone: of times without one.

        Raises:
            PITimeError: a time that cannot be read.
        """
        return cls(
            poll_interval=values["pollInterval"],
            settle_time=values["settleTime"],
            include_snapshot=values["includeSnapshot"],
            state_hold=values["stateHold"],
            future_data=values["futureData"],
            lookback=values["lookback"],
            lookback_interval=values["lookbackInterval"],
            until=None if values["until"] is None else instant("until", values["until"], now, zone),
            max_time_per_trigger=values["maxTimePerTrigger"],
            max_rows_per_trigger=values["maxRowsPerTrigger"],
            refresh_tags=values["refreshTags"],
            abandon_tags=values["abandonTags"] or (),
            forget_tags=values["forgetTags"] or (),
        )
