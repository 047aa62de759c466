"""The command line: `python -m pi_datasource COMMAND …`, or `pi-datasource COMMAND …`.

A command is a module with `add_arguments(parser)` and `run(arguments) -> int`, and a line in `COMMANDS`. Only the
module of the command that is used gets imported.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from pi_datasource._version import __version__
from pi_datasource.errors import PIError, PIOptionError
from pi_datasource.tools.arguments import EPILOG, near_flag

__all__ = ["COMMANDS", "Command", "main"]

#: Exit codes.
FINE, FAILED, WRONG_OPTIONS, INTERRUPTED = 0, 1, 2, 130


class Command(NamedTuple):
    """Where a command is, and what it does, in a few words."""

    module: str
    meaning: str


#: All commands, in the order of the help.
COMMANDS = {
    "check": Command("pi_datasource.tools.check", "look at the connection, and say what to mend"),
    "tags": Command("pi_datasource.tools.tags", "find tags by pattern"),
    "init": Command("pi_datasource.run.init", "write a job file to begin with"),
    "run": Command("pi_datasource.run.command", "load tables as a job file says"),
    "lag": Command("pi_datasource.tools.lag", "how far behind the tags of a stream are, by its checkpoint"),
    "watermarks": Command("pi_datasource.tools.watermarks", "the watermark of each tag of a stream, as CSV"),
    "rewind": Command("pi_datasource.tools.rewind", "make a stopped stream read tags again from an earlier time"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit code: 0 fine, 1 something failed, 2 wrong options, 130 after Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser(words)
        if words and words[0].startswith("-") and words[0] not in ("-h", "--help", "--version"):
            # What follows could be a secret, and argparse would repeat it.
            parser.error(f"the command comes first: {', '.join(COMMANDS)}")
        arguments, strange = parser.parse_known_args(words)
        if strange:
            _refuse(parser, arguments.command, strange)
        return int(arguments.run(arguments))
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FINE
    except PIOptionError as error:
        return _told(error, WRONG_OPTIONS)
    except PIError as error:
        return _told(error, FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough; nothing must be written at the exit, either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    program = "pi-datasource" if Path(sys.argv[0]).stem == "pi-datasource" else "python -m pi_datasource"
    parser = argparse.ArgumentParser(program, description="PI Systems in Spark, from the command line.")
    parser.add_argument("--version", action="version", version=f"pi-datasource {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        # Shortened options are not taken: a new option could change what they mean.
        one = commands.add_parser(name, help=command.meaning, epilog=EPILOG, allow_abbrev=False)
        if name in words:
            module = importlib.import_module(command.module)
            module.add_arguments(one)
            one.set_defaults(run=module.run)
    return parser


def _refuse(parser: argparse.ArgumentParser, command: str, strange: Sequence[str]) -> NoReturn:
    """Names the unknown flags, and never what was given to them."""
    names = [word.partition("=")[0] for word in strange if word.startswith("--")]
    if not names:
        parser.error(f"{command} takes no such argument (an option begins with --); see {command} --help")
    near = near_flag(names[0])
    hint = f"; did you mean {near}?" if near else f"; see {command} --help"
    parser.error(f"{command} knows no {names[0]}{hint}")


def _told(error: PIError, code: int) -> int:
    text = str(error).encode(sys.stderr.encoding or "utf-8", "backslashreplace").decode(sys.stderr.encoding or "utf-8")
    sys.stderr.write(f"error: {text}\n")
    return code
