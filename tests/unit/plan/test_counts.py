from __future__ import annotations

import logging

import pytest

from pi_datasource.errors import PIBadAnswerError, PIConnectionError, PILoginError, PIServerError, PITimeoutError
from pi_datasource.plan import counts
from pi_datasource.plan.counts import COUNT_ALL, COUNTS_PER_BATCH, LONGEST_COUNTED, SAMPLE, expect
from pi_datasource.plan.partitions import Chunk, Piece
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TICKS_PER_SECOND, TimeRange, format_ticks, parse_iso
from pi_datasource.times.ticks import TICKS_PER_DAY
from tests.unit.webapi.fakes import Archive, Event, FakeClient, Said

START = parse_iso("2026-01-01")
DAY = TimeRange(START, START + TICKS_PER_DAY)


def streams(count: int) -> list[Stream]:
    return [Stream(f"W{number}", f"T{number}", "float") for number in range(count)]


def said(rows: object) -> Said:
    return Said(200, {"Items": [{"Type": "Count", "Value": {"Timestamp": "2026-01-01T00:00:00Z", "Value": rows}}]})


def asked_ids(client: FakeClient) -> list[str]:
    singles = [asked.path[1] for asked in client.gets]
    return singles + [asked.path[1] for batch in client.batches for asked in batch.values()]


def rows(
    client: FakeClient, count: int, window: TimeRange = DAY, per: int = 100_000, fixed: bool = False
) -> list[float]:
    wanted = streams(count)
    found = expect(client, Chunk.of(wanted, window).pieces, per, parts_fixed=fixed)
    assert [item.stream for item in found] == wanted
    assert {item.range for item in found} == {window}
    return [item.rows for item in found]


class TestWhenAsked:
    def test_not_when_all_plausibly_fits_one_partition(self) -> None:
        client = FakeClient(lambda _: said(5))
        assert rows(client, 10, per=10 * 86_400) == [86_400.0] * 10
        assert asked_ids(client) == []

    def test_when_it_may_not_fit(self) -> None:
        client = FakeClient(lambda _: said(5))
        assert rows(client, 10, per=10 * 86_400 - 1) == [5.0] * 10
        assert len(asked_ids(client)) == 10

    def test_not_for_one_stream_when_the_user_fixed_the_number_of_partitions(self) -> None:
        client = FakeClient(lambda _: said(5))
        assert rows(client, 1, per=10, fixed=True) == [86_400.0]
        assert asked_ids(client) == []

    def test_for_several_streams_of_a_fixed_number_of_partitions(self) -> None:
        client = FakeClient(lambda asked: said(int(asked.path[1][1:]) * 10))
        assert rows(client, 4, per=10, fixed=True) == [1.0, 10.0, 20.0, 30.0]

    def test_not_where_post_is_blocked(self) -> None:
        client = FakeClient(lambda _: said(5), post=False)
        assert rows(client, 10, per=10) == [86_400.0] * 10
        assert asked_ids(client) == []


