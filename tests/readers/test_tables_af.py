"""Elements and attributes: every one once, with its place in the tree, as the mock's declaration says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Dense, Fault, MockPI, PISystem, Point
from mock_pi.af import AFServer, Attribute, Database, Element, ElementTemplate, EnumerationSet
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIChangedError, PIListError, PIOptionError, PITagError, PIUnknownTagError

START, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
PUMPS = 7

LIMIT = Attribute("LimitHi", value=90.0, trait="LimitHi", attributes=(Attribute("Source", "String", "x"),))
PUMP = ElementTemplate(
    "Pump",
    [
        Attribute.of_point("Flow", r"\\MOCKPI\%Element%.FLOW", units="m3/h", attributes=(LIMIT,)),
        Attribute("Mode", "EnumerationValue", "Auto", enumeration="Modes"),
    ],
)  # fmt: skip


def plant() -> Database:
    """Pumps, one of them under two parents; a wide and a deep branch."""
    shared = Element("P-0", "Pump", categories=("Rotating",), description="under two parents")
    odd = Element("Odd & Ends #1", elements=[Element("deep", elements=[Element("deeper")])])
    units = [
        Element("Unit 1", elements=[shared, *(Element(f"P-{n}", "Pump") for n in range(1, PUMPS))]),
        Element("Unit 2", elements=[shared, odd]),
        Element("Wide", elements=[Element(f"W{n:04}") for n in range(1500)]),
    ]  # fmt: skip
    modes = EnumerationSet("Modes", ("Manual", "Auto"))
    return Database("Plant", units, templates=[PUMP], enumeration_sets=[modes])


ELEMENTS = 3 + PUMPS + 3 + 1500
POINTS = [Point(f"P-{n}.FLOW", "Float64", Dense(3600.0, first=START)) for n in range(PUMPS)]


@pytest.fixture(scope="module", params=[True, False], ids=["nested listed", "nested not listed"])
def pi(request: pytest.FixtureRequest) -> Iterator[MockPI]:
    system = PISystem(POINTS, af=[AFServer("AF", [plant(), Database("Empty")])], now=NOW)
    with MockPI(system, find_nested_attributes=request.param) as server:
        yield server


def read(pi: MockPI, **options: Any) -> tuple[list[int], list[dict[str, Any]]]:
    """Rows in each partition, and all rows."""
    texts = {name.lower(): str(value) for name, value in options.items()}
    source = PIDataSource({"url": pi.url, **texts})
    reader = source.reader(source.schema())
    parts = [[row for batch in reader.read(one) for row in batch.to_pylist()] for one in reader.partitions()]
    return [len(part) for part in parts], [row for part in parts for row in part]


def elements_below(
    elements: Any, path: str, depth: int = 0
) -> Iterator[tuple[str, str | None, int, str | None, Element]]:
    """Path, parent's path, depth, parent's name of all elements, by their declaration."""
    for one in elements:
        own = f"{path}\\{one.name}"
        yield own, path if depth else None, depth, one.template or None, one
        yield from elements_below(one.elements, own, depth + 1)


@pytest.mark.parametrize(("page", "partitions"), [(None, None), (None, 1), (None, 8), (100, 1), (3, 8)])
def test_elements_are_the_whole_tree(pi: MockPI, page: int | None, partitions: int | None) -> None:
    options = {name: value for name, value in (("pageSize", page), ("numPartitions", partitions)) if value}
    counts, rows = read(pi, table="elements", database="Plant", **options)
    assert sum(counts) == len(rows) == ELEMENTS
    assert len(counts) == (partitions or 1)
    assert partitions != 8 or max(counts) <= 2 * ELEMENTS / 8
    primary = {}
    for path, parent, depth, template, one in elements_below(pi.system.database("Plant").elements, r"\\AF\Plant"):
        primary.setdefault(id(one), (path, parent, depth, template, one.name))
    assert len(primary) == ELEMENTS
    got = Counter((r["path"], r["parent_path"], r["depth"], r["template"] or None, r["name"]) for r in rows)
    assert got == Counter(primary.values())
    by_id = {row["web_id"]: row["path"] for row in rows}
    assert len(by_id) == ELEMENTS
    assert all(row["parent_path"] == by_id.get(row["parent_web_id"]) for row in rows)
    (shared,) = (row for row in rows if row["description"] == "under two parents")
    assert sorted(shared["paths"]) == [r"\\AF\Plant\Unit 1\P-0", r"\\AF\Plant\Unit 2\P-0"]
    assert shared["categories"] == ["Rotating"]
    assert [row["categories"] for row in rows if row["name"] == "deeper"] == [[]]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"elementRoot": "Unit 2"}, 4),
        ({"elementRoot": r"\\AF\Plant\Unit 2\Odd & Ends #1"}, 2),
        ({"elementTemplate": "Pump"}, PUMPS),
        ({"elementFilter": "W000*"}, 10),
        ({"category": "Rotating"}, 1),
        ({"database": "Empty"}, 0),
        ({"database": "Empty,Plant", "assetServer": "AF"}, ELEMENTS),
        ({"elementFilter": "none of them"}, 0),
    ],
)
def test_elements_of_a_part(pi: MockPI, options: dict[str, str], count: int) -> None:
    assert len(read(pi, table="elements", **options)[1]) == count


@pytest.mark.parametrize("page", [None, 3])
@pytest.mark.parametrize("partitions", [None, 8])
def test_attributes_nested_ones_too(pi: MockPI, page: int | None, partitions: int | None) -> None:
    options = {name: value for name, value in (("pageSize", page), ("numPartitions", partitions)) if value}
    counts, rows = read(pi, table="attributes", database="Plant", **options)
    assert len(counts) == (partitions or 1)
    unit = r"\\AF\Plant\Unit 1"
    expected = []
    for n in range(PUMPS):
        pump, tag = f"{unit}\\P-{n}", f"P-{n}.FLOW"
        expected += [
            (f"{pump}|Flow", pump, None, 0, "Double", "m3/h", tag, "", True),
            (f"{pump}|Flow|LimitHi", pump, f"{pump}|Flow", 1, "Double", "", None, "LimitHi", True),
            (f"{pump}|Flow|LimitHi|Source", pump, f"{pump}|Flow|LimitHi", 2, "String", "", None, "", False),
            (f"{pump}|Mode", pump, None, 0, "EnumerationValue", "", None, "", False),
        ]
    names = ("path", "element_path", "parent_attribute", "depth", "type", "uom", "tag", "trait", "has_children")
    assert Counter(tuple(row[name] for name in names) for row in rows) == Counter(expected)
    assert {row["type_qualifier"] for row in rows if row["name"] == "Mode"} == {"Modes"}
    by_tag = {point.name: point.point_id for point in pi.system.points}
    assert {row["tag"]: row["point_id"] for row in rows if row["tag"]} == by_tag


def test_attributes_are_streams_like_points(pi: MockPI) -> None:
    options = {"startTime": START, "endTime": NOW, "numPartitions": 2, "includeElement": True}
    for chosen in ({"elementTemplate": "Pump"}, {"elementRoot": "Unit 1", "attributes": "Flow"}):
        _, rows = read(pi, **options, **chosen)
        assert len(rows) == PUMPS * 24
        assert {row["element_path"] for row in rows} == {rf"\\AF\Plant\Unit 1\P-{n}" for n in range(PUMPS)}
        assert {row["uom"] for row in rows} == {"m3/h"}
        values = Counter((row["element_path"].rpartition("\\")[2], row["ticks"], row["value"]) for row in rows)
        expected = Counter(
            (point.name.partition(".")[0], event.ticks, event.value)
            for point in POINTS
            for event in pi.system.expected_recorded(point, START, NOW)
        )
        assert values == expected


def test_points_and_attributes_in_one_list(pi: MockPI) -> None:
    path = r"\\AF\Plant\Unit 1\P-0|Flow"
    _, rows = read(pi, tags=f"P-1.FLOW,{path}", startTime=START, endTime=NOW)
    assert Counter(row["tag"] for row in rows) == {"P-1.FLOW": 24, path: 24}


def test_attributes_that_are_not_there(pi: MockPI) -> None:
    with pytest.raises(PIUnknownTagError, match=r"P-0\|Flaw.*not found"):
        read(pi, tags=r"\\AF\Plant\Unit 1\P-0|Flaw")
    with pytest.raises(PIUnknownTagError, match="choose no attribute that has a history"):
        read(pi, elementFilter="Wide")
    with pytest.raises(PITagError, match="409"):
        read(pi, tags=r"\\AF\Plant\Unit 1\P-0|Mode")


def test_places_that_are_not_there(pi: MockPI) -> None:
    with pytest.raises(PIOptionError, match=r"option database: there is no 'Plan' here; accepted .*'Plant', 'Empty'"):
        read(pi, table="elements", database="Plan")
    with pytest.raises(PIOptionError, match="option assetServer: there is no 'X' here"):
        read(pi, table="elements", assetServer="X")
    with pytest.raises(
        PIOptionError, match=r"option elementRoot = 'Unit 9': there is no such element in \\\\AF\\Plant"
    ):
        read(pi, table="elements", elementRoot="Unit 9", database="Plant")
    with pytest.raises(PIOptionError, match="option elementRoot = 'x' means nothing for table 'asset_servers'"):
        read(pi, table="asset_servers", elementRoot="x")


def test_a_list_that_may_not_be_read(pi: MockPI) -> None:
    pi.faults.add(Fault(status=403, route="attributes/attributes", count=None))
    pi.faults.add(Fault(status=403, route="attributes/attributes", count=None, scope="sub"))
    try:
        with pytest.raises(PIListError, match=r"attributes of .*P-0\|Flow"):
            read(pi, table="attributes", database="Plant")
        _, rows = read(pi, table="attributes", database="Plant", onTagError="skip", errorColumn="why")
        assert len([row for row in rows if row["why"] is None]) == 2 * PUMPS
        assert len([row for row in rows if row["why"] and "403" in row["why"]]) == PUMPS
    finally:
        pi.faults.clear()


def test_a_tree_that_changes_between_two_pages_is_noticed() -> None:
    database = Database("Plant", [Element(f"E{n:03}") for n in range(40)])
    with MockPI(PISystem(af=[AFServer("AF", [database])], now=NOW)) as pi:
        source = PIDataSource({"url": pi.url, "table": "elements", "numpartitions": "4"})
        reader = source.reader(source.schema())
        partitions = reader.partitions()
        first = sum(batch.num_rows for batch in reader.read(partitions[0]))
        assert first == 10
        pi.system.database("Plant").add(Element("A new one"))
        with pytest.raises(PIChangedError, match="changed while it was read"):
            list(reader.read(partitions[1]))


@pytest.mark.parametrize("partitions", [None, 8])
def test_attribute_values_static_ones_too(pi: MockPI, partitions: int | None) -> None:
    options = {"numPartitions": partitions} if partitions else {}
    _, rows = read(pi, table="attribute_values", database="Plant", **options)
    assert len(rows) == 4 * PUMPS
    newest = {p.name: pi.system.expected_recorded(p, START, "2026-01-02T00:00:01Z")[-1].value for p in POINTS}
    for n in range(PUMPS):
        own = {row["tag"].partition("|")[2]: row for row in rows if row["element_path"] == rf"\\AF\Plant\Unit 1\P-{n}"}
        assert own["Flow"]["value"] == newest[f"P-{n}.FLOW"]
        assert own["Flow|LimitHi"]["value"] == 90.0
        assert own["Flow|LimitHi|Source"]["value_text"] == "x"
        assert own["Mode"]["value_text"] == "Auto"
    _, rows = read(pi, table="attribute_values", tags=r"\\AF\Plant\Unit 1\P-3|Mode")
    assert [row["value_text"] for row in rows] == ["Auto"]
