"""Writing to whatever standard output is: a wide or narrow terminal, a pipe, a file, an encoding without `✓`."""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TextIO

__all__ = ["Terminal"]

#: Columns of a line that goes to a file or a pipe, and limits of what a terminal gives.
WIDTH, NARROWEST, WIDEST = 100, 60, 120

#: What we write that not every encoding has → the same in ASCII.
PLAIN = {
    "✓": "ok", "✗": "FAIL", "!": "warn", "–": "-", "→": "->", "←": "<-", "…": "...", "×": "x", "·": "-",
    "“": '"', "”": '"', "’": "'",
}  # fmt: skip
MARK_WIDTH = max(len(PLAIN[mark]) for mark in "✓✗!–")


class Terminal:
    """A text stream that can take any of our texts.

    Args:
        stream: where to.
        width: columns; None to ask the terminal.
    """

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        self._stream = stream
        self._encoding = stream.encoding or "utf-8"
        self.width = width or _width(stream)
        self.is_plain = not _can(self._encoding, "✓✗–→…")

    def mark(self, mark: str) -> str:
        """A mark, as wide as every other."""
        return f"{PLAIN[mark]:<{MARK_WIDTH}}" if self.is_plain else mark

    def plain(self, text: str) -> str:
        """The text, in ASCII where this stream takes no more."""
        if not self.is_plain:
            return text
        return "".join(character if character == "!" else PLAIN.get(character, character) for character in text)

    def fit(self, text: str) -> str:
        """The text as it can be written: what the encoding lacks as `\\uXXXX`, control characters as blanks."""
        clean = "".join(character if character.isprintable() else " " for character in self.plain(text))
        return clean.encode(self._encoding, "backslashreplace").decode(self._encoding)

    def line(self, text: str = "") -> None:
        """Writes a line at once."""
        self._stream.write(f"{self.fit(text).rstrip()}\n")
        self._stream.flush()

    def paragraph(self, begin: str, text: str, indent: int) -> None:
        """Writes a text after its beginning, in as many lines as it takes; later ones are indented."""
        lines = textwrap.wrap(
            self.fit(text), max(self.width - indent, 30), break_long_words=False, break_on_hyphens=False,
            replace_whitespace=True, drop_whitespace=True,
        )  # fmt: skip
        first, *rest = lines or [""]
        self.line(begin + first)
        for more in rest:
            self.line(" " * indent + more)


def _width(stream: TextIO) -> int:
    if "COLUMNS" not in os.environ and not stream.isatty():
        return WIDTH
    return max(NARROWEST, min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDEST))


def _can(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
