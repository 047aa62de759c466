from __future__ import annotations

from typing import Any

import pytest

from pi_datasource.check import places
from tests.unit.check.conftest import MakeSite


def servers(*names: str, **more: Any) -> dict[str, Any]:
    return {"dataservers": {"Items": [{"WebId": f"id-{name}", "Name": name, **more} for name in names]}}


def test_no_data_server_at_all(make_site: MakeSite) -> None:
    finding = places.data_servers(make_site({"dataservers": {}}))
    assert (finding.outcome, finding.said) == ("failed", "none seen by this login")
    assert "mapping or trust" in finding.remedy


def test_only_the_chosen_ones_are_looked_at(make_site: MakeSite) -> None:
    site = make_site(servers("A", "B"), dataServer="b")
    finding = places.data_servers(site)
    assert (finding.outcome, finding.said) == ("good", "B (connected)")
    assert [one.Name for one in site.servers] == ["B"]
    assert finding.details["names"] == ["A", "B"]


def test_one_that_is_not_connected(make_site: MakeSite) -> None:
    finding = places.data_servers(make_site(servers("A", IsConnected=False)))
    assert (finding.outcome, finding.said) == ("warning", "A (not connected)")
    assert "does the PI Data Archive run" in finding.remedy


@pytest.mark.parametrize(
    ("time", "outcome"),
    [
        ("2026-01-01T00:00:30Z", "good"),
        ("2026-01-01T00:02:00Z", "warning"),
        ("2025-12-31T23:50:00Z", "warning"),
        ("", "good"),
    ],
)
def test_clocks_of_archives(make_site: MakeSite, time: str, outcome: str) -> None:
    finding = places.data_servers(make_site(servers("A", ServerTime=time)))
    assert finding.outcome == outcome
    assert ("its clock shows" in finding.said) == (outcome == "warning")


def test_points_on_each(make_site: MakeSite) -> None:
    answers = {"dataservers/A/points": {"Items": [{"WebId": "P", "Name": "T"}]}, "dataservers/B/points": {}}
    seen = places.points(make_site(answers, ("A",)))
    assert (seen.outcome, seen.said) == ("good", "this login sees points on A")
    blind = places.points(make_site(answers, ("A", "B")))
    assert (blind.outcome, blind.said) == ("failed", "this login sees no point on B")
    assert blind.details == {"seen": {"A": True, "B": False}}


def test_asset_servers(make_site: MakeSite) -> None:
    none = places.asset_servers(make_site({"assetservers": {}}))
    assert (none.outcome, none.details) == ("good", {"names": []})
    assert none.said.startswith("none seen")
    closed = places.asset_servers(make_site({"assetservers": 403}))
    assert (closed.outcome, closed.details) == ("warning", {"names": []})


def test_many_databases_are_counted() -> None:
    assert places._listed([]) == "no database seen"
    assert places._listed(["A"]) == "database A"
    assert places._listed([f"D{number}" for number in range(7)]) == "databases D0, D1, D2, D3, D4 and 2 more"
