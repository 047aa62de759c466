r"""Wildcards of the query string: `*` any run, `?` one character, `[abc]` one of, `[!abc]` none of, `\` escapes."""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(r"\\(?P<escaped>.)|\[(?P<negated>!?)(?P<members>[^\]]+)\]|(?P<wild>[*?])|(?P<plain>.)", re.DOTALL)


@lru_cache(maxsize=1024)
def wildcard(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression to be used with `fullmatch`; a pattern without wildcards matches exactly."""
    return re.compile("".join(_translate(token) for token in _TOKEN.finditer(pattern)), re.IGNORECASE | re.DOTALL)


def _translate(token: re.Match[str]) -> str:
    if token["members"]:
        return f"[{'^' if token['negated'] else ''}{re.escape(token['members'])}]"
    if token["wild"]:
        return ".*" if token["wild"] == "*" else "."
    return re.escape(token["escaped"] or token["plain"])
