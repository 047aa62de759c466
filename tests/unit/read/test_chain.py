from __future__ import annotations

from collections import defaultdict

import pytest

from pi_datasource.errors import (
    PIForbiddenError,
    PIInstantError,
    PINotFoundError,
    PIRefusedError,
    PIServerError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.plan.partitions import Chunk, Piece
from pi_datasource.read import chain as module
from pi_datasource.read.chain import SMALLEST_PAGE, Chain, Paging
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TimeRange, parse_iso
from tests.unit.webapi.fakes import URL, Archive, Asked, Event, FakeClient, Said

START = parse_iso("2026-01-01")
WINDOW = TimeRange(START, START + 10**10)


def events(count: int, step: int = 1000) -> list[Event]:
    return [Event(START + number * step, number) for number in range(count)]


def streams(archive: Archive) -> tuple[Stream, ...]:
    return tuple(Stream(web_id, f"tag {web_id}", "integer") for web_id in archive.streams)


def chain_of(client: FakeClient, of: tuple[Stream, ...], rows: int = 100, page_size: int | None = None) -> Chain:
    return Chain(client, Chunk.of(of, WINDOW), Paging(rows, page_size, ("Good",)))


def run(chain: Chain) -> dict[str, list[object]]:
    """Reads to the end: WebId → numbers of the events."""
    found: defaultdict[str, list[object]] = defaultdict(list)
    for _ in range(2000):
        if chain.done:
            return dict(found)
        for page in chain.take(chain.fetch()):
            found[page.stream.web_id] += [value.Value for value in page.values]
    raise AssertionError("it does not end")


def sizes(client: FakeClient) -> list[list[int]]:
    """The page sizes asked, request by request."""
    return [[int(asked.query["maxCount"]) for asked in batch.values()] for batch in client.batches]


class TestRounds:
    def test_everything_comes_once_in_order(self) -> None:
        archive = Archive({"A": events(0), "B": events(1), "C": events(99), "D": events(1000), "E": events(7, 0)})
        found = run(chain_of(FakeClient(archive), streams(archive), rows=20))
        wanted = {web_id: [event.number for event in some] for web_id, some in archive.streams.items() if some}
        assert found == wanted

    def test_a_round_is_one_batch_and_the_next_asks_only_what_is_left_with_larger_pages(self) -> None:
        archive = Archive({"A": events(0), "B": events(30), "C": events(55), "D": events(200)})
        client = FakeClient(archive)
        run(chain_of(client, streams(archive), rows=100))
        asked = [[asked.path[1] for asked in batch.values()] for batch in client.batches]
        assert asked[:2] == [["A", "B", "C", "D"], ["B", "C", "D"]]
        assert sizes(client)[:2] == [[25] * 4, [33] * 3]
        # A stream left alone is asked by itself, with the whole response to itself.
        assert {asked.path[1] for asked in client.gets} == {"D"}
        assert int(client.gets[-1].query["maxCount"]) == 100

    def test_the_users_page_size_is_a_ceiling(self) -> None:
        archive = Archive({"A": events(30), "B": events(30)})
        client = FakeClient(archive)
        assert len(run(chain_of(client, streams(archive), rows=100, page_size=7))["A"]) == 30
        assert {size for batch in sizes(client) for size in batch} == {7}

    def test_without_post_the_same_comes_by_gets(self) -> None:
        archive = Archive({"A": events(30), "B": events(50)})
        client = FakeClient(archive, post=False)
        found = run(chain_of(client, streams(archive), rows=20))
        assert {web_id: len(some) for web_id, some in found.items()} == {"A": 30, "B": 50}

    def test_each_stream_is_read_in_its_own_range(self) -> None:
        archive = Archive({"A": events(50), "B": events(50), "C": events(50)})
        a, b, c = streams(archive)
        ranges = [TimeRange(START, START + 20_000), TimeRange(START + 10_000, START + 45_000), TimeRange(START, START)]
        pieces = tuple(Piece(stream, window) for stream, window in zip((a, b, c), ranges, strict=True))
        found = run(Chain(FakeClient(archive), Chunk(pieces), Paging(14, None, ())))
        assert found == {"A": list(range(20)), "B": list(range(10, 45))}

    def test_a_chunk_without_streams_is_done(self) -> None:
        assert chain_of(FakeClient(Archive({})), ()).done


class TestPace:
    """The size of the next answer follows what the last one took."""

    def asked(self, efforts: list[tuple[float, int]], rows: int = 4000) -> list[int]:
        """The page sizes of one stream, when answers take these seconds and bytes."""
        archive = Archive({"A": events(20 * rows)})
        left = iter(efforts)

        def serve(asked: Asked) -> Said:
            client.effort.seconds, client.effort.bytes = next(left, (1.0, 1000))
            return archive(asked)

        client = FakeClient(serve)
        chain = chain_of(client, streams(archive), rows)
        for _ in range(len(efforts) + 1):
            chain.take(chain.fetch())
        return [int(one.query["maxCount"]) for one in client.gets]

    def test_answers_that_take_long_or_are_large_are_halved(self) -> None:
        assert self.asked([(11.0, 10), (11.0, 10), (5.0, 10)]) == [4000, 2000, 1000, 1000]
        assert self.asked([(0.1, 50_000_000), (0.1, 50_000_000), (0.1, 20_000_000)]) == [4000, 2000, 1000, 1000]

    def test_and_grow_again_when_answers_are_quick_and_small(self) -> None:
        assert self.asked([(11.0, 10), (11.0, 10), (0.1, 10), (0.1, 10), (0.1, 10)]) == [
            4000, 2000, 1000, 2000, 4000, 4000
        ]  # fmt: skip

    def test_they_are_not_made_smaller_than_a_small_page(self) -> None:
        assert self.asked([(11.0, 10)] * 9, rows=300)[-1] == SMALLEST_PAGE

    def test_what_was_not_answered_in_time_is_not_tried_again(self) -> None:
        archive = Archive({"A": events(4000)})

        def serve(asked: Asked) -> Said:
            client.effort.seconds, client.effort.bytes = 0.1, 10
            if int(asked.query["maxCount"]) > 500:
                raise PITimeoutError("too slow")
            return archive(asked)

        client = FakeClient(serve)
        assert len(run(chain_of(client, streams(archive), rows=1000))["A"]) == 4000
        assert [int(one.query["maxCount"]) for one in client.gets][:3] == [1000, 500, 500]
        assert max(int(one.query["maxCount"]) for one in client.gets[1:]) == 500


class TestItemLimit:
    def test_is_learned_once_and_for_all_chains_of_the_process(self) -> None:
        archive = Archive({"A": events(100), "B": events(100)}, limit=15)
        client = FakeClient(archive)
        found = run(chain_of(client, streams(archive), rows=80))
        assert {web_id: len(some) for web_id, some in found.items()} == {"A": 100, "B": 100}
        assert sizes(client)[0] == [40, 40]
        assert {size for batch in sizes(client)[1:] for size in batch} == {15}
        again = FakeClient(archive)
        run(chain_of(again, streams(archive), rows=80))
        assert sizes(again)[0] == [15, 15]

    def test_of_another_server_is_not_affected(self) -> None:
        archive = Archive({"A": events(100)}, limit=15)
        run(chain_of(FakeClient(archive), streams(archive)))
        other = FakeClient(Archive({"A": events(100)}), url="https://other/piwebapi")
        run(chain_of(other, streams(archive)))
        assert next(int(asked.query["maxCount"]) for asked in other.gets) == 100

    @pytest.mark.parametrize("words", ["greater than the maximum allowed", "greater than the maximum allowed (9999)"])
    def test_that_is_not_named_or_makes_no_sense_is_found_by_halving(self, words: str) -> None:
        archive = Archive({"A": events(50)}, limit=12)

        def vague(asked: Asked) -> Said:
            said = archive(asked)
            return said if said.status == 200 else Said(400, {"Errors": [words]})

        client = FakeClient(vague)
        assert len(run(chain_of(client, streams(archive)))["A"]) == 50
        assert [int(asked.query["maxCount"]) for asked in client.gets][:5] == [100, 50, 25, 12, 12]

    def test_that_lets_nothing_through_is_an_error(self) -> None:
        refused = Said(400, {"Errors": ["greater than the maximum allowed"]})
        client = FakeClient(lambda _: refused)
        with pytest.raises(PITooLargeError):
            run(chain_of(client, (Stream("A", "A", "float"),)))
        assert len(client.gets) < 10

    @pytest.mark.parametrize("count", [14, 15, 16, 29, 30])
    def test_an_instant_that_fills_the_largest_page_is_read_from_both_sides(self, count: int) -> None:
        crowd = [Event(START + 5500, 1000 + number) for number in range(count)]
        some = sorted([*events(20), *crowd], key=lambda event: event.tick)
        archive = Archive({"A": some, "B": events(40)}, limit=15)
        chain = chain_of(FakeClient(archive), streams(archive), rows=20)
        found = run(chain)
        assert found["A"] == [event.number for event in some]
        assert found["B"] == list(range(40))
        assert chain.failures == {}

    def test_an_instant_beyond_both_sides_fails_its_tag_and_leaves_the_others(self) -> None:
        archive = Archive({"A": [Event(START + 5, number) for number in range(31)], "B": events(40)}, limit=15)
        chain = chain_of(FakeClient(archive), streams(archive), rows=20)
        assert run(chain) == {"B": list(range(40))}
        assert {tag: type(error) for tag, error in chain.failures.items()} == {"tag A": PIInstantError}


class TestTimeouts:
    @pytest.mark.parametrize("inside", [True, False])
    def test_halve_the_pages_until_they_pass(self, inside: bool) -> None:
        archive = Archive({"A": events(3000), "B": events(3000)})

        def slow(asked: Asked) -> Said:
            too_much = int(asked.query["maxCount"]) > 130
            if too_much and not inside:
                raise PITimeoutError("no answer")
            return Said(504, {}) if too_much else archive(asked)

        client = FakeClient(slow)
        found = run(chain_of(client, streams(archive), rows=2000))
        assert {web_id: len(some) for web_id, some in found.items()} == {"A": 3000, "B": 3000}
        firsts = [batch[0] for batch in sizes(client)]
        assert firsts[:4] == [1000, 500, 250, 125]
        assert len(client.clock.waits) == 3

    def test_then_fewer_streams_are_asked_at_once(self) -> None:
        archive = Archive({f"W{number}": events(20) for number in range(8)})

        def befalls(keys: list[str]) -> None:
            if len(keys) > 2:
                raise PITimeoutError("no answer")

        client = FakeClient(archive, befalls)
        found = run(chain_of(client, streams(archive), rows=8 * SMALLEST_PAGE))
        assert {web_id: len(some) for web_id, some in found.items()} == {f"W{number}": 20 for number in range(8)}
        assert [len(batch) for batch in client.batches[:4]] == [8, 4, 4, 2]
        assert {len(batch) for batch in client.batches[4:]} == {2}

    def test_without_end_are_an_error_that_names_the_chunk(self) -> None:
        client = FakeClient(lambda _: Said(504, {"Errors": ["too slow"]}))
        with pytest.raises(
            PITimeoutError, match=r"gave up on recorded of A from 2026-01-01T00:00:00Z to .* \(504 9×\)"
        ):
            run(chain_of(client, (Stream("A", "A", "float"),)))

    def test_of_one_tag_do_not_hold_up_what_came_of_the_others(self) -> None:
        archive = Archive({"A": events(10), "B": events(10)})
        left = [Said(504, {})]
        client = FakeClient(lambda asked: left.pop() if asked.path[1] == "A" and left else archive(asked))
        chain = chain_of(client, streams(archive))
        [page] = chain.take(chain.fetch())
        assert (page.stream.web_id, len(page)) == ("B", 10)
        [page] = chain.take(chain.fetch())
        assert (page.stream.web_id, len(page)) == ("A", 10)
        assert chain.done


class TestFailures:
    @pytest.mark.parametrize(
        ("said", "kind"),
        [
            (Said(404, {"Errors": ["the very words"]}), PINotFoundError),
            (Said(403, {"Errors": ["the very words"]}), PIForbiddenError),
            (Said(409, {"Errors": ["the very words"]}), PIRefusedError),
            (Said(500, {"Errors": ["the very words"]}), PIServerError),
            (
                Said(200, {"Items": [{"Timestamp": "2026-01-01T00:00:00Z", "Errors": [
                    {"FieldName": "Value", "Message": ["the very words"]}]}]}),
                PIRefusedError,
            ),
            (
                Said(200, {"Items": [{"Timestamp": "2026-01-01T00:00:00Z", "Errors": [
                    {"FieldName": "Value", "Message": "the very words"}, {"Message": ["more"]}]}]}),
                PIRefusedError,
            ),
        ],
        ids=["404", "403", "409", "500", "value errors", "value errors as text"],
    )  # fmt: skip
    @pytest.mark.parametrize("post", [True, False])
    def test_of_one_tag_leave_the_others(self, said: Said, kind: type[Exception], post: bool) -> None:
        archive = Archive({"A": events(30), "B": events(30), "C": events(30)})
        client = FakeClient(lambda asked: said if asked.path[1] == "B" else archive(asked), post=post)
        chain = chain_of(client, streams(archive), rows=30)
        assert run(chain) == {"A": list(range(30)), "C": list(range(30))}
        assert {tag: type(error) for tag, error in chain.failures.items()} == {"tag B": kind}
        assert "the very words" in str(chain.failures["tag B"])
        assert "tag B" in str(chain.failures["tag B"])

    def test_that_come_after_some_pages_are_told_as_well(self) -> None:
        archive = Archive({"A": events(30), "B": events(30)})

        def vanishes(asked: Asked) -> Said:
            gone = asked.path[1] == "B" and not asked.query["startTime"].endswith("00:00:00.0000000Z")
            return Said(404, {"Errors": ["deleted"]}) if gone else archive(asked)

        chain = chain_of(FakeClient(vanishes), streams(archive), rows=20)
        found = run(chain)
        assert found["A"] == list(range(30))
        assert found["B"] == list(range(9))
        assert isinstance(chain.failures["tag B"], PINotFoundError)

    @pytest.mark.parametrize("errors", [None, []])
    def test_no_errors_are_none_however_they_are_written(self, errors: object) -> None:
        item = {"Timestamp": "2026-01-01T00:00:00Z", "Value": 5, "Errors": errors}
        chain = chain_of(FakeClient(lambda _: Said(200, {"Items": [item]})), (Stream("A", "A", "float"),))
        assert run(chain) == {"A": [5]}
        assert chain.failures == {}

    def test_a_value_that_is_an_errors_object_is_data(self) -> None:
        item = {"Timestamp": "2026-01-01T00:00:00Z", "Value": {"Errors": ["Calculation failed."]}, "Good": False}
        chain = chain_of(FakeClient(lambda _: Said(200, {"Items": [item]})), (Stream("A", "A", "float"),))
        [[value]] = [page.values for page in chain.take(chain.fetch())]
        assert value.Value.Errors == ["Calculation failed."]

    @pytest.mark.parametrize("text", ["yesterday", "2026-01-01T00:00:00", "", "2026-13-01T00:00:00Z"])
    def test_a_time_that_is_none_is_an_error(self, text: str) -> None:
        chain = chain_of(
            FakeClient(lambda _: Said(200, {"Items": [{"Timestamp": text, "Value": 5}]})), (Stream("A", "A", "float"),)
        )
        assert run(chain) == {}
        assert isinstance(chain.failures["A"], PIRefusedError)
        assert "a time that is none" in str(chain.failures["A"])


def test_the_fake_server_and_the_chain_mean_the_same_address() -> None:
    archive = Archive({"A": events(100)}, limit=15)
    run(chain_of(FakeClient(archive), streams(archive)))
    assert module._learned == {URL: 15}
