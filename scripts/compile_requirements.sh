#!/usr/bin/env bash
# Compiles every .in file to its .txt: one resolution, with hashes, for every platform and Python >= 3.11.
# Pins stay as they are unless an .in file asks otherwise; UPGRADE=1 takes the newest.
set -euo pipefail
cd "$(dirname "$0")/.."
export UV_CUSTOM_COMPILE_COMMAND="make requirements"

compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-emit-index-url "$@"
}

compile requirements-dev.in -o requirements-dev.txt ${UPGRADE:+--upgrade}
for folder in . connector_task lambdas lambdas/ably_rule lambdas/auth lambdas/deploy_step lambdas/history lambdas/ingest lambdas/migrate; do
    compile "$folder/requirements.in" -c requirements-dev.txt -o "$folder/requirements.txt" ${UPGRADE:+--upgrade}
done
# By itself: MiniStack pins an AWS SDK that nothing else wants.
compile tests/deploy/requirements.in -o tests/deploy/requirements.txt ${UPGRADE:+--upgrade}
