"""A pretend PI Web API, for trying things by hand and for tests.

By hand::

    python -m mock_pi --port 8010 --tags 1000

In a test::

    from mock_pi import MockPI, PISystem, Point, Dense, Fault

    system = PISystem([Point("SINUSOID", "Float32", Dense(1.0))], now="2026-01-02T00:00:00Z")
    with MockPI(system) as pi:
        pi.faults.add(Fault(status=503, route="streams/recorded", count=2))
        rows = read_somehow(pi.url, "SINUSOID", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
        assert rows == pi.system.expected_recorded("SINUSOID", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z")
        assert pi.stats().requests < 10

Values are a function of point and time, so every expected table is computed without HTTP. Late, edited and deleted
events: `pi.system.insert`, `replace`, `delete`, notes on them: `annotate`. Elements, attributes and event frames:
`mock_pi.af`. Settings: `mock_pi.switches`. Things that go wrong: `mock_pi.faults`. With pytest: the fixtures of
`mock_pi.pytest_plugin`.

It follows the vendor's documentation and what was seen in recorded traffic; where the two leave a question open there
is a switch. It is stricter than the vendor in one thing: a parameter that does not exist is an error (switch
`ignore_unknown_parameters`). It does not imitate: security, notifications, analysis and time rules, searches by
attribute value and exports of AF, formulas and look-ups (their values are declared), performance equations beyond a
small part (`mock_pi.expression`), writing, stream updates and channels, attachments of annotations, WebIDs of version
1.0, Kerberos, HTTPS, HTML renderings for browsers, and compression of the archive.

The package, from the inside out: `system/` (points and their history, no HTTP), `af/` (the Asset Framework), `pitime`,
`webids`, `wire`, `fields` (the vendor's notations), `fragments` and `reading` (rows as ready bytes), `stream` with
`interpolation`, `plot`, `summary`, `expression` (what is made of events), `routes/` (one module a controller), `batch`,
`dispatch`, `app` (limits, authentication, faults), `server` (MockPI).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_pi.faults import Fault as Fault
    from mock_pi.server import MockPI as MockPI
    from mock_pi.statistics import Stats as Stats
    from mock_pi.system.annotation import Annotation as Annotation
    from mock_pi.system.event import Event as Event
    from mock_pi.system.event import State as State
    from mock_pi.system.pisystem import PISystem as PISystem
    from mock_pi.system.point import Point as Point
    from mock_pi.system.shapes import Bursts as Bursts
    from mock_pi.system.shapes import Dense as Dense
    from mock_pi.system.shapes import Edges as Edges
    from mock_pi.system.shapes import Empty as Empty
    from mock_pi.system.shapes import Every as Every
    from mock_pi.system.shapes import Instant as Instant
    from mock_pi.system.shapes import Listed as Listed
    from mock_pi.system.shapes import Quiet as Quiet
    from mock_pi.system.shapes import States as States
    from mock_pi.system.shapes import Ticks as Ticks
    from mock_pi.ticks import text_of as text_of
    from mock_pi.ticks import ticks_of as ticks_of

#: Public name to the module that has it; imported when first asked for.
_HOMES = {
    "MockPI": "server", "Fault": "faults", "Stats": "statistics", "PISystem": "system.pisystem",
    "Point": "system.point", "Annotation": "system.annotation", "Event": "system.event", "State": "system.event",
    "ticks_of": "ticks", "text_of": "ticks",
    **dict.fromkeys(("Bursts", "Dense", "Edges", "Empty", "Every", "Instant", "Listed", "Quiet", "States", "Ticks"),
                    "system.shapes"),
}  # fmt: skip

__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mock_pi' has no attribute {name!r}")
    return getattr(importlib.import_module(f"mock_pi.{_HOMES[name]}"), name)
