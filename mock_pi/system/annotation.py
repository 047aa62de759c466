"""Notes that people leave on events and on event frames."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from mock_pi.ticks import as_ticks, text_of


@dataclass(frozen=True)
class Annotation:
    """One note.

    Attributes:
        value: What it says: a text, as a rule.
        name: Its title.
        created: When it was written, as ISO text or ticks.
        modified: When it was last changed; None for never.
        id: Its GUID; made of what it says unless given.
    """

    value: str | float | int = ""
    name: str = "Annotation"
    description: str = ""
    creator: str = "MOCK\\operator"
    created: str | int = "2026-01-01T00:00:00Z"
    modifier: str = ""
    modified: str | int | None = None
    id: uuid.UUID | None = None

    @property
    def guid(self) -> uuid.UUID:
        """Its id."""
        return self.id or uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name}\n{self.value}\n{self.written}")

    @property
    def written(self) -> int:
        """When it was written, in ticks."""
        return as_ticks(self.created)

    @property
    def changed(self) -> tuple[str, int]:
        """Who changed it last, and when."""
        return self.modifier or self.creator, self.written if self.modified is None else as_ticks(self.modified)


def unwritten(instant: int) -> Annotation:
    """The note of an event that is said to have one, when nobody declared what it says."""
    return Annotation(f"Note on {text_of(instant)}", created=instant)
