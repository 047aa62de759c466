"""register(spark): the explicit way to make `format("osipi")` known, and why the automatic way failed.

Spark looks for formats by itself, once in the life of its JVM: it starts a Python on the driver's host, imports every
top-level `pyspark_*` package that this Python sees, and takes their `DefaultSource`. Ours is in `pyspark_osipi`, so
that installing the wheel is enough. Where it is not, all that Spark says is "data source not found".
`print(register(spark))` says why: it puts the same questions to the same interpreter.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pi_datasource._version import __version__
from pi_datasource.errors import PIUnsupportedError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.datasource import DataSource

__all__ = ["REDACTION", "Interpreter", "Registration", "register"]

log = logging.getLogger("pi_datasource")

#: Who starts the data source when Spark found it by itself; the first that is set decides.
LOOKUP_VARIABLES = ("PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON")
#: Who starts it after `register`.
WORKER_VARIABLES = ("PYSPARK_PYTHON",)
#: Seconds an interpreter gets for its answer. It imports every `pyspark_*` package, as Spark's own lookup does.
PATIENCE = 60

#: For `spark.sql.redaction.string.regex`: the values of secret options, as Spark Connect writes them.
REDACTION = (
    r'(?is)(?<=key: "(password|token|client_?secret|client_?key_?password|headers)"\s{0,20}value: ")'
    r'(?:\\.|[^"\\])*'
)
CONNECT_LOGS = (
    "Spark Connect writes options in clear into the server's event log and UI. Give secrets as env:NAME, @file or "
    "{{secrets/scope/key}}; or, before reading, spark.conf.set('spark.sql.redaction.string.regex', "
    "pi_datasource.register.REDACTION)"
)

#: Run by the interpreter in question. It prints one line of JSON, after whatever the imports may print.
QUESTIONS = """
import importlib, json, pkgutil, sys
def attempt(name):
    try:
        return importlib.import_module(name), None
    except BaseException as error:
        return None, f"{type(error).__name__}: {error}"
answer = {"executable": sys.executable, "python": list(sys.version_info[:2]), "broken": {}}
package, answer["error"] = attempt("pi_datasource._version")
answer["version"] = getattr(package, "__version__", None)
answer["path"] = getattr(package, "__file__", None)
answer["needs"] = [e for e in (attempt(n)[1] for n in ("msgspec", "numpy", "pyarrow", "requests")) if e]
answer["pyspark"] = attempt("pyspark.sql.datasource")[1]
names = [module.name for module in pkgutil.iter_modules() if module.name.startswith("pyspark_")]
answer["listed"] = "pyspark_osipi" in names
answer["importable"] = attempt("pyspark_osipi")[1] is None
for name in names:
    module, error = attempt(name)
    if module is not None and not isinstance(getattr(module, "DefaultSource", type), type):
        error = "its DefaultSource is not a class"
    if error:
        answer["broken"][name] = error
