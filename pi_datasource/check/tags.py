"""The tags asked for: which of them there are, and the newest value of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pi_datasource.check.address import words
from pi_datasource.check.finding import Finding, failed, good, unknown, warning
from pi_datasource.check.site import Site
from pi_datasource.errors import PIError, PIRequestError
from pi_datasource.resolve.select import resolve_streams
from pi_datasource.resolve.streams import Stream
from pi_datasource.times import TICKS_PER_SECOND, parse_iso
from pi_datasource.webapi import endpoints
from pi_datasource.webapi.answers import error_words
from pi_datasource.webapi.batch import Ask, ask_all
from pi_datasource.webapi.wire import FieldError, OneValue, State

__all__ = ["tags", "values"]

#: Tags that are named in the report, and whose newest values are read.
MOST_SHOWN = 20
#: Letters of a text value that are shown.
LONGEST_VALUE = 40


def tags(site: Site) -> Finding:
    """Find the tags, as a read would."""
    selection = site.options.selection
    if selection.is_empty and site.options.assets.is_empty:
        return unknown("none asked for: --tags SINUSOID,CDT158 looks them up and shows their newest values")
    reading = replace(site.options.reading, on_tag_error="skip")
    try:
        resolved = resolve_streams(site.client, site.options, reading)
    except PIError as error:
        first, _, rest = str(error).partition("\ngave up on")[0].partition("\n")
        return failed(first, " ".join(rest.split()) or "mend the options that choose tags", found=[], missing={})
    site.streams = resolved.streams
    found = len(resolved.streams)
    details: dict[str, Any] = {
        "found": [{"tag": one.tag, "kind": one.kind, "uom": one.uom} for one in resolved.streams[:MOST_SHOWN]],
        "found_count": found,
        "missing": resolved.failures,
    }
    if resolved.failures:
        return _missing(resolved.failures, found, details)
    return good(f"{found:,} found", **details)


def _missing(failures: Mapping[str, str], found: int, details: Mapping[str, Any]) -> Finding:
    lines = [f"{tag}: {cause}" for tag, cause in list(failures.items())[:MOST_SHOWN]]
    if len(failures) > MOST_SHOWN:
        lines.append(f"… and {len(failures) - MOST_SHOWN:,} more")
    begin = next(iter(failures)).rpartition("\\")[2][:3]
    remedy = (
        f"is it spelt as in PI (case does not matter)? Look for it with: python -m pi_datasource tags '{begin}*' "
        "--url …; a point that this login may not read is not found, either"
    )
    if any("*" in tag or "?" in tag for tag in failures):
        remedy = "wildcards go into --tag-filter (option tagFilter); --tags are taken letter by letter"
    elif len(failures) > 1:
        remedy += '. A tag with a comma in its name goes into a JSON array: --tags \'["one,two", "three"]\''
    return failed(f"{len(failures):,} of {found + len(failures):,} not found", remedy, *lines, **details)


@dataclass(frozen=True)
class _Newest:
    """What came for one tag."""

    stream: Stream
    line: str
    trouble: str
    details: dict[str, Any]


def values(site: Site) -> Finding:
    """Read the newest value of each of the first tags."""
    shown = site.streams[:MOST_SHOWN]
    if not shown:
        return unknown("no tag to read")
    asks = {str(at): Ask(endpoints.newest_with_quality(one.web_id), one.tag) for at, one in enumerate(shown)}
    try:
        answers = ask_all(site.client, asks, OneValue, "newest values")
    except PIError as error:
        return failed(f"cannot be read: {words(error)}", "see the lines above for what this login may do")
    newest = [_newest(site, one, answers[str(at)]) for at, one in enumerate(shown)]
    lines = [*_aligned([(one.stream.tag, one.line) for one in newest])]
    if len(site.streams) > len(shown):
        lines.append(f"… and {len(site.streams) - len(shown):,} more that were not read")
    details = {"newest": [one.details for one in newest]}
    unread = [one for one in newest if one.trouble == "failed"]
    if unread:
        return failed(
            f"{len(unread):,} of {len(newest):,} cannot be read",
            "this login may see the point and not its data, or its archive is out of reach: ask the PI administrator "
            "for read access to the data (attribute datasecurity). --on-tag-error skip reads the others",
            *lines,
            **details,
        )
    odd = [one for one in newest if one.trouble]
    if odd:
        return warning(
            f"{len(newest):,} read, {len(odd):,} of them no good value now",
            "reading works; the source of that tag, or its interface, gives no good value: ask whoever looks after it",
            *lines,
            **details,
        )
    return good(f"{len(newest):,} read", *lines, **details)


def _newest(site: Site, stream: Stream, answer: OneValue | PIRequestError) -> _Newest:
    cause = words(answer) if isinstance(answer, PIRequestError) else _cause(answer)
    if cause or isinstance(answer, PIRequestError):
        return _Newest(stream, f"cannot be read: {cause}", "failed", {"tag": stream.tag, "error": cause})
    value, is_state = _text(answer)
    tick = parse_iso(answer.Timestamp) if answer.Timestamp else None
    details = {"tag": stream.tag, "value": value, "timestamp": answer.Timestamp or None, "good": answer.Good}
    if tick is None or answer.Value is None:
        return _Newest(stream, "has no value yet", "empty", details)
    unit = f" {stream.uom}" if stream.uom and not is_state else ""
    bad = answer.Good is False or is_state
    line = f"{value}{unit} at {answer.Timestamp}, {_age(site.now() - tick / TICKS_PER_SECOND)}"
    return _Newest(stream, f"{line}, not good" if bad else line, "bad" if bad else "", details)


def _cause(answer: OneValue) -> str:
    """What a value says of its failure: texts, or fields each with their own."""
    if isinstance(answer.Errors, list) and any(isinstance(one, FieldError) for one in answer.Errors):
        said = [one.Message if isinstance(one, FieldError) else one for one in answer.Errors]
        return "; ".join(text for one in said for text in (one if isinstance(one, list) else [one or ""]) if text)
    return error_words(answer)


def _text(answer: OneValue) -> tuple[str, bool]:
    """The value as text, and whether it is a state of PI's own instead of a value."""
    value = answer.Value
    if isinstance(value, State):
        return value.Name or str(value.Value), bool(value.IsSystem)
    text = str(value)
    return (text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"), False


def _age(seconds: float) -> str:
    if seconds < -1:
        return "later than now"
    for length, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {name}s old"
    return f"{max(seconds, 0):.0f} s old"


def _aligned(rows: list[tuple[str, str]]) -> list[str]:
    width = min(max(len(name) for name, _ in rows), 40)
    return [f"{name:<{width}}  {said}" for name, said in rows]
