"""A list of tags kept in a file, with a range of its own per row."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mock_pi import Dense, MockPI, PISystem, Point
from pi_datasource.errors import PIOptionError, PIUnknownTagError

START, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
POINTS = [Point(f"A.{n}", "Float64", Dense(3600.0, first=START)) for n in range(5)]
#: Rows of a whole day, and of the hours that the files below name.
DAY = 24
CSV = "Tag,start_time,END_TIME,note\nA.0,,,whole\na.1,2026-01-01T06:00:00Z,2026-01-01T09:00:00Z,three hours\n"


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOW)) as server:
        yield server


def counts(driver: Any, pi: MockPI, file: Path, **options: Any) -> dict[str, int]:
    """Rows of each tag; each event once."""
    options = {"url": pi.url, "tagFile": str(file), "startTime": START, "endTime": NOW, **options}
    rows = [row for batch in driver.read(**options).batches for row in batch.to_pylist()]
    assert len({(row["tag"], row["ticks"]) for row in rows}) == len(rows)
    return Counter(row["tag"] for row in rows)


def test_a_text_file(driver: Any, pi: MockPI, tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("# pumps\nA.0\n\n\\\\MOCKPI\\A.1\n")
    assert counts(driver, pi, tmp_path / "tags.txt") == {"A.0": DAY, "A.1": DAY}
    assert counts(driver, pi, tmp_path / "tags.txt", tags="A.2,A.0") == {"A.0": DAY, "A.1": DAY, "A.2": DAY}


@pytest.mark.parametrize("partitions", [1, 3])
def test_ranges_per_row(driver: Any, pi: MockPI, tmp_path: Path, partitions: int) -> None:
    (tmp_path / "tags.csv").write_text(CSV)
    assert counts(driver, pi, tmp_path / "tags.csv", numPartitions=partitions) == {"A.0": DAY, "A.1": 3}


def test_rows_of_one_tag_are_joined(driver: Any, pi: MockPI, tmp_path: Path) -> None:
    hours = [("00", "04"), ("02", "06"), ("20", "22")]
    rows = [
        {"tag": "A.2", "startTime": f"2026-01-01T{a}:00:00Z", "endTime": f"2026-01-01T{b}:00:00Z"} for a, b in hours
    ]
    (tmp_path / "tags.json").write_text(json.dumps([*rows, "A.3"]))
    assert counts(driver, pi, tmp_path / "tags.json") == {"A.2": 8, "A.3": DAY}
    (tmp_path / "tags.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert counts(driver, pi, tmp_path / "tags.jsonl") == {"A.2": 8}


def test_parquet_with_timestamps(driver: Any, pi: MockPI, tmp_path: Path) -> None:
    noon = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc)
    pq.write_table(pa.table({"tag": ["A.4", "A.0"], "startTime": [noon, None]}), tmp_path / "tags.parquet")
    assert counts(driver, pi, tmp_path / "tags.parquet") == {"A.4": 12, "A.0": DAY}


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("tags.csv", "tag,startTime\nA.0,yesterdayish\n", "row 1: startTime"),
        ("tags.csv", "name_of_it\nA.0\n", "row 1: has no tag"),
        ("tags.csv", "tag,startTime,endTime\nA.0,2026-01-02,2026-01-01\n", "startTime after its endTime"),
        ("tags.txt", "\n", "holds no tag"),
        ("tags.json", "{}", "no JSON array"),
        ("tags.json", "[", "no JSON"),
        ("tags.xlsx", "", "ends in none of .txt"),
    ],
)
def test_files_that_cannot_be_used(driver: Any, pi: MockPI, tmp_path: Path, name: str, text: str, why: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(PIOptionError, match=f"option tagFile: .*{why}"):
        counts(driver, pi, tmp_path / name)


def test_a_file_that_is_not_there(driver: Any, pi: MockPI, tmp_path: Path) -> None:
    with pytest.raises(PIOptionError, match="cannot be read on the driver's host"):
        counts(driver, pi, tmp_path / "none.csv")
    (tmp_path / "tags.txt").write_text("A.0\nNOPE\n")
    with pytest.raises(PIUnknownTagError, match="NOPE"):
        counts(driver, pi, tmp_path / "tags.txt")


def test_streams_take_a_file_without_ranges(driver: Any, pi: MockPI, tmp_path: Path) -> None:
    def rows(file: str) -> int:
        source = driver.source(url=pi.url, tagFile=str(tmp_path / file), startTime=START, settleTime=0)
        stream = source.streamReader(source.schema())
        end = stream.latestOffset(stream.initialOffset())
        return sum(b.num_rows for one in stream.partitions(stream.initialOffset(), end) for b in stream.read(one))

    (tmp_path / "tags.txt").write_text("A.0\nA.1\n")
    assert rows("tags.txt") == 2 * (DAY + 1)
    (tmp_path / "tags.csv").write_text(CSV)
    with pytest.raises(PIOptionError, match="has no place in a stream"):
        rows("tags.csv")


def test_rows_of_one_tag_in_several_spellings_are_joined(driver: Any, pi: MockPI, tmp_path: Path) -> None:
    names = sorted({point.name for point in pi.system.points})
    one = names[0]
    first, second = "2026-01-01T00:00:00Z,2026-01-01T02:00:00Z", "2026-01-01T04:00:00Z,2026-01-01T06:00:00Z"
    same = written(tmp_path, f"tag,startTime,endTime\n{one},{first}\n{one},{second}\n")
    expected = driver.read(url=pi.url, tagFile=same).rows
    assert expected > 0
    for other in (one.lower(), rf"\\MOCKPI\{one}"):
        mixed = written(tmp_path, f"tag,startTime,endTime\n{one},{first}\n{other},{second}\n")
        assert driver.read(url=pi.url, tagFile=mixed).rows == expected


def written(folder: Path, text: str) -> str:
    path = folder / "mixed.csv"
    path.write_text(text)
    return str(path)