print("\\n" + json.dumps(answer))
"""


def register(
    spark: SparkSession,
    *,
    by_value: bool = False,
    token_provider: Callable[[], str | tuple[str, float]] | None = None,
) -> Registration:
    """Make `format("osipi")` known to this session.

    Needed only where Spark did not find the format by itself; it never does harm. Classic and Connect sessions.

        from pi_datasource import register
        print(register(spark))

    Args:
        spark: the session. A new session needs a new call.
        by_value: send this package's code along with each read, for clusters whose workers cannot install the wheel.
            The workers still need msgspec, numpy, pyarrow and requests.
        token_provider: hands out access tokens to reads of this session that bring no login of their own: a function
            that gives a token, or a token and the seconds for which it is good. It runs in the workers and travels by
            cloudpickle: what it needs must be importable there. It is asked once by each process, again before its
            token ends (after a minute, when it does not say how long), and after a 401.

    Returns:
        What was done, and (when printed) whether the call was needed and why.

    Raises:
        PIUnsupportedError: this Spark has no Python data sources, or does not let this one replace what it found.
    """
    registry = getattr(spark, "dataSource", None)
    if registry is None:
        raise PIUnsupportedError(
            f"Spark {getattr(spark, 'version', 'of this session')} has no Python data sources (no spark.dataSource). "
            'format("osipi") needs Apache Spark 4.0 or newer, or Databricks Runtime 15.4 LTS or newer. '
            "Start the job on such a version."
        )
    from pi_datasource.datasource import PIDataSource

    source: type[DataSource] = PIDataSource
    if token_provider is not None:
        if by_value:
            raise PIUnsupportedError("by_value and token_provider do not go together; install the wheel on the workers")
        source = _providing(PIDataSource, token_provider)
    if by_value:
        import pi_datasource
        from pi_datasource.shipping import shipped_data_source

        source = shipped_data_source(pi_datasource, PIDataSource)
    try:
        registry.register(source)
    except Exception as error:
        # Spark 4.0 refuses to replace what it found by itself. Then there is nothing left to do, but to replace it.
        if "DATA_SOURCE_ALREADY_EXISTS" not in str(error):
            raise
        if by_value or token_provider is not None:
            wanted = "by_value=True" if by_value else "token_provider"
            raise PIUnsupportedError(
                f"Spark {spark.version} has found format osipi by itself and lets nobody replace it, so {wanted} "
                f"cannot be in force; call register before the format is first used, or leave {wanted} out"
            ) from error
    made = Registration(spark, by_value)
    if made.logs_options:
        log.warning("%s", CONNECT_LOGS)
    return made


def _providing(source: type[DataSource], function: Callable[[], str | tuple[str, float]]) -> type[DataSource]:
    """The data source with a function that hands out tokens. Of no module, so that it is pickled by value."""
    from pi_datasource.options.login import TokenProvider

    return type(source.__name__, (source,), {"token_provider": TokenProvider(function), "__module__": "__main__"})


class Registration:
    """What `register` did. `str()` of it is the report; the questions behind it are asked when it is first needed.

    Attributes:
        spark_version: as Spark says it.
        session: `classic` or `connect`.
        by_value: whether the package travels with each read.
    """

    def __init__(self, spark: SparkSession, by_value: bool) -> None:
        self._spark = spark
        self.spark_version = spark.version
        self.session = "connect" if "connect" in type(spark).__module__ else "classic"
        self.by_value = by_value
        #: Spark Connect writes the options of reads into its event log, secrets included, and nothing blanks them.
        self.logs_options = self.session == "connect" and not _redacts(spark)

    @cached_property
    def workers(self) -> Interpreter | None:
        """The Python that reads. None where it cannot be seen from here: a Connect server on another host."""
        return _ask(WORKER_VARIABLES) if self._local else None

    @cached_property
    def lookup(self) -> Interpreter | None:
        """The Python in which Spark looks for formats by itself, and in which those then read."""
        return _ask(LOOKUP_VARIABLES) if self._local else None

    @cached_property
    def automatic(self) -> bool | None:
        """Whether the format would have been found without `register`. None: cannot be seen from here."""
        if self.session == "classic":
            return _found_by_itself(self._spark)
        return not self.lookup.obstacles if self.lookup else None

    @cached_property
    def reasons(self) -> list[str]:
        """Why the automatic way fails. Empty when it does not, or when that cannot be seen from here."""
        if self.automatic is not False or self.lookup is None:
            return []
        return self.lookup.obstacles or [
            "The installation is as it should be, but Spark looks only once in the life of its JVM, probably before it "
            "was installed. Restart Spark (the cluster, the kernel); a new session is not enough."
        ]

    @property
    def _local(self) -> bool:
        """Spark's driver runs on this host, in an environment like ours."""
        return self.session == "classic" or "SPARK_LOCAL_REMOTE" in os.environ

    def __str__(self) -> str:
        travels = "by value: sent with each read" if self.by_value else "by reference: each worker imports it"
        lines = [
            f'format("osipi") of pi-datasource {__version__} is registered.',
            f"  Spark:      {self.spark_version}, {self.session} session",
            f"  workers:    {self.workers or 'the Connect server decides; not to be seen from here'}",
            f"  package:    {travels}",
        ]
        if self.automatic is None:
            lines.append("  automatic:  not to be seen from here; works where the server has pi-datasource installed")
        elif self.automatic:
            lines.append("  automatic:  works; this call was not needed")
        else:
            lines.append(f"  automatic:  does not work. Spark looks for formats with {self.lookup}")
        lines += [f"    - {reason}" for reason in self.reasons]
        if self.workers and (trouble := self.workers.cannot_read(self.by_value)):
            lines.append("  reading:    will fail" + (", for the same reason" if trouble == self.reasons else ""))
            lines += [f"    - {reason}" for reason in trouble if reason not in self.reasons]
        if self.logs_options:
            lines.append(f"  secrets:    {CONNECT_LOGS}")
        return "\n".join(lines)

    __repr__ = __str__


