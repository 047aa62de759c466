"""Attribute traits: what an attribute means to others, such as a limit of the one above it (from 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait."""

    name: str
    abbreviation: str
    category: str
    type: str = "Double"
    is_value_type_inherited: bool = True

    def chosen(self, names: Sequence[str], categories: Sequence[str]) -> bool:
        """Whether it is one of these traits, or of one of these categories."""
        chosen_categories = [name.upper() for name in categories]
        return (
            self.name.upper() in [name.upper() for name in names]
            or self.category.upper() in chosen_categories
            or "ALL" in chosen_categories
        )


_LIMITS = ("Minimum", "LoLo", "Lo", "Target", "Hi", "HiHi", "Maximum")

TRAITS = (
    *(Trait(f"Limit{name}", name, "Limit") for name in _LIMITS),
    Trait("Forecast", "Forecast", "Forecast"),
    Trait("LocationLatitude", "Latitude", "Location", "Double", False),
    Trait("LocationLongitude", "Longitude", "Location", "Double", False),
    Trait("LocationAltitude", "Altitude", "Location", "Double", False),
    Trait("AnalysisStartTriggerExpression", "Start Trigger Expression", "Analysis", "String", False),
    Trait("AnalysisStartTriggerName", "Start Trigger Name", "Analysis", "String", False),
    Trait("HealthScore", "Score", "Health", "Double", False),
    Trait("HealthStatus", "Status", "Health", "EnumerationValue", False),
    Trait("Reason", "Reason", "Other", "EnumerationValue", False),
)

CATEGORIES = ("All", "Analysis", "Forecast", "Health", "Limit", "Location", "Other")
