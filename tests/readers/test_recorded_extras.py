"""`recorded` with annotations, and with a condition: exact rows, however they are paged and cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Event, Every, Fault, MockPI, PISystem, Point, text_of, ticks_of
from mock_pi.system.annotation import Annotation, unwritten
from oracle import Rows, actual_rows, assert_same, expected_rows
from pi_datasource.errors import PIInstantError, PITagError

START, END = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
TICK = ticks_of("2026-01-01T05:00:00Z")
WRITTEN = "2026-01-01T06:30:00.1234567Z"
NOTES = (
    Annotation("calibrated", name="shift", description="by hand", creator="MOCK\\ann", created=WRITTEN),
    Annotation(4.5, modifier="MOCK\\bob", modified="2026-01-03T00:00:00Z", created=WRITTEN),
)
POINTS = [Point(f"T{n}", "Float64", Every(step_ticks=3600 * 10**7, first=START)) for n in range(12)]


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    system = PISystem(POINTS, now="2026-01-03T00:00:00Z")
    # Three at one instant: the second one is annotated.
    system.insert("T3", *(Event(TICK + 1, value, annotated=value == 2.0) for value in (1.0, 2.0, 3.0)))
    system.annotate("T3", TICK + 1, *NOTES, ordinal=1)
    # An event of the point's own lies at the same instant, before it.
    system.insert("T5", Event(TICK, 7.0, annotated=True))
    system.annotate("T5", TICK, NOTES[0], ordinal=1)
    with MockPI(system) as server:
        yield server


@pytest.fixture(autouse=True)
def _fresh(pi: MockPI) -> Iterator[None]:
    yield
    pi.faults.clear()
    pi.set(keep_empty_items=False, max_count=150_000)


def options(pi: MockPI, **more: Any) -> dict[str, Any]:
    return {"url": pi.url, "tagFilter": "T*", "startTime": START, "endTime": END, **more}


def number_of(row: tuple[Any, ...]) -> float:
    """The value of an expected row; no number is smaller than all."""
    return float("-inf") if row[4] is None else float(str(row[4]).removeprefix("float:"))


def told(note: Annotation) -> tuple[Any, ...]:
    """A note as the column has it; times in microseconds."""
    modifier, modified = note.changed
    text = note.value if isinstance(note.value, str) else "4.5"
    return (note.name, note.description, text, note.creator, note.written // 10, modifier, modified // 10)


def expected_notes(rows: Rows) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
    """Every annotated event with its notes: those declared above, and the mock's own."""
    declared = {("T3", TICK + 1, 1): NOTES, ("T5", TICK, 1): NOTES[:1]}
    keys = [(tag, ticks, seq) for tag, _, ticks, seq, *_, annotated, _ in rows if annotated == "bool:True"]
    found = {key: [told(note) for note in declared.get(key, (unwritten(key[1]),))] for key in keys}
    assert declared.keys() & found.keys()
    return found


def notes_in(reading: Any) -> dict[tuple[str, int, int], list[tuple[Any, ...]]]:
    found = {}
    for batch in reading.batches:
        for row in batch.to_pylist():
            if row["annotations"] is not None:
                found[row["tag"], row["ticks"], row["seq"]] = [
                    (one["name"], one["description"], one["value"], one["creator"],
                     round(one["created"].timestamp() * 1_000_000), one["modifier"],
                     round(one["modified"].timestamp() * 1_000_000))
                    for one in row["annotations"]
                ]  # fmt: skip
    return found


@pytest.mark.parametrize("empty", [True, False], ids=["empty lists kept", "empty lists left out"])
@pytest.mark.parametrize("partitions", [1, 8])
@pytest.mark.parametrize("page", [None, 3])
def test_annotations_come_with_their_events(
    pi: MockPI, driver: Any, page: int | None, partitions: int, empty: bool
) -> None:
    pi.set(keep_empty_items=empty)
    more = {} if page is None else {"pageSize": page}
    reading = driver.read(**options(pi, includeAnnotations=True, numPartitions=partitions, **more))
    expected = expected_rows(pi.system, POINTS, START, END)
    assert_same(actual_rows(reading.batches), expected)
    assert notes_in(reading) == expected_notes(expected)
    assert len(notes_in(reading)) > 10
    assert len(reading.partitions) == partitions


def test_annotations_at_an_instant_that_fills_the_largest_page(pi: MockPI, driver: Any) -> None:
    pi.set(max_count=2)
    reading = driver.read(**options(pi, includeAnnotations=True, tagFilter="T3"))
    expected = expected_rows(pi.system, [POINTS[3]], START, END)
    assert_same(actual_rows(reading.batches), expected)
    assert notes_in(reading) == expected_notes(expected)


def test_a_server_from_before_annotations_leaves_them_null_or_says_so(driver: Any) -> None:
    system = PISystem(POINTS[:1], now="2026-01-03T00:00:00Z")
    with MockPI(system, version="2017R2", ignore_unknown_parameters=True) as pi:
        reading = driver.read(**options(pi, includeAnnotations=True))
        every = expected_rows(system, POINTS[:1], START, END)
        # Nor does such a server say which events have one.
        assert_same(actual_rows(reading.batches), Counter({(*row[:-2], None, row[-1]): n for row, n in every.items()}))
        assert notes_in(reading) == {}
        pi.set(ignore_unknown_parameters=False)
        with pytest.raises(PITagError, match="associations"):
            driver.read(**options(pi, includeAnnotations=True))


