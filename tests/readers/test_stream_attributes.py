"""AF attributes as streams: their keys lead back to them, and every event comes once, whatever process goes on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from mock_pi import Empty, Event, Fault, MockPI, PISystem, Point, ticks_of
from mock_pi.af import AFServer, Attribute, Database, Element, ElementTemplate
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIRefusedError, PITagError, PIUnknownTagError
from pi_datasource.stream.key import Key
from pi_datasource.stream.offset import PIOffset
from pi_datasource.stream.reader import PIStreamReader

START = "2026-01-01T00:00:00Z"
PUMPS = 70
Row = tuple[str, str, int, float]


class Plant:
    """Pumps with a flow each, and a point of its own; all events that were put in, as rows."""

    def __init__(self) -> None:
        template = ElementTemplate("Pump", [Attribute.of_point("Flow", r"\\MOCKPI\%Element%.FLOW"), Attribute("Id")])
        pumps = [Element(f"P-{n}", "Pump") for n in range(PUMPS)]
        database = Database("Plant", [Element("Unit", elements=pumps)], templates=[template])
        points = [Point(f"P-{n}.FLOW", "Float64", Empty()) for n in range(PUMPS)] + [Point("ALONE", "Float64", Empty())]
        self.system = PISystem(points, af=[AFServer("AF", [database])], now="2026-01-02T00:00:00Z")
        self.flows: Counter[Row] = Counter()
        self.alone: Counter[Row] = Counter()
        self._tick = ticks_of(START)

    def grow(self, *numbers: int) -> None:
        """An event of these pumps, and one of the point."""
        for n in numbers:
            self._tick += 12_345_678
            path = rf"\\AF\Plant\Unit\P-{n}"
            self.system.insert(f"P-{n}.FLOW", Event(self._tick, float(n)))
            self.flows[rf"{path}|Flow", path, self._tick, float(n)] += 1
        self._tick += 1
        self.system.insert("ALONE", Event(self._tick, 0.5))
        self.alone["ALONE", "", self._tick, 0.5] += 1


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.fixture
def pi(plant: Plant) -> Iterator[MockPI]:
    with MockPI(plant.system) as server:
        yield server


class Query:
    """One checkpoint; every step is a process of its own, as after a restart, unless `kept`."""

    def __init__(self, pi: MockPI, *, hands_start: bool, kept: bool = False, **options: Any) -> None:
        self.options = {"url": pi.url, "startTime": START, "settleTime": "0", "includeElement": "true", **options}
        self.hands_start, self.kept = hands_start, kept
        self.log: list[str] = []
        self.rows: Counter[Row] = Counter()
        self._reader: PIStreamReader | None = None

    def reader(self) -> PIStreamReader:
        if self._reader is None or not self.kept:
            source = PIDataSource({name.lower(): str(value) for name, value in self.options.items()})
            self._reader = source.streamReader(source.schema())
        return self._reader

    def trigger(self) -> int:
        """One micro-batch if there is news. Returns the rows in it."""
        reader = self.reader()
        before = json.loads(self.log[-1]) if self.log else reader.initialOffset()
        if self.hands_start:
            end = reader.latestOffset(before, reader.getDefaultReadLimit())
        else:
            # Spark 4.0 and 4.1 plan nothing at all first, after a restart.
            if self.log:
                assert list(reader.partitions(before, before)) == []
            end = reader.latestOffset()
        text = json.dumps(end)
        if self.log and text == self.log[-1]:
            return 0
        self.log.append(text)
        # The plan is another process's, as when the driver was killed behind the offset log.
        rows = self.replay(-1)
        self.rows.update(rows)
        return rows.total()

    def replay(self, at: int) -> Counter[Row]:
        """The rows of a batch of the log, by a process that knows nothing."""
        position = len(self.log) + at
        self._reader = self._reader if self.kept else None
        reader = self.reader()
        start = json.loads(self.log[position - 1]) if position else reader.initialOffset()
        rows: Counter[Row] = Counter()
        for partition in reader.partitions(start, json.loads(self.log[position])):
            for batch in reader.read(partition):
                rows.update(
                    (row["tag"], row["element_path"] or "", row["ticks"], row["value"]) for row in batch.to_pylist()
                )
        return rows


@pytest.mark.parametrize("kept", [True, False], ids=["one process", "always restarted"])
@pytest.mark.parametrize("hands_start", [True, False], ids=["4.2", "4.0"])
def test_chosen_attributes_and_points_come_once(plant: Plant, pi: MockPI, hands_start: bool, kept: bool) -> None:
    options = {"elementTemplate": "Pump", "tags": "ALONE", "pollInterval": "0"}
    query = Query(pi, hands_start=hands_start, kept=kept, **options)
    plant.grow(*range(PUMPS), 3, 3)
    assert query.trigger() == PUMPS + 3
    assert query.trigger() == 0
    for numbers in ((5,), (5, 6, 69), ()):
        plant.grow(*numbers)
        assert query.trigger() == len(numbers) + 1
    assert query.rows == plant.flows + plant.alone
    assert query.rows.total() == PUMPS + 2 + 4 + 4
    again: Counter[Row] = Counter()
    for at in range(-len(query.log), 0):
        again.update(query.replay(at))
    assert again == query.rows


def test_newest_events_of_attributes_take_few_requests(plant: Plant, pi: MockPI) -> None:
    plant.grow(*range(PUMPS))
    query = Query(pi, hands_start=True, elementTemplate="Pump")
    pi.reset_stats()
    assert query.trigger() == PUMPS
    # 51 WebIDs of 71 characters fit into 4,000.
    assert pi.stats().sub_by_route["streamsets/end"] == 2


def test_attributes_by_path_survive_a_list_that_no_longer_names_them(plant: Plant, pi: MockPI) -> None:
    paths = [rf"\\AF\Plant\Unit\P-{n}|Flow" for n in (1, 2)]
    query = Query(pi, hands_start=True, tags=json.dumps(paths))
    plant.grow(1, 2)
    assert query.trigger() == 2
    query.options["tags"] = paths[0]
    plant.grow(1, 2)
    assert query.trigger() == 1
    # What is in the log is read as it stands there.
    assert query.replay(-2).total() == 2
    query.options["tags"] = json.dumps(paths)
    assert query.trigger() == 1
    assert query.rows == Counter({row: n for row, n in plant.flows.items() if "P-1|" in row[0] or "P-2|" in row[0]})


def test_an_attribute_that_fails_keeps_its_watermark_and_catches_up(plant: Plant, pi: MockPI) -> None:
    query = Query(pi, hands_start=True, elementTemplate="Pump", onTagError="skip")
    plant.grow(1, 2)
    assert query.trigger() == 2
    plant.grow(1, 2, 2)
    pi.faults.add(Fault(route="end", tag="P-1.FLOW", scope="sub", status=403, count=None))
    assert query.trigger() == 2
    pi.faults.clear()
    assert query.trigger() == 1
    assert query.rows == plant.flows


def test_abandon_and_forget_take_web_ids_of_attributes(plant: Plant, pi: MockPI) -> None:
    query = Query(pi, hands_start=True, elementTemplate="Pump")
    plant.grow(1, 2)
    assert query.trigger() == 2
    offset = PIOffset.from_dict(json.loads(query.log[-1]))
    assert offset is not None
    first, second = sorted(offset.watermarks, key=lambda key: offset.watermarks[key])
    query.options["forgetTags"] = first.web_id
    with pytest.raises(PIRefusedError, match=r"option forgetTags: .*P-1\|Flow is in the list of tags"):
        query.trigger()
    del query.options["forgetTags"]
    query.options["abandonTags"] = first.web_id
    assert {row[0] for row in query.replay(-1)} == {r"\\AF\Plant\Unit\P-2|Flow"}
    assert Key.of(first.web_id) == first != second


def test_an_attribute_that_is_gone_is_named_with_the_way_out(plant: Plant, pi: MockPI) -> None:
    query = Query(pi, hands_start=True, elementTemplate="Pump")
    plant.grow(1, 2)
    assert query.trigger() == 2
    log = json.loads(query.log[-1])
    offset = PIOffset.from_dict(log)
    assert offset is not None
    key = next(iter(offset.watermarks))
    gone = structs.replace(key, attribute="E" + "A" * 44)
    query.log[-1] = json.dumps(PIOffset(offset.t0, {gone: offset.t0 + 5}).to_dict())
    with pytest.raises((PIUnknownTagError, PITagError), match="abandonTags") as caught:
        query.replay(-1)
    assert gone.web_id in str(caught.value)
