#!/usr/bin/env bash
# A stream into Delta for a long time, with faults, changed lists and killed drivers; then the table is compared with the
# archive, and what the processes take at the end with what they took at first:
#   bash tests/soak.sh [seconds] [--seed N]       1800 seconds unless said otherwise
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source-path=SCRIPTDIR source=../examples/environment.sh
source "$ROOT/examples/environment.sh"

ensure_java 25
PYTHON="$(find_python 10)"
make_environment "$ROOT/.venv" "$PYTHON" dev
cd "$ROOT"
unset PYSPARK_DRIVER_PYTHON SPARK_HOME SPARK_REMOTE
export PYSPARK_PYTHON="$ROOT/.venv/bin/python" PYTHONPATH="$ROOT:$ROOT/tests"
if (($# == 0)); then set -- 1800; fi
exec "$PYSPARK_PYTHON" -m tests.spark.soak "$@"
