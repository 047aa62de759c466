"""Which tags a stream reads, as that changes: patterns match new points, points are renamed, removed, re-created.

AF attributes are tags like others: named by path, or chosen by element, template, category and name.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from pi_datasource.errors import PIOptionError, PIRefusedError, PIUnknownTagError
from pi_datasource.options import Assets, PIOptions, Selection
from pi_datasource.resolve.select import resolve_streams
from pi_datasource.resolve.streams import Stream
from pi_datasource.stream.key import Key
from pi_datasource.webapi.client import Client

__all__ = ["TagList"]

log = logging.getLogger("pi_datasource")

#: What is said of tags that the checkpoint names and the server no longer has.
GONE = (
    "the checkpoint says that a batch with their events has begun; option abandonTags with these WebIDs lets the "
    "events go"
)


class TagList:
    """The tags of a selection, looked up again now and then.

    Attributes:
        future: those of today's list that may hold values later than now.

    Args:
        options: selection, and how to treat tags that are not found.
        clock: seconds on a clock that only goes forwards.
    """

    def __init__(self, options: PIOptions, clock: Callable[[], float] = time.monotonic) -> None:
        self._options = options
        self._clock = clock
        self._looked: float | None = None
        self._listed: dict[Key, Stream] = {}
        self._known: dict[Key, Stream] = {}
        self.future: Sequence[Key] = ()

    def listed(self, client: Client) -> Mapping[Key, Stream]:
        """Today's list. A list by patterns, a query or options of AF is looked up again after `refreshTags`.

        Raises:
            PIUnknownTagError: tags that the server does not know, when `onTagError=fail`.
        """
        selection, now = self._options.selection, self._clock()
        changes = (
            bool(selection.tag_filter or selection.tag_query or selection.tag_file)
            or not self._options.assets.is_empty
            or self._options.reading.on_tag_error == "skip"
        )
        due = self._looked is None or (changes and now - self._looked >= self._options.streaming.refresh_tags)
        if due:
            found = resolve_streams(client, self._options)
            if found.ranges:
                raise PIOptionError("option tagFile: a range of its own for each tag has no place in a stream")
            before, self._listed = self._listed, {key_of(stream): stream for stream in found.streams}
            if self._looked is not None and before.keys() != self._listed.keys():
                new, gone = len(self._listed.keys() - before), len(before.keys() - self._listed)
                log.info("the list of tags changed: %d new, %d gone; those keep their watermarks", new, gone)
            self._looked = now
            self._known.update(self._listed)
            self.future = [key for key, stream in self._listed.items() if stream.future]
        return self._listed

    def known(self, key: Key) -> Stream | None:
        """The stream behind a key, if it has been looked up before."""
        return self._known.get(key)

    def streams(self, client: Client, keys: Iterable[Key]) -> dict[Key, Stream]:
        """The streams behind keys, whatever the list says today; those not known yet are looked up by their ids.

        Raises:
            PIUnknownTagError: tags that are no longer there.
        """
        wanted = list(keys)
        missing = [key for key in wanted if key not in self._known]
        if missing:
            selection = Selection(tags=tuple(key.web_id for key in missing))
            options = replace(self._options, selection=selection, assets=Assets())
            try:
                streams = resolve_streams(client, options, replace(options.reading, on_tag_error="fail")).streams
            except PIUnknownTagError as error:
                raise PIUnknownTagError(error.failures, GONE) from error
            self._known.update({key_of(stream): stream for stream in streams})
        return {key: self._known[key] for key in wanted}


def key_of(stream: Stream) -> Key:
    """What stands for a stream in an offset.

    Raises:
        PIRefusedError: the server hands out WebIDs without ids, which say nothing lasting.
    """
    key = Key.of(stream.web_id)
    if key is None:
        raise PIRefusedError(
            f"tag {stream.tag}: its WebID {stream.web_id!r} holds no ids; a stream needs WebIDs of type Full or IDOnly "
            "(PI Web API's setting WebIDType)"
        )
    return key
