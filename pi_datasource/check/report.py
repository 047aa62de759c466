"""The report: as text, a line for each finding as it comes, or as one JSON object in the end.

Both can go into a ticket as they are: no secret is in them.
"""

from __future__ import annotations

import json
import platform
import ssl
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pi_datasource._version import __version__
from pi_datasource.check.course import NOT_REACHED
from pi_datasource.check.finding import Finding, Outcome
from pi_datasource.check.login import tried
from pi_datasource.check.site import Site
from pi_datasource.tools.terminal import Terminal

__all__ = ["SCHEMA", "as_json", "exit_code", "write_blocked", "write_finding", "write_head", "write_summary"]

#: Version of the JSON: goes up when a member goes or means something else; new members may come at any time.
SCHEMA = 1

MARKS: dict[Outcome, str] = {"good": "✓", "warning": "!", "failed": "✗", "unknown": "–"}
#: Columns for the mark and the title.
TITLE_WIDTH = 14


def exit_code(findings: Iterable[Finding]) -> int:
    """0 when nothing has failed, else 1."""
    return int(any(finding.outcome == "failed" for finding in findings))


def write_head(terminal: Terminal, site: Site) -> None:
    """What was looked at, with what, and when."""
    terminal.line(f"pi-datasource {__version__} at {_moment(site.now())}")
    terminal.line(_software())
    terminal.line(f"{site.connection.url}, {tried(site)}")
    terminal.line()


def write_finding(terminal: Terminal, finding: Finding) -> None:
    """Mark, title and sentence; below them the further lines and the remedy."""
    mark = terminal.mark(MARKS[finding.outcome])
    indent = len(mark) + 1 + TITLE_WIDTH + 1
    terminal.paragraph(f"{mark} {finding.title:<{TITLE_WIDTH}} ", finding.said, indent)
    for line in finding.lines:
        terminal.paragraph(" " * indent, line, indent + 2)
    if finding.remedy:
        terminal.paragraph(" " * indent + terminal.plain("→ "), finding.remedy, indent + 2)


def write_blocked(terminal: Terminal, findings: Sequence[Finding]) -> None:
    """What was not reached, in one line."""
    if findings:
        titles = ", ".join(finding.title for finding in findings)
        write_finding(terminal, replace(findings[0], title=NOT_REACHED, said=titles))


def write_summary(terminal: Terminal, findings: Sequence[Finding], whole: bool = True) -> None:
    """The last line."""
    terminal.line()
    terminal.line(_summary(findings, whole))


def _summary(findings: Sequence[Finding], whole: bool) -> str:
    counts = Counter(finding.outcome for finding in findings)
    bad = [finding.title for finding in findings if finding.outcome == "failed"]
    parts = [f"{counts['good']} good"]
    parts += [f"{counts['warning']} to look at"] if counts["warning"] else []
    parts += [f"{len(bad)} failed"] if bad else []
    parts += [f"{counts['unknown']} not looked at"] if counts["unknown"] else []
    said = ", ".join(parts)
    if not whole:
        return f"Interrupted: {said}."
    if bad:
        return f"Something is wrong, begin with: {bad[0]} ({said})."
    return f"All is well ({said})." if not counts["warning"] else f"It works ({said})."


def as_json(site: Site, findings: Sequence[Finding], whole: bool = True) -> str:
    """The whole report as one object."""
    counts = Counter(finding.outcome for finding in findings)
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "complete": whole,
        "at": _moment(site.now()),
        "software": f"pi-datasource {__version__}, {_software()}",
        "url": site.connection.url,
        "auth": site.connection.auth,
        "username": site.connection.username,
        "exit_code": exit_code(findings),
        "counts": {outcome: counts[outcome] for outcome in MARKS},
        "checks": [
            {
                "name": finding.name,
                "outcome": finding.outcome,
                "said": finding.said,
                "remedy": finding.remedy or None,
                "lines": list(finding.lines),
                "seconds": round(finding.seconds, 3),
                "details": dict(finding.details),
            }
            for finding in findings
        ],
    }
    return json.dumps(report, indent=2, ensure_ascii=True)


def _software() -> str:
    parts = [f"Python {platform.python_version()} on {platform.system()}"]
    for name in ("requests", "urllib3"):
        try:
            parts.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    openssl = ssl.OPENSSL_VERSION.split()
    return ", ".join([*parts, " ".join(openssl[:2])])


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
