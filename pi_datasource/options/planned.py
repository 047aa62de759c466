"""Options of the design that this version does not have. They are refused by name, never silently ignored."""

from __future__ import annotations

from pi_datasource.options.declare import Option


def _planned(name: str, meaning: str) -> Option:
    return Option(name, "text", None, meaning, group="Planned", planned=True)


PLANNED_OPTIONS = (
    _planned("filterPushdown", "Whether Spark's filters narrow the plan."),
    _planned("desiredUnits", "Units to convert to."),
    _planned("sinceTable", "Table whose newest rows say where to start."),
)
