from __future__ import annotations

from typing import Any

import pytest

from mock_pi import Fault
from pi_datasource.errors import PIRefusedError, PITagError, PIUnknownTagError
from pi_datasource.options import Connection, PIOptions
from pi_datasource.resolve.streams import Stream
from pi_datasource.stream.key import Key
from pi_datasource.stream.taglist import TagList, key_of
from tests.readers.stream_world import URL, World


class Lists:
    """A list of tags, and what it says."""

    def __init__(self, world: World, **options: Any) -> None:
        texts = {name: str(value) for name, value in options.items()}
        parsed = PIOptions.parse({"url": URL, **texts}, now=world.ticks(100), environ={})
        self.tags = TagList(parsed, world.monotonic)
        self.client = world.client(Connection(url=URL))

    def ids(self) -> list[int]:
        return sorted(key.point_id for key in self.tags.listed(self.client))

    def keys(self) -> list[Key]:
        return list(self.tags.listed(self.client))


def test_a_pattern_is_looked_up_again_after_its_time(world: World) -> None:
    a = world.add("pa")
    lists = Lists(world, tagFilter="p*", refreshTags=60)
    assert lists.ids() == [a]
    b = world.add("pb")
    world.sleep(59)
    assert lists.ids() == [a]
    world.sleep(1)
    assert lists.ids() == [a, b]


def test_a_list_of_names_is_looked_up_once(world: World) -> None:
    a = world.add("pa")
    lists = Lists(world, tags="pa", refreshTags=0)
    assert lists.ids() == [a]
    world.app.site.faults.add(Fault(status=404, count=None))
    world.sleep(100)
    assert lists.ids() == [a]


def test_a_list_of_names_with_missing_ones_is_looked_up_again_when_those_are_skipped(world: World) -> None:
    a = world.add("pa")
    lists = Lists(world, tags="pa,pb", refreshTags=60, onTagError="skip")
    assert lists.ids() == [a]
    b = world.add("pb")
    world.sleep(60)
    assert lists.ids() == [a, b]


def test_a_missing_tag_is_an_error_otherwise(world: World) -> None:
    world.add("pa")
    with pytest.raises(PIUnknownTagError, match="pb"):
        Lists(world, tags="pa,pb").ids()


def test_streams_come_from_keys_alone(world: World) -> None:
    a, b = world.add("pa"), world.add("qb")
    keys = Lists(world, tagFilter="*").keys()
    fresh = Lists(world, tagFilter="p*").tags
    streams = fresh.streams(world.client(Connection(url=URL)), keys)
    assert {key.point_id: stream.tag for key, stream in streams.items()} == {a: "pa", b: "qb"}


def test_a_renamed_point_is_found_under_its_new_name(world: World) -> None:
    a = world.add("pa")
    keys = Lists(world, tagFilter="*").keys()
    world.rename(a, "new")
    assert [one.tag for one in Lists(world, tags="x").tags.streams(world.client(Connection(url=URL)), keys).values()] \
        == ["new"]  # fmt: skip


def test_points_that_are_gone_are_named_by_web_id_with_the_way_out(world: World) -> None:
    a = world.add("pa")
    lists = Lists(world, tagFilter="*")
    keys = lists.keys()
    world.remove(a)
    # Those that this process has looked up before need no look-up.
    assert lists.tags.streams(lists.client, keys).keys() == set(keys)
    with pytest.raises(PIUnknownTagError, match="abandonTags"):
        Lists(world, tags="x", onTagError="skip").tags.streams(lists.client, keys)


def test_the_key_of_a_stream_is_the_same_for_all_its_web_ids(world: World) -> None:
    point = world.point(world.add("pa", point_id=2**32 - 1))
    keys = {
        key_of(Stream(world.app.site.point_web_id(point, kind), "pa", "float")) for kind in "FI"
    }  # fmt: skip
    assert len(keys) == 1
    assert keys.pop().point_id == 2**32 - 1


@pytest.mark.parametrize("kind", ["PathOnly", "LocalIDOnly", "DefaultIDOnly"])
def test_a_server_whose_web_ids_hold_no_ids_is_refused(kind: str) -> None:
    world = World(web_id_type=kind)
    world.add("pa")
    with pytest.raises((PIRefusedError, PITagError), match="WebIDType"):
        Lists(world, tags="pa").ids()
