"""The tables of samples and summaries: exact rows, however they are cut into partitions, questions and halves.

Expected rows are computed from the declared events in plain Python (`sampled_oracle`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mock_pi import Edges, Empty, Event, Every, Fault, Listed, MockPI, PISystem, Point, State, ticks_of
from oracle import assert_same
from pi_datasource.errors import PIOptionError, PITagError
from pi_datasource.options.sampling import SUMMARY_TYPES
from sampled_oracle import HOUR, SAMPLE, Line, expected_samples, rows_of, sample_row

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
FIRST, LAST = ticks_of(START), ticks_of(END)
TIMEOUT = State("I/O Timeout", 246, True)

FLOATS = [
    Point(f"F.{n}", "Float64", Every(7_000_000_000 + n, first="2025-12-30T00:00:00Z"), engineering_units="bar")
    for n in range(6)
]
INTEGER = Point("I", "Int32", Every(step_ticks=11_000_000_000, first="2025-12-30T00:00:00Z"))
STATE = Point("D", "Digital", Every(step_ticks=13_000_000_000, first="2025-12-30T00:00:00Z"))
TEXT = Point("S", "String", Every(step_ticks=17_000_000_000, first="2025-12-30T00:00:00Z"))
EMPTY = Point("NOTHING", "Float64", Empty())
#: Good from 0 to 10 over two hours, away for two hours, then 4.
GAPS = Point(
    "GAPS",
    "Float64",
    Listed(
        (
            Event(FIRST, 0.0),
            Event(FIRST + 2 * HOUR, 10.0),
            Event(FIRST + 3 * HOUR, TIMEOUT, good=False),
            Event(FIRST + 5 * HOUR, 4.0),
            Event(LAST + HOUR, 4.0),
        )
    ),
)
POINTS = [*FLOATS, INTEGER, STATE, TEXT, EMPTY, GAPS]
EDGE = Point("EDGE", "Float64", Edges(first=START))
SYSTEM = PISystem([*POINTS, EDGE], now=NOW)

#: How the reader is driven: server's limit, and options.
WAYS = {
    "default": ("wide", {}),
    "pages of 3": ("wide", {"pageSize": 3}),
    "server limit 3": ("narrow", {}),
    "small answers": ("wide", {"rowsPerResponse": 7, "tagsPerRequest": 2}),
    "one by one": ("wide", {"post": False}),
}


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, MockPI]]:
    with MockPI(SYSTEM) as wide, MockPI(SYSTEM, max_count=3) as narrow:
        yield {"wide": wide, "narrow": narrow}


@pytest.fixture(autouse=True)
def _fresh(served: dict[str, MockPI]) -> Iterator[None]:
    """No fault is left for the next test."""
    yield
    for pi in served.values():
        pi.faults.clear()


def asked(pi: MockPI, points: list[Point], **options: Any) -> dict[str, Any]:
    """Options of a read."""
    tags = json.dumps([point.name for point in points])
    ranged = {} if options["table"] in ("value", "end", "recorded_at_times") else {"startTime": START, "endTime": END}
    return {"url": pi.url, "tags": tags, **ranged, **options}


def samples(reading: Any) -> Counter[tuple[Any, ...]]:
    return Counter(rows_of(reading.batches))


def hours(every: int = 1) -> list[int]:
    return list(range(FIRST, LAST, every * HOUR))


class TestInterpolated:
    @pytest.mark.parametrize("partitions", [1, 8])
    @pytest.mark.parametrize("way", WAYS)
    def test_every_sample_once(self, served, driver, way, partitions) -> None:
        server, options = WAYS[way]
        reading = driver.read(
            **asked(served[server], POINTS, table="interpolated", numPartitions=partitions, **options)
        )
        assert_same(samples(reading), expected_samples(SYSTEM, POINTS, hours()))
        assert reading.rows == len(POINTS) * 24
        assert len(reading.partitions) == partitions
        for partition, batches in zip(reading.partitions, reading.by_partition, strict=True):
            planned = sum(sum(piece.range.start <= hour < piece.range.end for hour in hours())
                          for piece in partition.pieces)  # fmt: skip
            assert sum(batch.num_rows for batch in batches) == planned > 0

    def test_a_range_that_is_no_multiple_of_the_interval(self, served, driver) -> None:
        end = ticks_of("2026-01-01T10:20:00.0000001Z")
        options = asked(served["wide"], POINTS, table="interpolated", interval="20m", numPartitions=8)
        reading = driver.read(**options | {"endTime": "2026-01-01T10:20:00.0000001Z"})
        instants = list(range(FIRST, end, HOUR // 3))
        assert instants[-1] == end - 1
        assert_same(samples(reading), expected_samples(SYSTEM, POINTS, instants))

    def test_an_interval_longer_than_the_range_gives_its_start(self, served, driver) -> None:
        reading = driver.read(**asked(served["wide"], POINTS, table="interpolated", interval="2d", numPartitions=8))
        assert_same(samples(reading), expected_samples(SYSTEM, POINTS, [FIRST]))

    def test_an_empty_range_has_no_sample_and_a_tick_has_one(self, served, driver) -> None:
        options = asked(served["wide"], POINTS, table="interpolated")
        assert driver.read(**options | {"endTime": START}).rows == 0
        assert driver.read(**options | {"endTime": "2026-01-01T00:00:00.0000001Z"}).rows == len(POINTS)

    @pytest.mark.parametrize("partitions", [1, 4])
    def test_days_follow_the_clocks_of_the_zone(self, served, driver, partitions) -> None:
        zone = ZoneInfo("Europe/Berlin")
        reading = driver.read(
            **asked(served["wide"], FLOATS, table="interpolated", interval="1d", timeZone="Europe/Berlin",
                    numPartitions=partitions)
            | {"startTime": "2025-10-24", "endTime": "2025-10-30"}
        )  # fmt: skip
        midnights = [datetime(2025, 10, 24, tzinfo=zone) + timedelta(days=day) for day in range(6)]
        instants = [int(midnight.timestamp()) * 10_000_000 for midnight in midnights]
        assert instants[3] - instants[2] == 25 * HOUR
        assert_same(samples(reading), expected_samples(SYSTEM, FLOATS, instants))
        assert len(reading.partitions) == partitions

    def test_months_from_a_31st_are_never_cut(self, served, driver) -> None:
        reading = driver.read(
            **asked(served["wide"], FLOATS[:1], table="interpolated", interval="1mo", numPartitions=8)
            | {"startTime": "2025-10-31", "endTime": "2026-02-01"}
        )
        instants = [ticks_of(f"{day}T00:00:00Z") for day in ("2025-10-31", "2025-11-30", "2025-12-31", "2026-01-31")]
        # Beyond now there is no data.
        expected = expected_samples(SYSTEM, FLOATS[:1], instants[:3])
        expected[sample_row(FLOATS[0], Event(instants[3], State("No Data", 248, True), good=False))] += 1
        assert_same(samples(reading), expected)
        assert len(reading.partitions) == 1

    def test_a_filter_leaves_out_what_fails_it(self, served, driver) -> None:
        options = asked(served["wide"], [GAPS], table="interpolated", filterExpression="'.' > 5", interval="30m")
        expected = Counter(
            row for row in expected_samples(SYSTEM, [GAPS], list(range(FIRST, LAST, HOUR // 2)))
            if str(row[2]).startswith("float:") and float(str(row[2])[6:]) > 5
        )  # fmt: skip
        assert expected.total() == 3
        assert_same(samples(driver.read(**options)), expected)
        marked = driver.read(**options, includeFilteredValues=True)
        assert marked.rows == expected.total() + 2
        assert sum(row[4] == "Filtered" for row in rows_of(marked.batches)) == 2

    def test_columns_on_request(self, served, driver) -> None:
        reading = driver.read(
            **asked(served["wide"], FLOATS, table="interpolated", includeWebId=True, includePointId=True,
                    includeDescriptor=True, interval="12h")
        )  # fmt: skip
        rows = list(rows_of(reading.batches, ("tag", "point_id", "uom", "descriptor", "timestamp")))
        assert len(rows) == 12
        assert {row[:4] for row in rows} == {
            (point.name, SYSTEM.point(point.name).point_id, "bar", "") for point in FLOATS
        }
        assert {row[4].hour for row in rows} == {0, 12}
        assert all(web_id for (web_id,) in rows_of(reading.batches, ("web_id",)))


class TestPlot:
    @pytest.mark.parametrize("partitions", [1, 8])
    @pytest.mark.parametrize("way", ["default", "pages of 3", "one by one"])
    def test_what_draws_the_line(self, served, driver, way, partitions) -> None:
        """Two columns: of each the first, last, lowest, highest and bad event, with made-up values at both ends."""
        server, options = WAYS[way]
        reading = driver.read(
            **asked(served[server], FLOATS, table="plot", intervals=2, numPartitions=partitions, **options)
        )
        expected: Counter[tuple[Any, ...]] = Counter()
        middle = FIRST + (LAST - 1 - FIRST) // 2
        for point in FLOATS:
            line = Line(SYSTEM, point)
            events = [event for event in line.events if FIRST <= event.ticks < LAST]
            if events[0].ticks != FIRST:
                events.insert(0, line.at(FIRST))
            events.append(line.at(LAST - 1))
            for half in ([e for e in events if e.ticks < middle], [e for e in events if e.ticks >= middle]):
                assert len(half) > 40
                numbers = sorted((event for event in half if event.good), key=lambda event: event.value)
                shown = {half[0], half[-1], numbers[0], numbers[-1]}
                shown |= set([event for event in half if not event.good][:1])
                expected.update(sample_row(point, event) for event in shown)
        assert_same(samples(reading), expected)
        assert len(reading.partitions) == min(partitions, len(FLOATS))
        assert set(rows_of(reading.batches, ("seq",))) == {(0,)}

    def test_more_columns_than_the_server_plots(self, served, driver) -> None:
        with pytest.raises(PITagError, match="greater than the maximum allowed"):
            driver.read(**asked(served["narrow"], FLOATS, table="plot"))
        assert driver.read(**asked(served["narrow"], FLOATS, table="plot", intervals=3)).rows > 3 * len(FLOATS)


def long_rows(reading: Any) -> dict[tuple[str, int, str], tuple[Any, ...]]:
    names = ("tag", "ticks", "summary_type", "end_ticks", "value", "value_text", "good", "extreme_ticks")
    table = [row for batch in reading.batches for row in batch.select(names).to_pylist()]
    rows = {(row["tag"], row["ticks"], row["summary_type"]): tuple(row.values())[3:] for row in table}
    assert len(rows) == len(table)
    return rows


class TestSummary:
    @pytest.mark.parametrize("order", ["type", "time"])
    @pytest.mark.parametrize("partitions", [1, 8])
    @pytest.mark.parametrize("way", WAYS)
    def test_long(self, served, driver, way, partitions, order) -> None:
        server, options = WAYS[way]
        points = [*FLOATS, GAPS]
        served[server].set(summary_order=order)
        try:
            reading = driver.read(
                **asked(
                    served[server], points, table="summary", summaryDuration="2h", numPartitions=partitions, **options
                )
            )
        finally:
            served[server].set(summary_order="type")
        rows = long_rows(reading)
        assert len(rows) == len(points) * 12 * len(SUMMARY_TYPES) == reading.rows
        for point in points:
            line = Line(SYSTEM, point)
            for start in hours(2):
                for name, number in line.summary(start, start + 2 * HOUR).items():
                    end, value, text, good, extreme = rows[point.name, start, name]
                    assert (end, text, good) == (start + 2 * HOUR, None, True)
                    assert value == pytest.approx(number, rel=1e-9, abs=1e-9), (point.name, start, name)
                    if name in ("Minimum", "Maximum"):
                        assert start <= extreme <= end
                        assert line.at(extreme).value == pytest.approx(value)
                    else:
                        assert extreme is None
        assert len(reading.partitions) == partitions
        assert all(batches for batches in reading.by_partition)

    @pytest.mark.parametrize("partitions", [1, 8])
    def test_wide_says_the_same(self, served, driver, partitions) -> None:
        options = asked(served["wide"], POINTS, table="summary", summaryDuration="5h", numPartitions=partitions)
        long = long_rows(driver.read(**options))
        reading = driver.read(**options, summaryForm="wide")
        columns = {
            "Total": "total", "Average": "average", "Minimum": "minimum", "Maximum": "maximum", "Range": "range",
            "StdDev": "std_dev", "PopulationStdDev": "pop_std_dev", "Count": "count", "PercentGood": "percent_good",
        }  # fmt: skip
        wide = [row for batch in reading.batches for row in batch.to_pylist()]
        assert len(wide) == len(POINTS) * 5
        assert len(reading.partitions) == partitions
        for row in wide:
            for name, column in columns.items():
                end, value, _, _, extreme = long[row["tag"], row["ticks"], name]
                assert (row[column], row["end_ticks"]) == (value, end)
                if name in ("Minimum", "Maximum"):
                    assert row[f"{column}_ticks"] == extreme
            computed = row["tag"].startswith("F.") or row["tag"] in ("I", "GAPS")
            assert row["good"] is computed
            assert (row["value_text"] is None) == computed
        # The last interval is shorter.
        assert {row["end_ticks"] - row["ticks"] for row in wide} == {5 * HOUR, 4 * HOUR}

    def test_wide_has_the_types_asked_for(self, driver, served) -> None:
        options = asked(served["wide"], FLOATS, table="summary", summaryForm="wide", summaryTypes="count,Average")
        reading = driver.read(**options)
        assert reading.batches[0].schema.names == [
            "tag", "timestamp", "ticks", "end_ticks", "count", "average", "good", "value_text", "uom",
        ]  # fmt: skip
        assert reading.rows == len(FLOATS)

    def test_what_cannot_be_computed_is_a_bad_value_with_its_cause(self, served, driver) -> None:
        rows = long_rows(driver.read(**asked(served["wide"], [STATE, TEXT, EMPTY], table="summary")))
        assert len(rows) == 3 * len(SUMMARY_TYPES)
        for point in (STATE, TEXT):
            tag = point.name
            _, value, text, good, _ = rows[tag, FIRST, "Average"]
            assert (value, good) == (None, False)
            assert "not supported for a non-numeric stream" in text
            assert rows[tag, FIRST, "Count"][1:4] == (Line(SYSTEM, point).good_seconds(FIRST, LAST), None, True)
        assert rows["NOTHING", FIRST, "Maximum"][1:] == (
            None,
            "No good values were found in the interval.",
            False,
            None,
        )
        assert rows["NOTHING", FIRST, "Count"][1:4] == (0.0, None, True)

    def test_a_type_that_fails_in_the_answer_is_a_bad_value(self, served, driver) -> None:
        for kind in ("row_errors", "value_errors"):
            served["wide"].faults.add(
                Fault(kind, route="streams/summary", scope="sub", tag="F.1", message="Archive gone.")
            )
            rows = long_rows(
                driver.read(**asked(served["wide"], FLOATS, table="summary", summaryTypes="Average,Count"))
            )
            assert len(rows) == 2 * len(FLOATS)
            assert [row[1:4] for row in rows.values() if row[3] is False] == [
                (None, rows["F.1", FIRST, "Average"][2], False)
            ]
            assert "Archive gone." in rows["F.1", FIRST, "Average"][2]

    @pytest.mark.parametrize("partitions", [1, 8])
    def test_an_event_on_a_border_counts_once(self, served, driver, partitions) -> None:
        """Three events about every hour: on it and behind it belong to the hour that begins, before it to the other."""
        rows = long_rows(
            driver.read(
                **asked(served["wide"], [EDGE], table="summary", summaryDuration="1h", summaryTypes="Count",
                        calculationBasis="EventWeighted", numPartitions=partitions)
            )
        )  # fmt: skip
        good = [event.ticks for event in Line(SYSTEM, EDGE).events if event.good]
        expected = {hour: sum(hour <= tick < hour + HOUR for tick in good) for hour in hours()}
        assert {ticks: row[1] for (_, ticks, _), row in rows.items()} == expected
        assert max(expected.values()) == 3

    def test_a_filter_takes_values_out_of_a_summary(self, served, driver) -> None:
        line = Line(SYSTEM, FLOATS[0])
        good = sorted(event.value for event in line.events if FIRST <= event.ticks < LAST and event.good)
        middle = good[len(good) // 2]
        options = asked(served["wide"], FLOATS[:1], table="summary", calculationBasis="EventWeighted",
                        summaryTypes="Count,Maximum", filterExpression=f"'.' < {middle!r}")  # fmt: skip
        rows = long_rows(driver.read(**options))
        kept = [value for value in good if value < middle]
        assert 0 < len(kept) < len(good)
        assert rows["F.0", FIRST, "Count"][1] == len(kept)
        assert rows["F.0", FIRST, "Maximum"][1] == max(kept)

    def test_a_filter_looks_at_samples_when_asked_to(self, served, driver) -> None:
        """GAPS climbs from 0 to 10 in two hours and holds for one: by half hours it is above 4 from 1 h on."""
        options = asked(served["wide"], [GAPS], table="summary", summaryTypes="Count", filterExpression="'.' > 4")
        at_events = long_rows(driver.read(**options))["GAPS", FIRST, "Count"][1]
        sampled = long_rows(driver.read(**options, sampleType="Interval", sampleInterval="30m"))
        assert (at_events, sampled["GAPS", FIRST, "Count"][1]) == (3600.0, 2 * 3600.0)

    def test_integers_keep_their_extremes_exactly(self, served, driver) -> None:
        reading = driver.read(**asked(served["wide"], [INTEGER], table="summary", summaryTypes="Minimum,Average"))
        rows = dict(rows_of(reading.batches, ("summary_type", "value_long")))
        inside = [e.value for e in Line(SYSTEM, INTEGER).events if FIRST <= e.ticks < LAST and e.good]
        assert rows["Average"] is None
        assert rows["Minimum"] <= min(inside)
        assert isinstance(rows["Minimum"], int)

    def test_one_interval_more_than_the_server_allows(self, served, driver) -> None:
        served["narrow"].set(max_count=2)
        try:
            options = asked(served["narrow"], FLOATS, table="summary", summaryDuration="1h", summaryTypes="Average")
            assert driver.read(**options).rows == 24 * len(FLOATS)
        finally:
            served["narrow"].set(max_count=3)


class TestSingleValues:
    @pytest.mark.parametrize("partitions", [1, 8])
    @pytest.mark.parametrize("table", ["value", "end"])
    def test_the_newest(self, served, driver, table, partitions) -> None:
        options = asked(served["wide"], POINTS, table=table, numPartitions=partitions, tagsPerRequest=4)
        reading = driver.read(**options)
        now = ticks_of(NOW)
        expected: Counter[tuple[Any, ...]] = Counter()
        for point in POINTS:
            events = [event for event in Line(SYSTEM, point).events if event.ticks <= now]
            newest = events[-1] if events else Event(now, State("No Data", 248, True), good=False)
            expected[sample_row(point, newest)] += 1
        assert_same(samples(reading), expected)
        assert len(reading.partitions) == partitions
        assert all(batches for batches in reading.by_partition)

    @pytest.mark.parametrize("post", [True, False])
    def test_at_a_time(self, served, driver, post) -> None:
        time = "2026-01-01T05:30:00.0000001Z"
        reading = driver.read(**asked(served["wide"], POINTS, table="value", time=time, post=post))
        assert_same(samples(reading), expected_samples(SYSTEM, POINTS, [ticks_of(time)]))

    def test_a_range_is_refused(self, served, driver) -> None:
        for table, word in (("value", "option time"), ("end", "leaving it out"), ("recorded_at_times", "option times")):
            with pytest.raises(PIOptionError, match=f"startTime means nothing for table '{table}'.*{word}"):
                driver.read(**asked(served["wide"], FLOATS, table=table), startTime=START)


class TestRecordedAtTimes:
    TIMES = ("2026-01-01T12:00:00Z", "2026-01-01T00:00:00Z", "2025-12-30T00:00:00Z", "2026-01-01T03:00:00Z",
             "2026-01-01T04:59:59.9999999Z")  # fmt: skip

    def expected(self, points: list[Point], mode: str) -> Counter[tuple[Any, ...]]:
        found: Counter[tuple[Any, ...]] = Counter()
        for point in points:
            events = Line(SYSTEM, point).events
            for tick in map(ticks_of, self.TIMES):
                before = [e for e in events if e.ticks <= tick][-1:]
                strictly = [e for e in events if e.ticks < tick][-1:]
                after = [e for e in events if e.ticks >= tick][:1]
                behind = [e for e in events if e.ticks > tick][:1]
                exact = [e for e in before if e.ticks == tick]
                chosen = {"Auto": before or after, "AtOrBefore": before, "Before": strictly, "AtOrAfter": after,
                          "After": behind, "Exact": exact}[mode]  # fmt: skip
                if chosen:
                    found[(tick, *sample_row(point, chosen[0]))] += 1
                else:
                    found[tick, point.name, tick, None, None, "Value: No event was found at the specified time.", None,
                          "bool:False", "bool:False"] += 1  # fmt: skip
        return found

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("mode", ["Auto", "AtOrBefore", "Before", "AtOrAfter", "After", "Exact"])
    def test_each_mode(self, served, driver, mode, way) -> None:
        server, options = WAYS[way]
        reading = driver.read(
            **asked(served[server], POINTS, table="recorded_at_times", times=json.dumps(self.TIMES),
                    retrievalMode=mode.lower(), numPartitions=8, **options)
        )  # fmt: skip
        actual = Counter(rows_of(reading.batches, ("asked_ticks", *SAMPLE)))
        assert_same(actual, self.expected(POINTS, mode))
        assert reading.rows == len(POINTS) * len(self.TIMES)
        assert len(reading.partitions) == 8

    def test_without_times(self, served, driver) -> None:
        with pytest.raises(PIOptionError, match="needs option times"):
            driver.read(**asked(served["wide"], FLOATS, table="recorded_at_times"))


class TestCalculation:
    @pytest.mark.parametrize("partitions", [1, 8])
    @pytest.mark.parametrize("way", WAYS)
    def test_an_expression_for_each_tag(self, served, driver, way, partitions) -> None:
        server, options = WAYS[way]
        points = [*FLOATS, GAPS]
        reading = driver.read(
            **asked(served[server], points, table="calculation", expression="'.' * 2 + 1", interval="4h",
                    numPartitions=partitions, **options)
        )  # fmt: skip
        actual = {row[:2]: row[2] for row in rows_of(reading.batches)}
        assert reading.rows == len(actual) == len(points) * 6
        assert len(reading.partitions) == partitions
        for point in points:
            line = Line(SYSTEM, point)
            for tick in hours(4):
                value = line.at(tick).value
                found = actual[point.name, tick]
                if isinstance(value, float):
                    assert float(found[6:]) == pytest.approx(value * 2 + 1)
                else:
                    assert found is None

    def test_an_expression_without_tags(self, served, driver) -> None:
        name = SYSTEM.point("F.0").server or SYSTEM.data_servers[0]
        expression = rf"'\\{name}\F.0' - '\\{name}\F.1'"
        options = asked(served["wide"], [], table="calculation", expression=expression, interval="6h")
        options.pop("tags")
        reading = driver.read(**options)
        one, other = (Line(SYSTEM, point) for point in FLOATS[:2])
        rows = list(rows_of(reading.batches))
        assert [row[1] for row in rows] == hours(6)
        for row in rows:
            difference = one.at(row[1]).value - other.at(row[1]).value  # type: ignore[operator]
            assert (row[0], float(row[2][6:])) == (expression, pytest.approx(difference))

    @pytest.mark.parametrize(("tags", "expression", "words"), [
        (FLOATS, None, "needs option expression"),
        (FLOATS, "1 + 1", "the same for every tag"),
        ([], "'.' + 1", "is about a tag"),
    ])  # fmt: skip
    def test_what_makes_no_sense(self, served, driver, tags, expression, words) -> None:
        options = asked(served["wide"], tags, table="calculation")
        with pytest.raises(PIOptionError, match=words):
            driver.read(**options, **({} if expression is None else {"expression": expression}))


#: Table → its options, and rows of a tag at least.
TABLES: dict[str, tuple[dict[str, Any], int]] = {
    "interpolated": ({}, 24),
    "plot": ({"intervals": 1}, 2),
    "summary": ({"summaryDuration": "12h", "summaryTypes": "Average,Count"}, 4),
    "value": ({}, 1),
    "end": ({}, 1),
    "recorded_at_times": ({"times": f"{START},{END}"}, 2),
    "calculation": ({"expression": "'.' + 1", "interval": "6h"}, 4),
}


def fault_for(table: str) -> Fault:
    """A 403 for the tag F.3 in a batch."""
    if table == "calculation":  # of which the mock does not know whose it is: the fourth question
        return Fault(status=403, route="calculation/intervals", scope="sub", skip=3)
    route = f"streams/{table.replace('_', '')}"
    return Fault(status=403, route=route, scope="sub", tag="F.3", count=None)


@pytest.mark.parametrize("table", TABLES)
def test_a_tag_that_answers_403_fails_the_read(served, driver, table) -> None:
    served["wide"].faults.add(fault_for(table))
    with pytest.raises(PITagError, match=r"F\.3[\s\S]*403[\s\S]*onTagError=skip") as caught:
        driver.read(**asked(served["wide"], FLOATS, table=table, **TABLES[table][0]))
    assert list(caught.value.failures) == ["F.3"]


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("table", TABLES)
def test_a_tag_that_answers_403_is_skipped_and_told(served, driver, table, partitions) -> None:
    options, rows = TABLES[table]
    served["wide"].faults.add(fault_for(table))
    wanted = asked(served["wide"], FLOATS, table=table, onTagError="skip", errorColumn="why", **options)
    # Of calculations the mock does not know whose they are, so there the order has to be known.
    reading = driver.read(**wanted, numPartitions=1 if table == "calculation" else partitions)
    told = Counter(rows_of(reading.batches, ("tag", "ticks", "value", "why")))
    ((tag, *cells, why),) = [row for row in told if row[3] is not None]
    assert (tag, cells) == ("F.3", [None, None])
    assert "403" in why
    served["wide"].faults.clear()
    healthy = Counter(rows_of(driver.read(**wanted).batches, ("tag", "ticks", "value", "why")))
    assert {row[0] for row in healthy} == {point.name for point in FLOATS}
    assert healthy.total() >= rows * len(FLOATS)
    told[tag, None, None, why] -= 1
    assert +told == Counter({row: count for row, count in healthy.items() if row[0] != "F.3"})


@pytest.mark.parametrize("table", TABLES)
def test_unknown_tags_and_no_tags_left(served, driver, table) -> None:
    options = asked(served["wide"], [Point("NO SUCH")], table=table, **TABLES[table][0])
    with pytest.raises(PITagError, match="NO SUCH"):
        driver.read(**options)
    reading = driver.read(**options, onTagError="skip", errorColumn="why")
    ((tag, why),) = rows_of(reading.batches, ("tag", "why"))
    assert (tag, bool(why)) == ("NO SUCH", True)


@pytest.mark.parametrize(("table", "name", "value"), [
    ("recorded", "interval", "1h"), ("plot", "interval", "1h"), ("interpolated", "summaryTypes", "Average"),
    ("value", "times", "*"), ("end", "time", "*"), ("summary", "intervals", "5"), ("plot", "filterExpression", "1"),
])  # fmt: skip
def test_options_of_other_tables_are_refused(served, driver, table, name, value) -> None:
    with pytest.raises(PIOptionError, match=rf"option {name} = .* means nothing for table '{table}'"):
        driver.read(url=served["wide"].url, tags="F.0", table=table, **{name: value})


def test_a_slow_answer_is_asked_in_halves(served, driver) -> None:
    served["wide"].faults.add(Fault(status=504, route="streams/interpolated", scope="sub", count=5))
    reading = driver.read(**asked(served["wide"], FLOATS, table="interpolated"))
    assert_same(samples(reading), expected_samples(SYSTEM, FLOATS, hours()))


def test_many_tags_take_few_requests(served, driver) -> None:
    pi = served["wide"]
    pi.reset_stats()
    reading = driver.read(**asked(pi, POINTS, table="interpolated"))
    assert reading.rows == len(POINTS) * 24
    # The data servers, the look-up, one batch of samples.
    assert pi.stats().requests == 3
