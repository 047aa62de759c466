from __future__ import annotations

import pytest

from pi_datasource.resolve.spelling import by_spelling, spellings
from pi_datasource.resolve.streams import Stream
from pi_datasource.webapi.webids import id_only

SERVER = "2IVWn08RQ0qOV5Pm8d5k_g"
BY_NAME = Stream(id_only(SERVER, 7), "Tank.Level", "float")
BY_PATH = Stream(id_only(SERVER, 7), r"\\PI\Tank.Level", "float")
ATTRIBUTE = Stream("I1AbE" + "A" * 66, r"\\AF\DB\Unit1\Pump|Flow", "float", element_path=r"\\AF\DB\Unit1\Pump")


def said_of(stream: Stream, *tags: str) -> list[str]:
    said = by_spelling({tag: (tag,) for tag in tags})
    return [tag for name in spellings(stream) for tag in said.get(name, ())]


@pytest.mark.parametrize("stream", [BY_NAME, BY_PATH], ids=["name", "path"])
@pytest.mark.parametrize(
    "tag",
    ["Tank.Level", "TANK.level", r"\\PI\Tank.Level", r"\\pi\TANK.LEVEL", id_only(SERVER, 7),
     "F" + id_only(SERVER, 7)[1:] + "XYZ"],
)  # fmt: skip
def test_a_point_is_found_in_any_spelling(stream: Stream, tag: str) -> None:
    assert said_of(stream, tag, "another", r"\\PI\another") == [tag]


def test_what_is_said_under_two_spellings_is_joined() -> None:
    assert sorted(said_of(BY_NAME, "Tank.Level", r"\\PI\tank.level")) == ["Tank.Level", r"\\PI\tank.level"]


def test_an_attribute_is_its_path_and_no_other_with_the_same_end() -> None:
    assert said_of(ATTRIBUTE, r"\\AF\DB\Unit1\PUMP|Flow") == [r"\\AF\DB\Unit1\PUMP|Flow"]
    assert said_of(ATTRIBUTE, r"\\AF\DB\Unit2\Pump|Flow", "Pump|Flow", "Flow") == []
    assert said_of(ATTRIBUTE, ATTRIBUTE.web_id) == [ATTRIBUTE.web_id]


def test_the_case_of_an_attributes_web_id_matters() -> None:
    assert said_of(ATTRIBUTE, ATTRIBUTE.web_id.replace("A" * 66, "a" * 66)) == []
