"""What a batch read brings of an archive that changes while it is read. README, "If PI changes while it is read".

Every change happens right after the answer to one page, before the next is asked; each place of a change is tried:
behind the cursor, at the instant that it stands at, and before it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from fault_proxy import FaultProxy, Reply, Script
from mock_pi import Event, Listed, MockPI, PISystem, Point, text_of, ticks_of
from oracle import actual_rows, assert_same, expected_rows
from pi_datasource.errors import PITagError

SECOND = 10_000_000
START, END, NOW = "2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z", "2026-01-02T00:00:00Z"
FIRST = ticks_of(START)
#: A page, the last event of which is held back: of ten events the cursor hands on nine.
PAGE = 10
EVENTS = 100


def at(number: int) -> int:
    """When the event of that number happened."""
    return FIRST + number * 5 * SECOND


def points() -> list[Point]:
    events = tuple(Event(at(number), float(number)) for number in range(EVENTS))
    return [Point("CHANGING", "Float64", Listed(events)), Point("STILL", "Float64", Listed(events))]


@pytest.fixture
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(points(), now=NOW)) as server:
        yield server


#: Pages are asked together in batches, or alone.
WAYS = {"batch": {"post": True}, "alone": {"post": False}}


def read_while(driver: Any, pi: MockPI, change: Callable[[], None], way: str, **more: Any) -> Any:
    """Reads both tags; the change happens after the second page of each."""
    done: list[int] = []

    def script(reply: Reply) -> Script:
        if not done:
            done.append(1)
            change()
        yield reply.whole()

    with FaultProxy(pi.url) as proxy:
        proxy.strike(script, lambda number: number == (1 if way == "batch" else 3),
                     "batch" if way == "batch" else "recorded")  # fmt: skip
        options = {"url": proxy.url, "tags": json.dumps(["CHANGING", "STILL"]), "startTime": START, "endTime": END,
                   "pageSize": PAGE, "numPartitions": 1, "concurrency": 1, **WAYS[way], **more}  # fmt: skip
        reading = driver.read(**options)
        assert done, "nothing changed"
        return reading


def values(reading: Any, tag: str) -> Counter[tuple[int, int, Any]]:
    """Tick, seq and value of a tag's rows."""
    return Counter(
        (row["ticks"], row["seq"], row["value"] if row["value_text"] is None else row["value_text"])
        for batch in reading.batches for row in batch.to_pylist() if row["tag"] == tag
    )  # fmt: skip


ALL = Counter((at(number), 0, float(number)) for number in range(EVENTS))
#: The cursor stands here when the change happens: two pages have come, of which the last instant is held back.
CURSOR = 2 * (PAGE - 1)
#: Places of a change, by the number of an event.
PLACES = {"handed on": 3, "last handed on": CURSOR - 1, "held back": CURSOR, "next": CURSOR + 1, "far ahead": 80}


def is_ahead(number: int) -> bool:
    """Whether the change is seen: what is held back is read again."""
    return number >= CURSOR


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("place", PLACES)
class TestOneEvent:
    def test_added(self, driver, pi, place, way):
        """Between two events: comes when it is ahead of the cursor; all others come once."""
        number = PLACES[place]
        reading = read_while(driver, pi, lambda: pi.system.insert("CHANGING", Event(at(number) + 1, -1.0)), way)
        expected = ALL + Counter([(at(number) + 1, 0, -1.0)] if is_ahead(number) else [])
        assert values(reading, "CHANGING") == expected
        assert values(reading, "STILL") == ALL

    def test_added_at_the_same_instant(self, driver, pi, place, way):
        """The second of an instant that is read again is the second there."""
        number = PLACES[place]
        reading = read_while(driver, pi, lambda: pi.system.insert("CHANGING", Event(at(number), -1.0)), way)
        expected = ALL + Counter([(at(number), 1, -1.0)] if is_ahead(number) else [])
        assert values(reading, "CHANGING") == expected
        assert values(reading, "STILL") == ALL

    def test_removed(self, driver, pi, place, way):
        """What has been handed on stays; what is ahead is gone. The instant held back, too: it may be gone."""
        number = PLACES[place]
        reading = read_while(driver, pi, lambda: pi.system.delete("CHANGING", at(number)), way)
        expected = ALL - Counter([(at(number), 0, float(number))] if is_ahead(number) else [])
        assert values(reading, "CHANGING") == expected
        assert values(reading, "STILL") == ALL

    def test_edited(self, driver, pi, place, way):
        """Once, with the value before or after."""
        number = PLACES[place]
        reading = read_while(driver, pi, lambda: pi.system.replace("CHANGING", Event(at(number), -1.0)), way)
        expected = ALL.copy()
        if is_ahead(number):
            expected -= Counter([(at(number), 0, float(number))])
            expected += Counter([(at(number), 0, -1.0)])
        assert values(reading, "CHANGING") == expected
        assert values(reading, "STILL") == ALL


@pytest.mark.parametrize("way", WAYS)
class TestMuch:
    def test_all_around_the_cursor_removed(self, driver, pi, way):
        reading = read_while(driver, pi, lambda: pi.system.delete("CHANGING", at(5), at(60)), way)
        kept = Counter({row: 1 for row in ALL if row[0] < at(CURSOR) or row[0] >= at(60)})
        assert values(reading, "CHANGING") == kept
        assert values(reading, "STILL") == ALL

    def test_a_page_and_more_added_at_the_instant_held_back(self, driver, pi, way):
        more = [Event(at(CURSOR), -float(number)) for number in range(1, 25)]
        reading = read_while(driver, pi, lambda: pi.system.insert("CHANGING", *more), way)
        added = Counter((at(CURSOR), number, -float(number)) for number in range(1, 25))
        assert values(reading, "CHANGING") == ALL + added
        assert values(reading, "STILL") == ALL


