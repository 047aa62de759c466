from __future__ import annotations

from collections.abc import Callable
from datetime import timezone
from zoneinfo import ZoneInfo

import pytest

from pi_datasource.errors import PIOptionError, PITimeError
from pi_datasource.options import PIOptions, Reading
from pi_datasource.times import TimeRange, parse_iso

Parse = Callable[..., PIOptions]


def test_defaults_are_declared_and_coded_alike(parse: Parse) -> None:
    reading = parse().reading
    assert reading == Reading(reading.time_range)
    assert str(reading.time_range) == "[2026-03-30T13:14:15.1234567Z, 2026-03-31T13:14:15.1234567Z)"
    assert reading.tz is timezone.utc


def test_all_of_it(parse: Parse) -> None:
    reading = parse(
        start_time="y",
        endTime="t",
        timeZone="W. Europe Standard Time",
        pageSize="1_000",
        tagsPerRequest="10",
        rowsPerResponse="20",
        rowsPerPartition="30",
        numPartitions="40",
        onTagError="Skip",
        errorColumn="why",
        tagFormat="path",
        includeWebId="true",
        includePointId="yes",
        includeDescriptor="1",
    ).reading
    assert reading == Reading(
        TimeRange(parse_iso("2026-03-29T22:00Z"), parse_iso("2026-03-30T22:00Z")),
        "W. Europe Standard Time",
        ZoneInfo("Europe/Berlin"),
        1000,
        10,
        20,
        30,
        40,
        "skip",
        "why",
        "path",
        True,
        True,
        True,
    )


def test_an_empty_range_is_fine(parse: Parse) -> None:
    assert parse(startTime="t", endTime="today").reading.time_range.is_empty


def test_a_start_after_the_end_names_both(parse: Parse) -> None:
    with pytest.raises(PIOptionError) as caught:
        parse(startTime="*", endTime="t")
    for words in ("startTime = '*' (2026-03-31T13:14:15.1234567Z)", "endTime = 't' (2026-03-31T00:00:00Z)", "accepted"):
        assert words in str(caught.value)


@pytest.mark.parametrize("name", ["startTime", "endTime"])
@pytest.mark.parametrize("text", ["-1d", "01/02/2026", "tomorrow", "2026-02-30", "*-1.5d"])
def test_wrong_times_name_the_option(parse: Parse, name: str, text: str) -> None:
    with pytest.raises(PITimeError, match=f"option {name}: the time ") as caught:
        parse({name: text})
    assert repr(text) in str(caught.value)
    assert "Accepted are" in str(caught.value)


def test_wrong_zones_name_the_option(parse: Parse) -> None:
    with pytest.raises(PIOptionError, match=r"option timeZone: 'Europe/Berln' .*Europe/Berlin"):
        parse(timeZone="Europe/Berln")


def test_an_error_column_needs_skipping(parse: Parse) -> None:
    with pytest.raises(PIOptionError, match=r"errorColumn = 'why' .*onTagError=fail .*accepted is .*onTagError=skip"):
        parse(errorColumn="why")
    assert parse(onTagError="fail", environ={"OSIPI_ERROR_COLUMN": "why"}).reading.error_column is None
    environ = {"OSIPI_ERROR_COLUMN": "why", "OSIPI_ON_TAG_ERROR": "skip"}
    assert parse(environ=environ).reading.error_column == "why"
