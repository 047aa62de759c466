from __future__ import annotations

import pytest

from pi_datasource.check import address, server
from tests.unit.check.conftest import NOW, MakeSite, look


@pytest.mark.parametrize(
    ("number", "point_search", "said"),
    [
        ("1.19.1.28", True, "PI Web API 2023 (1.19.1.28)"),
        ("1.17.0.0", True, "PI Web API 2023 (1.17.0.0)"),
        ("1.16.9.9", False, "PI Web API 2023 (1.16.9.9); no tagQuery before 2021 SP3, use tagFilter"),
        ("1.9.0.266", False, "PI Web API 2023 (1.9.0.266); no tagQuery before 2021 SP3, use tagFilter"),
        ("", None, "PI Web API 2023 (no version told)"),
    ],
)
def test_versions(make_site: MakeSite, number: str, point_search: bool | None, said: str) -> None:
    finding = server.version(make_site({"system": {"ProductTitle": "PI Web API 2023", "ProductVersion": number}}))
    assert (finding.outcome, finding.said) == ("good", said)
    assert finding.details == {"product": "PI Web API 2023", "version": number, "point_search": point_search}


@pytest.mark.parametrize(
    ("skew", "outcome", "span"),
    [
        (0, "good", ""),
        (4.9, "good", ""),
        (-4.9, "good", ""),
        (6, "warning", "6 s ahead"),
        (60, "warning", "60 s ahead"),
        (-61, "failed", "61 s behind"),
        (600, "failed", "10 min ahead"),
        (-86_400, "failed", "24 h behind"),
    ],
)
def test_clocks(make_site: MakeSite, skew: float, outcome: str, span: str) -> None:
    site = make_site({})
    site.date = (NOW + skew, NOW)
    finding = server.clock(site)
    assert finding.outcome == outcome
    assert span in finding.said
    assert bool(finding.remedy) == (outcome != "good")
    assert finding.details == {"seconds_ahead": skew}


def test_the_date_is_taken_in_the_middle_of_the_request(make_site: MakeSite) -> None:
    site = make_site({})
    address.take_date(site, look(Date="Thu, 01 Jan 2026 00:00:10 GMT"))
    assert site.date == (NOW + 10.5, NOW - 0.25)
    for odd in ({}, {"Date": "yesterday"}, {"Date": ""}):
        site.date = None
        address.take_date(site, look(**odd))
        assert server.clock(site).outcome == "unknown"


def test_limits(make_site: MakeSite) -> None:
    assert server.limits(make_site({})).outcome == "unknown"
    unlimited = server.limits(make_site({"dataservers/A/points": {}}, ("A",)))
    assert (unlimited.outcome, unlimited.details) == ("good", {"item_limit": None})
    silent = server.limits(make_site({"dataservers/A/points": 403}, ("A",)))
    assert (silent.outcome, silent.details) == ("unknown", {"item_limit": None})


def test_midnights(make_site: MakeSite) -> None:
    same = {"calculation": {"Items": [{"Timestamp": "2025-12-31T23:00:00Z", "Value": 0}]}}
    finding = server.midnights(make_site(same, timeZone="Europe/Berlin"))
    assert finding.outcome == "good"
    assert finding.details == {
        "time_zone": "Europe/Berlin", "here": "2025-12-31T23:00:00Z", "server": "2025-12-31T23:00:00Z",
        "server_own_zone": "2025-12-31T23:00:00Z",
    }  # fmt: skip
    assert server.midnights(make_site(same, timeZone="UTC")).outcome == "failed"
    for answer in (403, {}):
        silent = server.midnights(make_site({"calculation": answer}))
        assert silent.outcome == "unknown"
        assert silent.said.startswith("t (today) is 2026-01-01T00:00:00Z here, by timeZone=UTC; the server does not")


def test_without_post_no_batch_request(make_site: MakeSite) -> None:
    assert server.batch(make_site({}, post="false")).details == {"allowed": None}
