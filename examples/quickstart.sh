#!/usr/bin/env bash
# See format("osipi") work, on one machine and in one command:
#   bash examples/quickstart.sh
set -euo pipefail

usage() {
  cat << 'EOF'
Reads one day of 200 tags from a pretend PI System into a real Delta table, and draws a few of them.

  bash examples/quickstart.sh

Your own PI Web API instead of the pretend one:

  OSIPI_URL=https://pi.example.com/piwebapi bash examples/quickstart.sh --tags SINUSOID,CDT158 [--start '*-7d'] [--end '*']

  Anything else the connection needs comes from the environment as well:
  OSIPI_AUTH=basic OSIPI_USERNAME=… OSIPI_PASSWORD=…, or OSIPI_AUTH=bearer OSIPI_TOKEN=…, OSIPI_CA_BUNDLE=…

Options
  --tags LIST      tags to read, separated by commas (own server: required; pretend one: its first 200)
  --start, --end   PI time or ISO 8601 (default: *-1d and *; pretend server: one whole day)
  --output FOLDER  where the Delta table and the picture go (default: output/ in the folder below)
  --help           this text

What it needs: Python 3.10 or newer (another one than python3: OSIPI_PYTHON=…) and Java 17 or newer, which it installs itself
where it runs as root on Debian or Ubuntu. It makes an environment of its own, once, in
OSIPI_QUICKSTART_HOME (default: ~/.cache/osipi-quickstart); remove that folder to undo everything.
EOF
}

with_tags=
for argument in "$@"; do
  case "$argument" in
    --help | -h) usage && exit ;;
    --tags | --tags=*) with_tags=yes ;;
  esac
done
if [[ -n "${OSIPI_URL:-}" && -z "$with_tags" ]]; then
  echo "With OSIPI_URL set, say which tags to read: --tags SINUSOID,CDT158" >&2
  exit 2
fi

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
HOME_FOLDER="${OSIPI_QUICKSTART_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/osipi-quickstart}"
LOG="$HOME_FOLDER/quickstart.log"
mkdir -p "$HOME_FOLDER"
: > "$LOG"
# shellcheck source-path=SCRIPTDIR source=environment.sh
source "$ROOT/examples/environment.sh"

python="$(find_python 10)"
ensure_java 25
make_environment "$HOME_FOLDER/environment" "$python" delta,mock matplotlib

# Spark's workers must be this very Python, and they take Spark from its own environment.
unset PYSPARK_DRIVER_PYTHON SPARK_HOME SPARK_REMOTE PYTHONPATH
export PYSPARK_PYTHON="$HOME_FOLDER/environment/bin/python"
export OSIPI_QUICKSTART_HOME="$HOME_FOLDER"

# What Spark says goes to the log. Its end is shown when something fails that the script cannot explain itself (status 3).
status=0
"$PYSPARK_PYTHON" "$ROOT/examples/quickstart.py" "$@" 2>> "$LOG" || status=$?
if ((status != 0 && status != 3)); then
  say "The end of the log, $LOG:"
  grep -v '^\s*at ' "$LOG" | tail -n 25 >&2
fi
exit "$status"
