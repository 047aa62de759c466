"""P1 against random archives: whatever the archive, the server and the options, the rows are the archive's.

An example is an archive (points of all types; groups of events at one instant, a tick or a millisecond apart, on both
edges of the range; system states, nulls, flags; some events inserted late), a server (item limit, and the switches for
what the vendor's documentation leaves open), options (pages, partitions, requests) and passing faults. The reader has
to bring the archive's rows exactly; only an instant that a page from each side cannot reach may fail, and by name.

OSIPI_RANDOM_EXAMPLES=5000 runs more examples than the default, and other ones at each run.
"""

from __future__ import annotations

import functools
import json
import math
import os
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mock_pi import Event, Fault, Listed, MockPI, PISystem, Point, State, text_of, ticks_of
from mock_pi.system.states import COMMON_STATES, IO_TIMEOUT
from oracle import Rows, _rows_of, actual_rows
from pi_datasource.errors import PIInstantError, PITagError
from pi_datasource.read import chain, cutting

EXAMPLES = int(os.environ.get("OSIPI_RANDOM_EXAMPLES", "0"))

#: A time that lies on none of the round ones.
ORIGIN = ticks_of("2026-01-01T11:59:59.9876543Z")
SECOND = 10_000_000
MODES = tuple(State(name, code) for code, name in enumerate(("Manual", "Auto", "Cascade", "Program", "Prog-Auto")))
TYPES = ("Float64", "Float32", "Float16", "Int16", "Int32", "Digital", "String", "Timestamp", "Blob")

#: From one instant to the next: neighbours, a µs and the ticks around it, PI's own 1/65536 s, a ms and around it, more.
GAPS = (1, 1, 2, 9, 10, 11, 152, 153, 9_999, 10_000, 10_001, SECOND, 3_600 * SECOND, 20 * 86_400 * SECOND)


@dataclass(frozen=True)
class Group:
    """`count` events at one instant, `gap` ticks after the one before."""

    gap: int
    count: int
    flavour: str
    late: bool


@dataclass(frozen=True)
class Example:
    """All that one read depends on."""

    points: tuple[tuple[str, tuple[Group, ...]], ...]
    limit: int
    switches: dict[str, Any]
    start: tuple[int, int]
    end: tuple[int, int]
    options: dict[str, Any]
    faults: tuple[Fault, ...]


def good_value(point_type: str, number: int) -> Any:
    """A value of that type, another one for each number."""
    if point_type.startswith("Float"):
        return (number * 0.37 - 5, float(number), 1e-7 * number, -1e20 * number)[number % 4]
    if point_type == "Int16":
        return number - 20
    if point_type == "Int32":
        return number * 1_000_003 - 2**30
    if point_type == "Digital":
        return MODES[number % len(MODES)]
    if point_type == "Timestamp":
        return text_of(ORIGIN + number)
    if point_type == "Blob":
        return bytes(range(number % 4)) + number.to_bytes(2, "big")
    return ("", "NaN", '{"a": 1}', "2026-01-01T00:00:00Z", "ä\t\0€😀", "1.5")[number % 6] + f"#{number}" * (number > 20)


def value_of(point_type: str, flavour: str, number: int) -> tuple[Any, bool]:
    """A value and whether it is good."""
    if flavour == "bad" or (flavour == "mixed" and number % 3 == 0):
        return COMMON_STATES[number % len(COMMON_STATES)], False
    if flavour == "same bad":
        return IO_TIMEOUT, False
    if flavour == "null":
        return None, False
    if flavour == "odd" and point_type.startswith("Float"):
        return (math.nan, math.inf, -math.inf)[number % 3], True
    if flavour == "few":
        return (good_value(point_type, 7), True) if number * number % 7 != 4 else (IO_TIMEOUT, False)
    if flavour == "same":
        number = 7
    return good_value(point_type, number), True


