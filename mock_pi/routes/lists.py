"""Lists of objects: paging by index, and the links that go with it."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from mock_pi.call import Answer, Call

Listed = TypeVar("Listed")


def page(call: Call, found: Sequence[Listed], show: Callable[[Listed], dict[str, Any]]) -> Answer:
    """The page of a list that `startIndex` and `maxCount` ask for; beyond its end it is empty."""
    start, count = call.integer("startIndex", 0), call.max_count
    if start < 0:
        raise call.invalid("startIndex", str(start))
    items = [show(one) for one in found[start : start + count]]
    return call.json({"Links": _links(call, start, count, len(items)), "Items": items})


def _links(call: Call, start: int, count: int, length: int) -> dict[str, str]:
    links = {}
    if start > 0:
        links["First"] = _link(call, 0, count)
        links["Previous"] = _link(call, max(0, start - count), count)
    if length == count:
        # A full page has a next one, even if that turns out to be empty: the server does not count.
        links["Next"] = _link(call, start + count, count)
    return links


def _link(call: Call, start: int, count: int) -> str:
    kept = [(name, value) for name, value in call.query.pairs if name not in ("startindex", "maxcount")]
    query = [*kept, ("startIndex", str(start)), ("maxCount", str(count))]
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query)
    link = f"{call.base}/{'/'.join(call.path)}?{text}"
    return html.escape(link) if call.site.switches.html_escaped_links else link


def whole(call: Call, items: Sequence[Any]) -> Answer:
    """A list that has no pages."""
    return call.json({"Links": {}, "Items": items})
