"""WebIDs 2.0 of the Asset Framework."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from mock_pi import webids

from . import af as demo
from .client import Client

_AF = "e2f22b33-1f36-4c54-af80-688b54b998bc"
_OTHER = "96f9a00e-4d80-471f-aba9-ea89a1db402c"


@pytest.mark.parametrize(
    ("text", "marker", "server", "guids", "name"),
    [
        ("F1RSMyvy4jYfVEyvgGiLVLmYvAVk0tVFMtUEk", "RS", _AF, [], "VM-TS-PI"),
        ("F1RDMyvy4jYfVEyvgGiLVLmYvAjR9OmSafhkGfF09iWIcaIwVk0tVFMtUElcVElNRVNFRVI", "RD", _AF,
         ["994e1f8d-9f26-4186-9f17-4f6258871a23"], "VM-TS-PI\\TIMESEER"),
        ("F1EmMyvy4jYfVEyvgGiLVLmYvAe-IYOLTf7xGIoGBFvZT1mwVk0tVFMtUElcVElNRVNFRVJcUkVBQ1RPUlM", "Em", _AF,
         ["3818e27b-dfb4-11ef-88a0-6045bd94f59b"], "VM-TS-PI\\TIMESEER\\REACTORS"),
        ("F1MSRMyvy4jYfVEyvgGiLVLmYvA69wQlmWrDESLkkfNAL9XiAVk0tVFMtUElcVElNRVNFRVJcRU5VTUVSQVRJT05TRVRTW1BIQVNFU10",
         "MSR", _AF, ["9610dceb-ab65-440c-8b92-47cd00bf5788"], "VM-TS-PI\\TIMESEER\\ENUMERATIONSETS[PHASES]"),
        ("I1AbEDqD5loBNH0erqeqJodtALAYIKyyz2F5BGAxQAVXYRDBAGyPedZG1sUmxOOclp3Flwg", "AbE", _OTHER,
         ["cbb28260-853d-11e4-80c5-00155d844304", "75de231b-b591-49b1-b138-e725a77165c2"], None),
        ("I1FmDqD5loBNH0erqeqJodtALADqD5loBNH0cAAAAAAASwAg", "Fm", _OTHER,
         ["96f9a00e-4d80-471f-0000-00000004b002"], None),
    ],
)  # fmt: skip
def test_recorded_web_ids(text: str, marker: str, server: str, guids: list[str], name: str | None) -> None:
    """WebIDs of real servers come apart and together again [real]."""
    decoded = webids.decode(text)
    wanted = tuple(map(uuid.UUID, guids))
    assert (decoded.marker, decoded.server, decoded.guids, decoded.name) == (marker, uuid.UUID(server), wanted, name)
    assert webids.encode(text[0], marker, uuid.UUID(server), name or "", wanted) == text


@pytest.mark.parametrize(
    ("marker", "path", "text"),
    [
        ("Em", "MYAF\\MYDB\\PLANT1\\PUMP01", "P1EmTVlBRlxNWURCXFBMQU5UMVxQVU1QMDE"),
        ("AbE", "myaf\\mydb\\plant1\\pump01|temperature",
         "P1AbETVlBRlxNWURCXFBMQU5UMVxQVU1QMDF8VEVNUEVSQVRVUkU"),
    ],
)  # fmt: skip
def test_path_only_needs_no_look_up(marker: str, path: str, text: str) -> None:
    """PathOnly holds the upper-cased path and nothing else [ref]."""
    assert webids.encode("P", marker, uuid.uuid4(), path, (uuid.uuid4(), uuid.uuid4())) == text


def _one_of_each(client: Client, kind: str) -> dict[str, dict[str, Any]]:
    """A marker to an object whose WebID has it."""
    more = {"webIdType": kind}
    plant = client.object("/assetdatabases", {"path": demo.PLANT, **more})

    def first(link: str, **params: str) -> dict[str, Any]:
        return client.items(demo.below(client, link), {**more, **params})[0]

    server = client.items("/assetservers", more)[0]
    instrument = client.object("/elementtemplates", {"path": f"{demo.PLANT}\\ElementTemplates[Instrument]", **more})
    unit_class = first(server["Links"]["UnitClasses"])
    enumeration = first(plant["Links"]["EnumerationSets"])
    return {
        "RS": server, "RD": plant, "Em": demo.element(client, demo.SINUSOID, **more),
        "AbE": demo.attribute(client, f"{demo.SINUSOID}|Value|LimitHi", **more),
        "ET": instrument, "ATE": first(instrument["Links"]["AttributeTemplates"]),
        "EC": first(plant["Links"]["ElementCategories"]), "AC": first(plant["Links"]["AttributeCategories"]),
        "BC": first(plant["Links"]["TableCategories"]), "XC": first(plant["Links"]["AnalysisCategories"]),
        "MSR": enumeration, "MVR": first(enumeration["Links"]["Values"]), "Bl": first(plant["Links"]["Tables"]),
        "Xs": first(plant["Links"]["Self"] + "/analyses"), "XT": first(plant["Links"]["AnalysisTemplates"]),
        "UC": unit_class, "Ut": first(unit_class["Links"]["Units"]),
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "first"), [("Full", "F"), ("IDOnly", "I"), ("PathOnly", "P"), ("LocalIDOnly", "L"),
                                             ("DefaultIDOnly", "D")])  # fmt: skip
def test_every_type_of_every_object_is_given_and_taken(af: Client, kind: str, first: str) -> None:
    """`webIdType` chooses the type of WebIDs and of those in links; every type is accepted as input [ref]."""
    for marker, given in _one_of_each(af, kind).items():
        assert given["WebId"].startswith(f"{first}1{marker}"), marker
        assert given["WebId"] in given["Links"]["Self"]
        path = demo.below(af, given["Links"]["Self"])
        assert af.object(path, {"webIdType": kind}) == given
        assert af.object(path)["Id"] == given["Id"], marker


def test_ids_are_the_same_on_every_run(af: Client) -> None:
    """Ids come from paths, so that expectations can be written down."""
    assert demo.element(af, demo.SINUSOID)["Id"] == "0626b183-8128-5834-bea8-4396f39a15d5"


def test_surgery_on_full_web_ids(af: Client) -> None:
    """The first 48 characters of an element's Full WebID and 71 of an attribute's make the IDOnly one [real]."""
    element, value = demo.element(af, demo.SINUSOID), demo.attribute(af, f"{demo.SINUSOID}|Value")
    assert demo.element(af, demo.SINUSOID, webIdType="IDOnly")["WebId"] == "I" + element["WebId"][1:48]
    assert demo.attribute(af, f"{demo.SINUSOID}|Value", webIdType="IDOnly")["WebId"] == "I" + value["WebId"][1:71]


@pytest.mark.parametrize(
    "path",
    ["/elements/F1DSBd9Ab83Z90SNSjy4JtD5fQVk0tVFMtUEk", "/attributes/hello", "/assetdatabases/F1RDbogus",
     "/tables/P1Em", "/elements/F1AbE/attributes"],
)  # fmt: skip
def test_malformed_or_of_another_kind_is_400(af: Client, path: str) -> None:
    """The words two clients look for [client]."""
    response = af.get(path)
    assert response.status_code == 400
    assert response.json()["Errors"][0].startswith("Unknown or invalid WebID format: '")


@pytest.mark.parametrize(
    ("controller", "marker", "guids"),
    [("elements", "Em", 1), ("attributes", "AbE", 2), ("assetdatabases", "RD", 1), ("tables", "Bl", 1)],
)
def test_well_formed_but_unknown_is_404(af: Client, controller: str, marker: str, guids: int) -> None:
    """404 with Errors [sw18]."""
    web_id = webids.encode("I", marker, uuid.uuid4(), "", tuple(uuid.uuid4() for _ in range(guids)))
    response = af.get(f"/{controller}/{web_id}")
    assert response.status_code == 404
    assert response.json()["Errors"]
