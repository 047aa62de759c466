"""Everything that can go wrong, as one tree.

    PIError                        catch this to catch all of ours
    ├── PIOptionError              an option is missing, wrong or contradicts another (also a ValueError)
    │   └── PITimeError            a time text that is not one
    ├── PIOffsetError              a checkpoint's offset that is damaged or from a later version (also a ValueError)
    ├── PICheckpointError          a checkpoint that is not there, cannot be read, or must not be changed as asked
    ├── PISchemaError              a schema given by the user does not fit the table (also a ValueError)
    ├── PIUnsupportedError         what this source cannot do: writing, Spark 3.5, … (also a NotImplementedError)
    ├── PITagError                 tags that do not exist or cannot be read; `.failures` names each with its cause
    │   ├── PIUnknownTagError      … because the server knows no such tag (also a LookupError)
    │   ├── PIInstantError         … because one instant holds more events than two pages can reach
    │   └── PIListError            … lists of objects rather than tags
    ├── PIChangedError             a list of objects that changed while it was read page by page
    └── PIRequestError             a request that failed; `.attempts` says what was tried
        ├── PIRetriableError       trying again can help: the client has done so before you see this
        │   ├── PIConnectionError  no connection, or it broke (also a ConnectionError)
        │   ├── PITimeoutError     no answer in time, 408, 504 (also a TimeoutError)
        │   ├── PIRateLimitError   429: asked to slow down
        │   ├── PIServerError      500, 502, 503
        │   └── PIBadAnswerError   a body that is cut, undecodable or no JSON where JSON belongs
        ├── PILoginError           401, or a login page: who we are was not accepted (also a PermissionError)
        ├── PIForbiddenError       403: known, but not allowed (also a PermissionError)
        ├── PINotFoundError        404: no such object or route (also a LookupError)
        ├── PITooLargeError        413, 414, item limit, maxResponseBytes: in smaller pieces it may pass
        └── PIRefusedError         any other refusal: 400, 409, 501, redirects

On an executor the message is all a user gets, so each says what was asked (method, route, tags, range) and keeps
the server's own words. No message ever holds a header or a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = [
    "PIBadAnswerError",
    "PIChangedError",
    "PICheckpointError",
    "PIConnectionError",
    "PIError",
    "PIForbiddenError",
    "PIInstantError",
    "PIListError",
    "PILoginError",
    "PINotFoundError",
    "PIOffsetError",
    "PIOptionError",
    "PIRateLimitError",
    "PIRefusedError",
    "PIRequestError",
    "PIRetriableError",
    "PISchemaError",
    "PIServerError",
    "PITagError",
    "PITimeError",
    "PITimeoutError",
    "PITooLargeError",
    "PIUnknownTagError",
    "PIUnsupportedError",
]

#: How many tags an error message names before it only counts the rest.
MAX_TAGS_NAMED = 20


class PIError(Exception):
    """Base of all errors of this package. Catch it to tell ours from Spark's and Python's."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors travel from Python workers to the driver by pickle; constructors with other arguments than the
        # message would break that, so state is carried apart from the call.
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


def _rebuild(kind: type[PIError], args: tuple[Any, ...], state: dict[str, Any]) -> PIError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class PIOptionError(PIError, ValueError):
    """An option is missing, has a wrong value, is misspelt or contradicts another. Fix the options."""


class PITimeError(PIOptionError):
    """A text that is neither PI time nor ISO 8601, or that two cultures read differently."""


class PIOffsetError(PIError, ValueError):
    """An offset in a stream's checkpoint that cannot be read: damaged, or written by a later version."""


class PICheckpointError(PIError):
    """A folder that holds no checkpoint, one that cannot be read, or a change of it that would lose rows."""


class PISchemaError(PIError, ValueError):
    """The schema given by `.schema(…)` names columns or types that the table does not have."""


class PIUnsupportedError(PIError, NotImplementedError):
    """Asked for something that this source does not do; the message says what to do instead."""


class PITagError(PIError):
    """Some tags cannot be read, and `onTagError=fail` (the default) is in force.

    Attributes:
        failures: tag (as the user wrote it, or its name) → cause, in the server's words where there are any.
    """

    #: What the sentence is about, and what it says of it.
    noun = "tag"
    what = "cannot be read"

    def __init__(self, failures: Mapping[str, str], hint: str = "") -> None:
        self.failures = dict(failures)
        shown = [f"  {tag}: {cause}" for tag, cause in list(self.failures.items())[:MAX_TAGS_NAMED]]
        if len(self.failures) > MAX_TAGS_NAMED:
            shown.append(f"  … and {len(self.failures) - MAX_TAGS_NAMED} more")
        count = len(self.failures)
        lines = [f"{count} {self.noun}{'' if count == 1 else 's'} {self.what}:", *shown]
        super().__init__("\n".join([*lines, hint] if hint else lines))


class PIUnknownTagError(PITagError, LookupError):
    """The server knows no such tags. All of them are named at once."""

    what = "not found"


class PIInstantError(PITagError):
    """One instant of a tag holds more events than PI Web API can hand out: a page from each side.

    Nothing a client can do reaches the events between; the server's MaxReturnedItemsPerCall has to be raised.
    """

    what = "with more events at one instant than the server hands out"


class PIListError(PITagError):
    """Some lists of objects (elements of a database, values of an enumeration) cannot be read."""

    noun = "list"


class PIChangedError(PIError):
    """A list of objects changed while it was read: a page does not begin where the one before it ended.

    Rows may have been skipped or repeated, so there are none. Read it again.
    """


class PIRequestError(PIError):
    """A request failed and was not, or could not be, healed by trying again.

    Attributes:
        status: HTTP status, or None where there was none.
        retry_after: seconds the server asked to wait, if it did.
        attempts: how often the request was sent.
    """

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.attempts = 1


class PIRetriableError(PIRequestError):
    """Base of the failures that may be gone at the next try."""


class PIConnectionError(PIRetriableError, ConnectionError):
    """Name not found, refused, reset, TLS handshake failed: there is no connection, or it broke."""


class PITimeoutError(PIRetriableError, TimeoutError):
    """No answer in time (ours, 408, or a gateway's 504). A smaller request may get one."""


class PIRateLimitError(PIRetriableError):
    """429: the server or a gateway asks to slow down."""


class PIServerError(PIRetriableError):
    """500, 502, 503: the server failed. PI Web API also answers 500 for missing rights on a back end."""


class PIBadAnswerError(PIRetriableError):
    """The status was fine and the body was not: cut, undecodable, HTML, or not what was asked for."""


class PILoginError(PIRequestError, PermissionError):
    """401: the server did not accept who we say we are."""


class PIForbiddenError(PIRequestError, PermissionError):
    """403: logged in, but not allowed."""


class PINotFoundError(PIRequestError, LookupError):
    """404: no such object, or a route that this version of PI Web API does not have."""


class PITooLargeError(PIRequestError):
    """413, 414 or the item limit: ask for less at once.

    Attributes:
        item_limit: the largest `maxCount` that the server allows, when its message said so.
        is_answer: it was the answer that is too large (option maxResponseBytes), not the request.
    """

    def __init__(
        self, message: str, *, status: int | None = None, item_limit: int | None = None, is_answer: bool = False
    ) -> None:
        super().__init__(message, status=status)
        self.item_limit = item_limit
        self.is_answer = is_answer


class PIRefusedError(PIRequestError):
    """The server understood and declined: 400, 409, 501, a redirect, …"""
