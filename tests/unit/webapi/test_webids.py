from __future__ import annotations

import pytest

from pi_datasource.webapi.webids import LONGEST_SEGMENT, is_attribute_web_id, is_point_web_id, short

POINTS = [
    "F1DPwgwnpmLxqECAJV2HpxdobgmQIAAAUElMQUIuRVFVSU5PUi5DT01cMTMyMC9BSU0sMTctVFQtNzE5Ng",
    "F1DPHCUkIuz-VUGmPsx8gYVengkEQAAAUFRJLVBJXFUtTEdTMS1HQi1YLVBLLVBLLTcwLUFJ",
    "F1DP0wrwSbtoKUCTP8tooVv3eAV8cBAAUEkxLTM3MDFcMC5UT0M",
    "I1DPW6Wlk0_Utku9vWTvxg45oA0egAAA",
    "P1DPTVlTRVJWRVJcU0lOVVNPSUQ",
    "L1DP0egAAA",
    "D1DP0egAAA",
]
ATTRIBUTES = [
    "I1AbEDqD5loBNH0erqeqJodtALAYIKyyz2F5BGAxQAVXYRDBAGyPedZG1sUmxOOclp3Flwg",
    "P1AbETVlBRlxNWURCXFBMQU5UMVxQVU1QMDF8VEVNUEVSQVRVUkU",
    "F1AbFDqD5loBNH0erqeqJodtALA",
]
OTHERS = [
    "F1DSBd9Ab83Z90SNSjy4JtD5fQVk0tVFMtUEk",
    "F1EmMyvy4jYfVEyvgGiLVLmYvAe-IYOLTf7xGIoGBFvZT1mwVk0tVFMtUElcVElNRVNFRVJcUkVBQ1RPUlM",
    "F1RDMyvy4jYfVEyvgGiLVLmYvAjR9OmSafhkGfF09iWIcaIwVk0tVFMtUElcVElNRVNFRVI",
    "SINUSOID",
    "F1DP",
    "F1DP-7",
    "F1DP.FLOW.AFTER.THE.SECOND.STAGE.OF.UNIT",
    r"\\srv\F1DPwgwnpmLxqECAJV2HpxdobgmQIAAA",
    "I1DPW6Wlk0_Utku9vWTvxg45oA0egAA",
    "I1DPW6Wlk0_Utku9vWTvxg45oA0egAAAA",
    "f1dpwgwnpmLxqECAJV2HpxdobgmQIAAAUElM",
    "F1DPwgwnpmLxqECAJV2HpxdobgmQIAAA\n",
    "",
]


def test_web_ids_of_points_attributes_and_others_are_told_apart() -> None:
    assert [text for text in POINTS + ATTRIBUTES + OTHERS if is_point_web_id(text)] == POINTS
    assert [text for text in POINTS + ATTRIBUTES + OTHERS if is_attribute_web_id(text)] == ATTRIBUTES


def test_a_web_id_too_long_for_windows_is_shortened_to_its_ids() -> None:
    ids = "wgwnpmLxqECAJV2HpxdobgmQIAAA"
    assert short(f"F1DP{ids}" + "U" * 300) == f"I1DP{ids}"
    assert is_point_web_id(short(f"F1DP{ids}" + "U" * 300))


def test_a_web_id_that_fits_stays_as_it_is() -> None:
    for web_id in [*POINTS, *ATTRIBUTES]:
        assert short(web_id) == web_id
        assert len(web_id) < LONGEST_SEGMENT


@pytest.mark.parametrize("name_length", range(200, 260))
def test_none_gets_longer_than_a_segment_may_be(name_length: int) -> None:
    assert len(short("F1DPwgwnpmLxqECAJV2HpxdobgmQIAAA" + "U" * name_length)) <= LONGEST_SEGMENT
