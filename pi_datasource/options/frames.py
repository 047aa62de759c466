"""Which event frames: how they lie in time, their name, template, severity, elements and acknowledgement."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import Option, grouped, shown

#: Tables whose rows are event frames, or belong to them.
OF_FRAMES = (
    "event_frames", "event_frame_attributes", "event_frame_referenced_elements", "event_frame_annotations",
)  # fmt: skip
#: Modes that compare with a range, and modes that walk from `startTime` on: PI's own names.
RANGE_MODES = ("Overlapped", "Inclusive", "StartInclusive", "EndInclusive", "InProgress", "None")
WALKING_MODES = (
    "BackwardFromStartTime", "ForwardFromStartTime", "BackwardFromEndTime", "ForwardFromEndTime", "BackwardInProgress",
    "ForwardInProgress",
)  # fmt: skip
SEVERITIES = ("None", "Information", "Warning", "Minor", "Major", "Critical")

FRAME_OPTIONS = grouped(
    "Event frames",
    Option("searchMode", "choice", "Overlapped",
           "How event frames lie to the range, in PI's words; walks begin at startTime.",
           choices=(*RANGE_MODES, *WALKING_MODES), tables=OF_FRAMES),
    Option("frameFilter", "text", None, "Event frames by name, with wildcards.", tables=OF_FRAMES),
    Option("frameTemplate", "text", None, "Event frames of this template, or of one derived from it.",
           tables=OF_FRAMES),
    Option("severity", "list", None, "Event frames of these severities, such as Major, Critical.",
           tables=OF_FRAMES),
    Option("referencedElement", "text", None, "Event frames about an element of this name, with wildcards.",
           tables=OF_FRAMES),
    Option("referencedElementTemplate", "text", None, "Event frames about an element of this template.",
           tables=OF_FRAMES),
    Option("canBeAcknowledged", "boolean", None, "Event frames that can, or cannot, be acknowledged.",
           tables=OF_FRAMES),
    Option("isAcknowledged", "boolean", None, "Event frames that are, or are not, acknowledged.", tables=OF_FRAMES),
    Option("searchFullHierarchy", "boolean", "true", "Also event frames inside of others.", tables=OF_FRAMES),
)  # fmt: skip


@dataclass(frozen=True)
class Frames:
    """What event frames have to be like; None and empty for any.

    Attributes:
        search_mode: one of PI's words.
        name: with wildcards.
        template: its own, or one it is derived from.
        severities: in PI's spelling.
        element, element_template: name (with wildcards) and template of an element it is about.
        can_be_acknowledged, is_acknowledged: as they say.
        nested: those inside of others, too.
    """

    search_mode: str = "Overlapped"
    name: str | None = None
    template: str | None = None
    severities: tuple[str, ...] = ()
    element: str | None = None
    element_template: str | None = None
    can_be_acknowledged: bool | None = None
    is_acknowledged: bool | None = None
    nested: bool = True

    @classmethod
    def from_values(cls, values: Mapping[str, Any], given: Collection[str] = ()) -> Frames:
        """Build it from parsed options.

        Args:
            given: names of the options that the reader was given.

        Raises:
            PIOptionError: a severity that there is not, or a time that means nothing with this mode.
        """
        mode = values["searchMode"]
        useless = {"endTime"} if mode in WALKING_MODES else {"startTime", "endTime"} if mode == "None" else set()
        for name in sorted(useless & set(given)):
            raise PIOptionError(
                f"options contradict each other: searchMode = {mode} has no {name}; accepted is {name} with one of "
                f"{', '.join(RANGE_MODES[:-1])}, or leaving it out"
            )
        return cls(
            search_mode=mode,
            name=values["frameFilter"],
            template=values["frameTemplate"],
            severities=tuple(_severity(word) for word in values["severity"] or ()),
            element=values["referencedElement"],
            element_template=values["referencedElementTemplate"],
            can_be_acknowledged=values["canBeAcknowledged"],
            is_acknowledged=values["isAcknowledged"],
            nested=values["searchFullHierarchy"],
        )


def _severity(word: str) -> str:
    for known in SEVERITIES:
        if known.lower() == word.lower():
            return known
    raise PIOptionError(f"option severity: {shown(word)} is not accepted; accepted is one of {', '.join(SEVERITIES)}")
