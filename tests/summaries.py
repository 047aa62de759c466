"""Tables that stand at the end of the tests' output, made of what tests recorded with `record_property`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

#: Of a matrix cell: what is added up.
ADDED = ("struck", "rows", "lost", "repeated")


def fault_table(cells: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Lines: a row for each family and how often, and one for all."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in cells:
        for key in ((cell["family"], cell["often"]), ("all", "")):
            groups.setdefault(key, []).append(cell)
    if not groups:
        return
    everything = groups.pop(("all", ""))
    form = "{:<24} {:<9} {:>6} {:>8} {:>9} {:>6} {:>9} {:>6} {:>7} {:>9} {:>9}"
    yield form.format(
        "family", "often", "cells", "faults", "rows", "lost", "repeated", "hangs", "errors", "longest", "to error"
    )
    for (family, often), some in [*sorted(groups.items()), (("all", ""), everything)]:
        sums = {name: sum(cell[name] for cell in some) for name in ADDED}
        errors = [cell["seconds"] for cell in some if cell["outcome"] == "error"]
        yield form.format(
            family, often, len(some), sums["struck"], sums["rows"], sums["lost"], sums["repeated"],
            sum(cell["hang"] for cell in some), len(errors), f"{max(cell['seconds'] for cell in some):.2f} s",
            f"{max(errors):.2f} s" if errors else "-",
        )  # fmt: skip