def again(system: PISystem, **changes: Any) -> None:
    """The same point, changed."""
    point = system.point("CHANGING")
    events = system.history(point).events(0, 10**18)
    system.remove(point)
    system.add(replace(point, shape=Listed(tuple(events)), **changes))


@pytest.mark.parametrize("way", WAYS)
class TestTheTag:
    def test_deleted(self, driver, pi, way):
        """The read fails by its name; with onTagError=skip it is named, and what had come stays."""
        with pytest.raises(PITagError, match=r"CHANGING: .*404 PI Point not found") as caught:
            read_while(driver, pi, lambda: pi.system.remove("CHANGING"), way)
        assert list(caught.value.failures) == ["CHANGING"]
        pi.system.add(points()[0])
        reading = read_while(
            driver, pi, lambda: pi.system.remove("CHANGING"), way, onTagError="skip", errorColumn="why"
        )
        told = [row for batch in reading.batches for row in batch.to_pylist() if row["why"] is not None]
        assert [(row["tag"], "PI Point not found" in row["why"]) for row in told] == [("CHANGING", True)]
        assert values(reading, "STILL") == ALL
        got = values(reading, "CHANGING") - Counter([(None, None, None)])
        assert got == Counter({row: 1 for row in ALL if row[0] < at(CURSOR)})

    def test_renamed(self, driver, pi, way):
        """It is read to its end under the name that it had: the WebID leads to the point by its number."""
        reading = read_while(driver, pi, lambda: again(pi.system, name="OTHER"), way)
        assert values(reading, "CHANGING") == values(reading, "STILL") == ALL
        assert values(reading, "OTHER") == Counter()

    def test_of_another_type(self, driver, pi, way):
        """Its values go where the type says that it had when the read began; none is lost."""

        def change() -> None:
            again(pi.system, point_type="String")
            for number in range(50, EVENTS):
                pi.system.replace("CHANGING", Event(at(number), f"text {number}"))

        reading = read_while(driver, pi, change, way)
        got = values(reading, "CHANGING")
        assert {row[0] for row in got} == {row[0] for row in ALL}
        assert {value for tick, _, value in got if tick >= at(50)} == {f"text {n}" for n in range(50, EVENTS)}
        assert got.total() == EVENTS
        assert values(reading, "STILL") == ALL


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("limit", [3, 4, 150_000])
def test_another_server_answers_with_another_limit(driver, pi, limit, way):
    """A load balancer goes over to a member with another MaxReturnedItemsPerCall: pages become as small."""
    reading = read_while(driver, pi, lambda: pi.set(max_count=limit), way)
    assert values(reading, "CHANGING") == values(reading, "STILL") == ALL


@pytest.mark.parametrize("skew", [-60, -1, 0, 1, 60])
def test_clocks_apart(driver, monkeypatch, skew):
    """`*` is the Spark driver's now, once for the whole read: no event twice, none left out before it.

    What the server's clock has not reached, it may not have; nothing is made up for that.
    """
    now = ticks_of("2026-01-01T00:05:00Z")
    monkeypatch.setattr("pi_datasource.datasource.now_ticks", lambda: now)
    with MockPI(PISystem(points(), now=text_of(now + skew * SECOND))) as pi:
        reading = driver.read(url=pi.url, tags="STILL", startTime="*-4m", endTime="*", pageSize=7)
        expected = expected_rows(pi.system, [pi.system.point("STILL")], now - 240 * SECOND, now)
        assert_same(actual_rows(reading.batches), expected)
        assert reading.rows == (48 if skew > -60 else 37)


#: Wall clock times in Berlin → hours between them.
DST = {
    "spring, the whole day": ("2026-03-29", "2026-03-30", 23),
    "spring, over the gap": ("2026-03-29T01:30:00", "2026-03-29T03:30:00", 1),
    "spring, from inside of the gap": ("2026-03-29T02:30:00", "2026-03-29T04:00:00", 0.5),
    "autumn, the whole day": ("2026-10-25", "2026-10-26", 25),
    "autumn, over the second hour": ("2026-10-25T01:30:00", "2026-10-25T03:30:00", 3),
    "autumn, with offsets": ("2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", 1),
}


@pytest.mark.parametrize("case", DST)
def test_days_of_23_and_25_hours(driver, case):
    start, end, hours = DST[case]
    first = ticks_of("2026-03-28T00:00:00Z") if "03-" in start else ticks_of("2026-10-24T00:00:00Z")
    events = tuple(Event(first + minute * 60 * SECOND, float(minute)) for minute in range(3 * 24 * 60))
    with MockPI(PISystem([Point("A", "Float64", Listed(events))], now="2026-12-01T00:00:00Z")) as pi:
        reading = driver.read(url=pi.url, tags="A", startTime=start, endTime=end, timeZone="Europe/Berlin")
        ticks = sorted(row[2] for row in actual_rows(reading.batches).elements())
    assert len(ticks) == hours * 60
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks) * 60 * SECOND, 60 * SECOND))
