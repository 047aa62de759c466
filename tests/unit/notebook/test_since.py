"""Whether a start moves with the clock decides how much of the table is looked at; the reading is tested with Spark."""

from __future__ import annotations

import pytest

from pi_datasource.notebook.since import _is_fixed
from pi_datasource.options import PIOptions
from pi_datasource.times import now_ticks


@pytest.mark.parametrize(
    ("start", "fixed"),
    [
        ("2026-01-01", True),
        ("2026-01-01T00:00:00+02:00", True),
        ("2026-01-01 + 8h", True),
        ("*-1d", False),
        ("*-10y", False),
        ("t", False),
        ("y+8h", False),
        ("", False),
    ],
)
def test_a_start_is_fixed_when_it_means_the_same_tomorrow(start: str, fixed: bool) -> None:
    texts = {"tags": "A", "endTime": "2100-01-01", **({"startTime": start} if start else {})}
    parsed = PIOptions.parse({"url": "http://any", **texts}, now=now_ticks(), environ={})
    assert _is_fixed(texts, parsed.reading.time_range.start) is fixed
