#!/usr/bin/env bash
# Run the tests of what differs between Spark versions on other versions than the default:
#   bash tests/run_spark_versions.sh [versions…]
# Each version has an environment of its own in .cache/, kept between runs; with --prepare they are only made.
set -euo pipefail

# The newest patch release of each minor version that we support; the default (4.2.0, which Delta fits) is in setup.cfg.
PINNED=(4.0.5 4.1.4 4.3.0)
# Spark 4.0 and 4.1 do not run on Java 25.
NEWEST_JAVA=21

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source-path=SCRIPTDIR source=../examples/environment.sh
source "$ROOT/examples/environment.sh"

ensure_java "$NEWEST_JAVA"
# Spark 4.3 needs Python 3.11.
PYTHON="$(find_python 11)"
cd "$ROOT"
unset PYSPARK_DRIVER_PYTHON SPARK_HOME SPARK_REMOTE

prepare=
if [[ "${1:-}" == --prepare ]]; then
  prepare=yes
  shift
fi
if (($# == 0)); then set -- "${PINNED[@]}"; fi
table=""
failures=0
for version in "$@"; do
  echo "== Spark $version"
  environment="$ROOT/.cache/spark-$version"
  make_environment "$environment" "$PYTHON" test-base "pyspark==$version"
  if [[ -n "$prepare" ]]; then continue; fi
  export PYSPARK_PYTHON="$environment/bin/python"
  outcome=passed
  # Spark before 4.2 leaves sockets of its own to the garbage collector; ours are watched in tests/readers.
  "$PYSPARK_PYTHON" -m pytest tests/spark -m spark_versions -q -n 2 --dist loadgroup \
    -W "ignore:unclosed <socket:ResourceWarning" < /dev/null \
    || { outcome=failed; failures=$((failures + 1)); }
  table+="$(printf '%-8s %s' "$version" "$outcome")"$'\n'
done

if [[ -n "$prepare" ]]; then exit; fi
echo
printf '%-8s %s\n' Spark outcome
printf '%s' "$table"
exit $((failures > 0))
