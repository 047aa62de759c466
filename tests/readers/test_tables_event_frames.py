"""Event frames: every one of the range once, in any number of parts, with all that belongs to it.

What is expected comes from the frames as they were declared, never from an answer of the server.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mock_pi import Dense, Fault, MockPI, PISystem, Point, State
from mock_pi.af import AFServer, Attribute, Database, Element, ElementTemplate, EnumerationSet
from mock_pi.af.eventframe import EventFrame
from mock_pi.af.eventframedemo import DEMO_TEMPLATES, demo_frames, many_frames, many_template
from mock_pi.system.annotation import Annotation
from mock_pi.ticks import as_ticks, text_of
from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIChangedError, PIListError, PIOptionError

NOW = "2026-01-04T00:00:00Z"
START, END = "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"
FIRST, LAST = as_ticks(START), as_ticks(END)

#: What the server does in each way that is not settled.
WAYS: dict[str, dict[str, Any]] = {
    "best guess": {},
    "other": {
        "frames_none": "overlapped", "open_end": "9999-12-31T23:59:59.9999999Z", "unacknowledged_date": None,
        "sort_fields": "name", "keep_empty_items": True,
    },
    "minimum date": {"unacknowledged_date": "0001-01-01T00:00:00Z"},
}  # fmt: skip


def plant() -> Database:
    """The demo's few frames with everything, and a hundred that begin and end on the borders of the range, too."""
    tree = Element("Plant", elements=[Element("Reactor", "Vessel"), Element("Tank")])
    step = (LAST - FIRST) // 48
    edges = [
        EventFrame("ends at start", FIRST - step, FIRST, "Odd", {"Own": 1.5}),
        EventFrame("ends before start", FIRST - step, FIRST - 1),
        EventFrame("starts at start", FIRST, FIRST),
        EventFrame("starts at end", LAST, LAST + step),
        EventFrame("starts before end", LAST - 1, LAST),
        EventFrame("ends before end", LAST - step, LAST - 1, severity="Critical"),
        EventFrame("over all", FIRST - step, LAST + step, elements=[r"Plant\Tank"]),
        EventFrame("open from before", FIRST - 3 * step, None, elements=[r"Plant\Tank"]),
        EventFrame("100 ns", FIRST + 12_345_678, FIRST + 12_345_679, attributes=[Attribute("Same", "Double", 2.0)],
                   template="Odd"),
        EventFrame("own", FIRST + 5, FIRST + 6, "Odd", attributes=[
            Attribute("Same", "String", "2"),
            Attribute("List", "Double", 3.0, attributes=(Attribute("Below", "Int32", 7),)),
        ]),
    ]  # fmt: skip
    # Some begin at the very same instants, as they do where a shift begins.
    usual = many_frames(
        90, attributes=7, first=START, every_seconds=1800, lasting_seconds=2400, elements=[r"Plant\Reactor"]
    )
    same = many_frames(10, attributes=7, first=START, every_seconds=3600, lasting_seconds=0, elements=[r"Plant\Tank"])
    frames = demo_frames([r"Plant\Reactor", r"Plant\Tank"], r"\\MOCKPI\FLOW")
    frames[3].annotations = [Annotation("first"), Annotation(7, "number")]
    return Database(
        "DB", [tree],
        templates=[*DEMO_TEMPLATES, ElementTemplate("Vessel"), many_template(7),
                   ElementTemplate("Odd", [Attribute("Own", "Double", 0.0, units="kg")], instance_type="EventFrame")],
        enumeration_sets=[EnumerationSet("Reasons", ("Unknown", "Mechanical"))],
        event_frames=[*frames, *edges, *usual, *same],
    )  # fmt: skip


def other() -> Database:
    """A second database, with one frame and no template."""
    return Database("Other", [Element("E")], event_frames=[EventFrame("Batch 42", FIRST + 7, FIRST + 8)])


@pytest.fixture(scope="module")
def served() -> Iterator[Callable[[str], MockPI]]:
    """Servers by the way they go."""
    started: dict[str, MockPI] = {}

    def server(way: str) -> MockPI:
        if way not in started:
            points = [Point("FLOW", "Float64", Dense(60.0))]
            system = PISystem(points, af=[AFServer("AF", [plant(), other()])], now=NOW)
            started[way] = MockPI(system, **WAYS[way])
            started[way].__enter__()
        return started[way]

    yield server
    for one in started.values():
        one.__exit__(None, None, None)


