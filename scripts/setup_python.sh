#!/usr/bin/env bash
# Makes .venv and installs requirements-dev.txt into it, hashes checked.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "make setup: $1" >&2; exit 1; }

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python3 …"
}

# A .venv that works is kept: only what changed is installed, and nothing running loses its files.
if ! [ -x .venv/bin/python ] || ! new_enough .venv/bin/python; then
    python=$(find_python)
    rm -rf .venv
    "$python" -m venv .venv >/dev/null ||
        fail "'$python -m venv' failed; on Debian and Ubuntu install the package python3-venv"
fi

# uv installs in seconds what pip installs in minutes, but reads no pip.conf: pip is the other road.
echo "make setup: installing Python packages into .venv …" >&2
sed -n '/^uv==/,/[^\\]$/p' requirements.txt >.venv/uv.txt
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt &&
    .venv/bin/uv pip sync --quiet --require-hashes --python .venv/bin/python requirements-dev.txt ||
    .venv/bin/python -m pip install --quiet --require-hashes -r requirements-dev.txt ||
    fail "the Python packages could not be installed"