class TestWhatIsAsked:
    def test_the_count_of_events_in_the_range_in_bulk(self) -> None:
        day = [Event(START + second * TICKS_PER_SECOND, second) for second in range(0, 86_400, 60)]
        archive = Archive({f"W{number}": day[: number * 100] for number in range(10)})
        client = FakeClient(archive)
        assert rows(client, 10) == [1.0, *[float(number * 100) for number in range(1, 10)]]
        assert len(client.batches) == 1
        [asked, *_] = client.batches[0].values()
        assert asked.path[2] == "summary"
        assert asked.query["startTime"] == format_ticks(DAY.start)
        assert asked.query["endTime"] == format_ticks(DAY.end)

    def test_no_batch_holds_more_than_its_share(self) -> None:
        client = FakeClient(lambda _: said(5))
        rows(client, COUNTS_PER_BATCH * 2 + 1)
        assert [len(batch) for batch in client.batches] == [COUNTS_PER_BATCH] * 2
        assert len(client.gets) == 1
        assert len(set(asked_ids(client))) == COUNTS_PER_BATCH * 2 + 1

    def test_all_of_a_few_thousand_streams(self) -> None:
        client = FakeClient(lambda _: said(5))
        assert rows(client, COUNT_ALL) == [5.0] * COUNT_ALL
        assert len(asked_ids(client)) == COUNT_ALL

    def test_a_sample_from_all_over_the_list_of_more_and_its_mean_for_the_rest(self) -> None:
        client = FakeClient(lambda asked: said(100 if int(asked.path[1][1:]) % 2 else 300))
        total = COUNT_ALL + 1
        found = rows(client, total)
        numbers = [int(name[1:]) for name in asked_ids(client)]
        assert len(numbers) == len(set(numbers)) == SAMPLE
        assert min(numbers) < total * 0.05
        assert max(numbers) > total * 0.95
        mean = sum(100 if number % 2 else 300 for number in numbers) / SAMPLE
        rest = [some for number, some in enumerate(found) if number not in set(numbers)]
        assert rest == [pytest.approx(mean)] * (total - SAMPLE)
        assert [found[number] for number in numbers] == [100.0 if number % 2 else 300.0 for number in numbers]

    def test_of_a_long_range_only_the_last_part_scaled_up(self) -> None:
        long = TimeRange(DAY.end - 4 * LONGEST_COUNTED, DAY.end)
        client = FakeClient(lambda _: said(1000))
        assert rows(client, 3, long) == [pytest.approx(4000.0)] * 3
        [batch] = client.batches
        assert {asked.query["startTime"] for asked in batch.values()} == {format_ticks(DAY.end - LONGEST_COUNTED)}
        assert {asked.query["endTime"] for asked in batch.values()} == {format_ticks(DAY.end)}

    def test_each_stream_in_its_own_range_and_the_rest_by_the_rate(self) -> None:
        hour = TimeRange(START, START + TICKS_PER_DAY // 24)
        client = FakeClient(lambda asked: Said(404, {}) if asked.path[1] in ("W2", "W3") else said(96))
        wanted = [Piece(stream, (DAY, hour)[number % 2]) for number, stream in enumerate(streams(4))]
        found = expect(client, wanted, 10, parts_fixed=False)
        assert [(piece.stream, piece.range) for piece in found] == [(piece.stream, piece.range) for piece in wanted]
        rate = 2 * 96 / 25  # an hour
        assert [piece.rows for piece in found] == [96.0, 96.0, pytest.approx(24 * rate), pytest.approx(rate)]
        [batch] = client.batches
        assert [asked.query["endTime"] for asked in batch.values()] == [
            format_ticks(piece.range.end) for piece in wanted
        ]


class TestFailingCounts:
    def test_a_stream_that_cannot_be_counted_is_planned_as_average(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "pi_datasource")
        answers = {"W0": said(100), "W1": Said(409, {"Errors": ["unsupported"]}), "W2": said(300), "W3": Said(404, {})}
        assert rows(FakeClient(lambda asked: answers[asked.path[1]]), 4) == [100.0, 200.0, 300.0, 200.0]
        assert "2 of 4 streams could not be counted" in caplog.text

    @pytest.mark.parametrize(
        "odd",
        [
            said(None),
            said("many"),
            said({"Errors": ["Calculation failed."]}),
            said({"Name": "No Data", "Value": 248, "IsSystem": True}),
            Said(200, {"Items": []}),
            Said(200, {}),
            Said(200, {"Items": [{"Type": "Total", "Value": {"Timestamp": "x", "Value": 5}}]}),
            Said(200, {"Items": [{"Type": "Count", "Value": None}]}),
        ],
        ids=repr,
    )
    def test_an_answer_that_is_no_number_is_no_count(self, odd: Said) -> None:
        client = FakeClient(lambda asked: odd if asked.path[1] == "W1" else said(70))
        assert rows(client, 3) == [70.0, 70.0, 70.0]

    def test_when_none_can_be_counted_all_are_plausible(self) -> None:
        client = FakeClient(lambda _: Said(409, {}))
        assert rows(client, 3) == [86_400.0] * 3

    @pytest.mark.parametrize(
        "failure",
        [
            PITimeoutError("slow"),
            PIServerError("asleep", status=503),
            PIServerError("failed", status=500),
            PIConnectionError("reset"),
            PIBadAnswerError("no JSON"),
        ],
        ids=repr,
    )
    def test_a_server_for_which_it_is_too_much_does_not_stop_the_plan(self, failure: Exception) -> None:
        def befalls(_: list[str]) -> None:
            if len(client.batches) > 1:
                raise failure

        client = FakeClient(lambda _: said(5), befalls)
        found = rows(client, COUNTS_PER_BATCH * 3)
        assert found == [5.0] * COUNTS_PER_BATCH * 3
        # Nothing more is asked once it was too much.
        assert {frozenset(batch) for batch in client.batches[1:]} == {frozenset(client.batches[1])}

    def test_a_refused_login_stops_it(self) -> None:
        def befalls(_: list[str]) -> None:
            raise PILoginError("who?", status=401)

        with pytest.raises(PILoginError):
            rows(FakeClient(lambda _: said(5), befalls), 3)


def test_the_limits_of_planning_are_what_the_tests_above_take_them_for() -> None:
    assert counts.PLAUSIBLE_RATE == 1.0
    assert SAMPLE < COUNT_ALL
