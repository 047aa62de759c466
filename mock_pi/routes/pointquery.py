"""The query language of points/search: `name:op value` filters joined by AND and OR (PI Web API Reference)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mock_pi.system.point import Point
from mock_pi.wildcards import wildcard

Test = Callable[[Point], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<paren>[()])|(?P<join>AND|OR)(?=[\s(])|(?P<name>\w+)\s*:\s*(?P<op><>|<=|>=|=|<|>)?\s*
                        (?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s()]+)))""",
    re.IGNORECASE | re.VERBOSE,
)

#: Name in a query to the point's attribute.
_ATTRIBUTES = {
    "tag": "name", "name": "name", "pointtype": "point_type", "datatype": "point_type", "descriptor": "descriptor",
    "description": "descriptor", "pointsource": "point_source", "engunits": "engineering_units",
    "pointid": "point_id", "future": "future", "step": "step", "ptclassname": "point_class",
}  # fmt: skip

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def point_query(text: str) -> Test:
    """A test for points.

    Raises:
        ValueError: the text is not a query.
    """
    tokens = _tokens(text)
    test, rest = _alternatives(tokens)
    if rest:
        raise ValueError(f"unexpected {rest[0].group().strip()!r}")
    return test


def _tokens(text: str) -> list[re.Match[str]]:
    tokens = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"cannot read {text[place:]!r}")
        tokens.append(match)
        place = match.end()
    return tokens


def _alternatives(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    test, tokens = _conjunction(tokens)
    while tokens and (tokens[0]["join"] or "").upper() == "OR":
        left = test
        right, tokens = _conjunction(tokens[1:])
        test = _either(left, right)
    return test, tokens


def _conjunction(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    test, tokens = _filter(tokens)
    while tokens and tokens[0]["paren"] != ")" and (tokens[0]["join"] or "").upper() != "OR":
        left = test
        right, tokens = _filter(tokens[1:] if tokens[0]["join"] else tokens)
        test = _both(left, right)
    return test, tokens


def _either(left: Test, right: Test) -> Test:
    return lambda point: left(point) or right(point)


def _both(left: Test, right: Test) -> Test:
    return lambda point: left(point) and right(point)


def _filter(tokens: list[re.Match[str]]) -> tuple[Test, list[re.Match[str]]]:
    if not tokens:
        raise ValueError("a filter is missing")
    token, rest = tokens[0], tokens[1:]
    if token["paren"] == "(":
        test, rest = _alternatives(rest)
        if not rest or rest[0]["paren"] != ")":
            raise ValueError("a ) is missing")
        return test, rest[1:]
    if not token["name"]:
        raise ValueError(f"unexpected {token.group().strip()!r}")
    return _comparison(token), rest


def _comparison(token: re.Match[str]) -> Test:
    attribute = _ATTRIBUTES.get(token["name"].lower())
    if attribute is None:
        raise ValueError(f"there is no attribute {token['name']!r}")
    wanted = next(text for text in (token["double"], token["single"], token["bare"]) if text is not None)
    operator = token["op"] or "="
    if operator in ("=", "<>"):
        fits = wildcard(wanted).fullmatch
        return lambda point: bool(fits(str(getattr(point, attribute)))) == (operator == "=")
    compare = _COMPARE[operator]
    if attribute == "point_id":
        number = int(wanted)
        return lambda point: compare(point.point_id, number)
    return lambda point: compare(str(getattr(point, attribute)).lower(), wanted.lower())
