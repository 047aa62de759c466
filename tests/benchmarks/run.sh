#!/usr/bin/env bash
# Measure:  bash tests/benchmarks/run.sh [--quick] [name…]
#
#   bash tests/benchmarks/run.sh --quick                 everything once, small: minutes
#   bash tests/benchmarks/run.sh ours side_by_side       two of them, in full size
#
# Prints tables, and writes .cache/benchmarks/results.json and results.png. The names: --help. Machines are noisy: read
# the ratios of one run, and the processor time rather than the clock. Linux only, since it reads /proc.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# shellcheck source-path=SCRIPTDIR source=../../examples/environment.sh
source "$ROOT/examples/environment.sh"

ensure_java 25
if [[ -z "${OSIPI_BENCHMARK_PYTHON:-}" ]]; then
  make_environment "$ROOT/.cache/benchmarks/environment" "$(find_python 10)" dev "matplotlib>=3.8"
  OSIPI_BENCHMARK_PYTHON="$ROOT/.cache/benchmarks/environment/bin/python"
fi
cd "$ROOT"

# The other connector, with what it needs, in a folder of its own; where it cannot be had, it is left out and said so.
OTHER="$ROOT/.cache/benchmarks/pyspark-pi-0.3.0"
if [[ ! -d "$OTHER/pyspark_pi" ]]; then
  patiently "$OSIPI_BENCHMARK_PYTHON" -m pip install --quiet --target "$OTHER" pyspark-pi==0.3.0 || {
    say "pyspark-pi 0.3.0 could not be installed (it needs Python 3.11): it is left out."
    rm -rf "$OTHER"
  }
fi

unset PYSPARK_DRIVER_PYTHON SPARK_HOME SPARK_REMOTE
arguments=()
[[ ! -d "$OTHER" ]] || arguments+=(--other "$OTHER")
exec "$OSIPI_BENCHMARK_PYTHON" -m tests.benchmarks "${arguments[@]}" "$@"
