"""All that the options choose, as streams: PI points and AF attributes alike."""

from __future__ import annotations

from dataclasses import replace

from pi_datasource.options import PIOptions, Reading
from pi_datasource.resolve.attributes import chosen_attributes, is_attribute, named_attributes
from pi_datasource.resolve.points import resolve_points, skipped
from pi_datasource.resolve.streams import Resolved, Stream
from pi_datasource.resolve.tagfile import own_ranges, with_file
from pi_datasource.webapi.client import Client

__all__ = ["resolve_attributes", "resolve_streams"]

HINT = r"accepted are paths such as \\AF\Database\Element|Attribute"


def resolve_attributes(client: Client, options: PIOptions) -> Resolved:
    """All attributes that the options choose, those without a history, too; without options all there are.

    Raises:
        PIUnknownTagError: attributes named by option `tags` that are not there, when `onTagError=fail`.
    """
    failures: dict[str, str] = {}
    streams = list(named_attributes(client, options.selection.tags, failures))
    if failures:
        skipped(failures, options.reading, HINT)
    if not options.selection.tags:
        streams += chosen_attributes(client, options, with_history=False)
    unique = {stream.web_id: stream for stream in streams}
    return Resolved(tuple(unique.values()), failures)


def resolve_streams(
    client: Client, options: PIOptions, reading: Reading | None = None, *, paths: bool = False
) -> Resolved:
    """Points by name, path, WebID, pattern and query; attributes by path and WebID, or by element, template, category.

    Args:
        client: who to ask.
        options: what was asked for.
        reading: instead of that of the options.
        paths: streams of points carry their paths; the tag of an attribute is its path anyway.

    Raises:
        PIUnknownTagError: tags that are not there, all at once, when `onTagError=fail`.
        PIOptionError: a server, database or element that is not there.
    """
    reading = reading or options.reading
    selection, ranges = with_file(options.selection, reading)
    attributes = [tag for tag in selection.tags if is_attribute(tag)]
    points = replace(selection, tags=tuple(tag for tag in selection.tags if tag not in set(attributes)))
    failures: dict[str, str] = {}
    streams: list[Stream] = []
    if not points.is_empty:
        found = resolve_points(client, points, reading, paths=paths)
        streams += found.streams
        failures |= found.failures
    missing: dict[str, str] = {}
    streams += named_attributes(client, attributes, missing)
    if not options.assets.is_empty:
        chosen = list(chosen_attributes(client, options))
        if not chosen:
            missing["options of the Asset Framework"] = "choose no attribute that has a history"
        streams += chosen
    if missing:
        skipped(missing, reading, HINT)
    unique = {stream.web_id: stream for stream in streams}
    own = own_ranges(unique.values(), ranges, reading.time_range)
    return Resolved(tuple(unique.values()), failures | missing, own)
