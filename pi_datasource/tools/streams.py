"""What the commands about a checkpoint share: which tags, under which names, and what PI has of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from pi_datasource.checkpoint.log import Batch, Checkpoint, DatabaseKey
from pi_datasource.errors import PIOptionError
from pi_datasource.options import PIOptions, Selection
from pi_datasource.resolve.places import databases
from pi_datasource.resolve.select import resolve_streams
from pi_datasource.stream.key import Key
from pi_datasource.times import now_ticks
from pi_datasource.tools.arguments import add_options, given_options, need_url
from pi_datasource.webapi.client import Client

__all__ = ["Server", "add_checkpoint", "add_server", "keys_named", "newest_batches", "server_of"]

#: Batches looked at unless --batches says otherwise.
BATCHES = 100


class Server:
    """Where names of tags, and their newest events, come from.

    Args:
        options: how to reach it.
    """

    def __init__(self, options: PIOptions) -> None:
        reading = replace(options.reading, on_tag_error="skip", tag_format="path")
        self._options = replace(options, reading=reading)
        self.client = Client(options.connection)

    def names(self, keys: Iterable[Key | DatabaseKey]) -> dict[Key | DatabaseKey, str]:
        """Key → path of the tag or database; those that are no longer there are left out."""
        wanted = list(keys)
        found: dict[Key | DatabaseKey, str] = {}
        if any(isinstance(key, DatabaseKey) for key in wanted):
            found |= {DatabaseKey(place.web_id): place.path for place in databases(self.client, self._options)}
        return found | self._found(tuple(key.web_id for key in wanted if isinstance(key, Key)))

    def keys(self, tags: Sequence[str]) -> dict[Key, str]:
        """Key → path, of tags by name, path or WebID."""
        return self._found(tuple(tags))

    def _found(self, tags: tuple[str, ...]) -> dict[Key, str]:
        options = replace(self._options, selection=Selection(tags=tags))
        found = resolve_streams(self.client, options).streams if tags else ()
        return {key: stream.tag for stream in found if (key := Key.of(stream.web_id)) is not None}


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """The folder, and how many batches of it."""
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="folder given as checkpointLocation, or its address")


def add_server(parser: argparse.ArgumentParser) -> None:
    """The options of the connection."""
    add_options(parser, takes=lambda option: option.group in ("Server and login", "Requests"))


def server_of(arguments: argparse.Namespace, *, needed_for: str = "") -> Server | None:
    """The server that the arguments name; None for none.

    Args:
        needed_for: what cannot be done without one; empty when all can.

    Raises:
        PIOptionError: it is needed and not named, or wrong options.
    """
    given = given_options(arguments)
    if "url" not in given and not os.environ.get("OSIPI_URL", "").strip():
        if needed_for:
            raise PIOptionError(f"--url is missing: {needed_for}; or give WebIDs, as `watermarks` shows them")
        return None
    need_url(given, os.environ)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("OSIPI_TAG")}
    return Server(PIOptions.parse({**given, "table": "points"}, now=now_ticks(), environ=environ))


def newest_batches(checkpoint: Checkpoint, most: int) -> list[Batch]:
    """The newest batches, oldest first.

    Raises:
        PIOptionError: less than one.
    """
    if most < 1:
        raise PIOptionError(f"--batches {most} is too small; accepted is 1 or more")
    return checkpoint.batches(most)


def keys_named(arguments: argparse.Namespace, tags: Collection[str]) -> dict[Key, str]:
    """Key → how it was named, for tags by WebID or, with a server, by name.

    Raises:
        PIOptionError: tags that are not known, or names without a server.
    """
    found = {key: tag for tag in tags if (key := Key.of(tag)) is not None}
    rest = [tag for tag in tags if Key.of(tag) is None]
    if rest:
        server = server_of(arguments, needed_for=f"to know which point {rest[0]!r} is")
        assert server is not None
        known = server.keys(rest)
        lower = {name.lower() for path in known.values() for name in (path, path.rpartition("\\")[2])}
        missing = [tag for tag in rest if tag.lower() not in lower]
        if missing:
            raise PIOptionError(f"--tags: the server does not know {', '.join(missing)}")
        found |= known
    return found
