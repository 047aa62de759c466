"""The part of JSONPath that batches use: `$.id.Content.Items[*].Links.Attributes`, `['name']`, `[0]`, `..name`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STEP = re.compile(
    r"""\.\.(?P<deep>[^.\[\]]+)|\.?\[(?P<index>-?\d+)\]|\.?\[(?P<every>\*)\]|\.(?P<every_name>\*)
        |\.?\[(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)")\]|\.(?P<name>[^.\[\]]+)""",
    re.VERBOSE,
)


def tokens(path: str, root: Any) -> list[Any]:
    """Everything a path selects, in order.

    Raises:
        ValueError: the text is not such a path.
    """
    if not path.startswith("$"):
        raise ValueError(path)
    found = [root]
    place = 1
    while place < len(path):
        step = _STEP.match(path, place)
        if step is None:
            raise ValueError(path)
        found = [token for one in found for token in _follow(one, step)]
        place = step.end()
    return found


def _follow(value: Any, step: re.Match[str]) -> Iterator[Any]:
    if step["deep"]:
        yield from _anywhere(value, step["deep"])
    elif step["every"] or step["every_name"]:
        yield from value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    elif step["index"]:
        if isinstance(value, list) and -len(value) <= int(step["index"]) < len(value):
            yield value[int(step["index"])]
    elif isinstance(value, dict):
        name = step["single"] or step["double"] or step["name"] or ""
        if name in value:
            yield value[name]


def _anywhere(value: Any, name: str) -> Iterator[Any]:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and name in value:
        yield value[name]
    for child in children:
        yield from _anywhere(child, name)
