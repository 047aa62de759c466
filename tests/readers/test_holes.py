"""What an independent reviewer found: ways in which rows could be missing without a word."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mock_pi import Dense, Empty, Event, Fault, Listed, MockPI, PISystem, Point, State, ticks_of
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.errors import PIInstantError
from pi_datasource.webapi.client import Client

START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-01T10:00:00Z", "2026-01-02T00:00:00Z"
INSTANT = ticks_of("2026-01-01T05:00:00Z")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in between that asks for 500 events at most, and says nothing of it."""
    send = Client._send

    def limited(self: Client, method: str, route: str, body: bytes, *more: Any) -> Any:
        def cut(text: str) -> str:
            return re.sub(r"maxCount=(\d+)", lambda found: f"maxCount={min(int(found[1]), 500)}", text)

        return send(self, method, cut(route), cut(body.decode()).encode(), *more)

    monkeypatch.setattr(Client, "_send", limited)


def crowded(events: int) -> Point:
    """So many events at one instant, with one before and one after."""
    there = (Event(INSTANT - 7, 0.25), *(Event(INSTANT, float(n)) for n in range(events)), Event(INSTANT + 7, 0.75))
    return Point("CROWDED", "Float64", Listed(there))


@pytest.mark.parametrize("events", [499, 500, 501, 999, 1_000])
def test_an_instant_behind_a_limit_that_is_not_told_comes_whole(driver: Any, gateway: None, events: int) -> None:
    system = PISystem([crowded(events)], now=NOW)
    with MockPI(system) as pi:
        reading = driver.read(url=pi.url, tags="CROWDED", startTime=START, endTime=END)
        assert_same(actual_rows(reading.batches), expected_rows(system, system.points, START, END))


def test_an_instant_beyond_what_two_sides_reach_fails_by_name(driver: Any, gateway: None) -> None:
    with (
        MockPI(PISystem([crowded(1_201)], now=NOW)) as pi,
        pytest.raises(PIInstantError, match=r"CROWDED.*more than the 500 events"),
    ):
        driver.read(url=pi.url, tags="CROWDED", startTime=START, endTime=END)


def test_what_comes_of_a_skipped_tag_ends_where_it_fails(driver: Any) -> None:
    """Or a table that is continued from its newest rows would keep the hole for ever."""
    system = PISystem(
        [Point("A", "Float64", Dense(10.0, first=START)), Point("B", "Float64", Dense(10.0, first=START))]
    )
    system.set_now(NOW)
    with MockPI(system) as pi:
        pi.faults.add(Fault(tag="A", scope="sub", route="recorded", status=403, skip=3))
        pi.faults.add(Fault(tag="A", route="recorded", status=403, skip=3))
        reading = driver.read(
            url=pi.url, tags="A,B", startTime=START, endTime=END, onTagError="skip", numPartitions=4, pageSize=500
        )
    rows = [row for batch in reading.batches for row in batch.to_pylist()]
    found = {tag: sorted(row["ticks"] for row in rows if row["tag"] == tag) for tag in "AB"}
    assert len(found["B"]) == 3_600
    assert 0 < len(found["A"]) < 3_600
    assert found["A"] == found["B"][: len(found["A"])]


def test_a_tag_that_ends_in_no_data_is_streamed_all_the_same(driver: Any) -> None:
    """What an empty point answers can be an event of the archive, too."""
    last = Event(INSTANT + 99, State("No Data", 248, True))
    there = (*(Event(INSTANT + n, float(n)) for n in range(30)), last)
    system = PISystem([Point("GONE", "Float64", Listed(there)), Point("EMPTY", "Float64", Empty())], now=NOW)
    with MockPI(system) as pi:
        source = driver.source(url=pi.url, tags="GONE,EMPTY", startTime=START, settleTime="0")
        reader = source.streamReader(source.schema())
        end = reader.latestOffset(reader.initialOffset(), reader.getDefaultReadLimit())
        batches = [batch for part in reader.partitions(reader.initialOffset(), end) for batch in reader.read(part)]
        assert_same(actual_rows(batches), expected_rows(system, system.points, START, NOW))
