"""Option `startTimes`: tags that begin at times of their own, such as those that a table holds already."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from mock_pi import Dense, MockPI, PISystem, Point
from pi_datasource.errors import PIOptionError, PITimeError

START, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
POINTS = [Point(f"A.{n}", "Float64", Dense(3600.0, first=START)) for n in range(4)]
#: Rows of a whole day.
DAY = 24


@pytest.fixture(scope="module")
def pi() -> Iterator[MockPI]:
    with MockPI(PISystem(POINTS, now=NOW)) as server:
        yield server


def counts(driver: Any, pi: MockPI, starts: dict[str, str], **options: Any) -> dict[str, int]:
    options = {
        "url": pi.url, "tagFilter": "*", "startTime": START, "endTime": NOW, "startTimes": json.dumps(starts),
        **options,
    }  # fmt: skip
    rows = [row for batch in driver.read(**options).batches for row in batch.to_pylist()]
    assert len({(row["tag"], row["ticks"]) for row in rows}) == len(rows)
    return Counter(row["tag"] for row in rows)


@pytest.mark.parametrize("partitions", [1, 3])
def test_tags_begin_at_their_own_times(driver: Any, pi: MockPI, partitions: int) -> None:
    starts = {"a.1": "2026-01-01T06:00:00Z", "A.2": "2026-01-01T06:00:00.0000001Z", "A.3": NOW, "NOT CHOSEN": START}
    assert counts(driver, pi, starts, numPartitions=partitions) == {"A.0": DAY, "A.1": 18, "A.2": 17}


def test_before_the_range_and_after_it(driver: Any, pi: MockPI) -> None:
    starts = {"A.0": "2025-12-01", "A.1": "2026-03-01", "A.2": "*"}
    found = counts(driver, pi, starts, startTime="2026-01-01T12:00:00Z")
    assert found == {"A.0": DAY, "A.3": 12}


def test_what_is_wrong_is_named(driver: Any, pi: MockPI, tmp_path: Any) -> None:
    with pytest.raises(PITimeError, match=r"option startTimes: A\.0: the time 'noonish' is neither"):
        counts(driver, pi, {"A.0": "noonish"})
    with pytest.raises(PIOptionError, match=r"holds 'a\.0' twice"):
        counts(driver, pi, {"A.0": START, "a.0": START})
    (tmp_path / "tags.csv").write_text("tag,startTime\nA.0,2026-01-01T06:00:00Z\n")
    with pytest.raises(PIOptionError, match="both tagFile and startTimes"):
        counts(driver, pi, {"A.0": START}, tagFile=str(tmp_path / "tags.csv"))
    with pytest.raises(PIOptionError, match="startTimes"):
        counts(driver, pi, {"A.0": START}, table="interpolated")


def test_many_of_them_are_read_in_no_time(driver: Any, pi: MockPI) -> None:
    starts = {f"TAG {number}": "2026-01-01T06:00:00.1234567Z" for number in range(30_000)}
    assert counts(driver, pi, starts)["A.0"] == DAY


def test_a_tag_is_found_however_it_is_written(driver: Any, pi: MockPI) -> None:
    own = {"startTime": "2026-01-01T12:00:00Z", "tagFilter": "A.0"}
    (row,) = {row["web_id"] for batch in driver.read(url=pi.url, tags="A.0", includeWebId=True, startTime=START).batches
              for row in batch.to_pylist()}  # fmt: skip
    for written in (r"\\MOCKPI\A.0", r"\\mockpi\a.0", row):
        assert counts(driver, pi, {written: START}, **own) == {"A.0": DAY}
        named = {"startTime": own["startTime"], "tags": written, "tagFormat": "path"}
        assert counts(driver, pi, {"A.0": START}, **named, tagFilter="A.1")[r"\\MOCKPI\A.0"] == DAY
