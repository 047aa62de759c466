"""What the tables of computed and chosen values need to be told: intervals, kinds of summary, instants, equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from pi_datasource.errors import PIOptionError, PITimeError
from pi_datasource.options.declare import Option, grouped
from pi_datasource.options.reading import instant
from pi_datasource.times import Span

#: What can be computed of an interval, as PI names it. (TotalWithUOM is Total under another name.)
SUMMARY_TYPES = (
    "Total", "Average", "Minimum", "Maximum", "Range", "StdDev", "PopulationStdDev", "Count", "PercentGood",
)  # fmt: skip
#: Names that stand for several.
SUMMARY_GROUPS = {"all": SUMMARY_TYPES, "allfornonnumeric": ("Count", "PercentGood")}

CALCULATION_BASES = (
    "TimeWeighted", "EventWeighted", "TimeWeightedContinuous", "TimeWeightedDiscrete",
    "EventWeightedExcludeMostRecentEvent", "EventWeightedExcludeEarliestEvent", "EventWeightedIncludeBothEnds",
)  # fmt: skip
RETRIEVAL_MODES = ("Auto", "AtOrBefore", "Before", "AtOrAfter", "After", "Exact")
SAMPLE_TYPES = ("ExpressionRecordedValues", "Interval")

_SUMMARY = ("summary",)
_FILTERED = ("recorded", "interpolated", "summary")

SAMPLING_OPTIONS = grouped(
    "Samples and summaries",
    Option(
        "interval", "text", "1h", "Distance of interpolated or calculated values, such as 15m, 1h or 1d.",
        tables=("interpolated", "calculation"),
    ),
    Option("intervals", "integer", "24", "Columns of pixels that a plot has.", minimum=1, tables=("plot",)),
    Option("time", "time", None, "Instant of the value; without it the newest.", tables=("value",)),
    Option("times", "list", None, "Instants to read at: PI times or ISO 8601.", tables=("recorded_at_times",)),
    Option(
        "retrievalMode", "choice", "Auto", "Which event an instant means: " + ", ".join(RETRIEVAL_MODES) + ".",
        choices=RETRIEVAL_MODES, tables=("recorded_at_times",),
    ),
    Option(
        "summaryTypes", "list", "All", "What to compute: All, or some of " + ", ".join(SUMMARY_TYPES) + ".",
        tables=_SUMMARY,
    ),
    Option("summaryDuration", "text", None, "Length of a summary; without it the whole range is one.", tables=_SUMMARY),
    Option(
        "summaryForm", "choice", "long", "long: a row for each type; wide: a column for each type.",
        choices=("long", "wide"), tables=_SUMMARY,
    ),
    Option(
        "calculationBasis", "choice", "TimeWeighted", "How values are weighted, by time or by event, in PI's words.",
        choices=CALCULATION_BASES, tables=_SUMMARY,
    ),
    Option(
        "sampleType", "choice", "ExpressionRecordedValues", "Where filterExpression is evaluated: events, or Interval.",
        choices=SAMPLE_TYPES, tables=_SUMMARY,
    ),
    Option("sampleInterval", "text", None, "Distance of these samples; needs sampleType=Interval.", tables=_SUMMARY),
    Option(
        "expression", "text", None, "Performance equation to calculate; '.' in it is the tag.", tables=("calculation",),
    ),
    Option("filterExpression", "text", None, "Condition that the server applies to values.", tables=_FILTERED),
    Option(
        "includeFilteredValues", "boolean", "false", "Marks where values were filtered out.", tables=("interpolated",),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Sampling:
    """What to compute or choose.

    Attributes:
        interval: distance of interpolated or calculated values.
        intervals: columns of a plot.
        time: tick of a value; None for the newest.
        times: ticks to read at, in order, each once.
        retrieval_mode: which event an instant means, in PI's words.
        summary_types: what to compute, in PI's words.
        summary_duration: length of a summary; None for the whole range.
        summary_form: `long` or `wide`.
        calculation_basis, sample_type: in PI's words.
        sample_interval: distance of the samples at which a filter is evaluated.
        expression: performance equation.
        filter_expression: condition for values.
        include_filtered_values: whether a mark stays where values were filtered out.
    """

    interval: Span
    intervals: int = 24
    time: int | None = None
    times: tuple[int, ...] = ()
    retrieval_mode: str = "Auto"
    summary_types: tuple[str, ...] = SUMMARY_TYPES
    summary_duration: Span | None = None
    summary_form: str = "long"
    calculation_basis: str = "TimeWeighted"
    sample_type: str = "ExpressionRecordedValues"
    sample_interval: Span | None = None
    expression: str | None = None
    filter_expression: str | None = None
    include_filtered_values: bool = False

    @classmethod
    def from_values(cls, values: Mapping[str, Any], now: int, zone: tzinfo) -> Sampling:
        """Build it from parsed options.

        Args:
            now: what `*` means, in ticks.
            zone: of times without one.

        Raises:
            PITimeError: a time or a length of time that cannot be read.
            PIOptionError: a kind of summary that there is not, or options that contradict each other.
        """
        if (values["sampleType"] == "Interval") != (values["sampleInterval"] is not None):
            raise PIOptionError(
                f"options contradict each other: sampleType = {values['sampleType']!r}, sampleInterval = "
                f"{values['sampleInterval']!r}; accepted is sampleType=Interval together with a sampleInterval, or "
                "neither of them"
            )
        interval = _span(values, "interval")
        assert interval is not None
        return cls(
            interval=interval,
            intervals=values["intervals"],
            time=None if values["time"] is None else instant("time", values["time"], now, zone),
            times=tuple(sorted({instant("times", text, now, zone) for text in values["times"] or ()})),
            retrieval_mode=values["retrievalMode"],
            summary_types=_types(values["summaryTypes"]),
            summary_duration=_span(values, "summaryDuration"),
            summary_form=values["summaryForm"],
            calculation_basis=values["calculationBasis"],
            sample_type=values["sampleType"],
            sample_interval=_span(values, "sampleInterval"),
            expression=values["expression"],
            filter_expression=values["filterExpression"],
            include_filtered_values=values["includeFilteredValues"],
        )


def _span(values: Mapping[str, Any], name: str) -> Span | None:
    if values[name] is None:
        return None
    try:
        return Span.parse(values[name])
    except PITimeError as error:
        raise PITimeError(f"option {name}: {error}") from None


def _types(names: tuple[str, ...]) -> tuple[str, ...]:
    known = {**SUMMARY_GROUPS, **{name.lower(): (name,) for name in SUMMARY_TYPES}}
    wrong = [name for name in names if name.lower() not in known]
    if wrong or not names:
        raise PIOptionError(
            f"option summaryTypes: {', '.join(map(repr, wrong)) or 'an empty list'} is not accepted; accepted are All, "
            f"AllForNonNumeric and {', '.join(SUMMARY_TYPES)}"
        )
    return tuple(dict.fromkeys(one for name in names for one in known[name.lower()]))
