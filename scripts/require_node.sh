#!/usr/bin/env bash
# Says in one sentence what is wrong with the machine's Node, if anything is.
set -euo pipefail

fail() { echo "make: $1" >&2; exit 1; }

command -v node >/dev/null && command -v npm >/dev/null ||
    fail "Node 20 or newer with npm is needed to build the page; install it from your system or nodejs.org"
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    fail "Node $(node --version) is too old: 20 or newer is needed"
