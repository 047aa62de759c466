"""The looks in their order, and which of them have to succeed before which."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pi_datasource.check import address, login, network, places, server, tags, tls
from pi_datasource.check.finding import Finding, failed, unknown
from pi_datasource.check.site import Site
from pi_datasource.errors import PIError

__all__ = ["COURSE", "NOT_REACHED", "Step", "look_around"]

#: What is said of a look that had no chance.
NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Step:
    """One look.

    Attributes:
        name: in the JSON; stays as it is for ever.
        title: in the text.
        look: looks.
        after: the looks that must not have failed before.
    """

    name: str
    title: str
    look: Callable[[Site], Finding]
    after: tuple[str, ...] = ()


COURSE = (
    Step("dns", "name", network.name),
    Step("tcp", "connection", network.connection, ("dns",)),
    Step("tls", "certificate", tls.certificate, ("tcp",)),
    Step("address", "web server", address.address, ("tcp", "tls")),
    Step("clock", "clock", server.clock, ("address",)),
    Step("login", "login", login.login, ("address",)),
    Step("version", "PI Web API", server.version, ("login",)),
    Step("batch", "batch", server.batch, ("version",)),
    Step("data_servers", "data servers", places.data_servers, ("version",)),
    Step("points", "rights", places.points, ("data_servers",)),
    Step("asset_servers", "AF servers", places.asset_servers, ("version",)),
    Step("limits", "limits", server.limits, ("data_servers",)),
    Step("midnight", "midnight", server.midnights, ("version",)),
    Step("tags", "tags", tags.tags, ("data_servers",)),
    Step("values", "newest values", tags.values, ("data_servers",)),
)


def look_around(site: Site, course: tuple[Step, ...] = COURSE) -> Iterator[Finding]:
    """Takes all the looks, one after the other; each finding comes as soon as it is there, free of secrets."""
    blocked: set[str] = set()
    for step in course:
        started = time.monotonic()
        if blocked.intersection(step.after):
            finding = unknown(NOT_REACHED)
            blocked.add(step.name)
        else:
            finding = _safe(step, site)
            if finding.outcome == "failed":
                blocked.add(step.name)
        yield replace(
            finding.without(site.secrets()), name=step.name, title=step.title, seconds=time.monotonic() - started
        )


def _safe(step: Step, site: Site) -> Finding:
    """The finding; an error that nobody foresaw is one, too, for the report must come to its end."""
    try:
        return step.look(site)
    except PIError as error:
        return failed(address.words(error), "mend the option that it names, or ask who looks after the server")
    except Exception as error:
        return failed(
            f"this look itself broke: {type(error).__name__}: {error}",
            "that is a fault of this package: please report it with these lines",
        )
