from __future__ import annotations

from pi_datasource.options import Sampling
from pi_datasource.times import Span, TimeRange, parse_iso
from pi_datasource.webapi import samples
from tests.unit.webapi.fakes import Asked

WINDOW = TimeRange(parse_iso("2026-01-01T00:00Z"), parse_iso("2026-01-02T00:00Z"))
BEFORE_THE_END = "2026-01-01T23:59:59.9999999Z"


def sampling(**options: object) -> Sampling:
    return Sampling(Span.parse("15m"), **options)  # type: ignore[arg-type]


def parameters(route: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in Asked(route).pairs:
        found.setdefault(name, []).append(value)
    return found


def test_samples_plots_and_calculations_stop_a_tick_before_the_end() -> None:
    for route, path in (
        (samples.interpolated("W", WINDOW, "UTC", sampling(), ("Good",)), "streams/W/interpolated"),
        (samples.plot("W", WINDOW, "UTC", sampling(), ("Good",)), "streams/W/plot"),
        (samples.calculation("1+1", WINDOW, "UTC", sampling(), ("Good",)), "calculation/intervals"),
    ):
        found = parameters(route)
        assert "/".join(Asked(route).path) == path
        assert found["startTime"] == ["2026-01-01T00:00:00.0000000Z"]
        assert found["endTime"] == [BEFORE_THE_END]
        assert found["timeZone"] == ["UTC"]
        fields = found["selectedFields"][0].split(";")
        assert {"Items.Timestamp", "Items.Value", "Items.Good", "Items.Errors", "Errors", "WebException"} <= {*fields}


def test_a_summary_has_the_whole_time_unless_events_weigh() -> None:
    whole = parameters(samples.summary("W", WINDOW, "UTC", sampling(summary_types=("Count", "Average"))))
    assert whole["endTime"] == ["2026-01-02T00:00:00.0000000Z"]
    assert whole["summaryType"] == ["Count", "Average"]
    assert not {"summaryDuration", "sampleType", "filterExpression"} & {*whole}
    by_event = parameters(samples.summary("W", WINDOW, "UTC", sampling(calculation_basis="EventWeighted")))
    assert by_event["endTime"] == [BEFORE_THE_END]


def test_what_is_asked_only_when_it_is_wanted() -> None:
    chosen = sampling(
        filter_expression="'.' > 5 & 1", include_filtered_values=True, summary_duration=Span.parse("1d"),
        sample_type="Interval", sample_interval=Span.parse("1s"),
    )  # fmt: skip
    interpolated = parameters(samples.interpolated("W", WINDOW, "Europe/Berlin", chosen, ()))
    assert (interpolated["filterExpression"], interpolated["includeFilteredValues"]) == (["'.' > 5 & 1"], ["true"])
    assert interpolated["interval"] == ["15m"]
    summary = parameters(samples.summary("W", WINDOW, "UTC", chosen))
    assert (summary["summaryDuration"], summary["sampleType"], summary["sampleInterval"]) == (
        ["1d"],
        ["Interval"],
        ["1s"],
    )
    assert "time" not in parameters(samples.value("W", None, ()))
    assert parameters(samples.value("W", WINDOW.start, ()))["time"] == ["2026-01-01T00:00:00.0000000Z"]


def test_instants_are_asked_in_their_order() -> None:
    found = parameters(samples.recorded_at_times("W", (WINDOW.start, WINDOW.end), "Exact", ()))
    assert found["time"] == ["2026-01-01T00:00:00.0000000Z", "2026-01-02T00:00:00.0000000Z"]
    assert found["retrievalMode"] == ["Exact"]
