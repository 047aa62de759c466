"""Runs examples one after the other in one Spark of their own: `python -m tests.spark.run_examples FOLDER < jobs.json`.

They take the server's address from the environment, which workers get from the JVM as it was when it started; so the
session that other tests share cannot run them. Jobs are [name, arguments]; what each printed comes back as JSON. A
name that ends with `.py` is a notebook of Databricks, and its arguments are its widgets.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import runpy
import sys
from pathlib import Path
from typing import Any

from tests.spark.sessions import start_session

EXAMPLES = Path(__file__).parents[2] / "examples"


class NotebookExit(Exception):
    """The end of a notebook."""


class Dbutils:
    """As much of Databricks' `dbutils` as notebooks use; anything else is an AttributeError, on purpose."""

    def __init__(self, given: dict[str, str]) -> None:
        self.given, self.declared = given, dict[str, str]()
        self.widgets = self.notebook = self

    def text(self, name: str, default: str = "", label: str = "") -> None:
        """Declares a widget."""
        self.declared[name] = default

    def get(self, name: str) -> str:
        """The value of a widget that was declared."""
        return self.given.get(name, self.declared[name])

    def exit(self, value: str) -> None:
        """Ends the notebook."""
        sys.stdout.write(value)
        raise NotebookExit


def run_notebook(path: Path, given: dict[str, str], spark: Any) -> None:
    """Runs a notebook with these widgets; those that it does not declare are an error."""
    dbutils = Dbutils(given)
    with contextlib.suppress(NotebookExit):
        runpy.run_path(str(path), {"spark": spark, "dbutils": dbutils, "display": lambda frame: frame.collect()})
    assert given.keys() <= dbutils.declared.keys()


def run_example(name: str, arguments: list[str]) -> None:
    """Runs the `main` of an example."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(*arguments)


def main(folder: str) -> None:
    """Runs the jobs of the standard input."""
    jobs = json.load(sys.stdin)
    spark = start_session("local[2]", Path(folder, "warehouse"))
    sys.path.insert(0, str(EXAMPLES))
    said = []
    for name, arguments in jobs:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            if name.endswith(".py"):
                run_notebook(EXAMPLES / name, arguments, spark)
            else:
                run_example(name, arguments)
        said.append(printed.getvalue())
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1])
