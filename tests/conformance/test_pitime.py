"""PI time text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mock_pi import PISystem, text_of, ticks_of
from mock_pi.pitime import TimeSpan, parse

from .client import Client

#: A Thursday.
_NOW = ticks_of("2026-01-08T10:20:30.5Z")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", "2026-01-08T10:20:30.5Z"),
        ("", "2026-01-08T10:20:30.5Z"),
        ("*-1d", "2026-01-07T10:20:30.5Z"),
        ("*-1h30m", "2026-01-08T08:50:30.5Z"),
        ("* - 1h", "2026-01-08T09:20:30.5Z"),
        ("*+1.5h", "2026-01-08T11:50:30.5Z"),
        ("-1d", "2026-01-07T10:20:30.5Z"),
        ("t", "2026-01-08T00:00:00Z"),
        ("Today", "2026-01-08T00:00:00Z"),
        ("t+8h", "2026-01-08T08:00:00Z"),
        ("y", "2026-01-07T00:00:00Z"),
        ("Yesterday+8h", "2026-01-07T08:00:00Z"),
        ("Thu", "2026-01-08T00:00:00Z"),
        ("Monday", "2026-01-05T00:00:00Z"),
        ("fri", "2026-01-02T00:00:00Z"),
        ("Feb", "2026-02-08T00:00:00Z"),
        ("3", "2026-01-03T00:00:00Z"),
        ("2020", "2020-01-08T00:00:00Z"),
        ("2016-01-01 +1mo-1s", "2016-01-31T23:59:59Z"),
        ("2026-01-31 +1mo", "2026-02-28T00:00:00Z"),
        ("*-1w", "2026-01-01T10:20:30.5Z"),
        ("*-1y", "2025-01-08T10:20:30.5Z"),
        ("*-100ms", "2026-01-08T10:20:30.4Z"),
        ("1-Jan-2026 08:00", "2026-01-01T08:00:00Z"),
        ("01-Jan-26", "2026-01-01T00:00:00Z"),
        ("1/31/2026 8:00 PM", "2026-01-31T20:00:00Z"),
        ("2026-01-01", "2026-01-01T00:00:00Z"),
        ("2026-01-01 08:00", "2026-01-01T08:00:00Z"),
        ("2026-01-01T08:00:00.1234567Z", "2026-01-01T08:00:00.1234567Z"),
        ("2026-01-01T08:00:00+01:00", "2026-01-01T07:00:00Z"),
        ("2026-01-01T08:00:00-0530", "2026-01-01T13:30:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_times(text: str, expected: str) -> None:
    """References, offsets, absolute forms [ref]."""
    assert text_of(parse(text, _NOW)) == expected


@pytest.mark.parametrize("text", ["x", "*-1", "*-1q", "*-1.5d", "2026-13-01", "1/31/26/1", "t+", "1969-01-01", "**"])
def test_not_times(text: str) -> None:
    """Fractions only for seconds, minutes, hours; nothing before 1970 [ref]."""
    with pytest.raises(ValueError, match=r".*"):
        parse(text, _NOW)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("t", "Europe/Berlin", "2026-01-07T23:00:00Z"),
        ("t", "W. Europe Standard Time", "2026-01-07T23:00:00Z"),
        ("2026-07-01", "Europe/Berlin", "2026-06-30T22:00:00Z"),
        ("2026-07-01T00:00:00Z", "Europe/Berlin", "2026-07-01T00:00:00Z"),
        ("2026-03-29+1d", "Europe/Berlin", "2026-03-29T22:00:00Z"),
        ("2026-03-29+24h", "Europe/Berlin", "2026-03-29T23:00:00Z"),
        ("Thu", "Asia/Tokyo", "2026-01-07T15:00:00Z"),
    ],
)
def test_zones(text: str, zone: str, expected: str) -> None:
    """Days follow the wall clock of the zone, hours do not; an offset in the text wins [ref]."""
    assert text_of(parse(text, _NOW, zone)) == expected


def test_spans() -> None:
    """Intervals: `15m`, `1h30m`, `hh:mm:ss`; days by the wall clock [ref]."""
    start = ticks_of("2026-03-28T23:00:00Z")
    assert text_of(TimeSpan("15m").after(start, 3, "UTC")) == "2026-03-28T23:45:00Z"
    assert text_of(TimeSpan("1h30m").after(start, 2, "UTC")) == "2026-03-29T02:00:00Z"
    assert text_of(TimeSpan("00:15:00").after(start, 1, "UTC")) == "2026-03-28T23:15:00Z"
    assert text_of(TimeSpan("1d").after(start, 1, "Europe/Berlin")) == "2026-03-29T22:00:00Z"


@pytest.mark.parametrize("text", ["", "1", "h", "0s", "1q", "1h foo"])
def test_not_spans(text: str) -> None:
    """Nonsense and empty spans."""
    with pytest.raises(ValueError, match=r".*"):
        TimeSpan(text)


def test_time_zone_parameter(start: Callable[..., Client]) -> None:
    """`timeZone`, else the zone of the server's host, decides about `t` [ref]; an unknown zone is a 400."""
    client = start(PISystem.shapes("2026-01-08T10:20:30Z"), zone="America/New_York")
    path = f"/streams/{client.web_id('type.dense.Int32')}/recorded"
    assert client.items(path, {"startTime": "t"})[0]["Timestamp"] == "2026-01-08T05:00:00Z"
    assert client.items(path, {"startTime": "t", "timeZone": "UTC"})[0]["Timestamp"] == "2026-01-08T00:00:00Z"
    assert client.get(path, {"startTime": "t", "timeZone": "Mars/Olympus"}).status_code == 400


@pytest.mark.parametrize("text", ["yesteryear", "2026-01-01T00:00:00 01:00"])
def test_malformed_time_is_400(client: Client, text: str) -> None:
    """400 with Errors; an unescaped `+` arrives as a blank [client]."""
    response = client.get(f"/streams/{client.web_id('step')}/recorded", {"startTime": text})
    assert response.status_code == 400
    assert response.json()["Errors"]
