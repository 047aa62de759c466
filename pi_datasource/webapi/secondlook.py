"""A second, slow look at a body that the fast decoder refuses: what in it cannot be read, and whose it is.

One value can spoil a body of a hundred tags: half of a surrogate pair in a text, a number beyond all doubles, a byte
that is no UTF-8, a time that is none. The others are fine, and only the tag with that value is to fail. So the body
is read once more with Python's own `json`, which is patient, and each sub-answer is judged by itself.

The bare tokens NaN, Infinity and -Infinity, which are no JSON and which some servers write, are read as the texts of
these names, as other servers write them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from pi_datasource.errors import PIRefusedError
from pi_datasource.webapi.wire import Decoder, SubAnswer, Unreadable

__all__ = ["second_look"]

T = TypeVar("T")

#: Python's own structures take twenty times the memory of a body; larger ones are refused at the first look.
LARGEST = 1 << 25
#: Digits of a whole number beyond which it is none that any archive holds.
MOST_DIGITS = 1_000


class _Unread:
    """Stands where a value is that cannot be read; no type takes it.

    Attributes:
        why: what is wrong.
    """

    def __init__(self, why: str) -> None:
        self.why = why


def second_look(body: bytes | bytearray, kind: Decoder[T], asked: str) -> T | None:
    """The body as data, with `Unreadable` in the place of each sub-answer that cannot be read.

    Args:
        body: what the fast decoder refused.
        kind: that decoder.
        asked: the request in words.

    Returns:
        None when it is no whole JSON, or none of PI Web API's: then the fault is not that of one value.

    Raises:
        PIRefusedError: a list of PI Web API's, of which one value cannot be read.
    """
    # Cut bodies are the usual case, and they do not end like this.
    if len(body) > LARGEST or not body.rstrip().endswith(b"}"):
        return None
    try:
        found = json.loads(
            body.decode("utf-8", "surrogateescape"), parse_constant=str, parse_float=_real, parse_int=_whole
        )
        wrong = dict(_spoilt(found))
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if get_origin(kind.type) is dict:
        return _judged(found, wrong, get_args(kind.type)[1])  # type: ignore[return-value]
    if not isinstance(found.get("Items"), list):
        return None
    whole: T = _converted(found, kind.type, wrong, "", lambda why: _refuse(f"{asked}: {why}"))
    return whole


def _judged(found: dict[str, Any], wrong: dict[str, str], kind: Any) -> dict[str, SubAnswer[Any]] | None:
    """Each sub-answer by itself."""
    judged: dict[str, SubAnswer[Any]] = {}
    for key, sub in found.items():
        if not isinstance(sub, dict) or sub.get("Status").__class__ is not int:
            return None
        judged[key] = _converted(
            sub,
            kind,
            wrong,
            f".{key}",
            lambda why, sub=sub: SubAnswer(sub["Status"], {}, Unreadable(Message=why)),  # type: ignore[misc]
        )
    return judged


def _converted(found: Any, kind: Any, wrong: dict[str, str], place: str, otherwise: Callable[[str], Any]) -> Any:
    """Data of this type, or what `otherwise` makes of the reason why not."""
    mine = next(
        (f"{at[len(place) + 1 :]}: {why}" for at, why in wrong.items() if f"{at}.".startswith(f"{place}.")), None
    )
    if mine is not None:
        return otherwise(f"a value that cannot be read, at {mine}")
    try:
        return msgspec.convert(found, kind)
    except msgspec.MsgspecError as error:
        return otherwise(f"an answer that cannot be read: {error}")


def _refuse(why: str) -> Any:
    raise PIRefusedError(why)


def _real(text: str) -> float | _Unread:
    number = float(text)
    return number if math.isfinite(number) else _Unread(f"the number {text[:40]} is larger than any double")


def _whole(text: str) -> int | _Unread:
    return int(text) if len(text) <= MOST_DIGITS else _Unread(f"a whole number of {len(text)} digits")


def _spoilt(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Where something cannot be read, and why."""
    if isinstance(value, dict):
        for name, member in value.items():
            if not _is_text(name):
                yield place, f"a name that is no text: {_shown(name)}"
            yield from _spoilt(member, f"{place}.{name}")
    elif isinstance(value, list):
        for number, member in enumerate(value):
            yield from _spoilt(member, f"{place}[{number}]")
    elif isinstance(value, _Unread):
        yield place, value.why
    elif isinstance(value, str) and not _is_text(value):
        yield place, f"a text with half of a surrogate pair, or a byte that is no UTF-8: {_shown(value)}"


def _is_text(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _shown(text: str) -> str:
    return ascii(text[:60])
