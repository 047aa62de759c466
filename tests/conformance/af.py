"""Short ways to objects of the demo's Asset Framework."""

from __future__ import annotations

from typing import Any

from .client import Client

PLANT, CURIOSITIES = "\\\\MOCKAF\\Plant", "\\\\MOCKAF\\Curiosities"

#: The demo on forty points, of which some have states and some have texts: the works, units, an instrument a point, and
#: what all units share.
UNITS, INSTRUMENTS, DIGITAL, TEXTS = 8, 40, 6, 3
ELEMENTS = 1 + UNITS + INSTRUMENTS + 1

SINUSOID = f"{PLANT}\\Works\\Classic\\SINUSOID"


def below(client: Client, link: str) -> str:
    """A link without the base URL."""
    return link.removeprefix(client.pi.url)


def database(client: Client, path: str = PLANT) -> str:
    """The path below the base URL of a database."""
    return below(client, client.object("/assetdatabases", {"path": path})["Links"]["Self"])


def element(client: Client, path: str, **params: Any) -> dict[str, Any]:
    """The element at a path."""
    return client.object("/elements", {"path": path, **params})


def attribute(client: Client, path: str, **params: Any) -> dict[str, Any]:
    """The attribute at a path."""
    return client.object("/attributes", {"path": path, **params})


def names(items: list[dict[str, Any]]) -> list[str]:
    """The names of items."""
    return [one["Name"] for one in items]


def element_count(client: Client, path: str) -> int:
    """How many elements stand directly below an element."""
    return len(client.items(below(client, element(client, path)["Links"]["Elements"])))
