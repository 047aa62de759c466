from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from pi_datasource.checkpoint import Checkpoint, rewind
from pi_datasource.errors import PICheckpointError
from tests.unit.checkpoint.conftest import SECOND, T0, key


def stopped(written: Any) -> Checkpoint:
    written.batch({1: 100, 2: 50})
    written.batch({1: 200, 2: 50}, more=("-",))
    written.age(1_000, time.time())
    return Checkpoint(str(written.root))


def snapshot(written: Any) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in written.root.rglob("*") if path.is_file()}


def test_watermarks_are_set_back_and_the_old_text_is_kept(written: Any) -> None:
    checkpoint = stopped(written)
    old = (written.root / "offsets" / "1").read_text()
    done = rewind(checkpoint, [key(1)], T0 + 30 * SECOND)
    assert (done.batch, dict(done.before)) == (1, {key(1): T0 + 200 * SECOND})
    again = Checkpoint(str(written.root))
    assert again.newest.offset.watermarks == {key(1): T0 + 30 * SECOND, key(2): T0 + 50 * SECOND}
    assert (written.root / done.backup).read_text() == old
    # All but the one line is as it was, and the checksum that does not fit any more is gone.
    assert (written.root / "offsets" / "1").read_text().splitlines()[:3] == old.splitlines()[:3]
    assert not (written.root / "offsets" / ".1.crc").exists()
    assert (written.root / "offsets" / ".0.crc").exists()


def test_back_to_the_origin_is_no_watermark(written: Any) -> None:
    rewind(stopped(written), [key(1)], T0)
    assert Checkpoint(str(written.root)).newest.offset.watermarks == {key(2): T0 + 50 * SECOND}


@pytest.mark.parametrize(
    ("keys", "seconds", "words"),
    [
        ([key(1)], 200, "never read what lies between"),
        ([key(1)], 300, "never read what lies between"),
        ([key(1), key(2)], 60, "never read what lies between"),
        ([key(1)], -1, "the stream begins at 2026-01-01"),
        ([key(3)], 10, "has no watermark yet"),
        ([], 10, "no tag"),
    ],
)
def test_what_would_lose_rows_or_do_nothing_is_refused(written: Any, keys: Any, seconds: int, words: str) -> None:
    checkpoint = stopped(written)
    before = snapshot(written)
    with pytest.raises(PICheckpointError, match=words):
        rewind(checkpoint, keys, T0 + seconds * SECOND)
    assert snapshot(written) == before


def test_a_batch_that_is_not_finished_is_done_first(written: Any) -> None:
    written.batch({1: 100})
    written.batch({1: 200}, finished=False)
    written.age(1_000, time.time())
    before = snapshot(written)
    with pytest.raises(PICheckpointError, match="batch 1 is planned and not finished; start the stream once"):
        rewind(Checkpoint(str(written.root)), [key(1)], T0 + SECOND)
    assert snapshot(written) == before


def test_a_query_that_wrote_lately_may_be_running(written: Any) -> None:
    checkpoint = stopped(written)
    written.age(30, time.time())
    with pytest.raises(PICheckpointError, match=r"written 3\d s ago, so the query may be running; .*--stopped"):
        rewind(checkpoint, [key(1)], T0 + SECOND)
    assert rewind(checkpoint, [key(1)], T0 + SECOND, quiet_for=0).batch == 1


def test_a_session_in_which_it_runs_is_asked(written: Any) -> None:
    checkpoint = stopped(written)
    running = SimpleNamespace(streams=SimpleNamespace(active=[SimpleNamespace(id=checkpoint.query_id)]))
    with pytest.raises(PICheckpointError, match="running in this session"):
        rewind(checkpoint, [key(1)], T0 + SECOND, quiet_for=0, spark=running)
    idle = SimpleNamespace(streams=SimpleNamespace(active=[SimpleNamespace(id="another")]))
    assert rewind(checkpoint, [key(1)], T0 + SECOND, spark=idle).batch == 1
