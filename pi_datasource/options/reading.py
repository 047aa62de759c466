"""How to read: the range of time, the size of pages and partitions, what to do with tags that fail, further columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timezone, tzinfo
from typing import Any

from pi_datasource.errors import PIOptionError, PITimeError
from pi_datasource.options.declare import Given, Option, grouped
from pi_datasource.times import TimeRange, parse_time, short_text, zone_of

READING_OPTIONS = (
    *grouped(
        "When",
        Option("startTime", "time", "*-1d", "Start of the range, included: PI time or ISO 8601."),
        Option("endTime", "time", "*", "End of the range, not included: PI time or ISO 8601."),
        Option("startTimes", "json", None, "Tags with a startTime of their own: a JSON object of tags and times.",
               tables=("recorded",), in_environment=False),
        Option("timeZone", "text", "UTC", "Zone (IANA or Windows name) of midnights and of times without one."),
    ),
    *grouped(
        "Pages and partitions",
        Option("pageSize", "integer", None, "Events of a tag in a page (PI's maxCount); all are read.", minimum=1),
        Option("tagsPerRequest", "integer", None,
               "Tags in one batch request; by default 100, or up to 500 where few events are expected of each.",
               minimum=1, maximum=10_000),
        Option("rowsPerResponse", "integer", "50000", "Events in one answer; pages are sized by it.", minimum=1),
        Option("rowsPerPartition", "integer", "500000", "Events in one partition.", minimum=1),
        Option("numPartitions", "integer", None, "Partitions, when not to be planned.", minimum=1, maximum=10_000),
    ),
    *grouped(
        "Rows and columns",
        Option("boundaryType", "choice", "Inside", "Outside: also the last event before the range and the next behind.",
               choices=("Inside", "Outside"), planned_choices=("Interpolated",), tables=("recorded",)),
        Option("onTagError", "choice", "fail", "fail the read, or skip the tag that fails.", choices=("fail", "skip")),
        Option("errorColumn", "text", None, "Column for the cause of each skipped tag; needs onTagError=skip."),
        Option("tagFormat", "choice", "name", r"Column tag: name, or path as \\server\tag.", choices=("name", "path")),
        Option("includeWebId", "boolean", "false", "Adds column web_id."),
        Option("includePointId", "boolean", "false", "Adds column point_id, which survives renames."),
        Option("includeDescriptor", "boolean", "false", "Adds column descriptor."),
        Option("includeElement", "boolean", "false",
               "Adds column element_path, for AF attributes; for event frames primary_element and its path."),
        Option("includeAnnotations", "boolean", "false", "Adds column annotations, the notes on events.",
               tables=("recorded",)),
    ),
)  # fmt: skip

#: Tags in one batch request, unless option tagsPerRequest says otherwise; clients in the field send up to 1,000.
TAGS_PER_REQUEST, QUIET_TAGS_PER_REQUEST = 100, 500


@dataclass(frozen=True)
class Reading:
    """How rows are read.

    Attributes:
        time_range: what is read, half-open, in ticks; resolved once, so that no request sees another "now".
        now: what `*` means, in ticks.
        time_zone: name of the zone as given, for the server.
        tz: that zone.
        page_size: most events of a tag in one answer; None to choose.
        tags_per_request: most tags in one batch request; None to choose.
        rows_per_response, rows_per_partition: events aimed at, not a limit on what is read.
        num_partitions: instead of a planned number; None to plan.
        on_tag_error: `fail` or `skip`.
        error_column: column that tells why a tag was skipped, or None.
        tag_format: `name` or `path`.
        boundary_type: `Inside`, or `Outside` for the events next to the range as well.
        start_times: tag, as it was written → tick at which its own range starts.
    """

    time_range: TimeRange
    time_zone: str = "UTC"
    tz: tzinfo = timezone.utc
    page_size: int | None = None
    tags_per_request: int | None = None
    rows_per_response: int = 50_000
    rows_per_partition: int = 500_000
    num_partitions: int | None = None
    on_tag_error: str = "fail"
    error_column: str | None = None
    tag_format: str = "name"
    include_web_id: bool = False
    include_point_id: bool = False
    include_descriptor: bool = False
    include_element: bool = False
    include_annotations: bool = False
    boundary_type: str = "Inside"
    start_times: Mapping[str, int] = field(default_factory=dict)
    now: int = field(default=0, compare=False)

    @classmethod
    def from_values(cls, values: Mapping[str, Any], now: int) -> Reading:
        """Build it from parsed options.

        Args:
            now: what `*` means, in ticks.

        Raises:
            PITimeError: a time that cannot be read.
            PIOptionError: no such zone, a start after the end, or options that contradict each other.
        """
        if values["errorColumn"] is not None and values["onTagError"] != "skip":
            raise PIOptionError(
                f"options contradict each other: errorColumn = {values['errorColumn']!r} tells of skipped tags, and "
                f"onTagError={values['onTagError']} skips none; accepted is errorColumn with onTagError=skip"
            )
        zone = _zone(values["timeZone"])
        return cls(
            time_range=_range(values["startTime"], values["endTime"], now, zone),
            now=now,
            start_times=_start_times(values["startTimes"] or {}, now, zone),
            time_zone=values["timeZone"],
            tz=zone,
            page_size=values["pageSize"],
            tags_per_request=values["tagsPerRequest"],
            rows_per_response=values["rowsPerResponse"],
            rows_per_partition=values["rowsPerPartition"],
            num_partitions=values["numPartitions"],
            on_tag_error=values["onTagError"],
            error_column=values["errorColumn"],
            tag_format=values["tagFormat"],
            include_web_id=values["includeWebId"],
            include_point_id=values["includePointId"],
            include_descriptor=values["includeDescriptor"],
            include_element=values["includeElement"],
            include_annotations=values["includeAnnotations"],
            boundary_type=values["boundaryType"],
        )

    @property
    def tags_at_once(self) -> int:
        """Most tags in one batch request."""
        return self.tags_per_request or TAGS_PER_REQUEST

    @property
    def quiet_tags_at_once(self) -> int:
        """The same where little comes of each."""
        return self.tags_per_request or QUIET_TAGS_PER_REQUEST


def overruled_columns(given: Mapping[str, Given]) -> set[str]:
    """An errorColumn from the environment loses against an onTagError=fail of the reader, and the other way round."""
    both = given.get("errorColumn"), given.get("onTagError")
    if both[0] is None or both[1] is None or bool(both[0].variable) == bool(both[1].variable):
        return set()
    loser = both[0] if both[0].variable else both[1]
    return {loser.option.name} if both[1].text.strip().lower() != "skip" else set()


def _zone(name: str) -> tzinfo:
    try:
        return zone_of(name)
    except PIOptionError as error:
        raise PIOptionError(f"option timeZone: {error}") from None


def _range(start: str, end: str, now: int, zone: tzinfo) -> TimeRange:
    first, last = instant("startTime", start, now, zone), instant("endTime", end, now, zone)
    if first > last:
        raise PIOptionError(
            f"option startTime = {start!r} ({short_text(first)}) is after option endTime = {end!r} "
            f"({short_text(last)}); accepted is a start before the end"
        )
    return TimeRange(first, last)


def _start_times(texts: Mapping[str, str], now: int, zone: tzinfo) -> dict[str, int]:
    return {tag: instant(f"startTimes: {tag}", text, now, zone) for tag, text in texts.items()}


def instant(name: str, text: str, now: int, zone: tzinfo) -> int:
    """The tick that an option of this name means.

    Raises:
        PITimeError: the text is no time.
    """
    try:
        return parse_time(text, now, zone)
    except PITimeError as error:
        raise PITimeError(f"option {name}: {error}") from None
