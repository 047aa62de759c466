"""HTTP sessions, kept from task to task.

Spark reuses its Python workers, so a module-level store keeps connections and logins alive between the tasks of a
worker. A session is used by one thread at a time: it is taken out of the store, used, and put back. A forked process
begins with an empty store, since sockets and logins must not be shared.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import requests

from pi_datasource._version import __version__
from pi_datasource.options import Connection
from pi_datasource.webapi.auth import Auth, auth_for
from pi_datasource.webapi.bodies import ACCEPTED_ENCODINGS
from pi_datasource.webapi.transport import Stamp, new_session, trust_stamp

__all__ = ["Session", "host_answered", "is_host_known", "session"]

#: What a PI administrator finds in the server's log, unless the option `userAgent` names the application.
USER_AGENT = f"pi-datasource/{__version__} (Apache Spark)"
#: Idle sessions kept for one connection; more are closed when they come back.
KEPT_FOR_EACH = 16


@dataclass
class Session:
    """A `requests` session with the auth object that belongs to it."""

    http: requests.Session
    auth: Auth


_idle: defaultdict[tuple[int, Connection, Stamp], list[Session]] = defaultdict(list)
_lock = threading.Lock()
_known_hosts: set[tuple[int, str]] = set()


@contextlib.contextmanager
def session(connection: Connection) -> Iterator[Session]:
    """A session for this connection, for one request of one thread.

    One that an exception passes through is closed, since what is left on its connection is unknown.
    """
    key = (os.getpid(), connection, trust_stamp(connection))
    with _lock:
        taken = _idle[key].pop() if _idle[key] else None
    if taken is None:
        taken = _new(connection)
    try:
        yield taken
    except BaseException:
        taken.http.close()
        raise
    with _lock:
        if len(_idle[key]) < KEPT_FOR_EACH:
            _idle[key].append(taken)
            return
    taken.http.close()


def _new(connection: Connection) -> Session:
    http = new_session(connection)
    http.headers.update(
        {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED_ENCODINGS,
            "User-Agent": connection.user_agent or USER_AGENT,
            # PI Web API refuses a POST without it (defence against cross-site requests); any value will do.
            "X-Requested-With": "pi-datasource",
        }
    )
    return Session(http, auth_for(connection))


def host_answered(url: str) -> None:
    """Notes that this host exists and answers, so that later silence is worth waiting out."""
    _known_hosts.add((os.getpid(), url))


def is_host_known(url: str) -> bool:
    """Whether this host has answered this process before."""
    return (os.getpid(), url) in _known_hosts
