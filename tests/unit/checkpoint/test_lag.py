from __future__ import annotations

from typing import Any

import pytest

from pi_datasource.checkpoint import Checkpoint, lags_of, rewind
from pi_datasource.checkpoint.log import DatabaseKey
from pi_datasource.checkpoint.report import duration, html_report
from pi_datasource.cli import main
from pi_datasource.errors import PICheckpointError
from tests.unit.checkpoint.conftest import SECOND, T0, key


def batches(written: Any) -> Any:
    written.batch({1: 100, 2: 50})
    written.batch({1: 200, 2: 50})
    written.batch({1: 300, 2: 50, 3: 300})
    return Checkpoint(str(written.root)).batches()


def test_against_now(written: Any) -> None:
    lags = lags_of(batches(written), T0 + 400 * SECOND, names={key(1): "ONE"}, stalled_after=200)
    told = [(one.key, one.seconds, one.batches, one.is_stalled) for one in lags.tags]
    assert told == [(key(2), 350.0, 0, True), (key(3), 100.0, 1, False), (key(1), 100.0, 2, False)] or told == [
        (key(2), 350.0, 0, True), (key(1), 100.0, 2, False), (key(3), 100.0, 1, False)
    ]  # fmt: skip
    assert [one.tag for one in lags.stalled] == [key(2).web_id]
    assert {one.tag for one in lags.tags} == {"ONE", key(2).web_id, key(3).web_id}
    assert (lags.median, lags.at(0.95), lags.asked) == (100.0, 350.0, False)


def test_against_what_pi_has(written: Any) -> None:
    """A tag that is quiet in PI is not behind, however long ago its last event was."""
    newest = {key(1): T0 + 900 * SECOND - 1, key(2): T0 + 50 * SECOND - 1}
    lags = lags_of(batches(written), T0 + 10**9 * SECOND, newest=newest, stalled_after=500)
    assert {one.key: (one.seconds, one.is_stalled) for one in lags.tags} == {
        key(1): (600.0, True), key(2): (0.0, False), key(3): (0.0, False)
    }  # fmt: skip
    assert lags.asked


def test_a_tag_that_has_no_watermark_yet_stands_at_the_origin(written: Any) -> None:
    lags = lags_of(batches(written), T0, newest={key(9): T0 + 70 * SECOND - 1})
    assert (lags.tags[0].key, lags.tags[0].seconds) == (key(9), 70.0)


def test_databases_of_a_stream_of_event_frames(written: Any, capsys: pytest.CaptureFixture[str]) -> None:
    written.frames({"F1RD1": 100})
    written.frames({"F1RD1": 200, "F1RD2": 200})
    written.frames({"F1RD1": 300, "F1RD2": 200})
    found = Checkpoint(str(written.root)).batches()
    lags = lags_of(found, T0 + 400 * SECOND, names={DatabaseKey("F1RD1"): r"\\AF\Plant"}, stalled_after=150)
    assert [(one.tag, one.seconds, one.batches, one.is_stalled) for one in lags.tags] == [
        ("F1RD2", 200.0, 1, True), (r"\\AF\Plant", 100.0, 2, False)
    ]  # fmt: skip
    assert html_report("/c", lags, found, T0 + 400 * SECOND).count("<rect ") == 3
    assert main(["lag", str(written.root)]) == 1
    assert "batch 2; 2 databases with a watermark, 2 stalled" in capsys.readouterr().out
    assert main(["watermarks", str(written.root)]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"F1RD1,,2026-01-01T00:05:00Z,{T0 + 300 * SECOND}", f"F1RD2,,2026-01-01T00:03:20Z,{T0 + 200 * SECOND}"
    ]  # fmt: skip
    with pytest.raises(PICheckpointError, match=r"streams event frames, and tags only.*merge_changes"):
        rewind(Checkpoint(str(written.root)), [key(1)], T0, quiet_for=0)


def test_the_page_needs_nothing_else_and_escapes(written: Any) -> None:
    lags = lags_of(batches(written), T0 + 400 * SECOND, names={key(1): "<script>&"}, stalled_after=200)
    page = html_report("/check<point>", lags, batches_of(written), T0 + 400 * SECOND, {0: 5, 1: 70, 2: 30})
    assert "<script>" not in page
    assert "&lt;script&gt;&amp;" in page
    assert "/check&lt;point&gt;" in page
    assert "http" not in page.lower()
    assert page.count("<rect ") == 3
    assert "rows, at most 70" in page
    rows = page.split("<tbody>")[1].split("<tr>")[1:]
    assert len(rows) == 3
    assert key(2).web_id in rows[0]


def batches_of(written: Any) -> Any:
    return Checkpoint(str(written.root)).batches()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.44, "0.4 s"), (12.6, "13 s"), (60, "1 min"), (3_725, "1 h 2 min"), (90_000, "1 d 1 h"),
     (86_400, "1 d"), (31_536_000 + 86_400, "1 y 1 d"), (86_460, "1 d")],
)  # fmt: skip
def test_durations_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text
