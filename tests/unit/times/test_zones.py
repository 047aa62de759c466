from __future__ import annotations

import contextlib
import pickle
from datetime import timezone
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_datasource.errors import PIOptionError
from pi_datasource.times import zone_of
from pi_datasource.times.zones import WINDOWS_ZONES


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("eastern standard time", "America/New_York"),
        ("EST", "EST"),
    ],
)
def test_zones_by_name(name: str, key: str) -> None:
    zone = zone_of(name)
    assert zone is ZoneInfo(key)
    assert pickle.loads(pickle.dumps(zone)) is zone


@pytest.mark.parametrize("name", ["UTC", "utc", "Z", "GMT", "Etc/UTC"])
def test_utc_needs_no_database(name: str) -> None:
    assert zone_of(name) is timezone.utc


def test_every_windows_zone_leads_to_a_zone() -> None:
    assert set(WINDOWS_ZONES.values()) <= available_timezones()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("America/NewYork", "America/New_York"),
        ("W Europe Standard Time", "W. Europe Standard Time"),
        ("../../etc/passwd", "IANA names"),
        ("/etc/localtime", "IANA names"),
        ("", "IANA names"),
        ("+02:00", "IANA names"),
    ],
)
def test_unknown_names_are_refused_with_those_that_resemble_them(name: str, hint: str) -> None:
    with pytest.raises(PIOptionError) as caught:
        zone_of(name)
    assert repr(name) in str(caught.value)
    assert hint in str(caught.value)


@given(st.text())
def test_no_name_breaks_it(name: str) -> None:
    with contextlib.suppress(PIOptionError):
        zone_of(name)