@pytest.mark.parametrize("partitions", [1, 8])
@pytest.mark.parametrize("page", [None, 3])
def test_a_condition_leaves_out_what_fails_it(pi: MockPI, driver: Any, page: int | None, partitions: int) -> None:
    more = {} if page is None else {"pageSize": page}
    reading = driver.read(**options(pi, filterExpression="'.' > 50", numPartitions=partitions, **more))
    every = expected_rows(pi.system, POINTS, START, END)
    expected = Counter({row: n for row, n in every.items() if number_of(row) > 50})
    assert 0 < expected.total() < every.total() - 10
    assert_same(actual_rows(reading.batches), expected)


def test_seq_counts_what_passes(pi: MockPI, driver: Any) -> None:
    reading = driver.read(**options(pi, tagFilter="T3", filterExpression="'.' > 1.5 AND '.' < 3.5", pageSize=1))
    rows = [row for batch in reading.batches for row in batch.to_pylist()]
    assert [(row["ticks"], row["seq"], row["value"]) for row in rows] == [(TICK + 1, 0, 2.0), (TICK + 1, 1, 3.0)]


def test_a_crowded_instant_that_is_filtered_is_never_guessed(pi: MockPI, driver: Any) -> None:
    """The server's count knows no condition, so it is no witness."""
    pi.set(max_count=2)
    with pytest.raises(PIInstantError, match=r"T3.*more than the 2 events"):
        driver.read(**options(pi, tagFilter="T3", filterExpression="'.' < 100"))


def test_a_condition_that_is_none_is_an_error_of_the_tag(pi: MockPI, driver: Any) -> None:
    with pytest.raises(PITagError, match="T3"):
        driver.read(**options(pi, tagFilter="T3", filterExpression="'.' >"))


def test_an_annotation_that_the_server_could_not_read_fails_its_tag(driver: Any) -> None:
    from pi_datasource.read.annotations import note_errors
    from pi_datasource.webapi.wire import AnnotatedValues, decoder

    body = (
        b'{"Items":[{"Timestamp":"2026-01-01T00:00:00Z","Value":1,"Annotations":[{"Id":"x","Errors":["no access"]}]}]}'
    )
    assert note_errors(decoder(AnnotatedValues).decode(body).Items) == "no access"


def test_other_tables_take_no_annotations(pi: MockPI, driver: Any) -> None:
    with pytest.raises(Exception, match="option includeAnnotations = 'true' means nothing for table 'interpolated'"):
        driver.read(**options(pi, table="interpolated", includeAnnotations=True))


def test_a_fault_on_the_way_costs_no_annotation(pi: MockPI, driver: Any) -> None:
    pi.faults.add(Fault(status=503, count=2))
    reading = driver.read(**options(pi, includeAnnotations=True))
    assert notes_in(reading) == expected_notes(expected_rows(pi.system, POINTS, START, END))


def neighbours(point: Point, system: PISystem, first: int, last: int) -> Rows:
    """The last event before a range and the first one at or after its end, with their numbers at their instants."""
    rows: Rows = Counter()
    every = expected_rows(system, [point], "2025-12-01T00:00:00Z", "2026-02-01T00:00:00Z")
    before = [row for row in every if row[2] < first]
    after = [row for row in every if row[2] >= last]
    for row in (
        max(before, key=lambda row: row[2:4], default=None),
        min(after, key=lambda row: row[2:4], default=None),
    ):
        if row is not None:
            rows[row] += 1
    return rows


@pytest.mark.parametrize("partitions", [1, 8])
@pytest.mark.parametrize("page", [None, 3])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-01T03:00:00Z", "2026-01-01T09:00:00Z"),
        ("2026-01-01T03:00:00.0000001Z", "2026-01-01T05:00:00.0000001Z"),
        ("2026-01-01T03:10:00Z", "2026-01-01T03:20:00Z"),
        # Before the first one lie three events at one instant.
        (text_of(TICK + 2), text_of(TICK + 10)),
        (START, "2026-01-05T00:00:00Z"),
    ],
    ids=["on events", "beside events", "between events", "behind three at once", "all there is"],
)
def test_the_events_next_to_the_range(
    pi: MockPI, driver: Any, start: str, end: str, page: int | None, partitions: int
) -> None:
    more = {} if page is None else {"pageSize": page}
    reading = driver.read(
        **options(pi, startTime=start, endTime=end, boundaryType="Outside", numPartitions=partitions, **more)
    )
    expected = expected_rows(pi.system, POINTS, start, end)
    for point in POINTS:
        expected.update(neighbours(point, pi.system, ticks_of(start), ticks_of(end)))
    assert_same(actual_rows(reading.batches), expected)


def test_neighbours_of_tags_that_fail_are_one_failure_each(pi: MockPI, driver: Any) -> None:
    pi.faults.add(Fault(tag="T3", scope="sub", status=403, count=None))
    reading = driver.read(**options(pi, boundaryType="Outside", onTagError="skip", errorColumn="why", numPartitions=3))
    rows = [row for batch in reading.batches for row in batch.to_pylist()]
    assert [row["tag"] for row in rows if row["why"]] == ["T3"]
    assert {row["tag"] for row in rows if not row["why"]} == {point.name for point in POINTS} - {"T3"}


def test_a_stream_has_no_neighbours(pi: MockPI, driver: Any) -> None:
    source = driver.source(url=pi.url, tags="T3", boundaryType="Outside")
    with pytest.raises(Exception, match="option boundaryType has no place in a stream"):
        source.streamReader(source.schema())