@pytest.fixture(params=WAYS)
def pi(request: pytest.FixtureRequest, served: Callable[[str], MockPI]) -> Iterator[MockPI]:
    one = served(request.param)
    one.faults.clear()
    one.reset_stats()
    yield one
    one.faults.clear()


@pytest.fixture
def one_pi(served: Callable[[str], MockPI]) -> Iterator[MockPI]:
    one = served("best guess")
    one.faults.clear()
    one.reset_stats()
    yield one
    one.faults.clear()


def read(pi: MockPI, **options: Any) -> tuple[list[int], list[dict[str, Any]]]:
    """Rows in each partition, and all rows."""
    given = {"startTime": START, "endTime": END, "database": "DB", **options}
    texts = {name.lower(): str(value) for name, value in given.items() if value is not None}
    source = PIDataSource({"url": pi.url, **texts})
    reader = source.reader(source.schema())
    parts = [[row for batch in reader.read(one) for row in batch.to_pylist()] for one in reader.partitions()]
    return [len(part) for part in parts], [row for part in parts for row in part]


def declared(pi: MockPI, database: str = "DB") -> list[EventFrame]:
    return list(pi.system.event_frames(database))


def overlapping(frames: list[EventFrame], first: int = FIRST, last: int = LAST) -> list[EventFrame]:
    return [one for one in frames if one.first < last and one.last >= first]


def ids(frames: list[EventFrame]) -> Counter[str]:
    assert frames, "a test that expects nothing proves nothing"
    return Counter(str(one.guid) for one in frames)


def got(rows: list[dict[str, Any]], column: str = "id") -> Counter[str]:
    return Counter(row[column] for row in rows)


def depth(frame: EventFrame) -> int:
    return 0 if frame.parent is None else depth(frame.parent) + 1


def micros(row: dict[str, Any], name: str) -> int | None:
    """A timestamp column as ticks, to the microsecond."""
    return None if row[name] is None else as_ticks(row[name].isoformat().replace("+00:00", "Z"))


PAGES = (None, 3)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("partitions", [None, 1, 8])
def test_all_frames_of_the_range_once(pi: MockPI, page: int | None, partitions: int | None) -> None:
    expected = overlapping(declared(pi))
    assert len(expected) > 100
    counts, rows = read(pi, table="event_frames", pageSize=page, numPartitions=partitions)
    assert got(rows) == ids(expected)
    assert len(counts) == (partitions or 1)
    if partitions == 8:
        # Those from before the range are all in the first part.
        before = sum(one.first < FIRST for one in expected)
        assert before == 4
        assert min(counts) > 0
        assert max(counts) <= 2 * len(expected) / 8 + before


