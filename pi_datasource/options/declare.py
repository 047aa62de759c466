"""What an option is: its declaration gives parsing, error texts, environment variable and README line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from pi_datasource.errors import PIOptionError

Kind = Literal["text", "integer", "number", "boolean", "seconds", "choice", "list", "json", "time", "path", "secret"]

#: Environment variables of options begin with this: OSIPI_START_TIME for startTime.
ENVIRONMENT_PREFIX = "OSIPI_"

#: How much of a wrong value an error shows.
MAX_VALUE_SHOWN = 80

#: How a value of each kind is described in errors; numbers add their limits, choices their words.
_ACCEPTED: dict[Kind, str] = {
    "text": "a text that is not empty",
    "integer": "a whole number such as 50000 or 50_000",
    "number": "a number such as 10 or 2.5",
    "boolean": "true or false (or yes and no, on and off, 1 and 0)",
    "seconds": "a duration in seconds or with a unit, such as 30, 30s, 500ms, 5 min or 1h",
    "choice": "one of",
    "list": 'names between commas, or a JSON array of texts such as ["a", "b, c"]',
    "json": 'a JSON object of texts such as {"X-Api-Key": "env:API_KEY"}',
    "time": "PI time or ISO 8601 such as *-30d, t, y+8h, 2026-01-31 or 2026-01-31T08:00:00+02:00",
    "path": "the path of a file",
    "secret": "the secret itself, env:NAME, @/path/of/a/file or {{secrets/scope/key}}",
}


def fold(name: str) -> str:
    """The form in which option names are compared: without case, underscores, hyphens and blanks around."""
    return name.strip().lower().replace("_", "").replace("-", "")


@dataclass(frozen=True)
class Option:
    """One option, declared.

    Attributes:
        name: camelCase, as the documentation spells it.
        kind: how its text is read; see `values.py`.
        default: the text that holds when it is not given; None for nothing.
        meaning: one line, ends with a full stop.
        secret: its value is never shown.
        group: heading under which the documentation lists it.
        choices: for kind `choice`: the accepted words.
        planned_choices: words that are known and answered with "not in this version yet".
        minimum, maximum: for numbers and durations, inclusive.
        tables: the tables that take it; None for all.
        planned: known, and refused with "not in this version yet" instead of being ignored.
        in_environment: whether it can come from an environment variable.
    """

    name: str
    kind: Kind
    default: str | None = None
    meaning: str = ""
    secret: bool = False
    group: str = ""
    choices: tuple[str, ...] = ()
    planned_choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    tables: tuple[str, ...] | None = None
    planned: bool = False
    in_environment: bool = True

    @property
    def folded(self) -> str:
        return fold(self.name)

    @property
    def variable(self) -> str:
        """Its environment variable, such as OSIPI_START_TIME."""
        return ENVIRONMENT_PREFIX + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).upper()

    @property
    def accepted(self) -> str:
        """What is accepted, for errors."""
        text = _ACCEPTED[self.kind]
        if self.kind == "choice":
            return f"{text} {', '.join(self.choices)}"
        limits = [f"from {self.minimum:g}"] if self.minimum is not None else []
        limits += [f"to {self.maximum:g}"] if self.maximum is not None else []
        return " ".join([text, *limits])


def grouped(group: str, *options: Option) -> tuple[Option, ...]:
    """These options, listed by the documentation under one heading."""
    return tuple(replace(option, group=group) for option in options)


@dataclass(frozen=True)
class Given:
    """The text that a user gave for an option, and where.

    Attributes:
        text: as given; not in the repr, because it may be a secret.
        variable: the environment variable it comes from; empty for an option of the reader.
    """

    option: Option
    text: str = field(repr=False)
    variable: str = ""

    @property
    def label(self) -> str:
        """How errors name it."""
        source = f" (from the environment variable {self.variable})" if self.variable else ""
        return f"option {self.option.name}{source}"

    @property
    def shown(self) -> str:
        """The value for an error: quoted, cut when long, and never a secret."""
        if self.option.secret:
            return "the value given"
        return shown(self.text)

    def refusal(self, why: str = "is not accepted") -> PIOptionError:
        """The error for this value: names the option, the value (unless secret) and what is accepted."""
        return PIOptionError(f"{self.label}: {self.shown} {why}; accepted is {self.option.accepted}")


def shown(text: str) -> str:
    """A value as errors quote it, cut when long."""
    return repr(text if len(text) <= MAX_VALUE_SHOWN else text[:MAX_VALUE_SHOWN] + "…")
