#!/usr/bin/env bash
# Makes .setup/ministack, the environment of the deploy tests' emulated AWS, hashes checked: it is
# apart from .venv because MiniStack pins the AWS SDK.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "make setup: installing the emulated AWS into .setup/ministack …" >&2
[ -x .setup/ministack/bin/python ] || .venv/bin/python -m venv .setup/ministack
.venv/bin/uv pip sync --quiet --require-hashes --python .setup/ministack/bin/python tests/deploy/requirements.txt ||
    .setup/ministack/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r tests/deploy/requirements.txt