@dataclass(frozen=True)
class Interpreter:
    """A Python that Spark starts, and what it said of itself.

    Attributes:
        command: as Spark calls it.
        chosen_by: why Spark calls this one.
        answer: what it said; empty when it did not answer.
        failure: why it did not answer.
    """

    command: str
    chosen_by: str
    answer: dict[str, Any] = field(default_factory=dict, repr=False)
    failure: str = ""

    def __str__(self) -> str:
        if not self.answer:
            return f"{self.command} ({self.chosen_by})"
        major, minor = self.answer["python"]
        return f"{self.answer['executable']} ({self.chosen_by}), Python {major}.{minor}"

    def cannot_read(self, by_value: bool = False) -> list[str]:
        """Why this Python could not run the reader even when the format is registered."""
        if self.failure:
            return [self.failure]
        answer, found = self.answer, []
        ours = f"set PYSPARK_PYTHON={sys.executable} before Spark starts"
        if answer["python"] != list(sys.version_info[:2]):
            theirs, mine = ".".join(map(str, answer["python"])), ".".join(map(str, sys.version_info[:2]))
            found.append(f"It is Python {theirs}, and the driver is Python {mine}: {ours}.")
        if answer["error"] and not by_value:
            found.append(
                f"It cannot import pi_datasource ({answer['error']}). Install it there "
                f"({answer['executable']} -m pip install pi-datasource), or {ours}."
            )
            return found
        if answer["version"] not in (None, __version__) and not by_value:
            found.append(f"It has pi-datasource {answer['version']} ({answer['path']}), the driver has {__version__}.")
        if answer["needs"]:
            found.append(f"It lacks what the reader needs: {'; '.join(answer['needs'])}.")
        return found

    @property
    def obstacles(self) -> list[str]:
        """Why Spark finds no `format("osipi")` with this Python."""
        if self.failure or self.answer["error"]:
            return self.cannot_read()
        answer, found = self.answer, []
        if answer["pyspark"]:
            found.append(f"It cannot import pyspark ({answer['pyspark']}).")
        if answer["importable"] and not answer["listed"]:
            found.append(
                "pyspark_osipi can be imported but is on no folder of sys.path: an editable install by import hook. "
                "Install again with: pip install -e . --config-settings editable_mode=compat"
            )
        elif not answer["listed"]:
            found.append("It has pi_datasource but not pyspark_osipi: only a part was copied. Install the wheel.")
        for name, error in answer["broken"].items():
            found.append(
                f"The package {name} fails when imported ({error}); Spark then registers no package at all. "
                "Repair or uninstall it."
            )
        return found


def _ask(variables: tuple[str, ...]) -> Interpreter:
    """Find the interpreter that Spark would start, and question it."""
    command, chosen_by = "python3", "the first python3 on PATH, as none is set"
    for name in variables:
        if os.environ.get(name):
            command, chosen_by = os.environ[name], name
            break
    if not shutil.which(command):
        return Interpreter(command, chosen_by, failure=f"There is no program {command} on this host ({chosen_by}).")
    try:
        done = subprocess.run(
            [command, "-c", QUESTIONS],
            env={**os.environ, "PYTHONPATH": _python_path()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Interpreter(command, chosen_by, answer=json.loads(done.stdout.splitlines()[-1]))
    except subprocess.TimeoutExpired:
        return Interpreter(command, chosen_by, failure=f"{command} ({chosen_by}) did not answer in {PATIENCE} s.")
    except (OSError, ValueError, IndexError):
        advice = f"{command} ({chosen_by}) is not a Python interpreter. "
        if chosen_by == "PYSPARK_DRIVER_PYTHON":
            advice += f"Spark prefers it over PYSPARK_PYTHON here. Unset it, or set it to {sys.executable}, "
        else:
            advice += f"Set {chosen_by}={sys.executable} "
        return Interpreter(command, chosen_by, failure=advice + "before Spark starts.")


def _python_path() -> str:
    """PYTHONPATH as Spark sets it for its workers: its own two archives, then ours."""
    import pyspark

    home = Path(os.environ.get("SPARK_HOME") or Path(pyspark.__file__).parent)
    archives = sorted(str(path) for path in home.glob("python/lib/*.zip"))
    return os.pathsep.join([*archives, *filter(None, [os.environ.get("PYTHONPATH")])])


def _redacts(spark: SparkSession) -> bool:
    """Whether the session blanks parts of the texts that it logs."""
    names = ("spark.sql.redaction.string.regex", "spark.redaction.string.regex")
    try:
        return any(spark.conf.get(name, None) for name in names)
    except Exception:
        # Not to be asked here: better one warning too many.
        return False


def _found_by_itself(spark: SparkSession) -> bool | None:
    """Ask Spark itself, in a session that `register` has not touched. A given schema keeps our code out of it."""
    from pi_datasource.datasource import PIDataSource

    try:
        spark.newSession().read.format(PIDataSource.name()).schema("tag string").load()
    except Exception as error:
        return "DATA_SOURCE_NOT_FOUND" not in str(error)
    return True


class _CallableModule(ModuleType):
    """Importing this module puts it where `pi_datasource.register`, the function, belongs: so it can be called too."""

    def __call__(self, spark: SparkSession, **more: Any) -> Registration:
        return register(spark, **more)


sys.modules[__name__].__class__ = _CallableModule
