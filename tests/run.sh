#!/usr/bin/env bash
# Run all tests:  bash tests/run.sh [pytest arguments]
#
#   bash tests/run.sh                       everything
#   bash tests/run.sh tests/unit -x         one folder, until the first failure
#   bash tests/run.sh -k register
#
# The first time it makes an environment in .venv (PySpark, Delta, pytest, …); where it runs as root on Debian it also
# installs Java 17 if there is none, and what tests/real talks to: a KDC, nginx, Apache.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source-path=SCRIPTDIR source=../examples/environment.sh
source "$ROOT/examples/environment.sh"

ensure_java 25
ensure_test_programs
ensure_node_modules
PYTHON="$(find_python 10)"
make_environment "$ROOT/.venv" "$PYTHON" "$(test_extras)"

cd "$ROOT"
# Spark's workers must be this very Python; see "Troubleshooting" in README.md.
unset PYSPARK_DRIVER_PYTHON SPARK_HOME SPARK_REMOTE
export PYSPARK_PYTHON="$ROOT/.venv/bin/python"
# All tests: what uses Spark in two processes, beside them the rest, of which much is waiting.
if (($# == 0)); then set -- -n 3 --dist loadgroup; fi
exec "$PYSPARK_PYTHON" -m pytest "$@"
