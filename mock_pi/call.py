"""One request as the controllers see it, whether it came by itself or inside a batch, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from mock_pi import fields, pitime
from mock_pi.wire import to_json

if TYPE_CHECKING:
    from mock_pi.site import Site

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=us-ascii"

#: Default page size of every list and of recorded values.
DEFAULT_MAX_COUNT = 1000


@dataclass(frozen=True)
class Answer:
    """What goes back.

    Attributes:
        status: HTTP status.
        body: The body, or its beginning.
        content_type: Of the body.
        headers: Others.
        delay: Seconds to wait before it goes; asked for by a fault.
        more: The rest of the body in chunks: the body of a batch may have a hundred megabytes, which are not copied
            into one piece.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    more: tuple[bytes, ...] = ()

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        return len(self.body) + sum(map(len, self.more))

    def whole(self) -> Answer:
        """The same with the body in one piece."""
        return replace(self, body=b"".join((self.body, *self.more)), more=()) if self.more else self


@dataclass(frozen=True, eq=False)
class Query:
    """The parameters of a URL, names in lower case: all in order, and the first value of each."""

    pairs: tuple[tuple[str, str], ...]
    first: Mapping[str, str]


@lru_cache(maxsize=4096)
def parse_query(query: str) -> Query:
    """The parameters of a URL: `+` is a blank, `;` is an ordinary character."""
    pairs = tuple((name.lower(), value) for name, value in parse_qsl(query, keep_blank_values=True))
    return Query(pairs, dict(reversed(pairs)))


class PIWebAPIError(Exception):
    """A request that PI Web API refuses.

    Args:
        status: HTTP status.
        texts: What stands in `Errors`.
        message: With it the body is the web framework's `{"Message": …}` instead.
    """

    def __init__(self, status: int, *texts: str, message: str | None = None) -> None:
        super().__init__(status, *texts, message)
        self.status = status
        self.body: dict[str, Any] = {"Errors": list(texts)} if message is None else {"Message": message}

    @property
    def answer(self) -> Answer:
        """The refusal as an answer."""
        return Answer(self.status, to_json(self.body))


@dataclass
class Call:
    """A request on its way to a controller.

    Attributes:
        site: What is served, and how.
        method: HTTP method.
        base: Scheme, host and `/piwebapi`, for links.
        path: The path below the base, decoded, in segments.
        url: The whole URL, for messages.
        query: The parameters.
        headers: Lower-case name to value.
        content: The body.
        now: The server's time, the same for everything in one HTTP request.
        user: Who is asking, where authentication is on.
        captured: What stands in the `{}` of the route.
        memory: What was made out of parameters, for other sub-requests of the batch that have the same ones.
    """

    site: Site
    method: str
    base: str
    path: tuple[str, ...]
    url: str
    query: Query
    headers: Mapping[str, str]
    content: bytes
    now: int
    user: str = ""
    captured: tuple[str, ...] = ()
    memory: dict[Any, Any] = field(default_factory=dict)

    def many(self, name: str) -> list[str]:
        """All values of a list parameter."""
        lower = name.lower()
        return [value for key, value in self.query.pairs if key == lower]

    def text(self, name: str, default: str = "") -> str:
        """A parameter's text."""
        return self.query.first.get(name.lower(), default)

    def has(self, name: str) -> bool:
        """Whether the parameter was given."""
        return name.lower() in self.query.first

    def integer(self, name: str, default: int) -> int:
        """A whole number."""
        text = self.text(name)
        if not text:
            return default
        try:
            return int(text)
        except ValueError:
            raise self.invalid(name, text) from None

    def boolean(self, name: str, default: bool) -> bool:
        """`true` or `false`, in any case."""
        text = self.text(name).lower()
        if text not in ("", "true", "false"):
            raise self.invalid(name, text)
        return text == "true" if text else default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of an enumeration's values, in the spelling of `allowed` whatever the case given."""
        return self._one_of(name, self.text(name) or default, allowed)

    def choices(self, name: str, allowed: tuple[str, ...], default: str) -> list[str]:
        """Several of an enumeration's values, from a list parameter."""
        return [self._one_of(name, text, allowed) for text in self.many(name) or [default]]

    def _one_of(self, name: str, text: str, allowed: tuple[str, ...]) -> str:
        for value in allowed:
            if value.lower() == text.lower():
                return value
        raise self.invalid(name, text)

    def instant(self, name: str, default: str) -> int:
        """A time in ticks, from PI time text."""
        return self.instant_of(name, self.text(name) or default)

    def instant_of(self, name: str, text: str) -> int:
        """The ticks of one value of a time parameter."""
        try:
            return pitime.parse(text, self.now, self.zone)
        except (ValueError, OverflowError):
            raise self.invalid(name, text) from None

    @property
    def zone(self) -> str:
        """Name of the time zone for times without their own."""
        zone = self.text("timeZone") or self.site.switches.zone
        if not pitime.is_zone(zone):
            raise self.invalid("timeZone", zone)
        return zone

    @property
    def max_count(self) -> int:
        """The parameter `maxCount`, within the limit."""
        limit = self.site.switches.max_count
        count = self.integer("maxCount", min(DEFAULT_MAX_COUNT, limit))
        if count > limit:
            raise over_limit(limit)
        if count == 0 and self.site.switches.zero_max_count == "limit":
            return limit
        if count <= 0:
            raise self.invalid("maxCount", str(count))
        return count

    @property
    def selection(self) -> fields.Selection | None:
        """The parameter `selectedFields`."""
        return fields.parse(self.text("selectedFields"))

    def json(self, content: Any, status: int = 200) -> Answer:
        """An answer with what `selectedFields` leaves of the content."""
        kept = fields.select(content, self.selection, self.site.switches.keep_empty_items)
        return Answer(status, to_json(kept))

    def invalid(self, name: str, text: str) -> PIWebAPIError:
        """The refusal of a parameter's value."""
        return PIWebAPIError(400, f"The specified value '{text}' for parameter '{name}' is not valid.")


def over_limit(limit: int) -> PIWebAPIError:
    """The refusal of a maxCount over the limit; clients look for the words "is greater than the maximum allowed"."""
    text = f"The specified value for parameter 'maxCount' is greater than the maximum allowed ({limit})."
    return PIWebAPIError(400, text)
