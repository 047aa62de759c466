"""The coverage-guided form:  python -m tests.fuzz [TARGET …] [--seconds 60]

Needs atheris (`pip install atheris`). Each target runs in a process of its own for so many seconds; what it learns is
kept in `.cache/fuzz/TARGET/`, an input that breaks it in `.cache/fuzz/TARGET.broken/`. Put the latter into
`seeds/TARGET/` with its mend: `test_fuzz` runs all of these.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SEEDS = Path(__file__).parent / "seeds"
KEPT = ROOT / ".cache" / "fuzz"


def _fuzz(name: str, seconds: int) -> int:
    """Runs one target in this process; does not come back."""
    import atheris

    with atheris.instrument_imports(include=["pi_datasource"]):
        from tests.fuzz.targets import TARGETS, seeds

    corpus, broken = KEPT / name, KEPT / f"{name}.broken"
    corpus.mkdir(parents=True, exist_ok=True)
    broken.mkdir(exist_ok=True)
    for number, data in enumerate(seeds(name)):
        (corpus / f"seed{number}").write_bytes(data)
    folders = [str(corpus), *(str(one) for one in [SEEDS / name] if one.is_dir())]
    limits = [f"-max_total_time={seconds}", "-timeout=20", "-rss_limit_mb=4096", "-max_len=4096"]
    atheris.Setup(
        [sys.argv[0], *folders, *limits, "-print_final_stats=1", f"-artifact_prefix={broken}/"], TARGETS[name]
    )
    logging.getLogger("pi_datasource").setLevel(logging.CRITICAL)
    atheris.Fuzz()
    return 0


def _summary(name: str, told: str, code: int) -> str:
    ran = re.search(r"stat::number_of_executed_units:\s*(\d+)", told)
    seen = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", told)
    cover, features, kept = seen[-1] if seen else ("?", "?", "?")
    return (
        f"{name:<12} {ran[1] if ran else '?':>10} {cover:>9} {features:>9} {kept:>7}  {'ok' if not code else 'BROKEN'}"
    )


def main() -> int:
    """Runs targets one after the other, and prints what they did."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is missing: pip install atheris", file=sys.stderr)
        return 2
    if given.here:
        return _fuzz(given.targets[0], given.seconds)
    from tests.fuzz.targets import TARGETS

    print(f"{'target':<12} {'executions':>10} {'coverage':>9} {'features':>9} {'corpus':>7}")
    worst = 0
    for name in given.targets or TARGETS:
        command = [sys.executable, "-m", "tests.fuzz", name, "--here", "--seconds", str(given.seconds)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        print(_summary(name, done.stderr + done.stdout, done.returncode), flush=True)
        if done.returncode:
            print(done.stderr[-3000:] + done.stdout[-3000:], file=sys.stderr)
            worst = 1
    return worst


if __name__ == "__main__":
    sys.exit(main())
