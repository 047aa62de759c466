from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pi_datasource.checkpoint import Checkpoint
from pi_datasource.checkpoint.files import files_at
from pi_datasource.checkpoint.rows import rows_of_batches
from pi_datasource.errors import PICheckpointError
from tests.unit.checkpoint.conftest import SECOND, T0, key


def test_batches_with_their_offsets(written: Any) -> None:
    written.batch({1: 10})
    written.batch({1: 20, 2: 5}, finished=False)
    checkpoint = Checkpoint(str(written.root))
    first, second = checkpoint.batches()
    assert (first.number, first.is_finished, first.planned) == (0, True, 1_767_300_000_000)
    assert (second.number, second.is_finished) == (1, False)
    assert second.offset.watermarks == {key(1): T0 + 20 * SECOND, key(2): T0 + 5 * SECOND}
    assert checkpoint.unfinished == [1]
    assert checkpoint.query_id == "0d1c2b3a-0000-4000-8000-000000000000"
    assert [batch.number for batch in checkpoint.batches(1)] == [1]
    assert Checkpoint(f"file://{written.root}").newest == second


def test_the_line_of_pi_is_found_among_other_sources(written: Any) -> None:
    written.batch({1: 10}, more=("-", '{"sourceVersion":1,"reservoirId":"x"}', "17"))
    assert Checkpoint(str(written.root)).newest.offset.watermarks == {key(1): T0 + 10 * SECOND}


def test_ten_batches_are_in_the_order_of_numbers(written: Any) -> None:
    for second in range(12):
        written.batch({1: second + 1})
    assert [batch.number for batch in Checkpoint(str(written.root)).batches(3)] == [9, 10, 11]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("v2\n{}\n{}", "begins with 'v2'"),
        ("v1\n{}\n5", "no stream of PI"),
        ("", "begins with ''"),
        ('v1\n{}\n{"v":1,"t0":1,"w":"!","keys":"","n":0,"servers":[]}', "batch 0 cannot be read"),
        ('v1\n{}\n{"v":9,"t0":1,"w":"","keys":""}', "version 9"),
    ],
)
def test_what_cannot_be_read_is_named(written: Any, text: str, words: str) -> None:
    written.batch({1: 10})
    (written.root / "offsets" / "0").write_text(text)
    with pytest.raises(PICheckpointError, match=words):
        _ = Checkpoint(str(written.root)).newest


def test_two_streams_of_pi_in_a_query_are_refused(written: Any) -> None:
    written.batch({1: 10})
    path = written.root / "offsets" / "0"
    text = path.read_text()
    path.write_text(f"{text}\n{text.splitlines()[-1]}")
    with pytest.raises(PICheckpointError, match="2 streams"):
        _ = Checkpoint(str(written.root)).newest


def test_a_folder_without_a_checkpoint(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(PICheckpointError, match=r"no checkpoint of a streaming query .*checkpointLocation"):
            Checkpoint(str(path))


def test_an_address_needs_fsspec(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(PICheckpointError, match="pip install fsspec"):
        files_at("s3://bucket/checkpoint")


def test_rows_of_batches_come_from_the_log_of_the_table(tmp_path: Path) -> None:
    log = tmp_path / "_delta_log"
    log.mkdir()
    for number, (query, epoch, rows) in enumerate([("q", "0", "7"), ("other", "1", "8"), ("q", "1", "9")]):
        (log / f"{number:020}.json").write_text(
            '{"add":{}}\n{"commitInfo":{"operation":"STREAMING UPDATE","operationParameters":'
            f'{{"queryId":"{query}","epochId":"{epoch}"}},"operationMetrics":{{"numOutputRows":"{rows}"}}}}}}\n'
        )
    (log / "00000000000000000003.json").write_text('{"commitInfo":{"operation":"OPTIMIZE"}}')
    assert rows_of_batches(str(tmp_path), "q") == {0: 7, 1: 9}
