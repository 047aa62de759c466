"""`python -m pi_datasource check`: is everything there that a read needs, and if not, what has to be done."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace

import urllib3

from pi_datasource.check.course import NOT_REACHED, look_around
from pi_datasource.check.finding import Finding
from pi_datasource.check.report import as_json, exit_code, write_blocked, write_finding, write_head, write_summary
from pi_datasource.check.site import Site
from pi_datasource.options import PIOptions
from pi_datasource.times import now_ticks
from pi_datasource.tools.arguments import add_options, given_options, need_url, warn_of_secrets
from pi_datasource.tools.terminal import Terminal

__all__ = ["INTERRUPTED", "add_arguments", "run"]

#: Exit code after Ctrl-C, as shells have it.
INTERRUPTED = 130
#: Seconds to wait for an answer, unless --timeout says otherwise: whoever looks at a report does not wait a minute.
PATIENCE = 15.0

#: What the help lists; every other option of the reader is taken as well, so that those of a read can be pasted.
SHOWN = ("Server and login", "Requests", "What", "Asset Framework")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments."""
    parser.description = (
        "Looks at name, connection, certificate, login, version, clock, rights, limits and tags, and says of each what "
        "to do when it fails. The report holds no secret and can go into a ticket. Exit code: 0 nothing failed, 1 "
        "something failed, 2 wrong options."
    )
    parser.usage = f"{parser.prog} --url URL [--auth SCHEME] [--tags NAMES] [--json] [OPTIONS]"
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    add_options(parser, shows=lambda option: option.group in SHOWN or option.name == "timeZone")


def run(arguments: argparse.Namespace) -> int:
    """Looks, reports, and returns the exit code.

    Raises:
        PIOptionError: the options are wrong, so there is nothing to look at.
    """
    site = Site(_options(given_options(arguments)))
    terminal = Terminal(sys.stdout)
    findings: list[Finding] = []
    whole = False
    with _quiet():
        try:
            for finding in look_around(site) if arguments.json else _told(terminal, site):
                findings.append(finding)
            whole = True
        except KeyboardInterrupt:
            pass
    if arguments.json:
        sys.stdout.write(as_json(site, findings, whole) + "\n")
    else:
        write_summary(terminal, findings, whole)
    return exit_code(findings) if whole else INTERRUPTED


def _told(terminal: Terminal, site: Site) -> Iterator[Finding]:
    """The findings, each written as it comes; those that were not reached together."""
    write_head(terminal, site)
    blocked: list[Finding] = []
    for finding in look_around(site):
        if finding.said == NOT_REACHED:
            blocked.append(finding)
        else:
            write_blocked(terminal, blocked)
            blocked = []
            write_finding(terminal, finding)
        yield finding
    write_blocked(terminal, blocked)


def _options(given: dict[str, str]) -> PIOptions:
    """The options as a read would take them, but with less patience."""
    warn_of_secrets(given, sys.stderr)
    need_url(given, os.environ)
    options = PIOptions.parse(given, now=now_ticks(), environ=os.environ, known_table=_known_table)
    if "timeout" in given or options.connection.timeout <= PATIENCE:
        return options
    return replace(options, connection=replace(options.connection, timeout=PATIENCE))


def _known_table(name: str) -> None:
    """Refuses a table that is not there; the registry is loaded only then, since that takes a second."""
    if name != "recorded":
        from pi_datasource.tables.registry import table_named

        table_named(name)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What others would say meanwhile is in the report: skipped tags, and that certificates are not checked."""
    log = logging.getLogger("pi_datasource")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            yield
    finally:
        log.setLevel(before)
