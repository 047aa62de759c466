"""What one look found: a mark, a sentence, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = ["Finding", "Outcome", "failed", "good", "unknown", "warning"]

#: good: as it should be. warning: it works, and somebody should look at it. failed: it has to be mended. unknown: not
#: reached, not asked for, or not told by this server.
Outcome = Literal["good", "warning", "failed", "unknown"]

HIDDEN = "<secret>"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        outcome: how it is.
        said: what was found, one sentence or two.
        remedy: what to do about it; empty when nothing has to be done.
        lines: further lines, such as one for each tag.
        details: the same for programs; plain values only.
        name, title: which look it is, in the JSON and in the text; filled in by the course.
        seconds: how long it took.
    """

    outcome: Outcome
    said: str
    remedy: str = ""
    lines: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    title: str = ""
    seconds: float = 0.0

    def without(self, secrets: Iterable[str]) -> Finding:
        """The same, with no secret in any of its texts, should a server have repeated one."""
        pattern = "|".join(re.escape(secret) for secret in sorted(set(secrets), key=len, reverse=True) if secret)
        if not pattern:
            return self
        hide = re.compile(pattern)
        return replace(
            self,
            said=hide.sub(HIDDEN, self.said),
            remedy=hide.sub(HIDDEN, self.remedy),
            lines=tuple(hide.sub(HIDDEN, line) for line in self.lines),
            details=_hidden(dict(self.details), hide),
        )


def _hidden(value: Any, hide: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return hide.sub(HIDDEN, value)
    if isinstance(value, dict):
        return {name: _hidden(item, hide) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(item, hide) for item in value]
    return value


def good(said: str, *lines: str, **details: Any) -> Finding:
    """All is well."""
    return Finding("good", said, lines=lines, details=details)


def warning(said: str, remedy: str, *lines: str, **details: Any) -> Finding:
    """It works, and somebody should look at it."""
    return Finding("warning", said, remedy, lines, details)


def failed(said: str, remedy: str, *lines: str, **details: Any) -> Finding:
    """It has to be mended."""
    return Finding("failed", said, remedy, lines, details)


def unknown(said: str, **details: Any) -> Finding:
    """It cannot be told."""
    return Finding("unknown", said, details=details)
