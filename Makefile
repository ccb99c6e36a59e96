# `make` lists the targets. Each target first sets up what it needs: scripts/set_up/ resumes an
# interrupted set-up, and does nothing if everything is ready.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
STAGE ?= dev
STACKS ?= --all
MINUTES ?= 30
WORKERS ?= 2

SET_UP := scripts/set_up.sh
PYTEST = .venv/bin/python -m pytest -n $(WORKERS)
CDK := PATH="$(CURDIR)/.venv/bin:$$PATH" node_modules/.bin/cdk

export CDK_DISABLE_CLI_TELEMETRY := true
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: setup
setup: ## Install everything that the other targets need; STEPS="python page" limits it
	@$(SET_UP) $(STEPS)

.PHONY: local
local: ## Run everything on this machine; ARGS="--help" shows the options
	@$(SET_UP) python page
	@exec .venv/bin/python -m local $(ARGS)

.PHONY: unit
unit: ## Run the unit tests, which need only Python; ARGS="-k name" selects, in every tier
	@$(SET_UP) python
	@$(PYTEST) tests/unit $(ARGS)

.PHONY: integration
integration: ## Run the contract and integration tests
	@$(SET_UP) python web browser bundles postgres
	@$(PYTEST) tests/contract tests/integration $(ARGS)

.PHONY: test
test: ## Run all tests that CI runs
	@$(SET_UP)
	@$(PYTEST) $(ARGS)
	@npm --prefix web run --silent test

.PHONY: test-slow
test-slow: ## Run slow tests, properties on many examples, soaks of MINUTES (30); takes an hour
	@$(SET_UP)
	@$(PYTEST) -m "slow or hypothesis" --hypothesis-profile=thorough $(ARGS)
	@.venv/bin/python -m benchmarks.soak --minutes $(MINUTES)
	@.venv/bin/python benchmarks/local_ably_soak.py

.PHONY: coverage
coverage: ## Print the branch coverage of the unit and contract tests
	@$(SET_UP) python
	@$(PYTEST) tests/unit tests/contract --cov $(ARGS)

.PHONY: soak
soak: ## Inject random faults into a loaded connector for MINUTES (30), then audit it
	@$(SET_UP) python
	@.venv/bin/python -m benchmarks.soak --minutes $(MINUTES) $(ARGS)

.PHONY: bench
bench: ## Measure the connector against references in the same run; ARGS="--help" shows parts
	@$(SET_UP) python
	@.venv/bin/python -m benchmarks.connector $(ARGS)

.PHONY: check
check: ## Check style, types, import rules and workflows, as CI does
	@$(SET_UP) python cdk web
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@scripts/check_workflows.sh
	@npm --prefix web run --silent lint
	@npm --prefix web run --silent typecheck

.PHONY: format
format: ## Format the Python code and fix what ruff can fix
	@$(SET_UP) python
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

.PHONY: synth
synth: ## Synthesize the stacks of STAGE (dev) into cdk.out; ARGS="-c name=value" overrides a setting
	@$(SET_UP) python cdk bundles page
	@$(CDK) synth --quiet -c stage=$(STAGE) $(ARGS)

.PHONY: bootstrap
bootstrap: ## Prepare account and region for STAGE (dev), once, with the active AWS credentials
	@$(SET_UP) python cdk bundles page
	@PATH="$(CURDIR)/.venv/bin:$$PATH" .venv/bin/python -m scripts.bootstrap -c stage=$(STAGE) $(ARGS)

.PHONY: deploy
deploy: ## Deploy the stacks of STAGE (dev), all or STACKS, with the active AWS credentials
	@$(SET_UP) python cdk bundles page
	@$(CDK) deploy $(STACKS) -c stage=$(STAGE) $(ARGS)

.PHONY: diff
diff: ## Show what a deploy of STAGE (dev) would change
	@$(SET_UP) python cdk bundles page
	@$(CDK) diff $(STACKS) -c stage=$(STAGE) $(ARGS)

.PHONY: destroy
destroy: ## Remove the stacks of STAGE, which you must name; asks first
	@$(SET_UP) python cdk bundles page
	@test "$(origin STAGE)" != file || { echo "make destroy needs STAGE=dev or STAGE=prod" >&2; exit 2; }
	@$(CDK) destroy $(STACKS) -c stage=$(STAGE) $(ARGS)

.PHONY: smoke
smoke: ## Send a message through the deployed STAGE (dev) and wait for it to come back
	@$(SET_UP) python
	@.venv/bin/python -m scripts.smoke --stage $(STAGE) $(ARGS)

.PHONY: redrive
redrive: ## List the dead letters of STAGE (dev); ARGS=--send sends them to ingest again
	@$(SET_UP) python
	@.venv/bin/python -m scripts.redrive --stage $(STAGE) $(ARGS)

.PHONY: requirements
requirements: ## Compile the .in files to pinned, hashed .txt files; UPGRADE=1 takes the newest
	@$(SET_UP) python
	@scripts/compile_requirements.sh

.PHONY: generated
generated: ## Generate the JSON schema and the documents' tables from the declared settings
	@$(SET_UP) python
	@.venv/bin/python -m scripts.generate

.PHONY: web
web: ## Build the chat page into web/dist
	@$(SET_UP) page

.PHONY: clean
clean: ## Remove everything installed, built or stored, including the local run's data
	rm -f {.venv,{.,web,tests/deploy,tests/postgres}/node_modules,.setup/*}/.ready .setup/*.json # first: a partly removed folder must have no marker
	rm -rf .venv .setup .local node_modules web/node_modules tests/deploy/node_modules tests/postgres/node_modules web/dist cdk.out test-results .coverage .mypy_cache .pytest_cache .ruff_cache
