"""The package as its users get it: a wheel, built once per test run from a copy of the checkout."""

from __future__ import annotations

import atexit
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "build_wheel", "copy_checkout"]

ROOT = Path(__file__).resolve().parent.parent


@cache
def build_wheel() -> Path:
    """The wheel. Nothing is downloaded, and the checkout stays clean."""
    folder = Path(tempfile.mkdtemp(prefix="osipi-wheel-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    checkout = copy_checkout(folder / "checkout")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(checkout)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    return wheel


def copy_checkout(target: Path) -> Path:
    """What a build needs of the checkout, somewhere else."""
    target.mkdir(parents=True)
    for name in ("README.md", "LICENSE", "setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, target)
    for name in ("pi_datasource", "mock_pi", "pyspark_osipi"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target
