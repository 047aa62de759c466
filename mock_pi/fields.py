"""The parameter `selectedFields`: dotted paths from the root of the answer, `;`-separated, in any case.

Unknown names are ignored without error, selecting a parent keeps its whole subtree (PI Web API Reference).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Union

#: Lower-case name to what is selected below it; None stands for everything.
Selection = dict[str, Union["Selection", None]]

#: The fields of a row, in the order the server writes them.
ROW_FIELDS = ("Timestamp", "Value", "UnitsAbbreviation", "Good", "Questionable", "Substituted", "Annotated")


@lru_cache(maxsize=1024)
def parse(text: str) -> Selection | None:
    """The selection of a parameter's text; None for everything. The result is shared: do not change it."""
    paths = [path.strip().lower().split(".") for path in text.split(";") if path.strip()]
    if not paths:
        return None
    root: Selection = {}
    for path in paths:
        _put(root, path)
    return root


def _put(selection: Selection, path: list[str]) -> None:
    name, *rest = path
    if not rest:
        selection[name] = None
        return
    below = selection.setdefault(name, {})
    if below is not None:
        _put(below, rest)


def select(content: Any, selection: Selection | None, keep_empty: bool = False) -> Any:
    """What is left of an answer. A list that is empty vanishes with its name, as it does on real servers.

    Args:
        content: Objects, lists and plain values.
        selection: What to keep; None for everything.
        keep_empty: Whether empty lists stay.
    """
    if selection is None or not isinstance(content, (dict, list)):
        return content
    if isinstance(content, list):
        return [select(item, selection, keep_empty) for item in content]
    kept: dict[str, Any] = {}
    for name, value in content.items():
        lower = name.lower()
        if lower not in selection or (value == [] and not keep_empty):
            continue
        below = selection[lower]
        if below is None:
            kept[name] = value
        elif isinstance(value, (dict, list)):
            kept[name] = select(value, below, keep_empty)
    return kept


def row_fields(selection: Selection | None, annotated: bool) -> tuple[str, ...] | None:
    """Which fields of a row are kept, for a selection that starts at the row.

    Returns:
        The names in the server's order, or None when the selection looks inside a field.
    """
    fields = ROW_FIELDS if annotated else ROW_FIELDS[:-1]
    if selection is None:
        return fields
    if any(below is not None for below in selection.values()):
        return None
    return tuple(name for name in fields if name.lower() in selection)
