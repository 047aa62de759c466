"""WebIDs 2.0."""

from __future__ import annotations

import uuid

import pytest

from mock_pi import webids

from .client import Client

_TAG = "1320/AIM,17-TT-7196"


@pytest.mark.parametrize(
    ("text", "server", "point_id", "name"),
    [
        (
            "F1DPwgwnpmLxqECAJV2HpxdobgmQIAAAUElMQUIuRVFVSU5PUi5DT01cMTMyMC9BSU0sMTctVFQtNzE5Ng",
            "a6270cc2-f162-40a8-8025-5d87a717686e", 665, "PILAB.EQUINOR.COM\\1320/AIM,17-TT-7196",
        ),
        ("F1DPHCUkIuz-VUGmPsx8gYVengkEQAAAUFRJLVBJXFUtTEdTMS1HQi1YLVBLLVBLLTcwLUFJ",
         "2224251c-feec-4155-a63e-cc7c81855e9e", 17552, "PTI-PI\\U-LGS1-GB-X-PK-PK-70-AI"),
        ("F1DP0wrwSbtoKUCTP8tooVv3eAV8cBAAUEkxLTM3MDFcMC5UT0M", "49f00ad3-68bb-4029-933f-cb68a15bf778", 116567,
         "PI1-3701\\0.TOC"),
        ("I1DPW6Wlk0_Utku9vWTvxg45oA0egAAA", "93a5a55b-d44f-4bb6-bdbd-64efc60e39a0", 59601, None),
    ],
)  # fmt: skip
def test_recorded_point_web_ids(text: str, server: str, point_id: int, name: str | None) -> None:
    """WebIDs of real servers come apart and together again [real]."""
    decoded = webids.decode(text)
    assert (decoded.server, decoded.point_id, decoded.name) == (uuid.UUID(server), point_id, name)
    assert webids.encode(text[0], "DP", uuid.UUID(server), name or "", point_id=point_id) == text


def test_recorded_server_web_id() -> None:
    """A data server's WebID [real]."""
    guid = uuid.UUID("6f40df05-d9cd-44f7-8d4a-3cb826d0f97d")
    assert webids.encode("F", "DS", guid, "vm-ts-pi") == "F1DSBd9Ab83Z90SNSjy4JtD5fQVk0tVFMtUEk"


def test_path_only_needs_no_look_up() -> None:
    """PathOnly holds the upper-cased path and nothing else [ref]."""
    guid = uuid.uuid4()
    assert webids.encode("P", "DP", guid, "myserver\\sinusoid", point_id=9) == "P1DPTVlTRVJWRVJcU0lOVVNPSUQ"


@pytest.mark.parametrize(("kind", "first"), [("Full", "F"), ("IDOnly", "I"), ("PathOnly", "P"), ("LocalIDOnly", "L"),
                                             ("DefaultIDOnly", "D"), ("idonly", "I")])  # fmt: skip
def test_every_type_is_given_and_taken(client: Client, kind: str, first: str) -> None:
    """`webIdType` chooses the type; every type is accepted as input [ref]."""
    point = client.object("/points", {"path": f"\\\\MOCKPI\\{_TAG}", "webIdType": kind})
    assert point["WebId"].startswith(f"{first}1DP")
    assert client.object(f"/points/{point['WebId']}")["Name"] == _TAG
    server = client.object("/dataservers", {"name": "MOCKPI", "webIdType": kind})["WebId"]
    assert client.object(f"/dataservers/{server}")["Name"] == "MOCKPI"


def test_full_is_the_default(client: Client) -> None:
    """The type given without `webIdType` is Full [ref]."""
    assert client.web_id(_TAG).startswith("F1DP")


def test_the_ids_win_over_the_name(client: Client) -> None:
    """A Full WebID survives a rename [open]: here the name is not looked at."""
    web_id = client.web_id("step")
    renamed = web_id[:32] + "TU9DS1BJXE9MRE5BTUU"
    assert client.object(f"/points/{renamed}")["Name"] == "step"


@pytest.mark.parametrize("text", ["F1RDbogus", "X1DPabc", "F2DP", "F1DPshort", "F1AbE", "hello", "P1DP", "I1DP!!!!"])
def test_malformed_is_400(client: Client, text: str) -> None:
    """The words two clients look for [client]."""
    response = client.get(f"/streams/{text}/value")
    assert response.status_code == 400
    assert response.json() == {"Errors": [f"Unknown or invalid WebID format: '{text}'."]}


def test_missing_point_is_404(client: Client) -> None:
    """Well-formed, but nothing there: 404 with Errors [open, 404 by default]."""
    response = client.get(f"/streams/{webids.encode('P', 'DP', uuid.uuid4(), 'MOCKPI' + chr(92) + 'NOPE')}/value")
    assert response.status_code == 404
    assert response.json()["Errors"]
