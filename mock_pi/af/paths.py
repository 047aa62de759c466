r"""Paths of the Asset Framework: `\\AF\DB\E1\E2|A|B`, `\\AF\DB\Tables[T]`, with ids `[{guid}]` and `Name;guid`."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Protocol

_COLLECTION = re.compile(r"(?P<kind>\w+)\[(?P<name>.*)\]", re.DOTALL)
_GUID_ONLY = re.compile(r"\[\{(?P<guid>[0-9a-fA-F-]{36})\}\]")
_WITH_GUID = re.compile(r"(?P<name>.*);\{?(?P<guid>[0-9a-fA-F-]{36})\}?", re.DOTALL)


class Named(Protocol):
    """What can be named in a path."""

    @property
    def name(self) -> str: ...

    @property
    def guid(self) -> uuid.UUID: ...


def same_name(one: Named, text: str) -> bool:
    """Whether a part of a path means an object; an id wins over a name."""
    match = _GUID_ONLY.fullmatch(text) or _WITH_GUID.fullmatch(text)
    return one.guid == uuid.UUID(match["guid"]) if match else one.name.upper() == text.upper()


@dataclass(frozen=True)
class AFPath:
    r"""A path taken apart.

    Attributes:
        server: The asset server's name.
        parts: What comes behind it, split at backslashes: database, elements; a collection's part stays whole.
        attributes: What comes behind `|`.
    """

    server: str
    parts: tuple[str, ...]
    attributes: tuple[str, ...]


def parse(text: str) -> AFPath:
    """Takes a path apart.

    Raises:
        ValueError: it does not begin with two backslashes and a name.
    """
    if not text.startswith("\\\\"):
        raise ValueError(text)
    place, *attributes = text[2:].split("|")
    server, *parts = place.rstrip("\\").split("\\")
    if not server or any(not part for part in parts) or any(not one for one in attributes):
        raise ValueError(text)
    return AFPath(server, tuple(parts), tuple(attributes))


def collection(part: str) -> tuple[str, str] | None:
    """`Tables[T]` as `("tables", "T")`, None for a plain name."""
    match = _COLLECTION.fullmatch(part)
    return (match["kind"].lower(), match["name"]) if match else None
