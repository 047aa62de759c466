from __future__ import annotations

from collections.abc import Callable

import pytest

from pi_datasource.errors import PIOptionError, PITimeError
from pi_datasource.options import PIOptions, Sampling
from pi_datasource.options.sampling import SUMMARY_TYPES
from pi_datasource.times import Span, parse_iso

Parse = Callable[..., PIOptions]


def test_defaults_are_declared_and_coded_alike(parse: Parse) -> None:
    assert parse().sampling == Sampling(Span.parse("1h"))


def test_all_of_it(parse: Parse) -> None:
    sampling = parse(
        table="summary", summaryTypes="average,COUNT,Average", summaryDuration="1 d", summaryForm="Wide",
        calculationBasis="eventweighted", sampleType="interval", sampleInterval="10s", filterExpression="'.' > 1",
    ).sampling  # fmt: skip
    assert sampling == Sampling(
        Span.parse("1h"), summary_types=("Average", "Count"), summary_duration=Span.parse("1d"), summary_form="wide",
        calculation_basis="EventWeighted", sample_type="Interval", sample_interval=Span.parse("10s"),
        filter_expression="'.' > 1",
    )  # fmt: skip


def test_times_are_in_order_each_once(parse: Parse) -> None:
    found = parse(table="recorded_at_times", times="t, y+8h, 2026-03-31T00:00:00Z", retrievalMode="exact").sampling
    assert found.times == (parse_iso("2026-03-30T08:00Z"), parse_iso("2026-03-31T00:00Z"))
    assert found.retrieval_mode == "Exact"
    assert parse(table="value", time="y").sampling.time == parse_iso("2026-03-30T00:00Z")


@pytest.mark.parametrize(
    ("text", "types"),
    [("All", SUMMARY_TYPES), ("allfornonnumeric", ("Count", "PercentGood")), ("Range,all", ("Range", *[
        name for name in SUMMARY_TYPES if name != "Range"]))],
)  # fmt: skip
def test_groups_of_types(parse: Parse, text: str, types: tuple[str, ...]) -> None:
    assert parse(table="summary", summaryTypes=text).sampling.summary_types == types


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        ({"table": "interpolated", "interval": "soon"}, PITimeError, r"option interval: 'soon' is no length of time"),
        ({"table": "summary", "summaryDuration": "0s"}, PITimeError, r"option summaryDuration: '0s'"),
        ({"table": "summary", "summaryTypes": "Mean"}, PIOptionError, r"summaryTypes: 'Mean' .* Average"),
        ({"table": "summary", "sampleType": "Interval"}, PIOptionError, r"sampleInterval = None"),
        ({"table": "summary", "sampleInterval": "1s"}, PIOptionError, r"contradict each other: sampleType"),
        ({"table": "recorded_at_times", "times": "01/02/2026"}, PITimeError, r"option times: .*2026-02-01"),
        ({"table": "value", "time": "noon"}, PITimeError, r"option time: "),
        ({"table": "plot", "intervals": "0"}, PIOptionError, r"intervals: '0' is too small"),
        ({"table": "recorded_at_times", "retrievalMode": "Nearest"}, PIOptionError, r"Auto, AtOrBefore"),
    ],
)
def test_wrong_values_are_named(parse: Parse, options: dict[str, str], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        parse(options)
