"""The text of an option to its value, one small function a kind.

Nothing but `PIOptionError` is raised here, whatever the text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import Given, Kind, shown
from pi_datasource.options.secrets import Secret

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})

_INTEGER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_DURATION = re.compile(r"(?P<number>[0-9]+(?:_[0-9]+)*(?:\.[0-9]+)?)\s*(?P<unit>[a-zA-Z]*)")
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?\s*[a-zA-Z]*")
#: Longer numbers are no setting of ours, and Python itself refuses to read some thousand digits.
_MAX_DIGITS = 24

_SECONDS = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}


def parse_value(given: Given, environ: Mapping[str, str]) -> Any:
    """The value of an option.

    Args:
        environ: environment in which `env:NAME` secrets are looked up.

    Raises:
        PIOptionError: the text is not of the option's kind or outside of its limits.
    """
    if given.option.kind == "secret":
        return Secret.parse(given.text, given.label, environ)
    if given.option.kind != "list" and not given.text.strip():
        raise given.refusal("is empty")
    return _PARSERS[given.option.kind](given)


def parse_list(given: Given) -> tuple[str, ...]:
    """Names between commas, or a JSON array of texts.

    A text that starts with `[` and is a JSON array of texts is one; anything else is cut at its commas, so a tag may
    begin with a bracket. Blanks around names go, empty names go, of equal names the first stays.

    Raises:
        PIOptionError: it starts like a JSON array of texts and is none; says where it breaks.
    """
    text = given.text.strip()
    names = _json_texts(given, text) if text.startswith("[") else None
    if names is None:
        names = text.split(",")
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _json_texts(given: Given, text: str) -> list[str] | None:
    meant = re.match(r'\[\s*"', text) is not None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        if not meant:
            return None
        around = shown(text[max(error.pos - 15, 0) : error.pos + 15])
        raise given.refusal(f"is no JSON array ({error.msg} at character {error.pos + 1}, near {around})") from None
    except (ValueError, RecursionError):
        return None if not meant else _refuse_json(given)
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        if not all(_is_encodable(item) for item in found):
            raise given.refusal("holds half of a surrogate pair, which is no character")
        return found
    return None if not meant else _refuse_json(given)


def _refuse_json(given: Given) -> list[str]:
    raise given.refusal("is JSON, but not an array of texts only")


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _text(given: Given) -> str:
    text = given.text.strip()
    if "\n" in text or "\r" in text or "\0" in text or not _is_encodable(text):
        raise given.refusal("holds a line break or a character that no setting has")
    return text


def _integer(given: Given) -> int:
    text = given.text.strip()
    if not _INTEGER.fullmatch(text) or len(text) > _MAX_DIGITS:
        raise _no_number(given)
    value = int(text)
    _check_limits(given, value)
    return value


def _number(given: Given) -> float:
    text = given.text.strip()
    if not _NUMBER.fullmatch(text) or len(text) > _MAX_DIGITS or not math.isfinite(float(text)):
        raise _no_number(given)
    value = float(text)
    _check_limits(given, value)
    return value


def _seconds(given: Given) -> float:
    match = _DURATION.fullmatch(given.text.strip())
    if match is None or len(match["number"]) > _MAX_DIGITS or match["unit"].lower() not in _SECONDS:
        raise _no_number(given)
    unit = _SECONDS[match["unit"].lower()]
    # 500 ms are 0.5 s exactly when divided, and 0.5 plus a rounding error when multiplied by 0.001.
    value = float(match["number"]) * unit if unit >= 1 else float(match["number"]) / 1000
    _check_limits(given, value)
    return value


def _no_number(given: Given) -> PIOptionError:
    if _THOUSANDS.fullmatch(given.text.strip()):
        return given.refusal(f"has commas in a number, write {given.text.strip().replace(',', '_')}")
    return given.refusal()


def _check_limits(given: Given, value: float) -> None:
    low, high = given.option.minimum, given.option.maximum
    if low is not None and value < low:
        raise given.refusal("is too small")
    if high is not None and value > high:
        raise given.refusal("is too large")


def _boolean(given: Given) -> bool:
    word = given.text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise given.refusal()
    return word in _TRUE


def _choice(given: Given) -> str:
    word = given.text.strip().lower()
    for choice in given.option.choices:
        if choice.lower() == word:
            return choice
    if word in map(str.lower, given.option.planned_choices):
        raise given.refusal("is not in this version yet")
    raise given.refusal()


def _json_object(given: Given) -> dict[str, str]:
    try:
        pairs = json.loads(given.text, object_pairs_hook=_Pairs)
    except json.JSONDecodeError as error:
        # The text itself may hold secrets, so only the place is told.
        raise given.refusal(f"is no JSON ({error.msg} at character {error.pos + 1})") from None
    except (ValueError, RecursionError):
        raise given.refusal() from None
    if not isinstance(pairs, _Pairs) or not all(isinstance(value, str) for _, value in pairs):
        raise given.refusal()
    found: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in pairs:
        if name.lower() in seen:
            raise given.refusal(f"holds {shown(name)} twice")
        seen.add(name.lower())
        found[name] = value
    return found


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written, so that names given twice are seen."""


_PARSERS: dict[Kind, Callable[[Given], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "seconds": _seconds,
    "choice": _choice,
    "list": parse_list,
    "json": _json_object,
    "time": _text,
    "path": _text,
}
