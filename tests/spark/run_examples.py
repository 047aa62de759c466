"""Runs examples one after the other in one Spark of their own: `python -m tests.spark.run_examples FOLDER < jobs.json`.

They take the server's address from the environment, which workers get from the JVM as it was when it started; so the
session that other tests share cannot run them. Jobs are [name, arguments]; what each printed comes back as JSON.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import sys
from pathlib import Path

from tests.spark.sessions import start_session

EXAMPLES = Path(__file__).parents[2] / "examples"


def main(folder: str) -> None:
    """Runs the jobs of the standard input."""
    jobs = json.load(sys.stdin)
    start_session("local[2]", Path(folder, "warehouse"))
    sys.path.insert(0, str(EXAMPLES))
    said = []
    for name, arguments in jobs:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            module.main(*arguments)
        said.append(printed.getvalue())
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(sys.argv[1])
