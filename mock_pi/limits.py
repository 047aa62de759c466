"""What is refused before anyone reads it: long URLs, large heads, too many requests a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from mock_pi.call import HTML, Answer
from mock_pi.pages import html_page
from mock_pi.switches import Switches
from mock_pi.wire import to_json


def refuse_head(
    raw_path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]], switches: Switches
) -> Answer | None:
    """What HTTP.sys refuses, always as HTML: one long segment, a long URL, or large headers."""
    if any(len(segment) > switches.max_segment for segment in raw_path.split(b"/")):
        return Answer(400, html_page("Bad Request - Invalid URL", 400), HTML)
    line = len(raw_path) + len(query) + 1
    if line > switches.max_head:
        return Answer(414, html_page("URI Too Long", 414), HTML)
    if line + sum(len(name) + len(value) + 4 for name, value in headers) > switches.max_head:
        return Answer(400, html_page("Bad Request - Request Too Long", 400), HTML)
    return None


def too_large() -> Answer:
    """A body over MaxRequestContentLength."""
    return Answer(413, html_page("Request Entity Too Large", 413), HTML)


class RateLimiter:
    """Requests per client address within a sliding window."""

    def __init__(self) -> None:
        self._times: dict[str, deque[float]] = {}

    def admits(self, client: str, switches: Switches) -> bool:
        """Counts one request, and tells whether it is within the limit."""
        if switches.rate_limit is None:
            return True
        times = self._times.setdefault(client, deque())
        now = time.monotonic()
        while times and times[0] <= now - switches.rate_window:
            times.popleft()
        if len(times) >= switches.rate_limit:
            return False
        times.append(now)
        return True

    def refusal(self, switches: Switches) -> Answer:
        """The 429, in the words of the user guide."""
        headers = (("Retry-After", switches.rate_retry_after),) if switches.rate_retry_after is not None else ()
        return Answer(429, to_json({"Message": "Rate limit was reached"}), headers=headers)
