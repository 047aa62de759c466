"""A slow and plain decoder of PI Web API's answers, written from the vendor's description: Python's `json`, and loops.

It shares no code with the product but the declared shapes of the answers.
"""

from __future__ import annotations

import base64
import calendar
import json
import math
import re
import types
import typing
from typing import Any

import msgspec

#: Texts for numbers that JSON does not have.
NO_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d)(?::(\d\d))?(?::(\d\d)(?:\.(\d+))?)?)?\s*(Z|[+-]\d\d(?::?\d\d)?)", re.ASCII
)  # fmt: skip


class RefusedError(Exception):
    """The body is none that can be read."""


def plain(body: bytes) -> Any:
    """The JSON of a body; bare NaN and its like as texts."""
    try:
        # What cannot be read is refused where it is used, and no matter where nobody looks.
        text = body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        return json.loads(text, parse_constant=str, parse_float=_finite, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise RefusedError(str(error)) from None


def _finite(text: str) -> Any:
    return float(text) if math.isfinite(float(text)) else complex(0, 0)


def _whole(text: str) -> Any:
    return int(text) if len(text) < 4000 else complex(0, 0)


def shaped(value: Any, kind: Any) -> Any:
    """A value of JSON as a value of a declared type; members that are not declared are left out."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        made = shaped(value, typing.get_args(kind)[0])
        limits = typing.get_args(kind)[1]
        if not limits.ge <= made < limits.lt:
            raise RefusedError(f"{made!r}")
        return made
    if origin in (types.UnionType, typing.Union):
        return _one_of(value, typing.get_args(kind))
    if origin is list:
        return [shaped(one, typing.get_args(kind)[0]) for one in _of(value, list)]
    if origin is dict:
        return {name: shaped(one, typing.get_args(kind)[1]) for name, one in _of(value, dict).items()}
    if kind is Any:
        _walk(value)
        return value
    if kind is float:
        return float(_of(value, float, int))
    if kind in (int, str, bool, type(None), dict, list):
        return _of(value, kind)
    return _struct(value, kind)


def _of(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds or (type(value) is str and not value.isascii() and not _is_text(value)):
        raise RefusedError(f"{value!r:.40} is none of {kinds}")
    return value


def _is_text(text: str) -> bool:
    return not any(0xD800 <= ord(letter) < 0xE000 for letter in text)


def _walk(value: Any) -> None:
    """Refuses what no type takes, however deep."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        for one in value:
            _walk(one)
    else:
        _of(value, str, int, float, bool, type(None))


def _one_of(value: Any, kinds: tuple[Any, ...]) -> Any:
    # A whole number stays one where both are allowed.
    if type(value) is int and int in kinds:
        return value
    for kind in kinds:
        try:
            return shaped(value, kind)
        except RefusedError:
            continue
    raise RefusedError(f"{value!r:.40} is none of {kinds}")


def _struct(value: Any, kind: type) -> Any:
    given = _of(value, dict)
    made = {}
    for one in msgspec.structs.fields(kind):
        if one.name in given:
            made[one.name] = shaped(given[one.name], one.type)
        elif one.required:
            raise RefusedError(f"{one.name} is missing")
    return kind(**made)


def ticks_of(text: str) -> int:
    """100 ns steps since 1970-01-01 UTC, rounded down."""
    match = ISO.fullmatch(text.strip())
    if match is None:
        raise RefusedError(text)
    year, month, day = (int(part) for part in match.group(1, 2, 3))
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        raise RefusedError(text)
    if hour > 23 or minute > 59 or second > 59:
        raise RefusedError(text)
    days = calendar.timegm((year, month, day, 0, 0, 0)) // 86_400
    shift = 0
    if match[8] != "Z":
        digits = match[8][1:].replace(":", "").ljust(4, "0")
        shift = (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if match[8][0] == "-" else 1)
    whole = days * 86_400 + hour * 3600 + (minute - shift) * 60 + second
    return whole * 10**7 + int((match[7] or "").ljust(7, "0")[:7])


#: value, value_long, value_text, state, is_system_state
Cells = tuple[Any, Any, Any, Any, bool]


def cells_of(kind: str, value: Any) -> Cells:
    """Where a value goes, by the declared kind of its stream."""
    if value is None:
        return None, None, None, None, False
    if isinstance(value, dict):
        errors, name = value.get("Errors"), value.get("Name")
        text = ("; ".join(errors) if isinstance(errors, list) else errors) if errors is not None else name
        return None, None, text, value.get("Value"), bool(value.get("IsSystem", False))
    if isinstance(value, list):
        if kind == "blob" and all(type(byte) is int and 0 <= byte < 256 for byte in value):
            return None, None, base64.b64encode(bytes(value)).decode(), None, False
        return None, None, _as_json(value), None, False
    if isinstance(value, str):
        if kind in ("float", "integer") and value in NO_NUMBERS:
            return NO_NUMBERS[value], None, None, None, False
        return None, None, value, None, False
    if kind in ("text", "time", "blob"):
        return None, None, _as_json(value), None, False
    if kind == "digital" and type(value) is int and -(2**31) <= value < 2**31:
        return None, None, None, value, False
    return _number(kind, value)


def _number(kind: str, value: Any) -> Cells:
    try:
        number = float(value)
    except OverflowError:
        return None, None, str(value), None, False
    if kind == "float":
        return number, None, None, None, False
    if value == value // 1 and -(2**63) <= value < 2**63:
        return number, (int(value) if kind == "integer" else None), None, None, False
    return number, None, (str(value) if type(value) is int and kind == "integer" else None), None, False


def _as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
