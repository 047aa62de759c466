"""What PI Web API can do here: its version, its clock, its limits, batch requests, its midnight."""

from __future__ import annotations

import re
from typing import Any

from pi_datasource.check.address import SYSTEM, stranger_or_broken, words
from pi_datasource.check.finding import Finding, failed, good, unknown, warning
from pi_datasource.check.site import Site
from pi_datasource.errors import PIRequestError
from pi_datasource.resolve import system
from pi_datasource.times import TICKS_PER_SECOND, parse_iso, parse_time, short_text
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.wire import SystemVersion, TimedValues

__all__ = ["batch", "clock", "limits", "midnights", "version"]

#: Seconds by which two clocks may differ: none to speak of, and what is no longer harmless.
NO_SKEW, MUCH_SKEW = 5.0, 60.0
#: The first version (of the assembly) that has a route, and what it is for.
POINT_SEARCH = (1, 17)


def version(site: Site) -> Finding:
    """Product and version."""
    try:
        found = system.version(site.client)
    except PIRequestError as error:
        problem = stranger_or_broken(site, site.look) if site.look is not None else None
        return problem or failed(f"does not say its version: {words(error)}", "ask the PI administrator for its log")
    number = found.ProductVersion or ""
    details = {"product": found.ProductTitle, "version": number}
    said = f"{found.ProductTitle or 'PI Web API'} ({number or 'no version told'})"
    if _numbers(number) and _numbers(number) < POINT_SEARCH:
        return good(f"{said}; no tagQuery before 2021 SP3, use tagFilter", point_search=False, **details)
    return good(said, point_search=bool(_numbers(number)) or None, **details)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])


def clock(site: Site) -> Finding:
    """Compare the clocks, by the header `Date`."""
    if site.date is None:
        return unknown("the server does not tell its time (no Date header)")
    there, here = site.date
    skew = there - here
    seconds = abs(skew)
    details = {"seconds_ahead": round(skew, 1)}
    if seconds < NO_SKEW:
        return good("this machine's clock and the server's agree", **details)
    said = f"the server's clock is {_span(seconds)} {'ahead of' if skew > 0 else 'behind'} this machine's"
    effect = (
        "`*` (now) means this machine's clock: reads and streams leave out the newest events"
        if skew > 0
        else "`*` (now) means this machine's clock: ranges reach into the server's future"
    )
    remedy = f"set both by the same time server (here: timedatectl or chronyc; Windows: w32tm /query /status). {effect}"
    if seconds > MUCH_SKEW:
        return failed(said, f"{remedy}; Kerberos refuses logins at five minutes", **details)
    return warning(said, remedy, **details)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.0f} h"


def limits(site: Site) -> Finding:
    """The most events in one answer, from the refusal of more."""
    if not site.servers:
        return unknown("not told without a data server")
    try:
        most = system.item_limit(site.client, site.servers[0].WebId)
    except PIRequestError as error:
        return unknown(f"not told: {words(error)}", item_limit=None)
    if most is None:
        return good("no limit of objects in an answer found", item_limit=None)
    return good(f"{most:,} objects in an answer (MaxReturnedItemsPerCall); pages are cut to fit", item_limit=most)


def batch(site: Site) -> Finding:
    """Send a batch request: some sites block POST."""
    if not site.connection.post:
        return unknown("not used, as post=false says: reads take more requests", allowed=None)
    route = endpoints.with_query(SYSTEM, [endpoints.selected("", ("ProductTitle",))])
    try:
        answers = site.client.post_batch({"1": route}, SystemVersion, "batch request")
    except PIRequestError as error:
        site.stop_posting()
        return failed(
            f"batch requests (POST) do not pass: {words(error)}",
            "add --post false (option post=false), which asks one by one and is slower, or have POST to …/batch let "
            "through; it carries reads only",
            allowed=False,
        )
    inner = answers["1"].Status if "1" in answers else 0
    if inner != 200:
        site.stop_posting()
        return failed(
            f"batch requests pass, and what is in them does not: {inner}",
            "PI Web API must reach itself by the address in --url; add --post false (option post=false), which is "
            "slower",
            allowed=False,
        )
    return good("batch requests (POST) pass", allowed=True)


def midnights(site: Site) -> Finding:
    """What `t` means here, in the zone of option timeZone, and what the server makes of it."""
    reading = site.options.reading
    here = parse_time("t", int(site.now() * TICKS_PER_SECOND), reading.tz)
    said = f"t (today) is {short_text(here)} here, by timeZone={reading.time_zone}"
    details: dict[str, Any] = {"time_zone": reading.time_zone, "here": short_text(here)}
    try:
        there = _server_time(site, reading.time_zone)
        own = _server_time(site, None)
    except PIRequestError as error:
        return unknown(f"{said}; the server does not calculate: {words(error)}", **details)
    details |= {"server": short_text(there), "server_own_zone": short_text(own)}
    if there != here:
        return failed(
            f"{said}, and {short_text(there)} to the server in the same zone",
            "one of the clocks or time zone tables is wrong; until then give times with a zone, such as "
            "2026-01-31T00:00:00Z",
            **details,
        )
    if own == there:
        return good(f"{said}; the server says the same, in its own zone, too", **details)
    return good(f"{said}, to the server as well; in the server's own zone it is {short_text(own)}", **details)


def _server_time(site: Site, zone: str | None) -> int:
    answer = site.client.get(endpoints.resolved_time("t", zone), TimedValues, "midnight of the server")
    if not answer.Items:
        raise PIRequestError("no value came")
    return parse_iso(answer.Items[0].Timestamp)
