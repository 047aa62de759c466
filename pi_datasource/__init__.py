"""PI Systems in Spark: `spark.read.format("osipi")`.

    options ──► webapi/auth ──► webapi/client          settings become a connection

    driver     resolve/   tag names, paths, patterns, queries ──► streams (WebId, tag, kind, unit)
               plan/      streams × time ──► partitions             decides, reads no values
    executor   read/      partition ──► requests ──► pages ──► columns ──► record batches ──► Spark

    tables/    what can be read: one declaration each, naming its columns, its plan and its reading
    stream/    two offsets ──► the same plan and reading for the time between them
    delta/     tables that a stream or a batch fills: made first, merged into, kept in order
    checkpoint/  what Spark keeps of a stream: how far each tag is, and reading again
    notebook/  small helpers around `spark.read`
    run/       a job without code: one YAML file, a list of loads
    check/     looks at a connection, step by step, and says what to mend
    tools/     commands of `python -m pi_datasource`, which cli.py lists

Imports run one way: `errors, times, columns, options` ← `webapi` ← `resolve, plan, read, cost` ← `tables` ← `reader,
stream` ← `datasource` ← `delta`, `checkpoint`, `check` ← `notebook` ← `run`, `tools` ← `cli`. To read the code, begin
with `datasource`, then `tables/recorded`, and follow it down.

The names below are loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pi_datasource._version import __version__

if TYPE_CHECKING:
    from pi_datasource.datasource import PIDataSource
    from pi_datasource.errors import PIError, PIOptionError, PIRequestError, PITagError
    from pi_datasource.register import register
    from pi_datasource.stream.caught_up import run_until_caught_up

__all__ = [
    "PIDataSource",
    "PIError",
    "PIOptionError",
    "PIRequestError",
    "PITagError",
    "__version__",
    "register",
    "run_until_caught_up",
]

_HOME = {
    "PIDataSource": "datasource",
    "PIError": "errors",
    "PIOptionError": "errors",
    "PIRequestError": "errors",
    "PITagError": "errors",
    "run_until_caught_up": "stream.caught_up",
}


def __getattr__(name: str) -> Any:
    if name == "register":
        from pi_datasource.register import register

        globals()["register"] = register  # the function, not the module of the same name
        return register
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"pi_datasource.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
