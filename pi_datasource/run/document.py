"""A YAML file whose every word knows its line.

Nothing is interpreted: `22:00`, `2026-01-01` and `yes` stay the texts that they are, and mean what the option that gets
them makes of them. Anchors, aliases and `<<` work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pi_datasource.errors import PIOptionError

__all__ = ["Field", "Mistakes", "Node", "read_document"]

QUOTES = "texts that begin with *, @, &, %, { or [ stand in quotes, such as '*-30d' or '{{secrets/pi/password}}'"
_NULL = "tag:yaml.org,2002:null"


class Mistakes(PIOptionError):
    """All that is wrong with a job file, each with its line.

    Attributes:
        found: (line, what is wrong), in the order of the file.
    """

    def __init__(self, name: str, found: list[tuple[int, str]]) -> None:
        self.found = sorted(found)
        shown = [f"  line {line}: {text}" for line, text in self.found]
        count = f"{len(found)} mistake{'' if len(found) == 1 else 's'}"
        super().__init__("\n".join([f"{name}: {count}", *shown]))


@dataclass(frozen=True)
class Node:
    """A place in the file: a text, a list or a mapping; none of them when it is empty.

    Attributes:
        line: from 1.
        text: of a scalar, as written.
        items: of a list.
        fields: of a mapping.
    """

    line: int
    text: str | None = None
    items: tuple[Node, ...] | None = None
    fields: tuple[Field, ...] | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing is there: `key:` without a value."""
        return self.text is None and self.items is None and self.fields is None

    def plain(self) -> Any:
        """Texts, lists and dicts."""
        if self.items is not None:
            return [item.plain() for item in self.items]
        if self.fields is not None:
            return {field.name: field.node.plain() for field in self.fields}
        return self.text

    def as_option(self) -> str | None:
        """The text of an option: lists and mappings as JSON; None when it is neither text nor one of those."""
        plain = self.plain()
        return plain if plain is None or isinstance(plain, str) else json.dumps(plain)


@dataclass(frozen=True)
class Field:
    """A name in a mapping, and what stands behind it."""

    name: str
    line: int
    node: Node = field(repr=False)


def read_document(text: str, name: str) -> Node:
    """The file as nodes.

    Args:
        text: YAML.
        name: of the file, for messages.

    Raises:
        Mistakes: no YAML, or a name that stands twice in one mapping.
        PIOptionError: PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError:
        raise PIOptionError('job files need PyYAML: pip install "pi-datasource[run]"') from None
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            raise Mistakes(name, [(1, "the file is empty; python -m pi_datasource init writes one to begin with")])
        odd = list(_odd(root))
        if odd:
            raise Mistakes(name, odd)
        return _node(loader, root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Mistakes(name, [(mark.line + 1 if mark else 1, f"{error.problem or error.context}; {QUOTES}")]) from None
    except yaml.YAMLError as error:
        raise Mistakes(name, [(1, f"no YAML: {error}")]) from None
    finally:
        loader.dispose()


def _odd(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[int, str]]:
    """Names that stand twice, names that are none, and things that hold themselves."""
    line = node.start_mark.line + 1
    if node in above:
        yield line, "this holds itself, by its alias"
    elif node.id == "sequence":
        for item in node.value:
            yield from _odd(item, (*above, node))
    elif node.id == "mapping":
        seen = set()
        for key, value in node.value:
            if key.id != "scalar":
                yield key.start_mark.line + 1, f"a list or mapping stands where a name belongs; {QUOTES}"
            elif key.value in seen:
                yield key.start_mark.line + 1, f"{key.value!r} stands here twice"
            else:
                seen.add(key.value)
                yield from _odd(value, (*above, node))


def _node(loader: Any, node: Any) -> Node:
    line = node.start_mark.line + 1
    if node.id == "scalar":
        return Node(line, None if node.tag == _NULL else node.value)
    if node.id == "sequence":
        return Node(line, items=tuple(_node(loader, item) for item in node.value))
    loader.flatten_mapping(node)
    fields = {
        str(key.value): Field(str(key.value), key.start_mark.line + 1, _node(loader, value))
        for key, value in node.value
    }
    return Node(line, fields=tuple(fields.values()))
