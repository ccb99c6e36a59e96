# `make` alone lists the targets. Each target sets up what it needs when that is due.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
STAGE ?= dev
STACKS ?= --all
MINUTES ?= 30

PYTHON_READY := .venv/.ready
CDK_READY := node_modules/.ready
WEB_READY := web/node_modules/.ready
BROWSER_READY := .setup/browser
BUNDLES_READY := .setup/bundles
MINISTACK_READY := .setup/ministack/.ready
DEPLOY_SDK_READY := tests/deploy/node_modules/.ready
POSTGRES_READY := tests/postgres/node_modules/.ready
PAGE := web/dist/index.html
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
CDK := PATH="$(CURDIR)/.venv/bin:$$PATH" node_modules/.bin/cdk

export CDK_DISABLE_CLI_TELEMETRY := true
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: setup
setup: $(PYTHON_READY) $(CDK_READY) $(PAGE) $(BROWSER_READY) $(BUNDLES_READY) $(MINISTACK_READY) $(DEPLOY_SDK_READY) $(POSTGRES_READY) ## Install all that the other targets need

.PHONY: local
local: $(PYTHON_READY) $(PAGE) ## Run everything on this machine; ARGS="--help" shows the options
	@exec .venv/bin/python -m local $(ARGS)

.PHONY: test
test: setup ## Run all tests
	@.venv/bin/python -m pytest
	@npm --prefix web run --silent test

.PHONY: soak
soak: $(PYTHON_READY) ## Hurt a loaded connector at random for MINUTES (30), then compare with the table
	@.venv/bin/python -m benchmarks.soak --minutes $(MINUTES) $(ARGS)

.PHONY: bench
bench: $(PYTHON_READY) ## Measure the connector against references in the same run; ARGS="--help" shows parts
	@.venv/bin/python -m benchmarks.connector $(ARGS)

.PHONY: check
check: $(PYTHON_READY) $(WEB_READY) ## Check style, types and floors, as CI does
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@npm --prefix web run --silent lint
	@npm --prefix web run --silent typecheck

.PHONY: format
format: $(PYTHON_READY) ## Format the Python code and mend what can be mended
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

.PHONY: synth
synth: $(PYTHON_READY) $(CDK_READY) $(BUNDLES_READY) $(PAGE) ## Synthesize the stacks of STAGE (dev) into cdk.out; ARGS="-c name=value" sets
	@$(CDK) synth --quiet -c stage=$(STAGE) $(ARGS)

.PHONY: deploy
deploy: $(PYTHON_READY) $(CDK_READY) $(BUNDLES_READY) $(PAGE) ## Deploy the stacks of STAGE (dev), all or STACKS, with the AWS credentials in force
	@$(CDK) deploy $(STACKS) -c stage=$(STAGE) $(ARGS)

.PHONY: diff
diff: $(PYTHON_READY) $(CDK_READY) $(BUNDLES_READY) $(PAGE) ## Show what a deploy of STAGE (dev) would change
	@$(CDK) diff $(STACKS) -c stage=$(STAGE) $(ARGS)

.PHONY: destroy
destroy: $(PYTHON_READY) $(CDK_READY) $(BUNDLES_READY) $(PAGE) ## Remove the stacks of STAGE, which must be named; asks before it does
	@test "$(origin STAGE)" != file || { echo "make destroy needs STAGE=dev or STAGE=prod" >&2; exit 2; }
	@$(CDK) destroy $(STACKS) -c stage=$(STAGE) $(ARGS)

.PHONY: smoke
smoke: $(PYTHON_READY) ## Send a message through the deployed STAGE (dev) and wait for it to come back
	@.venv/bin/python -m scripts.smoke --stage $(STAGE) $(ARGS)

.PHONY: redrive
redrive: $(PYTHON_READY) ## List the dead letters of STAGE (dev); ARGS=--send hands them to ingest again
	@.venv/bin/python -m scripts.redrive --stage $(STAGE) $(ARGS)

.PHONY: requirements
requirements: $(PYTHON_READY) ## Compile the .in files to pinned, hashed .txt files; UPGRADE=1 takes the newest
	@scripts/compile_requirements.sh

.PHONY: web
web: $(PAGE) ## Build the chat page into web/dist

.PHONY: clean
clean: ## Remove all that was installed, built or stored, the local run's data included
	rm -rf .venv .setup .local node_modules web/node_modules tests/deploy/node_modules tests/postgres/node_modules web/dist cdk.out test-results .mypy_cache .pytest_cache .ruff_cache

$(PYTHON_READY): requirements-dev.txt scripts/setup_python.sh
	@scripts/setup_python.sh
	@touch $@

$(CDK_READY): package-lock.json
	@scripts/require_node.sh
	@npm ci --loglevel=error >/dev/null
	@touch $@

$(WEB_READY): web/package-lock.json
	@scripts/require_node.sh
	@npm --prefix web ci --loglevel=error >/dev/null
	@touch $@

$(PAGE): $(WEB_READY) $(WEB_SOURCES)
	@npm --prefix web run --silent build
	@touch $@

$(BROWSER_READY): $(PYTHON_READY)
	@.venv/bin/python scripts/ensure_browser.py
	@mkdir -p $(@D) && touch $@

$(BUNDLES_READY): $(PYTHON_READY) $(wildcard lambdas/*/requirements.txt)
	@.venv/bin/python -m infra.bundling --prefetch
	@mkdir -p $(@D) && touch $@

$(MINISTACK_READY): tests/deploy/requirements.txt scripts/setup_ministack.sh | $(PYTHON_READY)
	@scripts/setup_ministack.sh
	@touch $@

$(DEPLOY_SDK_READY): tests/deploy/package-lock.json
	@scripts/require_node.sh
	@npm --prefix tests/deploy ci --loglevel=error >/dev/null
	@touch $@

$(POSTGRES_READY): tests/postgres/package-lock.json
	@scripts/require_node.sh
	@npm --prefix tests/postgres ci --loglevel=error >/dev/null
	@touch $@
