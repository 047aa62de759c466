"""One tag, many spellings: by name, by path, by WebID, in any case. What people say of a tag is found under each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from pi_datasource.resolve.streams import Stream
from pi_datasource.webapi.webids import is_attribute_web_id, point_ids

__all__ = ["by_spelling", "spellings"]

T = TypeVar("T")
#: Marks what a path of a point ends with, so that a name is not taken for it.
_LAST = "(last) "


def by_spelling(said: Mapping[str, Iterable[T]]) -> dict[str, list[T]]:
    """What was said of tags, as they were written → the same by comparable spelling, joined where they mean one tag."""
    found: defaultdict[str, list[T]] = defaultdict(list)
    for tag, some in said.items():
        found[_spelling(tag)] += some
        if tag.startswith("\\\\") and "|" not in tag:
            found[_LAST + tag.rpartition("\\")[2].lower()] += some
    return dict(found)


def spellings(stream: Stream) -> list[str]:
    """Under which spellings something may have been said of a stream, each once.

    A point that is called by its name alone may have been written as a path: there is only one of that name then. A
    point that is called by its path may have been written as a name. An attribute is its path.
    """
    names = [_spelling(stream.tag), _spelling(stream.web_id)]
    if stream.element_path is None:
        is_path = stream.tag.startswith("\\\\")
        names.append(stream.tag.rpartition("\\")[2].lower() if is_path else _LAST + stream.tag.lower())
    return list(dict.fromkeys(names))


def _spelling(tag: str) -> str:
    """Names and paths without case; of a WebID what it says of the point or attribute."""
    ids = point_ids(tag)
    if ids is not None:
        return f"(id) {ids[0]} {ids[1]}"
    return tag if is_attribute_web_id(tag) else tag.lower()
