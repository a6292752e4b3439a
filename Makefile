# Python 3.9 or newer and GNU make are all that a machine needs: the rest is fetched into .tools and .venv.
# Another port, or a second local cloud beside the first: make run PORT=4000 LOCAL_STATE=.local/4000

UV_VERSION := $(shell sed -n 's/^uv==\([0-9.]*\).*/\1/p' local/uv.txt)
UV := .tools/bin/uv
PYTHON := .venv/bin/python
SAM := .tools/sam/bin/sam
export SAM_CLI_TELEMETRY := 0

# The tests have a local cloud of their own: `make test` does not touch the one of `make run`.
TEST_CLOUD := PORT=3100 LOCAL_STATE=.local/test

.DEFAULT_GOAL := help
.PHONY: help setup run up down reset logs build test test-unit lint format hooks bench simulate openapi deploy clean

help:  ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  %-10s %s\n", $$1, $$2}'

setup: .venv/.synced .tools/sam/.synced  ## Fetch every tool and package (the other targets do it themselves)

run: setup  ## Run everything on this machine until Ctrl-C
	@exec $(PYTHON) -m local run

up: setup  ## Run everything in the background, or deploy what has changed if it runs
	@$(PYTHON) -m local up

down: setup  ## Stop it and keep its state
	@$(PYTHON) -m local down

reset: setup  ## Stop it and delete its state
	@$(PYTHON) -m local reset

logs: setup  ## Print what the functions logged in the last 15 minutes
	@$(PYTHON) -m local logs

test: lint test-unit  ## Run every check and test, on a local cloud of its own
	@export $(TEST_CLOUD); \
	trap 'exit 130' INT TERM; trap '$(PYTHON) -m local down' EXIT; \
	$(PYTHON) -m local reset && $(PYTHON) -m local up && $(PYTHON) -m pytest tests/integration tests/e2e

test-unit: setup  ## Run the tests that need nothing running
	$(PYTHON) -m pytest -n auto tests/unit

lint: setup  ## Check style, types and the template
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy layers/core/gateway_backend functions local sandbox ops bench testing tests
	$(SAM) validate --lint --region ap-south-1

format: setup  ## Put the code into the project's style
	$(PYTHON) -m ruff check --fix-only
	$(PYTHON) -m ruff format

hooks: setup  ## Check each commit before it is made (.pre-commit-config.yaml)
	$(PYTHON) -m pre_commit install

bench: setup  ## Measure what it costs, as ratios
	PYTHONPATH=layers/core $(PYTHON) -m bench

openapi: setup  ## Write docs/openapi.json and docs/events/ from the contracts
	PYTHONPATH=layers/core $(PYTHON) -m ops.api_reference.generate
	PYTHONPATH=layers/core $(PYTHON) -m ops.generate_event_schemas

simulate: setup  ## Refresh 100,000 accounts through 22 trading sessions on a virtual clock (ARGS="--help")
	PYTHONPATH=layers/core $(PYTHON) -m bench.simulation $(ARGS)

# `sam build` looks for python3.13 on the PATH; a pyenv shim there may not work, the interpreter itself does.
ON_PATH = PATH="$$(dirname "$$($(UV) python find --resolve-links 3.13)"):$(CURDIR)/.tools/bin:$$PATH"

build: setup  ## Build what `make deploy` deploys, for Lambda on arm64
	$(ON_PATH) LAMBDA_ARCHITECTURE=arm64 LAYER_DIGEST=$$($(PYTHON) -m local.layer_digest) $(SAM) build

deploy: build  ## Deploy to the AWS account that your credentials name; asks for the parameters
	$(SAM) deploy --guided

clean: down  ## Remove everything that was made here, tools and kept state too
	rm -rf .local .aws-sam .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis

.tools/uv-$(UV_VERSION):
	@echo "Fetching uv $(UV_VERSION)"
	@sh local/get_uv.sh
	@touch $@

.venv/.synced: uv.lock pyproject.toml | .tools/uv-$(UV_VERSION)
	@echo "Fetching Python packages"
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --quiet --frozen
	@touch $@

# The SAM CLI pins old versions of packages that we use: it has an environment of its own.
.tools/sam/.synced: uv.lock | .tools/uv-$(UV_VERSION)
	@echo "Fetching the SAM CLI"
	@UV_PROJECT_ENVIRONMENT=.tools/sam $(UV) sync --quiet --frozen --only-group sam
	@touch $@
