#!/usr/bin/env bash
# Run the tests that need no Spark session with other Pythons than the default:
#   bash tests/run_python_versions.sh [versions…]
# Python 3.10 gets the oldest libraries that setup.cfg allows, the others the newest. A version that is not on this machine
# is named and left out. Each has an environment of its own in .cache/, kept between runs.
set -euo pipefail

VERSIONS=(3.10 3.12 3.13)

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
# shellcheck source-path=SCRIPTDIR source=../examples/environment.sh
source "$ROOT/examples/environment.sh"
cd "$ROOT"

# Print the command of a Python, if there is one: python_of 3.12
python_of() {
  local candidate
  for candidate in "python$1" "$HOME/.pyenv/versions/$1".*/bin/python; do
    if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" > /dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
}

# The lower bounds of install_requires, as exact requirements.
oldest_libraries() {
  sed -n '/^install_requires/,/^\[/s/^ *\([a-z0-9]*\)>=\([0-9.]*\)$/\1==\2/p' setup.cfg
}

if (($# == 0)); then set -- "${VERSIONS[@]}"; fi
table=""
failures=0
for version in "$@"; do
  python="$(python_of "$version")"
  if [[ -z "$python" ]]; then
    table+="$(printf '%-8s %s' "$version" "not found on this machine")"$'\n'
    continue
  fi
  echo "== Python $version"
  environment="$ROOT/.cache/python-$version"
  libraries=()
  if [[ "$version" == 3.10 ]]; then mapfile -t libraries < <(oldest_libraries); fi
  make_environment "$environment" "$python" test-base "pyspark==4.2.0" ${libraries[@]+"${libraries[@]}"}
  outcome=passed
  "$environment/bin/python" -m pytest tests/unit tests/readers -q < /dev/null || { outcome=failed; failures=$((failures + 1)); }
  table+="$(printf '%-8s %s' "$version" "$outcome")"$'\n'
done

echo
printf '%-8s %s\n' Python outcome
printf '%s' "$table"
exit $((failures > 0))
