"""The options of the reader as arguments of a command, made from their declarations."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TextIO

from pi_datasource.errors import PIOptionError
from pi_datasource.options.declare import Option
from pi_datasource.options.gather import nearest
from pi_datasource.options.secrets import is_reference
from pi_datasource.options.settings import DECLARED

__all__ = ["EPILOG", "add_options", "flags", "given_options", "near_flag", "need_url", "warn_of_secrets"]

#: Names of their values in the namespace begin so, to stay apart from the command's own.
PREFIX = "option_"

#: Placeholder of a value in the help, by kind.
METAVARS = {"integer": "N", "number": "N", "seconds": "SECONDS", "list": "NAMES", "path": "FILE", "time": "TIME"}

EPILOG = (
    "Options are those of the reader, as --kebab-case or --camelCase, and come from the environment as well "
    "(OSIPI_URL, OSIPI_AUTH, …). A secret is given as env:NAME or @/path/of/a/file: one that is written out can be "
    "seen by every user of this machine (ps), and stays in the history of the shell."
)


def flags(option: Option) -> list[str]:
    """--start-time and --startTime."""
    kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", option.name).lower()
    return list(dict.fromkeys((f"--{kebab}", f"--{option.name}")))


def _on_a_command_line() -> list[Option]:
    return [option for option in DECLARED if not option.planned and option.in_environment]


def add_options(
    parser: argparse.ArgumentParser,
    takes: Callable[[Option], bool] = lambda option: True,
    shows: Callable[[Option], bool] = lambda option: True,
) -> None:
    """Adds the options of the reader.

    Args:
        parser: of the command.
        takes: the options that it takes.
        shows: those of them that its help lists.
    """
    taken = [option for option in _on_a_command_line() if takes(option)]
    for group in dict.fromkeys(option.group for option in taken):
        place = parser.add_argument_group(group)
        for option in taken:
            if option.group == group:
                _add(place, option, shows(option))


def _add(place: argparse._ArgumentGroup, option: Option, is_shown: bool) -> None:
    default = f" (default: {option.default})" if option.default is not None else ""
    text = (option.meaning.rstrip(".") + default).replace("%", "%%")
    is_boolean = option.kind == "boolean"
    place.add_argument(
        *flags(option),
        dest=PREFIX + option.name,
        default=argparse.SUPPRESS,
        # `--verify` alone says yes.
        nargs="?" if is_boolean else None,
        const="true" if is_boolean else None,
        metavar="true|false" if is_boolean else METAVARS.get(option.kind, "TEXT"),
        help=text if is_shown else argparse.SUPPRESS,
    )


def given_options(arguments: argparse.Namespace) -> dict[str, str]:
    """The options that were given, by their camelCase names, as Spark would hand them over."""
    return {name.removeprefix(PREFIX): value for name, value in vars(arguments).items() if name.startswith(PREFIX)}


def need_url(given: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Refuses to go on without an address.

    Raises:
        PIOptionError: it is neither an argument nor in the environment.
    """
    if "url" not in given and not environ.get("OSIPI_URL", "").strip():
        raise PIOptionError(
            "--url is missing: give --url https://pi.example.com/piwebapi, or the environment variable OSIPI_URL"
        )


def warn_of_secrets(given: Mapping[str, str], stream: TextIO) -> None:
    """Says so, when a secret stands on the command line."""
    for option in DECLARED:
        if option.secret and _is_literal(option, given.get(option.name)):
            flag = flags(option)[0]
            better = f"{flag} env:NAME or {flag} @/path/of/a/file"
            if option.kind == "json":
                better = f"""{flag} '{{"Name": "env:NAME"}}' or {flag} '{{"Name": "@/path/of/a/file"}}'"""
            stream.write(
                f"warning: {flag} is written out on the command line, where all users of this machine can see it (ps); "
                f"give {better}\n"
            )


def _is_literal(option: Option, text: str | None) -> bool:
    if text is None:
        return False
    if option.kind != "json":
        return not is_reference(text)
    try:
        values: Iterable[object] = json.loads(text).values()
    except (ValueError, AttributeError):
        return True
    return not all(isinstance(value, str) and is_reference(value) for value in values)


def near_flag(written: str) -> str | None:
    """The flag that an unknown one seems to mean."""
    known = {option.folded: option for option in _on_a_command_line()}
    found = nearest(written.lstrip("-"), known)
    return flags(found)[0] if found is not None else None
