from __future__ import annotations

from collections.abc import Callable

import pytest

from pi_datasource.errors import PIOptionError
from pi_datasource.options import PIOptions, Selection

Parse = Callable[..., PIOptions]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, Selection()),
        ({"tags": ""}, Selection()),
        ({"tags": "SINUSOID, CDT158,,SINUSOID "}, Selection(("SINUSOID", "CDT158"))),
        ({"tags": '["A, B", "C"]'}, Selection(("A, B", "C"))),
        ({"path": "SINUSOID,CDT158"}, Selection(("SINUSOID", "CDT158"))),
        ({"paths": '["SINUSOID","CDT158"]'}, Selection(("SINUSOID", "CDT158"))),
        ({"tag_filter": "UNIT1.*,UNIT2.*"}, Selection(tag_filter=("UNIT1.*", "UNIT2.*"))),
        ({"tagQuery": "Name:=U* AND PointType:=Float32"}, Selection(tag_query="Name:=U* AND PointType:=Float32")),
        ({"tags": "A", "tagFilter": "B*", "dataServer": "S1,S2"}, Selection(("A",), ("B*",), None, ("S1", "S2"))),
        ({"tags": "", "path": "A"}, Selection(("A",))),
    ],
)
def test_selections(parse: Parse, raw: dict[str, str], expected: Selection) -> None:
    assert parse(raw).selection == expected


def test_only_a_selection_without_tags_is_empty() -> None:
    assert Selection().is_empty
    assert Selection(data_server=("S",)).is_empty
    assert not Selection(("A",)).is_empty
    assert not Selection(tag_filter=("A*",)).is_empty
    assert not Selection(tag_query="Name:=A").is_empty


@pytest.mark.parametrize(
    "raw", [{"tags": "A", "path": "B"}, {"tags": "A", "paths": '["B"]'}, {"path": "A", "paths": '["B"]'}]
)
def test_tags_come_from_one_place(parse: Parse, raw: dict[str, str]) -> None:
    with pytest.raises(PIOptionError, match="contradict") as caught:
        parse(raw)
    for name in raw:
        assert f"{name} = " in str(caught.value)
    assert "accepted is the list of tags from one place" in str(caught.value)


def test_a_selection_given_to_the_reader_wins_whole(parse: Parse) -> None:
    environ = {"OSIPI_TAGS": "E", "OSIPI_TAG_FILTER": "E*", "OSIPI_DATA_SERVER": "S"}
    assert parse(environ=environ).selection == Selection(("E",), ("E*",), None, ("S",))
    assert parse(environ=environ, path="A").selection == Selection(("A",), data_server=("S",))
    assert parse(environ=environ, tagQuery="Name:=A").selection == Selection(tag_query="Name:=A", data_server=("S",))
