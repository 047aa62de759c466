"""Large trees: built and paged without walking through all of them for every page."""

from __future__ import annotations

import time
from collections.abc import Callable

from mock_pi import PISystem, Point
from mock_pi.af import AFServer
from mock_pi.af.plant import plant

from . import af as demo
from .client import Client

_TAGS = [f"TAG{number}" for number in range(20)]
_DATABASE = "\\\\AF\\Plant"


def test_ten_thousand_elements(start: Callable[..., Client]) -> None:
    """Every element and every attribute exactly once, page by page, in seconds."""
    began = time.perf_counter()
    database = plant((10, 10, 99), attributes=3, tags=_TAGS)
    client = start(PISystem(map(Point, _TAGS), af=[AFServer("AF", [database])]))
    for path, count, fields in (("elements", 10_010, "Items.Id"), ("elementattributes", 30_030, "Items.Id;Items.Path")):
        params = {"searchFullHierarchy": "true", "maxCount": 5000, "selectedFields": fields}
        seen: list[str] = []
        while True:
            page = client.items(f"{demo.database(client, _DATABASE)}/{path}", {**params, "startIndex": len(seen)})
            seen += [one["Id"] for one in page]
            if len(page) < 5000:
                break
        assert (len(seen), len(set(seen))) == (count, count)
    # Seconds on any machine: with a walk or a sort for each page it would be minutes.
    assert time.perf_counter() - began < 60


def test_a_page_costs_the_same_anywhere(start: Callable[..., Client]) -> None:
    """The list is made once; the last page is as quick as the first one after that."""
    client = start(PISystem(af=[AFServer("AF", [plant((10, 10, 99), attributes=1)])]))
    path = f"{demo.database(client, _DATABASE)}/elements"
    params = {"searchFullHierarchy": "true", "maxCount": 10, "selectedFields": "Items.Name"}
    assert len(client.items(path, params)) == 10
    began = time.perf_counter()
    for start_index in range(0, 10_000, 500):
        assert len(client.items(path, {**params, "startIndex": start_index})) == 10
    assert (time.perf_counter() - began) / 20 < 0.5


def test_many_children_of_one_parent(start: Callable[..., Client]) -> None:
    """1,500 elements below one: the default page cuts at 1000 without a word [sw18]."""
    client = start(PISystem(af=[AFServer("AF", [plant((1, 1500), attributes=0)])]))
    path = demo.below(client, demo.element(client, f"{_DATABASE}\\Site 1")["Links"]["Elements"])
    assert len(client.items(path)) == 1000
    assert len(client.items(path, {"startIndex": 1000})) == 500
    assert demo.element(client, f"{_DATABASE}\\Site 1\\Area 1.1500")["Name"] == "Area 1.1500"


def test_twenty_levels(start: Callable[..., Client]) -> None:
    """A chain of twenty elements, by path and by WebID from end to end."""
    client = start(PISystem(af=[AFServer("AF", [plant([1] * 20, attributes=1)])]))
    short = {"webIdType": "IDOnly"}
    found = client.items(f"{demo.database(client, _DATABASE)}/elements", {"searchFullHierarchy": "true", **short})
    deepest = max(found, key=lambda one: len(one["Path"]))
    assert deepest["Path"].count("\\") == 3 + 20
    assert demo.element(client, deepest["Path"], **short) == deepest
    levels = 1
    while "Parent" in deepest["Links"]:
        deepest = client.object(demo.below(client, deepest["Links"]["Parent"]), short)
        levels += 1
    assert levels == 20


def test_full_web_ids_of_deep_elements_do_not_fit_a_url(start: Callable[..., Client]) -> None:
    """HTTP.sys refuses segments of a path over 260 characters, as HTML: IDOnly is needed [general]."""
    client = start(PISystem(af=[AFServer("AF", [plant([1] * 20, attributes=1)])]))
    deepest = max(client.items(f"{demo.database(client, _DATABASE)}/elements", {"searchFullHierarchy": "true"}),
                  key=lambda one: len(one["Path"]))  # fmt: skip
    response = client.get(f"/elements/{deepest['WebId']}")
    assert (len(deepest["WebId"]) > 260, response.status_code) == (True, 400)
    assert response.headers["Content-Type"].startswith("text/html")
