#!/usr/bin/env bash
# Finds a Python that is new enough and has it set up the steps that are named; all where none is.
set -euo pipefail
cd "$(dirname "$0")/.."

# -S: the standard library is enough, and what a machine adds to every start takes time.
new_enough() { "$1" -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11 .venv/bin/python}; do
    if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
        exec "$candidate" -S -m scripts.set_up "$@"
    fi
done
echo "make setup: Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python3 …" >&2
exit 1
