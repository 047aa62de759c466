"""One mock server and one Spark for a whole run; options that point at them.

With OSIPI_NO_SKIPS=1 (set by the checks) a skipped test is a failed one: what is claimed has to be run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from mock_pi import MockPI, PISystem
from summaries import fault_table


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("OSIPI_NO_SKIPS") == "1":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and OSIPI_NO_SKIPS=1 allows none: {report.longrepr}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The fault matrix and the soak as tables."""
    reports = [report for some in terminalreporter.stats.values() for report in some]
    properties = [
        pair for report in reports for pair in getattr(report, "user_properties", ()) if report.when == "call"
    ]
    lines = list(fault_table(cell for name, cell in properties if name == "faults"))
    if lines:
        terminalreporter.section("faults and what came of them")
        terminalreporter.write_line("\n".join(lines))
    for name, told in properties:
        if name == "soak":
            terminalreporter.section("a stream that everything happens to")
            terminalreporter.write_line(told)


def pytest_itemcollected(item: pytest.Item) -> None:
    """With `-n`: what uses Spark goes to two processes, each with one Spark; the rest goes beside them."""
    if item.get_closest_marker("xdist_group"):
        return
    if _uses_spark(item):
        item.add_marker(pytest.mark.xdist_group("kills" if "exactly_once" in item.path.parts else "spark"))
    elif "real" in item.path.relative_to(Path(__file__).parent).parts:
        # One KDC is enough.
        item.add_marker(pytest.mark.xdist_group("real"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What uses Spark comes first, because it takes longest; what takes long is run with OSIPI_LONG=1 only."""
    if os.environ.get("OSIPI_LONG") != "1" and os.environ.get("OSIPI_KILLS") != "long":
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    items.sort(key=lambda item: not _uses_spark(item))


def _uses_spark(item: pytest.Item) -> bool:
    return "spark" in item.path.relative_to(Path(__file__).parent).parts


@pytest.fixture(autouse=True)
def _no_server_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process keeps of a server, by its address, is forgotten: another test's may have had the same port."""
    monkeypatch.setattr("pi_datasource.read.chain._learned", {})
    monkeypatch.setattr("pi_datasource.webapi.sessions._known_hosts", set())
    monkeypatch.setattr("pi_datasource.webapi.compression._known", {})


@pytest.fixture(scope="session")
def demo() -> Iterator[MockPI]:
    """What `python -m mock_pi` serves, in a process of its own, its clock at 2026-01-08."""
    with MockPI(PISystem.demo(200, now="2026-01-08T00:00:00Z"), process=True) as pi:
        yield pi
