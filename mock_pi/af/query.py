"""The query language of the AF searches: `Name:='x*' Template:=T Element:{Root:'a\\b'}`, all filters to hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAME = re.compile(r'\s*(?:(?P<name>\w+)|"(?P<quoted>[^"]*)")\s*:\s*(?P<operator><>|!=|<=|>=|=|<|>)?\s*')
_BARE = re.compile(r"[^\s{}]+")


@dataclass(frozen=True)
class Filter:
    """One filter of a query.

    Attributes:
        name: What is looked at, in lower case.
        operator: `=`, `<>`, `<`, `<=`, `>` or `>=`.
        value: What it is compared with.
        nested: The filters between braces, for `Element:{...}`.
    """

    name: str
    operator: str
    value: str
    nested: tuple[Filter, ...] = ()


def parse(text: str) -> tuple[Filter, ...]:
    """The filters of a query. A text without a name is one for `Name`.

    Raises:
        ValueError: the text is not a query.
    """
    found, place = _filters(text, 0)
    if text[place:].strip():
        raise ValueError(f"unexpected {text[place:]!r}")
    return found


def _filters(text: str, place: int) -> tuple[tuple[Filter, ...], int]:
    found: list[Filter] = []
    while text[place:].strip() and not text[place:].lstrip().startswith("}"):
        match = _NAME.match(text, place)
        if match is None:
            value, place = _value(text, place + len(text[place:]) - len(text[place:].lstrip()))
            found.append(Filter("name", "=", value))
            continue
        name = (match["name"] or match["quoted"] or "").lower()
        place = match.end()
        operator = (match["operator"] or "=").replace("!=", "<>")
        if text[place : place + 1] == "{":
            nested, place = _filters(text, place + 1)
            place += len(text[place:]) - len(text[place:].lstrip())
            if text[place : place + 1] != "}":
                raise ValueError("a } is missing")
            place += 1
            found.append(Filter(name, operator, "", nested))
            continue
        value, place = _value(text, place)
        found.append(Filter(name, operator, value))
    return tuple(found), place


def _value(text: str, place: int) -> tuple[str, int]:
    quote = text[place : place + 1]
    if quote not in ("'", '"'):
        match = _BARE.match(text, place)
        if match is None:
            raise ValueError("a value is missing")
        return match[0], match.end()
    # Inside quotes a backslash escapes a quote or itself; before anything else it is part of a path.
    parts: list[str] = []
    place += 1
    while place < len(text) and text[place] != quote:
        if text[place] == "\\" and text[place + 1 : place + 2] in ("\\", "'", '"'):
            place += 1
        parts.append(text[place])
        place += 1
    if place >= len(text):
        raise ValueError(f"a {quote} is missing")
    return "".join(parts), place + 1
