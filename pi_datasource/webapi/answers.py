"""From an HTTP answer to data or to a named error.

The order matters: the status first, then whether the body is JSON at all, then what the body itself says of failures
(`WebException`, `Errors`), since PI Web API can fail after it has sent a status of 200.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from pi_datasource.errors import (
    PIBadAnswerError,
    PIForbiddenError,
    PILoginError,
    PINotFoundError,
    PIRateLimitError,
    PIRefusedError,
    PIRequestError,
    PIServerError,
    PITimeoutError,
    PITooLargeError,
)
from pi_datasource.webapi.secondlook import second_look
from pi_datasource.webapi.wire import Answer, Decoder, TimedValues, Unreadable, decoder

__all__ = ["check_answer", "decode", "error_for", "error_words", "retry_after", "words_of"]

T = TypeVar("T")

#: Status → what it means to us. Others: 4xx refused, 5xx server error.
BY_STATUS: dict[int, type[PIRequestError]] = {
    401: PILoginError,
    403: PIForbiddenError,
    404: PINotFoundError,
    408: PITimeoutError,
    413: PITooLargeError,
    414: PITooLargeError,
    429: PIRateLimitError,
    501: PIRefusedError,
    504: PITimeoutError,
}

#: PI Web API's words when `maxCount` is over MaxReturnedItemsPerCall; the number is the limit.
ITEM_LIMIT = re.compile(r"greater than the maximum allowed(?:\s*\(\s*([\d.,\s]*\d)\s*\))?", re.IGNORECASE)
#: HTTP.sys refuses a long request line with 400 and these words, in HTML.
TOO_LONG = re.compile(r"request too long|request header too long|url too long", re.IGNORECASE)

#: What a list of events may have.
MEMBERS = frozenset({"Items", "Links", "UnitsAbbreviation", "Errors", "Message", "WebException"})
MEMBERS_OF = decoder(dict[str, msgspec.Raw])

#: How much of a server's own words goes into a message.
LONGEST_WORDS = 600


def error_for(
    status: int, body: bytes | bytearray, headers: Mapping[str, str], asked: str, now: float = 0.0, why: str = ""
) -> PIRequestError:
    """The error that a status other than 2xx means.

    Args:
        status: HTTP status, of the answer or of a sub-answer of a batch.
        body: what came with it.
        headers: its headers; looked up as `requests` spells them.
        asked: the request in words.
        now: POSIX time, for a `Retry-After` that is a date.
        why: what the login scheme knows of a 401.
    """
    words = words_of(body)
    said = f"{asked}: {status} {words}".rstrip()
    if status == 401:
        offered = headers.get("WWW-Authenticate") or headers.get("www-authenticate")
        login = f"{said}\nthe server did not accept the login"
        login += f"; it offers: {_schemes(offered)}" if offered else ""
        return PILoginError(f"{login}\n{why}" if why else login, status=status)
    limit = ITEM_LIMIT.search(words)
    if status in (400, 413) and limit:
        digits = re.sub(r"\D", "", limit.group(1) or "")
        return PITooLargeError(said, status=status, item_limit=int(digits) if digits else None)
    if status == 400 and TOO_LONG.search(words):
        return PITooLargeError(said, status=status)
    if status == 304:
        return PIBadAnswerError(
            f"{said}: not modified, which was not asked; a cache in front of PI Web API is at fault", status=status
        )
    if 300 <= status < 400:
        target = headers.get("Location") or headers.get("location") or "somewhere else"
        return PIRefusedError(
            f"{said}: redirected to {target.split('?')[0]}; redirects are not followed, set option url to where "
            "PI Web API really is",
            status=status,
        )
    kind = BY_STATUS.get(status, PIServerError if status >= 500 else PIRefusedError)
    if issubclass(kind, PITooLargeError):
        return kind(said, status=status)
    return kind(said, status=status, retry_after=retry_after(headers, now))


def _schemes(offered: str) -> str:
    """What a server offers, without the long messages of a login that went on."""
    return re.sub(r"\b(Negotiate|NTLM) [A-Za-z0-9+/=]{20,}", r"\1", offered)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After` asks to wait, whether it is a number or a date; None without one."""
    text = headers.get("Retry-After") or headers.get("retry-after")
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError):
        return None


def words_of(body: bytes | bytearray) -> str:
    """The server's own words in an error body: JSON of any of the known shapes, the title of a page, or its text."""
    text = body[:20_000].decode("utf-8", "replace").strip().lstrip("\ufeff")
    try:
        parsed = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return _words_of_page(text)
    if isinstance(parsed, dict):
        said = [parsed.get("Errors"), parsed.get("Message"), parsed.get("MessageDetail")]
        found = [item for part in said if part for item in (part if isinstance(part, list) else [part])]
        parsed = found or text  # a gateway's own shape: as it is
    words = parsed if isinstance(parsed, list) else [parsed]
    return "; ".join(str(word) for word in words if word is not None)[:LONGEST_WORDS]


