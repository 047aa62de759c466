from __future__ import annotations

import pytest

from pi_datasource.check.site import Site
from pi_datasource.check.tags import _newest
from pi_datasource.errors import PIForbiddenError
from pi_datasource.options import PIOptions
from pi_datasource.resolve.streams import Stream
from pi_datasource.webapi.wire import FieldError, OneValue, State

NOW = 1_767_225_600.0  # 2026-01-01T00:00:00Z
STREAM = Stream("F1DP", "TAG", "float", "bar")


@pytest.fixture(scope="module")
def site() -> Site:
    return Site(PIOptions.parse({"url": "https://pi.example.com"}, now=0, environ={}), now=lambda: NOW)


@pytest.mark.parametrize(
    ("answer", "line", "trouble"),
    [
        (OneValue(Timestamp="2025-12-31T23:59:30Z", Value=1.5), "1.5 bar at 2025-12-31T23:59:30Z, 30 s old", ""),
        (OneValue(Timestamp="2025-12-31T12:00:00Z", Value="on"), "on bar at 2025-12-31T12:00:00Z, 12 hours old", ""),
        (OneValue(Timestamp="2025-12-29T00:00:00Z", Value=1), "1 bar at 2025-12-29T00:00:00Z, 3 days old", ""),
        (OneValue(Timestamp="2026-01-02T00:00:00Z", Value=1), "1 bar at 2026-01-02T00:00:00Z, later than now", ""),
        (
            OneValue(Timestamp="2025-12-31T23:55:00Z", Value=State("I/O Timeout", 246, True), Good=False),
            "I/O Timeout at 2025-12-31T23:55:00Z, 5 minutes old, not good", "bad",
        ),
        (
            OneValue(Timestamp="2025-12-31T23:59:59Z", Value=State("On", 1, False), Good=True),
            "On bar at 2025-12-31T23:59:59Z, 1 s old", "",
        ),
        (
            OneValue(Timestamp="2025-12-31T23:59Z", Value="x" * 50),
            f"{'x' * 40}… bar at 2025-12-31T23:59Z, 60 s old",
            "",
        ),
        (OneValue(), "has no value yet", "empty"),
        (OneValue(Errors=[FieldError("Value", ["Not found."])]), "cannot be read: Not found.", "failed"),
        (OneValue(Errors=["No rights."]), "cannot be read: No rights.", "failed"),
        (PIForbiddenError("TAG: 403\ngave up on it"), "cannot be read: TAG: 403", "failed"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_value(site: Site, answer: OneValue, line: str, trouble: str) -> None:
    newest = _newest(site, STREAM, answer)
    assert (newest.line, newest.trouble) == (line, trouble)
    assert newest.details["tag"] == "TAG"
