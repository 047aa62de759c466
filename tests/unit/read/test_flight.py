from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

from pi_datasource.errors import PIError, PIRefusedError, PIServerError
from pi_datasource.plan.partitions import Chunk
from pi_datasource.read.chain import Chain, Paging
from pi_datasource.read.cursor import Page
from pi_datasource.read.flight import fly
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, parse_iso
from tests.unit.webapi.fakes import Archive, Asked, Event, FakeClient, Said

START = parse_iso("2026-01-01")
WINDOW = TimeRange(START, START + 10**10)


def flown(chains: list[Chain], concurrency: int) -> Iterator[tuple[list[Page], dict[str, PIError]]]:
    return fly(chains, concurrency, lambda pages: pages)


def archive_of(count: int, each: int = 40) -> Archive:
    return Archive({f"W{w}": [Event(START + 1000 * n, n) for n in range(each)] for w in range(count)})


def chains(client: FakeClient, count: int, rows: int = 10, window: TimeRange = WINDOW) -> list[Chain]:
    return [
        Chain(client, Chunk.of([Stream(f"W{w}", f"tag {w}", "integer")], window), Paging(rows, None, ()))
        for w in range(count)
    ]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def let_run_out() -> None:
    """Waits for the requests that were under way."""
    for thread in threading.enumerate():
        if thread.name.startswith("osipi"):
            thread.join(10)
            assert not thread.is_alive()


class Slow:
    """An archive that takes its time, so that requests overlap."""

    def __init__(self, archive: Archive, seconds: float = 0.002) -> None:
        self.archive = archive
        self.seconds = seconds

    def __call__(self, asked: Asked) -> Said:
        time.sleep(self.seconds)
        return self.archive(asked)


@pytest.mark.parametrize("concurrency", [1, 2, 4, 8])
@pytest.mark.parametrize("count", [1, 3, 9])
def test_all_chains_are_read_to_their_end_with_no_more_in_flight_than_asked(count: int, concurrency: int) -> None:
    client = FakeClient(Slow(archive_of(count)))
    found: defaultdict[str, list[object]] = defaultdict(list)
    for pages, _ in flown(chains(client, count), concurrency):
        for page in pages:
            found[page.stream.web_id] += [value.Value for value in page.values]
    assert dict(found) == {f"W{w}": list(range(40)) for w in range(count)}
    assert client.most_in_flight <= concurrency
    if count > 1 and concurrency > 1:
        assert client.most_in_flight > 1


def test_an_answer_that_is_not_taken_counts_as_in_flight() -> None:
    """Memory is bounded: while the caller thinks, no more than that many answers wait for it."""
    client = FakeClient(archive_of(9))
    flight = flown(chains(client, 9), 3)
    next(flight)
    wait_for(lambda: len(client.gets) >= 4)
    time.sleep(0.1)
    # One was taken and its successor asked for; with the two others that is all.
    assert len(client.gets) == 4
    flight.close()


def test_the_next_request_of_a_chain_leaves_before_its_answer_is_looked_at() -> None:
    client = FakeClient(archive_of(1))
    flight = flown(chains(client, 1), 1)
    next(flight)
    wait_for(lambda: len(client.gets) >= 2)
    assert len(client.gets) == 2
    flight.close()


def test_a_caller_that_stops_early_asks_nothing_new() -> None:
    client = FakeClient(Slow(archive_of(20)))
    flight = flown(chains(client, 20), 2)
    next(flight)
    flight.close()
    let_run_out()
    assert 2 <= len(client.gets) <= 4


def test_an_error_passes_through_and_asks_nothing_new() -> None:
    archive = archive_of(20)

    def serve(asked: Asked) -> Said:
        time.sleep(0.002)
        return Said(503, {}) if asked.path[1] == "W1" else archive(asked)

    client = FakeClient(serve)
    with pytest.raises(PIServerError, match="gave up on recorded of tag 1"):
        for _ in flown(chains(client, 20), 2):
            pass
    let_run_out()
    assert 2 <= len({asked.path[1] for asked in client.gets}) < 20


def test_failures_of_a_tag_are_handed_on_beside_the_pages() -> None:
    archive = archive_of(3)
    client = FakeClient(lambda asked: Said(409, {"Errors": ["no"]}) if asked.path[1] == "W1" else archive(asked))
    failures = {}
    rows = 0
    for pages, failed in flown(chains(client, 3), 2):
        failures |= failed
        rows += sum(map(len, pages))
    assert rows == 80
    assert {tag: type(error) for tag, error in failures.items()} == {"tag 1": PIRefusedError}


def test_chains_with_nothing_to_do_are_passed_over_wherever_they_stand() -> None:
    client = FakeClient(archive_of(6))
    full, empty = chains(client, 6), chains(client, 6, window=TimeRange(START, START))
    mixed = [chain for pair in zip(empty, full, strict=True) for chain in pair] + empty
    result: list[int] = []

    def work() -> None:
        result.append(sum(len(page) for pages, _ in flown(mixed, 2) for page in pages))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(10)
    assert result == [240]


def test_nothing_to_do_is_nothing_asked() -> None:
    client = FakeClient(archive_of(2))
    assert list(flown([], 3)) == []
    assert list(flown(chains(client, 2, window=TimeRange(START, START)), 3)) == []
    assert client.gets == []