def events_of(point_type: str, groups: tuple[Group, ...]) -> tuple[list[Event], list[Event]]:
    """The events that were there from the beginning, and those that come late."""
    there: list[Event] = []
    late: list[Event] = []
    at, number = ORIGIN, 0
    for group in groups:
        at += group.gap
        for place in range(group.count):
            value, good = value_of(point_type, group.flavour, number)
            plain = group.flavour in ("same", "same bad", "few")
            flags = (not plain and number % 5 == 1, not plain and number % 7 == 2, not plain and number % 4 == 3)
            # What is inserted goes behind what is there, so only the last of a group come late.
            (late if group.late and place >= group.count // 2 else there).append(Event(at, value, good, *flags))
            number += 1
    return there, late


flavours = st.sampled_from(("distinct", "distinct", "mixed", "bad", "same", "same bad", "few", "null", "odd"))


def groups_of(sizes: tuple[int, ...]) -> st.SearchStrategy[Group]:
    """A group of one of these sizes."""
    return st.builds(
        Group, st.sampled_from(GAPS), st.sampled_from(sizes), flavours, st.sampled_from((False, False, True))
    )


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Examples small enough for a few thousand in some minutes."""
    limit = draw(st.one_of(st.integers(1, 8), st.integers(1, 50)))
    small = draw(st.sampled_from(((1,), (1, 1, 2, 3), (1, 2, max(1, limit - 1)), (1, limit, limit + 1))))
    groups = st.lists(groups_of(small), max_size=12 if max(small) < 10 else 5)
    points = [(draw(st.sampled_from(TYPES)), draw(groups)) for _ in range(draw(st.integers(1, 4)))]
    if draw(st.booleans()):
        # One crowd in the whole archive: any more, and the first to fail hides the others.
        crowd = groups_of((limit, limit + 1, 2 * limit - 1, 2 * limit, 2 * limit + 1, 2 * limit + 2, 3 * limit))
        points[0][1].insert(draw(st.integers(0, len(points[0][1]))), draw(crowd))
    switches = {
        "keep_empty_items": draw(st.booleans()),
        "count_includes_bad": draw(st.booleans()),
        "count_includes_end": draw(st.booleans()),
        "compress": draw(st.sampled_from(("never", "asked", "always"))),
        "non_finite": draw(st.sampled_from(("text", "bad"))),
        "version": draw(st.sampled_from(("2017", "2023"))),
        "web_id_type": draw(st.sampled_from(("Full", "IDOnly", "PathOnly"))),
        "summary_order": draw(st.sampled_from(("type", "time"))),
        "rate_retry_after": draw(st.sampled_from((None, "0"))),
    }
    options = {
        "numPartitions": draw(st.sampled_from((1, 1, 2, 3, 7))),
        "rowsPerResponse": draw(st.sampled_from((1, 7, 40, 50_000))),
        "tagsPerRequest": draw(st.sampled_from((1, 2, 3, 100))),
        "pageSize": draw(st.sampled_from((None, None, 1, 2, 3, 7, 60))),
        "concurrency": draw(st.integers(1, 4)),
        "maxInFlight": draw(st.sampled_from((None, None, 2))),
        "post": draw(st.booleans()),
        # A list in pages of one point is refused: points could be missed between them.
        "byFilter": draw(st.booleans()) and limit > 1,
    }
    edge = st.tuples(st.integers(0, 20), st.sampled_from((0, 0, 1, -1, 5, -10_000, SECOND)))
    archive = tuple((point_type, tuple(groups)) for point_type, groups in points)
    return Example(archive, limit, switches, draw(edge), draw(edge), options, tuple(draw(faults)))


@st.composite
def crowds(draw: st.DrawFn) -> Example:
    """Instants around once, twice and three times the server's limit, with company a tick before and after."""
    limit = draw(st.integers(1, 6))
    flavour = draw(flavours)
    sizes = (limit, limit + 1, 2 * limit - 1, 2 * limit, 2 * limit + 1, 2 * limit + 2, 3 * limit)
    groups = (
        Group(1, draw(st.integers(1, 3)), draw(flavours), False),
        Group(draw(st.sampled_from((1, 10_000))), draw(st.sampled_from(sizes)), flavour, draw(st.booleans())),
        Group(draw(st.sampled_from((1, 1, 2))), draw(st.integers(1, limit + 2)), draw(flavours), False),
    )
    switches = {
        "count_includes_bad": draw(st.booleans()),
        "count_includes_end": draw(st.booleans()),
        "non_finite": "text",
        "version": "2023",
    }
    return Example((("Float64", groups),), limit, switches, (0, 0), (3, 1), {"byFilter": False}, ())


faults = st.lists(
    st.one_of(
        st.builds(
            Fault,
            kind=st.sampled_from(
                ("cut_chunked", "truncated_json", "broken_gzip", "reset", "login_page", "web_exception")
            ),
            route=st.sampled_from(("batch", "recorded")),
            skip=st.integers(0, 4),
        ),
        st.builds(
            Fault,
            kind=st.sampled_from(("truncated_json", "web_exception", "missing", "status")),
            status=st.sampled_from((500, 502, 503, 429, 504)),
            route=st.just("streams/recorded"),
            scope=st.just("sub"),
            skip=st.integers(0, 9),
            count=st.integers(1, 2),
        ),
        st.builds(
            Fault,
            status=st.sampled_from((500, 502, 503, 429, 504, 408)),
            route=st.sampled_from(("batch", "recorded", "summary")),
            skip=st.integers(0, 4),
        ),
    ),
    max_size=2,
)


class Bench:
    """One server whose points, switches and faults are exchanged for each example."""

    def __init__(self, pi: MockPI) -> None:
        self.pi = pi

    def set_up(self, example: Example) -> list[Point]:
        """The example's archive and server. Returns the points as the server has them."""
        system = self.pi.system
        for point in system.points:
            system.remove(point)
        self.pi.switches.set({**example.switches, "max_count": example.limit})
        self.pi.faults.clear()
        points = []
        for number, (point_type, groups) in enumerate(example.points):
            there, late = events_of(point_type, groups)
            point = system.add(Point(f"T{number};ä", point_type, Listed(there), engineering_units=f"u{number}"))
            if late:
                system.insert(point, *late)
            points.append(point)
        for fault in example.faults:
            self.pi.faults.add(fault)
        # What earlier examples taught of other limits.
        chain._learned.clear()
        return points

    def seen(self, example: Example, point: Point, start: int, end: int) -> list[Event]:
        """The events as this server shows them."""
        events = self.pi.system.expected_recorded(point, start, end)
        if example.switches["non_finite"] == "bad":
            odd = [isinstance(event.value, float) and not math.isfinite(event.value) for event in events]
            events = [e._replace(value=IO_TIMEOUT, good=False) if o else e for e, o in zip(events, odd, strict=True)]
        if example.switches["version"] == "2017":
            events = [event._replace(annotated=None) for event in events]  # type: ignore[arg-type]
        return events


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with MockPI(PISystem(now="2027-01-01T00:00:00Z")) as pi:
        yield Bench(pi)


@pytest.fixture(scope="module", autouse=True, params=["decoded", "cut"])
def no_waiting(request: pytest.FixtureRequest) -> Iterator[None]:
    """Retries without pauses; once with answers decoded as small ones are, once with all cut as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "cut":
            patch.setattr(cutting, "LEAST_BYTES", 0)
            patch.setattr(cutting, "MOST_ODD", 1.0)
        patch.setattr("pi_datasource.reader.Client", functools.partial(chain.Client, sleep=lambda seconds: None))
        patch.setattr("pi_datasource.webapi.client.PAUSE_AFTER_429", 0.0)
        patch.setattr("pi_datasource.webapi.batch.PAUSE_AFTER_429", 0.0)
        yield


def edge_of(example: Example, edge: tuple[int, int]) -> int:
    """An instant next to one of the events, or to the origin."""
    number, offset = edge
    instants = [ORIGIN]
    for _, groups in example.points:
        at = ORIGIN
        for group in groups:
            at += group.gap
            instants.append(at)
    return instants[number % len(instants)] + offset


def left_alone() -> None:
    """Waits for requests that a read which failed has left under way: they must end, and they draw random numbers."""
    for thread in threading.enumerate():
        if thread.name.startswith("osipi"):
            thread.join(10)
            assert not thread.is_alive(), "a thread of a read that is over"


def check(bench: Bench, driver: Any, example: Example) -> None:
    """Reads the example and compares."""
    points = bench.set_up(example)
    start, end = sorted((edge_of(example, example.start), edge_of(example, example.end)))
    events = {point.name: bench.seen(example, point, start, end) for point in points}
    options = {name: value for name, value in example.options.items() if value is not None}
    by_filter = options.pop("byFilter")
    tags = {"tagFilter": "*"} if by_filter else {"tags": json.dumps([point.name for point in points])}
    most = {name: max(Counter(event.ticks for event in seen).values(), default=0) for name, seen in events.items()}
    expected: Rows = Counter()
    for point in points:
        expected.update(_rows_of(point, events[point.name]))
    failure: PITagError | None = None
    try:
        reading = driver.read(url=bench.pi.url, startTime=text_of(start), endTime=text_of(end), **tags, **options)
    except PITagError as error:
        failure = error
    if failure is not None:
        left_alone()
        if isinstance(failure, PIInstantError):
            # Only an instant that fills the largest page is ever in doubt.
            assert all(most[name] >= example.limit for name in failure.failures), failure
        else:
            # A refusal that is cut in the middle of its words is not understood.
            assert "400" in str(failure), failure
            assert any(fault.kind == "truncated_json" for fault in example.faults), failure
        return
    assert max(most.values()) <= 2 * example.limit, "more at one instant than two pages hold, and no error"
    actual = actual_rows(reading.batches)
    assert actual == expected, (list((expected - actual).items())[:3], list((actual - expected).items())[:3])


some = settings(
    max_examples=EXAMPLES or 80,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    # Shrinking takes minutes; it is for people who look for the cause.
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)


@some
@given(example=examples())
def test_p1_any_archive_any_server_any_options(bench: Bench, driver: Any, example: Example) -> None:
    check(bench, driver, example)


@settings(some, max_examples=EXAMPLES or 100)
@given(example=crowds())
def test_p1_crowded_instants_come_whole_or_fail_by_name(bench: Bench, driver: Any, example: Example) -> None:
    check(bench, driver, example)