def _words_of_page(text: str) -> str:
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip()
    if title and title.group(1).strip():
        plain = f"web page titled {title.group(1).strip()!r}: {plain}"
    return plain[:LONGEST_WORDS]


def decode(body: bytes | bytearray, kind: Decoder[T], content_type: str, asked: str) -> T:
    """The body as data.

    Raises:
        PIBadAnswerError: it is a web page, cut, no JSON, or JSON of another shape.
        PIRefusedError: it is PI Web API's, and one value in it cannot be read.
    """
    start = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") or "html" in content_type.lower():
        raise PIBadAnswerError(
            f"{asked}: a web page came where JSON belongs (a login page, or a gateway in front of PI Web API?): "
            f"{words_of(body)}"
        )
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    try:
        answer = kind.decode(body)
        _refuse_strangers(answer, body, asked)
        return answer
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        seen = None if isinstance(error, RecursionError) else second_look(body, kind, asked)
        if seen is not None:
            return seen
        shown = body[:120].decode("utf-8", "replace")
        raise PIBadAnswerError(
            f"{asked}: the answer of {len(body):,} bytes cannot be decoded ({error}); it begins with {shown!r}"
        ) from error


class _Content(msgspec.Struct):
    """A sub-answer's body, as its bytes."""

    Content: msgspec.Raw = msgspec.Raw(b"{}")


CONTENTS = decoder(dict[str, _Content])


def _refuse_strangers(answer: object, body: bytes | bytearray, asked: str) -> None:
    """Refuses JSON that is not PI's and would pass for an answer without data.

    That is a gateway's `{"error": …}`, or a list that comes twice, of which decoders take the last: an empty one. Only
    bodies without data come here twice, and those are short.

    Raises:
        PIBadAnswerError: an object without data that has other members than PI's, or its list twice.
    """
    if isinstance(answer, Answer) and _says_nothing(answer):
        silent = [(answer, bytes(body))]
    elif isinstance(answer, dict) and any(_says_nothing(sub.Content) for sub in answer.values()):
        found = CONTENTS.decode(body)
        silent = [(sub.Content, bytes(found[key].Content)) for key, sub in answer.items() if _says_nothing(sub.Content)]
    else:
        return
    for content, text in silent:
        members, expected = MEMBERS_OF.decode(text), _expected(content)
        if text.count(f'"{expected}"'.encode()) > 1:
            raise PIBadAnswerError(f"{asked}: the answer has {expected!r} more than once, and the last is empty")
        strange = next((name for name in members if name not in MEMBERS), None)
        # Of events, `Items` beside a stranger is not enough: no version of PI ever wrote anything there.
        own = () if isinstance(content, TimedValues) else content.__struct_fields__
        if strange is not None and not any(name in members for name in own):
            what = "list of events" if isinstance(content, TimedValues) else "answer of PI Web API"
            raise PIBadAnswerError(f"{asked}: the answer is no {what}: it has {strange!r} and no {expected}")


def _says_nothing(content: object) -> bool:
    """Neither data nor a failure: an empty list, or a body that is none of PI's."""
    return isinstance(content, Answer) and content == _blank(type(content))


@functools.cache
def _blank(kind: type[Answer]) -> Answer | None:
    """What an empty object is decoded to."""
    try:
        return msgspec.convert({}, kind)
    except msgspec.ValidationError:
        return None


def _expected(content: Answer) -> str:
    return next((name for name in content.__struct_fields__ if name not in Answer.__struct_fields__), "Items")


def check_answer(answer: Answer, asked: str) -> None:
    """Refuses a body that came with status 200 and still says that it failed.

    Raises:
        PIServerError: `WebException` or top-level `Errors`; may pass at another try.
        PIRefusedError: a value in it cannot be read.
    """
    if isinstance(answer, Unreadable):
        raise PIRefusedError(f"{asked}: {answer.Message}")
    if answer.WebException is not None:
        words = _joined(answer.WebException.Errors)
        raise PIServerError(f"{asked}: 200, and then a WebException: {words}", status=answer.WebException.StatusCode)
    if answer.Errors or answer.Message:
        raise PIServerError(f"{asked}: 200 with errors inside: {error_words(answer)}", status=500)


def error_words(answer: Answer | None) -> str:
    """What an answer says of its failure; empty when nothing."""
    return "" if answer is None else _joined(answer.Errors) or answer.Message or ""


def _joined(errors: list[str] | str | None) -> str:
    return "; ".join(map(str, errors)) if isinstance(errors, list) else errors or ""
