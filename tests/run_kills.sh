#!/usr/bin/env bash
# Kill drivers and workers and take the server away while streams run into Delta, many times, and count the rows:
#   bash tests/run_kills.sh [pytest arguments]
# The ordinary tests (tests/run.sh) do the same a few times. The table of what was counted comes at the end.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export OSIPI_KILLS=long
exec bash "$ROOT/tests/run.sh" tests/spark/exactly_once "$@"
