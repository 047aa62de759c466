# shellcheck shell=bash disable=SC2120
# What the scripts of this repository share: a Python, an environment of its own, and a Java that Spark runs on.
# To be sourced, with $ROOT set to the checkout.

# Where pip and apt-get say what they say; shown when they fail.
LOG="${LOG:-$ROOT/.cache/environment.log}"
mkdir -p "$(dirname "$LOG")"

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# Debian and its relatives, and we may install packages.
can_apt() { [[ "$(id -u)" == 0 ]] && command -v apt-get > /dev/null; }

# Install Debian packages, quietly: apt_install PACKAGE...
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq < /dev/null >> "$LOG" 2>&1 || true
  patiently apt-get install -y -qq --no-install-recommends "$@"
}

# Install what the tests in tests/real talk to, where we may: a KDC, web servers, a clock to turn; and what the package
# gssapi is built with. RUNLEVEL keeps the services of these packages from being started.
ensure_test_programs() {
  local package missing=()
  can_apt || return 0
  for package in openssl gcc libc6-dev python3-dev libkrb5-dev krb5-kdc krb5-admin-server nginx-light apache2-bin \
    libapache2-mod-auth-gssapi faketime; do
    dpkg -s "$package" 2> /dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
  done
  ((${#missing[@]} == 0)) || RUNLEVEL=1 apt_install "${missing[@]}"
}

# Print the extras of the tests' environment: with Kerberos where gssapi can be built.
test_extras() {
  if command -v krb5-config > /dev/null; then echo dev,kerberos; else echo dev; fi
}

# A token provider for tests/real, where there is Node.
ensure_node_modules() {
  local folder="$ROOT/.cache/node"
  command -v npm > /dev/null && [[ ! -d "$folder/node_modules/oidc-provider" ]] || return 0
  mkdir -p "$folder"
  npm install --no-audit --no-fund --silent --prefix "$folder" oidc-provider@9 < /dev/null >> "$LOG" 2>&1 || true
}

# A Python is good when it is at least the version asked for: python_is_good COMMAND MINOR
python_is_good() {
  "$1" -c "import sys; sys.exit(sys.version_info < (3, $2))" > /dev/null 2>&1
}

# Print the first good Python: find_python [MINOR]. OSIPI_PYTHON goes before all.
find_python() {
  local minor="${1:-10}" candidate
  for candidate in ${OSIPI_PYTHON:+"$OSIPI_PYTHON"} python3 python3.13 python3.12 python3.11 python3.10; do
    if python_is_good "$candidate" "$minor"; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  die "No Python 3.$minor or newer was found. Install one, or name it: OSIPI_PYTHON=/path/to/python3."
}

# Make an environment with this package and more, or take the one made before:
#   make_environment FOLDER PYTHON EXTRAS [REQUIREMENT...]
# It is made anew when the requirements or the Python have changed.
make_environment() {
  local folder="$1" python="$2" extras="$3" made_of source
  shift 3
  made_of="$("$python" -VV) $extras $* $(cksum < "$ROOT/setup.cfg")"
  source="$ROOT $(cksum < "$ROOT/pi_datasource/_version.py")"
  if ! is_text "$folder/made-of" "$made_of"; then
    say "Making an environment in $folder (once; PySpark is a large download) ..."
    rm -rf "$folder"
    mkdir -p "$folder"
    have_venv "$python"
    "$python" -m venv "$folder" >> "$LOG" 2>&1 || failed "python -m venv"
    pip_install "$folder" --editable "${ROOT}[$extras]" "$@"
    printf '%s' "$source" > "$folder/installed-from"
    printf '%s' "$made_of" > "$folder/made-of"
  elif ! is_text "$folder/installed-from" "$source"; then
    pip_install "$folder" --no-deps --editable "$ROOT"
    printf '%s' "$source" > "$folder/installed-from"
  fi
}

is_text() { [[ -f "$1" && "$(< "$1")" == "$2" ]]; }

pip_install() {
  patiently "$1/bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}" || failed pip
}

# Run a command that takes long; what it says goes to the log, and every now and then a line says that it goes on.
patiently() {
  local start=$SECONDS ticker status=0
  while sleep 20 > /dev/null 2>&1 && kill -0 $$ 2> /dev/null; do say "  ... $((SECONDS - start)) s"; done &
  ticker=$!
  "$@" < /dev/null >> "$LOG" 2>&1 || status=$?
  kill "$ticker" 2> /dev/null
  wait "$ticker" 2> /dev/null || true
  return "$status"
}

# Say that a program failed, with the end of what it said, and stop.
failed() {
  tail -n 25 "$LOG" >&2
  die "$1 failed. All that was said is in $LOG."
}

# Debian ships Python without venv.
have_venv() {
  if "$1" -c 'import ensurepip, venv' 2> /dev/null; then return; fi
  if can_apt; then
    apt_install "python3-venv" "$("$1" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')" && return
  fi
  die "$1 has no venv. Install it (Debian, Ubuntu: sudo apt-get install python3-venv) and try again."
}

# The major version of a java command, or 0: java_version COMMAND
java_version() {
  local text
  text="$("$1" -version 2>&1)" || { echo 0; return; }
  [[ "$text" =~ version\ \"([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# Set JAVA_HOME to a Java that Spark runs on, and install one where we may: ensure_java [NEWEST]
ensure_java() {
  local newest="${1:-25}" attempt home version
  for attempt in look install; do
    if [[ "$attempt" == install ]]; then
      can_apt || break
      say "Installing a Java runtime with apt-get ..."
      apt_install openjdk-17-jre-headless || apt_install openjdk-21-jre-headless || break
    fi
    for home in "${JAVA_HOME:-}" "$(java_on_path)" /usr/lib/jvm/*17* /usr/lib/jvm/*21* /opt/homebrew/opt/openjdk@17 \
      /usr/local/opt/openjdk@17; do
      [[ -n "$home" && -x "$home/bin/java" ]] || continue
      version="$(java_version "$home/bin/java")"
      if ((version >= 17 && version <= newest)); then
        export JAVA_HOME="$home"
        return
      fi
    done
  done
  say "Spark needs a Java runtime, version 17 to $newest, and none was found. Install one and try again:"
  say "  Debian, Ubuntu  sudo apt-get install openjdk-17-jre-headless"
  say "  Fedora, RHEL    sudo dnf install java-17-openjdk-headless"
  say "  macOS           brew install openjdk@17"
  die "or set JAVA_HOME to one that you have."
}

# The home of the java on PATH, through its links.
java_on_path() {
  local java
  java="$(command -v java)" || return 0
  java="$(readlink -f "$java" 2> /dev/null || echo "$java")"
  echo "${java%/bin/java}"
}