@pytest.mark.parametrize("page", PAGES)
def test_columns_of_frames(pi: MockPI, page: int | None) -> None:
    by_id = {str(one.guid): one for one in declared(pi)}
    rows = read(pi, table="event_frames", pageSize=page, numPartitions=3)[1]
    web_ids = {row["id"]: row["web_id"] for row in rows}
    assert len(set(web_ids.values())) == len(rows) > 100
    seen_nested = seen_acknowledged = seen_open = 0
    for row in rows:
        one = by_id[row["id"]]
        assert (row["name"], row["template"], row["description"], row["path"]) == (
            one.name, one.template, one.description, one.path,
        )  # fmt: skip
        assert (row["start_ticks"], row["end_ticks"], row["is_open"]) == (
            one.first, None if one.is_open else one.last, one.is_open,
        )  # fmt: skip
        assert micros(row, "start_time") == one.first // 10 * 10
        assert micros(row, "end_time") == (None if one.is_open else one.last // 10 * 10)
        assert (row["severity"], row["is_locked"], row["are_values_captured"], row["has_children"]) == (
            one.severity, one.is_locked, one.are_values_captured, bool(one.frames),
        )  # fmt: skip
        assert (row["can_be_acknowledged"], row["is_acknowledged"], row["acknowledged_by"]) == (
            one.can_be_acknowledged, one.is_acknowledged, one.acknowledged_by,
        )  # fmt: skip
        assert micros(row, "acknowledged_time") == (None if one.acknowledged is None else as_ticks(one.acknowledged))
        assert tuple(row["categories"] or ()) == one.categories
        assert len(row["referenced_element_web_ids"] or ()) == len(one.referenced())
        if one.referenced():
            assert row["primary_element_web_id"] == row["referenced_element_web_ids"][0]
        else:
            assert row["primary_element_web_id"] is None
        assert row["depth"] == depth(one)
        assert row["parent_web_id"] == (None if one.parent is None else web_ids[str(one.parent.guid)])
        assert (row["database"], row["asset_server"], row["is_annotated"]) == ("DB", "AF", bool(one.annotations))
        seen_nested += one.parent is not None
        seen_acknowledged += one.is_acknowledged
        seen_open += one.is_open
    assert (seen_nested, seen_acknowledged, seen_open) == (3, 1, 2)


MODES: dict[str, Callable[[EventFrame], bool]] = {
    "Overlapped": lambda one: one.first < LAST and one.last >= FIRST,
    "Inclusive": lambda one: one.first >= FIRST and one.last < LAST,
    "StartInclusive": lambda one: FIRST <= one.first < LAST,
    "EndInclusive": lambda one: FIRST <= one.last < LAST,
    "InProgress": lambda one: FIRST <= one.first < LAST and one.is_open,
}


@pytest.mark.parametrize(("page", "partitions"), [(None, 1), (3, 8)])
@pytest.mark.parametrize("mode", MODES)
def test_half_open_in_every_mode(pi: MockPI, mode: str, partitions: int, page: int | None) -> None:
    expected = [one for one in declared(pi) if MODES[mode](one)]
    counts, rows = read(pi, table="event_frames", searchMode=mode, numPartitions=partitions, pageSize=page)
    assert got(rows) == ids(expected)
    assert len(counts) == partitions


MIDDLE = as_ticks("2026-01-02T00:00:00Z")
WALKS: dict[str, Callable[[EventFrame], bool]] = {
    "ForwardFromStartTime": lambda one: one.first >= MIDDLE,
    "BackwardFromStartTime": lambda one: one.first <= MIDDLE,
    "ForwardFromEndTime": lambda one: one.last >= MIDDLE,
    "BackwardFromEndTime": lambda one: one.last <= MIDDLE,
    "ForwardInProgress": lambda one: one.is_open and one.first >= MIDDLE,
    "BackwardInProgress": lambda one: one.is_open and one.first <= MIDDLE,
    "None": lambda one: True,
}


@pytest.mark.parametrize(("page", "partitions"), [(None, None), (None, 8), (3, 1)])
@pytest.mark.parametrize("mode", WALKS)
def test_walks_are_one_partition(pi: MockPI, mode: str, partitions: int | None, page: int | None) -> None:
    expected = [one for one in declared(pi) if WALKS[mode](one)]
    start = None if mode == "None" else text_of(MIDDLE)
    options = {"searchMode": mode, "startTime": start, "endTime": None, "numPartitions": partitions, "pageSize": page}
    # `*` is the clock of this machine, far behind the frames' times.
    counts, rows = read(pi, table="event_frames", **options)
    assert got(rows) == ids(expected)
    assert len(counts) == 1


@pytest.mark.parametrize(
    ("options", "fits"),
    [
        ({"frameFilter": "batch 4?"}, lambda one: one.name == "Batch 42"),
        ({"frameTemplate": "Downtime"}, lambda one: one.template in ("Downtime", "Unplanned Downtime")),
        ({"severity": "critical, Warning"}, lambda one: one.severity in ("Critical", "Warning")),
        ({"category": "Production"}, lambda one: "Production" in one.categories),
        ({"referencedElement": "T*"}, lambda one: "Tank" in list(one.element_names())),
        ({"referencedElementTemplate": "Vessel"}, lambda one: "Reactor" in list(one.element_names())),
        ({"canBeAcknowledged": "true", "isAcknowledged": "false"},
         lambda one: one.can_be_acknowledged and not one.is_acknowledged),
        ({"searchFullHierarchy": "false"}, lambda one: one.parent is None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("partitions", [1, 8])
def test_filters(one_pi: MockPI, options: dict[str, str], fits: Any, partitions: int) -> None:
    """A database that lacks the template or category is passed over."""
    expected = [one for name in ("DB", "Other") for one in overlapping(declared(one_pi, name)) if fits(one)]
    rows = read(one_pi, table="event_frames", database=None, numPartitions=partitions, **options)[1]
    assert got(rows) == ids(expected)


def values_of(system: PISystem, frame: EventFrame, attribute: Any, at: int) -> dict[str, Any]:
    """The value columns of an attribute, as it was declared."""
    kind, value = attribute.declared.type, attribute.declared.value
    if attribute.parent is None and attribute.name in frame.values:
        value = frame.values[attribute.name]
    columns: dict[str, Any] = {"value": None, "value_long": None, "value_text": None, "state": None}
    if attribute.declared.plug_in and not (frame.are_values_captured and attribute.name in frame.values):
        events = system.expected_recorded("FLOW", at, at + 1)
        columns["value"] = events[0].value
    elif isinstance(value, State):
        columns |= {"value_text": value.name, "state": value.code}
    elif kind in ("Double", "Single", "Boolean"):
        columns["value"] = float(value)
    elif kind.startswith("Int"):
        columns |= {"value": float(value), "value_long": int(value)}
    elif kind == "EnumerationValue":
        columns |= {"value_text": "Unknown", "state": 0}
    else:
        columns["value_text"] = value
    return columns


def expected_values(pi: MockPI, frames: list[EventFrame]) -> dict[tuple[str, str], dict[str, Any]]:
    expected = {}
    for frame in frames:
        at = as_ticks(NOW) if frame.is_open else frame.last
        bound = frame.bound()
        for one in [*bound, *(child for each in bound for child in each.children)]:
            name = one.name if one.parent is None else f"{one.parent.name}|{one.name}"
            expected[str(frame.guid), name] = {
                **values_of(pi.system, frame, one, at), "type": one.declared.type, "uom": one.declared.units,
                "event_frame": frame.name, "start_ticks": frame.first, "is_open": frame.is_open,
                "template": frame.template,
            }  # fmt: skip
    return expected


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("partitions", [None, 1, 8])
def test_attribute_values(pi: MockPI, page: int | None, partitions: int | None) -> None:
    expected = expected_values(pi, overlapping(declared(pi)))
    assert len(expected) > 700
    counts, rows = read(pi, table="event_frame_attributes", pageSize=page, numPartitions=partitions)
    assert len(counts) == (partitions or 1)
    assert len(rows) == len(expected) == len({row["web_id"] for row in rows})
    for row in rows:
        wanted = expected[row["event_frame_id"], row["path"].partition("|")[2]]
        assert {name: row[name] for name in wanted} == wanted, row["path"]
    lost = next(row for row in rows if row["event_frame"] == "Trip" and row["attribute"] == "Lost")
    assert (lost["good"], lost["is_system_state"]) == (False, True)
    same = {
        row["event_frame"]: (row["type"], row["value"], row["value_text"]) for row in rows if row["attribute"] == "Same"
    }
    assert same == {"100 ns": ("Double", 2.0, None), "own": ("String", None, "2")}


@pytest.mark.parametrize("names", ["A1", "A1, Below, L*"])
def test_attributes_by_name(one_pi: MockPI, names: str) -> None:
    wanted = {"A1": ("A1",), "A1, Below, L*": ("A1", "Below", "List", "Lost")}[names]
    expected = expected_values(one_pi, overlapping(declared(one_pi)))
    expected = {key: one for key, one in expected.items() if key[1].rpartition("|")[2] in wanted}
    assert {key[1].rpartition("|")[2] for key in expected} == set(wanted)
    rows = read(one_pi, table="event_frame_attributes", attributes=names)[1]
    assert Counter((row["event_frame_id"], row["path"].partition("|")[2]) for row in rows) == Counter(list(expected))


def test_a_hundred_frames_in_a_request(one_pi: MockPI) -> None:
    frames = overlapping(declared(one_pi))
    read(one_pi, table="event_frame_attributes", numPartitions=1)
    stats = one_pi.stats()
    assert stats.sub_by_route["streamsets/value"] == len(frames)
    assert stats.by_route["batch"] <= 2 * -(-len(frames) // 100)
    # One frame of each template, those without any, and two with attributes of their own besides their template's.
    assert stats.sub_by_route["eventframes/attributes"] == 4 + sum(not one.template for one in frames) + 2


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("partitions", [1, 8])
def test_referenced_elements(pi: MockPI, page: int | None, partitions: int) -> None:
    expected = Counter(
        (str(one.guid), each.name, each.path, each.template, number == 0)
        for one in overlapping(declared(pi))
        for number, each in enumerate(one.referenced())
    )
    assert len(expected) > 90
    counts, rows = read(pi, table="event_frame_referenced_elements", pageSize=page, numPartitions=partitions)
    assert len(counts) == partitions
    found = Counter(
        (
            row["event_frame_id"],
            row["name"],
            row["path"],
            row["template"],
            row["web_id"] == row["primary_element_web_id"],
        )
        for row in rows
    )
    assert found == expected


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("partitions", [1, 8])
def test_annotations(pi: MockPI, page: int | None, partitions: int) -> None:
    expected = Counter(
        (str(one.guid), one.name, one.first, note.name, str(note.value), note.creator)
        for one in overlapping(declared(pi))
        for note in one.annotations
    )
    assert len(expected) == 3
    counts, rows = read(pi, table="event_frame_annotations", pageSize=page, numPartitions=partitions)
    assert len(counts) == partitions
    columns = ("event_frame_id", "event_frame", "start_ticks", "name", "value", "creator")
    assert Counter(tuple(row[name] for name in columns) for row in rows) == expected


TABLES = (
    "event_frames", "event_frame_attributes", "event_frame_referenced_elements", "event_frame_annotations",
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("partitions", [None, 1, 8])
def test_nothing_there(pi: MockPI, table: str, partitions: int | None) -> None:
    whole = {"searchMode": "StartInclusive", "startTime": "2020-01-01", "endTime": "2020-02-01"}
    assert read(pi, table=table, numPartitions=partitions, **whole) == ([0] * (partitions or 1), [])
    assert read(pi, table=table, startTime=START, endTime=START, numPartitions=partitions)[1] == []
    assert read(pi, table=table, frameFilter="nothing is called so", numPartitions=partitions)[1] == []


@pytest.mark.parametrize("table", TABLES)
def test_a_server_without_the_route(one_pi: MockPI, table: str) -> None:
    one_pi.faults.add(Fault(status=404, route="assetdatabases/eventframes", count=None, message="No HTTP resource"))
    with pytest.raises(PIListError, match=r"(?s)/eventframes.*2017"):
        read(one_pi, table=table)


def test_a_search_that_may_not_be_read(one_pi: MockPI) -> None:
    """Named, or skipped with the reason in errorColumn."""
    one_pi.faults.add(Fault(status=403, route="assetdatabases/eventframes", count=None))
    with pytest.raises(PIListError, match="event frames of"):
        read(one_pi, table="event_frames")
    skip = {"database": None, "onTagError": "skip", "errorColumn": "why", "table": "event_frames"}
    rows = read(one_pi, **skip)[1]
    assert [row["id"] for row in rows] == [None, None]
    assert sorted(row["why"].split(":")[0] for row in rows) == [
        r"event frames of \\AF\DB",
        r"event frames of \\AF\Other",
    ]


@pytest.mark.parametrize(
    ("table", "route", "skip"),
    [
        ("event_frame_attributes", "streamsets/value", 2),  # the first two in order of time have no attributes
        ("event_frame_referenced_elements", "eventframes/referencedelements", 2),
        ("event_frame_annotations", "eventframes/annotations", 1),
    ],
)
def test_a_frame_that_may_not_be_read(one_pi: MockPI, table: str, route: str, skip: int) -> None:
    whole = read(one_pi, table=table, numPartitions=1)[1]
    refused = Fault(status=403, route=route, scope="sub", skip=skip, count=1)
    one_pi.faults.add(refused)
    with pytest.raises(PIListError, match="event frame "):
        read(one_pi, table=table, numPartitions=1)
    one_pi.faults.add(refused)
    rows = read(one_pi, table=table, numPartitions=1, onTagError="skip", errorColumn="why")[1]
    told = [row for row in rows if row["why"] is not None]
    there = Counter(row["event_frame_web_id"] for row in rows if row["why"] is None)
    lost = Counter(row["event_frame_web_id"] for row in whole) - there
    assert len(told) == len(lost) == 1
    assert next(iter(lost)) in told[0]["why"]
    assert there.total() + lost.total() == len(whole)


def test_what_comes_while_it_is_read() -> None:
    """Frames that begin at the open end, while the list is read, do not disturb it; one that vanishes is noticed."""
    frames = many_frames(40, attributes=1, first=START, every_seconds=1800, elements=["Plant"])
    database = Database("DB", [Element("Plant")], templates=[many_template(1)], event_frames=frames)
    with MockPI(PISystem(af=[AFServer("AF", [database])], now=NOW)) as pi:
        texts = {"url": pi.url, "table": "event_frames", "starttime": START, "endtime": END, "pagesize": "10"}
        source = PIDataSource({**texts, "numpartitions": "1", "concurrency": "1"})
        reader = source.reader(source.schema())
        batches = iter(reader.read(reader.partitions()[0]))
        rows = next(batches).to_pylist()
        new = pi.system.event_frames().insert(EventFrame("A new one", as_ticks(END) - 5, None, "Batch"))
        for batch in batches:
            rows += batch.to_pylist()
        assert got(rows) == ids([*frames, new])
        batches = iter(reader.read(reader.partitions()[0]))
        next(batches)
        pi.system.event_frames().delete(frames[0])
        with pytest.raises(PIChangedError, match="changed while it was read"):
            list(batches)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"severity": "Fatal"}, "severity.*Critical"),
        ({"searchMode": "Nearby"}, "searchMode.*Overlapped"),
        ({"searchMode": "ForwardFromStartTime"}, "ForwardFromStartTime has no endTime"),
        ({"searchMode": "None", "endTime": None}, "None has no startTime"),
        ({"isAcknowledged": "maybe"}, "isAcknowledged"),
        ({"table": "elements", "searchMode": "None", "startTime": None, "endTime": None}, "searchMode.*event_frames"),
    ],
)
def test_options_that_mean_nothing(one_pi: MockPI, options: dict[str, Any], words: str) -> None:
    with pytest.raises(PIOptionError, match=words):
        read(one_pi, **{"table": "event_frames", **options})


@pytest.mark.parametrize(("page", "partitions"), [(None, 1), (3, 8)])
def test_names_of_primary_elements(one_pi: MockPI, page: int | None, partitions: int) -> None:
    """Each element is looked up once in a partition; one that may not be seen has no name."""
    expected = {
        str(one.guid): (one.referenced()[0].name, one.referenced()[0].path) if one.referenced() else (None, None)
        for one in overlapping(declared(one_pi))
    }
    assert {name for name, _ in expected.values()} == {"Reactor", "Tank", None}
    rows = read(one_pi, table="event_frames", includeElement="true", pageSize=page, numPartitions=partitions)[1]
    assert {row["id"]: (row["primary_element"], row["primary_element_path"]) for row in rows} == expected
    assert len(rows) == len(expected)
    assert one_pi.stats().by_route["elements/multiple"] <= 2 * partitions
    tank = one_pi.system.asset_servers[0].databases[0].find(["Plant", "Tank"])
    assert tank is not None
    tank.is_denied, tank.home.guarded = True, True
    try:
        rows = read(one_pi, table="event_frames", includeElement="true")[1]
    finally:
        tank.is_denied, tank.home.guarded = False, False
    assert {row["primary_element"] for row in rows} == {"Reactor", None}
    assert "primary_element" not in read(one_pi, table="event_frames", numPartitions=1)[1][0]


def test_names_of_elements_that_cannot_be_asked(one_pi: MockPI) -> None:
    one_pi.faults.add(Fault(status=404, route="elements/multiple", count=None, message="No HTTP resource"))
    with pytest.raises(PIListError, match="names of elements"):
        read(one_pi, table="event_frames", includeElement="true")
    rows = read(one_pi, table="event_frames", includeElement="true", onTagError="skip")[1]
    assert len(rows) == len(overlapping(declared(one_pi)))
