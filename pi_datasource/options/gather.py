"""From what Spark and the environment hold to one text an option: names, misspellings, precedence."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import ENVIRONMENT_PREFIX, Given, Option, fold
from pi_datasource.options.values import parse_value

_log = logging.getLogger("pi_datasource")

#: Names (folded) that Spark, Delta and Databricks add by themselves, or users copy from other readers, and that look
#: like one of ours. They are ignored, not taken for a misspelling.
PLATFORM_NAMES = frozenset({"header", "host", "port", "path", "paths", "mode", "type", "catalog", "tableid"})
#: So are names that begin with this, or hold a dot (`databricks.connection`).
PLATFORM_PREFIX = "__"

#: What users of other sources write (folded), and what we call it.
SYNONYMS = {
    "user": "username",
    "pass": "password",
    "passwd": "password",
    "pwd": "password",
    "baseurl": "url",
    "endpoint": "url",
    "start": "startTime",
    "end": "endTime",
    "tz": "timeZone",
    "maxcount": "pageSize",
    "tagname": "tags",
    "tagnames": "tags",
    "points": "tags",
    "webids": "tags",
    "verifyssl": "verify",
    "sslverify": "verify",
    "cacert": "caBundle",
    "cafile": "caBundle",
}

#: Names already told to be ignored; each is told once in a process.
_told: set[str] = set()


def read_options(raw: Mapping[str, str], declared: Sequence[Option], environ: Mapping[str, str]) -> dict[str, Any]:
    """The values of all options that are declared and not planned, by their camelCase names.

    Args:
        raw: Spark's options, names in any spelling.
        declared: the options that exist.
        environ: the process environment; an option given in `raw` wins.

    Raises:
        PIOptionError: a misspelt or planned name, two spellings with different values, or a wrong value.
    """
    return values_of(gather(raw, declared, environ), declared, environ)


def values_of(given: Mapping[str, Given], declared: Iterable[Option], environ: Mapping[str, str]) -> dict[str, Any]:
    """Parse what was given, and the defaults of the rest.

    Raises:
        PIOptionError: a wrong value.
    """
    values: dict[str, Any] = {}
    for option in declared:
        if option.planned:
            continue
        found = given.get(option.name)
        if found is None and option.default is not None:
            found = Given(option, option.default)
        values[option.name] = parse_value(found, environ) if found is not None else None
    return values


def gather(raw: Mapping[str, str], declared: Sequence[Option], environ: Mapping[str, str]) -> dict[str, Given]:
    """What was given for each option, by its camelCase name; options win over the environment.

    Raises:
        PIOptionError: a misspelt or planned name, or two spellings of one option with different values.
    """
    known = {option.folded: option for option in declared}
    return {**_from_environment(environ, known), **_from_options(raw, known)}


def _from_options(raw: Mapping[str, str], known: Mapping[str, Option]) -> dict[str, Given]:
    given: dict[str, Given] = {}
    spelt: dict[str, str] = {}
    for name, text in raw.items():
        option = known.get(fold(name))
        if option is None:
            _refuse_or_ignore(name, known)
            continue
        if option.planned:
            raise PIOptionError(f"option {option.name} is not in this version yet; leave it out")
        if option.name in given and given[option.name].text != text:
            raise PIOptionError(
                f"option {option.name} is given twice with different values, as {spelt[option.name]!r} and {name!r}; "
                "accepted is one of them"
            )
        given[option.name], spelt[option.name] = Given(option, text), name
    return given


def _from_environment(environ: Mapping[str, str], known: Mapping[str, Option]) -> dict[str, Given]:
    given: dict[str, Given] = {}
    for variable, text in environ.items():
        if not variable.startswith(ENVIRONMENT_PREFIX) or not text.strip():
            continue
        name = variable[len(ENVIRONMENT_PREFIX) :]
        option = known.get(fold(name))
        if option is None:
            near = nearest(name, known)
            if near is not None:
                _tell(variable, f"the environment variable {variable} is ignored; did you mean {near.variable}?")
        elif not option.planned and option.in_environment:
            before = given.get(option.name)
            if before is not None and before.text != text:
                raise PIOptionError(
                    f"option {option.name} has different values in the environment variables {before.variable} and "
                    f"{variable}; accepted is one of them"
                )
            given[option.name] = Given(option, text, variable)
    return given


def _refuse_or_ignore(name: str, known: Mapping[str, Option]) -> None:
    near = nearest(name, known)
    if near is not None:
        raise PIOptionError(f"option {name!r} is not known; did you mean {near.name}? ({near.meaning.rstrip('.')})")
    _tell(name, f"option {name!r} is not known here and is ignored")


def _tell(name: str, message: str) -> None:
    if name not in _told:
        _told.add(name)
        _log.warning("%s", message)


def nearest(name: str, known: Mapping[str, Option]) -> Option | None:
    """The option that a name seems to mean, or None when it resembles none.

    Args:
        known: options by folded name.
    """
    folded = fold(name)
    if folded in PLATFORM_NAMES or name.startswith(PLATFORM_PREFIX) or "." in name:
        return None
    if folded in SYNONYMS and fold(SYNONYMS[folded]) in known:
        return known[fold(SYNONYMS[folded])]
    distance, best = min(((_distance(folded, other), other) for other in known), default=(99, ""))
    return known[best] if distance <= _allowed(folded, best) else None


def _allowed(name: str, other: str) -> int:
    """How many errors of typing still count as one and the same name: short names have many innocent neighbours."""
    if min(len(name), len(other)) <= 4:
        # port is not post, type is not time: of short words only those count that have a letter more or less.
        return 1 if len(name) != len(other) or sorted(name) == sorted(other) else 0
    return 1 if max(len(name), len(other)) <= 7 else 2


def _distance(one: str, other: str) -> int:
    """Letters to add, drop, replace or swap with their neighbour (optimal string alignment)."""
    if abs(len(one) - len(other)) > 2:
        return 99
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]


def refuse_strangers(given: Mapping[str, Given], table: str) -> None:
    """Refuse options that this table does not take. From the environment they are ignored: it serves many reads.

    Raises:
        PIOptionError: names the option and the tables that take it.
    """
    for found in given.values():
        tables = found.option.tables
        if tables is not None and table not in tables and not found.variable:
            raise PIOptionError(
                f"{found.label} = {found.shown} means nothing for table {table!r}; accepted is leaving it out, or one "
                f"of the tables {', '.join(tables)}"
            )
